"""Who is asked to agree to new terms, who may, and that it can be done once."""

from datetime import datetime, timedelta

import pytest

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Program
from affiliates.roles import NotAllowed
from commissions import actions
from commissions.actions import acceptances
from commissions.actions.acceptances import accept_version, agreed_to, waiting_for
from commissions.models import Acceptance, Plan, PlanVersion
from commissions.states import IllegalMove
from core.models import Event, User
from tests import makers
from tests.makers import FOUNDED, NOON, percent_plan

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def asking(program: Program) -> Program:
    """A program whose affiliates accept new versions."""
    Program.objects.filter(pk=program.pk).update(asks_acceptance=True)
    program.refresh_from_db()
    return program


@pytest.fixture
def plan(asking: Program) -> Plan:
    return asking.plans.get()


def published(plan: Plan, rate: str = "12", day: int = 0, at=NOON) -> PlanVersion:
    """A new version, in force `day` days after it was published."""
    return actions.publish(plan, percent_plan(rate), effective_at=at + day * DAY, at=at)


def asked_of(enrollment: Enrollment, at: datetime) -> PlanVersion | None:
    """What the affiliate is asked for, by the rows as they are now."""
    return acceptances.asked_of(Enrollment.objects.get(pk=enrollment.pk), at)


def person(enrollment: Enrollment) -> User:
    user = enrollment.affiliate.user
    assert user
    return user


def test_version_in_force_at_joining_needs_no_answer(ann: Enrollment, plan: Plan) -> None:
    assert asked_of(ann, NOON) is None
    assert list(waiting_for(plan.versions.get(), NOON)) == []


@pytest.mark.parametrize("day", [0, 9])
def test_new_version_is_asked_for_in_force_or_announced(
    ann: Enrollment, sue: Enrollment, plan: Plan, day: int
) -> None:
    version = published(plan, day=day)

    assert asked_of(ann, NOON) == version
    assert set(waiting_for(version, NOON)) == {ann, sue}


def test_only_the_newest_version_is_asked_for(ann: Enrollment, plan: Plan) -> None:
    published(plan)
    newest = published(plan, "14", at=NOON + DAY)

    assert asked_of(ann, NOON + DAY) == newest


def test_whoever_agreed_is_not_asked_again(ann: Enrollment, sue: Enrollment, plan: Plan) -> None:
    version = published(plan)

    accepted = accept_version(ann, version, actor=person(ann), at=NOON)

    assert (accepted.enrollment, accepted.version, accepted.at) == (ann, version, NOON)
    assert asked_of(ann, NOON) is None
    assert list(waiting_for(version, NOON)) == [sue]
    event = Event.objects.get(kind="terms.accepted")
    assert (event.subject_id, event.actor, event.data["number"]) == (str(ann.pk), person(ann), 2)


def test_agreeing_to_a_later_version_answers_for_the_earlier_ones(
    ann: Enrollment, sue: Enrollment, plan: Plan
) -> None:
    first = published(plan, day=1)
    accept_version(ann, published(plan, "14", day=9), actor=person(ann), at=NOON)

    assert list(waiting_for(first, NOON)) == [sue]


def test_agreeing_twice_writes_once(ann: Enrollment, plan: Plan) -> None:
    version = published(plan)

    for hour in range(2):
        accept_version(ann, version, actor=person(ann), at=NOON + timedelta(hours=hour))

    assert Acceptance.objects.get().at == NOON
    assert Event.objects.filter(kind="terms.accepted").count() == 1


@pytest.mark.parametrize("who", ["bob", "mia", "olga", "eve"])
def test_nobody_agrees_for_somebody_else(
    request: pytest.FixtureRequest, ann: Enrollment, plan: Plan, who: str
) -> None:
    version, found = published(plan), request.getfixturevalue(who)
    actor = person(found) if isinstance(found, Enrollment) else found

    with pytest.raises(NotAllowed):
        accept_version(ann, version, actor=actor)

    assert Acceptance.objects.count() == 0


def test_version_of_another_company_or_plan_cannot_be_agreed_to(
    ann: Enrollment, plan: Plan, other: Program
) -> None:
    others = [other.plans.get().versions.get(), makers.make_plan(plan.program).versions.get()]

    for version in others:
        with pytest.raises(IllegalMove):
            accept_version(ann, version, actor=person(ann), at=NOON)

    assert Acceptance.objects.count() == 0


def test_version_that_was_replaced_cannot_be_agreed_to(ann: Enrollment, plan: Plan) -> None:
    first = published(plan, day=9)
    published(plan, "14", day=9)

    with pytest.raises(IllegalMove):
        accept_version(ann, first, actor=person(ann), at=NOON)


@pytest.mark.parametrize("verb", [affiliates.suspend, affiliates.ban])
def test_whoever_is_not_active_is_not_asked_and_cannot_answer(
    ann: Enrollment, sue: Enrollment, plan: Plan, mia: User, verb
) -> None:
    version = published(plan)
    verb(ann, reason="A look.", actor=mia)
    ann.refresh_from_db()

    assert asked_of(ann, NOON) is None
    assert list(waiting_for(version, NOON)) == [sue]
    with pytest.raises(IllegalMove):
        accept_version(ann, version, actor=person(ann), at=NOON)


def test_suspension_in_between_does_not_answer(ann: Enrollment, plan: Plan, mia: User) -> None:
    affiliates.suspend(ann, reason="A look.", actor=mia, at=NOON)
    version = published(plan)
    affiliates.activate(ann, actor=mia, at=NOON + DAY)
    ann.refresh_from_db()

    assert asked_of(ann, NOON + DAY) == version


def test_whoever_joins_later_is_not_asked(asking: Program, plan: Plan) -> None:
    version = published(plan)
    affiliate = makers.make_affiliate(asking.merchant, "Zoe Zimt")
    zoe = affiliates.apply(asking, affiliate, at=NOON + DAY)
    zoe = affiliates.activate(zoe, at=NOON + DAY)

    assert asked_of(zoe, NOON + DAY) is None
    assert list(waiting_for(version, NOON + DAY)) == []


def test_nobody_is_asked_where_the_program_does_not_ask(ann: Enrollment, program: Program) -> None:
    version = published(program.plans.get())

    assert asked_of(ann, NOON) is None
    assert list(waiting_for(version, NOON)) == []


def test_new_version_concerns_only_those_who_earn_by_its_plan(
    ann: Enrollment, bob: Enrollment, sue: Enrollment, asking: Program, plan: Plan, mia: User
) -> None:
    gold = affiliates.create_group(asking, "Gold")
    affiliates.assign_group(sue, gold, actor=mia, at=FOUNDED)
    special = makers.make_plan(asking)
    actions.assign_plan(special, group=gold, at=FOUNDED)
    actions.assign_plan(special, enrollment=bob, at=FOUNDED)
    version = published(plan)
    own = published(special)
    sue.refresh_from_db()

    assert list(waiting_for(version, NOON)) == [ann]
    assert set(waiting_for(own, NOON)) == {bob, sue}
    assert [asked_of(one, NOON) for one in (ann, bob, sue)] == [version, own, own]


def test_plan_assigned_later_is_asked_for_though_it_is_older(
    ann: Enrollment, bob: Enrollment, asking: Program
) -> None:
    special = makers.make_plan(asking)
    actions.assign_plan(special, enrollment=bob, at=NOON)

    assert asked_of(bob, NOON) == special.versions.get()
    assert asked_of(ann, NOON) is None


def test_plan_that_a_change_of_group_gives_is_asked_for(
    ann: Enrollment, bob: Enrollment, asking: Program, mia: User
) -> None:
    gold = affiliates.create_group(asking, "Gold")
    special = makers.make_plan(asking)
    actions.assign_plan(special, group=gold, at=FOUNDED)
    affiliates.assign_group(ann, gold, actor=mia, at=NOON)
    ann.refresh_from_db()

    assert asked_of(ann, NOON) == special.versions.get()
    assert asked_of(bob, NOON) is None


def test_what_was_agreed_to_last(ann: Enrollment, plan: Plan) -> None:
    first = plan.versions.get()
    version = published(plan)
    assert agreed_to(ann) == first

    accept_version(ann, version, actor=person(ann), at=NOON)

    assert agreed_to(ann) == version


def test_nothing_is_withheld_from_whoever_has_not_agreed(ann: Enrollment, plan: Plan) -> None:
    published(plan, "20")

    commission = makers.make_payable(ann, 10000, occurred_at=NOON + DAY, captured_at=NOON + DAY)

    assert asked_of(ann, NOON + DAY) is not None
    assert (commission.state, commission.amount, commission.is_held) == ("approved", 2000, False)
