"""Which rule wins a line, by trying every rule of a plan's JSON against it: no ranking, no preparation."""

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from commissions.sale import Line, Sale

Json = dict[str, Any]


def winners(body: Json, sale: Sale, group: str) -> dict[str, tuple[str | None, set[str]]]:
    """Return line -> (the rule that wins it, the stackable rules that add to it)."""
    return {line.key: _winner(body, sale, group, line) for line in sale.all_lines}


def base_of(body: Json, sale: Sale, group: str) -> int:
    """Return what all lines that some rule pays for come to."""
    paid = [line for line in sale.all_lines if _winner(body, sale, group, line) != (None, set())]
    return sum(line.net for line in paid)


def _winner(body: Json, sale: Sale, group: str, line: Line) -> tuple[str | None, set[str]]:
    if line.excluded or _is_excluded(body.get("exclude", {}), line):
        return None, set()
    fitting = [
        (_specificity(rule.get("when", {})), rule.get("priority", 0), order, rule)
        for order, rule in enumerate(body["rules"])
        if _holds(rule.get("when", {}), sale, group, line)
    ]
    added = {one[3]["id"] for one in fitting if one[3].get("stackable")}
    rivals = [one for one in fitting if not one[3].get("stackable")]
    best = max(rivals, key=lambda one: one[:3])[3]["id"] if rivals else None
    return best, added


def _is_excluded(exclude: Json, line: Line) -> bool:
    words = {
        "skus": [line.sku],
        "products": [line.product],
        "brands": [line.brand],
        "categories": line.categories,
    }
    return any(set(words[kind]) & set(names) for kind, names in exclude.items())


def _specificity(when: Json) -> tuple[Any, ...]:
    """SKU outweighs all others, then product, category, brand; then the number of conditions."""
    places = [bool(when.get(key)) for key in ("skus", "products", "categories", "brands")]
    lists = ("customer", "countries", "currencies", "coupons", "groups", "sub_ids")
    ranges = ("order_value", "payment", "months", "dates")
    count = sum(bool(when.get(key)) for key in lists) + sum(when.get(key) is not None for key in ranges)
    return (*places, count + _tests(when.get("where")))


def _tests(where: Json | None) -> int:
    if where is None:
        return 0
    inner = where.get("all", where.get("any"))
    return 1 if inner is None else sum(_tests(one) for one in inner)


def _holds(when: Json, sale: Sale, group: str, line: Line) -> bool:
    one_of = {
        "products": [line.product],
        "skus": [line.sku],
        "categories": line.categories,
        "brands": [line.brand],
        "countries": [sale.country.upper()],
        "currencies": [sale.order_currency or sale.currency],
        "coupons": sale.coupons,
        "groups": [group],
        "sub_ids": sale.sub_ids,
    }
    lists = all(not when.get(key) or set(when[key]) & set(values) for key, values in one_of.items())
    customer = {True: "new", False: "returning", None: "?"}[sale.new_customer]
    return (
        when.get("goal", "sale") == sale.goal
        and lists
        and when.get("customer") in (None, customer)
        and _in_order_value(when.get("order_value"), sale)
        and _in_range(when.get("payment"), sale.payment)
        and _in_range(when.get("months"), None if sale.payment is None else sale.months or 0)
        and _in_dates(when.get("dates"), sale.at)
        and _where(when.get("where"), sale, group, line)
    )


def _in_order_value(row: Json | None, sale: Sale) -> bool:
    if row is None:
        return True
    value = Decimal(sum(line.net for line in sale.lines)) / 100
    return Decimal(row.get("from", "0")) <= value and ("to" not in row or value < Decimal(row["to"]))


def _in_range(row: Json | None, value: int | None) -> bool:
    if row is None:
        return True
    return value is not None and row.get("from", 0) <= value <= row.get("to", 10**9)


def _in_dates(row: Json | None, at: datetime | None) -> bool:
    if row is None:
        return True
    if at is None:
        return False
    begins, ends = row.get("from"), row.get("to")
    whole_day = timedelta(days=1) if ends and "T" not in ends else timedelta(0)
    if begins and at < datetime.fromisoformat(begins):
        return False
    return not ends or at < datetime.fromisoformat(ends) + whole_day


def _where(node: Json | None, sale: Sale, group: str, line: Line) -> bool:
    if node is None:
        return True
    if "all" in node:
        return all(_where(one, sale, group, line) for one in node["all"])
    if "any" in node:
        return any(_where(one, sale, group, line) for one in node["any"])
    return _test(node, _values(node["field"], sale, group, line))


def _test(node: Json, found: list[Any]) -> bool:
    """What is not known is equal to nothing, and neither above nor below anything."""
    op = node["op"]
    if op == "exists":
        return bool(found)
    wanted = node["value"] if isinstance(node["value"], list) else [node["value"]]
    pairs = [(one, other) for one in found for other in wanted]
    if op in ("is", "in"):
        return any(_equal(*pair) for pair in pairs)
    if op in ("is_not", "not_in"):
        return not any(_equal(*pair) for pair in pairs)
    if op == "contains":
        return any(str(other).lower() in str(one).lower() for one, other in pairs)
    if op == "starts_with":
        return any(str(one).lower().startswith(str(other).lower()) for one, other in pairs)
    numbers = [(_number(one), _number(other)) for one, other in pairs]
    compare = {
        "above": lambda one, other: one > other,
        "at_least": lambda one, other: one >= other,
        "below": lambda one, other: one < other,
        "at_most": lambda one, other: one <= other,
    }[op]
    return any(one is not None and other is not None and compare(one, other) for one, other in numbers)


def _equal(one: Any, other: Any) -> bool:
    left, right = _number(one), _number(other)
    return str(one).lower() == str(other).lower() or (left is not None and left == right)


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _values(field: str, sale: Sale, group: str, line: Line) -> list[Any]:
    if field.startswith("metadata."):
        value = sale.metadata.get(field.removeprefix("metadata."))
        many = value if isinstance(value, list) else [value]
        return [_plain(one) for one in many if one is not None and not isinstance(one, list | dict)]
    customer = {True: "new", False: "returning", None: ""}[sale.new_customer]
    values: dict[str, list[Any]] = {
        "product": [line.product],
        "sku": [line.sku],
        "category": list(line.categories),
        "brand": [line.brand],
        "line_value": [Decimal(line.net) / 100],
        "quantity": [line.quantity],
        "goal": [sale.goal],
        "customer": [customer],
        "country": [sale.country],
        "currency": [sale.order_currency or sale.currency],
        "coupon": list(sale.coupons),
        "group": [group],
        "sub_id": list(sale.sub_ids),
        "order_value": [Decimal(sum(one.net for one in sale.lines)) / 100],
        "payment": [sale.payment],
        "months": [sale.months],
        "channel": [sale.channel],
    }
    return [value for value in values[field] if value not in ("", None)]


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
