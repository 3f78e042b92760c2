"""The road of the money for one row, from click to payout, as dated steps in plain words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from affiliates.models import Enrollment
from commissions.models import Commission
from commissions.states import CommissionState
from commissions.words import reason_of
from payouts.models import Payout
from payouts.states import PayoutState
from tracking.attribution.why_not import percent
from tracking.models import Click, Conversion, Decision


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `kind` is "" for what happened, "now", "ahead" or "bad"."""

    words: str
    at: datetime | None
    kind: str = ""
    by: str = ""


def of_conversion(conversion: Conversion) -> list[Step]:
    """From the click to the paid commissions of everybody who earned."""
    commissions = list(conversion.commissions.select_related("enrollment__affiliate").order_by("level", "pk"))
    steps = [
        *_until_credited(conversion),
        *(step for row in commissions for step in _earned(row, named=True)),
    ]
    return _in_order(steps)


def of_commission(commission: Commission) -> list[Step]:
    """From the click to the payout of one commission."""
    before = _until_credited(commission.conversion) if commission.conversion else []
    return _in_order([*before, *_earned(commission)])


def _in_order(steps: Iterable[Step]) -> list[Step]:
    return sorted(steps, key=lambda step: (step.at is None, step.at.timestamp() if step.at else 0))


def _until_credited(conversion: Conversion) -> list[Step]:
    decision = conversion.decision
    click = (
        Click.objects.filter(pk=decision.click_id).select_related("link").first()
        if decision and decision.click_id
        else None
    )
    steps = [Step(_("Clicked the link %(link)s") % {"link": click.link.code}, click.at)] if click else []
    steps.append(Step(_("Ordered: %(number)s") % {"number": conversion.external_id}, conversion.occurred_at))
    steps.append(Step(_("Paid by the buyer"), conversion.captured_at))
    if decision and decision.enrollment:
        words = _("Credited to %(name)s: %(why)s") % {
            "name": _credited(decision, decision.enrollment),
            "why": decision.get_evidence_display(),
        }
        steps.append(Step(words, decision.made_at))
    return steps


def _credited(decision: Decision, principal: Enrollment) -> str:
    """Everybody who is credited, with the share where there are several."""
    shares = {credit["enrollment"]: Fraction(credit["share"]) for credit in decision.credits}
    if len(shares) < 2:
        return str(principal.affiliate.name)
    rows = Enrollment.objects.filter(pk__in=shares).select_related("affiliate").in_bulk()
    named = [
        _("%(name)s %(share)s") % {"name": rows[one].affiliate.name, "share": percent(share)}
        for one, share in shares.items()
    ]
    return ", ".join(named)


def _earned(commission: Commission, named: bool = False) -> list[Step]:
    name = f"{commission.enrollment.affiliate.name}: " if named else ""
    steps = [Step(name + _("commission earned"), commission.created_at)]
    steps += [
        Step(name + _("part taken back (%(cause)s)") % {"cause": row.get_cause_display()}, row.at, "bad")
        for row in commission.reversals.order_by("number")
    ]
    return steps + [Step(name + step.words, step.at, step.kind, step.by) for step in _after(commission)]


def _after(commission: Commission) -> list[Step]:
    if commission.state == CommissionState.DECLINED:
        return [Step(_("declined"), None, "bad")]
    held = (
        [Step(_("on hold: %(reason)s") % {"reason": reason_of(commission)}, None, "now")]
        if commission.is_held
        else []
    )
    if commission.state == CommissionState.PENDING:
        return [*held, Step(_("may be approved"), commission.matures_at, "ahead")]
    paid = [step for payout in _payouts(commission) for step in _paid(payout)]
    waiting = [] if paid or held else [Step(_("waits for the next payout batch"), None, "ahead")]
    return [Step(_("approved"), commission.approved_at), *held, *paid, *waiting]


def _payouts(commission: Commission) -> Any:
    rows = Payout.objects.live().filter(items__entry__commission=commission, items__is_live=True)
    return rows.distinct().order_by("pk")


def _paid(payout: Payout) -> list[Step]:
    steps = [Step(_("collected in %(number)s") % {"number": payout.number}, payout.created_at)]
    if payout.approved_at:
        steps.append(Step(_("payout approved"), payout.approved_at))
    if payout.sent_at:
        steps.append(
            Step(_("sent, reference %(reference)s") % {"reference": payout.reference}, payout.sent_at)
        )
    if payout.paid_at:
        return [*steps, Step(_("paid"), payout.paid_at)]
    words = (
        _("to be sent")
        if payout.state == PayoutState.APPROVED
        else _("on its way")
        if payout.sent_at
        else _("to be approved")
    )
    return [*steps, Step(words, None, "now")]
