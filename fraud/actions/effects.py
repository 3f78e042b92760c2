"""What a verdict does to the money and to the membership, and what a case concerns."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from commissions.actions import decline, lock_all, take_back
from commissions.holds import FRAUD
from commissions.models import Commission
from commissions.states import CommissionState
from core.models import User
from fraud.actions.holds import lift
from fraud.actions.stops import STOPPED, stop
from fraud.models import Case, Hold, Signal
from fraud.states import Verdict

TAKING = frozenset({Verdict.REVERSE, Verdict.BAN})  # they take back what was approved or paid, too
STOPPING = frozenset(STOPPED)


def concerned(case: Case, verdict: str) -> list[Commission]:
    """Return what a verdict on the case is about, in order of their numbers: what it holds and is not declined.

    Who takes back takes back too what was earned by the sales that its findings name, if it was paid long ago.
    """
    ids = held_by(case)
    if verdict in TAKING:
        ids |= set(
            Commission.objects.filter(conversion__in=_named(case), program=case.program_id).values_list(
                "pk", flat=True
            )
        )
    rows = Commission.objects.filter(pk__in=ids).exclude(state=CommissionState.DECLINED).with_net()
    return list(rows.select_related("program", "enrollment__affiliate", "conversion").order_by("pk"))


def held_by(case: Case) -> set[int]:
    """Return the ids of the commissions that a case holds now."""
    return set(Hold.objects.filter(case=case, lifted_at=None).values_list("commission", flat=True))


def _named(case: Case) -> set[int]:
    """The sales that findings are on; of findings on the affiliate or a code, its own sales behind them."""
    names: set[int] = set()
    behind: set[int] = set()
    rows = Signal.objects.standing().filter(case=case)
    for conversion, coupon_rows in rows.values_list("conversion", "rows"):
        if conversion is not None:
            names.add(conversion)
        else:
            behind |= {number for number in coupon_rows.get("conversions", ()) if isinstance(number, int)}
    own = Commission.objects.filter(enrollment=case.enrollment_id, level=1, conversion__in=behind)
    return names | set(own.values_list("conversion", flat=True))


def worth(commissions: Iterable[Commission]) -> int:
    """Return what commissions are worth now, in minor units."""
    return sum(row.net.amount for row in commissions)


def settled(case: Case, verdict: str) -> list[Commission]:
    """Wait for whoever changes what the case concerns now; return it as it is after that."""
    lock_all([row.pk for row in concerned(case, verdict)])
    return concerned(case, verdict)


def carry_out(
    case: Case, verdict: str, commissions: Iterable[Commission], *, message: str, actor: User, at: datetime
) -> dict[str, Any]:
    """Do what a verdict says; return what was done, as `undo` needs it.

    What affiliates read of a commission is the cause, never what colleagues wrote for each other.
    """
    held = held_by(case)
    done: dict[str, Any] = {"held": sorted(held), "declined": [], "taken": [], "enrollment": None}
    code = f"{FRAUD}:{case.cause}"
    for row in commissions if verdict != Verdict.CLEAR else ():
        if row.state == CommissionState.PENDING:
            decline(row, reason=code, actor=actor, at=at, by_verdict=True)
            done["declined"].append(row.pk)
        elif verdict in TAKING:
            take_back(row, reason=code, actor=actor, at=at, by_verdict=True)
            done["taken"].append(row.pk)
        if row.pk not in held and row.pk in {*done["declined"], *done["taken"]}:
            Hold.objects.get_or_create(case=case, commission=row, defaults={"placed_at": at, "lifted_at": at})
    lift(case, reason="", actor=actor, at=at)
    if verdict in STOPPING:
        done["enrollment"] = stop(case, verdict, message, actor, at)
    return done
