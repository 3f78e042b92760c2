from datetime import date, timedelta

from core.money import Money
from portal.charts import bar_chart

FIRST = date(2026, 11, 1)


def days(*amounts: int) -> list[tuple[date, Money]]:
    return [(FIRST + timedelta(days=index), Money(amount, "EUR")) for index, amount in enumerate(amounts)]


def test_scale_ends_at_a_round_amount_above_the_highest_bar() -> None:
    chart = bar_chart(days(0, 4116, 18000), "EUR")

    assert [tick.amount for tick in chart.ticks] == [20000, 15000, 10000, 5000, 0]


def test_highest_bar_of_a_full_scale_is_the_whole_height() -> None:
    chart = bar_chart(days(0, 20000), "EUR")

    assert [bar.height for bar in chart.bars] == [0.0, 100.0]


def test_small_amount_is_still_seen() -> None:
    chart = bar_chart(days(1, 1000000), "EUR")

    assert chart.bars[0].height == 1.0


def test_amount_below_zero_hangs_under_the_zero_line() -> None:
    chart = bar_chart(days(10000, -10000), "EUR")

    assert chart.bars[0].y + chart.bars[0].height == chart.bars[1].y


def test_days_without_any_amount_make_an_empty_scale() -> None:
    chart = bar_chart(days(0, 0), "EUR")

    assert {bar.height for bar in chart.bars} == {0.0}
    assert chart.lines[-1] == 100.0


def test_every_seventh_day_is_named() -> None:
    chart = bar_chart(days(*[0] * 30), "EUR")

    assert [day.day for day in chart.labels] == [1, 8, 15, 22, 29]
