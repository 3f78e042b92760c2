"""A simulation as a CSV file, line by line; texts that a spreadsheet would run are made plain."""

import csv
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from commissions.models import Simulation
from core.csv_cells import MARK, Line, plain
from core.money import Money


def simulation_csv(simulation: Simulation, people: Mapping[int, tuple[str, str]]) -> Iterator[str]:
    """Yield a head, one line per affiliate, and one for those that are only summed up.

    `people` are name and code by enrollment; amounts are in major units, without separators.
    """
    result: dict[str, Any] = simulation.result or {}
    currency = result["currency"]
    writer = csv.writer(Line())
    yield MARK + writer.writerow(_head())
    for row in result["affiliates"]:
        name, code = people.get(row["enrollment"], ("", ""))
        steps = [_step(row["step_now"], currency), _step(row["step_then"], currency)]
        yield writer.writerow([plain(name), plain(code), *_amounts(row, currency), *map(plain, steps)])
    if result["others"]:
        others = result["others"]
        name = _("%(count)s others") % {"count": others["affiliates"]}
        yield writer.writerow([plain(name), "", *_amounts(others, currency), "", ""])


def _head() -> list[str]:
    return [
        _("affiliate"),
        _("code"),
        _("currency"),
        _("conversions"),
        _("revenue"),
        _("earned"),
        _("true-ups and bonuses"),
        _("by this plan"),
        _("true-ups and bonuses by this plan"),
        _("difference"),
        _("highest bracket"),
        _("highest bracket by this plan"),
    ]


def _amounts(row: Mapping[str, int], currency: str) -> list[str]:
    names = ("revenue", "now", "extras_now", "then", "extras_then", "difference")
    amounts = [f"{Money(row[name], currency).decimal:f}" for name in names]
    return [currency, str(row["conversions"]), *amounts]


def _step(step: Mapping[str, Any] | None, currency: str) -> str:
    if step is None:
        return ""
    if step["rate"] is not None:
        return f"{step['rate']} %"
    return f"{Money(step['amount'], currency).decimal:f} {currency}"
