"""The page Traffic: one's own clicks, in words, helpful while empty."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from affiliates import actions
from affiliates.models import Enrollment
from core.models import User
from portal.affiliate.traffic import Row
from portal.count_charts import count_chart
from portal.models import Brand
from tests import makers

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]


def click(enrollment: Enrollment, minutes: float = 5, **fields: object) -> None:
    makers.make_click(enrollment, timezone.now() - timedelta(minutes=minutes), is_read=True, **fields)


def test_tables_are_in_words(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    landing = "https://shop.example.com/mugs?tid=1"
    click(ann, source="ai", device="mobile", country="IE", browser="", sub_ids=["blog"], landing=landing)
    click(ann, 6, source="ai", device="desktop")
    click(ann, 7, source="search", device="desktop")

    tables = {table.key: table.rows for table in enter(ann).get("/traffic/").context["tables"]}

    assert tables["source"] == [Row("AI assistant", "", 2, 0, "67"), Row("Search", "", 1, 0, "33")]
    assert tables["country"][1] == Row("Ireland", "", 1, 0, "33")
    assert tables["browser"] == [Row("Not known", "", 3, 0, "100")]
    assert tables["sub_ids"] == [Row("blog", "s1", 1, 0, "33")]
    assert tables["page"] == [Row("Not known", "", 2, 0, "67"), Row("/mugs", "", 1, 0, "33")]


def test_pages_of_several_hosts_are_told_with_their_host(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    for number, host in enumerate(("shop", "journal")):
        click(ann, number, landing=f"https://{host}.example.com/")

    pages = next(table.rows for table in enter(ann).get("/traffic/").context["tables"] if table.key == "page")

    assert [row.words for row in pages] == ["journal.example.com", "shop.example.com"]


def test_clicks_of_others_are_not_counted(
    enter: Enter, ann: Enrollment, bob: Enrollment, brand: Brand
) -> None:
    click(bob, source="ai")

    found = enter(ann).get("/traffic/").context["traffic"]

    assert (found.clicks, found.tables["source"]) == (0, [])


@pytest.mark.parametrize(
    ("asked", "days"), [("7", 7), ("90", 90), ("", 30), ("8", 30), ("-1", 30), ("\u0667", 30)]
)
def test_period_is_one_of_three(enter: Enter, ann: Enrollment, brand: Brand, asked: str, days: int) -> None:
    answer = enter(ann).get("/traffic/", {"days": asked})

    assert (answer.context["days"], len(answer.context["traffic"].days)) == (days, days)


def test_empty_page_says_what_to_do(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    page = enter(ann).get("/traffic/").content.decode()

    assert page.count("No clicks in these days") == 1
    assert page.count("Go to your links") == 1


def test_suspended_affiliate_is_not_sent_to_make_links(
    enter: Enter, ann: Enrollment, brand: Brand, mia: User
) -> None:
    actions.suspend(ann, reason="Ads on our name.", actor=mia)

    assert enter(ann).get("/traffic/").content.decode().count("Go to your links") == 0


def test_what_a_stranger_sent_is_text(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    click(ann, landing="https://shop.example.com/<script>alert(1)</script>", sub_ids=["<b>x"], browser="<u>x")

    page = enter(ann).get("/traffic/").content.decode()

    assert [mark for mark in ("<script>alert", "<b>x", "<u>x") if mark in page] == []


def test_queries_do_not_grow_with_clicks(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    client = enter(ann)
    click(ann, source="ai", sub_ids=["a"])
    client.get("/traffic/")
    with CaptureQueriesContext(connection) as one:
        client.get("/traffic/")
    for number in range(5):
        click(ann, number + 10, source="search", country="IE", sub_ids=[f"b{number}"])

    with CaptureQueriesContext(connection) as six:
        client.get("/traffic/")

    assert len(six) == len(one)


@pytest.mark.parametrize(
    ("most", "ticks"),
    [(0, [4, 3, 2, 1, 0]), (5, [6, 4, 2, 0]), (40, [40, 30, 20, 10, 0]), (41, [60, 40, 20, 0])],
)
def test_scale_is_of_round_numbers(most: int, ticks: list[int]) -> None:
    assert count_chart([(date(2026, 11, 2), most, 0)]).ticks == ticks


@pytest.mark.parametrize(
    ("days", "labels"),
    [(1, []), (7, [0, 1, 2, 3, 4, 5, 6]), (30, [0, 7, 14, 22, 29]), (90, [0, 22, 44, 67, 89])],
)
def test_labels_stand_below_their_days_and_the_last_is_the_end(days: int, labels: list[int]) -> None:
    first = date(2026, 11, 2)

    chart = count_chart([(first + timedelta(days=day), 1, 0) for day in range(days)])

    assert [(label - first).days for label in chart.labels] == labels


def test_repeats_stand_on_top_of_the_day_s_clicks() -> None:
    column = count_chart([(date(2026, 11, 2), 3, 1)]).columns[0]

    assert (column.y, column.height, column.above_y, column.above_height) == (25, 75, 0, 25)
