"""What systems say of sales, and what only browsers do."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from fraud import states
from fraud.actions.testimonies import testify as say
from fraud.checks.facts import SaleFacts, Told, Unconfirmed
from fraud.gathering.sales import sale_facts
from fraud.models import Policy
from tests import makers
from tests.makers import NOON
from tracking import buyers
from tracking.hearsay import OLDEST
from tracking.models import Conversion
from tracking.orders import OrderIn

pytestmark = pytest.mark.django_db
KINDS = states.TestimonyKind
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def facts_of(conversion: Conversion, **policy: Any) -> SaleFacts:
    program = conversion.program
    (facts,) = sale_facts(program, [conversion], Policy(program=program, **policy), at=NOON + 4 * DAY)
    return facts


def sold(ann: Enrollment, **known: Any) -> Conversion:
    found = makers.make_commission(ann, **known).conversion
    assert found is not None
    return found


def test_nobody_said_anything(ann: Enrollment) -> None:
    assert facts_of(sold(ann)).told == Told()


def test_words_on_order_and_buyer_come_together(program: Program, ann: Enrollment) -> None:
    sale = sold(ann, metadata={buyers.RISK: "medium", buyers.RISK_BY: "WooCommerce"})
    say(program, KINDS.DISPUTE, "Opened", by="Stripe", conversion=sale, at=NOON)
    say(program, KINDS.BLOCKED, "yes", by="Shopify", customer=sale.customer, at=NOON)
    say(program, KINDS.STATUS, "Fake lead", by="HubSpot", customer=sale.customer, at=NOON)

    assert facts_of(sale, bad_statuses=["fake lead"]).told == Told(
        risk="medium",
        risk_by="WooCommerce",
        dispute="opened",
        dispute_by="Stripe",
        is_blocked=True,
        blocked_by="Shopify",
        crm_status="Fake lead",
        crm="HubSpot",
        bad_statuses=frozenset({"fake lead"}),
    )


def test_gravest_word_counts_whoever_said_it(program: Program, ann: Enrollment) -> None:
    sale = sold(ann, metadata={buyers.RISK: "high", buyers.RISK_BY: "Shop"})
    say(program, KINDS.RISK, "low", by="Stripe", conversion=sale, at=NOON + DAY)
    say(program, KINDS.DISPUTE, "lost", by="Stripe", conversion=sale, at=NOON)
    say(program, KINDS.DISPUTE, "won", by="PayPal", conversion=sale, at=NOON + DAY)
    say(program, KINDS.BLOCKED, "no", by="Shopify", customer=sale.customer, at=NOON)
    say(program, KINDS.STATUS, "Fake", by="A", conversion=sale, at=NOON)
    say(program, KINDS.STATUS, "Customer", by="B", conversion=sale, at=NOON + DAY)

    told = facts_of(sale, bad_statuses=["FAKE "]).told

    assert (told.risk, told.risk_by) == ("high", "Shop")
    assert (told.dispute, told.dispute_by) == ("lost", "Stripe")
    assert told.is_blocked is False
    assert (told.crm_status, told.crm) == ("Fake", "A")


def test_word_taken_back_says_nothing(program: Program, ann: Enrollment) -> None:
    sale = sold(ann)
    for kind, word in ((KINDS.RISK, "high"), (KINDS.DISPUTE, "lost"), (KINDS.STATUS, "Fake")):
        say(program, kind, word, by="Stripe", conversion=sale, at=NOON)
        say(program, kind, "", by="Stripe", conversion=sale, at=NOON + DAY)

    told = facts_of(sale, bad_statuses=["Fake"]).told

    assert (told.risk, told.dispute, told.crm_status) == ("", "", "")


def test_others_testimonies_are_not_heard(program: Program, ann: Enrollment, bob: Enrollment) -> None:
    sale, other = sold(ann), sold(bob)
    say(program, KINDS.RISK, "high", by="Stripe", conversion=other, at=NOON)

    assert facts_of(sale).told == Told()


# --- only a browser ------------------------------------------------------------------------------------------
def claim(ann: Enrollment, number: str, at: Any = NOON, **known: Any) -> OrderIn:
    """What a browser told of an order."""
    order = makers.make_order(
        number, ref=ann.code, occurred_at=at, metadata={"reported_by": "browser"}, **known
    )
    return replace(order, revision_at=OLDEST)


def take(program: Program, *orders: OrderIn) -> list[Conversion]:
    taken = commissions.take_orders(program, list(orders), at=NOON)
    return [one.conversion for one in taken if one.conversion]


def confirm(program: Program, order: OrderIn) -> None:
    told = replace(order, metadata={}, revision_at=order.occurred_at)
    commissions.take_orders(program, [told], at=order.occurred_at + HOUR)


def test_unconfirmed_order_is_told_beside_confirmed_ones(program: Program, ann: Enrollment) -> None:
    (sale,) = take(program, claim(ann, "forged"))
    for number, at in (
        ("1", NOON + HOUR),
        ("2", NOON + 2 * DAY),
        ("old", NOON - DAY),
        ("late", NOON + 5 * DAY),
    ):
        order = claim(ann, number, at)
        take(program, order)
        confirm(program, order)

    assert facts_of(sale).unconfirmed == Unconfirmed(hours=96.0, others=2)
    known = Conversion.objects.get(external_id="1")
    assert facts_of(known).unconfirmed is None


def test_order_that_the_store_told_first_shows_that_it_works(program: Program, ann: Enrollment) -> None:
    (sale,) = take(program, claim(ann, "forged"))
    _click, tid = makers.make_click(ann, NOON - HOUR)
    take(program, makers.make_order("1", occurred_at=NOON + HOUR))
    seen = claim(ann, "1", NOON + HOUR)
    take(program, replace(seen, evidence=replace(seen.evidence, ref="", tid=tid)))

    assert Conversion.objects.get(external_id="1").order.snapshot["metadata"] != {}
    assert facts_of(sale).unconfirmed == Unconfirmed(hours=96.0, others=1)


def test_where_no_store_tells_such_orders_nothing_is_unconfirmed(program: Program, ann: Enrollment) -> None:
    (sale,) = take(program, claim(ann, "1", goal="lead"))
    take(program, makers.make_order("2", ref=ann.code))

    assert facts_of(sale).unconfirmed is None


def test_store_that_was_silent_confirms_no_others(program: Program, ann: Enrollment) -> None:
    (sale,) = take(program, claim(ann, "1"))
    take(program, makers.make_order("2", ref=ann.code))

    assert facts_of(sale).unconfirmed == Unconfirmed(hours=96.0, others=0)
