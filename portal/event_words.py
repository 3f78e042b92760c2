"""What the kinds of events are called where people read them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

EVENT_WORDS: dict[str, Any] = {
    "affiliate.registered": _("registered"),
    "affiliate.changed": _("profile changed"),
    "enrollment.applied": _("applied"),
    "enrollment.activated": _("approved"),
    "enrollment.refused": _("declined"),
    "enrollment.suspended": _("suspended"),
    "enrollment.banned": _("banned"),
    "enrollment.left": _("left"),
    "enrollment.sponsored": _("sponsor changed"),
    "group.changed": _("group changed"),
    "payee.changed": _("payment details changed"),
    "order.recorded": _("told by the store"),
    "order.revised": _("changed in the store"),
    "conversion.moved": _("moved by another sale"),
    "volume.changed": _("counters changed"),
    "period.closed": _("period closed"),
    "conversion.exchanged": _("exchange rate fixed"),
    "rates.loaded": _("exchange rates loaded"),
    "rates.entered": _("exchange rates entered by hand"),
    "plan.drafted": _("next version begun"),
    "plan.edited": _("draft changed"),
    "plan.discarded": _("draft discarded"),
    "plan.published": _("new version published"),
    "plan.assigned": _("assigned"),
    "plan.transferred": _("customers moved"),
    "simulation.asked": _("asked"),
    "simulation.finished": _("worked out"),
    "simulation.failed": _("failed"),
    "simulation.cancelled": _("cancelled"),
    "terms.announcing": _("affiliates are being told"),
    "terms.announced": _("told of new terms"),
    "terms.accepted": _("agreed to the new terms"),
    "commission.accrued": _("earned"),
    "commission.reversed": _("partly taken back"),
    "commission.approved": _("approved"),
    "commission.held": _("put on hold"),
    "commission.released": _("released"),
    "commission.declined": _("declined"),
    "commission.adjusted": _("adjusted by hand"),
    "batch.opened": _("opened"),
    "batch.approved_once": _("approved by the first person"),
    "batch.approved": _("approved"),
    "batch.cancelled": _("cancelled"),
    "payout.approved": _("approved"),
    "payout.sent": _("sent"),
    "payout.paid": _("paid"),
    "payout.failed": _("failed"),
}


def in_words(kind: str) -> str:
    """A kind of event in words; one that has none is read as it is written."""
    return str(EVENT_WORDS.get(kind) or kind.replace(".", " ").replace("_", " "))
