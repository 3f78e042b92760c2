"""Subscriptions keep the version they began under, until a manager moves them."""

from datetime import timedelta

import pytest

from affiliates.models import Enrollment, Program
from affiliates.roles import NotAllowed
from commissions import actions as commissions
from commissions.models import Commission, Entry, Plan, PlanVersion, Transfer
from commissions.standing.pinned import pinned_by_version, rehearse_transfer, subscriptions_pinned
from commissions.states import IllegalMove
from core.models import Event, User
from tests import makers
from tests.makers import NOON
from tracking.orders import CustomerIn

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def plan(program: Program) -> Plan:
    return program.plans.get()


def pay(ann: Enrollment, subscription: str, number: int, days: int) -> Commission:
    """A payment of ten euros, some days after noon; what it earned Ann."""
    at = NOON + days * DAY
    order = makers.make_order(
        f"{subscription}-{number}",
        net=1000,
        ref=ann.code,
        subscription=subscription,
        customer=CustomerIn(email=f"{subscription}@buyer.example"),
        **dict.fromkeys(("occurred_at", "captured_at", "revision_at"), at),
    )
    taken = commissions.take_orders(ann.program, [order], at=at)[0]
    assert taken.conversion
    return taken.conversion.commissions.get(enrollment=ann, level=1)


def version(plan: Plan, rate: str, days: int) -> PlanVersion:
    at = NOON + days * DAY
    return commissions.publish(plan, makers.percent_plan(rate), effective_at=at, at=at)


def pinned(one: PlanVersion, days: int) -> list[str]:
    return [row.subscription for row in subscriptions_pinned(one, NOON + days * DAY)]


def test_subscription_keeps_the_version_it_began_under(plan: Plan, ann: Enrollment) -> None:
    first = plan.versions.get()
    pay(ann, "a", 1, 0)
    second = version(plan, "20", 10)
    pay(ann, "b", 1, 11)

    again = pay(ann, "a", 2, 30)

    assert (again.plan_version, again.amount) == (first, 100)
    assert (pinned(first, 31), pinned(second, 31)) == (["a"], ["b"])


def test_moved_subscription_earns_by_the_other_version_from_then_on(plan: Plan, ann: Enrollment) -> None:
    first = plan.versions.get()
    pay(ann, "a", 1, 0)
    second = version(plan, "20", 10)
    commissions.transfer_customers(plan, first, second, NOON + 20 * DAY, at=NOON + 12 * DAY)

    before, after = pay(ann, "a", 2, 15), pay(ann, "a", 3, 45)

    assert (before.amount, after.amount) == (100, 200)
    assert (pinned(first, 15), pinned(second, 15)) == (["a"], [])
    assert (pinned(first, 46), pinned(second, 46)) == ([], ["a"])


def test_customers_are_moved_on_from_version_to_version(plan: Plan, ann: Enrollment) -> None:
    first = plan.versions.get()
    pay(ann, "a", 1, 0)
    second, third = version(plan, "20", 1), version(plan, "30", 2)
    commissions.transfer_customers(plan, first, second, NOON + 3 * DAY, at=NOON + 3 * DAY)
    commissions.transfer_customers(plan, second, third, NOON + 4 * DAY, at=NOON + 4 * DAY)

    assert pay(ann, "a", 2, 30).amount == 300
    assert {one.pk: len(rows) for one, rows in [(third, subscriptions_pinned(third))]} == {third.pk: 1}


def test_rehearsal_compares_and_writes_nothing(plan: Plan, ann: Enrollment, sue: Enrollment) -> None:
    first = plan.versions.get()
    pay(ann, "a", 1, 0)
    pay(ann, "a", 2, 30)
    second = version(plan, "20", 40)
    rows = Commission.objects.count(), Entry.objects.count(), Event.objects.count()

    rehearsal = rehearse_transfer(subscriptions_pinned(first, NOON + 41 * DAY), second, NOON + 41 * DAY)

    assert (rehearsal.payments, rehearsal.skipped, rehearsal.is_cut) == (2, 0, False)
    assert (str(rehearsal.old), str(rehearsal.new)) == ("3.00 EUR", "4.00 EUR")  # 10 % and Sue's 5 %; 20 %
    assert (Commission.objects.count(), Entry.objects.count(), Event.objects.count()) == rows


def test_refunded_payment_is_rehearsed_as_it_stands(plan: Plan, ann: Enrollment) -> None:
    first = plan.versions.get()
    pay(ann, "a", 1, 0)
    commissions.take_refunds(plan.program, "shop", "a-1", [makers.make_refund(gross=1000)], at=NOON + DAY)
    second = version(plan, "20", 10)

    rehearsal = rehearse_transfer(subscriptions_pinned(first, NOON + 11 * DAY), second, NOON + 11 * DAY)

    assert (str(rehearsal.old), str(rehearsal.new)) == ("0.00 EUR", "0.00 EUR")


def test_old_payments_are_not_rehearsed(plan: Plan, ann: Enrollment) -> None:
    first = plan.versions.get()
    pay(ann, "a", 1, 0)
    second = version(plan, "20", 100)

    rehearsal = rehearse_transfer(subscriptions_pinned(first, NOON + 101 * DAY), second, NOON + 101 * DAY)

    assert rehearsal.payments == 0


def test_single_orders_are_nobodys_subscription(plan: Plan, ann: Enrollment) -> None:
    makers.make_commission(ann)

    assert pinned_by_version(plan) == {}


def test_transfer_is_made_once_and_told(plan: Plan, mia: User) -> None:
    first, second = plan.versions.get(), version(plan, "20", 1)
    when = NOON + 2 * DAY

    made = commissions.transfer_customers(plan, first, second, when, actor=mia, at=when)
    again = commissions.transfer_customers(plan, first, second, when, actor=mia, at=when)

    told = Event.objects.get(kind="plan.transferred")
    assert (made.pk, Transfer.objects.count()) == (again.pk, 1)
    assert (told.data["plan"], told.data["from"], told.data["to"], told.actor) == (plan.pk, 1, 2, mia)


def test_transfer_that_makes_no_sense_is_refused(plan: Plan, other: Program, mia: User) -> None:
    first, second = plan.versions.get(), version(plan, "20", 10)
    elsewhere = other.plans.get().versions.get()
    late = NOON + 20 * DAY

    for from_version, to_version, when in (
        (first, first, late),
        (first, elsewhere, late),
        (elsewhere, second, late),
        (first, second, NOON + 4 * DAY),
        (first, second, NOON + 6 * DAY),
    ):
        with pytest.raises(IllegalMove):
            commissions.transfer_customers(plan, from_version, to_version, when, actor=mia, at=NOON + 5 * DAY)

    assert Transfer.objects.count() == 0


def test_only_who_manages_plans_moves_customers(plan: Plan, ada: User, eve: User) -> None:
    first, second = plan.versions.get(), version(plan, "20", 1)

    for person in (ada, eve):
        with pytest.raises(NotAllowed):
            commissions.transfer_customers(plan, first, second, actor=person)

    assert Transfer.objects.count() == 0
