"""Two transactions that overlap end as if one had come after the other."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Event as Flag
from typing import Any

import pytest
from django.db import connection, transaction

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Member, Merchant, Program
from commissions import actions
from commissions.ledger import balances
from core.models import User
from tests.makers import NOON, make_member, make_order, make_refund
from tests.story.at_once import at_once
from tests.story.books import breaches
from tracking.models import Customer
from tracking.orders import CustomerIn, OrderIn, RefundLineIn

pytestmark = pytest.mark.django_db(transaction=True)
BUYER = CustomerIn(email="buyer@example.net")
DAY = timedelta(days=1)
BLOCKED = 0.5  # seconds after which the second is taken to wait for the first


def overlapping(first: Callable[[], Any], second: Callable[[], Any]) -> list[Any]:
    """Run `second` while `first` has done its work and not committed; return what each returned or raised."""
    begun, ended = Flag(), Flag()

    def hold() -> Any:
        with transaction.atomic():
            answer = first()
            begun.set()
            ended.wait(BLOCKED)
        return answer

    def follow() -> Any:
        assert begun.wait(30)
        answer = second()
        ended.set()
        return answer

    return at_once([hold, follow])


def take(program: Program, order: OrderIn) -> str:
    return actions.take_orders(program, [order], at=NOON)[0].status


def give_back(program: Program, order: str, net: int) -> str:
    refund = make_refund("r1", lines=(RefundLineIn("1", 0, net),))
    return actions.take_refunds(program, "shop", order, [refund], at=NOON)[0].status


@pytest.fixture
def early(ann: Enrollment) -> OrderIn:
    """An order that binds the buyer to Ann."""
    return make_order("1", ref=ann.code, customer=BUYER, occurred_at=NOON - DAY)


def late(**fields: Any) -> OrderIn:
    return make_order("2", customer=BUYER, **fields)


def test_refund_of_an_order_that_is_being_credited_to_somebody_else(
    program: Program, ann: Enrollment, bob: Enrollment, early: OrderIn
) -> None:
    take(program, late(ref=bob.code))

    overlapping(partial(take, program, early), partial(give_back, program, "2", 4000))

    assert (balances(ann)["pending"], balances(bob)["pending"]) == (1600, 0)
    assert breaches() == []


def test_order_is_credited_while_its_refund_is_being_taken_in(
    program: Program, ann: Enrollment, early: OrderIn
) -> None:
    take(program, late())

    overlapping(partial(give_back, program, "2", 4000), partial(take, program, early))

    assert balances(ann)["pending"] == 1600
    assert breaches() == []


@pytest.mark.parametrize("turned", [False, True])
def test_two_orders_of_one_known_buyer_see_each_other(
    program: Program, ann: Enrollment, early: OrderIn, turned: bool
) -> None:
    take(program, make_order("0", customer=BUYER, occurred_at=NOON - 9 * DAY))
    orders = [partial(take, program, early), partial(take, program, late())]

    answers = overlapping(*reversed(orders)) if turned else overlapping(*orders)

    assert answers == ["created", "created"]
    assert balances(ann)["pending"] == 2000
    assert breaches() == []


def test_one_id_for_two_buyers_is_no_crash(program: Program) -> None:
    take(program, make_order("0", customer=BUYER))
    known = CustomerIn(email=BUYER.email, external_id="7")
    other = CustomerIn(email="other@example.net", external_id="7")

    answers = overlapping(
        partial(take, program, make_order("2", customer=other)),
        partial(take, program, make_order("1", customer=known)),
    )

    assert answers == ["created", "created"]
    assert Customer.objects.get(external_id="7").email == "other@example.net"


def test_owners_cannot_dismiss_each_other(merchant: Merchant, olga: User) -> None:
    otto = make_member(merchant, "owner", "otto@northwind.example")
    members = {member.user_id: member for member in Member.objects.all()}

    overlapping(
        partial(affiliates.change_member, members[olga.pk], actor=otto, role="analyst"),
        partial(affiliates.change_member, members[otto.pk], actor=olga, role="analyst"),
    )

    assert Member.objects.get(role="owner").user == otto


def test_sponsors_change_while_an_order_credits_them(
    program: Program, ann: Enrollment, sue: Enrollment, bob: Enrollment, mia: User
) -> None:
    def change() -> Enrollment:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                connection.cursor().execute("SET LOCAL lock_timeout = '300ms'")
            return affiliates.set_sponsor(bob, sue, actor=mia)

    answers = overlapping(partial(take, program, make_order("1", ref=ann.code)), change)

    assert answers == ["created", bob]
