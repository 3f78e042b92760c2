"""The road of one commission, from click to payout: what happened, where it stands, what comes next."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from commissions import holds
from commissions.models import Commission, Reversal
from commissions.states import CommissionState, ReversalCause
from commissions.words.figures import share_in_words
from payouts.models import Payout, PayoutItem
from payouts.states import PayoutState
from portal.affiliate.earned import (
    LISTED,
    REVIEWED,
    SELF_REFERRAL,
    cause_of,
    day_of,
    is_of_a_period,
    is_over,
    source_of,
    why_declined,
    why_held,
)
from tracking.models import Click
from tracking.states import EvidenceKind


@dataclass(frozen=True, slots=True)
class Step:
    """One station on the road: done, now, next or bad."""

    state: str
    title: str
    about: str = ""


def road(commission: Commission) -> list[Step]:
    """From click to payout: what happened, where the amount stands, what comes next."""
    steps = [*_evidence(commission), *_bought(commission)]
    steps += [_taken(reversal) for reversal in commission.reversals.all()]
    if commission.state == CommissionState.DECLINED:
        return [*steps, Step("bad", _("Declined"), why_declined(commission))]
    if not commission.net:
        return steps
    return [*steps, *_maturity(commission), *_payment(commission)]


def _evidence(commission: Commission) -> list[Step]:
    decision = commission.conversion.decision if commission.conversion else None
    if decision is None or commission.level > 1:
        return []
    shares = {credit["enrollment"]: Fraction(credit["share"]) for credit in decision.credits}
    if commission.enrollment_id not in shares:  # credited to somebody else since, or a partner of the plan
        return []
    if len(shares) > 1:
        return [
            *_followed(commission, decision.trace),
            _shared(len(shares), shares[commission.enrollment_id]),
        ]
    if decision.evidence == EvidenceKind.VIEW:
        return [Step("done", _("Your advertisement was seen"))]
    if decision.coupon is not None:
        return [Step("done", _("Your code %(code)s was used") % {"code": decision.coupon.code.upper()})]
    click = (
        Click.objects.filter(pk=decision.click_id).select_related("link").first()
        if decision.click_id
        else None
    )
    if click is None:
        return [Step("done", _("The customer had come through you before"))]
    return [_follow(commission, click)]


def _followed(commission: Commission, trace: dict[str, Any]) -> list[Step]:
    """The affiliate's own clicks that count; those of others are nobody's business."""
    own = commission.enrollment_id
    ids = [
        row["click"] for row in trace["touches"] if row["enrollment"] == own and row["won"] and row["click"]
    ]
    clicks = Click.objects.filter(pk__in=ids, enrollment=own).select_related("link").order_by("at", "pk")
    return [_follow(commission, click) for click in clicks]


def _follow(commission: Commission, click: Click) -> Step:
    title = _("Your link was followed: %(link)s") % {"link": click.link.name or click.link.code}
    return Step("done", title, _moment(commission, click.at))


def _shared(count: int, share: Fraction) -> Step:
    values = {"count": count, "share": share_in_words(share)}
    title = _("You were one of %(count)s partners who contributed") % values
    return Step("done", title, _("Your share is %(share)s.") % values)


def _bought(commission: Commission) -> list[Step]:
    if is_of_a_period(commission):
        return [Step("done", source_of(commission), _moment(commission, commission.occurred_at))]
    if commission.conversion is None:
        about = "" if commission.reason.startswith(REVIEWED) else commission.reason
        return [Step("done", commission.get_kind_display().capitalize(), about)]
    title = _("A partner you recruited made a sale") if commission.level > 1 else _("The customer bought")
    return [Step("done", title, _moment(commission, commission.conversion.occurred_at))]


def _taken(reversal: Reversal) -> Step:
    why = {
        ReversalCause.REFUND: _("The customer got money back"),
        ReversalCause.CHARGEBACK: _("The customer's bank took the money back"),
        ReversalCause.CHARGEBACK_WON: _("The bank gave the money to the shop again"),
        ReversalCause.CANCELLATION: _("The order was canceled"),
        ReversalCause.REVISION: _("The order was changed"),
        ReversalCause.DECISION: _("The sale was credited to somebody else"),
        ReversalCause.VOLUME: cause_of(reversal),
        ReversalCause.FRAUD: cause_of(reversal),
    }
    about = _moment(reversal.commission, reversal.at)
    if reversal.is_estimated:
        about = _("%(when)s. Estimated until the shop names the articles.") % {"when": about}
    return Step("bad" if reversal.amount > 0 else "done", why[ReversalCause(reversal.cause)], about)


def _maturity(commission: Commission) -> list[Step]:
    held = [_hold(commission)] if commission.is_held else []
    if commission.state == CommissionState.APPROVED:
        at = commission.approved_at or commission.matures_at
        return [Step("done", _("Approved"), _moment(commission, at)), *held]
    if is_over(commission):
        now = Step("next", _("Ready to pay")) if held else Step("now", _("Ready to pay"), _("Approved next."))
        return [*held, Step("done", _("Return window"), _("It is over.")), now]
    if held:  # when it clears is not known
        return [*held, Step("next", _("Return window")), Step("next", _("Ready to pay"))]
    about = _("Clears on %(day)s if nothing is returned.") % {
        "day": day_of(commission, commission.matures_at)
    }
    return [Step("now", _("Return window"), about), Step("next", _("Ready to pay"))]


def _hold(commission: Commission) -> Step:
    """A review is a question, and no mistake of anybody."""
    is_of_another = commission.reason.startswith(SELF_REFERRAL) and not holds.is_of_the_buyer(commission)
    state = "now" if commission.reason.startswith(REVIEWED) or is_of_another else "bad"
    return Step(state, _("On hold"), why_held(commission))


def _payment(commission: Commission) -> list[Step]:
    payout = payout_of(commission)
    if payout is None:
        state = "now" if commission.state == CommissionState.APPROVED else "next"
        return [Step(state, _("Paid"), _("With a payout to come, once the minimum is reached."))]
    steps = [Step("done", _("In payout %(number)s") % {"number": payout.number})]
    if payout.state == PayoutState.PAID:
        return [*steps, Step("done", _("Paid"), _moment(commission, payout.paid_at or payout.created_at))]
    return [*steps, Step("now", _("On its way"), _("To %(payee)s") % {"payee": payout.payee.label})]


def payout_of(commission: Commission) -> Payout | None:
    """The payout that holds the commission, once it is approved."""
    items = PayoutItem.objects.filter(
        entry__commission=commission, is_live=True, amount__gt=0, payout__state__in=LISTED
    )
    item = items.select_related("payout__payee").order_by("-pk").first()
    return item.payout if item else None


def _moment(commission: Commission, at: datetime) -> str:
    return date_format(commission.program.local(at), "j F Y, H:i")
