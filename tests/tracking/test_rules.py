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
