"""The guide for outgoing webhooks, followed by a manager in the console and a receiver that checks as it says."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from affiliates.models import Enrollment
from commissions.actions import take_orders
from integrations.models import Connection, Delivery
from portal.events import ROUTES
from tests import makers
from tests.fakes.receiver import FakeReceiver
from tests.integrations.console import Console, Guide, follow, work
from tracking.orders import Evidence

__all__ = ["follow"]  # a fixture


@pytest.fixture
def console(follow: Callable[[str], Console], anna: Enrollment) -> Console:
    return follow("webhooks")


def check_of(guide: Guide) -> Callable[..., bool]:
    """The guide's own check of a signature."""
    names: dict[str, Any] = {}
    exec(guide.blocks("python")[0], names)
    check: Callable[..., bool] = names["is_genuine"]
    return check


def connected(console: Console, receiver: FakeReceiver, **told: str) -> tuple[Connection, str]:
    """The steps of “Connect”; return the connection and the secret as it is shown."""
    address = {"Name": "Receiver", "Source": "receiver", "Address": receiver.url("/in")}
    row = console.connect("Outgoing webhook", {**address, **told})
    console.go("Show the secret")
    (secret,) = set(re.findall(r"whsec_[\w+/=]+", console.page.text))
    console.again(row)
    console.press("Test")
    return row, secret


def sell(anna: Enrollment, number: str, ref: str) -> None:
    now = timezone.now()
    times = {"occurred_at": now, "captured_at": now, "revision_at": now}
    take_orders(anna.program, [makers.make_order(number, evidence=Evidence(ref=ref), **times)], at=now)
    work()


def told_of(receiver: FakeReceiver) -> list[str]:
    return [arrival.told["type"] for arrival in receiver.arrivals]


def test_messages_pass_the_check_of_the_guide(
    console: Console, receiver: FakeReceiver, anna: Enrollment
) -> None:
    _row, secret = connected(console, receiver)
    sell(anna, "1", anna.code)

    check = check_of(console.guide)
    assert told_of(receiver)[0] == "ping"
    assert "order.recorded" in told_of(receiver)
    for arrival in receiver.arrivals:
        headers = {name.lower(): value for name, value in arrival.headers.items()}
        assert check(headers, arrival.body, secret)
        assert not check(headers, arrival.body + b" ", secret)
        assert not check(headers, arrival.body, secret, now=timezone.now().timestamp() + 600)
        assert headers["webhook-id"] == arrival.told["id"]


def test_worked_example_is_genuine(console: Console) -> None:
    text = console.guide.section("What is sent")
    headers = dict(re.findall(r"^(webhook-[a-z]+): (\S+)$", console.guide.blocks()[-1], re.MULTILINE))
    (secret,) = re.findall(r"`(whsec_\w+)`", text)
    (body,) = re.findall(r'body `(\{"test.*?\})`', text)

    assert check_of(console.guide)(headers, body.encode(), secret, now=int(headers["webhook-timestamp"]))


def test_only_what_is_asked_for_is_told(console: Console, receiver: FakeReceiver, anna: Enrollment) -> None:
    (events,) = re.findall(r"as `(order\.recorded, [^`]*)`", console.guide.text)
    (only,) = re.findall(r"`program=3, (affiliate\.code=anna)`", console.guide.text)
    makers.make_enrollment(anna.program, "Bob", email="bob@blog.example")
    connected(console, receiver, **{"Events": "commission.accrued", "Only if": only})
    sell(anna, "1", "bob")
    sell(anna, "2", "anna")

    assert [kind.strip() for kind in events.split(",")] == ["order.recorded", "payout.*"]
    (told,) = receiver.arrivals[1:]
    assert (told.told["type"], told.told["data"]["affiliate"]["code"]) == ("commission.accrued", "anna")


def test_kinds_are_those_of_events_that_have_the_follower(console: Console, receiver: FakeReceiver) -> None:
    (task,) = {task for tasks in ROUTES.values() for task in tasks if task.endswith(".plan_deliveries")}

    connected(console, receiver, Events="order.recorded, payout.*")

    assert console.guide.names("`plan_deliveries`")
    assert task in ROUTES["order.recorded"]


@pytest.mark.parametrize("status", [200, 410, 404, 413, 429, 500, 418])
def test_answers_mean_what_the_table_says(
    console: Console, receiver: FakeReceiver, anna: Enrollment, status: int
) -> None:
    row, _secret = connected(console, receiver, Events="order.recorded")
    receiver.rule = lambda path, body: (status, b"", {})
    sell(anna, "1", "anna")
    meaning = meanings(console.guide, status)

    row.refresh_from_db()
    (message,) = Delivery.objects.filter(connection=row)
    outcome = {
        "taken": message.state == "done",
        "the connection is paused": row.state == "paused" and message.state == "due",
        "a setting is wrong": message.state == "due" and bool(row.last_error),
        "given up at once": message.state == "dead",
        "tried again": message.state == "due" and row.state == "active",
    }
    (said,) = [words for words in outcome if words in meaning]
    assert outcome[said]


def meanings(guide: Guide, status: int) -> str:
    """What the guide's table says of a status."""
    rows = re.findall(r"^\| (.*?) \| (.*?) \|$", guide.section("What your answer means"), re.MULTILINE)
    named = [meaning for statuses, meaning in rows if str(status) in statuses]
    of_class = [meaning for statuses, meaning in rows if f"{status // 100}xx" in statuses]
    return (named or of_class)[0]


def test_given_up_message_is_tried_again_and_lost_ones_are_skipped(
    console: Console, receiver: FakeReceiver, anna: Enrollment
) -> None:
    row, _secret = connected(console, receiver, Events="order.recorded")
    receiver.rule = lambda path, body: (413, b"", {})
    sell(anna, "1", "anna")
    message = Delivery.objects.get(connection=row)
    receiver.rule = lambda path, body: (200, b"", {})
    console.go("Deliveries")
    console.open(f"/admin/integrations/delivery/{message.pk}/change/")
    console.press("Try again")
    work(later=timedelta(minutes=1))

    message.refresh_from_db()
    assert message.state == "done"
    assert receiver.arrivals[-1].id == receiver.arrivals[-2].id
    console.again(row)
    console.press("Pause")
    console.again(row)
    console.press("Disconnect")
    row.refresh_from_db()
    assert row.state == "disconnected"
