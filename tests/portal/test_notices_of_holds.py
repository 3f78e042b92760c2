"""Letters on what waits: one for one occasion, in whatever order the house's jobs run, and nothing of others."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.models import Commission
from commissions.words import reason_of
from core.jobs import Temporary
from core.models import Event, User
from fraud.actions import cases, holds, lists, screening, verdicts
from fraud.models import Case
from fraud.states import Verdict
from portal import notices
from portal.models import Brand
from tests import makers
from tests.makers import NOON
from tracking.orders import CustomerIn

pytestmark = pytest.mark.django_db
ANN, SUE = "ann@partner.example", "sue@partner.example"
LOOKED_AT = "€10.00 of your earnings is being looked at"
ON_HOLD = "A commission is on hold"
MINUTE = timedelta(minutes=1)


def buy_oneself(who: Enrollment, number: str = "S-10", *, minutes: int = 0) -> Commission:
    """An order of the affiliate's own, through the own link."""
    own = makers.make_order(number, ref=who.code, customer=CustomerIn(email=who.affiliate.email))
    (taken,) = commissions.take_orders(
        who.program, [replace(own, occurred_at=NOON + minutes * MINUTE)], at=NOON
    )
    return Commission.objects.get(conversion=taken.conversion, enrollment=who)


def screen(commission: Commission) -> None:
    screening.screen_sale(commission.conversion_id)


def send(*kinds: str) -> list[mail.EmailMultiAlternatives]:
    """Send what the events of the kinds ask for, those of the first kind first."""
    before = len(mail.outbox)
    for kind in kinds:
        for event in Event.objects.filter(kind=kind).order_by("pk"):
            notices.send(event)
    return mail.outbox[before:]


def told(*kinds: str) -> set[tuple[str, str]]:
    letters = send(*kinds)
    said = {(letter.to[0], letter.subject) for letter in letters}
    assert len(said) == len(letters)
    return said


@pytest.fixture(autouse=True)
def screened(program: Program) -> None:
    """Fraud review is on."""
    program.is_screened = True
    program.save(update_fields=["is_screened"])


@pytest.fixture
def of_the_sponsor(ann: Enrollment, sue: Enrollment) -> Commission:
    """What Sue earns by an order that Ann made for herself."""
    return Commission.objects.get(conversion=buy_oneself(ann).conversion, enrollment=sue)


# --- one letter for one occasion ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    "kinds",
    [("commission.held", "case.opened", "case.grew"), ("case.grew", "case.opened", "commission.held")],
)
def test_own_order_is_told_once_by_its_review(ann: Enrollment, brand: Brand, kinds: tuple[str, ...]) -> None:
    screen(buy_oneself(ann))

    assert told(*kinds) == {(ANN, LOOKED_AT), (SUE, ON_HOLD)}


def test_letter_on_a_hold_waits_until_the_sale_was_screened(ann: Enrollment, brand: Brand) -> None:
    commission = buy_oneself(ann)
    event = Event.objects.get(kind="commission.held", subject_id=str(commission.pk))

    with pytest.raises(Temporary):
        notices.send(event)
    screen(commission)
    notices.send(event)

    assert mail.outbox == []


def test_letter_on_a_hold_goes_where_no_review_begins(ann: Enrollment, brand: Brand, mia: User) -> None:
    until = timezone.now() + timedelta(days=3)
    lists.grant(ann, until=until, reason="A test.", actor=mia)
    screen(buy_oneself(ann))

    assert (ANN, ON_HOLD) in told("commission.held", "case.opened")


def test_letter_on_a_hold_goes_at_once_where_nothing_is_screened(ann: Enrollment, brand: Brand) -> None:
    Program.objects.update(is_screened=False)
    ann.program.refresh_from_db()
    buy_oneself(ann)

    assert (ANN, ON_HOLD) in told("commission.held")


def test_letter_on_a_hold_does_not_wait_for_ever(
    ann: Enrollment, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy_oneself(ann)
    later = timezone.now() + 11 * MINUTE
    monkeypatch.setattr(timezone, "now", lambda: later)

    assert told("commission.held") == {(ANN, ON_HOLD), (SUE, ON_HOLD)}


def test_order_that_joins_a_review_has_a_letter_of_its_own(ann: Enrollment, brand: Brand) -> None:
    screen(buy_oneself(ann))
    told("commission.held", "case.opened", "case.grew")
    later = buy_oneself(ann, "S-11", minutes=600)
    screen(later)
    event = Event.objects.get(kind="commission.held", subject_id=str(later.pk))
    mail.outbox.clear()

    notices.send(event)

    assert Case.objects.count() == 1
    assert [(letter.to, letter.subject) for letter in mail.outbox] == [([ANN], ON_HOLD)]


@pytest.mark.parametrize("is_last_first", [False, True])
def test_two_reviews_of_one_sale_are_told_in_one_letter(
    ann: Enrollment, brand: Brand, is_last_first: bool
) -> None:
    first = buy_oneself(ann)
    buy_oneself(ann, "S-11", minutes=1)
    screen(first)
    events = list(
        Event.objects.filter(kind="case.opened", data__cause__in=("identity", "orders")).order_by("pk")
    )
    assert len(events) == 2

    for event in events[::-1] if is_last_first else events:
        notices.send(event)

    (letter,) = mail.outbox
    assert letter.subject == "€20.00 of your earnings is being looked at"
    assert (letter.body.count("- "), letter.body.count("/reviews/\n")) == (2, 1)


def test_review_that_waits_is_told_though_the_first_is_decided(
    ann: Enrollment, brand: Brand, rita: User
) -> None:
    first = buy_oneself(ann)
    buy_oneself(ann, "S-11", minutes=1)
    screen(first)
    first, second = Case.objects.order_by("pk")
    verdicts.decide(first, Verdict.CLEAR, reason="A gift.", actor=rita)

    letters = send("case.opened")

    assert [letter.body.count(f"/reviews/{second.pk}/") for letter in letters] == [1]


# --- nothing of others -------------------------------------------------------------------------------------
def test_sponsor_reads_nothing_of_whose_order_it_is(
    of_the_sponsor: Commission, ann: Enrollment, brand: Brand
) -> None:
    screen(Commission.objects.get(enrollment=ann))

    (letter,) = [letter for letter in send("commission.held") if letter.to == [SUE]]

    everything = f"{letter.body} {letter.alternatives[0][0]}"
    hidden = ("S-10", "yourself", "Ann", "e-mail address", "self_referral")
    assert [word for word in hidden if word in everything] == []
    assert letter.body.count("A sale of a partner you recruited is being looked at.") == 1
    assert letter.body.count("For: Sale of a partner you recruited") == 1


def test_colleagues_read_whose_address_the_buyer_has(of_the_sponsor: Commission, ann: Enrollment) -> None:
    own = Commission.objects.get(enrollment=ann)

    assert reason_of(own) == "The buyer has the affiliate’s own e-mail address."
    assert reason_of(of_the_sponsor) == (
        "The buyer has the e-mail address of the affiliate who brought the order. This commission is counted from it."
    )


def test_partner_of_the_plan_is_not_taken_for_the_buyer(ann: Enrollment, bob: Enrollment) -> None:
    own = buy_oneself(ann)
    part = own.trace | {"split": [{"affiliate": "bob", "enrollment": bob.pk, "share": "10"}]}
    Commission.objects.filter(pk=own.pk).update(enrollment=bob, trace=part)

    assert reason_of(Commission.objects.get(pk=own.pk)).endswith("This commission is counted from it.")


@pytest.mark.parametrize(
    ("verdict", "subject"),
    [(Verdict.CLEAR, "A commission was released"), (Verdict.DECLINE, "A commission was declined")],
)
def test_sponsor_who_was_told_of_the_hold_is_told_of_its_end(
    of_the_sponsor: Commission, ann: Enrollment, brand: Brand, rita: User, verdict: Verdict, subject: str
) -> None:
    screen(Commission.objects.get(enrollment=ann))
    verdicts.decide(Case.objects.get(), verdict, reason="Asked.", actor=rita)

    letters = send("commission.held", "commission.released", "commission.declined", "case.decided")

    assert {(letter.to[0], letter.subject) for letter in letters} == {
        (SUE, subject),
        (ANN, "The review of €10.00 is over"),
    }
    assert [letter.body.count("fraud") for letter in letters] == [0, 0]


def test_release_is_told_once_though_a_review_of_somebody_elses_has_held_it_since(
    ann: Enrollment, of_the_sponsor: Commission, brand: Brand, mia: User
) -> None:
    commissions.mark_screened([of_the_sponsor])
    commissions.release(of_the_sponsor, actor=mia)
    case = cases.case_for(ann, "traffic", at=timezone.now())
    holds.place(case, [of_the_sponsor])
    verdicts.decide(case, Verdict.CLEAR, reason="Fine.", actor=mia)

    letters = send("commission.released")

    assert [(letter.to[0], letter.subject) for letter in letters] == [(SUE, "A commission was released")]
