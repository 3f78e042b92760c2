"""The managers' list of clicks: filters, no query per row, an end to counting; and one click's way to its order."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from affiliates.models import Enrollment
from commissions import actions as commissions
from core.models import User
from tests import makers
from tests.makers import NOON
from tracking import click_admin
from tracking.models import Click
from tracking.orders import Evidence

Enter = Callable[[Any], Client]
LIST = "admin:tracking_click_changelist"


def click(enrollment: Enrollment, days: float = 0, **fields: Any) -> Click:
    return makers.make_click(enrollment, NOON - timedelta(days=days), **fields)[0]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, 4),
        ({"who": "people"}, 2),
        ({"who": "repeats"}, 1),
        ({"who": "machines"}, 1),
        ({"source": "ai"}, 1),
        ({"device": "mobile"}, 1),
        ({"on": "2026-11"}, 3),
        ({"on": "2026-11-01"}, 1),
        ({"on": "2026-10"}, 1),
        ({"on": "2025-12"}, 0),
    ],
)
def test_filters_find(ann: Enrollment, olga: User, enter: Enter, asked: dict[str, str], found: int) -> None:
    click(ann, source="ai", device="mobile")
    click(ann, 0.1, is_duplicate=True)
    click(ann, 1, is_bot=True)
    click(ann, 5)

    answer = enter(olga).get(reverse(LIST), asked)

    assert (answer.status_code, answer.context["cl"].result_count) == (200, found)


@pytest.mark.parametrize("on", ["yesterday", "2026-13", "2026-02-30", "0000-01", "9999-12"])
def test_time_that_is_none_leads_to_the_whole_list(
    ann: Enrollment, olga: User, enter: Enter, on: str
) -> None:
    answer = enter(olga).get(reverse(LIST), {"on": on})

    assert (answer.status_code, answer["Location"]) == (302, reverse(LIST))


def test_month_offers_its_days(ann: Enrollment, olga: User, enter: Enter) -> None:
    answer = enter(olga).get(reverse(LIST), {"on": "2026-02"})

    chosen = next(spec for spec in answer.context["cl"].filter_specs if spec.parameter_name == "on")
    assert len(chosen.lookup_choices) == 1 + 28


def test_queries_do_not_grow_with_clicks(ann: Enrollment, olga: User, enter: Enter) -> None:
    client = enter(olga)
    click(ann)
    client.get(reverse(LIST))
    with CaptureQueriesContext(connection) as one:
        client.get(reverse(LIST))
    for days in (1, 2, 3):
        click(ann, days)

    with CaptureQueriesContext(connection) as four:
        client.get(reverse(LIST))

    assert len(four) == len(one)


def test_counting_ends_where_nobody_turns_pages(
    ann: Enrollment, olga: User, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(click_admin, "COUNTED", 2)
    for days in (1, 2, 3):
        click(ann, days)

    assert enter(olga).get(reverse(LIST)).context["cl"].result_count == 2


def test_what_a_stranger_sent_is_text(ann: Enrollment, olga: User, enter: Enter) -> None:
    one = click(
        ann,
        referrer="https://<b>x/<script>",
        landing="javascript:alert(1)<script>",
        browser="<u>x",
        sub_ids=["<i>x"],
    )
    client = enter(olga)

    pages = [client.get(reverse(LIST)), client.get(reverse("admin:tracking_click_change", args=[one.pk]))]

    text = "".join(page.content.decode() for page in pages)
    assert [mark for mark in ("<b>x", "<script>", "<u>x", "<i>x", 'href="javascript') if mark in text] == []


def test_page_of_a_click_leads_to_its_order(
    ann: Enrollment, bob: Enrollment, olga: User, enter: Enter
) -> None:
    visitor = uuid4()
    one = click(ann, 2, visitor=visitor)
    _click, tid = makers.make_click(bob, NOON - timedelta(hours=1), visitor=visitor)
    order = makers.make_order("77", evidence=Evidence(tid=tid))
    taken = commissions.take_orders(ann.program, [order], at=NOON)[0]
    assert taken.conversion

    page = enter(olga).get(reverse("admin:tracking_click_change", args=[one.pk])).content.decode()

    assert page.count(reverse("admin:tracking_conversion_change", args=[taken.conversion.pk])) == 1
    assert page.count("credited to Bob Baker") == 1


def test_clicks_are_not_written_by_hand(ann: Enrollment, olga: User, enter: Enter) -> None:
    one = click(ann)
    address = reverse("admin:tracking_click_change", args=[one.pk])

    codes = [
        enter(olga).post(address, {"country": "XX"}).status_code,
        enter(olga).get(reverse("admin:tracking_click_add")).status_code,
    ]

    assert (codes, Click.objects.get(pk=one.pk).country) == ([403, 403], "")


@pytest.mark.parametrize(
    ("came", "network", "asked"),
    [
        ({}, "203.0.113.0", "–"),
        (
            {"network_kind": "data-center", "fetch_dest": "image", "fetch_user": False},
            "203.0.113.0, data center",
            "image, nobody asked",
        ),
        (
            {"network_kind": "", "fetch_dest": "document", "fetch_user": True},
            "203.0.113.0",
            "document, a person asked",
        ),
        ({"network_kind": "proxy", "fetch_dest": "iframe", "ip": ""}, "proxy", "iframe"),
    ],
)
def test_page_says_how_the_click_came(
    ann: Enrollment, olga: User, enter: Enter, came: dict[str, Any], network: str, asked: str
) -> None:
    row = click(ann, **{"ip": "203.0.113.0", **came})

    page = enter(olga).get(reverse("admin:tracking_click_change", args=[row.pk]))

    shown = click_admin.ClickAdmin(Click, page.context["adminform"].model_admin.admin_site)
    assert (shown.network(row), shown.loaded_as(row)) == (network, asked)
    assert all(word in page.content.decode() for word in (network, asked))
