"""One commission as its affiliate sees it: its stage in a word and its source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from affiliates.models import Enrollment
from commissions import holds
from commissions.models import Commission, Reversal
from commissions.states import CommissionKind, CommissionState, ReversalCause
from commissions.words import reason_in_words
from commissions.words.periods import period_in_words
from payouts.models import PayoutItem
from payouts.states import PayoutState

ON_THE_WAY = (PayoutState.APPROVED, PayoutState.SENT)
LISTED = (*ON_THE_WAY, PayoutState.PAID)
SELF_REFERRAL = f"{holds.SELF_REFERRAL}:"
REVIEWED = f"{holds.FRAUD}:"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where an amount is: the tone of its pill, a word, and a sentence for those who ask."""

    tone: str
    word: str
    about: str = ""


def shown(enrollment: Enrollment) -> QuerySet[Commission]:
    """The enrollment's commissions with net amount and payout state, in one query with all a list shows."""
    item = PayoutItem.objects.filter(
        entry__commission=OuterRef("pk"), is_live=True, amount__gt=0, payout__state__in=LISTED
    ).order_by("-pk")
    found = Commission.objects.filter(enrollment=enrollment).with_net()
    found = found.annotate(payout_state=Subquery(item.values("payout__state")[:1]))
    found = found.select_related("conversion__customer", "program").order_by("-occurred_at", "-pk")
    return found  # type: ignore[no-any-return]


def in_stage(found: QuerySet[Commission], stage: str) -> QuerySet[Commission]:
    """Those of `shown` in one stage; all of them for a name that is no stage."""
    approved = Q(state=CommissionState.APPROVED)
    filters = {
        "pending": Q(state=CommissionState.PENDING),
        "payable": approved & Q(payout_state=None),
        "transit": approved & Q(payout_state__in=ON_THE_WAY),
        "paid": approved & Q(payout_state=PayoutState.PAID),
        "held": Q(is_held=True, payout_state=None) & ~Q(state=CommissionState.DECLINED),
        "reversed": Q(reversed_amount__gt=0),
        "declined": Q(state=CommissionState.DECLINED),
    }
    return found.filter(filters[stage]) if stage in filters else found


def stage_of(commission: Commission) -> Stage:
    """The stage of a commission of `shown`."""
    if commission.state == CommissionState.DECLINED:
        return Stage("bad", _("Declined"), why_declined(commission))
    if commission.reversed_amount and not commission.net:  # type: ignore[attr-defined]
        return Stage("bad", _("Reversed"), _("All of it was taken back."))
    if not commission.amount and not commission.net:
        return Stage("", _("Earns nothing"), _("Nothing in this sale is paid for."))
    payout_state = commission.payout_state  # type: ignore[attr-defined]
    if commission.is_held and payout_state is None:
        return Stage("wait", _("On hold"), why_held(commission))
    return _pending(commission) if commission.state == CommissionState.PENDING else _approved(payout_state)


def source_of(commission: Commission) -> str:
    """What it came from, without saying who bought."""
    if is_of_a_period(commission):
        return _of_a_period(commission)
    if commission.kind != CommissionKind.EARNED:
        return commission.get_kind_display().capitalize()
    if commission.level > 1:
        return _("Sale of a partner you recruited")
    customer = commission.conversion.customer if commission.conversion else None
    return masked(customer.email) if customer and customer.email else _("A customer")


def is_of_a_period(commission: Commission) -> bool:
    """Is it for a whole period, by the plan: a true-up of brackets, or a bonus? What was given by hand is not."""
    return commission.trace.get("kind") in ("true_up", "bonus")


def _of_a_period(commission: Commission) -> str:
    trace = commission.trace
    period = "" if trace["period"] in ("joining", "all") else period_in_words(trace["period"])
    values = {"period": period, "name": trace.get("name", "")}
    if trace["kind"] == "bonus":
        named = _("Bonus “%(name)s”, %(period)s") if period else _("Bonus “%(name)s”")
        return named % values
    if commission.level > 1:
        return _("Bracket reached by partners you recruited, %(period)s") % values
    return _("Bracket reached, %(period)s") % values


def cause_of(reversal: Reversal) -> str:
    """Why a part was taken back or credited again, in a few words."""
    if reversal.cause == ReversalCause.FRAUD:
        return _("After a review") if reversal.amount > 0 else _("Credited again after a review")
    if reversal.cause != ReversalCause.VOLUME:
        return str(reversal.get_cause_display()).capitalize()
    commission = reversal.commission
    if commission.level > 1 and not is_of_a_period(commission):
        return _("The volume of the partner changed")
    return _("Difference for the period") if is_of_a_period(commission) else _("Your volume changed")


def masked(email: str) -> str:
    """An address that its owner would know and nobody else: "m•••@example.com"."""
    name, _at, host = email.partition("@")
    return f"{name[:1]}•••@{host}" if host else "•••"


def why_held(commission: Commission) -> str:
    """Why somebody looks at it first, in a sentence."""
    if commission.reason.startswith(SELF_REFERRAL):
        about = buyer_in_words(commission)
        is_own = holds.is_of_the_buyer(commission)
        return f"{about} {_('Somebody looks at it before it is approved.')}" if is_own else about
    if commission.reason.startswith(REVIEWED):
        return _("It is being looked at before it is paid. Nothing is decided yet.")
    return reason_in_words(commission.reason) or _("Somebody looks at it before it is approved.")


def buyer_in_words(commission: Commission) -> str:
    """Of what is held for a self-referral: who bought is said to the affiliate who seems to have, to nobody else."""
    if holds.is_of_the_buyer(commission):
        return _("The buyer seems to be yourself.")
    if commission.level > 1:
        return _("A sale of a partner you recruited is being looked at.")
    return _("The order is being looked at.")


def why_declined(commission: Commission) -> str:
    """Why it is not paid, in a sentence."""
    if commission.reason.startswith(REVIEWED):
        return _("It was looked at and cannot be paid.")
    return reason_in_words(commission.reason)


def _pending(commission: Commission) -> Stage:
    if is_over(commission):
        return Stage("wait", _("Clears soon"), _("The return window is over. It is approved next."))
    day = day_of(commission, commission.matures_at)
    about = _("It can be approved from %(day)s on, if nothing is returned.") % {"day": day}
    return Stage("wait", _("Clears %(day)s") % {"day": day}, about)


def is_over(commission: Commission) -> bool:
    """Whether its return window has ended: what was to happen on a day that is past is not promised any more."""
    return commission.matures_at <= timezone.now()


def _approved(payout_state: str | None) -> Stage:
    if payout_state == PayoutState.PAID:
        return Stage("none", _("Paid"))
    if payout_state in ON_THE_WAY:
        return Stage("info", _("On its way"))
    return Stage("ok", _("Ready to pay"))


def day_of(commission: Commission, at: datetime) -> str:
    """A day on the program's own clock, as a list shows it."""
    return date_format(commission.program.local(at), "j M")


def label_all(found: Sequence[Commission]) -> list[tuple[Commission, Stage, str]]:
    """Commissions with what a list shows of each."""
    return [(commission, stage_of(commission), source_of(commission)) for commission in found]
