"""A subscription keeps the version that it began with, until a manager moves it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commissions import actions
from commissions.models import Transfer
from tests.commissions.test_rates import rule
from tests.commissions.test_volumes import counting, order, run_jobs, worth
from tests.makers import FOUNDED, NOON, make_enrollment, percent_plan
from tests.story.books import breaches

pytestmark = pytest.mark.django_db
MONTH = 60 * 24 * 30


@pytest.fixture
def program(merchant):
    return counting(merchant, rule("10"))


@pytest.fixture
def ann(program):
    return make_enrollment(program)


def payment(number, who, months, subscription="s-1", net=10000):
    return order(number, net, who, months * MONTH, subscription=subscription)


def take(program, *orders):
    for one in orders:
        actions.take_orders(program, [one], at=NOON)
    run_jobs()


def publish(program, rate):
    plan = program.plans.get()
    return actions.publish(plan, percent_plan(rate), effective_at=NOON + timedelta(days=1), at=FOUNDED)


def test_subscription_keeps_the_version_that_it_began_with(program, ann):
    publish(program, "20")

    take(program, payment("1", ann, 0), payment("2", ann, 1), payment("3", ann, 1, "s-2"))

    assert worth(ann) == {"1": 1000, "2": 1000, "3": 2000}
    assert breaches() == []


def test_transfer_moves_later_payments_to_another_version(program, ann):
    second = publish(program, "20")
    first = program.plans.get().versions.get(number=1)
    Transfer.objects.create(
        plan=program.plans.get(),
        from_version=first,
        to_version=second,
        effective_at=NOON + timedelta(days=40),
    )

    take(program, payment("1", ann, 0), payment("2", ann, 1), payment("3", ann, 2))

    assert (worth(ann), breaches()) == ({"1": 1000, "2": 1000, "3": 2000}, [])


def test_first_payments_pay_and_later_ones_do_not(merchant):
    program = counting(merchant, rule("30", when={"payment": {"to": 2}}))
    ann = make_enrollment(program)

    take(program, *(payment(str(number), ann, number) for number in range(1, 4)))

    assert (worth(ann), breaches()) == ({"1": 3000, "2": 3000, "3": 0}, [])


def test_payment_that_is_told_late_moves_the_number_of_those_after_it(merchant):
    program = counting(merchant, rule("30", when={"payment": {"to": 2}}))
    ann = make_enrollment(program)

    take(program, payment("2", ann, 2), payment("3", ann, 3), payment("1", ann, 1))

    assert (worth(ann), breaches()) == ({"1": 3000, "2": 3000, "3": 0}, [])


def test_months_of_a_subscription_are_counted_from_its_first_payment(merchant):
    program = counting(merchant, rule("30", when={"months": {"to": 1}}), rule("5", id="later"))
    ann = make_enrollment(program)

    take(program, payment("1", ann, 0), payment("2", ann, 1), payment("3", ann, 3))

    assert (worth(ann), breaches()) == ({"1": 3000, "2": 3000, "3": 500}, [])


def test_payment_that_turns_out_to_be_another_subscriptions_renumbers_those_it_left(merchant):
    program = counting(merchant, rule("30", when={"payment": {"to": 1}}))
    ann = make_enrollment(program)
    first = payment("1", ann, 0)
    take(program, first, payment("2", ann, 1))
    before = worth(ann)

    take(program, replace(first, subscription="s-9", revision_at=NOON + timedelta(hours=1)))

    assert (before, worth(ann), breaches()) == ({"1": 3000, "2": 0}, {"1": 3000, "2": 3000}, [])
