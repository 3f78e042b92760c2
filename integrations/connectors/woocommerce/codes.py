"""Affiliates' coupons in the store: made once, found by their code, expired when they are retired."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from core.jobs import Failure
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
from integrations.connectors.woocommerce.api import NotTaken, is_gone
from integrations.connectors.woocommerce.talk import Talk

MARK = "_affiliate_coupon"
TAKEN = "woocommerce_rest_coupon_code_already_exists"
OVER = timedelta(days=2)  # before now, so that the day is over in whatever zone the store lives
Row = dict[str, Any]


def deliver(store: Store, message: Message) -> Delivered:
    """Make a coupon, or let it expire; the same message again changes nothing. Raises a Failure."""
    talk = Talk(store)
    try:
        wanted = wanted_of(store, message)
        number = _end(talk, wanted) if wanted.is_retired else _make(talk, wanted)
    except NotTaken as trouble:
        raise Refused(str(trouble), talk.exchange()) from trouble
    except Failure as trouble:
        raise telling(trouble, talk.exchange()) from trouble
    return talk.exchange(number)


def _make(talk: Talk, wanted: Wanted) -> str:
    known = _find(talk, wanted)
    if known is None:
        try:
            made = talk.call("POST", "coupons", _coupon(wanted)).json()
            talk.notes.append(is_made(wanted.code))
            return str(made.get("id") or "") if isinstance(made, dict) else ""
        except NotTaken as trouble:
            if trouble.code != TAKEN or (known := _find(talk, wanted)) is None:
                raise
    talk.notes.append(is_made(wanted.code) if _is_ours(known, wanted) else is_taken(wanted.code))
    return str(known.get("id") or "") if _is_ours(known, wanted) else ""


def _end(talk: Talk, wanted: Wanted) -> str:
    known = _find(talk, wanted)
    if known is None:
        talk.notes.append(is_absent(wanted.code))
        return ""
    if not _is_ours(known, wanted):
        talk.notes.append(is_foreign(wanted.code))
        return ""
    number = str(known.get("id") or "")
    ended = f"{(wanted.at - OVER):%Y-%m-%d}T00:00:00"
    if not _is_before(known.get("date_expires"), ended):
        answer = talk.call("PUT", f"coupons/{number}", {"date_expires": ended})
        if is_gone(answer):
            talk.notes.append(is_absent(wanted.code))
            return ""
    talk.notes.append(is_ended(wanted.code))
    return number


def _is_before(present: Any, ended: str) -> bool:
    return isinstance(present, str) and present != "" and present[:19] <= ended


def _find(talk: Talk, wanted: Wanted) -> Row | None:
    """The store compares codes without regard to capitals, and so do we."""
    rows = talk.rows(f"coupons?{urlencode({'code': wanted.code})}")
    same = (row for row in rows if str(row.get("code", "")).casefold() == wanted.code.casefold())
    return next(same, None)


def _is_ours(known: Mapping[str, Any], wanted: Wanted) -> bool:
    metas = known.get("meta_data")
    return any(
        isinstance(row, dict) and row.get("key") == MARK and row.get("value") == wanted.mark
        for row in (metas if isinstance(metas, list) else [])
    )


def _coupon(wanted: Wanted) -> Row:
    discount = wanted.discount
    ends = discount.ends_on(wanted.at)
    percent = None if discount.percent is None else format(discount.percent, "f")
    return {
        "code": wanted.code,
        "discount_type": "fixed_cart" if percent is None else "percent",
        "amount": discount.amount if percent is None else percent,
        "description": _("An affiliate’s code."),
        "meta_data": [{"key": MARK, "value": wanted.mark}],
        **({"minimum_amount": discount.minimum} if discount.minimum else {}),
        **({"usage_limit_per_user": 1} if discount.is_once else {}),
        **({"date_expires": f"{ends:%Y-%m-%d}T00:00:00"} if ends else {}),
    }
