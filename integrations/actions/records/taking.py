"""Taking in what people changed at a system: facts of our customers, and deals that were won.

What is taken in becomes what both sides agree on, so that telling it back changes nothing.
"""

import json
from collections.abc import Mapping as Rows
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _, ngettext

from core import events
from integrations.actions.connections import connector_of, store_of
from integrations.actions.mappings import note_decision
from integrations.actions.records import people
from integrations.actions.records.asking import CHANGED
from integrations.actions.records.drafts import ERASED
from integrations.actions.records.sheets import sheet_of
from integrations.actions.records.won import deal_of, ended_deal
from integrations.actions.testimonies import hear_facts
from integrations.connectors.base import Unreadable
from integrations.connectors.records import Change, KeepsRecords
from integrations.mapping import THEIRS, Choice, Result, Row, Sheet, apply, decide, holds, is_same
from integrations.mapping.paths import find
from integrations.mapping.plain import is_empty
from integrations.mapping.reading import fields_read
from integrations.models import Connection, CustomerFact, Inbound, RemoteRecord
from integrations.news.words import in_our_words
from integrations.records import merge_key
from integrations.states import Direction, InboundState
from tracking.models import Customer
from tracking.orders import OrderIn

FACTS = ("crm.", "deal.")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a change came to: how its message ends, a sentence, and an order if a deal was won or lost."""

    state: str
    note: str
    order: OrderIn | None = None


def is_change(inbound: Inbound) -> bool:
    """Say whether a message is a change that we asked for."""
    return str(inbound.topic).startswith(CHANGED)


def take_change(inbound: Inbound, at: datetime) -> Taken:
    """Take a change in; Unreadable says why it cannot be. Inside the transaction of its message."""
    connection, kind = inbound.connection, str(inbound.topic).removeprefix(CHANGED)
    connector, change = connector_of(connection), read_change(bytes(inbound.body))
    if not isinstance(connector, KeepsRecords):
        raise Unreadable(_("This kind of connection keeps no records."))
    if change.is_gone:
        return forget_record(connection, kind, change.remote_id, at)
    known = _known(connection, kind, change)
    sheet = sheet_of(store_of(connection), connector, Direction.IN, kind)
    is_theirs = kind == "deal" and (known is None or not known.offered)
    if not holds(sheet.when, change.values):
        note = _("The conditions of the mapping do not hold.")
        ended = ended_deal(connection, change.remote_id, change.at) if is_theirs else None
        return Taken(InboundState.IGNORED, note, ended)
    customer = people.owners_of(connection, [change], known).get(change.remote_id)
    result = apply(sheet, change.values)
    order = deal_of(connection, change, result, customer) if is_theirs else None
    if customer is None:
        note = _("Nobody here is meant by this record.")
        return Taken(InboundState.DONE if order else InboundState.IGNORED, note, order)
    facts = _facts(kind, change, sheet, result, known)
    if _is_overtaken(connection, customer, facts, change):
        return Taken(InboundState.DONE, _("A newer state of this record is known already."), order)
    moved = _move(connection, customer, sheet, facts, change)
    _agree(connection, kind, customer, sheet, change, known, at)
    if moved:
        _tell(connection, customer, moved, at)
        hear_facts(connection, customer, moved, min(change.at, at))
    return Taken(InboundState.DONE, _sentence(moved, result), order)


def _facts(
    kind: str, change: Change, sheet: Sheet, result: Result, known: RemoteRecord | None
) -> dict[str, tuple[str, Any]]:
    """Return what the record says: fact -> the field it comes from, and its value. A deal's are told apart by deal."""
    names = [
        row.target
        for row in sheet.rows
        if row.target.startswith(FACTS) and not _is_from_us(row, change, known)
    ]
    return {
        f"{name}:{change.remote_id}" if kind == "deal" else name: (name, result.values.get(name))
        for name in names
        if name not in result.problems
    }


def _is_from_us(row: Row, change: Change, known: RemoteRecord | None) -> bool:
    """Whether a field holds what we wrote and nobody has changed since: our word for another system's is not theirs."""
    read = {name: find(change.values, path) for name, path in fields_read(Sheet((row,))).items()}
    return (
        bool(read)
        and known is not None
        and all(
            not is_empty(value)
            and is_same(value, known.offered.get(name))
            and is_same(value, known.agreed.get(name))
            for name, value in read.items()
        )
    )


def read_change(body: bytes) -> Change:
    """Read a change as it was kept; Unreadable for anything else."""
    try:
        plain = json.loads(body)
        at = datetime.fromisoformat(plain.pop("at"))
        return Change(at=at if at.tzinfo else at.replace(tzinfo=UTC), **plain)
    except (ValueError, TypeError, KeyError, AttributeError) as trouble:
        raise Unreadable(_("The message is no change of a record.")) from trouble


def _known(connection: Connection, kind: str, change: Change) -> RemoteRecord | None:
    rows = RemoteRecord.objects.select_for_update().filter(connection=connection, kind=kind)
    found: RemoteRecord | None = rows.filter(remote_id=change.remote_id).first()
    return found


def forget_record(
    connection: Connection, kind: str, remote_id: str, at: datetime, *, is_erased: bool = False
) -> Taken:
    """Forget a record that was deleted there, and what it said; it is made anew when the customer does something.

    `is_erased`: the person asked for it, so it is never made anew.
    """
    rows = RemoteRecord.objects.select_for_update().filter(connection=connection, kind=kind)
    known: RemoteRecord | None = rows.filter(remote_id=remote_id).first()
    if known is None:
        note = _("A record was deleted there that is none of ours.")
        ended = ended_deal(connection, remote_id, at) if kind == "deal" else None
        return Taken(InboundState.IGNORED, note, ended)
    number = people.number_of(known.local_key) if kind != "deal" else None
    if is_erased:
        known.remote_id, known.agreed, known.offered = f"{ERASED}{remote_id}"[:120], {}, {}
        known.save(update_fields=["remote_id", "agreed", "offered"])
    else:
        known.delete()
    customer = Customer.objects.filter(program=connection.program_id, pk=number).first() if number else None
    if customer is not None:
        facts = CustomerFact.objects.filter(connection=connection, customer=customer)
        moved = {fact.name: [fact.value, None] for fact in facts}
        facts.delete()
        if moved:
            _tell(connection, customer, moved, at)
            hear_facts(connection, customer, moved, at)
    return Taken(InboundState.DONE, _("The record was deleted there: it is made anew at the next order."))


def _is_overtaken(connection: Connection, customer: Customer, facts: Rows[str, Any], change: Change) -> bool:
    """Whether a later word of the same record was taken in before this one."""
    known = CustomerFact.objects.filter(connection=connection, customer=customer, name__in=list(facts))
    return known.filter(at__gt=change.at).exists()


def _move(
    connection: Connection,
    customer: Customer,
    sheet: Sheet,
    said: Rows[str, tuple[str, Any]],
    change: Change,
) -> dict[str, list[Any]]:
    """Write the facts that are to change, by the rule of each field; return name -> [before, after]."""
    rows = CustomerFact.objects.select_for_update().filter(connection=connection, customer=customer)
    facts = {row.name: row for row in rows.filter(name__in=list(said))}
    moved: dict[str, list[Any]] = {}
    for name, (field, theirs) in said.items():
        fact = facts.get(name)
        ours = fact.value if fact else None
        if is_same(ours, theirs):
            continue
        row = sheet.row_of(field)
        rule = row.conflict if row is not None else THEIRS
        choice = _choose(rule, ours, theirs, fact, change)
        note_decision(
            connection,
            Direction.IN,
            merge_key(customer),
            name,
            rule=rule,
            choice=choice,
            ours=ours,
            theirs=theirs,
            at=change.at,
        )
        if is_same(choice.value, ours):
            continue
        CustomerFact.objects.update_or_create(
            connection=connection,
            customer=customer,
            name=name,
            defaults={"value": choice.value, "at": change.at},
        )
        moved[name] = [ours, choice.value]
    return moved


def _choose(rule: str, ours: Any, theirs: Any, fact: CustomerFact | None, change: Change) -> Choice:
    """What they said last is no value of ours: it gives way to what they say now, unless the rule keeps it."""
    if rule == THEIRS:
        return Choice(theirs, THEIRS)
    return decide(rule, ours, theirs, ours, fact.at if fact else None, change.at)


def _agree(
    connection: Connection,
    kind: str,
    customer: Customer,
    sheet: Sheet,
    change: Change,
    known: RemoteRecord | None,
    at: datetime,
) -> None:
    """Both sides have this now: whoever tells it back changes nothing."""
    read = {name: find(change.values, path) for name, path in fields_read(sheet).items()}
    if known is not None:
        known.agreed, known.agreed_at = {**known.agreed, **read}, at
        known.save(update_fields=["agreed", "agreed_at"])
        return
    if kind == "deal":
        return  # theirs alone: it is no record of ours
    RemoteRecord.objects.get_or_create(
        connection=connection,
        kind=kind,
        local_key=merge_key(customer),
        defaults={"remote_id": change.remote_id, "agreed": read, "agreed_at": at},
    )


def _tell(connection: Connection, customer: Customer, moved: Rows[str, Any], at: datetime) -> None:
    program, source = connection.program, connection.source
    ours = in_our_words(program, source, moved)
    theirs = {"changes_there": dict(moved)} if ours != dict(moved) else {}
    events.record(
        "customer.status_changed",
        customer,
        tenant=program.merchant_id,
        scope=program.pk,
        at=at,
        data={"changes": ours, **theirs, "by": source},
    )


def _sentence(moved: Rows[str, Any], result: Result) -> str:
    unread = "; ".join(f"{name}: {why}" for name, why in result.problems.items())
    if not moved:
        said = _("Nothing new.")
    else:
        words = ngettext(
            "%(count)s field changed: %(names)s.", "%(count)s fields changed: %(names)s.", len(moved)
        )
        said = words % {"count": len(moved), "names": ", ".join(moved)}
    return f"{said} {unread}".strip()
