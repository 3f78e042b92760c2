"""Vectors and laws of core.money."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from core.money import EXPONENTS, CurrencyMismatch, Money, MoneyError, allocate, exponent, round_half_up

weights = st.lists(st.integers(0, 10**6) | st.fractions(0, 100, max_denominator=99), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("129.90", "EUR", 12990),
        ("7500.00", "JPY", 7500),
        ("7500", "JPY", 7500),
        ("1.5", "KWD", 1500),
        ("1.2345", "CLF", 12345),
        ("1.25000", "EUR", 125),
        ("0", "EUR", 0),
        ("007", "EUR", 700),
        (12, "EUR", 1200),
        (Decimal("3.10"), "EUR", 310),
    ],
)
def test_parse_reads_major_units(text: str | int | Decimal, currency: str, amount: int) -> None:
    assert Money.parse(text, currency) == Money(amount, currency)


@pytest.mark.parametrize(
    ("text", "currency", "sentence"),
    [
        ("1.005", "EUR", "1.005 has more decimals than EUR has (2)."),
        ("7500.50", "JPY", "7500.50 has more decimals than JPY has (0)."),
        ("-1.00", "EUR", "-1.00 is negative; an amount of 0 or more is wanted."),
        ("NaN", "EUR", "'NaN' is not an amount: write digits and a point, like \"129.90\"."),
        ("Infinity", "EUR", "'Infinity' is not an amount: write digits and a point, like \"129.90\"."),
        ("1e3", "EUR", "'1e3' is not an amount: write digits and a point, like \"129.90\"."),
        ("1,50", "EUR", "'1,50' is not an amount: write digits and a point, like \"129.90\"."),
        ("", "EUR", "'' is not an amount: write digits and a point, like \"129.90\"."),
        ("٣", "EUR", "'٣' is not an amount: write digits and a point, like \"129.90\"."),
        ("1\n", "EUR", "'1\\n' is not an amount: write digits and a point, like \"129.90\"."),
        ("12345678901234567.00", "EUR", "12345678901234567.00 is too large: at most 18 digits are kept."),
        ("1.00", "XXX", "'XXX' is not a currency code of ISO 4217, like EUR."),
        ("1.00", "eur", "'eur' is not a currency code of ISO 4217, like EUR."),
        (1.5, "EUR", 'An amount is written as text, like "129.90".'),
        (True, "EUR", 'An amount is written as text, like "129.90".'),
        (None, "EUR", 'An amount is written as text, like "129.90".'),
        (10**19, "EUR", "The amount is too large: at most 18 digits are kept."),
    ],
)
def test_parse_refuses_with_a_sentence(text: str, currency: str, sentence: str) -> None:
    with pytest.raises(MoneyError) as caught:
        Money.parse(text, currency)

    assert str(caught.value) == sentence


def test_parse_takes_a_negative_amount_only_when_asked() -> None:
    assert Money.parse("-42.41", "EUR", negative=True) == Money(-4241, "EUR")


def test_exponents_are_those_of_iso_not_of_cash() -> None:
    codes = [
        "EUR",
        "JPY",
        "KRW",
        "VND",
        "CLP",
        "ISK",
        "KWD",
        "BHD",
        "OMR",
        "JOD",
        "TND",
        "IQD",
        "LYD",
        "CLF",
        "UYW",
    ]

    assert [exponent(code) for code in codes] == [2, 0, 0, 0, 0, 0, 3, 3, 3, 3, 3, 3, 3, 4, 4]
    assert [exponent(code) for code in ("RSD", "ALL", "HUF", "TWD", "UGX")] == [2, 2, 2, 2, 0]


def test_exponent_of_an_unhashable_code_is_a_money_error() -> None:
    with pytest.raises(MoneyError):
        exponent([])  # type: ignore[arg-type]


def test_amount_must_be_whole() -> None:
    with pytest.raises(MoneyError):
        Money(1.5, "EUR")  # type: ignore[arg-type]


def test_sums_stay_in_one_currency() -> None:
    assert Money(150, "EUR") + Money(50, "EUR") == Money(200, "EUR")
    assert Money(150, "EUR") - Money(250, "EUR") == Money(-100, "EUR")
    assert -Money(150, "EUR") == Money(-150, "EUR")
    with pytest.raises(CurrencyMismatch):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(CurrencyMismatch):
        Money(1, "EUR") - Money(1, "USD")


def test_zero_is_false() -> None:
    assert [bool(Money.zero("EUR")), bool(Money(-1, "EUR"))] == [False, True]


def test_text_has_all_decimals_of_the_currency() -> None:
    texts = [str(Money(12990, "EUR")), str(Money(7500, "JPY")), str(Money(-5, "KWD")), str(Money(0, "EUR"))]

    assert texts == ["129.90 EUR", "7500 JPY", "-0.005 KWD", "0.00 EUR"]


def test_display_follows_the_locale_and_keeps_iso_decimals() -> None:
    shown = [
        Money(129990, "EUR").display("en"),
        Money(129990, "EUR").display("de-de"),
        Money(7500, "JPY").display("en"),
        Money(129990, "RSD").display("en"),
        Money(129990, "EUR").display("de-xx"),
    ]

    assert shown == ["€1,299.90", "1.299,90\xa0€", "¥7,500", "RSD\xa01,299.90", "1.299,90\xa0€"]


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("839.9", 840), ("0.5", 1), ("-0.5", -1), ("1.5", 2), ("2.5", 3), ("2.4999", 2), ("-2.5", -3), ("0", 0)],
)
def test_half_rounds_away_from_zero(value: str, rounded: int) -> None:
    assert round_half_up(Decimal(value)) == rounded
    assert round_half_up(Fraction(value)) == rounded


def test_rounding_is_exact_beyond_the_default_precision() -> None:
    assert round_half_up(Decimal("0.4" + "9" * 60)) == 0
    assert round_half_up(Decimal("123456789012345678901234567890.5")) == 123456789012345678901234567891


def test_ten_in_three_gives_the_first_the_cent() -> None:
    assert allocate(1000, [1, 1, 1]) == [334, 333, 333]


@pytest.mark.parametrize(
    ("total", "by", "parts"),
    [
        (-1000, [1, 1, 1], [-334, -333, -333]),
        (10, [0, 0, 0], [4, 3, 3]),
        (5, [0, 1], [0, 5]),
        (100, [Decimal("0.4"), Fraction(1, 5), Fraction(2, 5)], [40, 20, 40]),
        (1, [1, 2, 2], [0, 1, 0]),
        (0, [3, 4], [0, 0]),
    ],
)
def test_allocate_gives_the_rest_to_the_largest_remainder(
    total: int, by: list[int | Decimal | Fraction], parts: list[int]
) -> None:
    assert allocate(total, by) == parts


@pytest.mark.parametrize("by", [[], [1, -1]])
def test_allocate_refuses_no_weights_and_negative_ones(by: list[int]) -> None:
    with pytest.raises(ValueError, match="Weights are 0 or more"):
        allocate(10, by)


@given(st.integers(-(10**18), 10**18), weights)
def test_parts_always_add_up_and_are_within_one_of_their_quota(total: int, by: list[int | Fraction]) -> None:
    parts = allocate(total, by)

    quotas = [Fraction(total) * weight / sum(by) if any(by) else Fraction(total, len(by)) for weight in by]
    assert sum(parts) == total
    assert all(abs(part - quota) < 1 for part, quota in zip(parts, quotas, strict=True))


@given(st.integers(-(10**18) + 1, 10**18 - 1), st.sampled_from(sorted(EXPONENTS)))
def test_text_is_read_back_as_the_same_money(amount: int, currency: str) -> None:
    money = Money(amount, currency)

    assert Money.parse(str(money).split()[0], currency, negative=True) == money


@given(st.text(max_size=30) | st.decimals() | st.floats() | st.none() | st.integers())
def test_any_input_gives_money_or_a_money_error(text: object) -> None:
    try:
        money = Money.parse(text, "EUR")  # type: ignore[arg-type]
    except MoneyError:
        return

    assert money.amount >= 0
