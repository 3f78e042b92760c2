"""Which rate holds when, what two currencies make across the euro, and what amounts become: values only."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from commissions.exchange import (
    LARGEST,
    SMALLEST,
    Published,
    choose,
    convert,
    cross,
    entered_by,
    missing_rate_reason,
    source_in_words,
    typed_for,
    wrong_rate,
)
from core.money import EXPONENTS, MoneyError

FRIDAY = datetime(2026, 10, 30, 15, 0, tzinfo=UTC)
MONDAY = FRIDAY + timedelta(days=3)
HOUR = timedelta(hours=1)
CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD", "CLF"])
RATES = st.decimals(Decimal("0.0001"), Decimal(10_000), places=6)


def said(currency: str, rate: str, as_of: datetime = FRIDAY, source: str = "ECB") -> Published:
    return Published(currency, Decimal(rate), as_of, source)


def chosen(published: list[Published], at: datetime, currency: str = "USD", into: str = "EUR") -> str | None:
    rate = choose(published, currency, into, at)
    return None if rate is None else f"{rate.rate:f} {rate.source} {rate.as_of:%a}"


TWO_DAYS = [said("USD", "2"), said("USD", "4", MONDAY)]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (FRIDAY, "0.5 ECB Fri"),
        (FRIDAY + 72 * HOUR - timedelta(seconds=1), "0.5 ECB Fri"),
        (MONDAY, "0.25 ECB Mon"),
        (MONDAY + 72 * HOUR, "0.25 ECB Mon"),
        (MONDAY + 72 * HOUR + timedelta(seconds=1), None),
        (FRIDAY - 72 * HOUR, "0.5 ECB Fri"),
        (FRIDAY - 72 * HOUR - timedelta(seconds=1), None),
    ],
)
def test_newest_rate_before_holds_for_72_hours_and_else_the_first_after(at, expected) -> None:
    assert chosen(TWO_DAYS, at) == expected


def test_rate_before_the_order_stands_before_a_nearer_one_after_it() -> None:
    assert chosen(TWO_DAYS, MONDAY - HOUR) == "0.5 ECB Fri"


def test_order_between_two_far_off_rates_takes_the_next_one() -> None:
    easter = [said("USD", "2"), said("USD", "4", FRIDAY + 120 * HOUR)]

    assert chosen(easter, FRIDAY + 73 * HOUR) == "0.25 ECB Wed"


def test_both_legs_come_from_one_publication() -> None:
    split = [said("USD", "2"), said("GBP", "1"), said("USD", "4", MONDAY), said("GBP", "3", MONDAY, "BoE")]

    assert chosen(split, MONDAY, "USD", "GBP") == "0.5 ECB Fri"
    assert chosen(split[2:], MONDAY, "USD", "GBP") is None


def test_what_is_published_stands_before_what_was_typed_for_the_same_time() -> None:
    typed = said("USD", "8", FRIDAY, entered_by(7, "Mia"))

    assert chosen([typed, said("USD", "2")], FRIDAY) == "0.5 ECB Fri"
    assert chosen([typed], FRIDAY) == "0.125 manual 7: Mia Fri"


@pytest.mark.parametrize(
    ("currency", "into", "expected"),
    [
        ("USD", "EUR", "0.922253988748501"),
        ("EUR", "USD", "1.0843"),
        ("USD", "GBP", "0.777552337914"),
        ("EUR", "EUR", "1"),
        ("USD", "USD", "1"),
        ("CHF", "EUR", None),
        ("EUR", "CHF", None),
    ],
)
def test_rates_cross_through_the_euro(currency, into, expected) -> None:
    rate = cross({"USD": Decimal("1.0843"), "GBP": Decimal("0.84310")}, currency, into)

    assert rate == (None if expected is None else pytest.approx(Decimal(expected), abs=Decimal("1E-12")))


def test_a_published_euro_is_not_believed() -> None:
    assert cross({"EUR": Decimal(2), "USD": Decimal(4)}, "EUR", "USD") == 4


@given(st.decimals(SMALLEST, LARGEST, places=5), st.decimals(SMALLEST, LARGEST, places=5))
def test_every_rate_can_be_stored_on_both_databases(one, other) -> None:
    rate = cross({"USD": one, "GBP": other}, "USD", "GBP")

    assert rate is not None
    assert rate > 0
    assert len(rate.as_tuple().digits) <= 15
    assert rate == rate.quantize(Decimal("1E-15"))


@pytest.mark.parametrize(
    ("amounts", "rate", "currencies", "expected"),
    [
        ([10000], "0.922254", "USD EUR", [9223]),
        ([3333, 3333, 3334], "0.5", "USD EUR", [1667, 1666, 1667]),
        ([100, 100, 100], "0.335", "USD EUR", [34, 34, 33]),
        ([1, 1, 1], "0.5", "USD EUR", [1, 1, 0]),
        ([1], "0.5", "USD EUR", [1]),
        ([7500], "0.00606", "JPY EUR", [4545]),
        ([4545], "165.12", "EUR JPY", [7505]),
        ([1500], "2.95", "KWD EUR", [443]),
        ([10000], "0.331", "EUR KWD", [33100]),
        ([0, 10000, 0], "0.5", "USD EUR", [0, 5000, 0]),
        ([0, 0], "0.5", "USD EUR", [0, 0]),
        ([], "0.5", "USD EUR", []),
        ([-1], "0.5", "USD EUR", [-1]),
        ([10000, -1000], "0.5", "USD EUR", [5000, -500]),
        ([5, -5], "0.5", "USD EUR", [3, -3]),
        ([-3, 1], "0.5", "USD EUR", [-2, 1]),
    ],
)
def test_sum_is_converted_once_and_its_parts_add_up(amounts, rate, currencies, expected) -> None:
    assert convert(amounts, Decimal(rate), *currencies.split()) == expected


@given(st.lists(st.integers(-(10**10), 10**10), max_size=12), RATES, CURRENCIES, CURRENCIES)
def test_parts_add_up_keep_their_sign_and_stay_near(amounts, rate, currency, into) -> None:
    parts = convert(amounts, rate, currency, into)

    units = rate.scaleb(EXPONENTS[into] - EXPONENTS[currency])
    whole = Decimal(sum(amounts)) * units
    assert len(parts) == len(amounts)
    assert abs(sum(parts) - whole) <= Decimal("0.5")
    for amount, part in zip(amounts, parts, strict=True):
        assert (part == 0) if amount == 0 else amount * part >= 0
        assert abs(part - amount * units) < 3


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=8), RATES)
def test_more_is_never_worth_less(amounts, rate) -> None:
    more = [amounts[0] + 1, *amounts[1:]]

    assert sum(convert(more, rate, "USD", "EUR")) >= sum(convert(amounts, rate, "USD", "EUR"))


def test_sum_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(MoneyError, match="too large in JPY"):
        convert([10**17], Decimal(10_000), "EUR", "JPY")


@pytest.mark.parametrize("rate", ["0", "-1"])
def test_rate_must_be_above_zero(rate) -> None:
    with pytest.raises(ValueError, match="above zero"):
        convert([1], Decimal(rate), "USD", "EUR")


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "Infinity", "0.000001", "10000000.1", "1.123456789"])
def test_impossible_units_for_one_euro_are_refused_with_a_sentence(rate) -> None:
    assert rate in wrong_rate(Decimal(rate))


@pytest.mark.parametrize("rate", ["1.0843", "0.00001", "10000000", "17921.33", "1.12345678"])
def test_possible_units_for_one_euro_are_taken(rate) -> None:
    assert wrong_rate(Decimal(rate)) == ""


def test_reason_says_what_is_missing_and_what_to_do_and_fits_its_column() -> None:
    reason = missing_rate_reason("USD", "EUR", FRIDAY)

    assert reason == (
        "The order is in USD, commissions are in EUR: no exchange rate within 72 hours of 2026-10-30 is stored. It "
        "is valued by itself when the next one is published; a currency that nobody publishes is entered under "
        "Exchange rates."
    )
    assert len(reason) <= 300


def test_typed_rate_names_its_company_and_shows_the_person_alone() -> None:
    source = entered_by(12, "Mia Manager with a name that does not fit the column")

    assert (len(source), typed_for(source)) == (40, 12)
    assert source_in_words(entered_by(12, "Mia: M")) == "entered by Mia: M"


@pytest.mark.parametrize("source", ["ECB", "manual", "manual 12", "manually 12: x", "xmanual 1: x"])
def test_other_sources_belong_to_no_company(source) -> None:
    assert typed_for(source) is None
