"""What messages are called where people read them: ours by their kind, other systems' by their topic. Pure."""

import re
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _, gettext_lazy

SENT: dict[str, Any] = {
    "program.created": gettext_lazy("Program opened"),
    "program.changed": gettext_lazy("Program changed"),
    "terms.changed": gettext_lazy("Attribution terms changed"),
    "terms.announced": gettext_lazy("Told of new terms"),
    "terms.accepted": gettext_lazy("New terms agreed to"),
    "plan.published": gettext_lazy("Plan published"),
    "affiliate.registered": gettext_lazy("Affiliate registered"),
    "affiliate.changed": gettext_lazy("Affiliate’s profile changed"),
    "enrollment.applied": gettext_lazy("Affiliate applied"),
    "enrollment.activated": gettext_lazy("Affiliate approved"),
    "enrollment.refused": gettext_lazy("Affiliate declined"),
    "enrollment.suspended": gettext_lazy("Affiliate suspended"),
    "enrollment.banned": gettext_lazy("Affiliate banned"),
    "enrollment.left": gettext_lazy("Affiliate left"),
    "enrollment.sponsored": gettext_lazy("Affiliate’s sponsor changed"),
    "link.created": gettext_lazy("Link made"),
    "link.changed": gettext_lazy("Link changed"),
    "link.paused": gettext_lazy("Link paused"),
    "link.resumed": gettext_lazy("Link works again"),
    "directlink.asked": gettext_lazy("Direct link asked for"),
    "directlink.approved": gettext_lazy("Direct link approved"),
    "directlink.refused": gettext_lazy("Direct link declined"),
    "directlink.ended": gettext_lazy("Direct link ended"),
    "coupon.created": gettext_lazy("Coupon given"),
    "coupon.changed": gettext_lazy("Coupon changed"),
    "coupon.retired": gettext_lazy("Coupon retired"),
    "order.recorded": gettext_lazy("New order"),
    "order.revised": gettext_lazy("Order changed"),
    "refund.recorded": gettext_lazy("Refund"),
    "refund.withdrawn": gettext_lazy("Refund taken back"),
    "customer.status_changed": gettext_lazy("Customer’s status changed"),
    "conversion.counted": gettext_lazy("Conversion counted"),
    "conversion.parked": gettext_lazy("Conversion parked"),
    "conversion.released": gettext_lazy("Conversion released"),
    "conversion.recounted": gettext_lazy("Conversion counted anew"),
    "conversion.confirmed": gettext_lazy("Conversion confirmed"),
    "conversion.exchanged": gettext_lazy("Exchange rate fixed"),
    "decision.replaced": gettext_lazy("Credit decided anew"),
    "commission.accrued": gettext_lazy("Commission earned"),
    "commission.reversed": gettext_lazy("Commission partly taken back"),
    "commission.approved": gettext_lazy("Commission approved"),
    "commission.held": gettext_lazy("Commission on hold"),
    "commission.released": gettext_lazy("Commission released"),
    "commission.declined": gettext_lazy("Commission declined"),
    "commission.reinstated": gettext_lazy("Commission given again"),
    "commission.adjusted": gettext_lazy("Commission adjusted by hand"),
    "batch.opened": gettext_lazy("Payout batch opened"),
    "batch.approved_once": gettext_lazy("Payout batch approved once"),
    "batch.approved": gettext_lazy("Payout batch approved"),
    "batch.cancelled": gettext_lazy("Payout batch cancelled"),
    "payout.approved": gettext_lazy("Payout approved"),
    "payout.sent": gettext_lazy("Payout sent"),
    "payout.paid": gettext_lazy("Payout paid"),
    "payout.failed": gettext_lazy("Payout failed"),
    "connection.troubled": gettext_lazy("Connection in trouble"),
    "connection.recovered": gettext_lazy("Connection works again"),
}
RECORD_OF_ORDER = "record.order"
# how keys and kinds begin -> what it is about; a list of these is short enough to choose from
NOUNS: dict[str, Any] = {
    "order": gettext_lazy("Order"),
    "refund": gettext_lazy("Refund"),
    "customer": gettext_lazy("Customer"),
    "record": gettext_lazy("Customer’s record"),
    "conversion": gettext_lazy("Conversion"),
    "decision": gettext_lazy("Credit"),
    "commission": gettext_lazy("Commission"),
    "payout": gettext_lazy("Payout"),
    "batch": gettext_lazy("Payout batch"),
    "enrollment": gettext_lazy("Affiliate"),
    "profile": gettext_lazy("Affiliate’s profile"),
    "affiliate": gettext_lazy("Affiliate’s profile"),
    "coupon": gettext_lazy("Coupon"),
    "link": gettext_lazy("Link"),
    "directlink": gettext_lazy("Direct link"),
    "direct_link": gettext_lazy("Direct link"),
    "program": gettext_lazy("Program"),
    "plan": gettext_lazy("Plan"),
    "terms": gettext_lazy("Terms"),
    "connection": gettext_lazy("Connection"),
}
_THINGS: dict[str, Any] = {
    **{name: NOUNS[name] for name in ("order", "refund", "customer", "coupon")},
    "contact": gettext_lazy("Contact"),
    "person": gettext_lazy("Person"),
    "deal": gettext_lazy("Deal"),
    "profile": gettext_lazy("Profile"),
    "product": gettext_lazy("Product"),
    "dispute": gettext_lazy("Dispute"),
    "invoice": gettext_lazy("Invoice"),
    "app": gettext_lazy("App"),
}
_DEEDS: dict[str, Any] = {
    **dict.fromkeys(("create", "created", "creation", "added", "add"), gettext_lazy("created")),
    **dict.fromkeys(
        ("update", "updated", "change", "changed", "edited", "property change"), gettext_lazy("changed")
    ),
    **dict.fromkeys(("delete", "deleted", "deletion", "privacy deletion"), gettext_lazy("deleted")),
    **dict.fromkeys(("cancelled", "canceled"), gettext_lazy("cancelled")),
    **dict.fromkeys(("merge", "merged"), gettext_lazy("merged")),
    **dict.fromkeys(("restored", "restore"), gettext_lazy("restored")),
    "paid": gettext_lazy("paid"),
    "refunded": gettext_lazy("refunded"),
    "uninstalled": gettext_lazy("removed"),
}
_SIGNS = re.compile(r"[^\w]+|_+|(?<=[a-z])(?=[A-Z])")


def kind_words(kind: str) -> str:
    """Return what a message of ours is called: "order.revised" is "Order changed"."""
    if kind in SENT:
        return str(SENT[kind])
    if kind == RECORD_OF_ORDER:
        return _("Verdict on an order")
    noun, _dot, rest = kind.partition(".")
    if noun == "record" and rest:
        return _("Record of a %(thing)s") % {"thing": str(_THINGS.get(rest, rest)).lower()}
    return _plainly(kind)


def topic_words(topic: str) -> str:
    """Return what another system's message is called: "orders/create", "ORDERS_CREATE" are "Order created"."""
    thing, _sign, rest = topic.partition(".")
    if thing == "record" and rest:  # what a system that was asked for changes said
        return _("%(thing)s %(deed)s") % {"thing": _THINGS.get(rest, capfirst(rest)), "deed": _("changed")}
    topic = topic.removeprefix("action.woocommerce_")  # hooks of that store's own code carry its name
    parts = [part.lower() for part in _SIGNS.split(topic) if part]
    for first, others in (
        (parts[:1], parts[1:]),
        (parts[-1:], parts[:-1]),
    ):  # "order.created", "change.person"
        name, deed = "".join(first).removesuffix("s"), _DEEDS.get(" ".join(others))
        if name in _THINGS and deed is not None:
            return _("%(thing)s %(deed)s") % {"thing": _THINGS[name], "deed": deed}
    return _plainly(topic)


def _plainly(name: str) -> str:
    """A name without its signs; one that has no letters stays."""
    words = " ".join(part.lower() for part in _SIGNS.split(name) if part)
    return capfirst(words) if words else name


def about_words(key: str, name: str = "") -> str:
    """Return whom or what a key of ours stands for; `name` is what people call it: "order:7" is "Order 1001"."""
    noun, _colon, number = key.partition(":")
    if noun not in NOUNS or not number:
        return name or key
    if noun == "customer" and name:
        return name
    return _("%(noun)s %(name)s") % {"noun": NOUNS[noun], "name": name or number}


def field_words(name: str) -> str:
    """Return a field of another system as people read it: "Affiliate_Value__c" is "Affiliate value"."""
    return _plainly(name.removesuffix("__c"))


def message_title(topic: str, subject: str) -> str:
    """Return another system's message in a line: "Order changed · 1001"; "" for one that says neither."""
    return " · ".join(filter(None, (topic_words(topic), subject)))


def title_of(kind: str, key: str, name: str = "") -> str:
    """Return a message of ours in a line: "Order changed · 1001"."""
    return f"{kind_words(kind)} · {name or key.partition(':')[2] or key}"
