"""Which version holds for whom, from when to when."""

from datetime import timedelta
from itertools import product

import pytest

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Program
from commissions import actions
from commissions.actions import plan_version_for
from commissions.models import Assignment, Plan
from commissions.standing.tenure import joined_at, tenure_at, tenures_of, with_assignment
from core.models import User
from tests import makers
from tests.makers import FOUNDED, NOON, percent_plan

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def plan(program: Program) -> Plan:
    return program.plans.get()


def told(enrollment: Enrollment) -> list[tuple[str, int, int | None]]:
    """Plan, version and first day (counted from noon) of each tenure."""
    found = tenures_of(enrollment)
    assert [one.ends_at for one in found] == [*(one.starts_at for one in found[1:]), None]
    return [
        (
            one.version.plan.name,
            one.version.number,
            None if one.starts_at == FOUNDED else (one.starts_at - NOON).days,
        )
        for one in found
    ]


def test_versions_follow_one_another(ann: Enrollment, plan: Plan) -> None:
    actions.publish(plan, percent_plan("12"), at=NOON)
    actions.publish(plan, percent_plan("14"), effective_at=NOON + 9 * DAY, at=NOON + DAY)

    assert told(ann) == [("Standard", 1, None), ("Standard", 2, 0), ("Standard", 3, 9)]


def test_version_that_another_replaces_before_it_begins_never_holds(ann: Enrollment, plan: Plan) -> None:
    for rate in ("12", "14"):
        actions.publish(plan, percent_plan(rate), effective_at=NOON + 9 * DAY, at=NOON)

    assert told(ann) == [("Standard", 1, None), ("Standard", 3, 9)]


def test_own_plan_goes_before_the_groups_and_that_before_the_programs(
    ann: Enrollment, program: Program, mia: User
) -> None:
    gold = affiliates.create_group(program, "Gold")
    affiliates.assign_group(ann, gold, actor=mia, at=NOON)
    ann.refresh_from_db()
    actions.assign_plan(makers.make_plan(program, "For Gold"), group=gold, at=NOON + DAY)
    actions.assign_plan(makers.make_plan(program, "For Ann"), enrollment=ann, at=NOON + 2 * DAY)

    assert told(ann) == [("Standard", 1, None), ("For Gold", 1, 1), ("For Ann", 1, 2)]


def test_group_counts_from_the_day_it_was_joined(ann: Enrollment, program: Program, mia: User) -> None:
    gold = affiliates.create_group(program, "Gold")
    actions.assign_plan(makers.make_plan(program, "For Gold"), group=gold, at=FOUNDED)
    for group, day in ((gold, 3), (None, 5)):
        affiliates.assign_group(ann, group, actor=mia, at=NOON + day * DAY)
    ann.refresh_from_db()

    assert told(ann) == [("Standard", 1, None), ("For Gold", 1, 3), ("Standard", 1, 5)]


def test_plan_of_another_affiliate_or_group_holds_for_nobody_else(
    ann: Enrollment, bob: Enrollment, program: Program
) -> None:
    silver = affiliates.create_group(program, "Silver")
    actions.assign_plan(makers.make_plan(program, "For Silver"), group=silver, at=NOON)
    actions.assign_plan(makers.make_plan(program, "For Bob"), enrollment=bob, at=NOON)

    assert told(ann) == [("Standard", 1, None)]


def test_tenures_say_what_orders_are_valued_by(
    ann: Enrollment, bob: Enrollment, sue: Enrollment, program: Program, plan: Plan, mia: User
) -> None:
    gold = affiliates.create_group(program, "Gold")
    for one in (ann, bob):
        affiliates.assign_group(one, gold, actor=mia, at=FOUNDED)
        one.refresh_from_db()
    second = makers.make_plan(program, "Second")
    actions.assign_plan(second, group=gold, at=NOON - 20 * DAY)
    actions.assign_plan(second, enrollment=sue, at=NOON - 5 * DAY)
    actions.assign_plan(plan, enrollment=bob, at=NOON)
    actions.publish(second, percent_plan("20"), effective_at=NOON + 4 * DAY, at=NOON)
    actions.publish(plan, percent_plan("30"), effective_at=NOON + 6 * DAY, at=NOON)

    for one, day in product((ann, bob, sue), range(-30, 10)):
        at = NOON + day * DAY
        held = tenure_at(tenures_of(one), at)
        by_sql = with_assignment(Enrollment.objects.filter(pk=one.pk), at).get().assignment_id
        assert held is not None
        assert held.version == plan_version_for(one, at)
        assert held.version.plan == Assignment.objects.get(pk=by_sql).plan


def test_program_without_a_plan_has_no_tenures(program: Program) -> None:
    bare = makers.make_program(program.merchant, plan={})

    assert tenures_of(makers.make_enrollment(bare, "Zoe")) == []


def test_joining_is_the_first_activation(ann: Enrollment, mia: User) -> None:
    affiliates.suspend(ann, reason="A look.", actor=mia, at=NOON)
    affiliates.activate(ann, actor=mia, at=NOON + DAY)

    assert joined_at(ann) == FOUNDED


def test_whoever_never_was_active_joined_when_it_applied(program: Program) -> None:
    assert joined_at(makers.make_enrollment(program, "Zoe", active=False)) == FOUNDED
