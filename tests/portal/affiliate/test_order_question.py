"""Missing an order? The reason in words, one's own touches only, and not for trying out numbers."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from affiliates.models import Enrollment
from commissions import actions as commissions
from core.models import User
from portal.affiliate.order_question import HOUR, QUESTIONS, may_ask
from portal.models import Brand
from tests import makers
from tracking.models import Order
from tracking.orders import Evidence

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]
ADDRESS = "/earnings/question/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def asked(ann: Enrollment, bob: Enrollment) -> dict[str, str]:
    """The question about an order before which Ann and then Bob were clicked, and Bob was credited."""
    at, visitor = timezone.now() - timedelta(days=2), uuid4()
    makers.make_click(ann, at - timedelta(hours=5), visitor=visitor)
    _click, tid = makers.make_click(bob, at - timedelta(hours=1), visitor=visitor)
    order = makers.make_order(
        "4711", evidence=Evidence(tid=tid), occurred_at=at, captured_at=at, revision_at=at
    )
    commissions.take_orders(ann.program, [order], at=at)
    return {"order": "#4711 ", "day": f"{at:%Y-%m-%d}"}


def test_form_waits_for_a_question(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    answer = enter(ann).get(ADDRESS)

    assert (answer.status_code, answer.context.get("answer")) == (200, None)
    assert answer["Cache-Control"].count("no-store") == 1


def test_who_lost_reads_why_and_sees_own_clicks_only(
    enter: Enter, ann: Enrollment, brand: Brand, asked: dict[str, str]
) -> None:
    answer = enter(ann).post(ADDRESS, asked)

    told = answer.context["answer"]
    page = answer.content.decode()
    assert (told.found, len(told.touches)) == (True, 1)
    assert [word for word in ("Bob", "bob-baker", "example.net", "100.00") if word in page] == []


def test_who_won_is_told_so(enter: Enter, bob: Enrollment, brand: Brand, asked: dict[str, str]) -> None:
    told = enter(bob).post(ADDRESS, asked).context["answer"]

    assert (told.found, [touch.share for touch in told.touches]) == (True, [1])


def test_an_order_of_others_answers_like_one_that_does_not_exist(
    enter: Enter, sue: Enrollment, brand: Brand, asked: dict[str, str]
) -> None:
    client = enter(sue)

    others, nothing = (client.post(ADDRESS, asked | {"order": number}) for number in ("4711", "4712"))

    assert others.context["answer"] == nothing.context["answer"]
    assert "Your part in it" not in nothing.content.decode()  # the sentences have said that there is none
    assert others.content.decode().replace("4711", "…").count("…") == nothing.content.decode().replace(
        "4712", "…"
    ).count("…")


def test_htmx_gets_the_part_alone(enter: Enter, ann: Enrollment, brand: Brand, asked: dict[str, str]) -> None:
    answer = enter(ann).post(ADDRESS, asked, headers=HTMX)

    assert answer.templates[0].name == "affiliate/order_question_work.html"
    assert answer.context["answer"].found is True


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({}, ["order", "day"]),
        ({"order": "#", "day": "2026-01-02"}, ["order"]),
        ({"order": "4711", "day": "0001-01-01"}, ["day"]),
        ({"order": "4711", "day": "9999-12-31"}, ["day"]),
        ({"order": "4711", "day": "yesterday"}, ["day"]),
        ({"order": "47\x0011", "day": "2026-01-02"}, ["order"]),
        ({"order": "4" * 121, "day": "2026-01-02"}, ["order"]),
    ],
)
def test_what_is_no_question_is_said_at_its_field(
    enter: Enter, ann: Enrollment, brand: Brand, form: dict[str, str], wrong: list[str]
) -> None:
    answer = enter(ann).post(ADDRESS, form)

    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == wrong
    assert answer.context.get("answer") is None


def test_too_many_questions_get_a_kind_sentence_and_no_answer(
    enter: Enter, ann: Enrollment, bob: Enrollment, brand: Brand, asked: dict[str, str]
) -> None:
    client, user, now = enter(ann), ann.affiliate.user, time.time()
    assert user
    first = client.post(ADDRESS, asked)
    for moment in (now, now + HOUR):  # the clock may strike before the next question
        for _question in range(QUESTIONS):
            may_ask(user, moment)

    refused = client.post(ADDRESS, asked)

    assert first.status_code == 200
    assert (refused.status_code, refused.context.get("answer")) == (429, None)
    assert refused.content.decode().count("many questions within an hour") == 1
    assert enter(bob).post(ADDRESS, asked).status_code == 200


def test_the_next_hour_begins_anew(ann: Enrollment) -> None:
    user: Any = ann.affiliate.user
    hour = [may_ask(user, 7200.0 + second) for second in range(QUESTIONS + 1)]

    assert hour == [True] * QUESTIONS + [False]
    assert may_ask(user, 10800.0) is True
    cache.clear()


def test_asking_changes_nothing(enter: Enter, ann: Enrollment, brand: Brand, asked: dict[str, str]) -> None:
    before = list(Order.objects.values())

    enter(ann).post(ADDRESS, asked)

    assert list(Order.objects.values()) == before


def test_pages_that_show_earnings_lead_here(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    client = enter(ann)

    links = [
        client.get(page).content.decode().count(f'href="{ADDRESS}"') for page in ("/overview/", "/earnings/")
    ]

    assert links == [1, 1]
