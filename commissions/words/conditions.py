"""When a rule holds, in words: as clauses of a sentence, and in short for the title of a card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _, ngettext

from commissions.words.figures import MOST, countries_in_words, major_in_words, one_of, quoted
from commissions.words.periods import is_day, moment_in_words
from commissions.words.where import is_alternative, where_in_words

_MOST_IN_TITLE = 3


def conditions_in_words(when: Mapping[str, Any], currency: str) -> list[str]:
    """What must hold for a rule, a clause each: "the category is “shoes”"; [] for every sale."""
    texts = [*_goal(when), *_named(when, _clauses(), MOST), *_numbers(when, currency)]
    return texts + where_in_words(when["where"], currency) if when.get("where") else texts


def conditions_as_one(when: Mapping[str, Any], currency: str) -> str:
    """All that must hold for a rule, joined to one clause; "" for every sale."""
    clauses = conditions_in_words(when, currency)
    if len(clauses) > 1 and when.get("where") and is_alternative(when["where"]):
        clauses[-1] = f"({clauses[-1]})"
    if len(clauses) < 2:
        return "".join(clauses)
    return _("%(first)s and %(last)s") % {"first": ", ".join(clauses[:-1]), "last": clauses[-1]}


def conditions_in_short(when: Mapping[str, Any], currency: str) -> list[str]:
    """The conditions as the title of a card has them: "Returning customers", "category Shoes"."""
    customer = {"new": _("new customers"), "returning": _("returning customers")}.get(
        when.get("customer", "")
    )
    texts = [customer] if customer else []
    texts += _named(when, _labels(), _MOST_IN_TITLE, plain=True)
    texts += [text for text in (_value_in_short(when, currency), _payment_in_short(when)) if text]
    texts += [text for text in (_months_in_short(when), _dates_in_short(when)) if text]
    return texts + where_in_words(when["where"], currency) if when.get("where") else texts


def _goal(when: Mapping[str, Any]) -> list[str]:
    goal = when.get("goal", "sale")
    if goal == "sale":
        return []
    known = {
        "lead": _("it is a lead"),
        "sign_up": _("it is a sign-up"),
        "click": _("it is a click"),
        "install": _("it is an install"),
    }
    return [known.get(goal) or _("the goal is “%(goal)s”") % {"goal": goal}]


def _clauses() -> dict[str, str]:
    return {
        "products": _("the product is %(names)s"),
        "skus": _("the SKU is %(names)s"),
        "categories": _("the category is %(names)s"),
        "brands": _("the brand is %(names)s"),
        "countries": _("the country is %(names)s"),
        "currencies": _("the order is in %(names)s"),
        "coupons": _("the coupon is %(names)s"),
        "groups": _("the affiliate is in the group %(names)s"),
        "sub_ids": _("the sub id is %(names)s"),
    }


def _labels() -> dict[str, str]:
    return {
        "products": _("product %(names)s"),
        "skus": _("SKU %(names)s"),
        "categories": _("category %(names)s"),
        "brands": _("brand %(names)s"),
        "countries": "%(names)s",
        "currencies": _("orders in %(names)s"),
        "coupons": _("coupon %(names)s"),
        "groups": _("group %(names)s"),
        "sub_ids": _("sub id %(names)s"),
    }


def _named(when: Mapping[str, Any], texts: Mapping[str, str], most: int, *, plain: bool = False) -> list[str]:
    found = []
    for key, text in texts.items():
        names = when.get(key) or []
        if key == "countries":
            names = countries_in_words(names)
        elif not plain and key != "currencies":
            names = quoted(names)
        if names:
            found.append(text % {"names": one_of(names, most)})
    return found


def _numbers(when: Mapping[str, Any], currency: str) -> list[str]:
    customers = {"new": _("the customer is new"), "returning": _("the customer has bought before")}
    found = [customers[when["customer"]]] if when.get("customer") else []
    texts = (_value(when, currency), _payment(when), _months(when), _dates(when))
    return found + [text for text in texts if text]


def _range(when: Mapping[str, Any], key: str, least: int) -> tuple[int, int | None] | None:
    given = when.get(key)
    return None if given is None else (given.get("from", least), given.get("to"))


def _value(when: Mapping[str, Any], currency: str) -> str:
    texts = {
        "from": _("the order is worth at least %(least)s"),
        "to": _("the order is worth less than %(most)s"),
        "both": _("the order is worth from %(least)s to less than %(most)s"),
    }
    return _amounts(when, currency, texts)


def _value_in_short(when: Mapping[str, Any], currency: str) -> str:
    texts = {
        "from": _("order from %(least)s"),
        "to": _("order under %(most)s"),
        "both": _("order from %(least)s to under %(most)s"),
    }
    return _amounts(when, currency, texts)


def _amounts(when: Mapping[str, Any], currency: str, texts: Mapping[str, str]) -> str:
    given = when.get("order_value")
    if given is None:
        return ""
    least, most = given.get("from", "0"), given.get("to")
    values = {"least": major_in_words(least, currency)}
    if most is None:
        return texts["from"] % values
    values["most"] = major_in_words(most, currency)
    return texts["both" if Decimal(least) else "to"] % values


def _payment(when: Mapping[str, Any]) -> str:
    return _counted(
        _range(when, "payment", 1),
        lambda last: ngettext(
            "it is the customer’s first payment", "it is one of the customer’s first %(last)s payments", last
        ),
        {
            "any": _("it is a payment of a customer who is known"),
            "one": _("it is the customer’s payment number %(first)s"),
            "from": _("it is the customer’s payment number %(first)s or a later one"),
            "both": _("it is one of the customer’s payments number %(first)s to %(last)s"),
        },
    )


def _payment_in_short(when: Mapping[str, Any]) -> str:
    return _counted(
        _range(when, "payment", 1),
        lambda last: ngettext("first payment", "first %(last)s payments", last),
        {
            "any": _("every payment"),
            "one": _("payment %(first)s"),
            "from": _("from payment %(first)s on"),
            "both": _("payments %(first)s to %(last)s"),
        },
    )


def _counted(
    between: tuple[int, int | None] | None, from_first: Callable[[int], str], texts: Mapping[str, str]
) -> str:
    if between is None:
        return ""
    first, last = between
    if last is None:
        return texts["any" if first == 1 else "from"] % {"first": first}
    if first == 1:
        return from_first(last) % {"last": last}
    return texts["one" if first == last else "both"] % {"first": first, "last": last}


def _months(when: Mapping[str, Any]) -> str:
    between = _range(when, "months", 0)
    if between is None:
        return ""
    first, last = between
    if last is None:
        text = ngettext(
            "it is at least %(first)s month after the customer’s first payment",
            "it is at least %(first)s months after the customer’s first payment",
            first,
        )
        return text % {"first": first}
    values = {
        "first": first,
        "last": last + 1,
    }  # the month that begins after `last` whole ones ends one later
    if first:
        text = _("it is between %(first)s and %(last)s months after the customer’s first payment")
        return text % values
    text = ngettext(
        "it is within %(last)s month of the customer’s first payment",
        "it is within %(last)s months of the customer’s first payment",
        last + 1,
    )
    return text % values


def _months_in_short(when: Mapping[str, Any]) -> str:
    between = _range(when, "months", 0)
    if between is None:
        return ""
    first, last = between
    if last is None:
        return ngettext("after %(first)s month", "after %(first)s months", first) % {"first": first}
    if first:
        return _("months %(first)s to %(last)s") % {"first": first + 1, "last": last + 1}
    return ngettext("first month", "first %(last)s months", last + 1) % {"last": last + 1}


def _dates(when: Mapping[str, Any]) -> str:
    start, end = _ends(when)
    values = {"start": start and moment_in_words(start), "end": end and moment_in_words(end)}
    if start and start == end:
        return _("the date is %(start)s") % values
    if start and end:
        if is_day(end):
            return _("the date is from %(start)s to the end of %(end)s") % values
        return _("the date is between %(start)s and %(end)s") % values
    if start:
        return _("the date is %(start)s or later") % values
    if end:
        return (
            _("the date is %(end)s or earlier") if is_day(end) else _("the date is before %(end)s")
        ) % values
    return ""


def _dates_in_short(when: Mapping[str, Any]) -> str:
    start, end = _ends(when)
    if start and start == end:
        return moment_in_words(start)
    values = {"start": start and moment_in_words(start), "end": end and moment_in_words(end)}
    if start and end:
        return _("%(start)s – %(end)s") % values
    if start:
        return _("from %(start)s") % values
    return _("until %(end)s") % values if end else ""


def _ends(when: Mapping[str, Any]) -> tuple[str | None, str | None]:
    dates = when.get("dates") or {}
    return dates.get("from"), dates.get("to")
