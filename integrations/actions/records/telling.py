"""Telling: what is new of some records is decided field by field and written there in one call.

Nobody is asked where we have nothing to say that we have not said before. The network is never inside a transaction.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from integrations.actions.connections import connector_of, store_of
from integrations.actions.mappings import note_decision
from integrations.actions.records.drafts import Draft, draft_of, kind_of
from integrations.actions.records.sheets import sheet_of
from integrations.connectors.base import Delivered, NotLet, Refused, Store, telling
from integrations.connectors.records import Found, KeepsRecords, Outcome, Row
from integrations.mapping import FILLED, OURS, THEIRS, Choice, decide, is_same
from integrations.mapping.plain import is_empty, storable
from integrations.models import Connection, Delivery, RemoteRecord
from integrations.states import Direction

log = logging.getLogger(__name__)

Told = Delivered | Exception  # what became of one message


@dataclass(slots=True)
class Plan:
    """What of a draft is sent: `row`, or None where nothing is; and of which fields both sides have what afterwards."""

    draft: Draft
    row: Row | None
    agreed: dict[str, Any]
    remote_id: str


def tell(connection: Connection, rows: Sequence[Delivery], now: datetime) -> list[Told]:
    """Tell some records of one kind, at most the connector's BATCH; return what became of each, in their order.

    What is wrong with one stands in its place; what goes wrong with the whole call is raised.
    """
    connector, store = connector_of(connection), store_of(connection)
    if not isinstance(connector, KeepsRecords):
        raise TypeError(f"{connection.connector} keeps no records")
    kind = kind_of(rows[0])
    sheet = sheet_of(store, connector, Direction.OUT, kind)
    told: dict[int, Told] = {}
    drafts = []
    for row in rows:
        try:
            draft = draft_of(connection, connector, sheet, row, now)
        except Exception as broken:  # our own mistake in one record is that record's trouble
            log.exception("the record of %s cannot be made", row.object_key)
            told[row.pk] = broken
            continue
        if draft is None:
            told[row.pk] = Delivered(0, "", "", note=_("There is nothing to tell here."), calls=0)
        elif draft.known is not None and not draft.news:
            told[row.pk] = _nothing_new(draft)
        else:
            drafts.append(draft)
    if drafts:
        told |= _exchange(connection, connector, store, kind, drafts, now)
    return [told[row.pk] for row in rows]


def _nothing_new(draft: Draft) -> Delivered:
    known = draft.known
    if known is not None and known.again_at != draft.again_at:
        RemoteRecord.objects.filter(pk=known.pk).update(again_at=draft.again_at)
    return Delivered(0, "", "", note=_("Nothing new: all this was told before."), calls=0)


def _exchange(
    connection: Connection,
    connector: KeepsRecords,
    store: Store,
    kind: str,
    drafts: Sequence[Draft],
    now: datetime,
) -> dict[int, Told]:
    names = sorted({name for draft in drafts for name in draft.row.values})
    wanted = [draft.row for draft in drafts]
    found = {one.key: one for one in connector.fetch_records(store, kind, wanted, names)}
    told: dict[int, Told] = {}
    plans = []
    for draft in drafts:
        try:
            plans.append(_plan(connection, draft, found.get(draft.row.key), now))
        except Exception as broken:  # as with drafts: one odd record is its own trouble
            log.exception("what to tell of %s cannot be decided", draft.row.key)
            told[draft.delivery.pk] = broken
    sending = [plan for plan in plans if plan.row is not None]
    outcomes: dict[str, Outcome] = {}
    exchange = Delivered(0, "", "")
    if sending:
        _announce(sending)
        written = connector.upsert(store, kind, [plan.row for plan in sending if plan.row is not None])
        outcomes, exchange = {one.key: one for one in written.outcomes}, written.exchange
        exchange = replace(exchange, calls=exchange.calls + 1)  # to look what stands there is a call, too
    for plan in plans:
        try:
            told[plan.draft.delivery.pk] = _conclude(connection, kind, plan, outcomes, exchange, now)
        except Exception as broken:
            log.exception("what was told of %s cannot be kept", plan.draft.row.key)
            told[plan.draft.delivery.pk] = broken
        exchange = replace(exchange, calls=0, quota={})  # it is counted once
    return told


def _announce(plans: Sequence[Plan]) -> None:
    """Say what is about to be written: it may be heard back before the answer is kept."""
    for plan in plans:
        if plan.draft.known is not None and plan.row is not None:
            RemoteRecord.objects.filter(pk=plan.draft.known.pk).update(pending=dict(plan.row.values))


def _plan(connection: Connection, draft: Draft, found: Found | None, now: datetime) -> Plan:
    """Decide what is sent: all of it to a record that is not there, else what the rules let us write."""
    values = dict(draft.row.values)
    if found is None:
        return Plan(draft, draft.row, values, "")
    links = {name: value for name, value in values.items() if _is_link(connection, name)}
    writing, agreed = dict(links), dict(links)
    for name, ours in draft.news.items():
        if name in links:
            continue
        theirs = storable(found.values.get(name))
        choice = _decide(connection, draft, name, ours, theirs, found.at, now)
        if choice.kept != THEIRS:
            agreed[name] = choice.value
        if choice.kept == OURS:
            writing[name] = ours
    is_news = any(name not in links for name in writing) or draft.known is None
    row_to_send = replace(draft.row, values=writing, remote_id=found.remote_id) if is_news else None
    return Plan(draft, row_to_send, agreed, found.remote_id)


def _decide(
    connection: Connection,
    draft: Draft,
    name: str,
    ours: Any,
    theirs: Any,
    theirs_at: datetime | None,
    now: datetime,
) -> Choice:
    """Choose by the field's rule, and note what was put aside."""
    agreed = draft.agreed.get(name)
    if agreed is not None and is_same(ours, agreed) and not is_same(theirs, agreed):
        return Choice(theirs, THEIRS)  # it is their own older word: they have said something newer since
    row = draft.sheet.row_of(name)
    rule = row.conflict if row is not None else OURS
    choice = _choose(rule, ours, theirs, agreed, draft.delivery.occurred_at, theirs_at)
    note_decision(
        connection,
        Direction.OUT,
        draft.row.key,
        name,
        rule=rule,
        choice=choice,
        ours=ours,
        theirs=theirs,
        at=now,
    )
    return choice


def _choose(
    rule: str, ours: Any, theirs: Any, agreed: Any, ours_at: datetime, theirs_at: datetime | None
) -> Choice:
    """What is written is theirs, so a filled field is one of theirs: it stays, also where we filled it ourselves."""
    if rule == FILLED and not is_empty(theirs):
        return Choice(theirs, THEIRS, is_logged=not is_same(ours, theirs))
    return decide(rule, ours, theirs, agreed, ours_at, theirs_at)


def _is_link(connection: Connection, name: str) -> bool:
    """Whether a target joins a record to another one instead of filling a field: it is told each time."""
    return name in getattr(connector_of(connection), "LINKS", ())


def _conclude(
    connection: Connection,
    kind: str,
    plan: Plan,
    outcomes: dict[str, Outcome],
    exchange: Delivered,
    now: datetime,
) -> Told:
    key, sent = plan.draft.row.key, dict(plan.row.values) if plan.row is not None else {}
    outcome = outcomes.get(key)
    request = json.dumps({"key": key, "values": sent}, ensure_ascii=False, default=str, indent=1)
    delivered = replace(exchange, request=f"{request}\n{exchange.request}" if exchange.calls else request)
    if plan.row is not None and (outcome is None or outcome.refusal):
        why = outcome.refusal if outcome else _("The far side did not say what became of it.")
        refused = NotLet if outcome is not None and outcome.is_not_let else Refused
        return telling(refused(why, delivered), delivered)
    remote_id = (outcome.remote_id if outcome else "") or plan.remote_id
    _remember(connection, kind, plan, remote_id, now)
    Delivery.objects.filter(pk=plan.draft.delivery.pk).update(body=sent)
    return replace(delivered, remote_id=remote_id, note=_sentence(plan, outcome))


def _sentence(plan: Plan, outcome: Outcome | None) -> str:
    if plan.row is None:
        return _("Nothing was written: what stands there stays by the rules of the mapping.")
    made = (
        _("The record was made.") if outcome and outcome.is_new else _("The record was brought up to date.")
    )
    unfilled = "; ".join(f"{name}: {why}" for name, why in plan.draft.problems.items())
    return f"{made} {_('Not filled:')} {unfilled}" if unfilled else made


@transaction.atomic
def _remember(connection: Connection, kind: str, plan: Plan, remote_id: str, now: datetime) -> None:
    """Keep by which name they know ours, and what both sides have now."""
    draft = plan.draft
    rows = RemoteRecord.objects.select_for_update()
    known = rows.filter(connection=connection, kind=kind, local_key=draft.row.key).first()
    values = {
        "remote_id": remote_id,
        "agreed": {**(known.agreed if known else {}), **plan.agreed},
        "offered": dict(draft.row.values),
        "pending": {},
        "agreed_at": now,
        "again_at": draft.again_at,
    }
    try:
        with transaction.atomic():
            if known is None:
                RemoteRecord.objects.create(
                    connection=connection, kind=kind, local_key=draft.row.key, **values
                )
                return
            for name, value in values.items():
                setattr(known, name, value)
            known.save(update_fields=list(values))
    except IntegrityError:
        # two customers of ours are one record there (somebody merged them): the first one keeps the name
        log.info("%s %s of connection %s is another customer's already", kind, remote_id, connection.pk)
