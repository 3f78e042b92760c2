"""Outgoing webhooks: what is sent, how it is signed, who wants what; after Standard Webhooks."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from affiliates.models import Program
from core.models import User
from integrations import actions
from integrations.connectors import webhook
from integrations.connectors.base import Delivers
from integrations.connectors.webhook import sign
from integrations.connectors.webhook.send import retry_after
from integrations.models import Connection
from tests.fakes.receiver import Arrival, FakeReceiver
from tests.integrations.outgoing import SECRET, make_delivery, serve
from tests.makers import NOON


def genuine(arrival: Arrival, secret: str) -> list[bool]:
    """Check each signature of a request as a receiver would, from the standard's text alone."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = (
        f"{arrival.headers['webhook-id']}.{arrival.headers['webhook-timestamp']}.".encode() + arrival.body
    )
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return [each == f"v1,{expected}" for each in arrival.headers["webhook-signature"].split(" ")]


def test_signature_is_that_of_the_published_example() -> None:
    body = b'{"test": 2432232314}'

    signature = sign.sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_receiver_can_check_what_came(hook: Connection, receiver: FakeReceiver) -> None:
    row = make_delivery(hook, 1, body={"n": 1, "name": "Zoë"})

    serve(hook, NOON)

    [arrival] = receiver.taken()
    assert genuine(arrival, SECRET) == [True]
    assert arrival.headers["content-type"] == "application/json"
    assert arrival.id == str(row.message_id)
    assert abs(int(arrival.headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60
    assert arrival.told == {
        "id": str(row.message_id),
        "type": "order.recorded",
        "timestamp": NOON.isoformat().replace("+00:00", "Z"),
        "data": {"n": 1, "name": "Zoë"},
    }


def test_long_answer_of_a_receiver_that_took_it_is_no_failure(
    hook: Connection, receiver: FakeReceiver
) -> None:
    row = make_delivery(hook, 1)
    receiver.answers.append((200, b"x" * 300_000, {}))

    serve(hook, NOON)

    row.refresh_from_db()
    assert (row.state, row.attempts) == ("done", 1)
    assert "too long" in row.note


def test_nothing_is_told_after_the_time_that_was_asked_for(hook: Connection, receiver: FakeReceiver) -> None:
    row = make_delivery(hook, 1)
    hook.options = {"kinds": ["*"], "expires": (timezone.now() - timedelta(seconds=1)).isoformat()}
    hook.save(update_fields=["options"])

    serve(hook, NOON)

    row.refresh_from_db()
    assert (row.state, receiver.taken()) == ("due", [])
    assert not webhook.wants(hook.options, "order.recorded", {})


def test_made_secret_is_shown_as_receivers_take_it(program: Program, receiver: FakeReceiver) -> None:
    made = actions.connect(program, connector="webhook", name="R", source="r", base_url=receiver.url())
    text = sign.secret_text(made.secrets["webhook_secret"])
    make_delivery(made, 1)

    serve(made, NOON)

    assert text.startswith("whsec_")
    assert len(base64.b64decode(text.removeprefix("whsec_"), validate=True)) == 32
    assert genuine(receiver.taken()[0], text) == [True]


def test_both_secrets_sign_for_a_day(hook: Connection, receiver: FakeReceiver) -> None:
    row = actions.rotate_secret(hook)
    text = sign.secret_text(row.secrets["webhook_secret"])
    make_delivery(hook, 1)

    serve(hook, NOON)
    [arrival] = receiver.taken()
    assert genuine(arrival, text) == [True, False]
    assert genuine(arrival, SECRET) == [False, True]

    rotated_at = datetime.fromisoformat(row.secrets["rotated_at"])
    for later, signatures in ((timedelta(hours=23, minutes=59), 2), (timedelta(hours=24), 1)):
        headers = sign.headers(row.secrets, "id", rotated_at + later, b"{}")
        assert len(headers["webhook-signature"].split(" ")) == signatures


def test_test_sends_a_signed_ping(hook: Connection, receiver: FakeReceiver, mona: User) -> None:
    said = actions.test_connection(hook, actor=mona)

    [arrival] = receiver.taken()
    assert said == "The receiver took a signed test event (200)."
    assert arrival.told["type"] == "ping"
    assert genuine(arrival, SECRET) == [True]


def test_test_says_what_is_wrong(hook: Connection, receiver: FakeReceiver) -> None:
    receiver.fail(404)

    said = actions.test_connection(hook)

    hook.refresh_from_db()
    assert said == hook.last_error == "The receiver refuses (404): compare the address and the secret."


@pytest.mark.parametrize(
    ("options", "kind", "body", "wanted"),
    [
        ({}, "order.recorded", {}, True),
        ({"kinds": ["*"]}, "order.recorded", {}, True),
        ({"kinds": ["order.recorded"]}, "order.recorded", {}, True),
        ({"kinds": ["order.recorded"]}, "order.revised", {}, False),
        ({"kinds": ["payout.paid", "order.*"]}, "order.revised", {}, True),
        ({"kinds": ["order.*"]}, "orders.revised", {}, False),
        ({"filter": {"program": 3}}, "x", {"program": {"id": 3, "name": "P"}}, True),
        ({"filter": {"program": "3"}}, "x", {"program": {"id": 4}}, False),
        ({"filter": {"program": "3"}}, "x", {"program": None}, False),
        ({"filter": {"program": "3"}}, "x", {}, False),
        ({"filter": {"order.currency": "EUR"}}, "x", {"order": {"currency": "EUR"}}, True),
        ({"filter": {"order.currency": "EUR", "order.id": 1}}, "x", {"order": {"currency": "EUR"}}, False),
        ({"filter": {"order.is_first": "true"}}, "x", {"order": {"is_first": True}}, True),
        ({"filter": {"order.is_first": True}}, "x", {"order": {"is_first": True}}, True),
        ({"filter": {"order.is_first": True}}, "x", {"order": {"is_first": 1}}, False),
        ({"filter": {"order.total": "1"}}, "x", {"order": {"total": [1]}}, False),
    ],
)
def test_kinds_and_conditions(options: Any, kind: str, body: Any, wanted: bool) -> None:
    assert webhook.wants(options, kind, body) is wanted


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({}, {"kinds": ["*"], "filter": {}}),
        ({"kinds": " order.*,  payout.paid "}, {"kinds": ["order.*", "payout.paid"], "filter": {}}),
        (
            {"filter": "program=3, affiliate.code = anna"},
            {"kinds": ["*"], "filter": {"program": "3", "affiliate.code": "anna"}},
        ),
    ],
)
def test_options_are_read_as_they_are_written(given: Any, options: Any) -> None:
    assert webhook.read_options(given) == options
    assert webhook.read_options(webhook.written(options)) == options


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"kinds": "orders.*"}, "There are no events of the kind “orders.*”."),
        ({"kinds": "payee.changed"}, "There are no events of the kind “payee.changed”."),
        ({"filter": "program"}, "A condition reads like program=3; this does not: program"),
        ({"filter": "Program!=3"}, "A condition reads like program=3; this does not: Program!=3"),
        ({"filter": ",".join(f"a{'b' * n}=1" for n in range(11))}, "There are more than 10 conditions."),
    ],
)
def test_options_that_mean_nothing_are_refused(given: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=r"^.+$") as refusal:
        webhook.read_options(given)

    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("0", 0.0),
        ("17", 17.0),
        ("Mon, 02 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 02 Nov 2026 11:00:00 GMT", 0.0),
        ("Mon, 02 Nov 2026 12:00:30 -0000", 30.0),
        ("nan", None),
        ("inf", None),
        ("", None),
        ("tomorrow", None),
    ],
)
def test_retry_after_is_read(told: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": told}, datetime(2026, 11, 2, 12, tzinfo=UTC)) == seconds


def test_it_delivers_and_nobody_knocks() -> None:
    assert isinstance(webhook, Delivers)
    assert webhook.ROUTE == ""


def test_body_of_a_real_event_fits(hook: Connection, receiver: FakeReceiver) -> None:
    from integrations import news  # the biggest sample stands for what is really told

    bodies = [news.sample(kind) for kind in sorted(news.PUBLIC)]
    for number, body in enumerate(bodies):
        make_delivery(hook, number, body=body)

    serve(hook, NOON)

    assert [each.told["data"] for each in receiver.taken()] == bodies
    assert max(len(each.body) for each in receiver.taken()) < 20_000
    assert json.loads(receiver.taken()[0].body)["data"]["kind"] == bodies[0]["kind"]
