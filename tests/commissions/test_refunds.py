"""What a commission is worth after refunds: every vector of docs/money.md."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st

from commissions.earned import Earned
from commissions.rates import EXTRA, Credit, Line, Sale, evaluate
from commissions.refunds import RefundFact, due, fractions, quantities
from tests.commissions.test_rates import ANN, BEN, CAT, cases, chain, fixed, levels, line, plan, rule, sale

MUGS, BOOK = line(7128, "mugs", quantity=2), line(1271, "book")
ORDER_22 = sale(MUGS, BOOK)


def refund(
    key: str, *lines: tuple[str, int, int], gross: int | None = None, kind: str = "refund"
) -> RefundFact:
    """A refund by lines or by a gross amount."""
    return RefundFact(key, kind, lines or None, gross)


def left(earned: Earned, sale: Sale, total: int, *facts: RefundFact) -> int:
    """What is due after the facts."""
    return due(earned, fractions(sale.all_lines, total, facts), quantities(sale.all_lines, total, facts))


def only(sale: Sale, *rules: dict[str, Any], **top: Any) -> Earned:
    """The commission of the one affiliate credited."""
    return evaluate(plan(*rules, **top), sale).commissions[0]


def test_refunding_the_second_of_two_lines_reverses_its_rate() -> None:
    two = sale(line(10000, categories=("shoes",)), line(10000, "b"))
    earned = only(two, rule("20", when={"categories": ["shoes"]}), rule("5"))

    assert earned.amount - left(earned, two, 20000, refund("1", ("b", 1, 10000))) == 500


def test_three_partial_refunds_reverse_cumulatively() -> None:
    one = sale(line(10000))
    earned = only(one, rule("12.5"))
    facts = [refund(str(at), ("a", 0, net)) for at, net in enumerate([3333, 3333, 3334])]

    due_after = [left(earned, one, 10000, *facts[:count]) for count in range(4)]

    assert [before - after for before, after in pairwise(due_after)] == [417, 416, 417]


def test_refunding_an_excluded_line_reverses_nothing() -> None:
    order = sale(line(5000), line(15000, "gift", excluded=True))
    earned = only(order)

    assert left(earned, order, 20000, refund("1", ("gift", 1, 15000))) == earned.amount == 500


def test_order_22_estimate_then_line_then_amount_without_lines() -> None:
    earned = only(ORDER_22)
    estimate = refund("1", gross=4241)
    known = refund("1", ("mugs", 1, 3564), gross=4241)
    further = refund("2", gross=1000)

    due_after = [
        left(earned, ORDER_22, 10425, *facts) for facts in ([], [estimate], [known], [known, further])
    ]

    assert [840 - amount for amount in due_after] == [0, 342, 356, 437]


def test_known_lines_replace_the_estimate_in_any_order() -> None:
    estimate, known = refund("1", gross=4241), refund("1", ("mugs", 1, 3564), gross=4241)

    assert fractions([MUGS, BOOK], 10425, [known, estimate]) == {"mugs": Fraction(1, 2), "book": 0}


def test_order_total_of_zero_refunds_nothing() -> None:
    assert fractions([line(0)], 0, [refund("1", gross=500)]) == {"a": 0}


def test_gross_amounts_that_reach_the_total_refund_everything() -> None:
    facts = [refund("1", ("mugs", 1, 3564), gross=4241), refund("2", gross=6184)]

    assert fractions([MUGS, BOOK], 10425, facts) == {"mugs": 1, "book": 1}


def test_never_more_than_the_base_is_refunded() -> None:
    assert fractions([MUGS, BOOK], 10425, [refund("1", ("mugs", 9, 99999))]) == {"mugs": 1, "book": 0}


def test_cancellation_after_a_refund_reverses_what_is_left() -> None:
    earned = only(ORDER_22)

    assert left(earned, ORDER_22, 10425, refund("1", gross=4241), refund("2", kind="cancellation")) == 0


def test_chargeback_without_amount_takes_all_and_a_dispute_won_gives_it_back() -> None:
    earned = only(ORDER_22)
    lost = refund("d1", kind="chargeback")
    won = refund("d1", kind="chargeback_won")
    won_by_name = RefundFact("d2", "chargeback_won", wins="d1")

    amounts = [left(earned, ORDER_22, 10425, *facts) for facts in ([lost], [lost, won], [won_by_name, lost])]

    assert amounts == [0, 840, 840]


def test_dispute_won_leaves_other_refunds_standing() -> None:
    earned = only(ORDER_22)
    facts = refund("1", gross=4241), refund("d1", kind="chargeback"), refund("d1", kind="chargeback_won")

    assert left(earned, ORDER_22, 10425, *facts) == 840 - 342


def test_fixed_per_order_is_reversed_at_the_full_refund_only() -> None:
    order = sale(line(5000), line(5000, "b"))
    earned = only(order, fixed("fixed_per_order", "5.00"))
    first, second = refund("1", ("a", 1, 5000)), refund("2", ("b", 1, 5000))

    assert [left(earned, order, 10000, *facts) for facts in ([first], [first, second])] == [500, 0]


def test_fixed_per_item_is_reversed_per_refunded_unit() -> None:
    order = sale(line(9000, quantity=3))
    earned = only(order, fixed("fixed_per_item", "1.00"))
    one, rest = refund("1", ("a", 1, 3000)), refund("2", ("a", 2, 6000))

    assert [left(earned, order, 9000, *facts) for facts in ([one], [one, rest])] == [200, 0]


def test_line_of_net_zero_is_refunded_by_quantity() -> None:
    free = line(0, quantity=2)

    assert fractions([free], 500, [refund("1", ("a", 1, 0))]) == {"a": 0}
    assert fractions([free], 500, [refund("1", ("a", 2, 0))]) == {"a": 1}


def test_free_item_that_stays_does_not_keep_a_refund_from_being_full() -> None:
    order = sale(line(5000), line(0, "free"))
    earned = only(order, fixed("fixed_per_order", "5.00"))

    assert left(earned, order, 9999, refund("1", ("a", 1, 5000))) == 0


def test_shipping_stays_earned_until_it_is_refunded() -> None:
    order = sale(line(5000), extra_base=500)
    earned = only(order)
    goods, shipping = refund("1", ("a", 1, 5000)), refund("2", (EXTRA, 0, 500))

    assert [left(earned, order, 5500, *facts) for facts in ([goods], [goods, shipping])] == [50, 0]


def test_every_level_is_reversed_by_its_own_cumulative_sum() -> None:
    order = sale(line(10000), credits=(Credit(ANN, chain=chain(True, True)),))
    earned = evaluate(plan(levels=levels("10", "10", basis="below")), order).commissions

    third = refund("1", ("a", 0, 3333))

    assert [left(one, order, 10000, third) for one in earned] == [1000 - 333, 100 - 33, 10 - 3]


def test_every_share_is_reversed_by_its_own_cumulative_sum() -> None:
    order = sale(line(10000), credits=tuple(Credit(one, Fraction(1, 3)) for one in (ANN, BEN, CAT)))
    earned = evaluate(plan(), order).commissions

    assert [left(one, order, 10000, refund("1", ("a", 0, 5000))) for one in earned] == [
        334 - 167,
        333 - 167,
        333 - 167,
    ]
    assert [left(one, order, 10000, refund("1", ("a", 0, 10000))) for one in earned] == [0, 0, 0]


def test_scaled_level_is_reversed_in_proportion() -> None:
    order = sale(line(10000), credits=(Credit(ANN, chain=chain(True)),))
    earned = evaluate(plan(rule("40"), levels=levels("20")), order).commissions[1]

    assert (earned.amount, left(earned, order, 10000, refund("1", ("a", 0, 2500)))) == (1000, 750)


def test_lead_is_reversed_by_cancellation() -> None:
    lead = sale(goal="lead")
    earned = only(lead, fixed("fixed_per_order", "5.00", when={"goal": "lead"}))

    assert left(earned, lead, 0, refund("1", kind="cancellation")) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "gift"},
        {"kind": "refund"},
        {"kind": "refund", "gross": -1},
        {"kind": "refund", "lines": (("a", -1, 0),)},
    ],
)
def test_refund_that_says_nothing_or_is_negative_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="refund"):
        RefundFact("1", **wrong)


@st.composite
def partial(draw: st.DrawFn, lines: tuple[Line, ...]) -> list[RefundFact]:
    """Some refunds of an order, by line or by gross amount."""
    keys = st.sampled_from([one.key for one in lines])
    by_line = st.tuples(keys, st.integers(0, 3), st.integers(0, 10**6)).map(lambda one: ((one,), None))
    found = draw(st.lists(by_line | st.integers(0, 10**6).map(lambda gross: (None, gross)), max_size=5))
    return [RefundFact(str(at), "refund", rows, gross) for at, (rows, gross) in enumerate(found)]


@given(cases(), st.data())
def test_order_of_refunds_makes_no_difference_and_due_only_falls(
    case: tuple[Any, Sale], data: st.DataObject
) -> None:
    order = case[1]
    facts = data.draw(partial(order.lines))
    shuffled = data.draw(st.permutations(facts))

    for earned in evaluate(*case).commissions:
        due_after = [left(earned, order, 10**6, *facts[:count]) for count in range(len(facts) + 1)]
        assert due_after[0] == earned.amount
        assert sorted(due_after, reverse=True) == due_after
        assert min(due_after) >= 0
        assert left(earned, order, 10**6, *shuffled) == due_after[-1]


@given(cases())
def test_full_refund_reverses_exactly_all(case: tuple[Any, Sale]) -> None:
    order = case[1]
    by_lines = refund("1", *((one.key, one.quantity, one.net) for one in order.lines))

    for fact in (by_lines, refund("1", gross=10**6), refund("1", kind="cancellation")):
        assert {left(earned, order, 10**6, fact) for earned in evaluate(*case).commissions} == {0}
