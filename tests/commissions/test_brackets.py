"""Brackets: a sale is split at the steps that it crosses, or paid by the step that was reached before it."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from commissions.counters import Counters, Window
from commissions.plan import PlanError, parse_plan
from commissions.rates import EXTRA, Credit, evaluate
from tests.commissions.test_rates import ANN, BEN, chain, levels, line, paid, plan, rule, sale

MONTH = Window("base", "month")
STEPS = [("0", "10"), ("1000", "15"), ("5000", "20")]


def brackets(
    *steps: tuple[str, str], metric: str = "base", period: str = "month", pays: str = "rate", **more: Any
) -> dict[str, Any]:
    """A rule with steps of (from, rate or amount)."""
    rows = [{"from": start, pays: value} for start, value in steps or STEPS]
    changes = {key: more.pop(key) for key in ("when", "stackable", "priority", "id", "name") if key in more}
    reward = {"type": "brackets", "metric": metric, "period": period, "steps": rows} | more
    return rule(reward=reward, **({"id": "steps"} | changes))


def volumes(*rules: dict[str, Any], **top: Any) -> Any:
    """A plan of schema 2."""
    return plan(*rules, **({"schema": 2} | top))


def at(value: int, window: Window = MONTH, who: int = ANN) -> Counters:
    """Counters that stand at a value for one affiliate."""
    return Counters({who: {window: value}})


def earned(plan: Any, sold: Any, counters: Counters) -> dict[tuple[int, int], int]:
    return {(one.enrollment_id, one.level): one.amount for one in evaluate(plan, sold, counters).commissions}


@pytest.mark.parametrize(
    ("before", "net", "amount"),
    [(0, 80000, 8000), (80000, 70000, 9500), (150000, 400000, 62500), (99999, 2, 0), (100000, 100, 15)],
)
def test_sale_is_split_at_the_steps_that_it_crosses(before: int, net: int, amount: int) -> None:
    assert earned(volumes(brackets()), sale(line(net)), at(before)) == {(ANN, 1): amount}


def test_lines_take_their_places_one_after_the_other() -> None:
    lines = (line(80000, "a"), line(70000, "b"))

    found = evaluate(volumes(brackets()), sale(*lines)).commissions[0]

    assert (found.amount, found.per_line) == (17500, (("a", Decimal(8000)), ("b", Decimal(9500))))


def test_line_of_another_rule_moves_the_place_of_those_after_it() -> None:
    shoes = rule("1", when={"categories": ["shoes"]})
    lines = (line(100000, "a", categories=("shoes",)), line(10000, "b"))

    assert earned(volumes(brackets(), shoes), sale(*lines), at(0)) == {(ANN, 1): 1000 + 1500}


def test_conversions_are_counted_before_the_sale() -> None:
    ten = volumes(brackets(("0", "10"), ("10", "15"), metric="conversions"))
    window = Window("conversions", "month")

    assert [earned(ten, sale(line(10000)), at(done, window))[ANN, 1] for done in (9, 10)] == [1000, 1500]


def test_steps_may_pay_an_amount_for_the_order() -> None:
    steps = volumes(brackets(("0", "20.00"), ("10", "30.00"), metric="conversions", pays="amount"))
    window = Window("conversions", "month")

    assert earned(steps, sale(line(10000), line(10000, "b")), at(10, window)) == {(ANN, 1): 3000}


def test_own_commission_is_a_metric_too() -> None:
    own = volumes(brackets(("0", "10"), ("500", "12"), metric="commission", period="all_time"))

    assert earned(own, sale(line(10000)), at(50000, Window("commission", "all_time"))) == {(ANN, 1): 1200}


def test_each_of_two_credited_affiliates_stands_in_a_bracket_of_its_own() -> None:
    half = (Credit(ANN, Fraction(1, 2)), Credit(BEN, Fraction(1, 2)))
    counters = Counters({ANN: {MONTH: 0}, BEN: {MONTH: 500000}})

    assert earned(volumes(brackets()), sale(line(20000), credits=half), counters) == {
        (ANN, 1): 1000,
        (BEN, 1): 2000,
    }


def test_share_of_a_sale_crosses_a_step_where_the_affiliate_stands() -> None:
    half = (Credit(ANN, Fraction(1, 2)), Credit(BEN, Fraction(1, 2)))

    assert earned(volumes(brackets()), sale(line(70000), credits=half), at(80000)) == {
        (ANN, 1): 2000 + 2250,
        (BEN, 1): 3500,
    }


def test_levels_of_level_one_follow_the_bracket() -> None:
    two = volumes(brackets(), levels=levels("10", basis="level_1"))

    assert earned(two, sale(line(20000), credits=(Credit(ANN, chain=chain(True)),)), at(500000)) == {
        (ANN, 1): 4000,
        (BEN, 2): 400,
    }


def test_shipping_lies_in_a_bracket_like_a_line() -> None:
    found = evaluate(volumes(brackets()), sale(line(99000), extra_base=2000)).commissions[0]

    assert dict(found.per_line)[EXTRA] == Decimal(100 + 150)


def test_at_the_end_of_a_retroactive_period_the_last_step_pays_for_all() -> None:
    back = volumes(brackets(mode="retroactive"))
    sales = [(0, 80000), (80000, 70000), (150000, 400000)]
    meanwhile = [earned(back, sale(line(net)), at(before))[ANN, 1] for before, net in sales]
    final = {ANN: {MONTH: 550000}}
    then = [
        earned(back, sale(line(net)), Counters({ANN: {MONTH: before}}, {}, final))[ANN, 1]
        for before, net in sales
    ]

    assert (meanwhile, sum(then) - sum(meanwhile)) == ([8000, 9500, 62500], 30000)


def test_trace_shows_the_counter_and_each_slice() -> None:
    trace = evaluate(volumes(brackets()), sale(line(70000)), at(80000)).trace

    own = trace["credited"][0]
    assert own["counters"] == [{"metric": "base", "period": "month", "name": "", "before": 80000}]
    assert [(one["base"], one["rate"], one["unrounded"]) for one in own["slices"]] == [
        (20000, "10", "2000"),
        (50000, "15", "7500"),
    ]


def test_stackable_rule_adds_to_the_winner() -> None:
    extra = rule("2", stackable=True, when={"coupons": ["summer"]})
    two = volumes(rule("10"), extra)

    assert paid(two, sale(line(10000), coupons=("SUMMER",))) == {(ANN, 1): 1200}
    assert paid(two, sale(line(10000))) == {(ANN, 1): 1000}


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        ([{"from": "1", "rate": "10"}], "$.rules[0].reward.steps[0].from"),
        ([{"from": "0", "rate": "1"}, {"from": "0", "rate": "2"}], "$.rules[0].reward.steps[1].from"),
        ([{"from": "0", "rate": "1"}, {"from": "9", "amount": "2"}], "$.rules[0].reward.steps[1]"),
        ([{"from": "0", "rate": "1", "amount": "2"}], "$.rules[0].reward.steps[0]"),
        ([], "$.rules[0].reward.steps"),
    ],
)
def test_wrong_steps_are_named(steps: list[dict[str, str]], place: str) -> None:
    body = {"schema": 2, "rules": [rule(reward={"type": "brackets", "steps": steps})]}

    with pytest.raises(PlanError) as refused:
        parse_plan(body, "EUR")

    assert [path for path, _allowed in refused.value.errors] == [place]


def test_retroactive_bracket_needs_a_period_that_ends() -> None:
    with pytest.raises(PlanError) as refused:
        volumes(brackets(mode="retroactive", period="days:30"))

    assert refused.value.errors[0][0] == "$.rules[0].reward.period"
