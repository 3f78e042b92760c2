"""The door for stores, trackers and apps that sign: what is genuine, and what is answered to the rest."""

import hashlib
import hmac
import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from affiliates.models import Enrollment
from commissions.models import Commission
from core.models import User
from integrations import actions
from integrations.connectors.postback import examples
from integrations.models import Connection, Inbound
from tests import makers
from tests.integrations.postbacks import SALE, SECRET, earned, get, seconds, send, signed, work
from tests.story.at_once import at_once
from tracking.models import Conversion, Order


def test_sale_is_kept_as_it_came_and_earns(door: Connection, anna: Enrollment) -> None:
    query = signed(**SALE)
    get(door, query)
    work()

    inbound, order = Inbound.objects.get(), Order.objects.get()
    assert bytes(inbound.body).decode() == query
    assert (inbound.topic, inbound.subject, inbound.state) == ("order", "1001", "done")
    assert (order.source, order.total, order.snapshot["channel"]) == ("tracker", 10000, "postback")
    assert Commission.objects.get().enrollment == anna
    assert earned() == 1000


def test_form_is_as_good_as_an_address(door: Connection) -> None:
    body = signed(**SALE, customer="Żółć & Söhne+", email="g+b@example.com")

    answer = Client().post(
        f"/postback/{door.public_id}", body, content_type="application/x-www-form-urlencoded"
    )
    work()

    assert answer.status_code == 200
    assert Order.objects.get().snapshot["customer"]["external_id"] == "Żółć & Söhne+"


def test_plus_and_percent_are_the_same_to_the_signature(door: Connection) -> None:
    """Trackers spell a space as they like; signed is what it means."""
    query = signed(**{**SALE, "customer": "a b"}).replace("a%20b", "a+b")

    assert get(door, query).status_code == 200


def test_address_and_form_together_are_one_message(door: Connection) -> None:
    query = signed(**SALE)
    first, _amp, rest = query.partition("&")

    answer = Client().post(
        f"/postback/{door.public_id}?{first}", rest, content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 200


def json_post(door: Connection, body: bytes, ts: str = "", sig: str = "", query: str = "") -> HttpResponse:
    ts = ts or seconds()
    sig = sig or hmac.new(SECRET.encode(), f"{ts}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-Timestamp": ts, "X-Signature": f"sha256={sig}"}
    address = f"/postback/{door.public_id}{query}"
    return Client().post(address, body, content_type="application/json", headers=headers)  # type: ignore[return-value]


def test_json_is_signed_as_bytes_by_a_header(door: Connection) -> None:
    lines = [{"sku": "MUG", "net": "30.00"}, {"sku": "CUP", "net": 20.5, "quantity": 2}]
    body = json.dumps({**SALE, "lines": lines, "coupons": ["anna15"]}, indent=1).encode()

    answer = json_post(door, body)
    work()

    assert answer.status_code == 200
    assert [line["net"] for line in Order.objects.get().snapshot["lines"]] == [3000, 2050]
    assert earned() == 505


def test_lines_may_be_json_in_a_parameter(door: Connection) -> None:
    send(door, **SALE, lines=json.dumps([{"sku": "MUG", "net": "30.00"}]))

    assert earned() == 300


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        (lambda: "order=1&total=1.00&currency=EUR", 401, "The request is not signed"),
        (lambda: signed(secret="another", **SALE), 401, "The signature is wrong"),
        (lambda: signed(**SALE) + "&status=void", 401, "The signature is wrong"),
        (lambda: signed(ago=601, **SALE), 401, "The time (ts) is more than ten minutes off"),
        (lambda: signed(ago=-660, **SALE), 401, "The time (ts) is more than ten minutes off"),
        (lambda: signed(**SALE, ts="soon"), 401, "The time (ts) is more than ten minutes off"),
        (lambda: signed(**SALE, ts="99999999999"), 401, "The time (ts) is more than ten minutes off"),
        (lambda: signed(**SALE).replace("sig=", "sig=%C3%BC"), 401, "The signature is wrong"),
        (lambda: signed(**SALE) + "&total=1.00", 400, "The parameter “total” stands twice."),
        (lambda: "&".join(f"p{n}=1" for n in range(101)), 400, "There are more than 100 parameters."),
    ],
)
def test_what_is_not_genuine_is_told_why_and_not_kept(
    door: Connection, query: Callable[[], str], status: int, sentence: str
) -> None:
    answer = get(door, query())

    assert answer.status_code == status
    assert answer.content.decode().startswith(sentence)
    assert Inbound.objects.count() == 0


def test_json_that_is_not_genuine_is_not_kept(door: Connection) -> None:
    body = json.dumps(SALE).encode()

    answers = [
        json_post(door, body, sig="0" * 64),
        json_post(door, body, ts=seconds(601)),
        json_post(door, body, query="?status=void"),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 400]
    assert Inbound.objects.count() == 0


def test_wrong_signature_is_noted_an_unsigned_request_is_not(door: Connection) -> None:
    get(door, "order=1")
    door.refresh_from_db()
    unsigned = door.last_error
    get(door, signed(secret="another", **SALE))
    door.refresh_from_db()

    assert unsigned == ""
    assert door.last_error == actions.connections.wrong_signature()


def test_clock_that_is_wrong_is_noted_until_it_is_right(door: Connection) -> None:
    get(door, signed(ago=3600, **SALE))
    door.refresh_from_db()
    noted = door.last_error
    get(door, signed(**SALE))
    door.refresh_from_db()

    assert (noted, door.last_error) == (actions.connections.wrong_clock(), "")


def test_unknown_address_and_that_of_a_webhook_are_nobody(door: Connection, connection: Connection) -> None:
    query = signed(**SALE)

    assert Client().get(f"/postback/{uuid4()}?{query}").status_code == 404
    assert Client().get(f"/postback/{connection.public_id}?{query}").status_code == 404
    assert (
        Client().post(f"/hooks/{door.public_id}", b"{}", content_type="application/json").status_code == 404
    )


def test_secret_of_another_company_opens_nothing(door: Connection, stranger: Enrollment) -> None:
    makers.make_connection(
        stranger.program, connector="postback", secrets={"webhook_secret": "hers"}, source="tracker"
    )

    answer = get(door, signed(secret="hers", **SALE))

    assert answer.status_code == 401
    assert Order.objects.count() == 0


def test_large_body_and_other_methods_are_refused(door: Connection) -> None:
    address = f"/postback/{door.public_id}"
    large = Client().post(address, b"a" * 64_001, content_type="application/x-www-form-urlencoded")

    assert large.status_code == 413
    assert [getattr(Client(), method)(address).status_code for method in ("put", "delete", "head")] == [
        405
    ] * 3


def test_former_secret_is_good_until_the_next_rotation(door: Connection, merchant: Any) -> None:
    actions.rotate_secret(door)
    once = get(door, signed(**SALE)).status_code
    door.refresh_from_db()
    actions.rotate_secret(door)
    door.refresh_from_db()

    assert (once, get(door, signed(**SALE)).status_code) == (200, 401)


def test_connecting_is_for_managers_and_makes_a_secret(anna: Enrollment, eve: User) -> None:
    made = actions.connect(anna.program, connector="postback", name="Tracker", source="tracker")

    assert len(made.secrets["webhook_secret"]) >= 40
    with pytest.raises(PermissionError):
        actions.connect(anna.program, connector="postback", name="Hers", source="hers", actor=eve)
    with pytest.raises(ValueError, match="reserved"):
        actions.connect(anna.program, connector="postback", name="Clicks", source="clicks")
    assert Connection.objects.count() == 1


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl")
def test_line_to_try_it_signs_as_we_check(door: Connection) -> None:
    _title, line = examples(actions.delivery_url(door), "EUR")[-1]
    shell = line.replace("SECRET", SECRET).replace("curl ", "echo ")

    said = subprocess.run(["sh", "-c", shell], check=True, capture_output=True, text=True).stdout.strip()
    answer = get(door, said.partition("?")[2])
    work()

    assert answer.status_code == 200
    assert (Order.objects.get().state, Conversion.objects.count()) == ("open", 0)


@pytest.mark.django_db(transaction=True)
def test_two_doors_at_once_book_one_order_once(door: Connection, anna: Enrollment) -> None:
    from commissions.actions import take_orders

    get(door, signed(**SALE))
    order = makers.make_order("1001", source="tracker", ref=anna.code)

    at_once([work, lambda: take_orders(anna.program, [order], mode="create")])
    work()

    assert Order.objects.count() == 1
    assert earned() == 1000


def test_urlencoded_by_python_is_genuine(door: Connection) -> None:
    """What any form library sends is fine as long as the signature is over the canonical line."""
    told = {**SALE, "ts": seconds(), "customer": "a~b*c d"}
    line = "&".join(sorted(f"{name}={quote(value, safe='-._~')}" for name, value in told.items()))
    sig = hmac.new(SECRET.encode(), line.encode(), hashlib.sha256).hexdigest()

    assert get(door, urlencode({**told, "sig": sig})).status_code == 200
