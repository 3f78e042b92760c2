"""All that is on hold: how much it is, where it is explained, and how it is told once it is decided."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from affiliates.models import Enrollment
from commissions import actions as commissions
from commissions.models import Commission
from core.models import User
from fraud.actions import verdicts
from fraud.checks import CHECKS
from fraud.messages import message_for
from fraud.states import Cause, Verdict
from portal.affiliate.reviewed import DONE
from portal.models import Brand
from tests import makers
from tests.portal.affiliate.test_reviews import text_of
from tests.portal.affiliate.under_review import find, open_case

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]


@pytest.fixture
def all_kinds(ann: Enrollment, sue: Enrollment, mia: User) -> Commission:
    """Of Sue's: 10.00 in a review of her own, 5.00 of Ann's that hangs on Ann's, 20.00 held by a colleague."""
    open_case(sue, makers.make_commission(sue))
    commissions.hold(makers.make_commission(sue, 20000), reason="The shop checks the order.", actor=mia)
    recruits = makers.make_commission(ann, 10000, external_id="S-10")
    open_case(ann, *recruits.conversion.commissions.all())
    return Commission.objects.get(enrollment=sue, level=2)


def test_overview_counts_all_that_is_held_and_the_list_explains_it(
    enter: Enter, sue: Enrollment, brand: Brand, all_kinds: Commission
) -> None:
    client = enter(sue)

    overview, listed = (text_of(client.get(page)).replace(" .", ".") for page in ("/overview/", "/reviews/"))

    assert overview.count("€35.00 is being looked at before it is paid.") == 1
    assert [listed.count(amount) for amount in ("€10.00 is being looked at", "€5.00", "€20.00")] == [1, 1, 1]
    assert [listed.count(why) for why in ("Also on hold", "The shop checks the order.")] == [1, 1]


def test_recruiter_reads_nothing_of_the_recruits_own_order(
    enter: Enter, ann: Enrollment, sue: Enrollment, brand: Brand, all_kinds: Commission
) -> None:
    Commission.objects.filter(pk=all_kinds.pk).update(reason="self_referral:email")
    client = enter(sue)

    for page in ("/overview/", "/reviews/", f"/earnings/{all_kinds.pk}/", "/earnings/"):
        said = client.get(page).content.decode()
        assert [word for word in ("yourself", "S-10", "Ann", "self_referral") if word in said] == []
        assert said.count("A sale of a partner you recruited is being looked at.") >= 1


def test_payouts_say_how_much_is_looked_at(
    enter: Enter, sue: Enrollment, brand: Brand, all_kinds: Commission
) -> None:
    answer = enter(sue).get("/payouts/")

    assert text_of(answer).replace(" .", ".").count("Being looked at €35.00") == 1
    assert answer.content.decode().count('<a class="link" href="/reviews/">Being looked at</a>') == 1


@pytest.mark.parametrize("verdict", ["clear", "decline"])
def test_what_is_decided_is_told_as_over(
    enter: Enter, ann: Enrollment, brand: Brand, rita: User, verdict: str
) -> None:
    commission = makers.make_commission(ann)
    case = open_case(ann, commission, cause=Cause.ORDERS)
    find(case, "refunds_again", commission)
    message = message_for(case, Verdict(verdict))
    verdicts.decide(case, verdict, reason="Seen.", message=message, actor=rita)

    page = text_of(enter(ann).get(f"/reviews/{case.pk}/"))

    assert page.count("Earlier orders of this customer were refunded.") == 1 + (verdict == "decline")
    assert page.count("We wait") == 0


def test_no_sentence_of_a_decision_speaks_of_what_is_to_come() -> None:
    to_come = re.compile(
        r"\b(yet|still|wait|waiting|please|we look|we check|we need|looking)\b", re.IGNORECASE
    )

    assert [name for name, check in CHECKS.items() if to_come.search(check.told(is_decided=True))] == []
    assert [cause for cause, words in DONE.items() if to_come.search(str(words))] == []
    assert set(DONE) == set(Cause)
