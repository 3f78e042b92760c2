"""A reconciliation reads on: a page of the store's orders, or some that it did not list, and takes them in.

The network is outside transactions. Orders, counts and the place in the store's list move in one transaction, so a
worker that dies leaves all of it where it was, and a step that was done already is nothing to do.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from commissions.actions import Taken, take_orders
from commissions.actions.deadlocks import again_after_deadlock
from core.failpoints import failpoint
from core.jobs import Misconfigured, Permanent, Temporary
from integrations.actions.connections import connector_of, note_trouble, store_of
from integrations.actions.deleted import without_deleted
from integrations.actions.doubts import odd_orders
from integrations.actions.hours import asking
from integrations.actions.inbound import gone_order
from integrations.actions.reconciliations import GOING, fail, lives_by_polling, locked, place_of, record
from integrations.actions.taking import together_or_alone
from integrations.actions.testimonies import hear, hear_earlier
from integrations.connectors.base import ListsOrders, OrderPage, Preparing, Unreadable
from integrations.models import Connection, Reconciliation
from integrations.places import Place, revision_bound
from integrations.states import (
    ConnectionState,
    InboundState,
    ReconciliationKind,
    ReconciliationState,
)
from tracking.models import Order
from tracking.orders import OrderIn
from tracking.states import OrderState

log = logging.getLogger(__name__)

COUNTS = ("seen", "missing", "changed", "same", "older", "conflict", "gone", "refused")
NAMES = {"created": "missing", "revised": "changed"}  # what the engine made of an order, as a difference
REFUSED_LIMIT = 200
GONE_STEP = 5
FAILING_LIMIT = 3  # in a row that cannot be asked about until a person mends something: it is not the orders
WAIT, LONGEST_WAIT = 60.0, 600.0
PAUSED_WAIT = 300.0
TICK = timedelta(microseconds=1)
# number, the revision key asked about, and what the store says: the order, that it has none, or that it is unreadable
Answered = tuple[str, str, OrderIn | str | None]


@dataclass(frozen=True, slots=True)
class Answers:
    """What the store says of some orders that it did not list, asked at a time; `failing` and `trouble` as in Place."""

    rows: tuple[Answered, ...]
    at: datetime
    failing: int = 0
    trouble: str = ""


def reconcile(reconciliation: Reconciliation, *, step: int = 0, at: datetime | None = None) -> Reconciliation:
    """Do one step; one that is not next is nothing to do. No transaction: the network is slow.

    Raises Temporary and Misconfigured, and shows them; whatever else goes wrong ends the reconciliation.
    """
    rows = Reconciliation.objects.select_related("connection__program")
    row: Reconciliation = rows.get(pk=reconciliation.pk)
    if row.state not in GOING or place_of(row).step != step:
        return row
    if row.connection.state == ConnectionState.DISCONNECTED:
        return fail(row, _("The connection was disconnected."), at=at)
    if row.connection.state == ConnectionState.PAUSED:
        raise Temporary(_("The connection is paused."), PAUSED_WAIT)
    try:
        return _step(row, place_of(row), at)
    except Preparing as wait:
        note_trouble(row.connection, "")
        _say(row, str(wait))
        raise
    except Temporary as trouble:
        note_trouble(row.connection, str(trouble))
        _say(row, str(trouble))
        if isinstance(trouble, Misconfigured) and row.kind != ReconciliationKind.OVERLAP:
            raise
        raise Temporary(str(trouble), min(trouble.retry_after or WAIT, LONGEST_WAIT)) from trouble
    except (Permanent, Unreadable) as trouble:
        note_trouble(row.connection, str(trouble))
        return fail(row, str(trouble), at=at)
    except OperationalError:
        raise
    except Exception:
        log.exception("a reconciliation broke")
        return fail(row, _("It stopped for a reason that nobody foresaw. It is logged."), at=at)


def _step(row: Reconciliation, place: Place, at: datetime | None) -> Reconciliation:
    """Ask the store outside any transaction, then take in what it said."""
    store, connector = store_of(row.connection), connector_of(row.connection)
    asked_at = at or timezone.now()
    if place.is_listed:
        answers = _ask(row.connection, place, asked_at)
        note_trouble(row.connection, answers.trouble)
        return _take_answers(row, place.step, answers, at)
    if not isinstance(connector, ListsOrders):
        raise Permanent(_("Its orders cannot be listed: it has no API keys, or no way to ask."))
    with asking(row.connection, at):
        page = connector.list_orders(store, row.begins_at, row.ends_at, place.page)
    page = without_deleted(row.connection, page)
    note_trouble(row.connection, "")
    return _take_page(row, place.step, page, page.as_of or asked_at, at)


def _ask(connection: Connection, place: Place, asked_at: datetime) -> Answers:
    """Ask about the next orders; what a person must mend refuses one of them, and several in a row end it."""
    rows: list[Answered] = []
    failing, trouble = place.failing, place.trouble
    store, connector = store_of(connection), connector_of(connection)
    answer: OrderIn | str | None
    for number, key in place.unlisted[:GONE_STEP]:
        try:
            with asking(connection, asked_at):
                answer = connector.fetch_order(store, number)
            failing = 0
        except (Unreadable, Permanent) as odd:
            answer, failing = str(odd), 0
        except Misconfigured as wrong:
            answer, failing, trouble = str(wrong), failing + 1, str(wrong)
            if failing >= FAILING_LIMIT:
                raise Permanent(trouble) from wrong
        rows.append((number, key, answer))
    return Answers(tuple(rows), asked_at, failing, trouble)


def _say(row: Reconciliation, sentence: str) -> None:
    Reconciliation.objects.filter(pk=row.pk, state__in=GOING).update(note=sentence[:500])


@again_after_deadlock
@transaction.atomic
def _take_page(
    reconciliation: Reconciliation, step: int, page: OrderPage, asked_at: datetime, at: datetime | None
) -> Reconciliation:
    row = locked(reconciliation)
    place = place_of(row)
    if row.state not in GOING or place.step != step:
        return row
    if row.estimate is None:
        row.estimate = page.total
    fresh = place.fresh(page)
    _count(row, "seen", len(fresh) + len(place.fresh_refusals(page)))
    for number, sentence in place.fresh_refusals(page):
        _refuse(row, number, sentence)
    _take(row, fresh, asked_at, at)
    hear(row.connection, page.said, at=asked_at)
    known = _known(row, *place.stretch(page, row.ends_at)) if _looks_for_gone(row) else []
    place = place.after(page, row.ends_at, known)
    failpoint("reconciliation.before_commit")
    if place.is_endless(row.counts["seen"], row.estimate):
        _keep(row, place)
        return fail(
            row, _("The store repeats its list of orders without end, so the reading was stopped."), at=at
        )
    _hear(row, at)
    return _go_on(row, place, at)


def _looks_for_gone(row: Reconciliation) -> bool:
    return row.kind != ReconciliationKind.OVERLAP


def _doubt(place: Place) -> str:
    return _(
        "The store no longer knows %(gone)s of the %(known)s orders known here: is it the same store? None of them was "
        "taken back: a person must confirm that they are gone."
    ) % {"gone": len(place.gone), "known": place.known}


def _known(row: Reconciliation, begin: datetime, end: datetime) -> list[tuple[str, str]]:
    """Number and revision key of our orders that changed in a stretch of time and are not known to be deleted."""
    connection = row.connection
    rows = Order.objects.filter(program=connection.program_id, source=connection.source)
    changed = Q(revision_key__gte=revision_bound(begin), revision_key__lt=revision_bound(end))
    found = rows.filter(changed).exclude(state=OrderState.GONE)
    return list(found.values_list("external_id", "revision_key"))


@again_after_deadlock
@transaction.atomic
def _take_answers(
    reconciliation: Reconciliation, step: int, answers: Answers, at: datetime | None
) -> Reconciliation:
    """Take in what the store said of orders that it did not list: changed since, unreadable, or that it has none.

    Those that it does not know are kept until all were asked about: too many of them are a person's to judge.
    """
    row = locked(reconciliation)
    place = place_of(row)
    if row.state not in GOING or place.step != step:
        return row
    orders: list[OrderIn] = []
    gone: list[tuple[str, str]] = []
    for number, key, answer in answers.rows:
        if isinstance(answer, str):
            _refuse(row, number, answer)
        elif answer is None:
            gone.append((number, key))
        elif _is_as_asked(row.connection, number, key):
            orders.append(answer)
    _take(row, orders, answers.at, at)
    place = place.after_asking(len(answers.rows), gone, answers.at)
    place = replace(place, failing=answers.failing, trouble=answers.trouble)
    if place.is_confirmed or not (place.unlisted or place.is_doubtful()):
        place = _take_back(row, place, at)
    failpoint("reconciliation.before_commit")
    return _go_on(row, place, at)


def _take_back(row: Reconciliation, place: Place, at: datetime | None) -> Place:
    """Take the orders back that the store does not know."""
    found = [
        gone_order(row.connection, number, datetime.fromisoformat(place.gone_at))
        for number, key in place.gone
        if _is_as_asked(row.connection, number, key)
    ]
    orders = [order for order in found if order is not None]
    _take(row, orders, at or timezone.now(), at)
    return replace(place, gone=(), gone_at="")


def _is_as_asked(connection: Connection, number: str, key: str) -> bool:
    """Whether nothing newer has come meanwhile by itself."""
    rows = Order.objects.select_for_update().filter(program=connection.program_id, source=connection.source)
    return rows.filter(external_id=number, revision_key=key).exists()


def _go_on(row: Reconciliation, place: Place, at: datetime | None) -> Reconciliation:
    """Ask for the next step, or finish."""
    row.note = ""
    if not place.is_listed or place.unlisted:
        row.state = ReconciliationState.RUNNING
        _keep(row, place)
        record("reconciliation.running", row, None, at, step=place.step)
        return row
    row.state, row.finished_at = ReconciliationState.FINISHED, at or timezone.now()
    sentences = [_doubt(place)] if place.gone else []
    if place.left:
        words = _(
            "The store does not list %(count)s further orders that are known here; they were not asked about."
        )
        sentences.append(words % {"count": place.left})
    row.note = " ".join(sentences)[:500]
    _keep(row, place)
    if row.kind != ReconciliationKind.OVERLAP or row.difference:
        counts = {name: row.counts.get(name, 0) for name in COUNTS}
        record("reconciliation.finished", row, None, at, **counts)
    return row


def _keep(row: Reconciliation, place: Place) -> None:
    row.cursor = place.as_json()
    row.save(update_fields=["cursor", "counts", "estimate", "state", "note", "finished_at"])


def _hear(row: Reconciliation, at: datetime | None) -> None:
    """A store that only answers is heard when it does."""
    if lives_by_polling(row.connection):
        Connection.objects.filter(pk=row.connection_id).update(last_received_at=at or timezone.now())


def _count(row: Reconciliation, name: str, more: int = 1) -> None:
    row.counts = {**dict.fromkeys(COUNTS, 0), "rows": [], **row.counts}
    row.counts[name] += more


def _refuse(row: Reconciliation, number: str, sentence: str) -> None:
    _count(row, "refused")
    if len(row.counts["rows"]) < REFUSED_LIMIT:
        row.counts["rows"].append([number, sentence[:300]])


def _take(row: Reconciliation, orders: Sequence[OrderIn], asked_at: datetime, at: datetime | None) -> None:
    """Hand the orders to the engine, as messages do, and count what it made of them."""
    odd = odd_orders(row.connection, orders)
    for number, sentence in odd.items():
        _refuse(row, number, sentence)
    orders = [order for order in orders if order.external_id not in odd]
    coming = _coming(row.connection, orders)
    for order, taken in zip(orders, _take_each(row.connection, orders, asked_at, at), strict=True):
        if isinstance(taken, str):
            _refuse(row, order.external_id, taken)
        elif order.external_id in coming:
            _count(row, "same")
        elif taken.status == "revised" and order.state == OrderState.GONE:
            _count(row, "gone")
        else:
            _count(row, NAMES.get(taken.status, taken.status))
            if taken.status == "created":
                hear_earlier(row.connection, taken.order)


def _coming(connection: Connection, orders: Sequence[OrderIn]) -> set[str]:
    """Which of the orders the store has told of by itself, in messages that nobody has understood yet."""
    numbers = [order.external_id for order in orders]
    waiting = connection.inbounds.filter(state=InboundState.RECEIVED, subject__in=numbers)
    return set(waiting.values_list("subject", flat=True))


def _take_each(
    connection: Connection, orders: Sequence[OrderIn], asked_at: datetime, at: datetime | None
) -> list[Taken | str]:
    def take(some: Sequence[OrderIn]) -> list[Taken]:
        became = take_orders(connection.program, some, at=at)
        return [
            _as_it_is_now(connection, order, taken, asked_at, at)
            for order, taken in zip(some, became, strict=True)
        ]

    return together_or_alone(orders, take, _refusal)


def _refusal(trouble: Exception) -> str:
    if isinstance(trouble, ValueError):
        return str(trouble)
    log.error("an order of a page broke", exc_info=trouble)
    return _("It could not be taken: an error that nobody foresaw. It is logged.")


def _as_it_is_now(
    connection: Connection, order: OrderIn, taken: Taken, asked_at: datetime, at: datetime | None
) -> Taken:
    """Of two changes in one second messages cannot tell which is the later; what the store lists now is.

    So it is with an order that was gone here, unless the store has told of it since it was asked: the store has it.
    """
    if taken.status != "older" or order.state == OrderState.GONE:
        return taken
    known = taken.order.as_value().revision_at
    if taken.order.state == OrderState.GONE:
        is_later = asked_at >= known and not _has_told_since(connection, order, asked_at)
    else:
        is_later = known.replace(microsecond=0) == order.revision_at.replace(microsecond=0)
    if not is_later:
        return taken
    return take_orders(connection.program, [replace(order, revision_at=known + TICK)], at=at)[0]


def _has_told_since(connection: Connection, order: OrderIn, asked_at: datetime) -> bool:
    return connection.inbounds.filter(subject=order.external_id, received_at__gt=asked_at).exists()
