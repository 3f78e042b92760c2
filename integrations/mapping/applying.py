"""A mapping applied to a record: values out, and a sentence for each field that could not be filled."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from integrations.mapping.conversions import convert
from integrations.mapping.expressions import compute
from integrations.mapping.paths import find, read_path, with_item
from integrations.mapping.plain import is_empty, text_of
from integrations.mapping.refusals import Unfit
from integrations.mapping.rows import (
    IS,
    IS_EMPTY,
    IS_FILLED,
    IS_NOT,
    IS_ONE_OF,
    ITEMS,
    Condition,
    Row,
    Sheet,
    group_of,
    lists_of,
)
from integrations.mapping.work import TooMuch, Work

MOST_ITEMS = 1000


@dataclass(frozen=True, slots=True)
class Result:
    """The fields that were filled, and target -> sentence for those that could not be."""

    values: dict[str, Any]
    problems: dict[str, str]


def holds(conditions: Iterable[Condition], record: Any) -> bool:
    """Say whether every condition holds of a record."""
    return all(_holds(one, record) for one in conditions)


def apply(sheet: Sheet, record: Any) -> Result:
    """Fill the fields of a mapping from a record. Never raises: what is odd is a problem of its field.

    Where the record asks for more work than a mapping may do, that is the problem of the field at hand, and the rest is
    not looked at.
    """
    result = Result({}, {})
    with suppress(TooMuch):  # it stands among the problems
        _fill_all(result, sheet, record, Work())
    return result


def _fill_all(result: Result, sheet: Sheet, record: Any, work: Work) -> None:
    groups: dict[str, list[Row]] = {}
    for row in sheet.rows:
        if group := group_of(row.target):
            groups.setdefault(group, []).append(row)
        else:
            _fill(result.values, result.problems, row, record, None, work)
    for group, rows in groups.items():
        try:
            if items := _items(rows, record, result.problems, work):
                result.values[group] = items
        except TooMuch:
            raise
        except Unfit as trouble:
            result.problems[group] = str(trouble)


def _fill(
    values: dict[str, Any], problems: dict[str, str], row: Row, record: Any, item: int | None, work: Work
) -> None:
    try:
        value = value_of(row, record, item, work)
    except Unfit as trouble:
        problems.setdefault(row.target, str(trouble))
        if isinstance(trouble, TooMuch):
            raise
        return
    if not is_empty(value):
        values[row.target.partition(ITEMS)[2] if item is not None else row.target] = value


def value_of(row: Row, record: Any, item: int | None = None, work: Work | None = None) -> Any:
    """Return what fills a row's field, None for nothing; `item` is the number that [] stands for. Raises Unfit."""
    work = work or Work()
    work.spend()
    if row.expression:
        value = compute(row.expression, record, item, work)
    elif row.source:
        path = read_path(row.source)
        value = find(record, path if item is None else with_item(path, item), work.spend)
    else:
        value = row.constant or None
    for step in row.steps:
        value = None if is_empty(value) else convert(value, step, record, work)
    if is_empty(value):
        return row.default or None
    return value


def _items(rows: list[Row], record: Any, problems: dict[str, str], work: Work) -> list[dict[str, Any]]:
    """Return one object for each item of the list that the rows of a group go through."""
    path = next((found for row in rows for found in lists_of(row)), None)
    if path is None:
        count = 1
    else:
        found = find(record, path)
        if found is None:
            return []
        if not isinstance(found, list):
            raise Unfit(_("What the lines come from is no list."))
        count = len(found)
    if count > MOST_ITEMS:
        raise Unfit(_("There are more than %(most)s lines.") % {"most": MOST_ITEMS})
    items: list[dict[str, Any]] = []
    for number in range(count):
        values: dict[str, Any] = {}
        for row in rows:
            _fill(values, problems, row, record, number, work)
        items.append(values)
    return items


def _holds(condition: Condition, record: Any) -> bool:
    value = find(record, read_path(condition.source))
    if condition.test in (IS_FILLED, IS_EMPTY):
        return is_empty(value) == (condition.test == IS_EMPTY)
    try:
        word = text_of(value).strip()
    except Unfit:
        return condition.test == IS_NOT
    if condition.test == IS_ONE_OF:
        return word in [one.strip() for one in condition.value.split(",")]
    return (word == condition.value.strip()) == (condition.test == IS)
