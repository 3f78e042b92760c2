"""Cases, verdicts, refunds and payouts in any order: the books are right, and every brake is on or off.

VERDICTS_EXAMPLES asks for more lives than a normal run tries.
"""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings, strategies as st

from commissions import actions
from commissions.models import Commission
from commissions.states import IllegalMove
from fraud.actions.verdicts import decide, undo
from fraud.models import Case, Hold
from payouts import actions as payouts
from tests import makers
from tests.commissions.test_volumes import counting, run_jobs
from tests.examples import examples
from tests.fraud.reviews import HOUR, holding
from tests.makers import NOON, make_commission, make_order, make_payee, make_refund
from tests.story.books import breaches

pytestmark = pytest.mark.django_db
EXAMPLES = examples(60, "VERDICTS_EXAMPLES")


@pytest.fixture(autouse=True)
def books_are_right():
    """Whatever a test did, the books are right after it."""
    yield
    assert breaches() == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "sell",
                "approve",
                "refund",
                "open",
                "open",
                "clear",
                "decline",
                "reverse",
                "ban",
                "undo",
                "undo",
                "pay",
            ]
        ),
        st.integers(0, 5),
        st.sampled_from(["orders", "traffic"]),
    ),
    min_size=5,
    max_size=16,
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(STEPS)
def test_books_and_brakes_are_right_after_any_sequence(merchant, mia, fin, steps):
    with transaction.atomic():
        program = counting(merchant)
        ann = makers.make_enrollment(program)
        make_payee(ann)
        for net in (60000, 70000):
            make_commission(ann, net)
        for number, step in enumerate(steps, 1):
            try_one(ann, mia, fin, *step, NOON + number * HOUR)
            run_jobs()
            assert breaches() == []
            assert brakes() == []
        transaction.set_rollback(True)


def try_one(ann, mia, fin, deed, place_, cause, at):
    """Do one deed; what may not be done is refused."""
    program = ann.program
    rows = list(Commission.objects.filter(program=program, conversion__isnull=False).order_by("pk"))
    row = rows[place_ % len(rows)]
    case = Case.objects.filter(enrollment=ann, cause=cause).order_by("pk").last()
    try:
        if deed == "sell":
            actions.take_orders(program, [make_order(net=10000 * (place_ + 1), ref=ann.code)], at=at)
        elif deed == "approve":
            actions.approve(row, at=row.matures_at)
        elif deed == "refund":
            refund = make_refund(gross=7000 * (place_ + 1))
            actions.take_refunds(program, "shop", row.conversion.external_id, [refund], at=at)
        elif deed == "open":
            holding(ann, rows[: place_ + 1], cause)
        elif deed == "pay":
            pay_what_there_is(program, mia, fin, at)
        elif case is not None and deed == "undo":
            undo(case, reason="Wrong.", actor=mia, at=at)
        elif case is not None:
            decide(case, deed, reason="So.", actor=mia, at=at)
    except IllegalMove:
        pass


def pay_what_there_is(program, mia, fin, at):
    batch = payouts.open_batch(program, actor=mia, at=at)
    if not batch.payouts.exists():
        payouts.cancel_batch(batch, actor=mia, at=at)
        return
    payouts.approve_batch(batch, actor=fin, at=at)


def brakes():
    """What waits for an undecided case and is not held, and what is held by a case that is no more."""
    waiting = Hold.objects.filter(lifted_at=None)
    loose = waiting.exclude(commission__state="declined").filter(commission__is_held=False)
    stuck = Commission.objects.filter(is_held=True, reason__startswith="fraud:")
    return [*loose, *stuck.exclude(fraud_holds__in=waiting)]
