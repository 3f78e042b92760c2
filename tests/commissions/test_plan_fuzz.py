"""Whatever is handed in as a plan: either every complaint has a path, or it evaluates, and can be told in words.

FUZZ_EXAMPLES asks for more of them than a normal run tries.
"""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from commissions.plan import Plan, PlanError, parse_plan
from commissions.rates import Evaluation, evaluate
from commissions.sale import Sale
from commissions.words import changes_in_words, explain
from tests.commissions.plans import Json, plans
from tests.commissions.sales import counters_for, sales
from tests.commissions.spoiled import anything, nearly_plans, nested
from tests.examples import examples

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
EXAMPLES = examples(60, "FUZZ_EXAMPLES")
some_examples = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)


def plan_or_complaints(body: object, currency: str = "EUR") -> Plan | None:
    """Read a body; where it is no plan, look at what is said against it."""
    try:
        return parse_plan(body, currency)
    except PlanError as refused:
        errors = refused.errors
    assert errors
    assert [(path, allowed) for path, allowed in errors if path[0] != "$" or not allowed.strip()] == []
    return None


def pay(plan: Plan, sale: Sale, data: st.DataObject) -> Evaluation:
    """Evaluate, and let everybody who earned read why."""
    evaluation = evaluate(plan, sale, data.draw(counters_for(plan, sale)))
    trace = json.loads(json.dumps(evaluation.trace, allow_nan=False))
    assert trace == evaluation.trace
    for row in [*trace["earned"], *trace["skipped"]]:
        assert all(sentence.text for sentence in explain(trace, row["enrollment"], row["level"]))
    assert all(isinstance(text, str) and text for text in plan.rules_in_words())
    return evaluation


@some_examples
@given(plans, sales, st.data())
def test_plan_of_all_features_evaluates_and_can_be_told(body: Json, sale: Sale, data: st.DataObject) -> None:
    plan = plan_or_complaints(body)

    assert plan is not None
    evaluation = pay(plan, sale, data)
    assert all(earned.amount >= 0 for earned in evaluation.commissions)


@some_examples
@given(nearly_plans(), sales, st.data())
def test_spoiled_plan_is_refused_with_paths_or_evaluates(body: Json, sale: Sale, data: st.DataObject) -> None:
    plan = plan_or_complaints(body)

    if plan is not None:
        pay(plan, sale, data)


@some_examples
@given(anything)
def test_arbitrary_json_is_refused_with_paths(body: Json) -> None:
    assert plan_or_complaints(body) is None


@some_examples
@given(plans, anything, st.data())
def test_no_place_of_a_plan_takes_arbitrary_json_amiss(body: Json, junk: Json, data: st.DataObject) -> None:
    key = data.draw(
        st.sampled_from(["rules", "levels", "split", "bonuses", "caps", "exclude", "when", "reward"])
    )
    if key in ("when", "reward"):
        body["rules"][0][key] = junk
    else:
        body[key] = junk

    plan = plan_or_complaints(body)

    if plan is not None:
        pay(plan, data.draw(sales), data)


@some_examples
@given(plans, st.sampled_from(["JPY", "KWD", "CLF", "EUR"]))
def test_plan_in_another_currency_is_refused_or_read(body: Json, currency: str) -> None:
    plan = plan_or_complaints(body, currency)

    assert plan is None or plan.rules_in_words()


@some_examples
@given(plans, plans)
def test_change_from_any_plan_to_any_other_can_be_told(old: Json, new: Json) -> None:
    assert all(isinstance(text, str) and text for text in changes_in_words(old, new, "EUR"))
    assert changes_in_words(old, old, "EUR") == []


@some_examples
@given(plans, nearly_plans())
def test_change_to_a_spoiled_plan_that_is_one_can_be_told(old: Json, new: Json) -> None:
    if plan_or_complaints(new) is not None:
        assert all(changes_in_words(old, new, "EUR"))
        assert all(changes_in_words(new, old, "EUR"))


def with_rule(**changes: Any) -> Json:
    """A plan with one rule that is changed."""
    rule = {"id": "a", "name": "A", "reward": {"type": "percent", "rate": "10"}} | changes
    return {"schema": 2, "rules": [rule]}


def with_steps(*starts: str, **changes: Any) -> Json:
    steps = [{"from": start, "rate": "10"} for start in starts]
    return with_rule(reward={"type": "brackets", "steps": steps} | changes)


TEST = {"field": "sku", "op": "is", "value": "x"}
PERCENT = {"type": "percent", "rate": "10"}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (with_steps(), "$.rules[0].reward.steps"),
        (with_steps("1"), "$.rules[0].reward.steps[0].from"),
        (with_steps("0", "100", "100"), "$.rules[0].reward.steps[2].from"),
        (with_steps("0", "100", "50"), "$.rules[0].reward.steps[2].from"),
        (with_steps("0", "1.5", metric="conversions"), "$.rules[0].reward.steps[1].from"),
        (with_steps("0", "٣", metric="conversions"), "$.rules[0].reward.steps[1].from"),
        (with_steps("0", "9" * 30), "$.rules[0].reward.steps[1].from"),
        (with_steps("0", mode="retroactive", period="all_time"), "$.rules[0].reward.period"),
        (with_steps("0", mode="retroactive", period="days:30"), "$.rules[0].reward.period"),
        (with_steps("0", period="days:367"), "$.rules[0].reward.period"),
        (with_steps("0", period="days:0"), "$.rules[0].reward.period"),
        (with_steps("0", period=["month"]), "$.rules[0].reward.period"),
        (with_steps("0", metric={"base": 1}), "$.rules[0].reward.metric"),
        (with_rule(reward={"type": "percent", "rate": "50.0001"}), "$.rules[0].reward.rate"),
        (with_rule(reward={"type": "percent", "rate": float("nan")}), "$.rules[0].reward.rate"),
        (with_rule(reward={"type": "fixed_per_item", "amount": "-1"}), "$.rules[0].reward.amount"),
        (with_rule(reward={"type": ["percent"], "rate": "1"}), "$.rules[0].reward.type"),
        (
            with_rule(when={"where": nested(6, TEST)}),
            "$.rules[0].when.where" + ".any[0].all[0]" * 2 + ".any[0]",
        ),
        (with_rule(when={"where": {"all": [TEST] * 51}}), "$.rules[0].when.where.all"),
        (with_rule(when={"where": {"all": []}}), "$.rules[0].when.where.all"),
        (with_rule(when={"where": {}}), "$.rules[0].when.where"),
        (with_rule(when={"where": TEST | {"op": "above"}}), "$.rules[0].when.where.value"),
        (with_rule(when={"order_value": {"from": "5", "to": "5"}}), "$.rules[0].when.order_value.to"),
        (with_rule(when={"payment": {"from": 3, "to": 2}}), "$.rules[0].when.payment.to"),
        (with_rule(when={"payment": {"from": 10**400}}), "$.rules[0].when.payment.from"),
        (with_rule(when={"dates": {"from": "2026-02-30"}}), "$.rules[0].when.dates.from"),
        (with_rule(when={"dates": {"from": "2026-12-01", "to": "2026-11-30"}}), "$.rules[0].when.dates.to"),
        (with_rule(when={"dates": {"to": "9999-12-31"}}), "$.rules[0].when.dates.to"),
        (with_rule() | {"rules": [with_rule()["rules"][0]] * 2}, "$.rules[1].id"),
        (with_rule() | {"rules": []}, "$.rules"),
        (with_rule() | {"levels": [{"level": 3, "rate": "1"}]}, "$.levels[0].level"),
        (with_rule() | {"levels": [{"level": n, "rate": "1"} for n in range(2, 12)]}, "$.levels"),
        (
            with_rule() | {"split": [{"affiliate": "a", "share": "50"}, {"affiliate": "b", "share": "50"}]},
            "$.split",
        ),
        (
            with_rule() | {"split": [{"affiliate": code, "share": "1"} for code in "aA"]},
            "$.split[1].affiliate",
        ),
        (
            with_rule() | {"caps": [{"of": "conversion", "period": "month", "amount": "1"}]},
            "$.caps[0].period",
        ),
        (
            with_rule() | {"bonuses": [{"id": "a", "name": "A", "amount": "1", "target": "0"}]},
            "$.bonuses[0].target",
        ),
        (with_rule() | {"schema": 3}, "$.schema"),
        (with_rule() | {"schema": True}, "$.schema"),
        (with_rule() | {"schema": 2.0}, "$.schema"),
        (with_rule() | {"schema": 1, "caps": []}, "$.caps"),
    ],
)
def test_complaint_names_the_place(body: Json, path: str) -> None:
    with pytest.raises(PlanError) as refused:
        parse_plan(body, "EUR")

    assert path in dict(refused.value.errors)


def test_condition_of_five_levels_is_a_plan() -> None:
    assert parse_plan(with_rule(when={"where": nested(5, TEST)}), "EUR").rules[0].when.where


def test_thousand_levels_of_nesting_are_refused() -> None:
    with pytest.raises(PlanError):
        parse_plan(with_rule(when={"where": nested(900, TEST)}), "EUR")


def test_complaint_about_half_a_character_can_be_shown() -> None:
    body = json.loads(
        '{"schema": 2, "\\ud800": 1, "rules": [{"\\udfff": 1}]}'
    )  # JSON can say it, UTF-8 cannot

    with pytest.raises(PlanError) as refused:
        parse_plan(body, "EUR")

    assert str(refused.value).encode()
