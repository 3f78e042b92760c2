"""Which kinds of events outsiders may hear of, each with its sentence."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: dict[str, Promise] = {
    "program.created": _("A program was opened."),
    "program.changed": _("Settings of the program changed."),
    "terms.changed": _("New attribution terms were made."),
    "terms.announced": _("An affiliate is told that its terms change."),
    "terms.accepted": _("An affiliate agreed to a version of its plan."),
    "plan.published": _("A plan has a new version."),
    "affiliate.registered": _("Somebody became an affiliate of the company."),
    "affiliate.changed": _("An affiliate changed what it says of itself."),
    "enrollment.applied": _("Somebody asked to take part in the program."),
    "enrollment.activated": _("An affiliate may promote, for the first time or again."),
    "enrollment.refused": _("An application was not accepted."),
    "enrollment.suspended": _("An affiliate was stopped for a while."),
    "enrollment.banned": _("An affiliate was stopped for good."),
    "enrollment.left": _("An affiliate left the program."),
    "enrollment.sponsored": _("Who recruited an affiliate changed."),
    "link.created": _("A link was made."),
    "link.changed": _("Where a link leads, or what is noted of it, changed."),
    "link.paused": _("A link was switched off."),
    "link.resumed": _("A link was switched on again."),
    "directlink.asked": _("An affiliate would like visitors of its own page to count."),
    "directlink.approved": _("From now on the visitors of an affiliate's page count."),
    "directlink.refused": _("An affiliate's page was declined."),
    "directlink.ended": _("The visitors of an affiliate's page count no more."),
    "coupon.created": _("A discount code was given to an affiliate."),
    "coupon.changed": _("A discount code was marked as read out or printed, or no longer."),
    "coupon.retired": _("A discount code names its affiliate no more, for orders from now on."),
    "order.recorded": _("An order is known."),
    "order.revised": _("The store told a newer revision of an order."),
    "refund.recorded": _("Money went back for an order."),
    "refund.withdrawn": _("The store took a refund back."),
    "customer.status_changed": _("A CRM says something else of a customer."),
    "conversion.counted": _("An order counts; somebody or nobody is credited."),
    "conversion.parked": _("A conversion cannot be valued yet."),
    "conversion.released": _("What a parked conversion waited for has come."),
    "conversion.recounted": _("It turned out whether an order is the first one of its buyer."),
    "conversion.confirmed": _("A store has told an order that only a browser had told."),
    "conversion.exchanged": _("The exchange rate of an order in another currency was fixed."),
    "decision.replaced": _("Later evidence credits somebody else, or shares otherwise."),
    "commission.accrued": _("Somebody earned a commission."),
    "commission.reversed": _("A part of a commission was taken back, or credited again."),
    "commission.approved": _("A commission is payable."),
    "commission.held": _("A commission is on hold until somebody has looked at it."),
    "commission.released": _("The hold on a commission is over."),
    "commission.declined": _("A commission will not be paid."),
    "commission.reinstated": _("A declined commission counts again."),
    "commission.adjusted": _("An amount was granted or taken by hand."),
    "batch.opened": _("A payout run is a draft."),
    "batch.approved_once": _("The first of two people approved a payout run."),
    "batch.approved": _("A payout run is frozen; its money is on its way."),
    "batch.cancelled": _("The draft of a payout run was thrown away."),
    "payout.approved": _("A payout is in an approved run."),
    "payout.sent": _("The money of a payout was sent."),
    "payout.paid": _("The money of a payout has arrived."),
    "payout.failed": _("The money of a payout came back, or never left; it is payable again."),
    "connection.troubled": _("Something has gone wrong with a connection for longer than a moment."),
    "connection.recovered": _("A connection works again."),
}
PUBLIC: frozenset[str] = frozenset(KINDS)
OF_COMPANY = frozenset({"affiliate.registered", "affiliate.changed"})  # they belong to no program

_NOUNS = {"affiliate": "profile", "directlink": "direct_link", "decision": "conversion"}
_OF_ENROLLMENTS = frozenset({"terms.announced", "terms.accepted"})


def noun_of(kind: str) -> str:
    """Return under which name a body of this public kind tells its subject; KeyError for any other kind."""
    if kind not in PUBLIC:
        raise KeyError(kind)
    first = kind.partition(".")[0]
    return "enrollment" if kind in _OF_ENROLLMENTS else _NOUNS.get(first, first)


def kinds_of(wanted: str) -> list[str]:
    """Return the public kinds that a name means: one kind, or all of a noun ("order.*"); [] for anything else."""
    if wanted in PUBLIC:
        return [wanted]
    noun, _dot, rest = wanted.partition(".")
    return [kind for kind in KINDS if kind.startswith(f"{noun}.")] if rest == "*" and noun else []
