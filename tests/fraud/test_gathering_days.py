"""What is counted of the clicks and orders of a day."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from affiliates.models import Coupon, Enrollment, Program
from commissions import actions as commissions
from fraud.actions.days import count_all, count_days, look
from fraud.gathering import day_clicks
from fraud.models import DayCount, ListEntry, Policy
from fraud.states import ListKind
from tests import makers
from tests.fraud.counted import DAY, HOUR, MINUTE, TODAY, approve, click, counted, order_after, refund, tally
from tests.makers import NOON
from tracking.orders import Evidence
from tracking.states import RefundKind
from tracking.visits.networks import Kind

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(db: None) -> Program:
    return makers.make_program(is_screened=True)


@pytest.fixture
def ann(program: Program) -> Enrollment:
    return makers.make_enrollment(program, "Ann")


@pytest.fixture
def ben(program: Program) -> Enrollment:
    return makers.make_enrollment(program, "Ben")


# --- one day's clicks ------------------------------------------------------------------------------------------
def test_clicks_are_told_apart(ann: Enrollment) -> None:
    click(
        ann,
        landing="https://shop.example.com/?tid=1",
        network_kind="",
        fetch_user=True,
        fetch_dest="document",
    )
    click(ann, is_duplicate=True, network_kind=Kind.VPN, fetch_user=False)
    click(ann, fetch_dest="image")
    click(ann, fetch_dest="iframe", fetch_user=True)
    robot = click(
        ann, is_bot=True, network_kind=Kind.DATA_CENTER, fetch_dest="image", landing="https://x.example/"
    )

    found = counted(ann)

    assert (found.seen, found.bots, found.clicks, found.repeated, found.people) == (5, 1, 3, 1, 4)
    assert (found.machines, found.looked_up, found.landed) == (1, 2, 1)
    assert (found.unasked, found.telling, found.hidden, found.saying) == (1, 3, 1, 3)
    assert found.click_examples["bots"] == (str(robot.pk),)
    assert len(found.click_examples["unlanded"]) == 2


def test_unread_clicks_and_those_of_other_days_and_people_are_left_out(
    ann: Enrollment, ben: Enrollment
) -> None:
    click(ann)
    click(ann, is_read=False)
    click(ben)
    click(ann, datetime.combine(TODAY, datetime.min.time(), NOON.tzinfo) - timedelta(milliseconds=1))
    click(ann, datetime.combine(TODAY + DAY, datetime.min.time(), NOON.tzinfo))

    assert counted(ann).seen == 1


def test_days_are_those_of_the_programs_clock(program: Program, ann: Enrollment) -> None:
    program.time_zone = "Pacific/Auckland"  # thirteen hours ahead
    program.save()
    click(ann, NOON)  # at one in the night of the next day

    look(program, at=NOON + HOUR)
    count_days(program, at=NOON + HOUR)

    assert list(DayCount.objects.values_list("enrollment", "day")) == [(ann.pk, TODAY + DAY)]
    order_after(ann, HOUR)
    count_all(at=NOON + HOUR)
    assert tally(ann, TODAY + DAY).hours[2] == 1


def test_the_busiest_of_a_busy_day(ann: Enrollment) -> None:
    one, other = uuid4(), uuid4()
    for place in range(20):
        click(ann, NOON + place * MINUTE, visitor=one, user_agent=f"Browser {place}")
    for place in range(10):
        click(ann, NOON + place * MINUTE, visitor=other)
        click(ann, NOON + place * MINUTE, ip="192.0.2.0", user_agent="Opera")
        click(ann, NOON, ip="198.51.100.0", network_kind=Kind.MOBILE)  # anybody in a carrier's network
        click(ann, NOON, ip="")  # addresses are not kept: anybody

    found = counted(ann)

    assert (found.busiest, found.tellable) == (20, 40)
    assert len(found.click_examples["busiest"]) == 1


def test_a_quiet_day_has_no_busiest(ann: Enrollment) -> None:
    for _one in range(19):
        click(ann)

    assert (counted(ann).busiest, counted(ann).tellable) == (0, 0)


def test_the_busiest_hundredth_of_many(ann: Enrollment) -> None:
    people = [uuid4() for _one in range(200)]
    clicks = [click(ann, visitor=person) for person in people]
    for person in people[:3]:
        click(ann, visitor=person)

    found = counted(ann)

    assert len(clicks) == 200
    assert (found.busiest, found.tellable) == (4, 203)


def test_texts_of_advertisements_searches_and_pages(program: Program, ann: Enrollment) -> None:
    Policy.objects.create(program=program, brand_terms=["acme"])
    ListEntry.objects.create(program=program, kind=ListKind.REFERRER, text="bad.example/group/*")
    click(
        ann,
        utm={"campaign": "buy acme shoes", "id": "7711223"},
        landing="https://shop.example.com/?gclid=x&tid=1",
    )
    click(
        ann,
        destination="https://shop.example.com/?keyword=mugs",
        referrer="https://www.bing.com/search?q=acme+mugs",
    )
    click(ann, referrer="https://bad.example/group/7")
    click(ann, referrer="https://www.bad.example/other")
    click(ann, is_bot=True, utm={"term": "acme"}, referrer="https://bad.example/group/7")

    found = counted(ann)

    assert found.ads == {"gclid 7711223": 1}
    assert found.searches == {"buy acme shoes": 1, "mugs\nacme mugs": 1}
    assert found.referrers == {"bing.com": 1, "bad.example/group/*": 1, "bad.example": 1}
    assert {name: len(found.click_examples[name]) for name in ("ads", "brand", "banned")} == {
        "ads": 1,
        "brand": 2,
        "banned": 1,
    }


def test_of_many_texts_those_on_the_list_are_kept(
    program: Program, ann: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_clicks, "MOST_NAMES", 2)
    ListEntry.objects.create(program=program, kind=ListKind.REFERRER, text="bad.example")
    for host in ("often.example", "often.example", "now.example", "now.example", "bad.example"):
        click(ann, referrer=f"https://{host}/")

    assert counted(ann).referrers == {"bad.example": 1, "now.example": 2}


def test_networks_that_are_let_through_are_no_machines(program: Program, ann: Enrollment) -> None:
    ListEntry.objects.create(program=program, kind=ListKind.NETWORK, text="198.51.0.0/16", is_allowed=True)
    click(ann, network_kind=Kind.VPN, ip="198.51.100.0")
    click(ann, network_kind=Kind.VPN, ip="192.0.2.0")

    found = counted(ann)

    assert (found.machines, found.looked_up) == (1, 1)


# --- one day's orders --------------------------------------------------------------------------------------------
def test_how_long_orders_took_and_from_where_to_where(ann: Enrollment) -> None:
    soon = order_after(ann, timedelta(seconds=14), country="FR")
    order_after(ann, timedelta(seconds=15), country="DE")
    order_after(ann, HOUR)
    late = order_after(ann, DAY + timedelta(seconds=1), country="DE")

    found, next_day = counted(ann), counted(ann, day=TODAY + DAY)

    assert (found.orders, found.clicked, sum(found.delays), found.soon, found.late) == (3, 3, 3, 1, 0)
    assert (found.placed, found.foreign) == (2, 1)
    assert found.order_examples == {"short": (soon.pk,), "foreign": (soon.pk,)}
    assert (next_day.orders, next_day.late, next_day.order_examples["late"]) == (1, 1, (late.pk,))
    assert sum(found.baskets) == sum(found.hours) == 3
    assert (found.buyers, found.first_buyers) == (3, 3)


def test_a_click_at_the_checkout_of_somebody_elses_visitor(ann: Enrollment, ben: Enrollment) -> None:
    visitor = uuid4()
    makers.make_click(ben, NOON - HOUR, is_read=True, visitor=visitor)
    order_after(ann, 4 * MINUTE, visitor=visitor)
    order_after(ann, 4 * MINUTE, visitor=uuid4())
    makers.make_click(ben, NOON - HOUR, is_read=True, visitor=(other := uuid4()))
    order_after(ann, 6 * MINUTE, visitor=other)

    found = counted(ann)

    assert (found.clicked, found.snatched, found.soon) == (3, 1, 0)


def coupon(enrollment: Enrollment, code: str) -> Coupon:
    return Coupon.objects.create(program=enrollment.program, enrollment=enrollment, code=code)


def test_codes_with_and_without_a_click_and_where_buyers_came_from(ann: Enrollment) -> None:
    own, visitor = coupon(ann, "ann10"), uuid4()
    _row, tid = makers.make_click(ann, NOON, is_read=True, visitor=visitor)
    for evidence in (
        Evidence(coupons=("ANN10",), tid=tid),
        Evidence(coupons=("ANN10",), referrer="https://www.codes.example/shop"),
        Evidence(coupons=("ANN10",), referrer="https://www.google.com/"),
        Evidence(tid=tid),
    ):
        order = makers.make_order(occurred_at=NOON + MINUTE, evidence=evidence)
        commissions.take_orders(ann.program, [order], at=NOON)

    found = counted(ann)

    assert (found.orders, found.clicked) == (4, 1)
    assert (found.with_click, found.without_click) == ({str(own.pk): 1}, {str(own.pk): 2})
    assert found.sites == {f"{own.pk} codes.example": 1}
    assert len(found.order_examples[f"coupon {own.pk}"]) == 3


def test_what_becomes_of_orders(ann: Enrollment) -> None:
    kept, back, charged, won, late = (order_after(ann, HOUR) for _one in range(5))
    refund(back, NOON + DAY)
    refund(charged, NOON + DAY, RefundKind.CHARGEBACK)
    refund(won, NOON + DAY, RefundKind.CHARGEBACK)
    refund(won, NOON + 2 * DAY, RefundKind.CHARGEBACK_WON)
    assert counted(ann, NOON + 3 * DAY).matured == 0

    approve(NOON + 31 * DAY)
    refund(late, NOON + 40 * DAY)
    found = counted(ann, NOON + 41 * DAY)

    assert (found.matured, found.refunded, found.charged_back) == (5, 2, 1)
    assert (found.approved, found.late_refunds) == (3, 1)
    assert found.order_examples["late_refunds"] == (late.pk,)
    assert kept.pk
