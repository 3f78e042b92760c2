"""What a study reads: the journeys of orders, and of those who ordered nothing."""

from datetime import timedelta
from uuid import uuid4

import pytest

from affiliates import actions as affiliates
from affiliates.models import AttributionTerms, Enrollment, Program
from core.models import User
from tests.makers import NOON, make_click
from tests.tracking.shoppers import bought, journey, looked, saw
from tracking.actions import studies, study_rows
from tracking.actions.study_rows import Gathered, Period, gather
from tracking.models import Order

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BEGINS, ENDS = NOON - 30 * DAY, NOON + DAY
Rows = list[tuple[list[int], int, int, int]]


def found_by(program: Program) -> Gathered:
    return gather(Period(program, BEGINS, ENDS, studies.terms_at(program, ENDS)))


def rows(found: Gathered) -> Rows:
    """Path, orders, value, journeys without an order."""
    paths = found.paths
    bounds = zip(paths.starts[:-1], paths.starts[1:], strict=True)
    ids = [paths.players[paths.touches[begins:ends]].tolist() for begins, ends in bounds]
    sums = zip(
        *(each.astype(int).tolist() for each in (paths.conversions, paths.value, paths.nulls)), strict=True
    )
    return [(path, *each) for path, each in zip(ids, sums, strict=True)]


def test_journeys_of_orders_are_counted_with_their_value(ann: Enrollment, bob: Enrollment) -> None:
    bought((ann, 900), (bob, 60))
    bought((ann, 800), (bob, 50), net=20_000)

    assert rows(found_by(ann.program)) == [([ann.pk, bob.pk], 2, 30_000, 0)]


def test_visitors_who_order_nothing_are_journeys_too(ann: Enrollment, bob: Enrollment) -> None:
    looked((ann, NOON - 2 * DAY), (bob, NOON - DAY))
    looked((bob, NOON))

    assert rows(found_by(ann.program)) == [([ann.pk, bob.pk], 0, 0, 1), ([bob.pk], 0, 0, 1)]


def test_other_clicks_of_a_buyer_are_no_journey_without_an_order(ann: Enrollment, bob: Enrollment) -> None:
    visitor = uuid4()
    bought((ann, 900), (bob, 60), visitor=visitor)

    looked((ann, NOON + HOUR), visitor=visitor)

    assert rows(found_by(ann.program)) == [([ann.pk, bob.pk], 1, 10_000, 0)]


def test_who_orders_soon_after_the_period_did_not_leave_with_nothing(ann: Enrollment) -> None:
    bought((ann, 3600), at=ENDS + timedelta(minutes=10))

    assert rows(found_by(ann.program)) == []


def test_click_without_a_visitor_stands_for_itself(ann: Enrollment) -> None:
    make_click(ann, NOON)
    make_click(ann, NOON + HOUR)

    assert rows(found_by(ann.program)) == [([ann.pk], 0, 0, 2)]


def test_long_pause_begins_another_journey(ann: Enrollment, bob: Enrollment) -> None:
    affiliates.change_terms(
        ann.program, window_hours=24, bound_days=0, actor=_owner(ann), at=BEGINS, effective_at=BEGINS
    )

    looked((ann, NOON - 3 * DAY), (bob, NOON - 2 * DAY), (bob, NOON))

    assert rows(found_by(ann.program)) == [([ann.pk, bob.pk], 0, 0, 1), ([bob.pk], 0, 0, 1)]


def _owner(who: Enrollment) -> User:
    owner: User = who.program.merchant.members.get(role="owner").user
    return owner


def test_journey_that_reaches_into_the_period_is_whole(ann: Enrollment, bob: Enrollment) -> None:
    looked((ann, BEGINS - DAY), (bob, BEGINS + HOUR))
    looked((ann, BEGINS - DAY))

    assert rows(found_by(ann.program)) == [([ann.pk, bob.pk], 0, 0, 1)]


@pytest.mark.parametrize("mark", ["is_bot", "is_duplicate"])
def test_machines_and_repeats_are_no_touches(ann: Enrollment, mark: str) -> None:
    make_click(ann, NOON, **{mark: True})

    assert rows(found_by(ann.program)) == []


def test_touches_of_who_may_not_promote_do_not_count(ann: Enrollment, bob: Enrollment) -> None:
    looked((ann, NOON - DAY), (bob, NOON))

    affiliates.suspend(bob, reason="spam", actor=_owner(ann))

    assert rows(found_by(ann.program)) == [([ann.pk], 0, 0, 1)]


def test_nothing_of_another_program_is_read(ann: Enrollment, stranger: Enrollment) -> None:
    bought((stranger, 60))
    looked((stranger, NOON))

    assert rows(found_by(ann.program)) == []


def test_order_that_is_a_sale_no_more_is_left_out(ann: Enrollment, bob: Enrollment) -> None:
    conversion = bought((ann, 900), (bob, 60))

    Order.objects.filter(pk=conversion.order_id).update(state="refunded")

    assert rows(found_by(ann.program)) == []


def test_order_in_another_currency_counts_without_its_value(ann: Enrollment) -> None:
    bought((ann, 60))
    journey(bought((ann, 60)), [[ann.pk, 60, "c"]], 7777, "USD")

    found = found_by(ann.program)

    assert (rows(found), found.foreign) == ([([ann.pk], 2, 10_000, 0)], 1)


def test_views_count_where_the_program_counts_them(ann: Enrollment, bob: Enrollment) -> None:
    visitor = uuid4()
    saw(bob, NOON - 30 * HOUR, visitor)
    saw(bob, NOON - HOUR, visitor)
    looked((ann, NOON - 2 * HOUR), visitor=visitor)
    without = rows(found_by(ann.program))

    AttributionTerms.objects.filter(program=ann.program).update(view_hours=24)

    assert without == [([ann.pk], 0, 0, 1)]
    assert rows(found_by(ann.program)) == [([ann.pk, bob.pk], 0, 0, 1)]


def test_rules_share_among_clicks_where_there_are_any(ann: Enrollment, bob: Enrollment) -> None:
    conversion = bought((ann, 900), (bob, 60))
    journey(conversion, [[ann.pk, 900, "c"], [bob.pk, 60, "v"]])

    found = found_by(ann.program)

    assert rows(found) == [([ann.pk, bob.pk], 1, 10_000, 0)]
    assert found.clicked.players.tolist() == [ann.pk]
    assert found.decay.credits(found.clicked.players).conversions.tolist() == [1]


@pytest.mark.parametrize("size", [1, 2, 7])
def test_chunks_and_parts_change_nothing(
    ann: Enrollment, bob: Enrollment, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    for place in range(6):
        looked((ann, NOON - 2 * DAY), (bob, NOON - DAY + place * HOUR))
        bought((ann, 900 + place), (bob, 60))
    make_click(ann, NOON)
    whole = rows(found_by(ann.program))

    monkeypatch.setattr(study_rows, "CHUNK", size)
    monkeypatch.setattr(study_rows, "MOST_TOUCHES", size)

    assert rows(found_by(ann.program)) == whole
    assert [each[1:] for each in whole] == [(0, 0, 1), (6, 60_000, 6)]
