"""What refunds take back of any sale under any plan: exactly all in the end, never more, never given back.

PROPERTY_EXAMPLES asks for more of them than a normal run tries.
"""

from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, assume, given, settings, strategies as st

from commissions.plan import parse_plan
from commissions.rates import evaluate
from commissions.refunds import RefundFact, due, fractions, quantities
from commissions.sale import Credit, Line, Sale
from tests.commissions.sales import Case, cases, line_lists
from tests.examples import examples

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
EXAMPLES = examples(50, "PROPERTY_EXAMPLES")
some_examples = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)


@some_examples
@given(cases(), st.data())
def test_refunding_everything_in_any_pieces_reverses_exactly_all(case: Case, data: st.DataObject) -> None:
    _body, plan, sale, counters = case
    assume(all(line.net or line.quantity for line in sale.all_lines))  # else there is nothing to give back
    earned = evaluate(plan, sale, counters).commissions
    pieces = data.draw(st.permutations(pieces_of(data.draw, sale.all_lines)))

    left = [[due(one, *gone(sale, pieces[:known])) for one in earned] for known in range(len(pieces) + 1)]

    assert left[0] == [one.amount for one in earned]
    assert left[-1] == [0] * len(earned)
    assert all(after <= before for pair in pairwise(left) for before, after in zip(*pair, strict=True))


def pieces_of(draw: Any, lines: tuple[Line, ...]) -> list[RefundFact]:
    """Refunds of parts of lines that together are all of them."""
    facts = []
    for line in lines:
        cuts = [0, *sorted(draw(st.lists(st.integers(0, line.net), max_size=2))), line.net]
        for place, (low, high) in enumerate(pairwise(cuts)):
            quantity = line.quantity if place == 0 else 0
            facts.append(RefundFact(f"{line.key}.{place}", "refund", ((line.key, quantity, high - low),)))
    return facts


def gone(sale: Sale, facts: list[RefundFact]) -> tuple[dict[str, Fraction], dict[str, int]]:
    """How much of each line, and how many of its units, went back."""
    total = sum(line.net for line in sale.all_lines)
    return fractions(sale.all_lines, total, facts), quantities(sale.all_lines, total, facts)


@some_examples
@given(line_lists(least=1), st.integers(1, 100_00), st.lists(st.integers(0, 60_00), max_size=6))
def test_gross_refunds_never_take_more_than_was_earned(
    lines: tuple[Line, ...], total: int, back: list[int]
) -> None:
    assume(any(line.net and not line.excluded for line in lines))
    body = {
        "schema": 2,
        "rules": [{"id": "a", "name": "A", "reward": {"type": "percent", "rate": "12.3456"}}],
    }
    sale = Sale("sale", "EUR", lines, (Credit(1),))
    earned = evaluate(parse_plan(body, "EUR"), sale).commissions[0]
    facts = [RefundFact(str(place), "refund", None, amount) for place, amount in enumerate(back)]

    left = due(earned, fractions(lines, total, facts), quantities(lines, total, facts))

    assert 0 <= left <= earned.amount
    assert (left == 0) or sum(back) < total
