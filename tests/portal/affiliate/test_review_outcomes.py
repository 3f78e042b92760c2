"""A decided review: what was decided in plain words, what the reviewer wrote, and what became of each part."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from affiliates.models import Enrollment
from commissions import actions as commissions
from commissions.models import Commission
from core.models import User
from core.money import Money
from fraud.actions import verdicts
from fraud.models import Case
from fraud.states import Cause, Verdict
from portal.affiliate.earned import cause_of, shown, stage_of
from portal.affiliate.reviewed import looked_at, outcome_of, reviews_of
from portal.affiliate.road import road
from portal.models import Brand
from tests import makers
from tests.makers import NOON
from tests.portal.affiliate.test_reviews import text_of
from tests.portal.affiliate.under_review import open_case

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]
LATER = NOON + timedelta(days=40)


def decide(case: Case, verdict: Verdict, actor: User, message: str = "") -> Case:
    return verdicts.decide(case, verdict, reason="Only for us.", message=message, actor=actor, at=LATER)


def fates(case: Case) -> list[tuple[str, Money]]:
    (review,) = reviews_of([Case.objects.get(pk=case.pk)])
    return [(words, amount) for _tone, words, amount in review.fates]


def row_of(commission: Commission) -> Commission:
    rows = shown(commission.enrollment).prefetch_related("reversals", "conversion__decisions__coupon")
    return rows.get(pk=commission.pk)


def test_cleared_amount_goes_its_usual_way(ann: Enrollment, rita: User) -> None:
    commission = makers.make_commission(ann, 24000)
    case = decide(open_case(ann, commission), Verdict.CLEAR, rita)

    assert (outcome_of(case), fates(case)) == (
        "Everything is in order.",
        [("Goes its usual way", Money(2400, "EUR"))],
    )
    assert looked_at(ann) == []


def test_declined_amount_is_not_paid_and_shows_no_code(ann: Enrollment, rita: User) -> None:
    commission = makers.make_commission(ann, 24000)
    case = decide(open_case(ann, commission), Verdict.DECLINE, rita)

    row = row_of(commission)

    assert fates(case) == [("Will not be paid", Money(2400, "EUR"))]
    assert (stage_of(row).word, stage_of(row).about) == ("Declined", "It was looked at and cannot be paid.")
    assert road(row)[-1].about == "It was looked at and cannot be paid."


def test_reversed_amount_was_taken_back(ann: Enrollment, rita: User) -> None:
    pending, approved = makers.make_commission(ann, 10000), makers.make_payable(ann, 30000)
    case = decide(open_case(ann, pending, approved), Verdict.REVERSE, rita)

    (reversal,) = row_of(approved).reversals.all()

    assert fates(case) == [("Will not be paid", Money(1000, "EUR")), ("Taken back", Money(3000, "EUR"))]
    assert cause_of(reversal) == "After a review"
    assert ("bad", "After a review") in [(step.state, step.title) for step in road(row_of(approved))]


def test_part_that_another_review_holds_is_still_on_hold(ann: Enrollment, rita: User) -> None:
    first, second = makers.make_commission(ann, 10000), makers.make_commission(ann, 20000)
    case = open_case(ann, first, second)
    open_case(ann, second, cause=Cause.TRAFFIC)

    decide(case, Verdict.CLEAR, rita)

    assert fates(case) == [("Goes its usual way", Money(1000, "EUR")), ("Still on hold", Money(2000, "EUR"))]
    assert [review.amount for review in looked_at(ann)] == [Money(2000, "EUR")]


def test_refund_in_the_meantime_is_no_part_of_the_outcome(ann: Enrollment, rita: User) -> None:
    commission = makers.make_commission(ann, 10000, external_id="7")
    case = open_case(ann, commission)
    commissions.take_refunds(ann.program, "shop", "7", [makers.make_refund(gross=4000)], at=NOON)

    decide(case, Verdict.DECLINE, rita)

    assert fates(case) == [("Will not be paid", Money(600, "EUR"))]


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (Verdict.CLEAR, "Everything is in order."),
        (Verdict.DECLINE, "The amount cannot be paid."),
        (Verdict.REVERSE, "The amount was taken back."),
        (Verdict.SUSPEND, "Your membership is suspended for now."),
        (Verdict.BAN, "Your membership has ended."),
    ],
)
def test_page_says_the_outcome_and_the_message(
    enter: Enter, ann: Enrollment, brand: Brand, mia: User, verdict: Verdict, outcome: str
) -> None:
    case = decide(open_case(ann, makers.make_commission(ann)), verdict, mia, "Thank you for <your> letter.")
    client = enter(ann)

    page = client.get(f"/reviews/{case.pk}/")

    assert (page.status_code, text_of(page).count(outcome) >= 1) == (200, True)
    assert text_of(page).count("Thank you for &lt;your&gt; letter.") >= 1
    assert (text_of(page).count("Only for us."), page.content.decode().count("<textarea")) == (0, 0)
    assert text_of(client.get("/reviews/")).count(outcome) >= 1


def test_page_shows_what_became_of_the_amount(enter: Enter, ann: Enrollment, brand: Brand, mia: User) -> None:
    case = open_case(ann, makers.make_commission(ann, 10000), makers.make_payable(ann, 30000))
    decide(case, Verdict.BAN, mia)

    said = text_of(enter(ann).get(f"/reviews/{case.pk}/"))

    assert said.count("Will not be paid €10 .00") == 1
    assert said.count("Taken back €30 .00") == 1
    assert said.lower().count("fraud") == 0


def test_verdict_that_waits_for_a_second_person_is_not_told(
    enter: Enter, ann: Enrollment, brand: Brand, rita: User
) -> None:
    case = open_case(ann, makers.make_commission(ann))
    Case.objects.update(state="proposed", verdict=Verdict.DECLINE, message="No.", proposed_by=rita)

    page = enter(ann).get(f"/reviews/{case.pk}/")

    assert (text_of(page).count("is being looked at"), text_of(page).count("cannot be paid")) == (1, 0)
    assert (text_of(page).count("No."), page.content.decode().count("<textarea")) == (0, 1)


def test_decision_that_was_taken_back_waits_again(
    enter: Enter, ann: Enrollment, brand: Brand, mia: User
) -> None:
    case = decide(open_case(ann, makers.make_payable(ann, 30000)), Verdict.REVERSE, mia, "Sorry.")
    verdicts.undo(case, reason="A mistake.", actor=mia, at=LATER + timedelta(hours=1))

    page = enter(ann).get(f"/reviews/{case.pk}/")

    assert text_of(page).count("€30.00 is being looked at") == 1
    assert (text_of(page).count("Sorry."), text_of(page).count("A mistake.")) == (0, 0)
