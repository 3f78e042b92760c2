"""Orders come in: once, in any order, in parts, taken back, parked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from affiliates.models import Enrollment, Program
from commissions import actions
from commissions.ledger import balances
from commissions.models import Commission, Entry, Reversal
from core.models import Event, Job
from tests.makers import (
    NOON,
    make_commission,
    make_order,
    make_refund,
    percent_plan,
)
from tracking.models import Conversion, Order
from tracking.orders import CustomerIn, LineIn, RefundLineIn
from tracking.states import OrderState

pytestmark = pytest.mark.django_db
BUYER = CustomerIn(email="buyer@example.net")


def take(program: Program, *orders, mode="store", at=NOON):
    return actions.take_orders(program, orders, mode=mode, at=at)


def pending(enrollment: Enrollment) -> int:
    return balances(enrollment)["pending"]


def test_same_order_again_changes_nothing(program, ann):
    order = make_order("1", ref=ann.code)
    take(program, order)
    before = (Event.objects.count(), Entry.objects.count())

    again = take(program, order, mode="create")[0]

    assert again.status == "same"
    assert again.conversion == Conversion.objects.get()
    assert (Event.objects.count(), Entry.objects.count()) == before


def test_same_number_with_other_content_is_a_conflict_for_a_create(program, ann):
    take(program, make_order("1", ref=ann.code))

    again = take(program, make_order("1", net=20000, ref=ann.code), mode="create")[0]

    assert again.status == "conflict"
    assert again.differences["total"] == [10000, 20000]
    assert pending(ann) == 1000


def test_newer_revision_posts_the_difference(program, ann, sue):
    order = make_order("1", ref=ann.code)
    take(program, order)

    newer = replace(make_order("1", net=30000, ref=ann.code), revision_at=NOON + timedelta(hours=1))
    assert take(program, newer)[0].status == "revised"

    assert (pending(ann), pending(sue)) == (3000, 1500)
    assert list(Reversal.objects.order_by("commission__level").values_list("amount", "cause")) == [
        (-2000, "revision"),
        (-1000, "revision"),
    ]


def test_older_revision_is_ignored(program, ann):
    newer = replace(make_order("1", net=30000, ref=ann.code), revision_at=NOON + timedelta(hours=1))
    take(program, newer)

    assert take(program, make_order("1", ref=ann.code))[0].status == "older"
    assert pending(ann) == 3000


def test_order_that_is_not_a_sale_yet_earns_nothing_until_it_is(program, ann):
    waiting = make_order("1", ref=ann.code, state=OrderState.OPEN)
    assert take(program, waiting)[0].conversion is None
    assert Commission.objects.count() == 0

    paid = replace(waiting, state=OrderState.SALE, revision_at=NOON + timedelta(hours=1))
    take(program, paid)

    assert pending(ann) == 1000


def test_cancelled_sale_takes_everything_back_on_every_level(program, ann, sue):
    order = make_order("1", ref=ann.code)
    take(program, order)

    take(program, replace(order, state=OrderState.VOID, revision_at=NOON + timedelta(hours=1)))

    assert (pending(ann), pending(sue)) == (0, 0)
    assert set(Reversal.objects.values_list("cause", flat=True)) == {"cancellation"}


def test_cancellation_after_a_refund_takes_only_what_is_left(program, ann):
    order = make_order("1", ref=ann.code)
    take(program, order)
    actions.take_refunds(program, "shop", "1", [make_refund("r", gross=4000)], at=NOON)

    take(program, replace(order, state=OrderState.VOID, revision_at=NOON + timedelta(hours=1)))

    amounts = (
        Reversal.objects.filter(commission__enrollment=ann)
        .order_by("number")
        .values_list("amount", flat=True)
    )
    assert list(amounts) == [400, 600]


def test_refunds_of_thirds_to_the_cent(program, bob):
    plan = {**percent_plan("12.5")}
    actions.publish(program.plans.get(), plan, at=NOON - timedelta(days=1))
    take(program, make_order("1", ref=bob.code))
    assert pending(bob) == 1250

    for number, net in enumerate((3333, 3333, 3334)):
        lines = (RefundLineIn("1", 0, net),)
        actions.take_refunds(program, "shop", "1", [make_refund(f"r{number}", lines=lines)], at=NOON)

    assert list(Reversal.objects.order_by("number").values_list("amount", flat=True)) == [417, 416, 417]
    assert pending(bob) == 0


def test_refund_of_an_excluded_line_takes_nothing(program, bob):
    lines = (LineIn("1", 5000), LineIn("2", 15000, excluded=True))
    take(program, make_order("1", net=20000, ref=bob.code, lines=lines))

    actions.take_refunds(program, "shop", "1", [make_refund(lines=(RefundLineIn("2", 1, 15000),))], at=NOON)

    assert pending(bob) == 500


def test_estimate_is_corrected_once_the_lines_are_known(program, bob):
    """Order 22 of the recorded deliveries: see docs/money.md."""
    lines = (LineIn("mug", 7128, 2), LineIn("book", 1271))
    take(program, make_order("22", net=10425, ref=bob.code, lines=lines, tax=1536, shipping=490))
    assert pending(bob) == 840

    refund = actions.take_refunds(program, "shop", "22", [make_refund("25", gross=4241)], at=NOON)[0].refund
    assert pending(bob) == 840 - 342
    actions.take_refund_lines(refund, (RefundLineIn("mug", 1, 3564),), at=NOON)
    assert pending(bob) == 840 - 342 - 14
    actions.take_refunds(program, "shop", "22", [make_refund("26", gross=1000)], at=NOON)
    assert pending(bob) == 840 - 437


def test_refund_that_comes_before_its_order_waits_for_it(program, ann, sue):
    early = actions.take_refunds(program, "shop", "1", [make_refund(gross=5000)], at=NOON)[0]
    assert early.waiting

    take(program, make_order("1", ref=ann.code))

    assert (pending(ann), pending(sue)) == (500, 250)
    assert [row.amount for row in Reversal.objects.order_by("commission__level")] == [500, 250]


def test_same_refund_twice_is_one(program, ann):
    take(program, make_order("1", ref=ann.code))
    refund = make_refund("r", gross=5000)

    first = actions.take_refunds(program, "shop", "1", [refund], at=NOON)[0]
    again = actions.take_refunds(program, "shop", "1", [refund], at=NOON)[0]

    assert (first.status, again.status) == ("created", "same")
    assert pending(ann) == 500


def test_refund_number_with_other_content_is_a_conflict(program, ann):
    take(program, make_order("1", ref=ann.code))
    actions.take_refunds(program, "shop", "1", [make_refund("r", gross=5000)], at=NOON)

    other = actions.take_refunds(program, "shop", "1", [make_refund("r", gross=6000)], at=NOON)[0]

    assert (other.status, other.differences) == ("conflict", {"gross": [5000, 6000]})
    assert pending(ann) == 500


def test_refund_that_the_store_takes_back_is_credited_again(program, ann):
    order = make_order("1", ref=ann.code)
    take(program, replace(order, refunds=(make_refund("r", gross=5000),)))
    assert pending(ann) == 500

    take(program, replace(order, refunds=(), revision_at=NOON + timedelta(hours=1)))

    assert pending(ann) == 1000
    assert Event.objects.filter(kind="refund.withdrawn").count() == 1


def test_chargeback_won_credits_again(program, ann):
    take(program, make_order("1", ref=ann.code))
    actions.take_refunds(program, "shop", "1", [make_refund("d1", kind="chargeback")], at=NOON)
    assert pending(ann) == 0

    won = make_refund("d1-won", kind="chargeback_won")
    actions.take_refunds(program, "shop", "1", [won], at=NOON)

    assert pending(ann) == 1000
    assert list(Reversal.objects.filter(commission__enrollment=ann).values_list("amount", "cause")) == [
        (1000, "chargeback"),
        (-1000, "chargeback_won"),
    ]


def test_refund_of_an_approved_commission_lowers_what_is_payable(program, bob):
    commission = make_commission(bob)
    actions.approve(commission, at=commission.matures_at)

    actions.take_refunds(
        program,
        "shop",
        commission.conversion.external_id,
        [make_refund(gross=10000)],
        at=commission.matures_at,
    )

    assert balances(bob) == {"pending": 0, "payable": 0, "in_transit": 0, "paid": 0}


def test_order_of_nobody_is_counted_and_earns_nobody(program):
    conversion = take(program, make_order("1"))[0].conversion

    assert (conversion.state, conversion.decision.evidence) == ("counted", "nobody")
    assert Commission.objects.count() == 0


def test_own_purchase_is_held_with_the_reason(program, ann):
    order = make_order("1", ref=ann.code, customer=CustomerIn(email="ANN+shop@partner.example"))

    commission = take(program, order)[0].conversion.commissions.get(enrollment=ann)

    assert (commission.is_held, commission.reason) == (True, "self_referral:email")
    assert actions.approve_due(at=NOON + timedelta(days=60)) == 0


def test_suspended_sponsor_is_skipped(program, ann, sue, mia):
    from affiliates.actions import suspend

    suspend(sue, reason="Paused for a check.", actor=mia)
    ann.refresh_from_db()

    conversion = take(program, make_order("1", ref=ann.code))[0].conversion

    assert list(conversion.commissions.values_list("level", flat=True)) == [1]


def test_batch_answers_in_the_order_of_its_questions(program, ann):
    orders = [make_order(number, ref=ann.code) for number in ("9", "1", "5")]

    taken = take(program, *orders)

    assert [one.order.external_id for one in taken] == ["9", "1", "5"]


def test_every_change_is_told_once(program, ann):
    take(program, make_order("1", ref=ann.code))

    kinds = Event.objects.exclude(kind__startswith="enrollment").values_list("kind", flat=True).order_by("id")
    ours = [kind for kind in kinds if kind.split(".")[0] in {"order", "conversion", "commission"}]
    assert ours == ["order.recorded", "conversion.counted", "commission.accrued", "commission.accrued"]
    followed = Job.objects.filter(event__kind__in=ours).values_list("task", flat=True)
    assert list(followed) == ["fraud.tasks.screen"], "once for all that earn by it"
    assert Order.objects.get().revision == 1
