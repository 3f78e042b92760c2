"""New terms are announced to those whom they concern, each once, however many they are."""

from datetime import timedelta

import pytest
from django.utils import timezone

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Group, Program
from commissions import actions, tasks
from commissions.actions import announcing
from commissions.models import Plan, PlanVersion
from core import jobs
from core.models import Event, Job, User
from portal.events import NOTICE
from tests import makers
from tests.makers import FOUNDED, percent_plan

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ANNOUNCE = "commissions.tasks.announce_terms"


@pytest.fixture
def plan(program: Program) -> Plan:
    return program.plans.get()


@pytest.fixture
def gold(program: Program) -> Group:
    return affiliates.create_group(program, "Gold", at=FOUNDED)


def published(plan: Plan, rate: str = "12", day: int = 0) -> PlanVersion:
    now = timezone.now()
    return actions.publish(plan, percent_plan(rate), effective_at=now + day * DAY, at=now)


def told(version: PlanVersion | None = None) -> set[int]:
    """Enrollments that a version was announced to; each stands there once."""
    events = Event.objects.filter(kind="terms.announced")
    if version is not None:
        events = events.filter(data__version=version.pk)
    found = [int(event.subject_id) for event in events]
    assert len(found) == len(set(found))
    return set(found)


def news(kind: str) -> Event:
    return Event.objects.filter(kind=kind).latest("pk")


@pytest.mark.parametrize("day", [0, 9])
def test_version_is_announced_to_those_who_earn_by_its_plan(
    ann: Enrollment,
    bob: Enrollment,
    sue: Enrollment,
    program: Program,
    plan: Plan,
    gold: Group,
    mia: User,
    day: int,
) -> None:
    affiliates.assign_group(sue, gold, actor=mia, at=FOUNDED)
    special = makers.make_plan(program)
    actions.assign_plan(special, group=gold, at=FOUNDED)
    actions.assign_plan(special, enrollment=bob, at=FOUNDED)
    first, own = published(plan, day=day), published(special, day=day)

    for version in (first, own):
        announcing.announce_version(version)

    assert (told(first), told(own)) == ({ann.pk}, {bob.pk, sue.pk})


def test_each_announcement_has_a_notice_of_its_own(ann: Enrollment, sue: Enrollment, plan: Plan) -> None:
    announcing.announce_version(published(plan))

    waiting = Job.objects.filter(event__kind="terms.announced", task=NOTICE)
    assert {job.event.subject_id for job in waiting} == {str(ann.pk), str(sue.pk)}
    assert news("terms.announced").tenant_id == plan.program.merchant_id


def test_first_version_of_a_program_is_announced_to_nobody(ann: Enrollment, plan: Plan) -> None:
    tasks.announce_terms(Event.objects.get(kind="plan.published", scope_id=plan.program_id))
    tasks.announce_terms(Event.objects.get(kind="plan.assigned", scope_id=plan.program_id))

    assert told() == set()


def test_plan_that_holds_for_nobody_is_announced_to_nobody(ann: Enrollment, program: Program) -> None:
    announcing.announce_version(published(makers.make_plan(program)))

    assert told() == set()


def test_only_active_affiliates_are_told(ann: Enrollment, sue: Enrollment, plan: Plan, mia: User) -> None:
    affiliates.suspend(ann, reason="A look.", actor=mia)
    makers.make_enrollment(plan.program, "Wim", active=False)

    announcing.announce_version(published(plan))

    assert told() == {sue.pk}


def test_whoever_joined_after_publishing_knows_already(program: Program, plan: Plan) -> None:
    version = published(plan, day=9)
    affiliates.activate(makers.make_enrollment(program, "Zoe", active=False))

    announcing.announce_version(version)

    assert told() == set()


def test_other_companies_hear_nothing(ann: Enrollment, stranger: Enrollment, plan: Plan) -> None:
    announcing.announce_version(published(plan))

    assert stranger.pk not in told()


def test_version_that_was_replaced_before_is_not_announced(
    ann: Enrollment, sue: Enrollment, plan: Plan
) -> None:
    first, second = published(plan, day=9), None
    second = actions.publish(plan, percent_plan("14"), effective_at=first.effective_at)

    for version in (first, second):
        announcing.announce_version(version)

    assert (told(first), told(second)) == (set(), {ann.pk, sue.pk})


def test_announcing_twice_tells_once(ann: Enrollment, sue: Enrollment, plan: Plan) -> None:
    version = published(plan)

    assert [announcing.announce_version(version) for _time in range(2)] == [2, 0]
    assert told(version) == {ann.pk, sue.pk}


def test_many_are_told_in_steps_that_survive_repetition(
    ann: Enrollment, bob: Enrollment, sue: Enrollment, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "AT_ONCE", 2)
    version = published(plan)
    tasks.announce_terms(news("plan.published"))
    first = told(version)
    follow_up = news("terms.announcing")

    for _time in range(2):
        tasks.announce_terms(follow_up)

    assert (len(first), told(version)) == (2, {ann.pk, bob.pk, sue.pk})
    assert follow_up.data == {"after": max(first)}
    assert Job.objects.filter(event=follow_up, task=ANNOUNCE).count() == 1
    assert Event.objects.filter(kind="terms.announcing").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_outbox_tells_everybody(
    ann: Enrollment, bob: Enrollment, sue: Enrollment, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "AT_ONCE", 1)
    Job.objects.all().delete()
    version = published(plan)

    jobs.drain()

    assert told(version) == {ann.pk, bob.pk, sue.pk}
    assert not Job.objects.exclude(state="done").exists()


def test_assigned_plan_is_announced_to_those_whose_plan_it_changes(
    ann: Enrollment, bob: Enrollment, sue: Enrollment, program: Program, plan: Plan
) -> None:
    special = makers.make_plan(program)
    actions.assign_plan(special, enrollment=bob, at=FOUNDED)
    actions.assign_plan(special)

    tasks.announce_terms(news("plan.assigned"))

    assert told(special.versions.get()) == {ann.pk, sue.pk}


def test_own_plan_is_announced_to_its_affiliate_alone(
    ann: Enrollment, sue: Enrollment, program: Program
) -> None:
    actions.assign_plan(makers.make_plan(program), enrollment=ann)

    for _time in range(2):
        tasks.announce_terms(news("plan.assigned"))

    assert told() == {ann.pk}


def test_the_same_plan_assigned_otherwise_is_no_news(ann: Enrollment, plan: Plan) -> None:
    actions.assign_plan(plan, enrollment=ann)

    tasks.announce_terms(news("plan.assigned"))

    assert told() == set()


def test_plan_that_comes_back_is_announced_again(ann: Enrollment, program: Program, plan: Plan) -> None:
    for one in (makers.make_plan(program), plan, makers.make_plan(program, "Third"), plan):
        actions.assign_plan(one, enrollment=ann)
        tasks.announce_terms(news("plan.assigned"))

    assert Event.objects.filter(kind="terms.announced").count() == 4


def test_change_of_group_that_gives_another_plan_is_announced(
    ann: Enrollment, bob: Enrollment, program: Program, gold: Group, mia: User
) -> None:
    special = makers.make_plan(program)
    actions.assign_plan(special, group=gold, at=FOUNDED)
    affiliates.assign_group(ann, gold, actor=mia)

    for _time in range(2):
        tasks.announce_group(news("group.changed"))

    assert told(special.versions.get()) == {ann.pk}


def test_change_of_group_that_changes_no_plan_is_no_news(ann: Enrollment, gold: Group, mia: User) -> None:
    affiliates.assign_group(ann, gold, actor=mia)
    for event in Event.objects.filter(kind="group.changed"):
        tasks.announce_group(event)

    assert told() == set()
