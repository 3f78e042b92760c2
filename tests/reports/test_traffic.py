"""Where clicks came from: people only, repeats apart, own rows only, in a fixed number of queries."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from affiliates.models import Enrollment
from commissions import actions as commissions
from core.models import User
from reports import click_roads
from reports.traffic import MOST_ROWS, Line, traffic
from tests import makers
from tests.makers import NOON
from tracking.orders import Evidence

NOW = NOON + timedelta(hours=1)


def clicked(enrollment: Enrollment, minutes: float = 0, **fields: Any) -> str:
    return makers.make_click(enrollment, NOON - timedelta(minutes=minutes), is_read=True, **fields)[1]


def sold(enrollment: Enrollment, tid: str, number: str = "") -> Any:
    return commissions.take_orders(
        enrollment.program, [makers.make_order(number, evidence=Evidence(tid=tid))], at=NOON
    )


def test_people_are_counted_and_repeats_stand_apart(ann: Enrollment, bob: Enrollment) -> None:
    clicked(ann, 1, source="search")
    clicked(ann, 2, source="search", is_duplicate=True)
    clicked(ann, 3, source="search", is_bot=True)
    clicked(bob, 4, source="search")
    makers.make_click(ann, NOON)  # nobody has read yet whether it repeats another

    found = traffic(ann, NOW, 7)

    assert (found.clicks, found.repeats, found.sales) == (1, 1, 0)
    assert found.tables["source"] == [Line("search", 1, 0)]


def test_days_are_those_of_the_program_and_today_is_the_last(ann: Enrollment) -> None:
    clicked(ann, 0)
    clicked(ann, 60 * 24 * 6)
    clicked(ann, 60 * 24 * 7)

    found = traffic(ann, NOW, 7)

    assert [day.clicks for day in found.days] == [1, 0, 0, 0, 0, 0, 1]
    assert found.days[-1].day == NOON.date()


def test_sale_stands_with_the_click_that_is_credited(ann: Enrollment) -> None:
    tid = clicked(
        ann, 5, source="video", device="mobile", browser="Safari", country="IE", sub_ids=["blog", "", "top"]
    )
    clicked(ann, 4, source="search", device="mobile")
    sold(ann, tid)

    found = traffic(ann, NOW, 7)

    assert found.sales == 1
    assert found.tables["source"] == [Line("search", 1, 0), Line("video", 1, 1)]
    assert found.tables["device"] == [Line("mobile", 2, 1)]
    assert found.tables["sub_ids"] == [Line("blog", 1, 1, 1), Line("top", 1, 1, 3)]


def test_sale_that_was_declined_or_another_s_is_none(ann: Enrollment, bob: Enrollment, mia: User) -> None:
    tid = clicked(ann, 5, visitor=uuid4())
    taken = sold(ann, tid)[0]
    commissions.decline(taken.conversion.commissions.get(level=1), actor=mia, reason="A test.")
    sold(bob, clicked(bob, 3))

    assert traffic(ann, NOW, 7).sales == 0


def test_everybody_who_is_credited_counts_the_sale(ann: Enrollment, bob: Enrollment) -> None:
    ann.program.attribution_terms.update(model="linear")
    visitor = uuid4()
    clicked(ann, 60, visitor=visitor, source="social")
    sold(bob, clicked(bob, 5, visitor=visitor, source="email"))

    mine, theirs = (traffic(each, NOW, 7) for each in (ann, bob))

    assert (mine.tables["source"], theirs.tables["source"]) == ([Line("social", 1, 1)], [Line("email", 1, 1)])


def test_pages_are_told_apart_without_their_queries(ann: Enrollment) -> None:
    mugs = "https://shop.example.com/mugs"
    clicked(ann, 1, landing=f"{mugs}?tid=1", destination="https://shop.example.com/")
    clicked(ann, 2, landing=f"{mugs}#top?x")
    clicked(ann, 3, destination=mugs)

    assert traffic(ann, NOW, 7).tables["page"] == [Line(mugs, 3, 0)]


def test_what_does_not_fit_is_one_row_and_adds_up(ann: Enrollment) -> None:
    for number in range(MOST_ROWS + 3):
        clicked(ann, number, country=f"A{chr(65 + number)}", landing=f"https://shop.example.com/{number}")

    found = traffic(ann, NOW, 7)

    assert [found.tables[name][-1] for name in ("country", "page")] == [Line(None, 3, 0)] * 2
    assert {sum(line.clicks for line in found.tables[name]) for name in ("country", "page")} == {found.clicks}


def test_queries_are_six_however_many_clicks(ann: Enrollment, django_assert_num_queries: Any) -> None:
    for number in range(3):
        sold(ann, clicked(ann, number, sub_ids=["a"], source="search"))

    with django_assert_num_queries(6):
        traffic(ann, NOW, 90)


def test_road_of_a_click_leads_through_the_visitor_s_clicks_to_the_order(
    ann: Enrollment, bob: Enrollment
) -> None:
    visitor = uuid4()
    tid = clicked(bob, 5, visitor=visitor)
    first, _tid = makers.make_click(ann, NOON - timedelta(days=1), visitor=visitor)
    clicked(ann, 3, visitor=uuid4())
    sold(bob, tid, "77")

    road = click_roads.of_click(first)

    assert [(step.words, step.by) for step in road.steps] == [
        ("Clicked the link ann-archer", "Ann Archer"),
        ("Clicked the link bob-baker", "Bob Baker"),
        ("Ordered: 77", "credited to Bob Baker"),
    ]
    assert [row.external_id for row in road.conversions] == ["77"]


def test_road_without_a_visitor_has_the_click_s_own_order(ann: Enrollment) -> None:
    click, tid = makers.make_click(ann, NOON - timedelta(days=1))
    clicked(ann, 3)
    sold(ann, tid, "78")

    assert [step.words for step in click_roads.of_click(click).steps] == [
        "Clicked the link ann-archer",
        "Ordered: 78",
    ]
