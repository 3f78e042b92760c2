"""Findings of audits: each stands once, is mended by a person or left so, and closes when it is found no more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates import roles
from core import events
from core.models import User
from integrations import bell
from integrations.actions.connections import connector_of, store_of
from integrations.actions.deal_mends import is_told_since, take_deal
from integrations.actions.records.asking import keep_changes
from integrations.actions.records.planning import line_up, wanted
from integrations.actions.records.sheets import sheet_of
from integrations.audits import DEALS, LEAVE, TELL, THEIRS, Fault, proposed, says_the_same, ways_of
from integrations.connectors.records import Change, KeepsRecords
from integrations.mapping import Sheet
from integrations.mapping.conflicts import FILLED, THEIRS as THEIRS_WINS
from integrations.mapping.plain import is_empty
from integrations.models import Connection, Finding, RemoteRecord
from integrations.states import ConnectionState, Direction, FindingKind, FindingState


class CannotMend(ValueError):
    """It cannot be mended in this way; the text is a sentence for people."""


@transaction.atomic
def note_findings(
    connection: Connection,
    faults: Mapping[str, Iterable[Fault]],
    seen: Mapping[str, Mapping[str, Any]],
    now: datetime,
) -> int:
    """Write what was found of these customers, and close what is found no more; return how many are new."""
    standing = Finding.objects.select_for_update().standing()
    rows = standing.filter(connection=connection, local_key__in=list(faults)).order_by("pk")
    known = {(row.local_key, row.kind, row.field, row.other): row for row in rows}
    told = {(one.key, one.kind, one.field, one.other): one for some in faults.values() for one in some}
    for place, fault in told.items():
        if place in known:
            _see_again(known[place], fault, seen.get(fault.key, {}), now)
    new = [_new(connection, told[place], seen, now) for place in told if place not in known]
    Finding.objects.bulk_create(new)
    gone = [row.pk for place, row in known.items() if place not in told]
    Finding.objects.filter(pk__in=gone).update(state=FindingState.CLOSED, closed_at=now)
    return len(new)


def _new(
    connection: Connection, fault: Fault, seen: Mapping[str, Mapping[str, Any]], now: datetime
) -> Finding:
    return Finding(
        connection=connection,
        kind=fault.kind,
        local_key=fault.key,
        remote_id=fault.remote_id,
        field=fault.field,
        other=fault.other,
        ours=fault.ours,
        theirs=fault.theirs,
        seen_values=dict(seen.get(fault.key, {})),
        first_seen_at=now,
        last_seen_at=now,
    )


def _see_again(row: Finding, fault: Fault, seen: Mapping[str, Any], now: datetime) -> None:
    """It is there still: what was mended is open again, and what was left so, if another value stands there now."""
    is_other = not says_the_same(row.theirs, fault.theirs) or not says_the_same(row.ours, fault.ours)
    if row.state == FindingState.MENDED or (row.state == FindingState.LEFT and is_other):
        row.state = FindingState.OPEN
    row.ours, row.theirs, row.remote_id = fault.ours, fault.theirs, fault.remote_id
    row.seen_values, row.last_seen_at = dict(seen), now
    row.save(update_fields=["state", "ours", "theirs", "remote_id", "seen_values", "last_seen_at"])


@dataclass
class Rules:
    """The rules of mappings, read once for each connection."""

    _sheets: dict[int, Sheet | None] = field(default_factory=dict)

    def rule_of(self, finding: Finding) -> str:
        """Return the rule that the mapping has for the field of a finding."""
        number = finding.connection_id
        if number not in self._sheets:
            self._sheets[number] = _sheet(finding.connection, Direction.OUT)
        sheet = self._sheets[number]
        row = sheet.row_of(finding.field) if sheet is not None and finding.field else None
        return row.conflict if row is not None else THEIRS_WINS

    def proposal_of(self, finding: Finding) -> str:
        """Return what is proposed for a finding: tell, theirs, merge or leave."""
        return proposed(finding.kind, self.rule_of(finding))


def can_tell(finding: Finding) -> bool:
    """Say whether ours may be written there: a rule may say that a filled field never is."""
    is_filled = finding.kind == FindingKind.DIFFERS and not is_empty(finding.theirs)
    return not (is_filled and Rules().rule_of(finding) == FILLED)


def proposal_of(finding: Finding) -> str:
    """Return what is proposed for a finding: tell, theirs, merge or leave."""
    return Rules().proposal_of(finding)


@transaction.atomic
def tell_ours(finding: Finding, *, actor: User | None = None, at: datetime | None = None) -> Finding:
    """Tell the far side ours again: the value, or the whole record where it is gone. Raises CannotMend.

    What stands there now is taken for agreed, so that our value is the change, whatever rule the field has.
    """
    row, now = _open(finding, TELL, actor), at or timezone.now()
    if row is None:
        return finding
    if not can_tell(row):
        raise CannotMend(
            _("By the mapping’s rule a filled field is never overwritten: take theirs, or change it there.")
        )
    record = _record_of(row)
    if record is not None and (row.kind == FindingKind.GONE or row.field not in record.offered):
        _make_anew(row, record)
    elif record is not None:
        record.agreed = {**record.agreed, row.field: row.theirs}
        record.offered = {name: value for name, value in record.offered.items() if name != row.field}
        record.save(update_fields=["agreed", "offered"])
    customer = int(row.local_key.removeprefix("customer:"))
    line_up(row.connection, wanted(row.connection, customer)[:1], now, now)
    transaction.on_commit(lambda: bell.ring([row.connection_id]))
    return _mend(row, TELL, actor, now)


def _make_anew(row: Finding, record: RemoteRecord) -> None:
    """Forget what was agreed on: the record is looked for by the address, and made where there is none."""
    if row.kind != FindingKind.GONE and not _has_address(row):
        raise CannotMend(_("Nobody finds this record by an address: fill the field there by hand."))
    record.delete()


def _has_address(row: Finding) -> bool:
    customer = row.local_key.removeprefix("customer:")
    rows = row.connection.program.customers.filter(pk=customer)
    return bool(rows.exclude(email="").exists())


@transaction.atomic
def take_theirs(finding: Finding, *, actor: User | None = None, at: datetime | None = None) -> Finding:
    """Take what stands there for agreed; a field that we read there is taken in like any other change of theirs.

    Ours is not told again until it changes. A deal becomes an order, or is one no more. Raises CannotMend.
    """
    row, now = _open(finding, THEIRS, actor), at or timezone.now()
    if row is None:
        return finding
    if row.kind in DEALS:
        if is_told_since(row):
            raise CannotMend(
                _("The system has told of this deal since it was audited: the next audit tells.")
            )
        take_deal(row, now)
        return _mend(row, THEIRS, actor, now)
    record = _record_of(row)
    if record is None:
        raise CannotMend(_("This record is not known any more: the next audit tells."))
    sheet = _sheet(row.connection, Direction.IN)
    if sheet is not None and row.field in row.seen_values:
        values = {**row.seen_values, row.field: row.theirs}
        change = Change(row.remote_id, now, values, key=row.local_key)
        keep_changes(row.connection, record.kind, [change], sheet, now)
    else:
        record.agreed = {**record.agreed, row.field: row.theirs}
        record.save(update_fields=["agreed"])
    return _mend(row, THEIRS, actor, now)


@transaction.atomic
def leave_finding(finding: Finding, *, actor: User | None = None, at: datetime | None = None) -> Finding:
    """Leave it as it is: it is not asked about again until another value stands there, or it is gone."""
    row = _open(finding, LEAVE, actor)
    if row is None:
        return finding
    return _mend(row, LEAVE, actor, at or timezone.now(), state=FindingState.LEFT)


def mend_as_proposed(finding: Finding, *, actor: User | None = None, at: datetime | None = None) -> Finding:
    """Do what is proposed. Raises CannotMend where only a person can, at the far side."""
    way = proposal_of(finding)
    if way == TELL:
        return tell_ours(finding, actor=actor, at=at)
    if way == THEIRS:
        return take_theirs(finding, actor=actor, at=at)
    raise CannotMend(_("Two records are merged by hand, at the far side."))


def _open(finding: Finding, way: str, actor: User | None) -> Finding | None:
    """Lock the finding; None if somebody has seen to it already."""
    rows = Finding.objects.select_for_update(of=("self",)).select_related("connection__program")
    row: Finding = rows.get(pk=finding.pk)
    if actor is not None:
        roles.demand(actor, "manage_integrations", row.connection.program.merchant_id)
    if way not in ways_of(row.kind):
        raise CannotMend(_("This cannot be mended in that way."))
    if way != LEAVE and row.connection.state == ConnectionState.DISCONNECTED:
        raise CannotMend(_("The connection is cut: connect the system again first."))
    return row if row.state == FindingState.OPEN else None


def _record_of(row: Finding) -> RemoteRecord | None:
    connector = connector_of(row.connection)
    if not isinstance(connector, KeepsRecords):
        raise CannotMend(_("This kind of connection keeps no records."))
    rows = RemoteRecord.objects.select_for_update().filter(
        connection=row.connection, kind=connector.RECORDS[0], local_key=row.local_key
    )
    found: RemoteRecord | None = rows.first()
    return found


def _sheet(connection: Connection, direction: str) -> Sheet | None:
    connector = connector_of(connection)
    if not isinstance(connector, KeepsRecords):
        return None
    return sheet_of(store_of(connection), connector, direction, connector.RECORDS[0])


def _mend(
    row: Finding, way: str, actor: User | None, now: datetime, state: str = FindingState.MENDED
) -> Finding:
    row.state = state
    row.save(update_fields=["state"])
    program = row.connection.program
    data = {"way": way, "kind": row.kind, "about": row.local_key, "field": row.field}
    events.record(
        "finding.mended",
        row,
        tenant=program.merchant_id,
        scope=program.pk,
        actor=actor,
        at=now,
        data=data,
    )
    return row
