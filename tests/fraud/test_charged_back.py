"""A payment that was charged back is a lost dispute: evidence, and a case where there is something to hold."""

import pytest

from commissions import actions
from commissions.ledger import balances
from commissions.models import Commission
from fraud import states
from fraud.actions import screening
from fraud.actions.testimonies import testify as say
from fraud.gathering.sales import sale_facts
from fraud.models import Case, Policy, Signal
from tests import makers
from tests.commissions.test_taking_back import pay
from tests.commissions.test_volumes import run_jobs
from tests.fraud.admin.found import asked, keep
from tests.fraud.reviews import LATER
from tests.makers import NOON, make_commission, make_payee, make_refund
from tests.story.books import breaches
from tracking.states import RefundKind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books_are_right():
    """Whatever a test did, the books are right after it."""
    yield
    assert breaches() == []


@pytest.fixture
def program(merchant):
    return makers.make_program(merchant, is_screened=True)


@pytest.fixture
def ann(program):
    found = makers.make_enrollment(program, "Ann Archer")
    make_payee(found)
    return found


@pytest.fixture
def approved(ann):
    """A commission of 100.00 that was screened and approved."""
    sale = make_commission(ann, 100000, external_id="7")
    screening.screen_sale(sale.conversion_id)
    run_jobs()
    return actions.approve(sale, at=sale.matures_at)


@pytest.fixture
def paid(program, approved, mia, fin):
    pay(program, mia, fin, at=LATER)
    return Commission.objects.get(pk=approved.pk)


def goes_back(program, number="7", kind=RefundKind.CHARGEBACK, gross=100000, **fields):
    refund = make_refund(kind=kind, gross=gross, **fields)
    actions.take_refunds(program, "shop", number, [refund], at=LATER)
    run_jobs()


def findings():
    rows = Signal.objects.filter(check_name__startswith="dispute").order_by("pk")
    return [(row.check_name, row.state, row.action, row.case_id) for row in rows]


def disputed(sale):
    policy = Policy(program=sale.program)
    (facts,) = sale_facts(sale.program, [sale.conversion], policy, at=LATER)
    return facts.told.dispute, facts.told.dispute_by


def test_chargeback_of_a_paid_sale_is_evidence_and_asks_nothing_of_anybody(program, ann, paid):
    goes_back(program)

    assert balances(ann)["payable"] == -10000  # the entry of the refund has taken it back
    assert findings() == [("dispute_lost", "stands", "note", None)]
    assert "says shop" in Signal.objects.get(check_name="dispute_lost").sentence
    assert (Case.objects.count(), Commission.objects.get(pk=paid.pk).is_held) == (0, False)


def test_chargeback_of_a_part_is_a_case_that_can_take_back_the_rest(program, ann, paid):
    goes_back(program, gross=40000)

    case = Case.objects.get()
    assert (case.cause, findings()) == ("systems", [("dispute_lost", "stands", "hold", case.pk)])
    assert Commission.objects.get(pk=paid.pk).is_held


def test_chargeback_moves_the_score_of_what_is_open(program, ann, paid):
    make_commission(ann, external_id="8")
    (case,) = keep(ann, asked("same_payee", ann))

    goes_back(program)

    assert Case.objects.get().score > case.score
    assert "weight:dispute_lost" in Case.objects.get().features


def test_chargeback_that_the_shop_has_won_is_no_finding_any_more(program, ann, paid):
    goes_back(program)

    goes_back(program, kind=RefundKind.CHARGEBACK_WON)

    assert [(name, state) for name, state, *_rest in findings()] == [("dispute_lost", "withdrawn")]
    assert balances(ann)["payable"] == 0


def test_refund_is_no_dispute(program, ann, paid):
    goes_back(program, kind=RefundKind.REFUND)

    assert (disputed(paid), findings()) == ((None, ""), [])


@pytest.mark.parametrize("word", ["opened", "won"])
def test_a_systems_own_word_of_how_the_dispute_stands_counts(program, ann, paid, word):
    goes_back(program)
    assert disputed(paid) == ("lost", "shop")

    say(program, states.TestimonyKind.DISPUTE, word, by="Stripe", conversion=paid.conversion, at=NOON)

    assert disputed(paid) == (word, "Stripe")


def test_dispute_that_is_looked_at_keeps_its_case_when_the_money_goes_back(program, approved):
    about = {"by": "Stripe", "conversion": approved.conversion}
    say(program, states.TestimonyKind.DISPUTE, "opened", at=NOON, **about)
    run_jobs()
    case = Case.objects.get()
    say(program, states.TestimonyKind.DISPUTE, "", at=LATER, **about)

    goes_back(program)

    assert findings() == [
        ("dispute_opened", "withdrawn", "hold", case.pk),
        ("dispute_lost", "stands", "hold", case.pk),
    ]
