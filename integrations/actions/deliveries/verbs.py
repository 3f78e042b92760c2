"""What people do with messages: send them again, or not at all; and what the clock forgets."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates import roles
from affiliates.models import Coupon
from core import events
from core.models import User
from integrations import bell
from integrations.connectors import CONNECTORS
from integrations.connectors.records import is_shop
from integrations.connectors.shop_options import MADE
from integrations.models import Connection, Delivery
from integrations.patience import LIFE
from integrations.states import ConnectionState, DeliveryState

DEAD_KEPT = timedelta(days=90)
_AT_ONCE = 1000


class CannotReplay(ValueError):
    """The message cannot be sent again; the text is a sentence for people."""


@transaction.atomic
def replay(
    delivery: Delivery, *, again: bool = False, actor: User | None = None, at: datetime | None = None
) -> Delivery:
    """Put a message that was given up back in line, with the id it had; with `again` a delivered one too."""
    row = _locked(delivery, actor)
    if row.state == DeliveryState.DUE:
        return row
    if row.connection.state == ConnectionState.DISCONNECTED:
        raise CannotReplay(_("The connection is cut: connect the system again first."))
    if row.state != DeliveryState.DEAD and not again:
        raise CannotReplay(_("Only a message that was given up is tried again."))
    if _makes_a_code(row) and _retired([row.object_key]):
        raise CannotReplay(_("The coupon is retired by now: its code is not made any more."))
    now = at or timezone.now()
    row.state, row.attempts, row.next_at, row.done_at = DeliveryState.DUE, 0, now, None
    row.save(update_fields=["state", "attempts", "next_at", "done_at"])
    _record("delivery.replayed", row, actor, at)
    transaction.on_commit(lambda: bell.ring([row.connection_id]))
    return row


@transaction.atomic
def replay_period(
    connection: Connection,
    *,
    since: datetime,
    until: datetime,
    states: Iterable[str] = (DeliveryState.DEAD,),
    kind: str = "",
    actor: User | None = None,
    at: datetime | None = None,
) -> int:
    """Put what happened in [since, until) back in line, each with the id it had; return how many messages.

    A message that would have a shop make a code which is retired by now stays as it is.
    """
    row: Connection = (
        Connection.objects.select_for_update(of=("self",)).select_related("program").get(pk=connection.pk)
    )
    _demand(row, actor)
    if row.state == ConnectionState.DISCONNECTED:
        raise CannotReplay(_("The connection is cut: connect the system again first."))
    ended = row.deliveries.filter(state__in=states, occurred_at__gte=since, occurred_at__lt=until)
    ended = ended.exclude(state=DeliveryState.DUE)
    chosen = ended.filter(kind=kind) if kind else ended
    if _is_shop(row):
        codes = chosen.filter(kind=MADE).values_list("object_key", flat=True).distinct()
        chosen = chosen.exclude(kind=MADE, object_key__in=_retired(codes))
    count = int(
        chosen.update(state=DeliveryState.DUE, attempts=0, next_at=at or timezone.now(), done_at=None)
    )
    if count:
        period = {"since": since.isoformat(), "until": until.isoformat(), "kind": kind, "messages": count}
        program = row.program
        events.record(
            "connection.replayed",
            row,
            tenant=program.merchant_id,
            scope=program.pk,
            actor=actor,
            at=at,
            data=period,
        )
        transaction.on_commit(lambda: bell.ring([row.pk]))
    return count


@transaction.atomic
def skip(delivery: Delivery, *, actor: User | None = None, at: datetime | None = None) -> Delivery:
    """Send a message no more; later ones about the same object go on."""
    row = _locked(delivery, actor)
    if row.state not in (DeliveryState.DUE, DeliveryState.DEAD):
        return row
    row.state, row.done_at = DeliveryState.SKIPPED, at or timezone.now()
    row.note = _("Somebody decided that it is not needed.")
    row.save(update_fields=["state", "done_at", "note"])
    _record("delivery.skipped", row, actor, at)
    return row


def forget_deliveries(at: datetime | None = None) -> int:
    """Delete given up messages after 90 days and others after DELIVERIES_KEPT_DAYS, with attempts; return how many.

    What waits for a connection that is not active is given up after the life of a message, so no queue grows for ever.
    """
    now = at or timezone.now()
    _give_up(now)
    kept = timedelta(days=settings.DELIVERIES_KEPT_DAYS)
    dead = Delivery.objects.filter(state=DeliveryState.DEAD, done_at__lt=now - DEAD_KEPT)
    ended = [DeliveryState.DONE, DeliveryState.SKIPPED]
    others = Delivery.objects.filter(state__in=ended, done_at__lt=now - kept)
    forgotten = 0
    for old in (dead, others):
        while ids := list(old.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]):
            forgotten += Delivery.objects.filter(pk__in=ids).delete()[1].get("integrations.Delivery", 0)
    return forgotten


def _give_up(now: datetime) -> None:
    waiting = Delivery.objects.filter(state=DeliveryState.DUE, created_at__lt=now - LIFE)
    note = _("The connection was not active for too long.")
    waiting.exclude(connection__state=ConnectionState.ACTIVE).update(
        state=DeliveryState.DEAD, done_at=now, note=note
    )


def _locked(delivery: Delivery, actor: User | None) -> Delivery:
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("connection__program")
    row: Delivery = rows.get(pk=delivery.pk)
    _demand(row.connection, actor)
    return row


def _is_shop(connection: Connection) -> bool:
    return is_shop(CONNECTORS[connection.connector])


def _makes_a_code(row: Delivery) -> bool:
    return row.kind == MADE and _is_shop(row.connection)


def _retired(coupons: Iterable[str]) -> list[str]:
    """Return those of "coupon:7" ... that are retired; all are locked, so that none is retired meanwhile."""
    numbers = [int(key.rpartition(":")[2]) for key in coupons]
    rows = Coupon.objects.filter(pk__in=numbers).order_by("pk").select_for_update(no_key=True)
    return [f"coupon:{row.pk}" for row in rows if not row.is_active]


def _demand(connection: Connection, actor: User | None) -> None:
    if actor is not None:
        roles.demand(actor, "manage_integrations", connection.program.merchant_id)


def _record(kind: str, row: Delivery, actor: User | None, at: datetime | None) -> None:
    program = row.connection.program
    events.record(kind, row, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at)
