"""The guide for REST hooks, its part in the console: the key, and what stands there. The rest is followed with curl."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from affiliates.models import Enrollment
from commissions.actions import take_orders
from integrations.models import Connection
from integrations.news import sample
from tests import makers
from tests.fakes.receiver import FakeReceiver
from tests.integrations.console import Console, follow, work
from tracking.orders import Evidence

__all__ = ["follow"]  # a fixture


@pytest.fixture
def console(follow: Callable[[str], Console], anna: Enrollment) -> Console:
    return follow("rest-hooks")


def make_key(console: Console, *scopes: str) -> str:
    """Make a key in the console; it is shown once."""
    console.go("API keys", "Make a key")
    console.fill("Make the key", {"Program": "Partner program", "Name": "Zapier", "Scopes": list(scopes)})
    (text,) = set(re.findall(r"\btk_\w+", console.page.text))
    return text


def subscription(console: Console, target: str) -> dict[str, Any]:
    """What the guide's command subscribes with."""
    (told,) = re.findall(r'-d "(\{.*\})"\n', console.guide.text)
    made: dict[str, Any] = json.loads(told.replace('\\"', '"').replace("$TARGET", target))
    return made


def ask(key: str, method: str, path: str, body: Any = None) -> Any:
    call = getattr(Client(), method)
    told = {} if body is None else {"data": body, "content_type": "application/json"}
    return call(f"/api/v1{path}", headers={"Authorization": f"Bearer {key}"}, **told)


def sell(anna: Enrollment, number: str, source: str) -> None:
    now = timezone.now()
    times = {"occurred_at": now, "captured_at": now, "revision_at": now}
    order = makers.make_order(number, source=source, evidence=Evidence(ref="anna"), **times)
    take_orders(anna.program, [order], at=now)
    work()


def test_key_of_the_console_subscribes_and_hears(
    console: Console, receiver: FakeReceiver, anna: Enrollment
) -> None:
    key = make_key(console, "hooks", "conversions:read")
    wanted = subscription(console, receiver.url("/catch/1/abc"))
    made, again = (ask(key, "post", "/hook-subscriptions", wanted) for _turn in range(2))
    source = wanted["filters"]["order.source"]
    sell(anna, "1", source)
    sell(anna, "2", "till")

    assert (made.status_code, again.status_code) == (201, 200)
    assert [arrival.told["data"]["order"]["number"] for arrival in receiver.arrivals] == ["1"]
    console.again(Connection.objects.get(pk=made.json()["id"]))
    console.sees("Messages go out.")
    ended = [ask(key, "delete", f"/hook-subscriptions/{made.json()['id']}").status_code for _turn in range(2)]
    assert ended == [204, 204]


def test_key_that_may_not_read_does_not_hear(
    console: Console, receiver: FakeReceiver, anna: Enrollment
) -> None:
    key = make_key(console, "hooks")

    refused = ask(key, "post", "/hook-subscriptions", subscription(console, receiver.url("/catch/1/abc")))

    assert refused.status_code in (403, 422)
    assert not Connection.objects.exists()


def test_example_has_the_fields_that_are_told(console: Console) -> None:
    (text,) = [block for block in console.guide.blocks("json") if "commission.approved" in block]
    told = json.loads(text)

    assert paths(told["data"]) - paths(sample("commission.approved")) == set()


def paths(value: Any, way: str = "") -> set[str]:
    """The ways to all fields of an object; “…” stands for more of them."""
    if not isinstance(value, dict):
        return {way}
    return {
        one
        for name, inner in value.items()
        if name != "…"
        for one in paths(inner, f"{way}.{name}" if way else name)
    } | {way}
