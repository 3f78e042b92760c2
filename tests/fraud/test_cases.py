"""Cases until somebody decides them: one at a time for each cause, whose they are, and when they escalate."""

from datetime import timedelta
from functools import partial

import pytest

from affiliates.roles import NotAllowed
from commissions.states import IllegalMove
from core.models import Event
from fraud.actions import cases, policies
from fraud.models import Case
from tests.commissions.test_at_once import overlapping
from tests.makers import NOON, make_affiliate, make_enrollment

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def case(bob):
    return cases.case_for(bob, "orders", at=NOON)


def news(kind):
    return list(Event.objects.filter(kind=kind).order_by("pk"))


def test_case_is_due_when_the_policy_says(program, bob, mia):
    policies.set_policy(program, actor=mia, review_days=5)

    case = cases.case_for(bob, "orders", at=NOON)

    assert (case.state, case.program, case.due_at) == ("open", program, NOON + 5 * DAY)
    (opened,) = news("case.opened")
    assert (opened.tenant_id, opened.data) == (program.merchant_id, {"cause": "orders"})


def test_what_is_found_later_joins_the_undecided_case(bob, case):
    assert cases.case_for(bob, "orders", at=NOON + DAY) == case

    assert cases.case_for(bob, "traffic", at=NOON) != case
    assert len(news("case.opened")) == 2


def test_decided_case_gets_no_more(bob, case):
    Case.objects.filter(pk=case.pk).update(state="decided", verdict="clear", decided_at=NOON)

    assert cases.case_for(bob, "orders", at=NOON) != case


def test_unknown_cause_is_no_case(bob):
    with pytest.raises(ValueError, match="weather"):
        cases.case_for(bob, "weather", at=NOON)


@pytest.mark.django_db(transaction=True)
def test_two_screeners_open_one_case(bob):
    opened = overlapping(*[partial(cases.case_for, bob, "orders", at=NOON)] * 2)

    assert opened[0] == opened[1] == Case.objects.get()
    assert len(news("case.opened")) == 1


# --- whose it is -------------------------------------------------------------------------------------------


def test_taken_case_is_a_reviewers_for_ten_minutes(case, mia, rita):
    cases.take(case, actor=mia, at=NOON)

    with pytest.raises(IllegalMove, match="Mia Manager"):
        cases.take(case, actor=rita, at=NOON + 9 * MINUTE)
    assert cases.take(case, actor=rita, at=NOON + 10 * MINUTE).locked_by == rita


def test_taking_again_lengthens_ones_own_time(case, mia):
    cases.take(case, actor=mia, at=NOON)

    again = cases.take(case, actor=mia, at=NOON + 5 * MINUTE)

    assert again.locked_until == NOON + 15 * MINUTE


def test_left_case_is_free(case, mia, rita):
    cases.take(case, actor=mia, at=NOON)
    cases.leave(case, actor=rita)
    assert Case.objects.get(pk=case.pk).locked_by == mia

    cases.leave(case, actor=mia)

    assert cases.take(case, actor=rita, at=NOON).locked_by == rita


def test_case_is_assigned_to_who_may_decide_it(case, mia, rita, fin, eve):
    cases.assign(case, rita, actor=mia, at=NOON)
    cases.assign(case, rita, actor=mia, at=NOON)

    assert [event.data for event in news("case.assigned")] == [{"to": rita.pk}]
    for person in (fin, eve):
        with pytest.raises(IllegalMove):
            cases.assign(case, person, actor=mia)
    assert cases.assign(case, None, actor=rita).assignee is None


def test_nobody_has_their_own_case(merchant, program, rita, mia):
    own = make_enrollment(program, affiliate=make_affiliate(merchant, user=rita))
    case = cases.case_for(own, "orders", at=NOON)

    with pytest.raises(IllegalMove, match="their own"):
        cases.take(case, actor=rita)
    with pytest.raises(IllegalMove):
        cases.assign(case, rita, actor=mia)
    assert Case.objects.get(pk=case.pk).assignee is None


def test_cases_are_for_reviewers(case, ada, fin, eve):
    for person in (ada, fin, eve):
        with pytest.raises(NotAllowed):
            cases.take(case, actor=person)
        with pytest.raises(NotAllowed):
            cases.assign(case, None, actor=person)
    assert Case.objects.get(pk=case.pk).locked_by is None


def test_decided_case_is_nobodys_to_take(case, mia):
    Case.objects.filter(pk=case.pk).update(state="decided", verdict="clear", decided_at=NOON)

    for deed in (partial(cases.take, case), partial(cases.assign, case, mia)):
        with pytest.raises(IllegalMove, match="decided"):
            deed(actor=mia)


# --- in time -----------------------------------------------------------------------------------------------


def test_overdue_case_is_told_once(case):
    assert cases.escalate(at=case.due_at - MINUTE) == 0
    assert cases.escalate(at=case.due_at) == 1
    assert cases.escalate(at=case.due_at + DAY) == 0

    (told,) = news("case.escalated")
    assert told.data == {"due": case.due_at.isoformat()}


def test_decided_case_does_not_escalate(case):
    Case.objects.filter(pk=case.pk).update(state="decided", verdict="clear", decided_at=NOON)

    assert cases.escalate(at=case.due_at + DAY) == 0
