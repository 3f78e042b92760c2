"""Affiliates' discount codes in the shop: made once, found by their code, switched off when they are retired."""

from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Failure
from integrations.connectors.base import Delivered, Message, Refused, Store, telling
from integrations.connectors.body import Fields
from integrations.connectors.coupons import (
    Wanted,
    is_absent,
    is_ended,
    is_foreign,
    is_made,
    is_taken,
    wanted_of,
)
from integrations.connectors.shopify import documents
from integrations.connectors.shopify.api import plain_answers, wrongs_of
from integrations.connectors.shopify.graph import one_of
from integrations.connectors.shopify.talk import Talk

ENDED = "EXPIRED"


@plain_answers()
def deliver(store: Store, message: Message) -> Delivered:
    """Make a code, or switch it off; the same message again changes nothing. Raises a Failure."""
    talk = Talk(store)
    try:
        wanted = wanted_of(store, message)
        number = _end(talk, wanted) if wanted.is_retired else _make(talk, wanted)
    except Failure as trouble:
        raise telling(trouble, talk.exchange()) from trouble
    return talk.exchange(number)


def _make(talk: Talk, wanted: Wanted) -> str:
    known = _find(talk, wanted)
    if known is None:
        made = talk.ask(documents.MAKE_CODE, discount=_discount(wanted)).part("discountCodeBasicCreate")
        codes = {row.text("code", 80) for row in made.rows("userErrors")}
        if codes == {"TAKEN"}:  # somebody else was faster, perhaps ourselves
            known = _find(talk, wanted)
        if known is None:
            if wrong := wrongs_of(made):
                raise Refused(wrong)
            talk.notes.append(is_made(wanted.code))
            return made.part("codeDiscountNode").text("id", 200)
    talk.notes.append(is_made(wanted.code) if _is_ours(known, wanted) else is_taken(wanted.code))
    return known.text("id", 200) if _is_ours(known, wanted) else ""


def _end(talk: Talk, wanted: Wanted) -> str:
    known = _find(talk, wanted)
    if known is None:
        talk.notes.append(is_absent(wanted.code))
        return ""
    if not _is_ours(known, wanted):
        talk.notes.append(is_foreign(wanted.code))
        return ""
    number = known.text("id", 200)
    is_ended_already = known.part("codeDiscount").text("status", 40) == ENDED
    if not is_ended_already and (wrong := _switched_off(talk, number)):
        raise Refused(wrong)
    talk.notes.append(is_ended(wanted.code))
    return number


def _switched_off(talk: Talk, number: str) -> str:
    """Switch a discount off; return why not, or ""."""
    return wrongs_of(talk.ask(documents.END_CODE, id=number).part("discountCodeDeactivate"))


def _find(talk: Talk, wanted: Wanted) -> Fields | None:
    return one_of(talk.ask(documents.CODE, code=wanted.code), "codeDiscountNodeByCode")


def _is_ours(known: Fields, wanted: Wanted) -> bool:
    """Whether we made this discount, and nobody has given it further codes since, which would end with it."""
    discount = known.part("codeDiscount")
    is_alone = discount.part("codesCount").text("count", 20) in ("", "1")
    return discount.text("title", 300).endswith(_mark(wanted)) and is_alone


def _mark(wanted: Wanted) -> str:
    return f"({wanted.mark})"


def _discount(wanted: Wanted) -> dict[str, Any]:
    discount = wanted.discount
    value: dict[str, Any] = (
        {"percentage": float(discount.percent / 100)}
        if discount.percent is not None
        else {"discountAmount": {"amount": discount.amount, "appliesOnEachItem": False}}
    )
    ends = discount.ends_on(wanted.at)
    minimum = {"subtotal": {"greaterThanOrEqualToSubtotal": discount.minimum}} if discount.minimum else None
    return {
        "title": _("Affiliate: %(code)s") % {"code": wanted.code} + f" {_mark(wanted)}",
        "code": wanted.code,
        "startsAt": f"{wanted.at:%Y-%m-%dT%H:%M:%SZ}",
        "endsAt": f"{ends:%Y-%m-%d}T00:00:00Z" if ends else None,
        "context": {"all": "ALL"},
        "customerGets": {"value": value, "items": {"all": True}},
        "minimumRequirement": minimum,
        "appliesOncePerCustomer": discount.is_once,
    }
