"""Amounts and dates as people write them: read by rule, refused where they may mean two things."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from integrations.order_cells import moment, plain_amount
from tests.makers import NOON
from tracking.told import Told, Untold

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("129", "129"),
        ("129.9", "129.9"),
        ("129,90", "129.90"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1.234.567,89", "1234567.89"),
        ("1.234.567", "1234567"),
        ("1 234,50", "1234.50"),
        ("1\u00a0234,50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("1234.000", "1234.000"),
        ("0,005", "0.005"),
        ("12.34,50", "12.34,50"),
        ("1,23.45", "1,23.45"),
        ("-5,00", "-5.00"),
        ("€ 5", "€ 5"),
        ("5,", "5,"),
        ("€5,00", "€5,00"),
        ("a,bcd", "a,bcd"),
        ("€ 1.234,50", "€ 1.234,50"),
    ],
)
def test_amounts_are_read_by_rule(text: str, expected: str) -> None:
    assert plain_amount(text, "EUR") == expected


@pytest.mark.parametrize("text", ["1.234", "1,234", "12,345", "999.000"])
def test_amount_that_may_be_two_is_refused(text: str) -> None:
    with pytest.raises(Untold, match="may mean two amounts"):
        plain_amount(text, "EUR")


@pytest.mark.parametrize(
    ("text", "currency", "thousands", "fraction"),
    [
        ("1.234", "EUR", "1234.00", "1.23"),
        ("12,345", "JPY", "12345", "12"),
        ("1,234", "KWD", "1234.000", "1.234"),
    ],
)
def test_amount_that_may_be_two_is_refused_with_texts_that_are_taken(
    text: str, currency: str, thousands: str, fraction: str
) -> None:
    with pytest.raises(Untold) as refused:
        plain_amount(text, currency)

    said = re.findall(r"[0-9][0-9.]*[0-9]", str(refused.value).partition("write")[2])
    assert said == [thousands, fraction]
    assert [plain_amount(each, currency) for each in said] == said
    assert [Told({"total": each}).amount("total", currency) > 0 for each in said] == [True, True]


def test_three_decimals_are_read_where_the_currency_has_them() -> None:
    assert plain_amount("1.234", "KWD") == "1.234"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-02 12:00", datetime(2026, 11, 2, 11, 0, tzinfo=UTC)),
        ("2026-11-02T12:00:30", datetime(2026, 11, 2, 11, 0, 30, tzinfo=UTC)),
        ("2026-11-02T12:00:00Z", NOON),
        ("2026-11-02 12:00 +0100", datetime(2026, 11, 2, 11, 0, tzinfo=UTC)),
        ("2.11.2026", datetime(2026, 11, 2, 22, 59, 59, tzinfo=UTC)),
        ("20/11/2026", datetime(2026, 11, 20, 22, 59, 59, tzinfo=UTC)),
        ("11/20/2026", datetime(2026, 11, 20, 22, 59, 59, tzinfo=UTC)),
        ("5/5/2026 09:30", datetime(2026, 5, 5, 7, 30, tzinfo=UTC)),
    ],
)
def test_dates_are_read_on_the_programs_clock(text: str, expected: datetime) -> None:
    assert moment(text, BERLIN) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("05/06/2026", "may be two days"),
        ("2026-02-30", "is no date that there is"),
        ("2026-03-29 02:30", "was skipped when the clocks went forward"),
        ("2026-11-02 25:00", "is no date that there is"),
        ("2026-11-02 12:00+99:00", "is no date that there is"),
        ("2026-11-02 12:00+24:00", "is no date that there is"),
        ("9999-12-31 23:59-05:00", "is no date that there is"),
        ("0001-01-01 00:00+14:00", "is no date that there is"),
        ("0001-01-01 00:00", "is no date that there is"),
        ("02-11-26", "is no date"),
        ("yesterday", "is no date"),
    ],
)
def test_date_that_is_none_or_two_is_refused(text: str, why: str) -> None:
    with pytest.raises(Untold, match=why):
        moment(text, BERLIN)


def test_last_day_of_all_is_refused_west_of_greenwich() -> None:
    with pytest.raises(Untold, match="is no date that there is"):
        moment("9999-12-31", ZoneInfo("America/New_York"))
