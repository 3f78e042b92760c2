"""Rates come in once, from files and hands; each holds for whom it may, and a conversion keeps its own."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from affiliates.roles import NotAllowed
from commissions import actions
from commissions.models import Exchange, ExchangeRate
from commissions.rate_files import RateFileError
from core.models import Event, Job
from tests.makers import NOON, make_order, make_program
from tracking.models import Conversion

pytestmark = pytest.mark.django_db
ECB = Path(__file__).parent.parent / "payloads" / "ecb"
DAILY = (ECB / "eurofxref-daily.xml").read_bytes()
HISTORY = (ECB / "eurofxref-hist-90d.xml").read_bytes()
EVENING = NOON + timedelta(hours=8)
HOUR = timedelta(hours=1)


def load(content: bytes = HISTORY, **options):
    return actions.load_rates(content, at=EVENING, **options)


def enter(program, actor, rates, at=NOON, **options):
    values = {currency: Decimal(rate) for currency, rate in rates.items()}
    return actions.enter_rates(program.merchant, values, actor=actor, at=at, **options)


def units(currency, into, at=NOON, **options) -> str | None:
    rate = actions.rate_at(currency, into, at, **options)
    return f"{rate.rate:f}" if rate else None


@pytest.fixture
def dollars(program, ann) -> Conversion:
    """Ann's order of 100.00 USD, at noon on Monday."""
    return actions.take_orders(program, [make_order("1", ref=ann.code, currency="USD")], at=NOON)[
        0
    ].conversion


# --- from a file -------------------------------------------------------------------------------------------
def test_file_is_loaded_once() -> None:
    first, again = load(), load()

    assert (first.added, first.known, again.added, again.known) == (16, 0, 0, 16)
    dollar = ExchangeRate.objects.get(currency="USD", as_of=datetime(2026, 10, 23, 14, 0, tzinfo=UTC))
    assert (dollar.rate, dollar.source, str(dollar)) == (Decimal("1.0810"), "ECB", "1 EUR = 1.081 USD")
    event = Event.objects.get(kind="rates.loaded")
    assert (event.tenant_id, event.data["rates"]) == (None, 16)
    assert Job.objects.get(event=event).task == "commissions.tasks.release_parked"


def test_second_file_adds_what_is_new() -> None:
    load()

    loaded = load(DAILY)

    assert (loaded.added, loaded.known) == (25, 4)


def test_published_rate_stays_and_the_difference_is_told() -> None:
    load(DAILY)

    loaded = load(DAILY.replace(b"1.0843", b"2.5"))

    assert loaded.kept == ("USD of 2026-11-02 stays 1.0843, the file says 2.5.",)
    assert ExchangeRate.objects.get(currency="USD").rate == Decimal("1.0843")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b"18.7215", b"x"), "line 37: “x” is not a rate: write it with a point, like 1.0843"),
        ((b"ZAR", b"ZZZ"), "line 37: ZZZ is not a currency code of ISO 4217"),
        ((b"</Cube>", b""), "The XML is broken: mismatched tag: line 40, column 2."),
        ((b"2026-11-02", b"2026-11-04"), "The file speaks of 2026-11-04, which has not come."),
    ],
)
def test_wrong_file_loads_nothing(change, said) -> None:
    with pytest.raises(RateFileError) as wrong:
        load(DAILY.replace(*change))

    assert str(wrong.value) == said
    assert not ExchangeRate.objects.exists()
    assert not Event.objects.filter(kind="rates.loaded").exists()


@pytest.mark.parametrize("source", ["", "manual", "Manual 1: Mia", "x" * 41])
def test_no_file_can_claim_to_be_somebodys_entry(source) -> None:
    with pytest.raises(RateFileError, match="Name the source"):
        load(source=source)

    assert not ExchangeRate.objects.exists()


def test_two_sources_stand_side_by_side() -> None:
    load(b"Date, AED\n2026-11-02, 3.9821\n", source="CBUAE")
    load(b"Date, AED\n2026-11-02, 3.9000\n")

    assert ExchangeRate.objects.filter(currency="AED").count() == 2


# --- at a time ---------------------------------------------------------------------------------------------
def test_rate_of_the_last_publication_holds() -> None:
    load()

    assert units("USD", "EUR") == "0.919878576027964"
    assert units("EUR", "JPY") == "165.60000000"
    assert units("GBP", "GBP") == "1"
    assert units("AED", "EUR") is None
    assert units("USD", "EUR", NOON + timedelta(days=30)) is None


def test_cross_rate_takes_both_legs_of_one_day() -> None:
    load()

    rate = actions.rate_at("USD", "GBP", NOON)

    assert rate is not None
    assert float(rate.rate) == pytest.approx(0.84205 / 1.0871)
    assert (rate.as_of, rate.source) == (datetime(2026, 10, 30, 15, 0, tzinfo=UTC), "ECB")


# --- by hand -----------------------------------------------------------------------------------------------
def test_entered_rate_holds_for_its_own_company_only(program, other, mia) -> None:
    enter(program, mia, {"AED": "4"})

    assert units("AED", "EUR", merchant=program.merchant_id) == "0.25"
    assert units("AED", "EUR", merchant=other.merchant_id) is None
    assert units("AED", "EUR") is None


@pytest.mark.parametrize("number", [1, 12, 123])
def test_companies_whose_numbers_begin_alike_stay_apart(number) -> None:
    for merchant in (1, 12, 123):
        rate = Decimal(merchant)
        ExchangeRate.objects.create(currency="AED", rate=rate, as_of=NOON, source=f"manual {merchant}: Mia")

    found = actions.rates_for([number])

    assert [row.rate for row in found] == [number]


def test_entered_rates_are_on_record(program, mia) -> None:
    rows = enter(program, mia, {"KWD": "0.3321", "AED": "3.9821"})

    assert [row.source for row in rows] == [f"manual {program.merchant_id}: Mia Manager"] * 2
    event = Event.objects.get(kind="rates.entered")
    assert (event.tenant_id, event.actor, event.data["rates"]) == (
        program.merchant_id, mia, ["1 EUR = 3.9821 AED", "1 EUR = 0.3321 KWD"],
    )  # fmt: skip


@pytest.mark.parametrize("role", ["rita", "ada", "fin", "eve"])
def test_others_enter_no_rate(role, program, request) -> None:
    person = request.getfixturevalue(role)

    with pytest.raises(NotAllowed):
        enter(program, person, {"AED": "4"})

    assert not ExchangeRate.objects.exists()


@pytest.mark.parametrize(
    ("rates", "as_of", "said"),
    [
        ({}, None, "Enter at least one rate"),
        ({"AED": "4"}, NOON + HOUR, "cannot begin in the future"),
        ({"AED": "0"}, None, "0 is not a rate"),
        ({"AED": "NaN"}, None, "NaN is not a rate"),
        ({"EUR": "2"}, None, "The euro is 1 by itself"),
        ({"ZZZ": "2"}, None, "'ZZZ' is not a currency code"),
    ],
)
def test_impossible_rate_is_refused_whole(rates, as_of, said, program, mia) -> None:
    with pytest.raises(ValueError, match=said):
        enter(program, mia, {"KWD": "0.3", **rates} if rates else {}, as_of=as_of)

    assert not ExchangeRate.objects.exists()


def test_entered_rate_is_never_changed_but_followed_by_a_later_one(program, mia) -> None:
    enter(program, mia, {"AED": "4"})
    with pytest.raises(ValueError, match="choose a later time"):
        enter(program, mia, {"AED": "5"})

    enter(program, mia, {"AED": "5"}, NOON + HOUR)

    assert units("AED", "EUR", NOON, merchant=program.merchant_id) == "0.25"
    assert units("AED", "EUR", NOON + HOUR, merchant=program.merchant_id) == "0.2"


def test_two_entered_currencies_cross_for_a_program_without_euros(merchant, mia) -> None:
    pounds = make_program(merchant, currency="GBP", name="Pounds")

    enter(pounds, mia, {"AED": "4", "GBP": "0.8"})

    assert units("AED", "GBP", merchant=merchant.pk) == "0.2"


# --- of a conversion ---------------------------------------------------------------------------------------
def test_conversion_keeps_the_rate_it_was_first_counted_with(dollars) -> None:
    load(DAILY)
    first = actions.exchange_for(dollars, "USD", NOON)

    load()  # now there is one that stands nearer
    again = actions.exchange_for(dollars, "USD", NOON)

    assert first is not None
    assert (again, again.rate, again.source) == (first, first.rate, "ECB")
    assert first.as_of == datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
    assert Event.objects.filter(kind="conversion.exchanged").count() == 1


def test_reading_a_rate_fixes_none(dollars) -> None:
    load()

    found = actions.exchange_for(dollars, "USD", NOON, keep=False)

    assert found is not None
    assert str(found).startswith("1 USD = 0.9198")
    assert not Exchange.objects.exists()


def test_stored_rate_is_the_one_that_was_counted_with(dollars) -> None:
    load()

    used = actions.exchange_for(dollars, "USD", NOON)

    assert used is not None
    assert used.rate == Exchange.objects.get().rate


def test_without_a_rate_nothing_is_fixed(dollars) -> None:
    assert actions.exchange_for(dollars, "USD", NOON) is None
    assert actions.exchange_for(dollars, "EUR", NOON) is None
    assert not Exchange.objects.exists()


def test_order_that_changes_its_currency_takes_the_rate_of_the_same_publication(dollars) -> None:
    load(DAILY)
    first = actions.exchange_for(dollars, "USD", NOON)
    assert first is not None
    rate = first.rate
    load()

    pounds = actions.exchange_for(dollars, "GBP", NOON)
    assert pounds is not None
    assert (pounds.as_of, float(pounds.rate)) == (first.as_of, pytest.approx(1 / 0.8431))

    back = actions.exchange_for(dollars, "USD", NOON)

    assert back is not None
    assert (back.pk, back.rate) == (first.pk, rate)
    told = Event.objects.filter(kind="conversion.exchanged").order_by("pk")
    assert [(event.data["rate"][:9], (event.data["replaces"] or "")[:9]) for event in told] == [
        ("1 USD = 0", ""),
        ("1 GBP = 1", "1 USD = 0"),
        ("1 USD = 0", "1 GBP = 1"),
    ]


def test_entry_of_another_company_fixes_no_rate(dollars, other, eve) -> None:
    enter(other, eve, {"USD": "1000"})

    assert actions.exchange_for(dollars, "USD", NOON) is None
