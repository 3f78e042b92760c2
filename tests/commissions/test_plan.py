"""What the JSON of a plan may say."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from commissions.plan import PlanError, parse_plan
from core.money import MoneyError

FOLDER = Path(__file__).parents[2] / "docs" / "plans"
EXAMPLES = sorted(set(FOLDER.glob("*.json")) - {FOLDER / "plan.schema.json"})
RATE = 'must be per cent as text from "0" to "100" with up to 4 decimals, like "12.5"'


def body(**changes: Any) -> dict[str, Any]:
    """A plan that pays 10 % to everyone, with top-level keys changed."""
    rule = {"id": "r1", "name": "Everyone", "reward": {"type": "percent", "rate": "10"}}
    return {"schema": 1, "rules": [rule]} | changes


def rule(**changes: Any) -> dict[str, Any]:
    """The body with its one rule changed."""
    plan = body()
    plan["rules"][0] |= changes
    return plan


def errors(value: object, currency: str = "EUR") -> list[tuple[str, str]]:
    """All errors of a body that is no plan."""
    with pytest.raises(PlanError) as caught:
        parse_plan(value, currency)
    return caught.value.errors


def test_what_is_left_out_has_a_default() -> None:
    plan = parse_plan(body(), "EUR")

    assert (plan.maturity_days, str(plan.max_total_rate), plan.levels, plan.compression) == (
        30,
        "50",
        (),
        False,
    )
    assert plan.rules[0].when.goal == "sale"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_of_the_documentation_are_plans(path: Path) -> None:
    plan = parse_plan(json.loads(path.read_text()), "EUR")

    assert len(plan.rules) >= 1
    assert len(plan.rules_in_words()) >= 3


def test_the_full_body_is_read() -> None:
    when = {
        "goal": "sale",
        "products": ["p"],
        "skus": ["s"],
        "categories": ["shoes"],
        "customer": "returning",
    }
    reward = {"type": "fixed_per_item", "amount": "1.00"}
    levels = [{"level": 2, "rate": "5", "basis": "base"}, {"level": 3, "rate": "1.25", "basis": "below"}]

    plan = parse_plan(
        rule(priority=7, when=when, reward=reward) | {"levels": levels, "compression": True}, "EUR"
    )

    assert plan.rules[0].rank == ((14, 1), 7, 0)
    assert plan.rules[0].reward.amount == 100
    assert [(level.level, str(level.rate), level.basis) for level in plan.levels] == [
        (2, "5", "base"),
        (3, "1.25", "below"),
    ]


def test_all_errors_are_reported_each_with_its_path() -> None:
    wrong = {
        "schema": 3,
        "maturity_days": "30",
        "max_total_rate": "101",
        "exclude": {"colors": []},
        "levels": [{"level": 3, "rate": 5, "basis": "top"}],
        "compression": 0,
        "rules": [{"id": "", "name": "A", "priority": 1.5, "reward": {"type": "gift"}}],
        "color": "red",
    }

    assert errors(wrong) == [
        (
            "$.color",
            (
                "is not known; allowed are: schema, maturity_days, max_total_rate, exclude, levels, compression, "
                "rules, split, bonuses, caps"
            ),
        ),
        ("$.schema", "must be a whole number from 1 to 2"),
        ("$.max_total_rate", RATE),
        ("$.rules[0].id", "must be a printable text of 1 to 64 characters"),
        ("$.rules[0].priority", "must be a whole number from -1000 to 1000"),
        (
            "$.rules[0].reward.type",
            'must be one of: "percent", "fixed_per_order", "fixed_per_item", "brackets"',
        ),
        ("$.maturity_days", "must be a whole number from 0 to 365"),
        ("$.exclude.colors", "is not known; allowed are: products, skus, categories, brands"),
        ("$.levels[0].level", "must be 2: levels stand in order and begin with 2"),
        ("$.levels[0].rate", RATE),
        ("$.levels[0].basis", 'must be one of: "base", "level_1", "below"'),
        ("$.compression", "must be true or false"),
    ]


def test_level_one_alone_above_the_ceiling_is_an_error() -> None:
    plan = rule(reward={"type": "percent", "rate": "50.0001"})

    assert errors(plan) == [("$.rules[0].reward.rate", "must be at most max_total_rate, 50 %")]


def test_level_one_at_the_ceiling_is_a_plan() -> None:
    assert parse_plan(rule(reward={"type": "percent", "rate": "50.0000"}), "EUR").rules[0].reward.rate == 50


@pytest.mark.parametrize("rate", ["12.12345", "-1", "1e1", "NaN", "", "12,5", 10, 1.5, None, "1000", "1\n"])
def test_a_rate_is_plain_text_with_four_decimals_at_most(rate: object) -> None:
    assert errors(rule(reward={"type": "percent", "rate": rate})) == [("$.rules[0].reward.rate", RATE)]


def test_an_amount_follows_the_currency() -> None:
    reward = {"type": "fixed_per_order", "amount": "5.50"}

    assert parse_plan(rule(reward=reward), "EUR").rules[0].reward.amount == 550
    assert errors(rule(reward=reward), "JPY") == [
        ("$.rules[0].reward.amount", "must be an amount in JPY. 5.50 has more decimals than JPY has (0).")
    ]


def test_a_reward_has_only_the_keys_of_its_type() -> None:
    reward = {"type": "percent", "rate": "10", "amount": "5.00"}

    assert errors(rule(reward=reward)) == [
        ("$.rules[0].reward.amount", "is not known; allowed are: type, rate")
    ]


def test_two_rules_with_one_id_are_an_error() -> None:
    twice = body()["rules"] * 2

    assert errors(body(rules=twice)) == [
        ("$.rules[1].id", "must be another than those of the rules before it")
    ]


def test_a_plan_has_a_rule() -> None:
    assert errors(body(rules=[])) == [("$.rules", "must be a list of 1 to 500 items")]


def test_a_level_above_the_tenth_is_an_error() -> None:
    levels = [{"level": number, "rate": "1", "basis": "base"} for number in range(2, 12)]

    assert errors(body(levels=levels)) == [("$.levels", "must be a list of 0 to 9 items")]


def test_an_unknown_currency_is_a_money_error() -> None:
    with pytest.raises(MoneyError):
        parse_plan(body(), "XXX")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_any_json_is_a_plan_or_a_plan_error(value: object) -> None:
    with pytest.raises(PlanError):
        parse_plan(value, "EUR")


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))]


FULL = [json.loads(path.read_text()) for path in EXAMPLES]


@given(st.data())
def test_a_plan_with_anything_anywhere_is_a_plan_or_a_plan_error(data: st.DataObject) -> None:
    plan = copy.deepcopy(data.draw(st.sampled_from(FULL)))
    *parents, last = data.draw(st.sampled_from(places(plan)[1:]))
    target = plan
    for key in parents:
        target = target[key]
    target[last] = data.draw(json_values)

    try:
        parse_plan(plan, "EUR").rules_in_words()
    except PlanError as error:
        complaints = [message for _, message in error.errors]
    else:
        complaints = ["none"]
    assert all(complaints)


def test_clicks_are_paid_by_the_click() -> None:
    body_ = rule(when={"goal": "click"}, reward={"type": "fixed_per_order", "amount": "0.05"})

    assert [path for path, _allowed in errors(body_)] == ["$.rules[0].reward.type"]
