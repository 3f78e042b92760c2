"""What an order tells of its buyer: marks are kept, the IP and the address nowhere, and no affiliate sees any of it."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from affiliates.models import Enrollment
from portal.models import Answer
from tests import makers
from tests.portal.api.machine import Machine, order, pointers
from tracking.buyers import address_mark, network_mark
from tracking.models import Order

pytestmark = pytest.mark.django_db
IP, STREET = "198.51.100.7", "Hauptstr. 5"
BUYER: dict[str, Any] = {
    "buyer_ip": IP,
    "shipping_address": {"street": STREET, "postcode": "10115", "country": "de"},
    "payer_country": "fr",
    "risk": {"level": "high", "by": "radar"},
}
NOTES = {
    "ship_to_mark": address_mark(STREET, "10115", "DE"),
    "network_mark": network_mark(IP),
    "payer_country": "FR",
    "risk": "high",
    "risk_by": "radar",
}


def stored() -> str:
    """Every value of every table."""
    tables = [model.objects.values_list() for model in apps.get_models()]
    return "\n".join(str(list(rows)) for rows in tables)


def metadata() -> dict[str, Any]:
    found: dict[str, Any] = Order.objects.get().snapshot["metadata"]
    return found


def test_address_and_ip_become_marks(machine: Machine, ann: Enrollment) -> None:
    answer = machine.post("/conversions", order(**BUYER, metadata={"campaign": "autumn"}))

    assert (answer.status_code, metadata()) == (201, {"campaign": "autumn", **NOTES})


@pytest.mark.parametrize("door", ["one", "many", "changed"])
def test_address_and_ip_are_kept_nowhere(machine: Machine, ann: Enrollment, door: str) -> None:
    said, key = order(**BUYER), {"Idempotency_Key": "k1"}
    if door == "one":
        machine.post("/conversions", said, **key)
    elif door == "many":
        machine.post("/conversions/bulk", {"items": [said]}, **key)
    else:
        machine.post("/conversions", order())
        machine.put("/conversions/by-source/shop-eu/1001", said | {"total": "120.00"}, **key)

    assert metadata() == NOTES
    everything = stored()
    assert NOTES["ship_to_mark"] in everything
    assert [word for word in (IP, "198.51.100", STREET, "10115") if word in everything] == []


def plain_digest(body: Any) -> str:
    """What anybody could work out who tries all addresses."""
    said = ["POST", "/api/v1/conversions", body]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@pytest.mark.parametrize(("said", "is_plain"), [({}, True), (BUYER, False), ({"buyer_ip": IP}, False)])
def test_request_is_remembered_by_a_digest_that_nobody_can_try_out(
    machine: Machine, ann: Enrollment, said: dict[str, Any], is_plain: bool
) -> None:
    body = order(**said)
    machine.post("/conversions", body, Idempotency_Key="k1")

    again = machine.post("/conversions", body, Idempotency_Key="k1")
    other = machine.post("/conversions", {**body, "buyer_ip": "198.51.100.8"}, Idempotency_Key="k1")

    assert (again.headers["Idempotent-Replayed"], other.status_code) == ("true", 422)
    assert (Answer.objects.get().request_hash == plain_digest(body)) is is_plain


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (dict.fromkeys(BUYER), {}),
        ({"buyer_ip": "", "payer_country": ""}, {}),
        ({"buyer_ip": "10.1.2.3"}, {}),
        ({"buyer_ip": "2001:db8:1:2::3"}, {"network_mark": network_mark("2001:db8:1::")}),
        ({"shipping_address": {"street": STREET, "country": "DE"}}, {}),
        ({"risk": {"level": "low"}}, {"risk": "low", "risk_by": "shop-eu"}),
        ({"risk": {"level": "", "by": "radar"}}, {}),
    ],
)
def test_what_says_nothing_is_left_out(
    machine: Machine, ann: Enrollment, said: dict[str, Any], kept: dict[str, str]
) -> None:
    answer = machine.post("/conversions", json.dumps(order(**said)))

    assert (answer.status_code, metadata()) == (201, kept)


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"buyer_ip": "somebody"}, "/buyer_ip"),
        ({"buyer_ip": 7}, "/buyer_ip"),
        ({"buyer_ip": "1" * 65}, "/buyer_ip"),
        ({"shipping_address": STREET}, "/shipping_address"),
        ({"shipping_address": {"street": STREET}}, "/shipping_address/country"),
        ({"shipping_address": {"street": STREET, "country": "DE", "city": "Ulm"}}, "/shipping_address/city"),
        ({"shipping_address": {"street": "s" * 201, "country": "DE"}}, "/shipping_address/street"),
        ({"payer_country": "FRA"}, "/payer_country"),
        ({"risk": "high"}, "/risk"),
        ({"risk": {"by": "radar"}}, "/risk/level"),
        ({"metadata": {"network_mark": "f" * 64}}, "/metadata/network_mark"),
        ({"metadata": {"ship_to_mark": STREET}}, "/metadata/ship_to_mark"),
    ],
)
def test_what_cannot_be_is_refused_and_not_repeated(
    machine: Machine, ann: Enrollment, said: dict[str, Any], pointer: str
) -> None:
    answer = machine.post("/conversions", json.dumps(order(**said)))

    assert (answer.status_code, pointers(answer)) == (422, [pointer])
    assert (STREET in answer.content.decode(), Order.objects.count()) == (False, 0)


def test_no_affiliate_sees_what_was_told_of_a_buyer(
    machine: Machine, ann: Enrollment, enter: Callable[[Any], Client]
) -> None:
    makers.make_brand(ann.program.merchant, ann.program)
    said = machine.post("/conversions", order(**BUYER | {"risk": {"level": "highest", "by": "radar"}})).json()
    commission = said["commissions"][0]["id"]

    affiliate = enter(ann)
    pages = [affiliate.get(path) for path in ("/overview/", "/earnings/", f"/earnings/{commission}/")]

    shown = "".join(page.content.decode() for page in pages)
    assert ([page.status_code for page in pages], "8.39" in shown) == ([200, 200, 200], True)
    told = (
        NOTES["ship_to_mark"],
        NOTES["network_mark"],
        "highest",
        "radar",
        IP,
        STREET,
        "ship_to",
        "payer_country",
    )
    assert [word for word in told if word in shown] == []
