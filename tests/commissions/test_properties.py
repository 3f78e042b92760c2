"""What is true of every plan and every sale, whatever they are.

PROPERTY_EXAMPLES asks for more of them than a normal run tries.
"""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from commissions.counters import NONE, SPENT, Counters, Tally, Window, span
from commissions.plan import Plan, parse_plan
from commissions.rates import Evaluation, evaluate
from commissions.sale import Credit, Line, Sale
from core.money import round_half_up
from tests.commissions import plans as drawn
from tests.commissions.naive_rules import base_of, winners
from tests.commissions.sales import Case, cases
from tests.examples import examples

ANN = 1
NOON = datetime(2026, 11, 2, 12)  # noqa: DTZ001 - the program's clock
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
EXAMPLES = examples(50, "PROPERTY_EXAMPLES")
some_examples = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
Json = dict[str, Any]


def written(evaluation: Evaluation) -> str:
    return json.dumps([evaluation.trace, [earned.as_json() for earned in evaluation.commissions]])


@some_examples
@given(cases())
def test_same_plan_and_sale_give_the_same_to_the_letter(case: Case) -> None:
    body, plan, sale, counters = case
    again = parse_plan(json.loads(json.dumps(body)), "EUR")
    shuffled = Counters(
        dict(reversed(counters.before.items())),
        dict(reversed(counters.spent.items())),
        dict(reversed(counters.final.items())),
    )

    assert written(evaluate(plan, sale, counters)) == written(evaluate(again, sale, shuffled))


# --- shares ------------------------------------------------------------------------------------------------


@some_examples
@given(cases())
def test_shares_of_a_level_add_up_to_its_rounded_total(case: Case) -> None:
    _body, plan, sale, counters = case

    trace = evaluate(plan, sale, counters).trace

    for step in trace["levels"]:
        shares = [row["before"] for row in trace["earned"] if row["level"] == step["level"]]
        assert sum(shares) <= step["rounded"]  # what would be a missing sponsor's is nobody's
        assert abs(Fraction(step["unrounded"]) - step["rounded"]) <= Fraction(1, 2)
        if step["level"] == 1:
            assert sum(shares) == step["rounded"]


@some_examples
@given(cases())
def test_nobody_is_a_whole_cent_away_from_the_exact_share(case: Case) -> None:
    _body, plan, sale, counters = case

    for row in evaluate(plan, sale, counters).trace["earned"]:
        claims = (
            1 if row["level"] == 1 else 3
        )  # a sponsor of several credited affiliates has a share from each
        assert abs(Fraction(row["unrounded"]) - row["before"]) < claims + Fraction(1, 2)


# --- limits ------------------------------------------------------------------------------------------------


@some_examples
@given(cases())
def test_ceiling_is_never_exceeded(case: Case) -> None:
    _body, plan, sale, counters = case

    evaluation = evaluate(plan, sale, counters)

    most = round_half_up(evaluation.base * Fraction(plan.max_total_rate) / 100)
    if evaluation.base:
        assert sum(one.amount for one in evaluation.commissions) <= most


@some_examples
@given(cases())
def test_caps_are_never_exceeded(case: Case) -> None:
    _body, plan, sale, counters = case

    paid = evaluate(plan, sale, counters).commissions

    first = [one for one in paid if one.level == 1]
    for cap in plan.caps:
        if cap.of == "conversion":
            assert sum(one.amount for one in first) <= cap.amount
        elif cap.of == "program":
            room = max(cap.amount - counters.spent.get(cap.window, 0), 0)
            assert sum(one.amount for one in paid) <= room
        else:
            for one in first:
                room = max(cap.amount - counters.of(one.enrollment_id, cap.window), 0)
                assert one.amount <= room


@some_examples
@given(cases())
def test_limits_only_take(case: Case) -> None:
    _body, plan, sale, counters = case

    for row in evaluate(plan, sale, counters).trace["earned"]:
        assert 0 <= row["amount"] <= row["before"]


# --- rules -------------------------------------------------------------------------------------------------


@some_examples
@given(cases())
def test_winner_is_found_by_trying_every_rule(case: Case) -> None:
    body, plan, sale, counters = case

    evaluation = evaluate(plan, sale, counters)

    group = sale.credits[0].group
    found = {line["key"]: (line["rule"], set(line["bonuses"])) for line in evaluation.trace["lines"]}
    assert found == winners(body, sale, group)
    bases = {line["key"]: line["base"] for line in evaluation.trace["lines"]}
    assert sum(bases.values()) == base_of(body, sale, group)


# --- brackets ----------------------------------------------------------------------------------------------


@st.composite
def rising(draw: st.DrawFn) -> Json:
    """A plan of marginal brackets whose rates do not fall."""
    starts = [0, *sorted(draw(st.sets(st.integers(1, 300), min_size=1, max_size=4)))]
    rates = sorted(draw(st.lists(drawn.rates, min_size=len(starts), max_size=len(starts))), key=Decimal)
    steps = [{"from": str(start), "rate": rate} for start, rate in zip(starts, rates, strict=True)]
    reward = {"type": "brackets", "period": draw(st.sampled_from(["month", "all_time"])), "steps": steps}
    return {"schema": 2, "max_total_rate": "100", "rules": [{"id": "a", "name": "A", "reward": reward}]}


def order(*nets: int, at: datetime = NOON) -> Sale:
    lines = tuple(Line(str(place), "", "", (), 1, net) for place, net in enumerate(nets))
    return Sale("sale", "EUR", lines, (Credit(ANN),), at=at)


def unrounded(plan: Plan, sale: Sale, counters: Counters = NONE) -> Fraction:
    return Fraction(evaluate(plan, sale, counters).commissions[0].unrounded)


def from_volume(plan: Plan, volume: int) -> Counters:
    return Counters({ANN: dict.fromkeys(plan.windows, volume)})


nets = st.integers(0, 400_00)


@some_examples
@given(rising(), nets, nets, nets)
def test_rising_marginal_brackets_pay_no_less_for_more(body: Json, net: int, low: int, more: int) -> None:
    plan = parse_plan(body, "EUR")
    late, early = from_volume(plan, low + more), from_volume(plan, low)

    assert unrounded(plan, order(net), late) >= unrounded(plan, order(net), early)
    assert unrounded(plan, order(net + more), early) >= unrounded(plan, order(net), early)


@some_examples
@given(rising(), st.lists(st.lists(nets, min_size=1, max_size=3), min_size=1, max_size=5), st.randoms())
def test_month_by_marginal_brackets_does_not_depend_on_the_order_of_sales(
    body: Json, baskets: list[list[int]], random: Any
) -> None:
    plan = parse_plan(body, "EUR")
    shuffled = random.sample(baskets, len(baskets))
    total = sum(sum(basket) for basket in baskets)

    assert one_after_the_other(plan, baskets) == one_after_the_other(plan, shuffled)
    assert one_after_the_other(plan, baskets) == unrounded(plan, order(total))
    assert one_after_the_other(plan, baskets) == by_hand(body, total)


def one_after_the_other(plan: Plan, baskets: list[list[int]]) -> Fraction:
    """What sales of one month come to, unrounded."""
    tally, sums = Tally(plan.windows), Fraction(0)
    for day, basket in enumerate(baskets):
        at = NOON + timedelta(days=day)
        sums += unrounded(plan, order(*basket, at=at), tally.before([ANN], at))
        tally.add(at, ANN, base=sum(basket))
    return sums


def by_hand(body: Json, total: int) -> Fraction:
    """What a volume comes to: each step's part by its rate."""
    steps = body["rules"][0]["reward"]["steps"]
    starts = [int(step["from"]) * 100 for step in steps]
    paid = Fraction(0)
    for step, (low, high) in zip(steps, pairwise([*starts, max(total, starts[-1])]), strict=True):
        paid += max(min(high, total) - low, 0) * Fraction(step["rate"]) / 100
    return paid


@some_examples
@given(rising(), st.lists(nets, min_size=2, max_size=5), st.randoms())
def test_order_of_arrival_inside_one_instant_changes_no_total(
    body: Json, sold: list[int], random: Any
) -> None:
    plan = parse_plan(body, "EUR")

    first, second = (at_one_instant(plan, order_) for order_ in (sold, random.sample(sold, len(sold))))

    assert sum(exact for exact, _amount in first) == sum(exact for exact, _amount in second)
    for exact, amount in (*first, *second):
        assert abs(exact - amount) <= Fraction(1, 2)  # each sale is rounded once: only that may differ


def at_one_instant(plan: Plan, sold: list[int]) -> list[tuple[Fraction, int]]:
    """What each of some sales at NOON earns, exactly and rounded."""
    tally, found = Tally(plan.windows), []
    for net in sold:
        earned = evaluate(plan, order(net), tally.before([ANN], NOON)).commissions[0]
        found.append((Fraction(earned.unrounded), earned.amount))
        tally.add(NOON, ANN, base=net)
    return found


@some_examples
@given(
    st.sampled_from(["month", "quarter", "year", "all_time", "days:1", "days:30", "days:366"]),
    st.lists(st.tuples(drawn.MOMENTS, st.integers(1, 9)), max_size=12),
    drawn.MOMENTS,
)
def test_tally_is_the_sum_over_its_span(
    period: str, counted: list[tuple[datetime, int]], at: datetime
) -> None:
    window, spent = Window("base", period), Window(SPENT, period)
    tally = Tally([window, spent])
    earlier = sorted(one for one in counted if one[0] <= at)
    for moment, value in earlier:
        tally.before([ANN], moment)
        tally.add(moment, ANN, base=value, spent=value)

    around = span(period, at)
    inside = [value for moment, value in earlier if _is_inside(moment, around, period)]

    assert tally.before([ANN], at).of(ANN, window) == sum(inside)
    assert tally.before([], at).spent[spent] == sum(inside)


def _is_inside(moment: datetime, around: Any, period: str) -> bool:
    if period.startswith("days:"):
        return moment > around.start
    return (around.start is None or moment >= around.start) and (around.end is None or moment < around.end)
