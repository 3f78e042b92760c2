"""What a period owes stays right when clocks, people and refunds meet at the same moment, or a plan begins to count."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.ledger import balances
from commissions.models import Commission
from core import jobs
from core.models import User
from tests import makers
from tests.makers import NOON
from tests.story.test_volumes_at_once import (
    NEXT_MONTH,
    assert_quiet,
    failures,
    flat,
    give_back,
    held,
    overlapping,
    plan,
    sale,
    take,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer: nothing overlaps there"),
]
GOLD = {
    "id": "gold",
    "name": "Gold",
    "amount": "100.00",
    "metric": "base",
    "period": "month",
    "target": "1000.00",
}
NOTHING = {"pending": 0, "payable": 0, "in_transit": 0, "paid": 0}


@pytest.fixture
def program(merchant: Any) -> Program:
    """A program without a plan yet."""
    return makers.make_program(merchant, plan={})


@pytest.fixture
def lost(program: Program, bob: Enrollment) -> Commission:
    """A bonus whose only sale was refunded; the news of it is still under way."""
    makers.make_plan(program, body=flat(bonuses=[GOLD]))
    take(program, sale(bob, 1, 100000))
    jobs.drain()
    give_back(program, 1, 100000)
    return Commission.objects.get(kind="bonus")


@pytest.mark.parametrize("turn", [1, -1], ids=["approval_first", "approval_second"])
def test_bonus_that_is_approved_while_it_is_taken_back_is_taken_back(
    bob: Enrollment, lost: Commission, turn: int
) -> None:
    calls = [partial(commissions.approve_due, at=NEXT_MONTH), jobs.drain]

    answers = overlapping(*calls[::turn])

    assert failures(answers) == []
    assert balances(bob) == NOTHING
    assert_quiet()


def test_bonus_that_is_declined_while_it_is_taken_back_stays_declined(
    bob: Enrollment, mia: User, lost: Commission
) -> None:
    decline = partial(commissions.decline, lost, reason="No.", actor=mia, at=NOON)

    answers = overlapping(decline, jobs.drain)

    lost.refresh_from_db()
    assert (failures(answers), lost.state, balances(bob)) == ([], "declined", NOTHING)
    assert_quiet()


def test_first_sale_of_a_month_that_is_being_closed_is_trued_up_an_hour_later(
    program: Program, bob: Enrollment
) -> None:
    makers.make_plan(program, body=plan("retroactive"))

    overlapping(
        partial(commissions.close_periods, at=NEXT_MONTH), partial(take, program, sale(bob, 1, 600000))
    )
    commissions.close_periods(at=NEXT_MONTH + timedelta(hours=1))
    jobs.drain()

    assert held() == [10000 + 60000 + 20000]
    assert [row.net.amount for row in Commission.objects.filter(kind="true_up")] == [120000 - 90000]
    assert_quiet()


def test_order_on_its_way_while_a_plan_begins_to_count_is_counted(program: Program, bob: Enrollment) -> None:
    standard = makers.make_plan(program, body=flat())

    def publish_and_sell() -> list[str]:
        begins = NOON + timedelta(minutes=90)
        commissions.publish(standard, plan(), effective_at=begins, at=NOON)
        return take(program, sale(bob, 2, 100000))

    answers = overlapping(partial(take, program, sale(bob, 1, 100000)), publish_and_sell)

    assert answers == [["created"]] * 2
    assert held() == [10000, 15000]
    assert_quiet()
