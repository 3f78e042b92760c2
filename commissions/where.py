"""Nested conditions: comparisons of fields with values, joined by all or any."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from commissions.sale import Line, Sale
from commissions.schema import Reader
from core.money import EXPONENTS

OPS = (
    "is",
    "is_not",
    "in",
    "not_in",
    "above",
    "at_least",
    "below",
    "at_most",
    "contains",
    "starts_with",
    "exists",
)
OF_LINE = ("product", "sku", "category", "brand", "line_value", "quantity")
OF_SALE = (
    "goal",
    "customer",
    "country",
    "currency",
    "coupon",
    "group",
    "sub_id",
    "order_value",
    "payment",
    "months",
    "channel",
)
METADATA = "metadata."
NUMBERS = frozenset({"line_value", "quantity", "order_value", "payment", "months"})
_PLAIN = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?", re.ASCII)
DEEPEST, MOST_TESTS = 5, 50


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of a field with a value, or with each of several."""

    field: str
    op: str
    values: tuple[str, ...] = ()

    def holds(self, sale: Sale, group: str, line: Line | None) -> bool:
        """Say whether it holds; what is unknown is equal to nothing and neither above nor below anything."""
        found = list(_values(self.field, sale, group, line))
        if self.op == "exists":
            return bool(found)
        same = _same if self.field in NUMBERS or self.field.startswith(METADATA) else _same_text
        if self.op in ("is_not", "not_in"):
            return not any(same(one, other) for one in found for other in self.values)
        compare = same if self.op in ("is", "in") else _COMPARE[self.op]
        return any(compare(one, other) for one in found for other in self.values)


@dataclass(frozen=True, slots=True)
class Where:
    """Tests joined by all or any; they may be nested."""

    every: bool
    parts: tuple[Test | Where, ...]

    def holds(self, sale: Sale, group: str, line: Line | None) -> bool:
        """Say whether all, or any, of the parts hold."""
        each = (part.holds(sale, group, line) for part in self.parts)
        return all(each) if self.every else any(each)

    @property
    def fields(self) -> frozenset[str]:
        """What it asks for, at any depth."""
        return frozenset(test.field for test in self.tests)

    @property
    def tests(self) -> Iterator[Test]:
        """Its comparisons, at any depth."""
        for part in self.parts:
            if isinstance(part, Test):
                yield part
            else:
                yield from part.tests


def _values(name: str, sale: Sale, group: str, line: Line | None) -> Iterator[str]:
    """The values of a field as text; amounts in major units."""
    if name.startswith(METADATA):
        yield from _texts(sale.metadata.get(name.removeprefix(METADATA)))
        return
    if name in OF_LINE:
        yield from (text for text in _of_line(name, line, sale.currency) if text)
        return
    customer = {True: "new", False: "returning", None: ""}[sale.new_customer]
    found: dict[str, Any] = {
        "goal": sale.goal,
        "customer": customer,
        "country": sale.country,
        "currency": sale.order_currency or sale.currency,
        "coupon": sale.coupons,
        "group": group,
        "sub_id": sale.sub_ids,
        "order_value": Decimal(sale.value).scaleb(-EXPONENTS[sale.currency]),
        "payment": sale.payment,
        "months": sale.months,
        "channel": sale.channel,
    }
    yield from (text for text in _texts(found[name]) if text)


def _of_line(name: str, line: Line | None, currency: str) -> tuple[str, ...]:
    if line is None:
        return ()
    if name == "category":
        return line.categories
    if name == "line_value":
        return (str(Decimal(line.net).scaleb(-EXPONENTS[currency])),)
    return (str(getattr(line, name)),)


def _texts(value: Any) -> Iterator[str]:
    if value is None or isinstance(value, dict):
        return
    if isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one) if not isinstance(one, list | tuple) else ()
        return
    yield str(value).lower() if isinstance(value, bool) else str(value)


def _number(text: str) -> Decimal | None:
    found = _PLAIN.fullmatch(text.strip())
    return Decimal(found[0]) if found else None


def _same_text(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _same(one: str, other: str) -> bool:
    if _same_text(one, other):
        return True
    left, right = _number(one), _number(other)
    return left is not None and left == right


def _by_number(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[str, str], bool]:
    def compared(one: str, other: str) -> bool:
        left, right = _number(one), _number(other)
        return left is not None and right is not None and compare(left, right)

    return compared


_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "above": _by_number(lambda one, other: one > other),
    "at_least": _by_number(lambda one, other: one >= other),
    "below": _by_number(lambda one, other: one < other),
    "at_most": _by_number(lambda one, other: one <= other),
    "contains": lambda one, other: other.casefold() in one.casefold(),
    "starts_with": lambda one, other: one.casefold().startswith(other.casefold()),
}


def read_where(read: Reader, value: object, path: str) -> Where | None:
    """Take a nested condition out of JSON; complaints go to the reader."""
    if value is None:
        return None
    before = len(read.errors)
    found = _node(read, value, path, DEEPEST)
    where = found if isinstance(found, Where) else Where(True, (found,) if found else ())
    if len(list(where.tests)) > MOST_TESTS:
        read.wrong(path, f"must have at most {MOST_TESTS} tests")
    elif len(read.errors) == before and not where.parts:
        read.wrong(path, "must have a test")
    return where


def _node(read: Reader, value: object, path: str, depth: int) -> Test | Where | None:
    row = read.mapping(value, path, "all any field op value")
    if not row:
        if isinstance(value, dict):
            read.wrong(path, 'must have "all", "any", or "field" and "op"')
        return None
    joined = [key for key in ("all", "any") if key in row]
    if not joined:
        return _test(read, row, path)
    if len(row) > 1 or depth == 0:
        read.wrong(path, f"must have either all, any or a field, and be at most {DEEPEST} deep")
        return None
    rows = read.rows(row[joined[0]], f"{path}.{joined[0]}", 1, MOST_TESTS)
    parts = (_node(read, one, f"{path}.{joined[0]}[{index}]", depth - 1) for index, one in enumerate(rows))
    return Where(joined[0] == "all", tuple(part for part in parts if part))


def _test(read: Reader, row: Any, path: str) -> Test:
    name = read.text(row.get("field"), f"{path}.field", 100)
    if (
        name
        and name not in OF_SALE + OF_LINE
        and not (name.startswith(METADATA) and len(name) > len(METADATA))
    ):
        allowed = ", ".join(OF_SALE + OF_LINE)
        read.wrong(f"{path}.field", f"must be one of: {allowed}, or metadata. and a key")
    op = read.choice(row.get("op"), f"{path}.op", OPS) or "is"
    if op == "exists":
        if "value" in row:
            read.wrong(f"{path}.value", "has no place here: exists asks whether there is any")
        return Test(name, op)
    if op in ("in", "not_in"):
        values = read.texts(row.get("value"), f"{path}.value")
        if not values and isinstance(row.get("value"), list):
            read.wrong(f"{path}.value", "must have at least one value")
    else:
        values = (read.text(row.get("value"), f"{path}.value"),)
    if op in ("above", "at_least", "below", "at_most") or name in NUMBERS:
        for text in values:
            if text and _number(text) is None:
                read.wrong(f"{path}.value", 'must be a number as text, like "10" or "49.90"')
    return Test(name, op, values)
