"""The guide for postbacks, followed by a manager in the console and a system that signs as the guide says."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from affiliates.models import Enrollment
from integrations.models import Connection
from tests import makers
from tests.integrations.console import Console, Guide, follow, work
from tests.integrations.postbacks import earned
from tracking.models import Order, Refund

__all__ = ["follow"]  # a fixture
SALE = {"order": "1001", "total": "129.90", "currency": "EUR", "ref": "anna"}


@pytest.fixture
def console(follow: Callable[[str], Console], anna: Enrollment) -> Console:
    return follow("postback")


def opened(console: Console) -> tuple[Connection, str, str]:
    """“Open the door”: the connection, its address and its secret as the page shows them."""
    row = console.connect("Postback", {"Name": "Tracker", "Source": "tracker"})
    console.reads("What to call", "Latest messages")
    console.go("Show the secret")
    address = re.search(r"https://partners\.example\.com/postback/[\w-]+", console.page.text)
    assert address is not None
    secret = row.secrets["webhook_secret"]
    console.sees(secret)
    return row, urlsplit(address[0]).path, secret


def signer(guide: Guide) -> Callable[..., str]:
    """The guide's own code that signs."""
    names: dict[str, Any] = {}
    exec(guide.blocks("python")[0], names)
    sign: Callable[..., str] = names["signed"]
    return sign


def test_sale_signed_by_the_code_of_the_guide_earns_and_ends(console: Console) -> None:
    row, path, secret = opened(console)
    sign = signer(console.guide)
    answers = [Client().get(f"{path}?{sign(SALE, secret)}")]
    work()
    sold = earned()
    refund = {"event": "refund", "order": "1001", "refund": "R1", "amount": "12.99"}
    answers.append(
        Client().post(path, sign(refund, secret), content_type="application/x-www-form-urlencoded")
    )
    work()
    returned = earned()
    off = sign({"order": "1001", "status": "void"}, secret)
    answers.append(Client().get(f"{path}?{off}"))
    work()

    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"OK")] * 3
    assert (sold, returned, earned()) == (1299, 1169, 0)
    assert Refund.objects.count() >= 1
    console.again(row)
    console.sees("1001")


def test_line_of_the_guide_is_what_is_signed(console: Console) -> None:
    (line,) = re.findall(r"^(currency=EUR&.*)$", console.guide.text, re.MULTILINE)
    told = dict(part.split("=") for part in line.replace("a%20b", "a b").split("&") if "ts=" not in part)

    signed = signer(console.guide)(told, "s3cret")

    assert re.sub(r"&ts=\d+&sig=.*", "", signed) == line.rpartition("&ts=")[0]


def test_json_is_signed_by_two_headers(console: Console) -> None:
    _row, path, secret = opened(console)
    body, at = json.dumps(SALE).encode(), str(int(timezone.now().timestamp()))
    signature = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-Timestamp": at, "X-Signature": f"sha256={signature}"}
    assert all(console.guide.names(name) for name in headers)

    answer = Client().post(path, body, content_type="application/json", headers=headers)
    work()

    assert (answer.status_code, earned()) == (200, 1299)


def test_every_parameter_of_the_table_is_understood(console: Console, anna: Enrollment) -> None:
    _row, path, secret = opened(console)
    table = re.findall(r"^\| (`.*?) \| (.*?) \|$", console.guide.section("What to send"), re.MULTILINE)
    lines = re.findall(r"`(\[\{.*?\}\])`", console.guide.text)[0]
    told = {
        **SALE,
        "tid": makers.make_click(anna, timezone.now())[1],
        "coupon": "anna15",
        "goal": "sale",
        "status": "sale",
        "tax": "20.74",
        "shipping": "4.90",
        "customer": "c-7",
        "email": "buyer@example.com",
        "country": "DE",
        "occurred_at": f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}",
        "channel": "telephone",
        "lines": lines,
    }
    Client().get(f"{path}?{signer(console.guide)(told, secret)}")
    work()

    named = {name for cell, _what in table for name in re.findall(r"`(\w+)`", cell)}
    order = Order.objects.get()
    assert named - {"ts", "sig", "coupons"} == set(told)
    assert (order.total, order.snapshot["channel"], order.snapshot["customer"]["country"]) == (
        12990,
        "telephone",
        "DE",
    )
    assert [line["net"] for line in order.snapshot["lines"]] == [8386]


def test_unsigned_and_old_requests_are_refused_as_the_table_says(console: Console) -> None:
    _row, path, secret = opened(console)
    good = signer(console.guide)(SALE, secret)
    table = dict(
        re.findall(r"^\| (\d+)[^|]* \| (.*?) \|$", console.guide.section("What is answered"), re.MULTILINE)
    )
    answers = {
        "wrongly signed": Client().get(f"{path}?{good}0"),
        "stands twice": Client().get(f"{path}?{good}&order=1"),
        "no such address": Client().get(f"/postback/{'0' * 8}-0000-4000-8000-{'0' * 12}?{good}"),
    }

    for words, answer in answers.items():
        assert words in table[str(answer.status_code)], (words, answer.status_code)
    assert not Order.objects.exists()
