"""Sending: one lane at a time, one message at a time, oldest first; the network is never inside a transaction."""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from core.jobs import STRIKES, Failure
from integrations.actions.connections import connector_of, note_trouble, pause, store_of
from integrations.actions.credits.giving import give_credit
from integrations.actions.credits.planning import is_credit
from integrations.actions.deliveries import lanes
from integrations.actions.deliveries.lanes import Hold, Lost
from integrations.actions.deliveries.lines import BEGUN, Waiting, died_on, due_of, take_together
from integrations.actions.hours import note_try
from integrations.actions.pacing import is_held_back
from integrations.actions.records.planning import is_record
from integrations.actions.records.telling import tell
from integrations.connectors.base import Delivered, Delivers, Message, told_by
from integrations.connectors.records import KeepsRecords
from integrations.models import Attempt, Connection, Delivery
from integrations.patience import Verdict, judge
from integrations.states import ConnectionState, DeliveryState

log = logging.getLogger(__name__)

SECONDS, MESSAGES = 10.0, 200  # then another connection may have the thread
AT_ONCE = 100
ANSWER_KEPT, REQUEST_KEPT = 2_000, 20_000


@dataclass(frozen=True, slots=True)
class Try:
    """A try that is counted and committed, and not made yet."""

    delivery: Delivery
    attempt: int
    age: timedelta


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a message; `goes_on` says whether the lane may send the next one."""

    is_done: bool
    goes_on: bool = True


def serve(
    connection: int,
    *,
    at: datetime | None = None,
    is_over: Callable[[], bool] = lambda: False,
    seconds: float = SECONDS,
    messages: int = MESSAGES,
) -> int:
    """Send what is due to a connection, unless somebody else does; return how many messages were tried.

    Nothing is raised for what goes wrong outside. `at` stands for the present throughout.
    """
    now = at or timezone.now()
    if not due_of(connection, now)[:1] or lanes.is_crowded(connection, now):
        return 0
    hold = lanes.take(connection, now)
    if hold is None:
        return 0
    begun, tried = time.monotonic(), 0
    try:
        if not is_held_back(connection, now):
            tried = _send_all(hold, at, messages, lambda: is_over() or time.monotonic() >= begun + seconds)
    finally:
        lanes.let_go(hold, pace=(time.monotonic() - begun) / tried if tried else None)
    return tried


def _send_all(hold: Hold, at: datetime | None, most: int, is_over: Callable[[], bool]) -> int:
    size = _batch(hold)
    tried = 0
    line: deque[Waiting] = deque()
    held_up: set[str] = set()
    alone: set[int] = set()
    while tried < most and not is_over():
        if not line:
            line.extend(due_of(hold.lane, at or timezone.now())[: max(AT_ONCE, 2 * size)])
            held_up.clear()
            if not line:
                break
            alone = died_on(line) if size > 1 else set()
        together = take_together(line, held_up, size, alone)
        try:
            results = _send(hold, [number for number, _about, _kind in together], at)
        except Lost:
            log.info("the lane of connection %s was taken over or closed", hold.lane)
            break
        tried += len(together)
        held_up |= {
            about
            for (_number, about, _kind), result in zip(together, results, strict=True)
            if not result.is_done
        }
        if not all(result.goes_on for result in results):
            break
    return tried


def _send(hold: Hold, numbers: Sequence[int], at: datetime | None) -> list[Result]:
    begun = _begin(hold, numbers, at or timezone.now())
    results: dict[int, Result] = {}
    if begun:
        started = time.monotonic()
        told = _exchange([one.delivery for one in begun], at)
        results = _finish_all(hold, begun, told, time.monotonic() - started, at)
        connector = connector_of(begun[0].delivery.connection)
        _space(getattr(connector, "PER_SECOND", 0), started)
    return [results.get(number, Result(is_done=True)) for number in numbers]


def _finish_all(
    hold: Hold,
    begun: Sequence[Try],
    told: Sequence[Delivered | Exception],
    took: float,
    at: datetime | None,
) -> dict[int, Result]:
    """Write what came of each try, also where another one's cannot be written: nobody's worker has died here."""
    whole = told[0] if all(one is told[0] for one in told) else None  # one trouble of all counts once
    results: dict[int, Result] = {}
    trouble: Exception | None = None
    for place, (one, what) in enumerate(zip(begun, told, strict=True)):
        failure = what if isinstance(what, Exception) else None
        delivered = told_by(failure) if failure else what
        try:
            results[one.delivery.pk] = _finish(
                hold,
                one,
                delivered if isinstance(delivered, Delivered) else None,
                failure,
                took,
                at or timezone.now(),
                is_counted=place == 0 or what is not whole,
            )
        except Exception as caught:
            trouble = trouble or caught
    if trouble is not None:
        raise trouble
    return results


def _exchange(rows: Sequence[Delivery], at: datetime | None) -> list[Delivered | Exception]:
    """Tell the far side; what hits all of them stands in each place."""
    connection = rows[0].connection
    connector = connector_of(connection)
    try:
        if is_record(rows[0].kind):
            return tell(connection, rows, at or timezone.now())
        if is_credit(rows[0].kind):
            return [give_credit(connection, rows[0], at)]
        if not isinstance(connector, Delivers):
            raise TypeError(f"{connection.connector} delivers nothing")
        return [connector.deliver(store_of(connection), message_of(rows[0]))]
    except Exception as caught:
        if not isinstance(caught, Failure):
            log.exception("delivery %s broke", rows[0].pk)
        return [caught] * len(rows)


def _batch(hold: Hold) -> int:
    """Return how many records go in one call there."""
    connector = connector_of(Connection.objects.get(pk=hold.lane))
    return connector.BATCH if isinstance(connector, KeepsRecords) else 1


def message_of(row: Delivery) -> Message:
    """Return what a far side is told: the same at every attempt."""
    return Message(str(row.message_id), row.kind, row.object_key, row.occurred_at, row.body)


def _space(most: int, started: float) -> None:
    """Wait so long that no second holds more messages than the connector allows, whoever sends next."""
    if most:
        time.sleep(max(0.0, started + 1 / most - time.monotonic()))


@transaction.atomic
def _begin(hold: Hold, numbers: Sequence[int], now: datetime) -> list[Try]:
    """Count the tries before they are made, so that one that kills its worker is seen; if Lost, none is counted."""
    lanes.keep(hold, now, len(numbers))
    tries = [_count(number, now) for number in numbers]
    return [one for one in tries if one is not None]


def _count(number: int, now: datetime) -> Try | None:
    """Count a try; None for what is not due now."""
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("connection__program")
    row: Delivery | None = rows.filter(pk=number, state=DeliveryState.DUE).first()
    if row is None:
        return None
    if row.connection.state != ConnectionState.ACTIVE:
        raise Lost
    if _is_deadly(row):
        _end(row, DeliveryState.DEAD, _("The worker died three times on this message."), now)
        return None
    last = row.tries.aggregate(Max("number"))["number__max"] or 0
    attempt = Attempt.objects.create(delivery=row, number=last + 1, at=now, outcome=BEGUN)
    row.attempts += 1
    row.save(update_fields=["attempts"])
    return Try(row, attempt.pk, now - row.created_at)


def _is_deadly(row: Delivery) -> bool:
    if row.attempts < STRIKES:
        return False
    last = row.tries.order_by("-number").values_list("outcome", flat=True)[:STRIKES]
    return list(last) == [BEGUN] * STRIKES


@dataclass(frozen=True, slots=True)
class _After:
    """What is to be done once the outcome is committed."""

    result: Result
    verdict: Verdict | None = None
    is_mended: bool = False


def _finish(
    hold: Hold,
    begun: Try,
    delivered: Delivered | None,
    failure: Exception | None,
    took: float,
    now: datetime,
    *,
    is_counted: bool = True,
) -> Result:
    """Write what came of a try, if the lane is still ours; then what it means for the connection.

    A trouble of several messages is counted against the far side with one of them.
    """
    try:
        with transaction.atomic():  # what came back, and what follows from it, stand together or not at all
            after = _conclude(hold, begun, delivered, failure, now, is_counted=is_counted)
            _log(begun, delivered, failure, took)
            is_spent = note_try(begun.delivery, delivered, failure, now, is_called=is_counted)
    except Lost:
        _log(begun, delivered, failure, took)  # it happened, whoever has the lane by now
        note_try(begun.delivery, delivered, failure, now, is_kept=False, is_called=is_counted)
        raise
    connection = begun.delivery.connection
    if after.is_mended and connection.last_error:
        note_trouble(connection, "")
    if after.verdict is not None and after.verdict.is_gone:
        pause(connection, at=now)
        note_trouble(connection, str(failure))
    elif after.verdict is not None and after.verdict.trouble:
        note_trouble(connection, after.verdict.trouble)
    return replace(after.result, goes_on=after.result.goes_on and not is_spent)


def _log(begun: Try, delivered: Delivered | None, failure: Exception | None, took: float) -> None:
    """Keep what was sent and what came back."""
    told = delivered or Delivered(0, "", "")
    Attempt.objects.filter(pk=begun.attempt).update(
        milliseconds=int(took * 1000),
        request=told.request[:REQUEST_KEPT].replace("\0", ""),
        status=told.status or None,
        answer=told.answer[:ANSWER_KEPT].replace("\0", ""),
        outcome=_outcome(told, failure)[:300],
    )


def _outcome(told: Delivered, failure: Exception | None) -> str:
    if failure is None:
        return told.note or _("Delivered.")
    if isinstance(failure, Failure):
        return str(failure) or type(failure).__name__
    return _("Something broke on our side (%(kind)s).") % {"kind": type(failure).__name__}


def _conclude(
    hold: Hold,
    begun: Try,
    delivered: Delivered | None,
    failure: Exception | None,
    now: datetime,
    *,
    is_counted: bool,
) -> _After:
    lane = lanes.mine(hold)
    row: Delivery = Delivery.objects.select_for_update().get(pk=begun.delivery.pk)
    if failure is None:
        is_alive = delivered is None or delivered.calls > 0 or delivered.status > 0  # else nobody was asked
        was_troubled = is_alive and (lane.failures > 0 or row.attempts > 1)
        if is_alive:
            lanes.note_alive(lane, now)
        # a message that is over takes along what it said is wrong, also where there is nothing to tell any more
        was_troubled |= bool(row.note) and row.note[:300] == begun.delivery.connection.last_error
        _end(row, DeliveryState.DONE, (delivered.note if delivered else "") or "", now)
        return _After(Result(is_done=True), is_mended=was_troubled)
    verdict = judge(failure, attempts=row.attempts, age=begun.age, failures=lane.failures + is_counted)
    if is_counted:
        _note_lane(lane, verdict, delivered, now)
    if row.state == DeliveryState.DUE:  # a person may have dropped it meanwhile
        _postpone(row, verdict, _outcome(delivered or Delivered(0, "", ""), failure), now)
    goes_on = not verdict.is_gone and (lane.open_until is None or lane.open_until <= now)
    return _After(Result(is_done=verdict.state == DeliveryState.DEAD, goes_on=goes_on), verdict)


def _note_lane(lane: Any, verdict: Verdict, delivered: Delivered | None, now: datetime) -> None:
    if verdict.is_down:
        lanes.note_down(lane, verdict, now)
    elif delivered is not None and delivered.status:
        lanes.note_alive(lane, now)  # it refuses this message, so it is there


def _postpone(row: Delivery, verdict: Verdict, sentence: str, now: datetime) -> None:
    if verdict.state == DeliveryState.DEAD:
        _end(row, DeliveryState.DEAD, sentence, now)
        return
    row.next_at, row.note = now + verdict.wait, sentence[:500]
    row.save(update_fields=["next_at", "note"])


def _end(row: Delivery, state: str, note: str, now: datetime) -> None:
    row.state, row.note, row.done_at = state, note[:500], now
    row.save(update_fields=["state", "note", "done_at"])
