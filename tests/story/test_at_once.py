"""What happens at the same moment happens once. Every thread has a connection of its own, on files or a server."""

from collections import Counter
from datetime import timedelta
from functools import partial
from threading import Event as Flag
from typing import Any

import pytest
from django.db import connection, transaction

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.ledger import balances
from commissions.models import Commission, Entry
from core import jobs, periods
from core.models import Job, User
from payouts import actions as payouts
from payouts.actions import ApprovalRefused
from payouts.models import Approval, Batch
from payouts.states import IllegalMove
from tests.makers import NOON, make_order, make_payable, make_payee, make_refund
from tests.story.at_once import at_once
from tests.story.books import breaches
from tracking.models import Conversion, Customer, Decision, Order, Refund
from tracking.orders import CustomerIn, OrderIn, RefundLineIn

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(days=31)
CROWD = 20 if connection.vendor == "sqlite" else 50  # SQLite has one writer: more of them only wait longer


def kinds(answers: list[Any]) -> Counter[str]:
    """Count the answers: a status, or the name of what was raised."""
    return Counter(type(one).__name__ if isinstance(one, Exception) else str(one) for one in answers)


def take(program: Program, value: OrderIn, mode: Any = "store") -> str:
    return commissions.take_orders(program, [value], mode=mode, at=NOON)[0].status


def take_refund(program: Program, order: str, number: str, **fields: Any) -> str:
    refund = make_refund(number, **fields)
    return commissions.take_refunds(program, "shop", order, [refund], at=NOON)[0].status


def lines(net: int) -> dict[str, Any]:
    return {"lines": (RefundLineIn("1", 0, net),)}


def test_same_order_through_two_doors_is_one_conversion(
    program: Program, ann: Enrollment, sue: Enrollment
) -> None:
    order = make_order("1001", ref=ann.code)

    answers = at_once([partial(take, program, order, mode) for mode in ("create", "store") * 5])

    assert kinds(answers) == {"created": 1, "same": 9}
    assert (Order.objects.count(), Conversion.objects.count(), Customer.objects.count()) == (1, 1, 1)
    assert (balances(ann)["pending"], balances(sue)["pending"]) == (1000, 500)
    assert breaches() == []


def test_revisions_of_an_order_at_once_end_with_the_newest(program: Program, ann: Enrollment) -> None:
    revisions = [
        make_order("1001", net=1000 * number, ref=ann.code, revision_at=NOON + timedelta(minutes=number))
        for number in range(1, 11)
    ]

    at_once([partial(take, program, revision) for revision in revisions])

    assert balances(ann)["pending"] == 1000
    assert breaches() == []


def test_refund_and_its_order_at_once_meet(program: Program, ann: Enrollment) -> None:
    pairs = [f"{number}" for number in range(1001, 1006)]
    orders = [partial(take, program, make_order(number, ref=ann.code)) for number in pairs]
    refunds = [partial(take_refund, program, number, f"r{number}", **lines(4000)) for number in pairs]

    answers = at_once([*orders, *refunds])
    jobs.drain()

    assert kinds(answers) == {"created": 10}
    assert Refund.objects.waiting().count() == 0
    assert balances(ann)["pending"] == 5 * 600
    assert breaches() == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer: nothing overlaps there")
def test_refund_that_was_told_while_its_order_was_being_taken_in_is_applied_by_the_clock(
    program: Program, ann: Enrollment
) -> None:
    told, taken = Flag(), Flag()

    def take_slowly() -> None:
        with transaction.atomic():
            take(program, make_order("1001", ref=ann.code))
            taken.set()
            assert told.wait(30)

    def tell() -> None:
        assert taken.wait(30)
        take_refund(program, "1001", "r1", **lines(4000))
        jobs.drain()  # the refund looks for its order, which nobody else can see yet
        told.set()

    assert kinds(at_once([take_slowly, tell])) == {"None": 2}
    assert (Refund.objects.waiting().count(), balances(ann)["pending"]) == (1, 1000)

    periods.tick()

    assert (Refund.objects.waiting().count(), balances(ann)["pending"]) == (0, 600)
    assert breaches() == []


def test_same_refund_at_once_is_one(program: Program, ann: Enrollment, sue: Enrollment) -> None:
    take(program, make_order("1001", ref=ann.code))

    answers = at_once([partial(take_refund, program, "1001", "r1", **lines(4000))] * 8)

    assert kinds(answers) == {"created": 1, "same": 7}
    assert (balances(ann)["pending"], balances(sue)["pending"]) == (600, 300)
    assert breaches() == []


def test_refunds_of_one_order_at_once_add_up(program: Program, bob: Enrollment) -> None:
    take(program, make_order("1001", ref=bob.code))

    at_once([partial(take_refund, program, "1001", f"r{number}", **lines(333)) for number in range(8)])

    assert balances(bob)["pending"] == 1000 - 266  # 26.64 of 100.00 went back
    assert breaches() == []


def test_orders_of_one_new_buyer_at_once_make_one_customer(program: Program, ann: Enrollment) -> None:
    buyer = CustomerIn(email="new@example.net")
    orders = [
        make_order(str(2000 + hour), ref=ann.code, customer=buyer, occurred_at=NOON + timedelta(hours=hour))
        for hour in range(CROWD)
    ]

    answers = at_once([partial(take, program, order) for order in orders])

    assert kinds(answers) == {"created": CROWD}
    assert (Customer.objects.count(), Conversion.objects.count()) == (1, CROWD)
    assert balances(ann)["pending"] == CROWD * 1000
    assert Conversion.objects.order_by("occurred_at")[0].is_new_customer is True
    assert breaches() == []


def test_orders_of_one_buyer_at_once_are_bound_to_who_brought_the_first(
    program: Program, ann: Enrollment
) -> None:
    buyer = CustomerIn(email="new@example.net")
    refs = [ann.code, *[""] * 9]
    orders = [
        make_order(str(2000 + hour), ref=ref, customer=buyer, occurred_at=NOON + timedelta(hours=hour))
        for hour, ref in enumerate(refs)
    ]

    at_once([partial(take, program, order) for order in orders])

    assert set(Decision.objects.filter(is_current=True).values_list("enrollment")) == {(ann.pk,)}
    assert balances(ann)["pending"] == 10 * 1000
    assert breaches() == []


def test_approvals_by_the_clock_at_once_are_one_entry_each(program: Program, ann: Enrollment) -> None:
    for number in range(1001, 1021):
        take(program, make_order(str(number), ref=ann.code))

    answers = at_once([partial(commissions.approve_due, at=LATER)] * 6)

    assert sum(answer for answer in answers if isinstance(answer, int)) == 40
    assert Entry.objects.filter(kind="approval").count() == 40
    assert Commission.objects.filter(state="approved").count() == 40
    assert balances(ann)["payable"] == 20000
    assert breaches() == []


def test_refund_and_approval_at_once_leave_what_is_right(program: Program, bob: Enrollment) -> None:
    for number in range(1001, 1011):
        take(program, make_order(str(number), ref=bob.code))
    refunds = [partial(take_refund, program, str(n), f"r{n}", **lines(4000)) for n in range(1001, 1011)]

    at_once([*refunds, partial(commissions.approve_due, at=LATER)])
    commissions.approve_due(at=LATER)

    assert balances(bob) == {"pending": 0, "payable": 6000, "in_transit": 0, "paid": 0}
    assert breaches() == []


def open_batch(program: Program, mia: User) -> str:
    return payouts.open_batch(program, actor=mia, at=LATER).state


def approve(batch: Batch, actor: User) -> str:
    return payouts.approve_batch(batch, actor=actor, at=LATER).state


@pytest.fixture
def payable(bob: Enrollment) -> Commission:
    make_payee(bob)
    return make_payable(bob)


def test_batch_opened_at_once_is_one(program: Program, mia: User, payable: Commission) -> None:
    answers = at_once([partial(open_batch, program, mia)] * 6)

    assert kinds(answers) == {"draft": 1, "IllegalMove": 5}
    assert isinstance(next(one for one in answers if isinstance(one, Exception)), IllegalMove)
    assert Batch.objects.get().total.amount == 10000
    assert breaches() == []


def test_batch_approved_by_twenty_at_once_is_paid_once(
    program: Program, bob: Enrollment, mia: User, fin: User, payable: Commission
) -> None:
    batch = payouts.open_batch(program, actor=mia, at=LATER)

    answers = at_once([partial(approve, batch, fin)] * 20)

    assert kinds(answers) == {"approved": 20}
    assert Entry.objects.filter(kind="payout").count() == 1
    assert Approval.objects.count() == 1
    assert balances(bob)["in_transit"] == 10000
    assert breaches() == []


def test_two_people_above_the_limit_at_once_pay_once(
    program: Program, bob: Enrollment, mia: User, fin: User, olga: User, payable: Commission
) -> None:
    Program.objects.filter(pk=program.pk).update(second_approval_above=5000)
    batch = payouts.open_batch(program, actor=mia, at=LATER)

    answers = at_once([partial(approve, batch, fin), partial(approve, batch, olga)])

    assert len(kinds(answers)) == 2
    assert (kinds(answers)["approved"], Approval.objects.count()) == (1, 2)
    assert Entry.objects.filter(kind="payout").count() == 1
    assert breaches() == []


def test_one_person_above_the_limit_stays_one_person(
    program: Program, bob: Enrollment, mia: User, fin: User, payable: Commission
) -> None:
    Program.objects.filter(pk=program.pk).update(second_approval_above=5000)
    batch = payouts.open_batch(program, actor=mia, at=LATER)

    answers = at_once([partial(approve, batch, fin)] * 10)

    assert [type(one) for one in answers if isinstance(one, Exception)] == [ApprovalRefused] * 9
    assert (Approval.objects.count(), Entry.objects.filter(kind="payout").count()) == (1, 0)
    assert balances(bob)["payable"] == 10000


def test_jobs_drained_by_many_run_once(program: Program, ann: Enrollment) -> None:
    jobs.drain()
    for number in range(1001, 1006):
        take_refund(program, str(number), f"r{number}", **lines(4000))
    due = Job.objects.filter(state="due").count()

    answers = at_once([jobs.drain] * 4)

    assert sum(answer for answer in answers if isinstance(answer, int)) == due
    assert set(Job.objects.values_list("state", "attempts")) == {("done", 1)}
