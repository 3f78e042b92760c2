"""What waits because of a case: the brake goes on, stays on while any case is undecided, and comes off again."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from commissions.actions import hold, let_go, lock_all, mark_screened, wait_for_screening
from commissions.holds import FRAUD, SELF_REFERRAL
from commissions.models import Commission
from commissions.states import CommissionState, IllegalMove
from core.models import User
from fraud.actions.cases import locked
from fraud.models import Case, Hold
from fraud.states import UNDECIDED
from tracking.hearsay import DOUBTS


@transaction.atomic
def place(case: Case, commissions: Iterable[Commission], *, at: datetime | None = None) -> int:
    """Let an undecided case hold commissions; return how many it has not held before. Declined ones hold nothing."""
    now, case = at or timezone.now(), locked(case)
    if case.is_decided:
        raise IllegalMove("A decided case holds nothing.")
    rows = _locked({commission.pk for commission in commissions})
    held = {one.commission_id: one for one in Hold.objects.filter(case=case, commission__in=rows)}
    placed = 0
    for commission in rows:
        if commission.state == CommissionState.DECLINED:
            continue
        known = held.get(commission.pk)
        if known is None or known.lifted_at is not None:
            _keep(case, commission, known, now)
            placed += 1
        _brake(case, commission, now)
    return placed


def wait_with(case: Case, commissions: Iterable[int], *, at: datetime) -> int:
    """Let a case that is open again hold what another case has declined (ids), should that be undone; return how many.

    There is no brake to put on yet. What was never the case's is left alone.
    """
    rows = Hold.objects.filter(case=case, commission__in=list(commissions), lifted_at__isnull=False)
    return int(rows.filter(commission__state=CommissionState.DECLINED).update(lifted_at=None, placed_at=at))


def _keep(case: Case, commission: Commission, known: Hold | None, at: datetime) -> None:
    was = "" if is_fraud(commission.reason) or not commission.is_held else commission.reason
    if known is None:
        Hold.objects.create(case=case, commission=commission, was=was, placed_at=at)
        return
    # one that was taken back meanwhile has lost the house's hold, which the case has kept for it
    known.was, known.placed_at, known.lifted_at = was if commission.is_held else known.was, at, None
    known.save(update_fields=["was", "placed_at", "lifted_at"])


def _brake(case: Case, commission: Commission, at: datetime) -> None:
    """Hold it; one that the house holds already keeps that reason, and waits so that nothing slips through.

    An approved one would slip into a payout when the house lets go: there the case takes over at once.
    """
    reason = f"{FRAUD}:{case.cause}"
    if not commission.is_held:
        hold(commission, reason=reason, at=at)
    elif is_fraud(commission.reason):
        return
    elif commission.state == CommissionState.PENDING:
        wait_for_screening([commission])
    else:
        hold(commission, reason=reason, at=at, instead_of=commission.reason)


@transaction.atomic
def lift(case: Case, *, reason: str, actor: User | None, at: datetime | None = None) -> int:
    """End all holds of a case; what no other case holds goes back to what the house itself says of it."""
    now, case = at or timezone.now(), locked(case)
    rows = Hold.objects.filter(case=case, lifted_at=None)
    commissions = _locked(set(rows.values_list("commission", flat=True)))
    # asked after the lock: two cases that end at one moment must not each leave it to the other
    elsewhere = _in_force(commissions).exclude(case=case).select_related("case").order_by("pk")
    others = {one.commission_id: one for one in elsewhere}
    before = dict(rows.values_list("commission", "was"))
    lifted = rows.update(lifted_at=now)
    refused = [row.pk for row in commissions if row.state == CommissionState.DECLINED]
    Hold.objects.filter(case=case, lifted_at=now).exclude(commission__in=refused).update(was="")
    for commission in commissions:
        other, was = others.get(commission.pk), before[commission.pk]
        if other is None:
            _free(commission, was, reason, actor, now)
            continue
        if was and not other.was:  # it goes back to it in the end
            Hold.objects.filter(pk=other.pk).update(was=was)
        if commission.is_held and commission.reason == f"{FRAUD}:{case.cause}":
            hold(commission, reason=f"{FRAUD}:{other.case.cause}", at=now, instead_of=commission.reason)
    return lifted


def _free(commission: Commission, was: str, reason: str, actor: User | None, at: datetime) -> None:
    mark_screened([commission])
    if commission.state == CommissionState.DECLINED or not commission.is_held:
        return
    if is_fraud(commission.reason) and was and not _is_judged(was):
        hold(commission, reason=was, at=at, instead_of=commission.reason)
    elif is_fraud(commission.reason) or _is_judged(commission.reason):
        let_go(commission, reason=reason, actor=actor, at=at)


def _is_judged(reason: str) -> bool:
    """Whether a verdict answers it too: the buyer is the affiliate, or a browser alone says so."""
    return reason.startswith(f"{SELF_REFERRAL}:") or reason in DOUBTS


@transaction.atomic
def hold_again(commission: Commission, *, at: datetime | None = None) -> bool:
    """Hold what the house or a colleague has released while a case on it is undecided; return whether it was."""
    waiting = Hold.objects.filter(commission=commission, lifted_at=None, case__state__in=UNDECIDED)
    cases = [locked(one.case) for one in waiting.select_related("case").order_by("case")]
    (fresh,) = _locked({commission.pk})
    case = next((one for one in cases if not one.is_decided), None)
    if case is None or fresh.is_held or fresh.state == CommissionState.DECLINED:
        return False
    holds = Hold.objects.filter(commission=commission, lifted_at=None)
    if not holds.filter(case=case).exists():
        return False
    holds.update(was="")
    hold(fresh, reason=f"{FRAUD}:{case.cause}", at=at)
    mark_screened([fresh])
    return True


def passed(commissions: QuerySet[Commission]) -> QuerySet[Commission]:
    """Those that may count as screened: not what a case waits for behind the house's own hold, which may end alone.

    It may have ended a moment ago, and the case's own hold not be on yet.
    """
    waiting = Commission.objects.filter(
        state=CommissionState.PENDING, fraud_holds__in=Hold.objects.filter(lifted_at=None)
    )
    behind = waiting.exclude(is_held=True, reason__startswith=f"{FRAUD}:")
    return commissions.exclude(pk__in=behind.values("pk"))


def is_fraud(reason: str) -> bool:
    """Whether a commission is held by a case."""
    return reason.startswith(f"{FRAUD}:")


def _locked(ids: set[int]) -> list[Commission]:
    lock_all(ids)
    rows = Commission.objects.select_related("program", "enrollment__affiliate", "conversion")
    return list(rows.filter(pk__in=ids).order_by("pk"))


def _in_force(commissions: Iterable[Commission]) -> QuerySet[Hold]:
    return Hold.objects.filter(commission__in=list(commissions), lifted_at=None)
