"""HubSpot's door: what is genuine, of now, and what it holds."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.connectors import hubspot
from integrations.connectors.base import QUERY, BadSignature, Stale, Store, Unreadable, Unsigned
from integrations.connectors.hubspot.verify import events_of, sign

PAYLOADS = Path(__file__).parent.parent / "payloads" / "hubspot"
BATCH = (PAYLOADS / "app_webhooks.batch.json").read_bytes()
WORKFLOW = (PAYLOADS / "workflow_webhook.contact.json").read_bytes()
SECRET = "app-client-secret"
URL = "https://partners.example.com/hooks/7c0a6c1e-0b7a-4f0e-9a64-1d2f5a3b4c5d"
NOW = datetime(2026, 11, 3, 10, 0, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Placed(Store):
    """A connection that knows the address that was given out for it."""

    delivery_url: str = ""


STORE = Placed("", "hubspot", {"token": "pat-x", "client_secret": SECRET}, delivery_url=URL)


def milliseconds(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))


def signed(body: bytes = BATCH, uri: str = URL, at: datetime = NOW, secret: str = SECRET) -> dict[str, str]:
    """The headers of a message, made without any code of the connector's."""
    told = b"POST" + uri.encode() + body + milliseconds(at).encode()
    digest = hmac.new(secret.encode(), told, hashlib.sha256).digest()
    return {
        "X-HubSpot-Signature-v3": base64.b64encode(digest).decode(),
        "X-HubSpot-Request-Timestamp": milliseconds(at),
    }


def receive(headers: dict[str, str], body: bytes = BATCH, store: Store = STORE, at: datetime = NOW) -> Any:
    return hubspot.receive(store, headers, body, at)


def events(*changes: dict[str, Any]) -> bytes:
    return json.dumps([{**json.loads(BATCH)[0], **change} for change in changes]).encode()


def test_batch_is_named_by_its_events() -> None:
    received = receive(signed())

    assert (received.topic, received.subject) == ("batch", "")
    assert len(received.dedupe_key) == 64


def test_events_of_one_kind_and_record_name_the_message() -> None:
    body = events({"eventId": 1}, {"eventId": 2})

    received = receive(signed(body), body)

    assert (received.topic, received.subject) == ("contact.propertyChange", "1246965")


def test_repeated_message_is_the_same_whatever_its_number_of_attempts_and_order() -> None:
    first, second = json.loads(BATCH)[:2]
    sent = json.dumps([first, second]).encode()
    again = json.dumps([{**second, "attemptNumber": 3}, {**first, "attemptNumber": 3}], indent=1).encode()

    assert receive(signed(sent), sent).dedupe_key == receive(signed(again), again).dedupe_key


@pytest.mark.parametrize("name", ["eventId", "subscriptionId", "occurredAt", "objectId", "portalId"])
def test_another_event_is_another_message(name: str) -> None:
    other = events({name: 1793700009999})

    assert receive(signed(other), other).dedupe_key != receive(signed(events({})), events({})).dedupe_key


def test_twelve_escapes_of_the_address_are_decoded_and_no_others() -> None:
    asked = "a=%3A%2F%3F%40%21%24%27%28%29%2a%2C%3B&b=%20%25%3D%26%23%2B"
    decoded = "a=:/?@!$'()*,;&b=%20%25%3D%26%23%2B"

    headers = {**signed(uri=f"{URL}?{decoded}"), QUERY: asked}

    assert receive(headers).topic == "batch"
    assert sign(SECRET, f"{URL}?{asked}", b"", "1") == sign(SECRET, f"{URL}?{decoded}", b"", "1")


def test_public_address_counts_and_not_the_host_that_is_told() -> None:
    with pytest.raises(BadSignature):
        receive({**signed(uri="http://10.0.0.5:8000/hooks/x"), "Host": "10.0.0.5:8000"})


@pytest.mark.parametrize(
    "change",
    [
        {"secret": "another"},
        {"uri": URL + "/"},
        {"uri": URL.replace("https", "http")},
        {"body": BATCH + b" "},
    ],
)
def test_what_is_signed_otherwise_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadSignature):
        receive(signed(**change))


@pytest.mark.parametrize("given", ["x", "é", "=", "A" * 10_000, "bm8="])
def test_odd_signature_is_refused(given: str) -> None:
    with pytest.raises(BadSignature):
        receive({**signed(), "X-HubSpot-Signature-v3": given})


@pytest.mark.parametrize("minutes", [5.1, -5.1, 60 * 24])
def test_time_that_is_off_is_refused(minutes: float) -> None:
    with pytest.raises(Stale):
        receive(signed(at=NOW - timedelta(minutes=minutes)))


@pytest.mark.parametrize("minutes", [4.9, -4.9])
def test_time_that_is_nearly_off_is_taken(minutes: float) -> None:
    assert receive(signed(at=NOW - timedelta(minutes=minutes))).topic == "batch"


@pytest.mark.parametrize("time", ["", "now", "-1", "1793700003", "9" * 40, "١٧٩٣٧٠٠٠٠٣٠٠٠"])
def test_time_that_is_none_is_refused_though_it_is_signed(time: str) -> None:
    headers = {
        "X-HubSpot-Signature-v3": sign(SECRET, URL, BATCH, time).decode(),
        "X-HubSpot-Request-Timestamp": time,
    }

    with pytest.raises(Stale):
        receive(headers)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_older_schemes_are_refused_with_a_sentence(version: str) -> None:
    told = SECRET.encode() + BATCH if version == "v1" else SECRET.encode() + b"POST" + URL.encode() + BATCH
    headers = {
        "X-HubSpot-Signature": hashlib.sha256(told).hexdigest(),
        "X-HubSpot-Signature-Version": version,
        "X-HubSpot-Request-Timestamp": milliseconds(NOW),
    }

    with pytest.raises(BadSignature, match="old scheme") as caught:
        receive(headers)

    assert type(caught.value) is BadSignature


def test_message_without_a_signature_is_refused() -> None:
    with pytest.raises(Unsigned):
        receive({"X-HubSpot-Request-Timestamp": milliseconds(NOW)})


@pytest.mark.parametrize(
    "store",
    [
        replace(STORE, keys={"token": "pat-x", "webhook_secret": "ours"}),
        replace(STORE, delivery_url=""),
        Store("", "hubspot", {"client_secret": SECRET}),
    ],
    ids=["no secret", "no address", "none known"],
)
def test_without_secret_or_address_nothing_is_taken(store: Store) -> None:
    for secret in (SECRET, "ours", ""):
        with pytest.raises(Unsigned):
            receive(signed(secret=secret, uri=URL), store=store)
        with pytest.raises(Unsigned):
            receive(signed(secret=secret, uri=""), store=store)


def test_note_says_what_a_batch_holds() -> None:
    reading = hubspot.read(STORE, "batch", BATCH, {})

    assert reading.note == (
        "3 events of HubSpot: contact.privacyDeletion (1), contact.propertyChange (1), deal.propertyChange (1)."
    )
    assert (reading.order, reading.refund, reading.ask) == (None, None, "")


def test_events_are_read_with_who_wrote_them() -> None:
    first, _second, third = events_of(BATCH)

    assert (first.kind, first.about, first.property, first.value) == (
        "contact.propertyChange",
        "1246965",
        "lifecyclestage",
        "customer",
    )
    assert (first.source, first.at) == ("CRM_UI", 1793700000123)
    assert (third.kind, third.about, third.source) == ("contact.privacyDeletion", "1246966", "")


def test_message_of_a_workflow_is_kept_and_not_understood() -> None:
    received = receive(signed(WORKFLOW), WORKFLOW)

    assert (received.topic, received.subject) == ("workflow", "251")
    assert "workflow" in hubspot.read(STORE, "workflow", WORKFLOW, {}).note


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[1]",
        b"null",
        b"\xff",
        b'[{"eventId": 1}], "x": [1]',
        b'[{"eventId": {}}]',
        b"[" * 5000,
        b'[{"objectId": 1, "subscriptionType": "a\\u0000b", "occurredAt": 1}]',
        json.dumps([{"eventId": 1, "occurredAt": 1}] * 101).encode(),
    ],
)
def test_odd_body_that_is_genuine_is_kept_by_its_content_and_put_aside(body: bytes) -> None:
    received = receive(signed(body), body)

    assert received.dedupe_key == hashlib.sha256(body).hexdigest()
    with pytest.raises(Unreadable):
        hubspot.read(STORE, received.topic, body, {})
