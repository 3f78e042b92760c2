"""An order that names the page its buyer came from: evidence of a direct link, and the weakest there is."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from affiliates import actions as affiliates
from affiliates.models import CouponKind, DirectLink, Link
from commissions.actions import take_orders
from tests.makers import NOON, make_click, make_order
from tracking import why_not
from tracking.models import Order
from tracking.orders import CustomerIn, Evidence, OrderIn
from tracking.states import OrderState
from tracking.words import decision_in_words

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BLOG = "https://blog.example/reviews"


def page(enrollment, mia, address=BLOG, at=NOON - 100 * DAY) -> DirectLink:
    """A page whose visitors count since 100 days."""
    row = affiliates.ask_direct_link(enrollment.links.get(is_default=True), address, at=at)
    return affiliates.approve_direct_link(row, actor=mia, at=at)


def take(program, referrer=BLOG, referred_at=None, **fields):
    said = {name: fields.pop(name) for name in ("tid", "ref", "coupons") if name in fields}
    evidence = Evidence(referrer=referrer, referred_at=referred_at, **said)
    return take_orders(program, [make_order(evidence=evidence, **fields)], at=NOON)[0].conversion


def decided(program, *args, **fields):
    decision = take(program, *args, **fields).decision
    return decision.enrollment, decision.evidence


# --- whose page it is ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "referrer",
    [
        "https://blog.example/reviews",
        "http://www.blog.example/reviews/mugs?x=1#top",
        "https://Blog.Example./reviews/",
        "https://blog.example:8443/reviews",
    ],
)
def test_page_of_a_direct_link_credits_its_affiliate(program, ann, mia, referrer):
    page(ann, mia)

    assert decided(program, referrer) == (ann, "click")


@pytest.mark.parametrize(
    "referrer",
    [
        "",
        "blog.example/reviews",
        "https://blog.example/",
        "https://blog.example/reviewsofmine",
        "https://notblog.example/reviews",
        "https://blog.example.evil.example/reviews",
        "https://evil.example/https://blog.example/reviews",
        "https://blog.example@evil.example/reviews",
        "https://m.blog.example/reviews",
        "javascript:https://blog.example/reviews",
        "https://[::1",
        f"https://{'a' * 300}.example/reviews",
        "android-app://blog.example/reviews",
    ],
)
def test_any_other_page_credits_nobody(program, ann, mia, referrer):
    page(ann, mia)

    assert decided(program, referrer) == (None, "nobody")


def test_the_longest_path_that_fits_wins(program, ann, bob, mia):
    page(ann, mia, "https://blog.example/")
    page(bob, mia)

    assert decided(program, f"{BLOG}/mugs") == (bob, "click")
    assert decided(program, "https://blog.example/tea") == (ann, "click")


def test_page_of_another_program_credits_nobody(program, stranger):
    row = affiliates.ask_direct_link(stranger.links.get(is_default=True), BLOG, at=NOON - DAY)
    DirectLink.objects.filter(pk=row.pk).update(state="active", decided_at=NOON - DAY)

    assert decided(program) == (None, "nobody")


# --- when it counts --------------------------------------------------------------------------------------------
def test_page_that_is_only_asked_for_or_refused_credits_nobody(program, ann, mia):
    row = affiliates.ask_direct_link(ann.links.get(is_default=True), BLOG, at=NOON - DAY)
    assert decided(program) == (None, "nobody")

    affiliates.refuse_direct_link(row, reason="not yours", actor=mia, at=NOON - HOUR)
    assert decided(program) == (None, "nobody")


def test_visit_before_the_page_was_approved_counts_nothing(program, ann, mia):
    page(ann, mia, at=NOON - HOUR)

    assert decided(program, referred_at=NOON - 2 * HOUR) == (None, "nobody")
    assert decided(program, referred_at=NOON - HOUR) == (ann, "click")


def test_page_that_ended_counts_for_visits_before_its_end(program, ann, mia):
    affiliates.end_direct_link(page(ann, mia), actor=mia, at=NOON - DAY)

    assert decided(program, referred_at=NOON - 2 * DAY) == (ann, "click")
    assert decided(program, referred_at=NOON - HOUR) == (None, "nobody")


def test_question_that_was_taken_back_never_counts(program, ann, mia):
    row = affiliates.ask_direct_link(ann.links.get(is_default=True), BLOG, at=NOON - 3 * DAY)
    affiliates.end_direct_link(row, actor=mia, at=NOON + DAY)

    assert decided(program, referred_at=NOON - 2 * DAY) == (None, "nobody")


def test_page_that_changed_hands_credits_whose_it_was_at_the_visit(program, ann, bob, mia):
    affiliates.end_direct_link(page(ann, mia), actor=mia, at=NOON - 3 * DAY)
    page(bob, mia, at=NOON - 2 * DAY)

    assert decided(program, referred_at=NOON - 4 * DAY) == (ann, "click")
    assert decided(program, referred_at=NOON - DAY) == (bob, "click")


def test_visit_counts_for_as_long_as_a_click_does(program, ann, mia):
    page(ann, mia)

    assert decided(program, referred_at=NOON - 30 * DAY) == (ann, "click")
    assert decided(program, referred_at=NOON - 30 * DAY - HOUR) == (None, "nobody")


def test_clock_of_a_browser_that_is_ahead_changes_nothing(program, ann, mia):
    page(ann, mia)

    conversion = take(program, referred_at=NOON + 5 * HOUR)

    assert conversion.decision.enrollment == ann
    assert conversion.decision.trace["touches"][0]["at"] == NOON.isoformat()


def test_link_that_is_paused_or_has_ended_leads_to_nobody(program, ann, mia):
    row = page(ann, mia)
    Link.objects.filter(pk=row.link_id).update(expires_at=NOON - DAY)
    assert decided(program) == (None, "nobody")
    assert decided(program, referred_at=NOON - 2 * DAY) == (ann, "click")

    Link.objects.filter(pk=row.link_id).update(expires_at=None, is_active=False)
    assert decided(program) == (None, "nobody")


def test_affiliate_who_may_not_promote_is_not_credited_and_reads_why(program, ann, mia):
    page(ann, mia)
    affiliates.suspend(ann, reason="a question is open", actor=mia)

    decision = take(program).decision

    assert decision.enrollment is None
    assert [row["why"] for row in decision.trace["touches"]] == ["inactive"]


# --- it is the weakest evidence of a click ---------------------------------------------------------------------
def test_click_counts_before_it_even_if_it_is_older(program, ann, bob, mia):
    page(ann, mia)
    _click, tid = make_click(bob, NOON - 5 * DAY)

    decision = take(program, tid=tid).decision

    assert decision.enrollment == bob
    assert [(row["via"], row["why"]) for row in decision.trace["touches"]] == [
        ("tid", ""),
        ("referrer", "referrer"),
    ]


def test_code_counts_before_it(program, ann, bob, mia):
    page(ann, mia)

    assert decided(program, ref=bob.code) == (bob, "click")


def test_click_that_is_too_old_leaves_room_for_it(program, ann, bob, mia):
    page(ann, mia)
    _click, tid = make_click(bob, NOON - 40 * DAY)

    assert decided(program, tid=tid) == (ann, "click")


def test_personal_coupon_and_bound_customer_count_before_it_and_shared_codes_after(program, ann, bob, mia):
    page(ann, mia)
    affiliates.create_coupon(bob, "BOB15")
    affiliates.create_coupon(bob, "SUMMER", kind=CouponKind.SHARED)
    buyer = CustomerIn(email="carl@example.net")

    assert decided(program, coupons=("bob15",), customer=buyer) == (bob, "coupon")
    assert decided(program, customer=buyer, occurred_at=NOON + DAY) == (bob, "bound")
    assert decided(program, coupons=("summer",)) == (ann, "click")


def test_it_is_no_click_for_a_coupon_that_needs_one(program, ann, mia):
    page(ann, mia)
    affiliates.create_coupon(ann, "ANN15", policy="with_click")

    decision = take(program, coupons=("ann15",)).decision

    assert (decision.enrollment, decision.evidence) == (ann, "click")
    assert decision.trace["coupons"][0]["why"] == "no_click"


def test_visit_that_the_tag_saw_counts_once(program, ann, mia):
    page(ann, mia)
    _click, tid = make_click(ann, NOON - HOUR, via="direct", visitor=uuid.uuid4())

    trace = take(program, tid=tid, referred_at=NOON - HOUR).decision.trace

    assert [(row["via"], row["share"]) for row in trace["touches"]] == [("tid", "1"), ("referrer", "0")]


# --- what people read ------------------------------------------------------------------------------------------
def test_trace_says_whose_page_it_was(program, ann, mia):
    page(ann, mia)

    trace = take(program, f"{BLOG}/mugs").decision.trace

    assert decision_in_words(trace, {ann.pk: "Ann"}) == [
        (
            "Credited to Ann: there was no click and no code, and the buyer came from blog.example/reviews, "
            "this affiliate’s direct link."
        ),
        "Came from blog.example/reviews, the direct link of Ann, on 2 Nov 2026, 12:00 (as the store says): won.",
    ]


def test_affiliates_read_of_their_own_page_alone(program, ann, bob, mia):
    page(ann, mia)
    take(program, external_id="77", ref=bob.code)

    mine = why_not.why_not(program, ann, "77", NOON.date())
    others = why_not.why_not(program, bob, "77", NOON.date())

    assert mine.sentences == [
        "A click or a code of another partner counted, and either counts before the page that a buyer came from."
    ]
    assert str(mine.touches[0]).startswith("Buyer sent by your page blog.example/reviews, 2 November 2026")
    assert "blog.example" not in " ".join(map(str, [*others.sentences, *others.touches]))


# --- what an order says ----------------------------------------------------------------------------------------
def test_orders_without_a_referrer_have_the_content_they_had():
    assert make_order("1").as_json()["evidence"] == {"tid": "", "ref": "", "coupons": [], "landing_url": ""}


def test_referrer_survives_storage():
    order = replace(make_order("1"), evidence=Evidence(referrer=BLOG, referred_at=NOON))

    assert OrderIn.from_json(order.as_json()) == order
    assert order.content_hash() != make_order("1").content_hash()


def test_referrer_that_a_later_revision_brings_moves_nothing(program, ann, mia):
    page(ann, mia)
    take(program, "", external_id="1")
    told = make_order("1", evidence=Evidence(referrer=BLOG), revision_at=NOON + HOUR)

    conversion = take_orders(program, [told], at=NOON + HOUR)[0].conversion

    assert conversion.decision.enrollment is None
    assert Order.objects.get().state == OrderState.SALE
