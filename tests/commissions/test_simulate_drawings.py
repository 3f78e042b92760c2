"""How an answer is drawn and told: periods by name, bars, lines, parts, cells."""

from datetime import date

import pytest

from commissions.admin.simulation_page import per_cent
from commissions.rehearsal.charts import bars, lines
from commissions.rehearsal.strides import last
from core.csv_cells import plain


@pytest.mark.parametrize(
    ("name", "today", "expected"),
    [
        ("month", date(2026, 1, 31), (date(2025, 12, 1), date(2026, 1, 1))),
        ("month", date(2026, 3, 1), (date(2026, 2, 1), date(2026, 3, 1))),
        ("quarter", date(2026, 2, 28), (date(2025, 10, 1), date(2026, 1, 1))),
        ("quarter", date(2026, 12, 31), (date(2026, 7, 1), date(2026, 10, 1))),
        ("year", date(2026, 11, 21), (date(2025, 11, 1), date(2026, 11, 1))),
    ],
)
def test_named_periods_are_whole(name: str, today: date, expected: tuple[date, date]) -> None:
    assert last(name, today) == expected


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@cmd", "\tx", "\rx", "\nx", " =1+1", "\u00a0@cmd"])
def test_cell_that_a_spreadsheet_would_run_is_text(cell: str) -> None:
    assert plain(cell) == f"'{cell}"
    assert plain(f"x{cell}") == f"x{cell}"


def test_bars_stand_on_both_sides_of_one_line() -> None:
    gain, small, loss = bars([300, 1, -100])

    assert (gain.x, gain.width, gain.zero) == (250.0, 750.0, 250.0)
    assert (small.x, small.width) == (250.0, 3.0)
    assert (loss.x, loss.width) == (0.0, 250.0)
    assert bars([0]) == [type(gain)(0.0, 0.0, 0.0)]


def test_lines_share_a_scale_of_round_amounts() -> None:
    days = [date(2026, 1, day) for day in range(1, 31)]

    drawn = lines([(day, 1000 * index, -900) for index, day in enumerate(days)])

    assert [amount for amount, _height in drawn.ticks] == [30000, 20000, 10000, 0, -10000]
    assert [height for _amount, height in drawn.ticks] == [0.0, 25.0, 50.0, 75.0, 100.0]
    assert drawn.now.split()[0] == "0.0,75.00"
    assert drawn.then.split()[-1] == "1000.0,77.25"
    assert (len(drawn.marks), drawn.marks[0], drawn.marks[-1]) == (8, days[0], days[-1])


def test_one_point_is_a_level_line() -> None:
    assert lines([(date(2026, 1, 1), 100, 0)]).now == "0.0,0.00 1000.0,0.00"


@pytest.mark.parametrize(
    ("part_of", "whole", "expected"), [(82, 1000, "8.2 %"), (-1, 3, "−33.3 %"), (1, 0, ""), (0, 5, "0.0 %")]
)
def test_parts_are_told_with_one_decimal(part_of: int, whole: int, expected: str) -> None:
    assert per_cent(part_of, whole) == expected
