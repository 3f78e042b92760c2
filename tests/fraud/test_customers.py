"""A manager blocks a buyer: what it buys waits, whoever is credited, and is released by a person."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from affiliates.roles import NotAllowed
from commissions import actions as commissions
from commissions.models import Commission
from commissions.states import CommissionState, IllegalMove
from core import jobs
from core.models import Event, User
from fraud import models, states  # whole modules: pytest takes what begins with "test" for tests
from fraud.actions import customers, policies, testimonies, verdicts
from fraud.checks.systems import COLLEAGUE
from fraud.models import Case, Signal
from fraud.states import SignalState
from tests import makers
from tests.makers import NOON
from tests.story.at_once import at_once
from tracking.models import Customer
from tracking.orders import CustomerIn

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BUYER = CustomerIn(external_id="77", email="jane@buyer.example")
BLOCKED = states.TestimonyKind.BLOCKED
WHY = "Three lost parcels in a row"


@pytest.fixture
def program(merchant: Any) -> Program:
    """Its customers stay bound to nobody, so that several affiliates may bring Jane."""
    made = makers.make_program(merchant, is_screened=True)
    made.attribution_terms.update(bound_days=0)
    return made


@pytest.fixture
def ann(program: Program) -> Enrollment:
    return makers.make_enrollment(program, "Ann Archer", email="ann@partner.example")


def buys(who: Enrollment, **fields: Any) -> Commission:
    """An order of Jane's, of an amount and on a day of its own, looked at."""
    place = Commission.objects.count()
    at = NOON - (30 - place) * DAY
    earned = makers.make_commission(who, 10000 + 100 * place, customer=BUYER, occurred_at=at, **fields)
    jobs.drain()
    earned.refresh_from_db()
    return earned


def jane() -> Customer:
    return Customer.objects.get(external_id="77")


def block(actor: User, days: int = 1, reason: str = WHY) -> None:
    customers.block(jane(), reason=reason, actor=actor, at=NOON + days * DAY)
    jobs.drain()


def unblock(actor: User, days: int = 2) -> None:
    customers.unblock(jane(), reason="All parcels were found", actor=actor, at=NOON + days * DAY)
    jobs.drain()


def standing(earned: Commission) -> list[Signal]:
    rows = Signal.objects.standing().filter(conversion=earned.conversion_id, check_name="blocked_customer")
    return list(rows)


def held(earned: Commission) -> tuple[str, bool, str]:
    earned.refresh_from_db()
    return earned.state, earned.is_held, earned.reason


def heard() -> list[tuple[str, str, str]]:
    """Who said what, and why."""
    rows = Event.objects.filter(kind="testimony.heard").order_by("pk").select_related("actor")
    return [(row.data["word"], str(row.actor or ""), row.data.get("reason", "")) for row in rows]


def test_new_order_of_a_blocked_customer_is_held(ann: Enrollment, bob: Enrollment, mia: User) -> None:
    buys(ann)
    block(mia)

    later = buys(bob)

    assert held(later) == (CommissionState.PENDING, True, "fraud:systems")
    (found,) = standing(later)
    assert (found.enrollment, found.case, found.value) == (bob, Case.objects.get(enrollment=bob), 2)
    assert found.sentence == "The buyer is blocked by you or a colleague."
    assert commissions.approve_due(at=later.matures_at + DAY) == 0


def test_pending_and_approved_orders_get_a_case(ann: Enrollment, bob: Enrollment, mia: User) -> None:
    pending, approved = buys(ann), buys(bob)
    commissions.approve(approved, at=approved.matures_at)

    block(mia)

    assert held(pending) == (CommissionState.PENDING, True, "fraud:systems")
    assert held(approved) == (CommissionState.APPROVED, True, "fraud:systems")
    assert {case.enrollment for case in Case.objects.undecided()} == {ann, bob}


def test_others_of_the_affiliate_are_left_alone(ann: Enrollment, mia: User) -> None:
    buys(ann)
    other = makers.make_commission(ann)
    jobs.drain()

    block(mia)

    assert held(other) == (CommissionState.PENDING, False, "")


def test_affiliate_is_told_of_no_block(ann: Enrollment, mia: User) -> None:
    earned = buys(ann)
    block(mia)

    (found,) = standing(earned)
    assert found.check_itself is not None
    assert str(found.check_itself.plain) == "We check the customer of this order."
    assert "Mia" not in repr(found.figures)
    assert WHY not in repr(found.figures)


def test_unblocking_withdraws_the_finding_and_a_person_releases(ann: Enrollment, mia: User) -> None:
    earned = buys(ann)
    block(mia)
    (found,) = standing(earned)

    unblock(mia)

    found.refresh_from_db()
    assert (found.state, found.case) == (SignalState.WITHDRAWN, Case.objects.get())
    assert held(earned) == (CommissionState.PENDING, True, "fraud:systems"), "a person releases the money"
    verdicts.decide(Case.objects.get(), "clear", reason="All was well", actor=mia, at=NOON + 3 * DAY)
    assert held(earned)[1] is False
    assert held(buys(ann))[1] is False


def test_what_was_cleared_is_held_again_by_a_new_block(ann: Enrollment, mia: User) -> None:
    earned = buys(ann)
    block(mia)
    verdicts.decide(Case.objects.get(), "clear", reason="All was well", actor=mia, at=NOON + DAY)
    unblock(mia)

    block(mia, days=3)

    assert held(earned) == (CommissionState.PENDING, True, "fraud:systems")
    assert Case.objects.count() == 2


def test_shop_and_colleague_speak_beside_each_other(ann: Enrollment, mia: User, program: Program) -> None:
    earned = buys(ann)
    shop = partial(testimonies.testify, program, BLOCKED, by="Shopify", customer=jane())
    block(mia)

    shop("no", at=NOON + 2 * DAY)
    jobs.drain()
    assert [one.figures for one in standing(earned)] == [{"system": COLLEAGUE}]

    shop("yes", at=NOON + 3 * DAY)
    unblock(mia, days=4)
    assert [(one.figures, one.value) for one in standing(earned)] == [({"system": "Shopify"}, 1)]


def test_colleagues_word_brings_up_what_was_cleared_of_a_shops(
    ann: Enrollment, mia: User, program: Program
) -> None:
    earned = buys(ann)
    testimonies.testify(program, BLOCKED, "yes", by="Shopify", customer=jane(), at=NOON + DAY)
    jobs.drain()
    verdicts.decide(Case.objects.get(), "clear", reason="An old bill", actor=mia, at=NOON + DAY)

    block(mia, days=2)

    assert held(earned) == (CommissionState.PENDING, True, "fraud:systems")


def test_event_says_who_and_why(ann: Enrollment, mia: User) -> None:
    buys(ann)

    block(mia)
    unblock(mia)

    assert heard() == [("yes", "Mia Manager", WHY), ("", "Mia Manager", "All parcels were found")]
    row = models.Testimony.objects.get()
    assert (row.kind, row.by, row.word, row.customer) == (BLOCKED, COLLEAGUE, "", jane())


def test_blocking_twice_is_once(ann: Enrollment, mia: User, olga: User) -> None:
    buys(ann)
    block(mia)
    block(olga, days=2, reason="I think so too")

    assert heard() == [("yes", "Mia Manager", WHY)]
    assert Case.objects.count() == 1


def test_who_was_never_blocked_is_not_unblocked(ann: Enrollment, mia: User) -> None:
    buys(ann)

    assert customers.unblock(jane(), reason="x", actor=mia) is None
    assert (models.Testimony.objects.count(), heard()) == (0, [])


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_block_once(ann: Enrollment, mia: User, olga: User) -> None:
    buys(ann)
    calls = [partial(customers.block, jane(), reason=WHY, actor=who) for who in (mia, olga)]

    answers = at_once(calls)

    assert [each for each in answers if isinstance(each, Exception)] == []
    assert (models.Testimony.objects.get().word, len(heard())) == ("yes", 1)


@pytest.mark.parametrize("role", ["analyst", "finance", "reviewer"])
def test_who_may_not_manage_fraud_blocks_nobody(ann: Enrollment, program: Program, role: str) -> None:
    buys(ann)
    colleague = makers.make_member(program.merchant, role)

    for verb in (customers.block, customers.unblock):
        with pytest.raises(NotAllowed):
            verb(jane(), reason=WHY, actor=colleague)

    assert (models.Testimony.objects.count(), heard()) == (0, [])


def test_another_companys_owner_blocks_nobody(ann: Enrollment, stranger: Enrollment, eve: User) -> None:
    buys(ann)

    with pytest.raises(NotAllowed):
        customers.block(jane(), reason=WHY, actor=eve)

    assert models.Testimony.objects.count() == 0


def test_block_wants_a_reason(ann: Enrollment, mia: User) -> None:
    buys(ann)

    with pytest.raises(IllegalMove, match="Say why"):
        customers.block(jane(), reason="  ", actor=mia)

    assert models.Testimony.objects.count() == 0


def test_nobody_decides_on_customers_of_their_own(program: Program, mia: User) -> None:
    own = makers.make_affiliate(program.merchant, "Mia Manager", user=mia)
    buys(makers.make_enrollment(program, affiliate=own))

    for verb in (customers.block, customers.unblock):
        with pytest.raises(IllegalMove, match="own earnings"):
            verb(jane(), reason=WHY, actor=mia)

    assert models.Testimony.objects.count() == 0


def test_nobody_decides_on_customers_of_their_own_whose_order_is_parked(program: Program, mia: User) -> None:
    own = makers.make_enrollment(
        program, affiliate=makers.make_affiliate(program.merchant, "Mia Manager", user=mia)
    )
    dollars = makers.make_order(ref=own.code, customer=BUYER, currency="USD")
    commissions.take_orders(program, [dollars], at=NOON)
    assert Commission.objects.count() == 0

    for verb in (customers.block, customers.unblock):
        with pytest.raises(IllegalMove, match="own earnings"):
            verb(jane(), reason=WHY, actor=mia)


@pytest.mark.parametrize("by", [COLLEAGUE, f" {COLLEAGUE} "])
def test_no_system_speaks_as_a_colleague(ann: Enrollment, program: Program, mia: User, by: str) -> None:
    buys(ann)

    with pytest.raises(ValueError, match="nobody else"):
        testimonies.testify(program, BLOCKED, "yes", by=by, customer=jane())
    with pytest.raises(ValueError, match="nobody else"):
        testimonies.testify(program, BLOCKED, "yes", by="Shopify", customer=jane(), actor=mia)

    assert models.Testimony.objects.count() == 0


def test_policy_says_what_becomes_of_blocked_ones(ann: Enrollment, program: Program, mia: User) -> None:
    policies.set_check(program, "blocked_customer", actor=mia, action="note")
    earned = buys(ann)

    block(mia)

    assert [one.action for one in standing(earned)] == ["note"]
    assert held(earned) == (CommissionState.PENDING, False, "")
