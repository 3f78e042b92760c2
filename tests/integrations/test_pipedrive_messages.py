"""Pipedrive's door: who shows the password, which message it is, and whether it was our own writing."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from affiliates.models import Enrollment
from core.models import Event
from integrations import actions
from integrations.connectors import pipedrive
from integrations.connectors.base import BadSignature, Reading, Store, Unreadable, Unsigned
from integrations.models import Connection, Inbound
from tests import makers
from tests.makers import NOON

CHANGE = (Path(__file__).parent.parent / "payloads" / "pipedrive" / "change.deal.json").read_bytes()
STORE = Store("https://acme.pipedrive.com", "pipedrive", {"api_token": "x", "webhook_secret": "s3cret"})


def shown(password: str = "s3cret", user: str = "affiliates") -> dict[str, str]:
    """The headers of a message."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def message(**meta: Any) -> bytes:
    """A message with another meta block; None leaves a part of it out."""
    told = json.loads(CHANGE)
    told["meta"] = {name: value for name, value in {**told["meta"], **meta}.items() if value is not None}
    return json.dumps(told).encode()


def receive(body: bytes = CHANGE, headers: dict[str, str] | None = None, store: Store = STORE) -> Any:
    return pipedrive.receive(store, shown() if headers is None else headers, body, NOON)


def read(body: bytes) -> Reading:
    return pipedrive.read(STORE, "", body, {})


def test_message_is_named_by_what_happened_to_whom() -> None:
    received = receive()

    assert (received.topic, received.subject, received.headers) == ("change.deal", "16", {})
    assert len(received.dedupe_key) == 64


def test_former_password_is_good_until_the_next_rotation() -> None:
    rotated = replace(STORE, keys={**STORE.keys, "webhook_secret": "new", "previous_secret": "s3cret"})

    assert receive(store=rotated).topic == "change.deal"
    assert receive(headers=shown("new"), store=rotated).topic == "change.deal"


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": ""}, {"Authorization": "Basic"}, {"Authorization": "Bearer s3cret"}]
)
def test_message_without_a_password_is_refused_and_not_noted(headers: dict[str, str]) -> None:
    with pytest.raises(Unsigned):
        receive(headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        shown("other"),
        shown(""),
        shown(user="admin"),
        shown("s3cret\n"),
        {"Authorization": "Basic é"},
        {"Authorization": "Basic " + "A" * 10_000},
        {"Authorization": "Basic s3cret"},
    ],
)
def test_wrong_password_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        receive(headers=headers)


def test_connection_without_a_secret_takes_nothing() -> None:
    with pytest.raises(BadSignature):
        receive(headers=shown(""), store=replace(STORE, keys={"webhook_secret": ""}))


def test_scheme_may_be_written_in_any_letters() -> None:
    headers = {"Authorization": shown()["Authorization"].replace("Basic", "basic ")}

    assert receive(headers=headers).topic == "change.deal"


def test_further_attempt_is_the_same_message() -> None:
    again = message(attempt=3, webhook_id="999", timestamp="2026-11-02T13:00:30.000Z")

    assert receive(again).dedupe_key == receive().dedupe_key


@pytest.mark.parametrize("change", [{"id": "other"}, {"entity_id": "17"}, {"action": "delete"}])
def test_other_news_is_another_message(change: dict[str, Any]) -> None:
    assert receive(message(**change)).dedupe_key != receive().dedupe_key


def test_message_without_an_id_is_named_by_correlation_and_time() -> None:
    without = message(id=None)

    assert receive(without).dedupe_key == receive(message(id=None, attempt=2)).dedupe_key
    assert (
        receive(without).dedupe_key != receive(message(id=None, timestamp="2026-11-02T13:00:01Z")).dedupe_key
    )


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"meta": 5}', b"\xff", b'{"meta": {"id": {}}}'])
def test_odd_body_is_kept_by_its_bytes_and_refused_when_read(body: bytes) -> None:
    assert len(receive(body).dedupe_key) == 64
    with pytest.raises(Unreadable):
        read(body)


def test_change_by_a_person_has_the_account_asked() -> None:
    reading = read(CHANGE)

    assert reading == Reading(
        note="Changed at Pipedrive: deal 16 (change).", asks_changes=True, changed=(("deal", "16"),)
    )


@pytest.mark.parametrize("source", ["app", "api"])
def test_change_by_another_user_has_the_account_asked(source: str) -> None:
    assert read(message(change_source=source, user_id="12")).asks_changes


def test_what_our_own_user_wrote_by_the_api_is_noted_alone() -> None:
    reading = read(message(change_source="api"))

    assert reading == Reading(note="Our own writing came back: deal 16 (change).")


def test_deletion_is_never_ours_and_asks_for_nothing() -> None:
    reading = read(message(change_source="api", action="delete", entity="person"))

    assert (reading.gone, reading.changed, reading.asks_changes) == ((("contact", "16"),), (), False)


def test_of_merged_ones_one_is_gone_and_the_other_is_asked_for() -> None:
    reading = read(message(action="delete", entity="person", merged_to_id="17"))

    assert (reading.gone, reading.changed) == ((("contact", "16"),), (("contact", "17"),))
    assert reading.asks_changes


@pytest.mark.parametrize("entity", ["organization", "", None])
def test_message_about_something_else_is_quarantined(entity: str | None) -> None:
    with pytest.raises(Unreadable):
        read(message(entity=entity))


@pytest.fixture
def connected(anna: Enrollment) -> Connection:
    secrets = {"api_token": "x", "webhook_secret": "s3cret"}
    base_url = "https://acme.pipedrive.com"
    return makers.make_connection(
        anna.program, connector="pipedrive", source="pipedrive", base_url=base_url, secrets=secrets
    )


def knock(connection: Connection, body: bytes, password: str = "s3cret") -> int:
    address, headers = f"/hooks/{connection.public_id}", shown(password)
    return Client().post(address, body, content_type="application/json", headers=headers).status_code


def test_door_keeps_a_message_once_and_has_the_account_asked(connected: Connection) -> None:
    assert [knock(connected, CHANGE), knock(connected, message(attempt=2))] == [200, 200]

    (inbound,) = Inbound.objects.all()
    done = actions.process(inbound)

    assert (inbound.repeats, inbound.topic) == (1, "change.deal")
    assert (done.state, done.note) == ("done", "Changed at Pipedrive: deal 16 (change).")
    assert Event.objects.filter(kind="connection.changes_asked", subject_id=str(connected.pk)).exists()


def test_door_refuses_a_stranger_and_says_so_on_the_connection(connected: Connection) -> None:
    assert knock(connected, CHANGE, "guess") == 401
    connected.refresh_from_db()
    assert "wrong signature" in connected.last_error
    assert not Inbound.objects.exists()
