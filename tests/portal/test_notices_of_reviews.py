"""Letters on reviews: one for all that waits, in plain words, and none that says the same twice."""

from datetime import timedelta

import pytest
from django.core import mail

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Member
from commissions import actions as commissions
from commissions.models import Commission
from core.models import Event, User
from fraud.actions import answers, cases, holds, verdicts
from fraud.checks import CHECKS
from fraud.messages import message_for
from fraud.models import Case
from fraud.states import Verdict
from portal import notices
from portal.models import Brand
from tests import makers
from tests.makers import NOON
from tests.portal.affiliate.under_review import find, open_case

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=40)
ANN = "ann@partner.example"


def send(kind: str) -> list[mail.EmailMultiAlternatives]:
    """Send what all events of the kind ask for."""
    before = len(mail.outbox)
    for event in Event.objects.filter(kind=kind).order_by("pk"):
        notices.send(event)
    return mail.outbox[before:]


def told(*kinds: str) -> list[tuple[list[str], str]]:
    return [(letter.to, letter.subject) for kind in kinds for letter in send(kind)]


def decide(case: Case, verdict: Verdict, actor: User, message: str = "") -> Case:
    return verdicts.decide(case, verdict, reason="Only for us.", message=message, actor=actor, at=LATER)


# --- it begins ---------------------------------------------------------------------------------------------
def test_one_letter_for_all_that_is_looked_at(ann: Enrollment, brand: Brand, settings) -> None:
    settings.PUBLIC_URL = "https://installation.example"
    first, second = makers.make_commission(ann, 10000), makers.make_commission(ann, 14000)
    case = open_case(ann, first, second)
    find(case, "self_referral", first)
    find(case, "self_referral", second)

    letters = [*send("case.opened"), *send("case.grew"), *send("commission.held")]

    assert [(letter.to, letter.subject) for letter in letters] == [
        ([ANN], "€24.00 of your earnings is being looked at")
    ]
    body = letters[0].body
    assert body.count(f"- {CHECKS['self_referral'].plain}") == 1
    assert body.count("Please answer until: 16 November 2026") == 1
    assert body.count(f"https://testserver/reviews/{case.pk}/") == 1


def test_letter_tells_nothing_of_how_it_was_found(ann: Enrollment, bob: Enrollment, brand: Brand) -> None:
    commission = makers.make_commission(ann)
    case = open_case(ann, commission)
    find(case, "self_referral", commission)
    Case.objects.update(score=0.9371, reason="Shares a phone with Bob.")

    (letter,) = send("case.opened")

    everything = f"{letter.subject} {letter.body} {letter.alternatives[0][0]}"
    hidden = (
        "47.11",
        "31.25",
        "0.9371",
        "self_referral",
        "secret-of-bob",
        "Bob",
        "fraud",
        "Fraud",
        "suspicious",
    )
    assert [word for word in hidden if word in everything] == []


def test_case_without_an_own_amount_sends_no_letter(ann: Enrollment, sue: Enrollment, brand: Brand) -> None:
    commission = makers.make_commission(ann)
    open_case(sue, commission)

    assert told("case.opened", "case.grew", "commission.held") == []


def test_first_amount_that_is_held_later_is_told_once(ann: Enrollment, brand: Brand) -> None:
    case = open_case(ann)
    for number in (1, 2):
        at = NOON + timedelta(days=number)
        holds.place(case, [makers.make_commission(ann)], at=at)
        cases.record("case.grew", case, at=at)

    assert told("case.opened", "case.grew") == [([ANN], "€20.00 of your earnings is being looked at")]


def test_what_is_held_further_is_not_told_again(ann: Enrollment, brand: Brand) -> None:
    case = open_case(ann, makers.make_commission(ann))
    later = NOON + timedelta(days=1)
    holds.place(case, [makers.make_commission(ann)], at=later)
    cases.record("case.grew", case, at=later)

    assert told("case.grew") == []


def test_review_that_is_over_before_the_letter_goes_out_is_told_as_over(
    ann: Enrollment, brand: Brand, rita: User
) -> None:
    decide(open_case(ann, makers.make_commission(ann)), Verdict.CLEAR, rita)

    assert told("case.opened", "case.decided") == [([ANN], "The review of €10.00 is over")]


def test_hold_by_a_person_is_told_as_before(ann: Enrollment, brand: Brand, mia: User) -> None:
    commissions.hold(makers.make_commission(ann), reason="The shop checks the order.", actor=mia)

    assert told("commission.held") == [([ANN], "A commission is on hold")]


# --- it is decided -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("verdict", "sentence", "fact"),
    [
        (Verdict.CLEAR, "Everything is in order. Thank you for your patience.", "Goes its usual way: €24.00"),
        (Verdict.DECLINE, "We are sorry: the amount cannot be paid.", "Will not be paid: €24.00"),
        (Verdict.REVERSE, "We are sorry: the amount was taken back.", "Will not be paid: €24.00"),
    ],
)
def test_decision_is_told_once_with_the_message(
    ann: Enrollment, brand: Brand, rita: User, verdict: Verdict, sentence: str, fact: str
) -> None:
    case = open_case(ann, makers.make_commission(ann, 10000), makers.make_commission(ann, 14000))
    decide(case, verdict, rita, "Thank you for the receipt.")

    letters = [
        letter
        for kind in ("commission.released", "commission.declined", "case.decided")
        for letter in send(kind)
    ]

    assert [(letter.to, letter.subject) for letter in letters] == [([ANN], "The review of €24.00 is over")]
    body = letters[0].body
    assert [body.count(words) for words in (sentence, fact, "Thank you for the receipt.")] == [1, 1, 1]
    assert (body.count("Only for us."), body.lower().count("fraud")) == (0, 0)


def test_release_and_decline_by_a_person_are_told_as_before(ann: Enrollment, brand: Brand, mia: User) -> None:
    held, other = makers.make_commission(ann), makers.make_commission(ann)
    commissions.hold(held, reason="The shop checks the order.", actor=mia)
    commissions.release(held, reason="It is paid.", actor=mia)
    commissions.decline(other, reason="A test order.", actor=mia)

    assert told("commission.released", "commission.declined") == [
        ([ANN], "A commission was released"),
        ([ANN], "A commission was declined"),
    ]


def test_commission_that_was_reviewed_once_is_told_of_later_ones(
    ann: Enrollment, brand: Brand, mia: User
) -> None:
    commission = makers.make_commission(ann)
    decide(open_case(ann, commission), Verdict.CLEAR, mia)
    commissions.decline(Commission.objects.get(pk=commission.pk), reason="A test order.", actor=mia)

    assert told("commission.declined") == [([ANN], "A commission was declined")]


def test_suspension_and_the_amount_are_each_told_once(ann: Enrollment, brand: Brand, mia: User) -> None:
    decide(open_case(ann, makers.make_commission(ann)), Verdict.SUSPEND, mia, "Please call us.")

    membership, amount = [*send("enrollment.suspended"), *send("case.decided")]

    assert (membership.subject, membership.body.count("Please call us.")) == (
        "Your membership in Partner program is suspended",
        1,
    )
    assert membership.body.count("stays yours") == 0
    assert (amount.subject, amount.body.count("Will not be paid: €10.00")) == (
        "The review of €10.00 is over",
        1,
    )
    assert amount.body.count("Please call us.") == 0


def test_suspension_that_costs_nothing_is_told_by_its_own_letter_only(
    ann: Enrollment, brand: Brand, mia: User
) -> None:
    decide(open_case(ann, makers.make_payable(ann)), Verdict.SUSPEND, mia, "Please call us.")

    assert told("enrollment.suspended", "case.decided") == [
        ([ANN], "Your membership in Partner program is suspended")
    ]


def test_who_was_suspended_before_reads_the_message_here(ann: Enrollment, brand: Brand, mia: User) -> None:
    case = open_case(ann, makers.make_payable(ann))
    affiliates.suspend(ann, reason="A question is open.", actor=mia, at=NOON)
    decide(case, Verdict.SUSPEND, mia, "Please call us.")

    (letter,) = send("case.decided")

    assert letter.body.count("Please call us.") == 1


def test_suspension_by_a_person_says_that_earnings_stay(ann: Enrollment, brand: Brand, mia: User) -> None:
    affiliates.suspend(ann, reason="A question is open.", actor=mia)

    (letter,) = send("enrollment.suspended")

    assert letter.body.count("What you have earned so far stays yours.") == 1


def test_decision_taken_back_is_told_in_place_of_the_decision(
    ann: Enrollment, brand: Brand, rita: User
) -> None:
    case = decide(open_case(ann, makers.make_commission(ann)), Verdict.DECLINE, rita, "No.")
    verdicts.undo(case, reason="A mistake.", actor=rita, at=LATER + timedelta(hours=1))

    letters = [letter for kind in ("case.decided", "commission.held", "case.undone") for letter in send(kind)]

    assert [(letter.to, letter.subject) for letter in letters] == [
        ([ANN], "€10.00 of your earnings is being looked at again")
    ]
    assert letters[0].body.count("    A mistake.\n") == 1


def test_decision_taken_back_of_what_does_not_wait_is_told_with_its_reason(
    ann: Enrollment, brand: Brand, mia: User
) -> None:
    case = open_case(ann)
    decide(case, Verdict.SUSPEND, mia, "Please call us.")
    verdicts.undo(Case.objects.get(), reason="It was a mix-up.", actor=mia, at=LATER + timedelta(hours=1))

    (letter,) = send("case.undone")

    assert (letter.subject, letter.body.count("It was a mix-up.")) == ("A decision was taken back", 1)


def test_decision_greets_once_and_says_nothing_twice(ann: Enrollment, brand: Brand, rita: User) -> None:
    for verdict in (Verdict.CLEAR, Verdict.DECLINE, Verdict.REVERSE):
        case = open_case(ann, makers.make_commission(ann))
        decide(case, verdict, rita, message_for(case, verdict))

    letters = send("case.decided")

    assert len(letters) == 3
    for letter in letters:
        said = [line.strip() for line in letter.body.splitlines() if line.strip()]
        assert letter.body.count("Hello") == 1
        assert letter.body.lower().count("we have looked") == 1
        assert len(said) == len(set(said))


def test_every_line_of_a_message_is_set_off(ann: Enrollment, brand: Brand, rita: User) -> None:
    decide(open_case(ann, makers.make_commission(ann)), Verdict.CLEAR, rita, "First.\n\nSecond.")

    (letter,) = send("case.decided")

    assert letter.body.count("    First.\n\n    Second.\n") == 1


# --- colleagues --------------------------------------------------------------------------------------------
def test_answer_is_told_to_whoever_has_the_case(ann: Enrollment, brand: Brand, mia: User, rita: User) -> None:
    case = open_case(ann, makers.make_commission(ann))
    cases.assign(case, rita, actor=mia)
    answers.answer(case, "My brother.", actor=ann.affiliate.user)

    (letter,) = send("case.answered")

    assert (letter.to, letter.subject) == (["rita@northwind.example"], "Ann Archer has answered")
    assert letter.body.count(f"/admin/fraud/case/{case.pk}/change/") == 1


def test_answer_to_a_case_of_nobody_is_told_to_managers_and_reviewers(
    ann: Enrollment, brand: Brand, mia: User, rita: User, fin: User, ada: User
) -> None:
    answers.answer(open_case(ann, makers.make_commission(ann)), "My brother.", actor=ann.affiliate.user)

    assert [to for to, _subject in told("case.answered")] == [
        ["mia@northwind.example"],
        ["rita@northwind.example"],
    ]


def test_answer_is_told_to_owners_where_nobody_else_is(ann: Enrollment, brand: Brand) -> None:
    answers.answer(open_case(ann, makers.make_commission(ann)), "My brother.", actor=ann.affiliate.user)

    assert [to for to, _subject in told("case.answered")] == [["olga@northwind.example"]]


def test_assignee_who_left_is_not_told(ann: Enrollment, brand: Brand, mia: User, rita: User) -> None:
    case = open_case(ann, makers.make_commission(ann))
    cases.assign(case, rita, actor=mia)
    Member.objects.filter(user=rita).update(is_active=False)
    answers.answer(case, "My brother.", actor=ann.affiliate.user)

    assert [to for to, _subject in told("case.answered")] == [["mia@northwind.example"]]


def test_overdue_case_is_told_to_owners_and_managers(
    ann: Enrollment, brand: Brand, mia: User, rita: User, fin: User
) -> None:
    open_case(ann, makers.make_commission(ann))
    cases.escalate(at=LATER)

    assert told("case.escalated") == [
        (["olga@northwind.example"], "A review of Ann Archer is overdue"),
        (["mia@northwind.example"], "A review of Ann Archer is overdue"),
    ]


def test_case_decided_in_the_meantime_is_not_overdue(ann: Enrollment, brand: Brand, rita: User) -> None:
    case = open_case(ann, makers.make_commission(ann))
    cases.escalate(at=LATER)
    decide(case, Verdict.CLEAR, rita)

    assert told("case.escalated") == []
