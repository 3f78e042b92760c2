"""Cases, verdicts, refunds and payouts in any order: the books are right, and every brake is on or off.

VERDICTS_EXAMPLES asks for more lives than a normal run tries.
"""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings, strategies as st

from affiliates import actions as affiliates
from affiliates.models import Enrollment
from affiliates.states import IllegalMove as Refused
from commissions import actions
from commissions.models import Commission
from commissions.states import IllegalMove
from fraud.actions.cases import case_for
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


# --- what becomes of the membership ------------------------------------------------------------------------------
CAUSES = ("orders", "traffic", "identity", "systems")
STATES = {"suspend": "suspended", "ban": "banned", "activate": "active"}
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(
            ["suspend", "suspend", "ban", "undo", "undo", "undo", "suspend by hand", "activate by hand"]
        ),
        st.sampled_from(CAUSES),
    ),
    min_size=3,
    max_size=14,
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(DEEDS, st.permutations(CAUSES))
def test_membership_is_what_the_standing_verdicts_and_people_made_it(program, mia, deeds, order):
    with transaction.atomic():
        ann = makers.make_enrollment(program)
        acts = []  # (case or None, the state that it leads to), the oldest first
        for number, (deed, cause) in enumerate(deeds, 1):
            acts = done(ann, mia, deed, cause, acts, NOON + number * HOUR)
            assert state_of(ann) == by(acts)
        for number, cause in enumerate(order, len(deeds) + 1):
            acts = done(ann, mia, "undo", cause, acts, NOON + number * HOUR)
            assert state_of(ann) == by(acts)
        assert all(case is None for case, _state in acts)
        transaction.set_rollback(True)


def done(ann, mia, deed, cause, acts, at):
    """Do one deed; return what has been done by now and stands. What changes nothing was never done."""
    verb, _space, by_hand = deed.partition(" ")
    try:
        if by_hand:
            before = state_of(ann)
            getattr(affiliates, verb)(
                ann, actor=mia, at=at, **({"reason": "By hand."} if verb == "suspend" else {})
            )
            return acts if state_of(ann) == before else [*acts, (None, STATES[verb])]
        case = Case.objects.filter(enrollment=ann, cause=cause, state="decided").first()
        if (case is None) == (deed == "undo"):
            return acts
        if deed == "undo":
            undo(case, reason="Wrong.", actor=mia, at=at)
            return [act for act in acts if act[0] != case.pk]
        case = case_for(ann, cause, at=at)
        decide(case, deed, reason="So.", actor=mia, at=at)
        return [*acts, (case.pk, STATES[deed])]
    except (IllegalMove, Refused):
        return acts


def by(acts):
    """What a membership is after these: whoever is banned stays so, a person's word is the last one."""
    state = "active"
    for case, led_to in acts:
        state = state if case and state == "banned" else led_to
    return state


def state_of(ann):
    return Enrollment.objects.get(pk=ann.pk).state


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("verdicts", [("suspend", "ban"), ("suspend", "suspend"), ("ban", "ban")])
def test_two_cases_that_stopped_somebody_are_undone_in_any_order(bob, mia, verdicts, first):
    both = [case_for(bob, cause, at=NOON) for cause in CAUSES[:2]]
    for number, (case, verdict) in enumerate(zip(both, verdicts, strict=True), 1):
        decide(case, verdict, reason="Fraud.", actor=mia, at=NOON + number * HOUR)

    undo(both[first], reason="Wrong.", actor=mia, at=NOON + 3 * HOUR)
    assert state_of(bob) == STATES[verdicts[1 - first]]
    undo(both[1 - first], reason="Wrong.", actor=mia, at=NOON + 4 * HOUR)

    assert state_of(bob) == "active"


def test_decided_before_cases_kept_what_stopped_whom_is_undone_as_it_was_then(bob, mia):
    case = case_for(bob, "orders", at=NOON)
    decide(case, "suspend", reason="Fraud.", actor=mia, at=NOON)
    terms = Case.objects.get(pk=case.pk).terms
    terms["enrollment"] = {"state": "active", "reason": ""}
    Case.objects.filter(pk=case.pk).update(terms=terms)

    undo(case, reason="Wrong.", actor=mia, at=NOON + HOUR)

    assert state_of(bob) == "active"
