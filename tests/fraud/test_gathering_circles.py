"""Circles and lines that are read off the tables are those that the plain gatherer sees in the same world."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from fraud.actions.marks import keep_marks
from fraud.checks.circles import CircleFacts, RingFacts
from fraud.checks.facts import Mark
from fraud.gathering.circles import circles
from fraud.gathering.marks import marks_of_enrollments
from fraud.maths.graphs import CROWD
from fraud.models import KnownMark, Relation
from tests import makers
from tests.fraud.world import world
from tests.fraud.world.account_facts import circle_facts, ring_facts
from tests.fraud.world.events import FIRST_DAY
from tests.fraud.world.stored import store
from tests.fraud.world.window_facts import work_of
from tests.makers import NOON
from tracking.models import Conversion

pytestmark = pytest.mark.django_db

DAYS = 45
LAST = (FIRST_DAY + timedelta(days=DAYS - 1)).date()
SCHEMES = (
    "own orders, own mailbox",
    "several accounts of one person",
    "ring that buys from each other",
    "sponsor ring of strangers",
)


def test_tables_say_what_the_world_says() -> None:
    truth = world(4, partners=12, days=DAYS, schemes=SCHEMES)
    program = makers.make_program(is_screened=True)
    stored = store(truth, program)
    keep_marks(program, Conversion.objects.filter(program=program).select_related("order", "customer"))

    in_circles, in_rings = circles(program, LAST)

    back = stored.enrollments_by_key()
    assert [circle(one, back) for one in in_circles] == [circle(one, None) for one in circle_facts(truth)]
    sales = stored.conversions_by_key()
    expected = ring_facts(truth, work_of(truth))
    assert [ring(one, back, sales) for one in in_rings] == [ring(one, None, None) for one in expected]
    assert any(len(one.members) > 2 for one in in_circles)
    assert any(len(one.line) == 4 and one.purchases for one in in_rings)


def circle(facts: CircleFacts, back: dict[int, int] | None) -> dict[str, Any]:
    """With the world's ids; a way is as long as the world's, and its digests are others."""
    known = (lambda one: one) if back is None else back.__getitem__
    return {
        "affiliate": known(facts.affiliate),
        "members": {known(one) for one in facts.members},
        "related": {known(one) for one in facts.related},
        "counts": (facts.customers, facts.inside, facts.all_customers, facts.all_inside),
        "ties": {
            # of several ways as short any one is told, each with a weakest step of its own
            (known(tie.other), tie.kind, len(tie.way), round(tie.weight, 6) if len(tie.way) == 3 else None)
            for tie in facts.ties or ()
        },
        "has_ties": facts.ties is not None,
    }


def ring(facts: RingFacts, back: dict[int, int] | None, sales: dict[int, int] | None) -> dict[str, Any]:
    known = (lambda one: one) if back is None else back.__getitem__
    order = (lambda one: one) if sales is None else sales.__getitem__
    return {
        "affiliate": known(facts.affiliate),
        "line": {known(one) for one in facts.line},
        "tied": {known(one) for one in facts.tied or ()},
        "orders": facts.orders,
        "related": {known(one) for one in facts.related},
        "purchases": {
            (known(one.buyer), known(one.seller), tuple(sorted(map(order, one.conversions))))
            for one in facts.purchases
        },
    }


# --- by hand -----------------------------------------------------------------------------------------------------
@pytest.fixture
def program(db: None) -> Program:
    return makers.make_program(is_screened=True)


def buys(seller: Enrollment, *marks: tuple[str, str], email: str = "") -> Conversion:
    """An order of somebody who is known by the marks."""
    order = makers.make_order(ref=seller.code)
    if email:
        order = replace(order, customer=replace(order.customer, email=email))
    earned = makers.make_commission(seller, customer=order.customer)
    conversion = earned.conversion
    assert conversion
    noted = [
        KnownMark(program=seller.program, kind=kind, digest=digest, conversion=conversion, at=NOON)
        for kind, digest in marks
    ]
    KnownMark.objects.bulk_create(noted)
    return conversion


def has(enrollment: Enrollment, kind: str, digest: str) -> None:
    KnownMark.objects.create(
        program=enrollment.program, kind=kind, digest=digest, enrollment=enrollment, at=NOON
    )


def of(program: Program, enrollment: Enrollment) -> tuple[CircleFacts, RingFacts]:
    in_circles, in_rings = circles(program, NOON.date())
    return (
        next(one for one in in_circles if one.affiliate == enrollment.pk),
        next(one for one in in_rings if one.affiliate == enrollment.pk),
    )


def test_chain_over_a_buyer_joins_two_affiliates(program: Program) -> None:
    ann, ben, kim = (makers.make_enrollment(program, name) for name in ("Ann", "Ben", "Kim"))
    has(ann, Mark.DEVICE, "d1")
    has(ben, Mark.ADDRESS, "a1")
    buys(kim, (Mark.DEVICE, "d1"), (Mark.ADDRESS, "a1"))

    circle, _ring = of(program, ann)

    assert circle.members == {ann.pk, ben.pk}
    assert (circle.all_customers, circle.all_inside, circle.customers) == (1, 1, 0)


def test_what_a_crowd_of_buyers_has_joins_nobody(program: Program) -> None:
    ann, ben = makers.make_enrollment(program, "Ann"), makers.make_enrollment(program, "Ben")
    for one in (ann, ben):
        has(one, Mark.ADDRESS, "office")
    circle, _ring = of(program, ann)
    assert circle.members == {ann.pk, ben.pk}

    for _buyer in range(CROWD + 1):
        buys(ben, (Mark.ADDRESS, "office"))
    circle, _ring = of(program, ann)

    assert circle.members == {ann.pk}
    assert circle.ties == ()
    assert circle.all_customers == CROWD + 1


def test_buyer_who_comes_back_is_one_buyer(program: Program) -> None:
    ann, ben = makers.make_enrollment(program, "Ann"), makers.make_enrollment(program, "Ben")
    buys(ann, (Mark.DEVICE, "d1"), email="kim@example.net")
    buys(ben, (Mark.DEVICE, "d1"), email="kim@example.net")

    circle, ring = of(program, ann)

    assert (circle.customers, circle.all_customers) == (1, 1)
    assert circle.members == {ann.pk}
    assert ring.orders == 1


def test_purchase_through_a_recruit_and_who_is_declared(program: Program) -> None:
    ann = makers.make_enrollment(program, "Ann")
    ben = makers.make_enrollment(program, "Ben", sponsor=ann)
    for one in (ann, ben):
        has(one, Mark.ADDRESS, "a1")
    email = next(iter(marks_of_enrollments(program)[ann.pk][Mark.EMAIL]))
    bought = buys(ben, (Mark.EMAIL, email))
    Relation.objects.create(program=program, one=ann, other=ben, reason="an agency")

    circle, ring = of(program, ann)

    assert [(one.buyer, one.seller, one.conversions) for one in ring.purchases] == [
        (ann.pk, ben.pk, (bought.pk,))
    ]
    assert (ring.line, ring.tied, ring.orders) == ({ann.pk, ben.pk}, {ben.pk}, 1)
    assert circle.related == ring.related == {ben.pk}


def test_older_orders_and_other_programs_are_left_out(program: Program) -> None:
    ann = makers.make_enrollment(program, "Ann")
    stranger = makers.make_enrollment(makers.make_program(is_screened=True), "Eve")
    buys(ann, (Mark.DEVICE, "d1"))
    buys(stranger, (Mark.DEVICE, "d1"))

    circle, ring = of(program, ann)
    later, _rings = circles(program, (NOON + timedelta(days=90)).date())

    assert (circle.all_customers, ring.orders) == (1, 1)
    assert [one.all_customers for one in later] == [0]


def test_questions_do_not_grow_with_orders(program: Program, django_assert_num_queries: Any) -> None:
    ann, ben = makers.make_enrollment(program, "Ann"), makers.make_enrollment(program, "Ben")
    has(ann, Mark.DEVICE, "d1")
    for number in range(3):
        buys(ben, (Mark.DEVICE, "d1"), (Mark.ADDRESS, f"a{number}"))

    with django_assert_num_queries(9):
        circles(program, NOON.date())
