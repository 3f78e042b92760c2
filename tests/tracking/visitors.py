"""Visitors who follow links, and a database that is away."""

import asyncio
import json
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
from django.db import connection, transaction

from affiliates.models import Affiliate, AttributionTerms, Enrollment, Link, Merchant, Program
from affiliates.states import EnrollmentState
from tracking import clickid
from tracking.edge.rows import ClickRow

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
SHOP = "https://shop.example.com/"


def make_link():
    """The link `ann` to a page of the shop."""
    merchant = Merchant.objects.create(name="Shop", slug="shop")
    program = Program.objects.create(
        merchant=merchant,
        name="Shop",
        slug="shop",
        currency="EUR",
        home_url=SHOP,
        allowed_hosts=["shop.example.com"],
        tag_key="key",
        asks_consent=False,
    )
    AttributionTerms.objects.create(
        program=program, effective_at=datetime(2020, 1, 1, tzinfo=UTC), window_hours=24
    )
    affiliate = Affiliate.objects.create(merchant=merchant, name="Ann", email="ann@example.com")
    enrollment = Enrollment.objects.create(
        program=program, affiliate=affiliate, code="ann", state=EnrollmentState.ACTIVE
    )
    return Link.objects.create(enrollment=enrollment, code="ann", destination=f"{SHOP}shoes?color=red#top")


async def ask(edge, path="/r/ann", method="GET", body=b"", **headers):
    transport = httpx.ASGITransport(app=edge, client=("203.0.113.77", 4000))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(transport=transport, base_url="http://go.example.com") as client:
        return await client.request(method, path, content=body, headers=BROWSER | named)


def follow(edge, path="/r/ann", method="GET", body=b"", **headers):
    return asyncio.run(ask(edge, path, method, body, **headers))


def tid_of(answer):
    return parse_qs(urlsplit(answer.headers["location"]).query)["tid"][0]


def lines(edge):
    return [
        json.loads(line)
        for path in edge.journal.folder.glob("*.jsonl")
        for line in path.read_text().splitlines()
    ]


@contextmanager
def blocked_database():
    """Hold what every writer of clicks needs."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "LOCK TABLE tracking_click, tracking_impression, tracking_beacon IN EXCLUSIVE MODE"
            )
        yield


def request():
    return {
        "type": "http",
        "method": "GET",
        "path": "/r/ann",
        "query_string": b"",
        "headers": [(b"user-agent", BROWSER["user-agent"].encode())],
        "client": ("203.0.113.77", 1),
    }


def row(number=1, **changes):
    uuid = clickid.issue(number, datetime(2026, 1, 1, tzinfo=UTC))[0]
    plain = ClickRow(
        uuid, number, 1, 1, None, "2026-01-01 00:00:00.000000", None, "", "", "", SHOP, "[]", False
    )
    return plain._replace(**changes)
