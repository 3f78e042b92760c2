"""Affiliates' coupons in the store: a cart price rule for each, found by the coupon's code, ended when retired."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from core.jobs import Failure, Permanent
from integrations.connectors.base import Delivered, Message, Refused, Store, telling
from integrations.connectors.coupons import (
    Wanted,
    is_absent,
    is_ended,
    is_foreign,
    is_made,
    is_taken,
    wanted_of,
)
from integrations.connectors.magento.api import Absent, get_list, search
from integrations.connectors.magento.log import Log

DAY = timedelta(days=1)
ALL_GROUPS = 500
ADMIN = 0  # the website that sells nothing
Row = dict[str, Any]


def deliver(store: Store, message: Message) -> Delivered:
    """Make a rule with its coupon, or switch it off; the same message again changes nothing. Raises a Failure."""
    log = Log(store)
    try:
        wanted = wanted_of(store, message)
        number = _end(log, wanted) if wanted.is_retired else _make(log, wanted)
    except Permanent as trouble:
        raise Refused(str(trouble), log.exchange()) from trouble
    except Failure as trouble:
        raise telling(trouble, log.exchange()) from trouble
    return log.exchange(number)


def _make(log: Log, wanted: Wanted) -> str:
    """The rule comes first; where its coupon could not be made, the next try finds the rule by its name."""
    if (coupon := _coupon(log, wanted)) is not None:
        rule = _rule_of(log, coupon)
        log.notes.append(is_made(wanted.code) if _is_ours(rule, wanted) else is_taken(wanted.code))
        return str(coupon.get("rule_id") or "") if _is_ours(rule, wanted) else ""
    rows = log.search("salesRules/search", [("name", "eq", _name(wanted))])
    rule = rows[0] if rows else log.whole("POST", "salesRules", {"rule": _rule(log.store, wanted)})
    made: Row = {"rule_id": rule.get("rule_id"), "code": wanted.code, "is_primary": True, "times_used": 0}
    made |= {"usage_per_customer": 1} if wanted.discount.is_once else {}
    log.whole("POST", "coupons", {"coupon": made})
    log.notes.append(is_made(wanted.code))
    return str(rule.get("rule_id") or "")


def _end(log: Log, wanted: Wanted) -> str:
    coupon = _coupon(log, wanted)
    rule = _rule_of(log, coupon) if coupon is not None else None
    if coupon is None or rule is None:
        log.notes.append(is_absent(wanted.code))
        return ""
    if not _is_ours(rule, wanted):
        log.notes.append(is_foreign(wanted.code))
        return ""
    number = str(coupon.get("rule_id") or "")
    if rule.get("is_active") is not False:
        log.whole("PUT", f"salesRules/{number}", {"rule": {**rule, "is_active": False}})
    log.notes.append(is_ended(wanted.code))
    return number


def _coupon(log: Log, wanted: Wanted) -> Row | None:
    """The store compares codes without regard to capitals, and so do we."""
    rows = log.search("coupons/search", [("code", "eq", wanted.code)])
    same = (row for row in rows if str(row.get("code", "")).casefold() == wanted.code.casefold())
    return next(same, None)


def _rule_of(log: Log, coupon: Row) -> Row | None:
    try:
        return log.whole("GET", f"salesRules/{int(coupon.get('rule_id') or 0)}")
    except Absent:
        return None


def _is_ours(rule: Row | None, wanted: Wanted) -> bool:
    return rule is not None and str(rule.get("name") or "").endswith(f"({wanted.mark})")


def _name(wanted: Wanted) -> str:
    """The same in every language: the rule is found by it."""
    return f"Affiliate: {wanted.code} ({wanted.mark})"


def _rule(store: Store, wanted: Wanted) -> Row:
    """A rule for all websites and groups of customers there are."""
    discount, ends = wanted.discount, wanted.discount.ends_on(wanted.at)
    amount = discount.percent if discount.percent is not None else Decimal(discount.amount or "0")
    groups, _count = search(store, "customerGroups/search", [], size=ALL_GROUPS)
    return {
        "name": _name(wanted),
        "website_ids": [row["id"] for row in get_list(store, "store/websites") if row.get("id") != ADMIN],
        "customer_group_ids": [row["id"] for row in groups],
        "from_date": f"{wanted.at - DAY:%Y-%m-%d}",
        **({"to_date": f"{ends - DAY:%Y-%m-%d}"} if ends else {}),
        "uses_per_customer": 1 if discount.is_once else 0,
        "uses_per_coupon": 0,
        "is_active": True,
        "stop_rules_processing": False,
        "is_advanced": True,
        "sort_order": 0,
        "simple_action": "cart_fixed" if discount.percent is None else "by_percent",
        "discount_amount": float(amount),
        "discount_step": 0,
        "apply_to_shipping": False,
        "times_used": 0,
        "is_rss": False,
        "coupon_type": "SPECIFIC_COUPON",
        "use_auto_generation": False,
        **({"condition": _at_least(discount.minimum)} if discount.minimum else {}),
    }


def _at_least(minimum: str) -> Row:
    """The condition that the goods cost so much, as Magento writes it."""
    costs = {
        "condition_type": "Magento\\SalesRule\\Model\\Rule\\Condition\\Address",
        "attribute_name": "base_subtotal",
        "operator": ">=",
        "value": minimum,
    }
    return {
        "condition_type": "Magento\\SalesRule\\Model\\Rule\\Condition\\Combine",
        "aggregator_type": "all",
        "operator": "=",
        "value": "1",
        "conditions": [costs],
    }
