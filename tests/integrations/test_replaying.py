"""Messages once more: what would happen is shown and leaves no trace, and a period is processed in steps."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from affiliates.roles import NotAllowed
from commissions.actions import take_orders
from commissions.models import Commission, Entry
from core.models import Event, Job, User
from integrations.actions import pause, rehearse, reprocess
from integrations.actions.replaying import Rehearsal
from integrations.models import Connection, Inbound
from tests.integrations.deliveries import deliver
from tests.integrations.test_process import left, receive_all, work
from tracking.models import Conversion, Order, Refund

SALE = "028-order.updated"


def books() -> list[int]:
    """How many rows there are of all that a message can write."""
    return [
        model.objects.count() for model in (Order, Refund, Conversion, Commission, Entry, Event, Job, Inbound)
    ]


def postings(told: Rehearsal) -> list[tuple[str, str, str, str, int]]:
    return [
        (str(one.kind), one.affiliate, str(one.debit), str(one.credit), one.money.amount)
        for one in told.postings
    ]


def test_message_is_tried_and_leaves_no_trace(connection: Connection) -> None:
    assert deliver(connection, SALE) == 200
    row, before = Inbound.objects.get(), books()

    told = rehearse(row)

    assert (told.state, told.note) == ("done", "Order 22 was taken (sale).")
    assert postings(told) == [("earned", "Anna", "program expense", "pending", 840)]
    assert books() == before
    row.refresh_from_db()
    assert (row.state, row.note, row.processed_at) == ("received", "", None)


def test_what_is_known_already_would_book_nothing(connection: Connection) -> None:
    receive_all(connection, [SALE])

    told = rehearse(Inbound.objects.get())

    assert (told.note, told.postings) == ("Order 22: nothing new.", ())
    assert Event.objects.filter(kind="inbound.replayed").count() == 0


def test_trial_and_deed_book_the_same(connection: Connection) -> None:
    assert deliver(connection, SALE) == 200
    told = rehearse(Inbound.objects.get())
    work()

    assert [(entry.get_kind_display(), entry.amount) for entry in Entry.objects.order_by("pk")] == [
        (kind, amount) for kind, _who, _from, _to, amount in postings(told)
    ]


def test_what_is_refused_after_it_was_booked_would_book_nothing(
    connection: Connection, monkeypatch: Any
) -> None:
    assert deliver(connection, SALE) == 200

    def refuse(*args: Any, **named: Any) -> None:
        take_orders(*args, **named)
        raise ValueError("It is refused.")

    monkeypatch.setattr("integrations.actions.inbound.take_orders", refuse)

    told = rehearse(Inbound.objects.get())

    assert (told.state, told.note, told.postings) == ("quarantined", "It is refused.", ())


def test_trial_that_fails_in_the_middle_leaves_no_trace(connection: Connection, monkeypatch: Any) -> None:
    assert deliver(connection, SALE) == 200
    before = books()

    def fails(*_args: Any, **_named: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("integrations.actions.inbound._close", fails)
    with pytest.raises(ZeroDivisionError):
        rehearse(Inbound.objects.get())

    assert books() == before


def test_period_is_processed_again_step_by_step(connection: Connection, monkeypatch: Any) -> None:
    monkeypatch.setattr("integrations.actions.replaying.AT_ONCE", 2)
    names = [SALE, "035-order.updated", "038-order.updated"]
    for name in names:
        deliver(connection, name)
    Inbound.objects.update(state="quarantined", note="The mapping was wrong.")
    Job.objects.all().delete()
    now = timezone.now()

    reprocess(connection, since=now - timedelta(hours=1), until=now + timedelta(hours=1))
    work()

    assert set(Inbound.objects.values_list("state", flat=True)) == {"done"}
    assert (left(), Order.objects.count()) == ({"22": 840}, 2)
    steps = Event.objects.filter(kind="connection.reprocessing").order_by("pk")
    assert [event.data["after"] for event in steps] == [0, Inbound.objects.order_by("pk")[1].pk]


def test_only_the_stuck_ones_of_the_period_are_taken(connection: Connection) -> None:
    receive_all(connection, [SALE])
    deliver(connection, "035-order.updated")
    later = timezone.now() + timedelta(days=2)
    Inbound.objects.filter(state="received").update(state="quarantined", received_at=later)
    now = timezone.now()

    reprocess(connection, since=now - timedelta(days=1), until=now + timedelta(days=1))
    work()

    assert Event.objects.filter(kind="inbound.replayed").count() == 0
    reprocess(connection, since=now - timedelta(days=1), until=now + timedelta(days=1), is_stuck=False)
    work()
    assert Event.objects.filter(kind="inbound.replayed").count() == 1
    assert left() == {"22": 840}


def test_period_is_for_owners_and_managers_and_not_while_paused(connection: Connection, eve: User) -> None:
    now = timezone.now()
    span = {"since": now - timedelta(days=1), "until": now}

    with pytest.raises(NotAllowed):
        reprocess(connection, **span, actor=eve)
    with pytest.raises(ValueError, match="Resume the connection"):
        reprocess(pause(connection), **span)

    assert Event.objects.filter(kind="connection.reprocessing").count() == 0
