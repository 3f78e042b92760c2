"""Nothing is approved before it was looked at; what is doubtful waits; what is learned later is looked at again."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.models import Commission
from commissions.states import CommissionState, Screening
from core import jobs
from core.models import Job, JobState
from fraud import states  # the whole module: pytest takes what begins with "test" for tests
from fraud.actions import rescreening, screening, testimonies
from fraud.models import Case, Exemption, KnownMark, ListEntry, Policy, Signal
from tests import makers
from tracking.models import Refund
from tracking.orders import CustomerIn

NOON = makers.NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(merchant: Any) -> Program:
    return makers.make_program(merchant, is_screened=True)


@pytest.fixture
def ann(program: Program) -> Enrollment:
    return makers.make_enrollment(program, "Ann Archer", email="ann@partner.example")


def own_order(who: Enrollment, **fields: Any) -> Commission:
    return makers.make_commission(who, customer=CustomerIn(email=who.affiliate.email), **fields)


def checks_on(commission: Commission) -> list[str]:
    rows = Signal.objects.standing().filter(conversion=commission.conversion_id)
    return sorted(rows.values_list("check_name", flat=True))


def test_until_it_is_screened_nothing_is_approved(program: Program, ann: Enrollment) -> None:
    earned = makers.make_commission(ann)
    late = earned.matures_at + timedelta(days=1)
    assert earned.screening == Screening.WAITING
    assert commissions.approve_due(at=late) == 0

    jobs.drain()

    earned.refresh_from_db()
    assert (earned.screening, earned.is_held) == (Screening.SCREENED, False)
    assert commissions.approve_due(at=late) == 1
    assert not Job.objects.exclude(state=JobState.DONE).exists()


def test_who_buys_from_itself_waits_for_a_person(program: Program, ann: Enrollment) -> None:
    earned = own_order(ann)

    jobs.drain()

    earned.refresh_from_db()
    assert (earned.is_held, earned.reason) == (True, "self_referral:email"), "the house's own reason stays"
    assert "self_referral" in checks_on(earned)
    case = Case.objects.get(cause="identity")
    assert [hold.commission_id for hold in case.holds.all()] == [earned.pk]
    assert commissions.approve_due(at=earned.matures_at) == 0


def test_many_that_wait_are_looked_at_together(
    program: Program, ann: Enrollment, django_assert_max_num_queries: Any
) -> None:
    earned = [makers.make_commission(ann) for _one in range(30)]

    with django_assert_max_num_queries(60):
        assert screening.screen_sale(earned[0].conversion_id) == 30

    assert not Commission.objects.filter(screening=Screening.WAITING).exists()
    assert screening.screen_sale(earned[7].conversion_id) == 0


def test_one_job_looks_at_an_order_whoever_earns_by_it(merchant: Any) -> None:
    program = makers.make_program(merchant, plan=makers.TWO_LEVELS, is_screened=True)
    sponsor = makers.make_enrollment(program)
    ann = makers.make_enrollment(program, "Ann Archer", sponsor=sponsor)
    Job.objects.all().delete()

    earned = makers.make_commission(ann)
    jobs.drain()

    assert list(Job.objects.values_list("task", flat=True)) == ["fraud.tasks.screen"]
    both = Commission.objects.filter(conversion=earned.conversion_id)
    assert list(both.values_list("screening", flat=True)) == [Screening.SCREENED] * 2


def test_what_somebody_earns_by_a_later_decision_is_looked_at_in_its_turn(
    program: Program, ann: Enrollment
) -> None:
    buyer = CustomerIn(email="late@example.net")
    second = makers.make_order("2", customer=buyer, occurred_at=NOON + timedelta(days=3))
    commissions.take_orders(program, [second], at=NOON)
    jobs.drain()
    assert KnownMark.objects.filter(conversion__external_id="2").exists(), "nobody earns, the buyer is known"

    commissions.take_orders(program, [makers.make_order("1", ref=ann.code, customer=buyer)], at=NOON)
    earned = Commission.objects.get(conversion__external_id="2")
    assert earned.screening == Screening.WAITING
    jobs.drain()

    earned.refresh_from_db()
    assert earned.screening == Screening.SCREENED


def test_what_its_own_job_has_lost_is_screened_all_the_same(program: Program, ann: Enrollment) -> None:
    earned = makers.make_commission(ann)
    Job.objects.all().update(state=JobState.DONE)

    assert screening.screen_waiting(at=earned.created_at + timedelta(seconds=10)) == 0
    assert screening.screen_waiting(at=earned.created_at + timedelta(minutes=1)) == 1


def test_one_that_cannot_be_looked_at_holds_up_no_other(
    program: Program, ann: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = makers.make_commission(ann), makers.make_commission(ann)
    real = screening.sales.sale_facts

    def breaks(program: Program, conversions: Any, *rest: Any, **named: Any) -> Any:
        if any(one.pk == bad.conversion_id for one in conversions):
            raise RuntimeError("cannot be read")
        return real(program, conversions, *rest, **named)

    monkeypatch.setattr(screening.sales, "sale_facts", breaks)
    screening.screen_sale(good.conversion_id)

    good.refresh_from_db(), bad.refresh_from_db()
    assert (good.screening, bad.screening) == (Screening.SCREENED, Screening.WAITING)
    with pytest.raises(RuntimeError):
        screening.screen_sale(bad.conversion_id)


def test_word_that_comes_while_a_sale_is_looked_at_is_not_lost(
    program: Program, ann: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    earned = makers.make_commission(ann)
    assert earned.conversion is not None
    real, looks = screening.sales.sale_facts, []

    def read(*given: Any, **named: Any) -> Any:
        facts = real(*given, **named)
        looks.append(len(facts))
        if len(looks) == 1:  # between reading and writing another worker hears and is done first
            word = testimonies.testify(
                program, states.TestimonyKind.RISK, "high", by="Shopify", conversion=earned.conversion
            )
            assert word is not None
            assert rescreening.rescreen_testified(word, at=word.at) == 1
        return facts

    monkeypatch.setattr(screening.sales, "sale_facts", read)
    assert screening.screen_sale(earned.conversion_id) == 1

    earned.refresh_from_db()
    assert (len(looks), checks_on(earned), earned.is_held) == (3, ["high_risk"], True)


def test_sale_that_others_look_at_again_and_again_is_tried_later(
    program: Program, ann: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    earned = makers.make_commission(ann)
    real = screening.sales.sale_facts

    def read(*given: Any, **named: Any) -> Any:
        Commission.objects.update(looks=F("looks") + 1)
        return real(*given, **named)

    monkeypatch.setattr(screening.sales, "sale_facts", read)
    with pytest.raises(screening.Stale):
        screening.screen_sale(earned.conversion_id)

    earned.refresh_from_db()
    assert earned.screening == Screening.WAITING
    assert not KnownMark.objects.exists()


def test_a_program_that_screens_nothing_waits_for_nothing(merchant: Any) -> None:
    program = makers.make_program(merchant)
    ann = makers.make_enrollment(program)

    earned = own_order(ann)
    jobs.drain()

    earned.refresh_from_db()
    assert (earned.screening, Signal.objects.count()) == (Screening.NOT_REQUIRED, 0)


def test_who_is_exempt_is_not_asked(program: Program, ann: Enrollment) -> None:
    Exemption.objects.create(
        program=program,
        enrollment=ann,
        reason="Buys for the office",
        created_at=NOON - timedelta(days=500),
        expires_at=NOON + timedelta(days=5000),
    )

    earned = own_order(ann)
    jobs.drain()

    assert checks_on(earned) == []


def test_a_policy_that_asks_nothing_finds_nothing(program: Program, ann: Enrollment) -> None:
    Policy.objects.create(program=program, checks={"self_referral": {"on": False}})

    earned = own_order(ann)
    jobs.drain()

    assert "self_referral" not in checks_on(earned)


def test_new_earnings_join_an_undecided_case_on_the_affiliate(program: Program, ann: Enrollment) -> None:
    twin = makers.make_enrollment(program, "Bob Baker")
    makers.make_payee(ann)
    makers.make_payee(twin)
    first = makers.make_commission(ann)
    jobs.drain()
    assert Signal.objects.filter(check_name="same_payee", enrollment=ann).exists()

    second = makers.make_commission(ann)
    jobs.drain()

    first.refresh_from_db(), second.refresh_from_db()
    assert first.is_held
    assert second.is_held


def test_money_that_comes_back_makes_the_next_order_doubtful(program: Program, ann: Enrollment) -> None:
    buyer = CustomerIn(email="kim@buyer.example")
    commissions.take_orders(program, [makers.make_order("n1", ref=ann.code, customer=buyer)], at=NOON)
    second = makers.make_commission(ann, customer=buyer, occurred_at=NOON + timedelta(days=3))
    third = makers.make_commission(ann, customer=buyer, occurred_at=NOON + timedelta(days=4))
    jobs.drain()
    assert "refunds_again" not in checks_on(third)

    for number in ("n1", second.conversion.external_id):
        order = makers.make_order(number, ref=ann.code, customer=buyer, occurred_at=NOON)
        commissions.take_refunds(
            program, "shop", order.external_id, [makers.make_refund(gross=10000)], at=NOON
        )
    jobs.drain()

    assert Refund.objects.count() == 2
    assert "refunds_again" in checks_on(third)


def test_a_new_block_list_looks_at_what_is_not_approved_yet(program: Program, ann: Enrollment) -> None:
    earned = makers.make_commission(ann, customer=CustomerIn(email="kim@shady.example"))
    jobs.drain()
    assert checks_on(earned) == []

    entry = ListEntry.objects.create(program=program, kind=states.ListKind.EMAIL_DOMAIN, text="shady.example")
    from fraud.actions import rescreening

    rescreening.rescreen_listed(program, after=0, at=NOON)
    assert checks_on(earned) == ["on_block_list"]

    entry.delete()
    rescreening.rescreen_listed(program, after=0, at=NOON)
    assert Signal.objects.get().state == states.SignalState.WITHDRAWN


def test_a_new_block_list_holds_nothing_where_fraud_review_is_off(program: Program, ann: Enrollment) -> None:
    earned = makers.make_commission(ann, customer=CustomerIn(email="kim@shady.example"))
    jobs.drain()
    program.is_screened = False
    program.save(update_fields=["is_screened"])
    ListEntry.objects.create(program=program, kind=states.ListKind.EMAIL_DOMAIN, text="shady.example")

    assert rescreening.rescreen_listed(program, after=0, at=NOON) == 0

    earned.refresh_from_db()
    assert (checks_on(earned), earned.is_held) == ([], False)


def test_what_waits_when_fraud_review_is_switched_off_is_let_go(program: Program, ann: Enrollment) -> None:
    earned = makers.make_commission(ann)
    program.is_screened = False
    program.save(update_fields=["is_screened"])

    screening.screen_waiting()

    earned.refresh_from_db()
    assert earned.screening == Screening.SCREENED


def test_marks_of_sales_that_are_nobodys_are_kept(program: Program) -> None:
    commissions.take_orders(program, [makers.make_order("n1")], at=NOON)

    jobs.drain()

    assert KnownMark.objects.filter(program=program, kind="email").count() == 1


def test_the_night_asks_everybody(program: Program, ann: Enrollment) -> None:
    twin = makers.make_enrollment(program, "Bob Baker")
    earned = makers.make_commission(ann)
    jobs.drain()
    makers.make_payee(ann)
    makers.make_payee(twin)
    Job.objects.all().update(state=JobState.DONE)

    assert screening.screen_partners(at=NOON + timedelta(days=1)) > 0

    earned.refresh_from_db()
    assert earned.is_held
    assert set(Signal.objects.filter(check_name="same_payee").values_list("enrollment", flat=True)) == {
        ann.pk,
        twin.pk,
    }
    assert earned.state == CommissionState.PENDING


def test_what_the_house_itself_holds_waits_for_both(program: Program, ann: Enrollment) -> None:
    """A browser's word holds it, and a finding as well: when the store confirms the order, the finding still does."""
    twin = makers.make_enrollment(program, "Bob Baker")
    makers.make_payee(ann)
    makers.make_payee(twin)
    earned = makers.make_commission(ann, metadata={"reported_by": "browser"})
    assert (earned.is_held, earned.reason) == (True, "browser_order")

    jobs.drain()

    earned.refresh_from_db()
    assert (earned.screening, earned.reason) == (Screening.WAITING, "browser_order")
    assert screening.screen_waiting(at=earned.created_at + timedelta(minutes=5)) == 0
