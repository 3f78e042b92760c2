"""The order of evidence, and a trace that names every touch."""

from datetime import timedelta

import pytest

from tests.makers import NOON
from tracking.attribution import Binding, CouponUse, Terms, Touch, decide

DAY = timedelta(days=1)
TERMS = Terms(window=30 * DAY, bound=365 * DAY)


def touch(enrollment: int, days: float, **fields: object) -> Touch:
    return Touch(enrollment, NOON - days * DAY, "tid", 30 * DAY, f"c{enrollment}-{days}", **fields)


def coupon(enrollment: int, kind: str = "personal", policy: str = "always", active: bool = True) -> CouponUse:
    return CouponUse(enrollment * 10, f"code{enrollment}", enrollment, kind, policy, active)


def winner(touches=(), coupons=(), binding=None) -> tuple[int | None, str]:
    verdict = decide(NOON, tuple(touches), tuple(coupons), binding, TERMS)
    return verdict.enrollment, verdict.evidence


BOUND = Binding(4, NOON - 100 * DAY)
LAPSED = Binding(5, NOON - 400 * DAY)


@pytest.mark.parametrize(
    ("touches", "coupons", "binding", "expected"),
    [
        ([touch(1, 1)], [coupon(2)], BOUND, (2, "coupon")),
        ([touch(1, 1)], [], BOUND, (4, "bound")),
        ([touch(1, 1)], [], LAPSED, (1, "click")),
        ([], [coupon(3, "shared")], LAPSED, (5, "lapsed")),
        ([], [coupon(3, "shared")], None, (3, "shared_coupon")),
        ([], [], None, (None, "nobody")),
    ],
)
def test_order_of_evidence(touches, coupons, binding, expected):
    assert winner(touches, coupons, binding) == expected


def test_last_click_wins_over_earlier_ones():
    assert winner([touch(1, 3), touch(2, 1), touch(3, 2)]) == (2, "click")


def test_click_at_the_edge_of_the_window_counts():
    assert winner([touch(1, 30)]) == (1, "click")
    assert winner([touch(1, 30.001)]) == (None, "nobody")


def test_click_after_the_order_does_not_count_but_a_slow_clock_is_forgiven():
    assert winner([touch(1, -0.01)]) == (None, "nobody")
    assert winner([touch(1, -0.002)]) == (1, "click")


def test_bot_and_inactive_do_not_count():
    assert winner([touch(1, 1, is_bot=True), touch(2, 2, is_active=False), touch(3, 3)]) == (3, "click")


def test_coupon_that_needs_a_click_of_the_same_affiliate():
    assert winner([touch(1, 1)], [coupon(2, policy="with_click")]) == (1, "click")
    assert winner([touch(1, 1), touch(2, 5)], [coupon(2, policy="with_click")]) == (2, "coupon")


def test_referral_code_is_no_click_for_a_coupon_that_needs_one():
    code = Touch(2, NOON, "ref", 30 * DAY)

    verdict = decide(NOON, (code,), (coupon(2, policy="with_click"),), None, TERMS)

    assert (verdict.enrollment, verdict.evidence) == (2, "click")
    assert [(row["won"], row["why"]) for row in verdict.trace["coupons"]] == [(False, "no_click")]


def test_coupon_that_never_wins_over_a_click():
    assert winner([touch(1, 1)], [coupon(2, policy="never_over_click")]) == (1, "click")
    assert winner([], [coupon(2, policy="never_over_click")]) == (2, "coupon")


def test_retired_coupon_is_no_evidence():
    assert winner([], [coupon(2, active=False)]) == (None, "nobody")


def test_binding_that_came_after_the_order_does_not_count():
    assert winner([], [], Binding(4, NOON + DAY)) == (None, "nobody")


def test_order_of_equal_timestamps_changes_nothing():
    touches = [touch(2, 1), touch(1, 1), touch(3, 1)]

    results = {winner(order) for order in (touches, touches[::-1], touches[1:] + touches[:1])}

    assert results == {(1, "click")}


def test_losing_touch_does_not_change_the_winner():
    many = [touch(1, 1), touch(2, 2), touch(3, 40)]

    assert winner(many) == winner(many[:1])


def test_trace_says_why_each_touch_lost():
    verdict = decide(NOON, (touch(1, 1), touch(2, 2), touch(3, 40)), (), None, TERMS)

    assert [(row["enrollment"], row["won"], row["why"]) for row in verdict.trace["touches"]] == [
        (3, False, "window"),
        (2, False, "earlier"),
        (1, True, ""),
    ]


def clicked(enrollment: int, seconds: float, **fields: object) -> Touch:
    at = NOON - DAY + timedelta(seconds=seconds)
    return Touch(enrollment, at, "visitor", 30 * DAY, f"c{seconds}", visitor="v", **fields)


def whys(touches: list[Touch], **fields: object) -> list[str]:
    terms = Terms(window=30 * DAY, bound=365 * DAY, repeat=timedelta(seconds=10), **fields)
    return [row["why"] for row in decide(NOON, tuple(touches), (), None, terms).trace["touches"]]


def test_second_click_for_the_same_partner_at_once_is_a_repeat():
    assert whys([clicked(1, 0), clicked(1, 10)]) == ["", "repeat"]
    assert whys([clicked(1, 0), clicked(1, 11)]) == ["earlier", ""]


def test_click_after_another_partner_or_in_another_browser_is_no_repeat():
    assert whys([clicked(1, 0), clicked(2, 3), clicked(1, 6)]) == ["earlier", "earlier", ""]
    other = Touch(1, NOON - DAY + timedelta(seconds=5), "visitor", 30 * DAY, "c", visitor="w")
    assert whys([clicked(1, 0), other]) == ["earlier", ""]


def test_click_after_a_machine_is_no_repeat_of_its():
    assert whys([clicked(1, 0, is_bot=True), clicked(1, 3)]) == ["bot", ""]


def seen(enrollment: int, days: float, window: timedelta = DAY) -> Touch:
    return Touch(enrollment, NOON - days * DAY, "visitor", window, f"v{enrollment}", kind="v")


def viewed(
    touches: list[Touch], binding: Binding | None = None, views: bool = True
) -> tuple[int | None, str]:
    terms = Terms(window=30 * DAY, bound=365 * DAY, views=views)
    verdict = decide(NOON, tuple(touches), (), binding, terms)
    return verdict.enrollment, verdict.evidence


def test_last_view_counts_where_there_is_no_click():
    assert viewed([seen(1, 0.9), seen(2, 0.5)]) == (2, "view")
    assert viewed([seen(1, 0.9), touch(2, 20)]) == (2, "click")


def test_view_counts_inside_its_own_window_and_only_where_views_count():
    assert viewed([seen(1, 1.1)]) == (None, "nobody")
    assert viewed([seen(1, 0.5)], views=False) == (None, "nobody")


def test_view_stands_between_clicks_and_a_lapsed_customer():
    assert viewed([seen(1, 0.5)], LAPSED) == (1, "view")
    assert viewed([seen(1, 0.5)], BOUND) == (4, "bound")


def test_code_counts_only_where_no_click_does():
    code = Touch(3, NOON, "ref", 30 * DAY)

    assert winner([touch(1, 1), code]) == (1, "click")
    assert winner([touch(1, 40), code]) == (3, "click")


def test_path_holds_what_is_eligible_oldest_first():
    terms = Terms(window=30 * DAY, bound=365 * DAY, views=True)
    touches = (touch(1, 2), touch(2, 40), seen(3, 0.5), touch(4, 1, is_bot=True), touch(1, -0.001))

    assert decide(NOON, touches, (), None, terms).path == ((1, 172800, "c"), (3, 43200, "v"), (1, 0, "c"))


def test_whole_share_is_of_whoever_a_coupon_or_customer_names():
    verdict = decide(NOON, (touch(1, 1),), (coupon(2),), None, TERMS)

    assert verdict.shares == ((2, 1),)
    assert [row["why"] for row in verdict.trace["touches"]] == ["weaker"]
