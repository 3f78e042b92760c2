"""Stripe's door: what is genuine, of now, and new."""

import json
from collections.abc import Callable

import pytest
from django.utils import timezone

from integrations.connectors.signatures import in_hex
from integrations.models import Connection, Inbound
from tests import makers
from tests.integrations.fake_stripe import SECRET, Row, event, post, refund, send, session, signature

SALE = event("checkout.session.completed", session())


def raw(told: Row = SALE) -> bytes:
    return json.dumps(told).encode()


def now() -> int:
    return int(timezone.now().timestamp())


def test_signature_is_the_one_that_stripes_own_library_makes() -> None:
    header = signature(raw())

    time, _comma, given = header.removeprefix("t=").partition(",v1=")
    assert in_hex(time.encode() + b"." + raw(), SECRET).decode() == given


def test_event_is_kept_byte_for_byte_under_its_own_name(stripe_alone: Connection) -> None:
    assert send(stripe_alone, SALE) == 200

    row = Inbound.objects.get()
    assert bytes(row.body) == raw()
    assert (row.topic, row.subject) == ("checkout.session.completed", "cs_test_lab1")
    assert row.dedupe_key == f"test:{SALE['id']}"


def test_same_event_again_is_counted_not_kept(stripe_alone: Connection) -> None:
    for _turn in range(3):
        send(stripe_alone, SALE)

    assert Inbound.objects.get().repeats == 2


def test_same_number_of_the_other_mode_is_another_event(stripe_alone: Connection) -> None:
    send(stripe_alone, SALE)
    send(stripe_alone, {**SALE, "livemode": True})

    assert Inbound.objects.count() == 2


def test_news_of_one_payment_are_different_events(stripe_alone: Connection) -> None:
    send(stripe_alone, event("refund.created", refund(), "evt_1"))
    send(stripe_alone, event("refund.updated", refund(), "evt_2"))

    assert Inbound.objects.count() == 2


FORGED: dict[str, Callable[[], str]] = {
    "no parts": lambda: "no",
    "empty parts": lambda: "t=,v1=",
    "no signature": lambda: f"t={now()},v1=",
    "odd letters": lambda: f"t={now()},v1=ü",
    "an older scheme": lambda: signature(raw()).replace("v1=", "v0="),
    "another secret": lambda: signature(raw(), "whsec_other"),
    "another body": lambda: signature(b"{}"),
    "two times": lambda: "t=1," + signature(raw()),
    "a later time": lambda: f"t={now() + 1}," + signature(raw(), ago=1).partition(",")[2],
    "very many": lambda: ",".join(["v1=0"] * 5000),
}


@pytest.mark.parametrize("kind", FORGED)
def test_forged_event_is_refused_and_shown(stripe_alone: Connection, kind: str) -> None:
    header = FORGED[kind]()

    status = post(stripe_alone, raw(), header)

    stripe_alone.refresh_from_db()
    assert (status, Inbound.objects.count()) == (401, 0)
    assert stripe_alone.last_error.startswith("A message came with a wrong signature")


def test_unsigned_event_is_refused_and_says_nothing_of_the_secret(stripe_alone: Connection) -> None:
    assert post(stripe_alone, raw(), "") == 401

    stripe_alone.refresh_from_db()
    assert (stripe_alone.last_error, Inbound.objects.count()) == ("", 0)


def test_one_changed_byte_breaks_the_signature(stripe_alone: Connection) -> None:
    header = signature(raw())

    assert post(stripe_alone, raw().replace(b"18000", b"98000"), header) == 401


@pytest.mark.parametrize(("ago", "status"), [(290, 200), (310, 401), (-290, 200), (-310, 401)])
def test_event_is_of_now(stripe_alone: Connection, ago: int, status: int) -> None:
    assert post(stripe_alone, raw(), signature(raw(), ago=ago)) == status

    stripe_alone.refresh_from_db()
    assert bool(stripe_alone.last_error) == (status == 401)
    assert Inbound.objects.count() == (status == 200)


def test_of_two_signatures_one_is_enough_while_the_secret_is_replaced(stripe_alone: Connection) -> None:
    at = now()
    time = str(at).encode()
    both = [in_hex(time + b"." + raw(), secret).decode() for secret in ("whsec_new", SECRET)]

    assert post(stripe_alone, raw(), f"t={at},v1={both[0]},v1={both[1]}") == 200


def test_connection_without_a_secret_takes_nothing(stripe_alone: Connection) -> None:
    stripe_alone.secrets = {"mode": "test"}
    stripe_alone.save(update_fields=["secrets"])

    assert post(stripe_alone, raw(), signature(raw(), "")) == 401
    assert Inbound.objects.count() == 0


def test_another_companys_connection_does_not_take_it(stripe_alone: Connection) -> None:
    other = makers.make_connection(
        makers.make_program(), connector="stripe", source="stripe", secrets={"signing_secret": "whsec_eve"}
    )

    assert post(other, raw(), signature(raw())) == 401


@pytest.mark.parametrize("body", [b"[]", b"\xff", b"{", b'{"id": 5, "data": []}', b'{"a":1,"a":2}'])
def test_signed_nonsense_is_kept_once_for_a_person(stripe_alone: Connection, body: bytes) -> None:
    at = now()
    header = f"t={at},v1={in_hex(str(at).encode() + b'.' + body, SECRET).decode()}"

    assert [post(stripe_alone, body, header), post(stripe_alone, body, header)] == [200, 200]
    assert Inbound.objects.get().repeats == 1
