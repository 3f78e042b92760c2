"""Deals that sales people won, held against the orders that they are here; the second half of an audit.

First the deals that were changed there lately are listed: one that is won and no order here was missed. Then every
order that is a deal is asked for by its number, where the system can be asked so: one that is lost or gone there still
counts. The audit keeps its place after each page, and nothing is changed.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.jobs import Temporary
from core.money import Money
from integrations.actions.connections import connector_of, store_of
from integrations.actions.deliveries import lanes
from integrations.actions.findings import note_findings
from integrations.actions.hours import asking
from integrations.actions.pacing import hold_back
from integrations.actions.records import people
from integrations.actions.records.asking import clean
from integrations.actions.records.sheets import sheet_of
from integrations.actions.records.won import deal_of
from integrations.audits import Fault
from integrations.connectors.base import Unreadable
from integrations.connectors.records import Change, FetchesRecords, KeepsRecords, TellsChanges
from integrations.mapping import Sheet, apply, holds
from integrations.models import Audit, Connection, Finding, RemoteRecord
from integrations.states import AuditState, Direction, FindingKind
from tracking.models import Order
from tracking.states import OrderState

BUSY = 20.0  # seconds until the lane is asked for again
DEAL = "deal"
LATELY = timedelta(days=35)  # deals that were changed before are not listed
IN_FLIGHT = timedelta(minutes=5)  # what changed there a moment ago is on its way to us by itself
DELETED = 5  # deals asked for together, none of which is there: that is an answer to doubt


@dataclass(frozen=True, slots=True)
class DealPage:
    """What one page came to: the faults of each deal that was judged, what stands there, and where to go on."""

    faults: Mapping[str, list[Fault]] = field(default_factory=dict)
    seen: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    place: Mapping[str, Any] = field(default_factory=dict)
    calls: int = 0


def audits_deals(connection: Connection) -> bool:
    """Say whether deals that are won there are orders here, and can be asked for."""
    connector = connector_of(connection)
    if not isinstance(connector, KeepsRecords) or not isinstance(connector, TellsChanges):
        return False
    return DEAL in connector.RECORDS and bool(connection.options.get("won_deals"))


def is_through(row: Audit) -> bool:
    """Say whether an audit has no deals left to look at."""
    return bool(row.counts.get("deals", {}).get("is_done")) or not audits_deals(row.connection)


class Spent(Exception):
    """The manager's own budget of calls is used up for today."""


def look_at_deals(row: Audit, at: datetime | None) -> None:
    """Read a page of deals while the lane is ours, then write what was found, and the place, in one transaction.

    Raises Spent, Temporary while somebody else has the lane, and what the far side answers. Calls out.
    """
    hold = lanes.take(row.connection_id, at or timezone.now())
    if hold is None:
        raise Temporary(_("Somebody else speaks with the system just now."), retry_after=BUSY)
    try:
        if hold_back(row.connection, at or timezone.now()):
            raise Spent
        page = _read_deals(row, at or timezone.now())
        now = at or timezone.now()
        with transaction.atomic():
            lanes.keep(hold, now)
            note_findings(row.connection, page.faults, page.seen, now)
            _count_deals(row, page)
    except lanes.Lost:
        raise Temporary(_("Somebody else took the lane over."), retry_after=BUSY) from None
    finally:
        lanes.let_go(hold)


def _count_deals(row: Audit, page: DealPage) -> None:
    stands_at = Audit.objects.select_for_update().values_list("counts", flat=True).get(pk=row.pk)
    if stands_at.get("deals") != row.counts.get("deals"):
        raise lanes.Lost  # a second worker went on with it meanwhile
    found = sum(len(some) for some in page.faults.values())
    more = {"calls": page.calls, "calls_tonight": page.calls, "found": found}
    added = {name: row.counts.get(name, 0) + count for name, count in more.items()}
    row.counts, row.state, row.note = (
        {**row.counts, **added, "deals": dict(page.place)},
        AuditState.RUNNING,
        "",
    )
    row.save(update_fields=["counts", "state", "note"])


def _read_deals(row: Audit, at: datetime) -> DealPage:
    """Read and judge the next page of deals; raises a Failure. Calls out: the lane is the caller's, no transaction."""
    connection, place = row.connection, dict(row.counts.get("deals", {}))
    connector = connector_of(connection)
    assert isinstance(connector, KeepsRecords)  # noqa: S101 - audits_deals has said so
    sheet, begun = sheet_of(store_of(connection), connector, Direction.IN, DEAL), time.monotonic()
    page = _asked(row, sheet, place, at) if "after" in place else _listed(row, sheet, place, at)
    if page.calls and (most := getattr(connector, "PER_SECOND", 0)):
        time.sleep(max(0.0, begun + 1 / most - time.monotonic()))
    return page


def _listed(row: Audit, sheet: Sheet, place: dict[str, Any], at: datetime) -> DealPage:
    connection, connector = row.connection, connector_of(row.connection)
    assert isinstance(connector, TellsChanges)  # noqa: S101 - as above
    since = max(connection.created_at, row.created_at - LATELY)
    with asking(connection, at):
        page = connector.list_changes(store_of(connection), DEAL, since, place.get("cursor"))
    faults, seen = _judge(connection, sheet, page.changes, at)
    following = {"cursor": page.cursor} if page.cursor is not None else {"after": 0}
    return DealPage(faults, seen, following, 1)


def _asked(row: Audit, sheet: Sheet, place: dict[str, Any], at: datetime) -> DealPage:
    connection, connector = row.connection, connector_of(row.connection)
    orders = Order.objects.filter(
        program=connection.program_id, source=connection.source, state=OrderState.SALE, pk__gt=place["after"]
    ).order_by("pk")
    can_fetch = isinstance(connector, FetchesRecords)
    some = list(orders[: min(100, getattr(connector, "BATCH", 100))]) if can_fetch else []
    if not some or not isinstance(connector, FetchesRecords):
        return DealPage(_ended(connection), place={"is_done": True})
    numbers = [order.external_id for order in some]
    with asking(connection, at):
        found = connector.fetch_changed(store_of(connection), DEAL, numbers)
    faults, seen = _judge(connection, sheet, found, at)
    missing = set(numbers) - {change.remote_id for change in found}
    if found or len(numbers) < DELETED:
        gone = [Change(number, at - IN_FLIGHT, is_gone=True) for number in sorted(missing)]
        more, also = _judge(connection, sheet, gone, at)
        faults, seen = faults | more, seen | also
    return DealPage(faults, seen, {"after": some[-1].pk}, 1)


def _ended(connection: Connection) -> dict[str, list[Fault]]:
    """Deals of findings whose order counts no more: nothing is wrong there, though nobody tells of them."""
    standing = Finding.objects.standing().filter(connection=connection, kind=FindingKind.LOST_THERE)
    numbers = set(standing.values_list("remote_id", flat=True))
    rows = Order.objects.filter(program=connection.program_id, source=connection.source)
    count = rows.filter(external_id__in=numbers, state=OrderState.SALE)
    return {f"deal:{number}": [] for number in numbers - set(count.values_list("external_id", flat=True))}


def _judge(
    connection: Connection, sheet: Sheet, changes: Sequence[Change], at: datetime
) -> tuple[dict[str, list[Fault]], dict[str, dict[str, Any]]]:
    """Return what is wrong with each deal, nothing for one that is well, and how it stands there.

    What we made there ourselves, and what changed a moment ago, is not judged: none of its findings is closed for that.
    """
    changes = [clean(change) for change in changes]
    numbers = [change.remote_id for change in changes]
    told = RemoteRecord.objects.filter(connection=connection, kind=DEAL, remote_id__in=numbers)
    ours = {record.remote_id for record in told if record.offered}
    rows = Order.objects.filter(program=connection.program_id, source=connection.source)
    orders = {order.external_id: order for order in rows.filter(external_id__in=numbers)}
    owners = people.owners_of(connection, [change for change in changes if not change.is_gone])
    faults, seen = {}, {}
    for change in changes:
        if change.remote_id in ours or change.key or change.at > at - IN_FLIGHT:
            continue
        key, order = f"deal:{change.remote_id}", orders.get(change.remote_id)
        counts = order if order is not None and order.state == OrderState.SALE else None
        kind, theirs = _fault(connection, sheet, change, owners, counts)
        ours_here = _amount(order.total, order.currency) if counts and order else None
        faults[key] = [Fault(kind, key, change.remote_id, ours=ours_here, theirs=theirs)] if kind else []
        seen[key] = {**asdict(change), "at": change.at.isoformat(), "values": dict(change.values)}
    return faults, seen


def _fault(
    connection: Connection, sheet: Sheet, change: Change, owners: Mapping[str, Any], counts: Order | None
) -> tuple[str, str]:
    """The kind of fault, "" for none, and what stands there; `counts` is the order that the deal is here."""
    if change.is_gone:
        return (FindingKind.LOST_THERE, _("deleted")) if counts else ("", "")
    if not holds(sheet.when, change.values):
        return (FindingKind.LOST_THERE, _("left the conditions of the mapping")) if counts else ("", "")
    try:
        value = deal_of(connection, change, apply(sheet, change.values), owners.get(change.remote_id))
    except Unreadable as why:
        return ("", "") if counts else (FindingKind.WON_THERE, str(why))
    if value is None:
        return "", ""
    if value.state != OrderState.SALE:
        return (FindingKind.LOST_THERE, _("not won")) if counts else ("", "")
    return ("", "") if counts else (FindingKind.WON_THERE, _amount(value.total, value.currency))


def _amount(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).decimal:f} {currency}"
