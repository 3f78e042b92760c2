"""What is gathered of accounts beside each other, and of the buyers they brought."""

from datetime import timedelta
from typing import Any

import pytest

from affiliates import actions as affiliates
from affiliates.models import Enrollment, PayeeMethod, Program
from fraud.checks.accounts import AccountFacts, Twin
from fraud.checks.facts import Mark
from fraud.checks.identity import CROWD
from fraud.gathering.accounts import account_facts
from fraud.models import KnownMark, ListEntry, Relation
from fraud.states import ListKind
from tests import makers
from tests.makers import NOON
from tracking.orders import CustomerIn

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
QUERIES = 7


def of(enrollment: Enrollment, **known: Any) -> AccountFacts:
    (facts,) = account_facts(enrollment.program, [enrollment.pk], at=NOON + DAY, **known)
    return facts


def note(enrollment: Enrollment, kind: Mark, digest: str) -> None:
    KnownMark.objects.create(
        program=enrollment.program, enrollment=enrollment, kind=kind, digest=digest, at=NOON
    )


def pay(enrollment: Enrollment, account: str) -> None:
    person = enrollment.affiliate
    assert person.user
    affiliates.set_payee(person, PayeeMethod.PAYPAL, account, holder="X", actor=person.user, at=NOON)


def test_stranger_has_no_twins(ann: Enrollment, bob: Enrollment) -> None:
    assert of(ann) == AccountFacts(ann.pk, twins=(), is_disposable=False)


def test_former_payee_and_browser_make_a_twin(ann: Enrollment, bob: Enrollment) -> None:
    for account in ("both@pay.example", "bob@pay.example"):
        pay(bob, account)
    pay(ann, "both@pay.example")
    for one in (ann, bob):
        note(one, Mark.DEVICE, "d1")

    assert of(ann).twins == (Twin(bob.pk, {Mark.PAYEE: 2, Mark.DEVICE: 2}),)


def test_twins_whom_a_manager_knows_are_related(program: Program, ann: Enrollment, bob: Enrollment) -> None:
    for one in (ann, bob):
        note(one, Mark.DEVICE, "d1")
    first, second = sorted((ann, bob), key=lambda row: row.pk)
    Relation.objects.create(program=program, one=first, other=second, reason="an agency")

    assert [twin.is_related for one in (ann, bob) for twin in of(one).twins or ()] == [True, True]


def test_crowd_makes_no_twins(program: Program, ann: Enrollment, bob: Enrollment) -> None:
    crowd = [makers.make_enrollment(program, f"Member{number} One") for number in range(CROWD)]
    for one in (ann, *crowd):
        note(one, Mark.NETWORK, "office")
    before = of(ann).twins
    for one in (ann, crowd[0]):
        note(one, Mark.DEVICE, "d1")

    assert before == ()
    assert of(ann).twins == (Twin(crowd[0].pk, {Mark.DEVICE: 2, Mark.NETWORK: CROWD + 1}),)


def test_throw_away_mailbox_of_an_affiliate(program: Program, ann: Enrollment) -> None:
    kim = makers.make_enrollment(program, "Kim Kay", email="kim@mailinator.com")
    thrown = of(kim).is_disposable
    ListEntry.objects.create(
        program=program, kind=ListKind.EMAIL_DOMAIN, text="mailinator.com", is_allowed=True
    )

    assert (thrown, of(kim).is_disposable, of(ann).is_disposable) == (True, None, False)


def test_buyers_of_the_window_are_counted_once(ann: Enrollment, bob: Enrollment) -> None:
    for number in (1, 2, 3, 3):
        makers.make_commission(ann, customer=CustomerIn(email=f"buyer{number}@mail.example"))
    makers.make_commission(ann, customer=CustomerIn(email="old@mail.example"), occurred_at=NOON - 100 * DAY)
    makers.make_commission(ann, customer=CustomerIn(external_id="c7"))
    makers.make_commission(bob, customer=CustomerIn(email="other@mail.example"))

    assert (of(ann).buyers, of(ann).in_series) == (3, 3)


def test_other_programs_are_not_looked_into(
    program: Program, ann: Enrollment, other: Program, stranger: Enrollment
) -> None:
    for one in (ann, stranger):
        note(one, Mark.DEVICE, "d1")

    assert [(one.enrollment, one.twins) for one in account_facts(program)] == [
        (ann.sponsor_id, ()),
        (ann.pk, ()),
    ]
    assert account_facts(program, [stranger.pk]) == []


@pytest.mark.parametrize("count", [1, 30])
def test_as_many_queries_for_thirty_as_for_one(
    program: Program, count: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(count):
        note(makers.make_enrollment(program, f"Member{number} One"), Mark.DEVICE, "d1")

    with django_assert_max_num_queries(QUERIES):
        facts = account_facts(program, at=NOON)

    assert len(facts) == count
