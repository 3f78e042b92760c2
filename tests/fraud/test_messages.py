"""What an affiliate is told of a verdict, to begin with."""

import pytest

from affiliates.models import Enrollment
from fraud.messages import message_for
from fraud.models import Signal
from fraud.states import SignalState, Verdict
from tests import makers
from tests.fraud.admin.found import asked, keep

pytestmark = pytest.mark.django_db
OWN = "looked like a purchase of your own"
LOST = "The payment of this order went back to the customer."


@pytest.mark.parametrize("state", [SignalState.WITHDRAWN, SignalState.EXPIRED])
def test_what_is_not_so_any_more_is_no_reason(ann: Enrollment, state: SignalState) -> None:
    sale = makers.make_commission(ann)
    (own,) = keep(ann, asked("self_referral", ann, sale=sale))
    Signal.objects.create(
        program=ann.program,
        enrollment=ann,
        case=own,
        check_name="dispute_lost",
        cause=own.cause,
        conversion=sale.conversion,
        action="hold",
        weight=3,
        value=1,
    )
    both = message_for(own, Verdict.DECLINE)

    Signal.objects.filter(check_name="dispute_lost").update(state=state)
    one = message_for(own, Verdict.DECLINE)

    assert [(text.count(OWN), text.count(LOST)) for text in (both, one)] == [(1, 1), (1, 0)]


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict != Verdict.EXTEND])
def test_message_of_a_verdict_greets_nobody_and_promises_no_look(ann: Enrollment, verdict: Verdict) -> None:
    sale = makers.make_commission(ann)
    found = [asked(name, ann, sale=sale) for name in ("refunds_again", "orders_in_a_row", "near_duplicate")]
    (case,) = keep(ann, *found)

    text = message_for(case, verdict)

    assert text[0].isupper()
    assert [words for words in ("Hello", "We wait", "We look at", "before it is paid") if words in text] == []
    assert text.count("Earlier orders of this customer were refunded.") == (verdict != Verdict.CLEAR)


def test_verdict_that_decides_nothing_has_no_message(ann: Enrollment) -> None:
    (case,) = keep(ann, asked("self_referral", ann, sale=makers.make_commission(ann)))

    assert message_for(case, Verdict.EXTEND) == ""
