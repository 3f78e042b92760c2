"""How fast a system is told: its budget of calls, at once or in batches; and what waits for a slot, sent now."""

from datetime import datetime

from django.db import models, transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates import roles
from core import events
from core.models import User
from integrations import bell
from integrations.actions.deliveries import lanes
from integrations.budgets import Budget, day_of, limit_of, next_day
from integrations.flows import BATCH, REAL_TIME, next_slot, read_schedule
from integrations.models import Connection, ConnectionHour, Delivery, Lane
from integrations.states import ConnectionState, DeliveryState


class CannotPace(ValueError):
    """The budget or the flow cannot be that; the text is a sentence for people."""


def budget_of(connection: Connection, at: datetime) -> Budget:
    """Return the calls of the day and how many a manager allows."""
    return Budget(limit_of(connection.options), calls_of_day(connection.pk, at))


def calls_of_day(connection: int, at: datetime) -> int:
    """Return how many calls were made since midnight, UTC."""
    rows = ConnectionHour.objects.filter(connection=connection, hour__gte=day_of(at), hour__lt=next_day(at))
    return int(rows.aggregate(Sum("calls"))["calls__sum"] or 0)


def hold_back(connection: Connection, at: datetime) -> bool:
    """Close the lane until midnight, UTC, if the day's calls are spent; return whether they are.

    What waits stays as it is: it goes out tomorrow, in its order.
    """
    if not limit_of(connection.options) or not budget_of(connection, at).is_spent:
        return False
    earlier = Q(open_until=None) | Q(open_until__lt=next_day(at))
    Lane.objects.filter(earlier, pk=connection.pk).update(open_until=next_day(at))
    return True


def is_held_back(connection: int, at: datetime) -> bool:
    """Close the lane if the day's calls are spent, before anything is sent; return whether they are."""
    row = Connection.objects.only("options").get(pk=connection)
    return hold_back(row, at)


@transaction.atomic
def pace(
    connection: Connection,
    *,
    budget: int = 0,
    flow: str = REAL_TIME,
    schedule: str = "",
    actor: User | None = None,
    at: datetime | None = None,
) -> Connection:
    """Set how many calls a day may be made (0: any number), and whether messages go at once or by a schedule.

    What waits and was not tried yet moves to where the new schedule puts it. Raises CannotPace and NoSchedule.
    """
    row, now = _locked(connection, actor), at or timezone.now()
    if row.state == ConnectionState.DISCONNECTED:
        raise CannotPace(_("The connection is cut: connect the system again first."))
    if flow not in (REAL_TIME, BATCH) or budget < 0:
        raise CannotPace(_("A flow is real-time or batch, and a budget is a number of calls."))
    wanted = {"budget": budget, "flow": flow, "schedule": read_schedule(schedule)}
    if {name: row.options.get(name) for name in wanted} == wanted:
        return row
    row.options = {**row.options, **wanted}
    row.save(update_fields=["options"])
    program = row.program
    events.record(
        "connection.changed",
        row,
        tenant=program.merchant_id,
        scope=program.pk,
        actor=actor,
        at=at,
        data={"options": sorted(wanted)},
    )
    lanes.wake(row, now)
    _untried(row).filter(next_at__gt=now).update(next_at=next_slot(row, now))
    transaction.on_commit(lambda: bell.ring([row.pk]))
    return row


@transaction.atomic
def send_now(connection: Connection, *, actor: User | None = None, at: datetime | None = None) -> Connection:
    """Send what waits for the next slot of a batch at once; what failed before keeps its turn."""
    row, now = _locked(connection, actor), at or timezone.now()
    count = _untried(row).filter(next_at__gt=now).update(next_at=now)
    if count:
        program = row.program
        events.record(
            "connection.hastened",
            row,
            tenant=program.merchant_id,
            scope=program.pk,
            actor=actor,
            at=at,
            data={"messages": count},
        )
        transaction.on_commit(lambda: bell.ring([row.pk]))
    return row


def _untried(row: Connection) -> "models.QuerySet[Delivery]":
    return row.deliveries.filter(state=DeliveryState.DUE, attempts=0)


def _locked(connection: Connection, actor: User | None) -> Connection:
    rows = Connection.objects.select_for_update(of=("self",)).select_related("program")
    row: Connection = rows.get(pk=connection.pk)
    if actor is not None:
        roles.demand(actor, "manage_integrations", row.program.merchant_id)
    return row
