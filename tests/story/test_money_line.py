"""The money line: a click becomes a payout. Read this first."""

from datetime import timedelta

import pytest

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.ledger import balances
from commissions.words import explain
from core.models import User
from payouts import actions as payouts
from tests.makers import NOON, make_click, make_order, make_payee
from tracking.orders import Evidence

pytestmark = pytest.mark.django_db


def test_a_click_becomes_a_payout(
    program: Program, ann: Enrollment, sue: Enrollment, mia: User, fin: User
) -> None:
    # Ann, whom Sue recruited, is paid to her bank account. Somebody follows her link.
    make_payee(ann)
    _click, tid = make_click(ann, NOON - timedelta(days=2))

    # Two days later they buy for 899.00; the store tells us with the click's id.
    order = make_order("1001", net=89900, evidence=Evidence(tid=tid))
    taken = commissions.take_orders(program, [order], at=NOON)[0]
    assert taken.conversion is not None
    assert taken.conversion.decision.enrollment == ann
    assert taken.conversion.decision.evidence == "click"

    # Ann earns 10 per cent and Sue 5; both can read why.
    mine, above = taken.conversion.commissions.order_by("level")
    assert (mine.enrollment, mine.amount) == (ann, 8990)
    assert (above.enrollment, above.amount) == (sue, 4495)
    assert len(explain(mine.trace, ann.pk, 1)) > 0
    assert balances(ann) == {"pending": 8990, "payable": 0, "in_transit": 0, "paid": 0}

    # Nothing is approved before the time for returns is over.
    assert commissions.approve_due(at=NOON + timedelta(days=29)) == 0
    assert commissions.approve_due(at=NOON + timedelta(days=30)) == 2
    assert balances(ann) == {"pending": 0, "payable": 8990, "in_transit": 0, "paid": 0}

    # Mia opens a batch: Ann's payout is in it; Sue's 44.95 are below the minimum of 50.00 and are carried over.
    later = NOON + timedelta(days=31)
    batch = payouts.open_batch(program, actor=mia, at=later)
    payout = batch.payouts.get()
    assert (payout.enrollment, payout.amount) == (ann, 8990)
    assert [(row.enrollment, row.amount, row.reason) for row in batch.held_back.all()] == [
        (sue, 4495, "minimum")
    ]

    # Whoever opened it cannot approve it; finance can.
    with pytest.raises(PermissionError):
        payouts.approve_batch(batch, actor=mia, at=later)
    payouts.approve_batch(batch, actor=fin, at=later)
    assert balances(ann) == {"pending": 0, "payable": 0, "in_transit": 8990, "paid": 0}

    # The money is sent, and arrives.
    payouts.mark_sent(payout, reference="SEPA-4711", actor=fin, at=later)
    payout = payouts.mark_paid(payout, actor=fin, at=later + timedelta(days=1))
    assert (payout.state, payout.reference) == ("paid", "SEPA-4711")
    assert balances(ann) == {"pending": 0, "payable": 0, "in_transit": 0, "paid": 8990}
