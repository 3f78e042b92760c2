"""What a person chooses for a shop: whether it is told of customers and orders, what its affiliates' codes give."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from integrations.connectors.base import Key
from integrations.connectors.record_options import read_yes
from integrations.connectors.webhook.choices import Unclear

MADE, RETIRED = "coupon.created", "coupon.retired"
TELLS_IF = ("tells_customers", "tells_orders", "coupons")  # one of these is on, or the shop hears nothing
AMOUNT = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,3})?", re.ASCII)
MOST_DAYS = 3650
NO_YES = (("", gettext_lazy("no")), ("yes", gettext_lazy("yes")))
OPTIONS: tuple[Key, ...] = (
    Key(
        "tells_customers",
        gettext_lazy("Write to the shop’s customers"),
        gettext_lazy(
            "Their affiliate, segment, CRM status and purchases are kept with them in the shop, for its segments, "
            "automations and recommendations. It needs keys that may write."
        ),
        is_secret=False,
        choices=NO_YES,
    ),
    Key(
        "tells_orders",
        gettext_lazy("Write fraud review’s verdicts to the shop’s orders"),
        gettext_lazy(
            "Whoever packs sees there that an order is under review, cleared or judged as fraud, and about which "
            "affiliate that is. It needs keys that may write."
        ),
        is_secret=False,
        choices=NO_YES,
    ),
    Key(
        "coupons",
        gettext_lazy("Make discount codes in the shop"),
        gettext_lazy(
            "A code that an affiliate is given here is made there, and switched off when it is retired; else you make "
            "them yourself. It needs keys that may write."
        ),
        is_secret=False,
        choices=NO_YES,
    ),
    Key(
        "coupon_discount",
        gettext_lazy("Discount of these codes"),
        gettext_lazy("As “10 %”, or an amount off the order in the shop’s currency, as “5.00”."),
        is_secret=False,
    ),
    Key(
        "coupon_minimum",
        gettext_lazy("Orders of at least"),
        gettext_lazy("An amount in the shop’s currency, as “50.00”. Left empty, any order will do."),
        is_secret=False,
    ),
    Key(
        "coupon_once",
        gettext_lazy("Once for each customer"),
        gettext_lazy("A customer uses a code once at most."),
        is_secret=False,
        choices=NO_YES,
    ),
    Key(
        "coupon_days",
        gettext_lazy("Days that a code lives"),
        gettext_lazy("From the day on which it is made. Left empty, it does not expire."),
        is_secret=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Discount:
    """What a code takes off an order: `percent` of it (10), or an `amount` as a decimal text; one of the two is told.

    `minimum` is a decimal text, "" for none; `days` is how long a code lives, 0 for ever.
    """

    percent: Decimal | None = None
    amount: str = ""
    minimum: str = ""
    is_once: bool = False
    days: int = 0

    def ends_on(self, at: datetime) -> date | None:
        """Return the first day on which a code that was made then is no longer good; None if there is none."""
        return (at + timedelta(days=self.days)).date() if self.days else None


def read_options(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the options as they are kept; raises Unclear with a sentence."""
    entered = {key.name: given.get(key.name, "").strip() for key in OPTIONS}
    found: dict[str, Any] = {
        name: read_yes(entered[name])
        for name in ("tells_customers", "tells_orders", "coupons", "coupon_once")
    }
    discount, minimum, days = (entered[name] for name in ("coupon_discount", "coupon_minimum", "coupon_days"))
    if found["coupons"] and not discount:
        raise Unclear(_("Say which discount the codes give: “10 %” or “5.00”."))
    if discount:
        _check_discount(discount)
    if minimum and (not AMOUNT.fullmatch(minimum) or not Decimal(minimum)):
        raise Unclear(_("“%(text)s” is no amount like 50.00.") % {"text": minimum[:20]})
    if days and not (days.isascii() and days.isdigit() and 0 < int(days[:6]) <= MOST_DAYS and len(days) < 6):
        raise Unclear(_("A code lives from 1 to %(most)s days.") % {"most": MOST_DAYS})
    return found | {"coupon_discount": discount, "coupon_minimum": minimum, "coupon_days": days}


def _check_discount(text: str) -> None:
    number, is_percent = _number_of(text)
    if not AMOUNT.fullmatch(number) or not Decimal(number):
        raise Unclear(_("“%(text)s” is no discount like “10 %%” or “5.00”.") % {"text": text[:20]})
    if is_percent and Decimal(number) > 100:
        raise Unclear(_("A discount takes off 100 %% at most."))


def _number_of(text: str) -> tuple[str, bool]:
    return text.removesuffix("%").strip(), text.endswith("%")


def written(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the options as a person enters them."""
    texts = ("coupon_discount", "coupon_minimum", "coupon_days")
    return {
        key.name: str(options.get(key.name) or "")
        if key.name in texts
        else ("yes" if options.get(key.name) else "")
        for key in OPTIONS
    }


def tells_customers(options: Mapping[str, Any]) -> bool:
    """Say whether the shop's customers are told of."""
    return options.get("tells_customers") is True


def tells_orders(options: Mapping[str, Any]) -> bool:
    """Say whether the shop's orders carry what fraud review came to."""
    return options.get("tells_orders") is True


def makes_coupons(options: Mapping[str, Any]) -> bool:
    """Say whether affiliates' codes are made in the shop."""
    return options.get("coupons") is True


def wants(options: Mapping[str, Any], kind: str, body: Mapping[str, Any]) -> bool:
    """Say whether the shop is to be told of an event: of codes that are given and retired, where it makes them."""
    return makes_coupons(options) and kind in (MADE, RETIRED)


def discount_of(options: Mapping[str, Any]) -> Discount | None:
    """Return the discount that codes give; None where none is told, or what is kept makes no sense."""
    kept = written(options)
    try:
        read_options(kept)
    except Unclear:
        return None
    number, is_percent = _number_of(kept["coupon_discount"])
    if not number:
        return None
    return Discount(
        percent=Decimal(number) if is_percent else None,
        amount="" if is_percent else number,
        minimum=kept["coupon_minimum"],
        is_once=bool(kept["coupon_once"]),
        days=int(kept["coupon_days"] or 0),
    )
