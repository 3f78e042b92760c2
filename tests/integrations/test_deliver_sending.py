"""Sending: what becomes of a message, by the answer; every try is written down."""

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.utils import timezone

from core.jobs import STEPS
from integrations import actions, patience
from integrations.connectors import webhook
from integrations.models import Attempt, Connection, Delivery, Lane
from tests.fakes.receiver import FakeReceiver
from tests.integrations.outgoing import SECRET, last_try, make_delivery, serve
from tests.makers import NOON

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def test_message_that_is_taken_is_done(hook: Connection, receiver: FakeReceiver) -> None:
    row = make_delivery(hook, 1)

    assert serve(hook, NOON) == 1

    row.refresh_from_db()
    assert (row.state, row.attempts, row.done_at) == ("done", 1, NOON)
    assert [each.id for each in receiver.taken()] == [str(row.message_id)]


def test_done_message_is_not_sent_again(hook: Connection, receiver: FakeReceiver) -> None:
    make_delivery(hook, 1)
    serve(hook, NOON)

    assert serve(hook, NOON + DAY) == 0
    assert len(receiver.arrivals) == 1


def test_try_keeps_what_was_sent_and_what_came_back(hook: Connection, receiver: FakeReceiver) -> None:
    hook.base_url += "?token=tops3cret"
    hook.save()
    row = make_delivery(hook, 1)
    receiver.fail(500, b"<h1>oh\0 no</h1>" + b"x" * 5000)

    serve(hook, NOON)

    attempt = last_try(row)
    assert (attempt.number, attempt.at, attempt.status) == (1, NOON, 500)
    assert attempt.outcome == "The receiver answers with an error (500)."
    assert attempt.answer.startswith("<h1>oh no</h1>")
    assert len(attempt.answer) == 1999  # 2,000 and one sign that no database keeps
    assert attempt.request.startswith(f"POST {receiver.url()}?***\n")
    assert "webhook-signature: ***" in attempt.request
    assert '"n":1' in attempt.request
    signature = receiver.arrivals[0].headers["webhook-signature"].partition(",")[2]
    for secret in ("tops3cret", SECRET, SECRET.removeprefix("whsec_"), signature):
        assert secret not in attempt.request


def test_try_is_counted_before_the_call(hook: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    row, seen = make_delivery(hook, 1), []

    def look(store: Any, message: Any) -> None:
        seen.extend(Attempt.objects.values_list("number", "outcome"))
        seen.append(Delivery.objects.get(pk=row.pk).attempts)
        raise SystemExit  # as if the process ended here

    monkeypatch.setattr(webhook, "deliver", look)
    with pytest.raises(SystemExit):
        serve(hook, NOON)

    assert seen == [(1, "…"), 1]


def test_waits_grow_after_the_table(hook: Connection, receiver: FakeReceiver) -> None:
    row, at, waits = make_delivery(hook, 1), NOON, []
    receiver.rule = lambda path, body: (500, b"", {})

    for _try in range(len(STEPS) - 1):
        Lane.objects.update(failures=0, open_until=None)  # the breaker has tests of its own
        serve(hook, at)
        row.refresh_from_db()
        waits.append(row.next_at - at)
        at = row.next_at

    steps = [timedelta(seconds=step) for step in STEPS[1:]]
    assert all(step / 2 <= wait <= step for step, wait in zip(steps, waits, strict=True))
    assert row.state == "due"


def test_after_the_last_step_it_is_given_up(hook: Connection, receiver: FakeReceiver) -> None:
    row = make_delivery(hook, 1, attempts=len(STEPS) - 1)
    receiver.fail(500)

    serve(hook, NOON + 4 * DAY)

    row.refresh_from_db()
    assert (row.state, row.done_at) == ("dead", NOON + 4 * DAY)
    assert row.note == "The receiver answers with an error (500)."


def test_no_message_is_given_up_while_the_far_side_is_down(hook: Connection, receiver: FakeReceiver) -> None:
    row = make_delivery(hook, 1, attempts=len(STEPS) - 1)
    Lane.objects.create(connection=hook, failures=patience.FAILURES)
    receiver.rule = lambda path, body: (500, b"", {})

    serve(hook, NOON + 4 * DAY)
    row.refresh_from_db()
    assert row.state == "due"

    serve(hook, max(row.next_at, NOON + 14 * DAY))
    row.refresh_from_db()
    assert row.state == "dead"


@pytest.mark.parametrize(
    ("told", "waits"), [("120", 120), ("120.5", 120.5), ("9999999", 86400), ("soon", None), ("-3", None)]
)
def test_retry_after_in_seconds_is_kept(
    hook: Connection, receiver: FakeReceiver, told: str, waits: float | None
) -> None:
    row = make_delivery(hook, 1)
    receiver.fail(429, Retry_After=told)

    serve(hook, NOON)

    row.refresh_from_db()
    wait = (row.next_at - NOON).total_seconds()
    assert wait == waits if waits else 2.5 <= wait <= 5


def test_retry_after_as_a_date_is_kept_for_the_whole_connection(
    hook: Connection, receiver: FakeReceiver
) -> None:
    row, _other = make_delivery(hook, 1), make_delivery(hook, 2)
    receiver.fail(503, Retry_After=format_datetime(timezone.now() + HOUR, usegmt=True))

    assert serve(hook, NOON) == 1

    row.refresh_from_db()
    assert timedelta(minutes=59) < row.next_at - NOON <= HOUR
    assert serve(hook, NOON + timedelta(minutes=58)) == 0
    assert serve(hook, NOON + HOUR) == 2


@pytest.mark.parametrize("status", [301, 302, 308, 401, 403, 404, 405])
def test_wrong_setting_is_shown_and_tried_hourly(
    hook: Connection, receiver: FakeReceiver, status: int
) -> None:
    row = make_delivery(hook, 1)
    receiver.fail(status, Location="http://127.0.0.1:1/elsewhere")

    serve(hook, NOON)

    row.refresh_from_db()
    hook.refresh_from_db()
    assert (row.state, row.next_at) == ("due", NOON + HOUR)
    assert f"({status})" in hook.last_error
    assert len(receiver.arrivals) == 1

    serve(hook, NOON + HOUR)
    row.refresh_from_db()
    hook.refresh_from_db()
    assert (row.state, hook.last_error) == ("done", "")


def test_refused_message_is_dead_at_once_and_others_go_on(hook: Connection, receiver: FakeReceiver) -> None:
    one, two = make_delivery(hook, 1), make_delivery(hook, 2)
    receiver.fail(413)

    serve(hook, NOON)

    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, two.state) == ("dead", "done")
    assert last_try(one).status == 413


def test_message_of_more_than_256_kb_is_refused_unsent(hook: Connection, receiver: FakeReceiver) -> None:
    row = make_delivery(hook, 1, body={"n": 1, "text": "x" * 256_000})

    serve(hook, NOON)

    row.refresh_from_db()
    assert (row.state, row.note) == ("dead", "The message is larger than 256000 bytes.")
    assert receiver.arrivals == []


def test_gone_pauses_the_connection_and_keeps_the_queue(hook: Connection, receiver: FakeReceiver) -> None:
    one, two = make_delivery(hook, 1), make_delivery(hook, 2)
    receiver.fail(410)

    assert serve(hook, NOON) == 1

    hook.refresh_from_db()
    assert hook.state == "paused"
    assert hook.last_error == "The receiver wants no more messages (410): the connection is paused."
    assert {Delivery.objects.get(pk=row.pk).state for row in (one, two)} == {"due"}
    assert serve(hook, NOON + DAY) == 0

    actions.resume(hook, at=NOON + DAY)
    assert serve(hook, NOON + DAY) == 2
    hook.refresh_from_db()
    assert hook.last_error == ""


def test_far_side_that_cannot_be_reached_is_tried_again(hook: Connection, settings: Any) -> None:
    hook.base_url = "http://127.0.0.1:9/in"
    hook.save()
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1:9"]
    row = make_delivery(hook, 1)

    serve(hook, NOON)

    row.refresh_from_db()
    attempt = last_try(row)
    assert (row.state, row.attempts, attempt.status) == ("due", 1, None)
    assert attempt.outcome.startswith("The connection failed")
    assert attempt.request.startswith("POST http://127.0.0.1:9/in\n")


def test_address_inside_the_house_is_never_called(
    hook: Connection, receiver: FakeReceiver, settings: Any
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = []
    row = make_delivery(hook, 1)

    serve(hook, NOON)

    row.refresh_from_db()
    hook.refresh_from_db()
    assert (row.state, receiver.arrivals) == ("due", [])
    assert hook.last_error == "The address must start with https://."


def test_our_own_mistake_is_given_up_after_three_tries(
    hook: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make_delivery(hook, 1)
    monkeypatch.setattr(webhook, "deliver", lambda store, message: 1 / 0)

    for _try in range(3):
        row.refresh_from_db()
        assert row.state == "due"
        serve(hook, row.next_at)

    row.refresh_from_db()
    assert (row.state, row.note) == ("dead", "Something broke on our side (ZeroDivisionError).")
    assert Lane.objects.get().failures == 0  # the far side has done nothing wrong


def test_message_that_kills_its_worker_three_times_is_given_up(
    hook: Connection, receiver: FakeReceiver
) -> None:
    row = make_delivery(hook, 1, attempts=3)
    for number in (1, 2, 3):
        Attempt.objects.create(delivery=row, number=number, at=NOON, outcome="…")

    serve(hook, NOON)

    row.refresh_from_db()
    assert (row.state, row.note) == ("dead", "The worker died three times on this message.")
    assert receiver.arrivals == []


def test_too_long_answer_is_no_reason_to_lose_the_message(hook: Connection, receiver: FakeReceiver) -> None:
    row = make_delivery(hook, 1)
    receiver.fail(503, b"x" * 1_000_001)

    serve(hook, NOON)

    row.refresh_from_db()
    assert (row.state, row.note) == ("due", "The receiver’s answer is too long: a short one is enough.")


def test_what_came_back_and_what_follows_stand_together(
    hook: Connection, receiver: FakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make_delivery(hook, 1)
    monkeypatch.setattr("integrations.actions.deliveries.sending._log", lambda *_told: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        serve(hook, NOON)

    row.refresh_from_db()
    assert (row.state, last_try(row).outcome) == ("due", "…")
    assert Lane.objects.get().lease_token is None
