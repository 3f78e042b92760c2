"""Short lives with money in them: Sue recruited Ann, Ann sells, buyers change their minds, and payday comes."""

from datetime import timedelta

import pytest

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.ledger import balances
from commissions.models import Commission, Entry
from core.models import Event, User
from payouts import actions as payouts
from payouts.actions import ApprovalRefused
from tests.makers import NOON, make_order, make_payee, make_refund
from tests.story.books import breaches
from tracking.orders import LineIn, OrderIn, RefundLineIn

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TENT, STOVE, MAP = "tent", "stove", "map"


def camping(ann: Enrollment) -> OrderIn:
    """A tent for 333.33, two stoves for 99.99 together and a map for 7.77."""
    lines = (LineIn(TENT, 33333), LineIn(STOVE, 9999, 2), LineIn(MAP, 777))
    return make_order("1001", net=44109, ref=ann.code, lines=lines)


def bring_back(program: Program, number: str, line: str, quantity: int, net: int) -> None:
    lines = (RefundLineIn(line, quantity, net),)
    commissions.take_refunds(program, "shop", "1001", [make_refund(number, lines=lines)], at=NOON + DAY)


def sell(program: Program, seller: Enrollment, number: str, net: int, day: int) -> None:
    when = NOON + day * DAY
    order = make_order(number, net=net, ref=seller.code, occurred_at=when, captured_at=when)
    commissions.take_orders(program, [order], at=when)


def payday(program: Program, mia: User, fin: User, day: int) -> dict[str, int]:
    """Approve what has matured, pay it, and return what each affiliate got."""
    when = NOON + day * DAY
    commissions.approve_due(at=when)
    batch = payouts.open_batch(program, actor=mia, at=when)
    payouts.approve_batch(batch, actor=fin, at=when)
    for payout in batch.payouts.all():
        payouts.mark_paid(payout, reference=f"SEPA-{day}", actor=fin, at=when + DAY)
    return {payout.enrollment.affiliate.name: payout.amount for payout in batch.payouts.all()}


def test_tent_comes_back_piece_by_piece(program: Program, ann: Enrollment, sue: Enrollment) -> None:
    # Ann earns 10 per cent of 441.09 and Sue 5: each sum is rounded once, half a cent up.
    commissions.take_orders(program, [camping(ann)], at=NOON)
    assert (balances(ann)["pending"], balances(sue)["pending"]) == (4411, 2205)

    # One stove comes back, 49.99 of 99.99: 4.999 and 2.4995 are gone so far.
    bring_back(program, "r1", STOVE, 1, 4999)
    assert (balances(ann)["pending"], balances(sue)["pending"]) == (4411 - 500, 2205 - 250)

    # Then the other for 50.00: 9.999 and 4.9995 in all, so that this time the same is taken.
    bring_back(program, "r2", STOVE, 1, 5000)
    assert (balances(ann)["pending"], balances(sue)["pending"]) == (4411 - 1000, 2205 - 500)

    # The map: 10.776 and 5.388 in all. What was rounded before is not rounded again.
    bring_back(program, "r3", MAP, 1, 777)
    assert (balances(ann)["pending"], balances(sue)["pending"]) == (4411 - 1078, 2205 - 539)

    # And at last the tent: not a cent is left on either level, whatever was rounded on the way.
    bring_back(program, "r4", TENT, 1, 33333)
    assert (balances(ann)["pending"], balances(sue)["pending"]) == (0, 0)
    assert breaches() == []


def test_refund_after_payday_is_earned_back_before_the_next(
    program: Program, ann: Enrollment, sue: Enrollment, mia: User, fin: User
) -> None:
    make_payee(ann)
    make_payee(sue)

    # A sale of 1,200.00 is paid to both: 120.00 and 60.00.
    sell(program, ann, "1001", 120000, day=0)
    assert payday(program, mia, fin, day=30) == {"Ann Archer": 12000, "Sue Sponsor": 6000}

    # Then half of it goes back. What was paid stays paid; both are in debt, and payday pays nobody.
    commissions.take_refunds(program, "shop", "1001", [make_refund("r1", gross=60000)], at=NOON + 31 * DAY)
    assert balances(ann) == {"pending": 0, "payable": -6000, "in_transit": 0, "paid": 12000}
    assert balances(sue) == {"pending": 0, "payable": -3000, "in_transit": 0, "paid": 6000}
    assert payday(program, mia, fin, day=32) == {}

    # The next sale, of 2,000.00, first settles the debts: 200.00 less 60.00, and 100.00 less 30.00.
    sell(program, ann, "1002", 200000, day=33)
    assert payday(program, mia, fin, day=63) == {"Ann Archer": 14000, "Sue Sponsor": 7000}
    assert (balances(ann)["payable"], balances(sue)["payable"]) == (0, 0)
    assert (balances(ann)["paid"], balances(sue)["paid"]) == (26000, 13000)
    assert breaches() == []


def test_small_sums_are_carried_over_until_they_are_worth_a_transfer(
    program: Program, ann: Enrollment, sue: Enrollment, mia: User, fin: User
) -> None:
    make_payee(ann)
    make_payee(sue)

    # In November Ann earns 40.00 and Sue 20.00: both below the minimum of 50.00.
    sell(program, ann, "1001", 40000, day=0)
    assert payday(program, mia, fin, day=30) == {}
    assert (balances(ann)["payable"], balances(sue)["payable"]) == (4000, 2000)

    # In December 30.00 and 15.00 come on top: Ann's 70.00 are paid, Sue's 35.00 wait on.
    sell(program, ann, "1002", 30000, day=31)
    assert payday(program, mia, fin, day=61) == {"Ann Archer": 7000}
    assert (balances(ann)["payable"], balances(sue)["payable"]) == (0, 3500)

    # In January 15.00 complete Sue's 50.00; Ann has 30.00 and waits in turn.
    sell(program, ann, "1003", 30000, day=62)
    assert payday(program, mia, fin, day=92) == {"Sue Sponsor": 5000}
    assert (balances(ann)["payable"], balances(sue)["payable"]) == (3000, 0)

    # Every cent that was ever earned was paid once, or waits.
    paid = Entry.objects.filter(kind="settlement").values_list("amount", flat=True)
    assert sum(paid) + 3000 == sum(row.amount for row in Commission.objects.all())
    assert breaches() == []


def test_large_batch_waits_for_a_second_person(
    program: Program, ann: Enrollment, sue: Enrollment, mia: User, fin: User, olga: User
) -> None:
    # Above 500.00 two people approve. Ann's 600.00 and Sue's 300.00 make a batch of 900.00.
    Program.objects.filter(pk=program.pk).update(second_approval_above=50000)
    make_payee(ann)
    make_payee(sue)
    sell(program, ann, "1001", 600000, day=0)
    commissions.approve_due(at=NOON + 30 * DAY)
    batch = payouts.open_batch(program, actor=mia, at=NOON + 30 * DAY)

    # Fin approves; nothing moves yet, and Fin's second yes does not count.
    batch = payouts.approve_batch(batch, actor=fin, at=NOON + 30 * DAY)
    assert (batch.state, balances(ann)["payable"]) == ("half", 60000)
    with pytest.raises(ApprovalRefused):
        payouts.approve_batch(batch, actor=fin, at=NOON + 30 * DAY)

    # Meanwhile Sue's commission is put on hold: the batch says something else than was approved, and is thrown away.
    above = Commission.objects.get(enrollment=sue)
    commissions.hold(above, reason="Who recruited whom?", actor=mia, at=NOON + 30 * DAY)
    with pytest.raises(ApprovalRefused):
        payouts.approve_batch(batch, actor=olga, at=NOON + 30 * DAY)
    payouts.cancel_batch(batch, actor=mia, at=NOON + 30 * DAY)

    # The new one begins again with no yes at all; Olga and Fin give theirs, and Ann's money leaves. Sue's stays.
    batch = payouts.open_batch(program, actor=mia, at=NOON + 31 * DAY)
    assert payouts.approve_batch(batch, actor=olga, at=NOON + 31 * DAY).state == "half"
    assert payouts.approve_batch(batch, actor=fin, at=NOON + 31 * DAY).state == "approved"
    assert (balances(ann)["in_transit"], balances(sue)["payable"]) == (60000, 30000)
    told = Event.objects.filter(kind__startswith="batch.").order_by("pk").values_list("kind", flat=True)
    assert list(told) == [
        "batch.opened",
        "batch.approved_once",
        "batch.cancelled",
        "batch.opened",
        "batch.approved_once",
        "batch.approved",
    ]
    assert breaches() == []
