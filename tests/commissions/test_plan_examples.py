"""The plans of the documentation, their published schema, and the parser say the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from jsonschema import Draft202012Validator

from commissions import conditions, counters, plan as plans, rewards, where
from commissions.plan import PlanError, parse_plan
from commissions.rates import evaluate
from commissions.sale import Credit, Line, Sale
from tests.commissions.plans import plans as valid_plans
from tests.commissions.spoiled import nearly_plans
from tests.examples import examples

FOLDER = Path(__file__).parents[2] / "docs" / "plans"
SCHEMA = json.loads((FOLDER / "plan.schema.json").read_text())
EXAMPLES = sorted(path for path in FOLDER.glob("*.json") if path.name != "plan.schema.json")
README = (FOLDER / "README.md").read_text()
VALIDATOR = Draft202012Validator(SCHEMA)
DEFINITIONS = SCHEMA["$defs"]


def refusals(body: object) -> list[str]:
    """What the published schema says against a body."""
    return [f"{error.json_path} {error.message}" for error in VALIDATOR.iter_errors(body)]


def is_plan(body: object) -> bool:
    try:
        parse_plan(body, "EUR")
    except PlanError:
        return False
    return True


def keys_of(name: str) -> set[str]:
    return set(DEFINITIONS[name]["properties"])


def test_published_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_a_plan_for_the_parser_and_for_the_schema(path: Path) -> None:
    body = json.loads(path.read_text())

    assert refusals(body) == []
    assert len(parse_plan(body, "EUR").rules_in_words()) >= 3


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_rule_of_an_example_can_be_paid(path: Path) -> None:
    plan = parse_plan(json.loads(path.read_text()), "EUR")
    line = Line("a", "", "", (), 1, 10000)

    for rule in plan.rules:
        goal = rule.when.goal
        evaluation = evaluate(plan, Sale(goal, "EUR", (line,), (Credit(1),)))
        assert evaluation.commissions[0].enrollment_id == 1


def test_readme_names_every_example_and_every_key() -> None:
    names = {key for definition in DEFINITIONS.values() for key in definition.get("properties", {})}

    assert [path.stem for path in EXAMPLES if f"({path.name})" not in README] == []
    assert [key for key in sorted(names) if f"`{key}`" not in README] == []


def test_schema_knows_exactly_the_keys_of_the_parser() -> None:
    exclude = DEFINITIONS["plan_2"]["properties"]["exclude"]["properties"]

    assert keys_of("plan_1") == set(known({"schema": 1, "?": 0}, "$"))
    assert keys_of("plan_2") == set(known({"schema": 2, "?": 0}, "$"))
    assert set(exclude) == set(known({"exclude": {"?": 0}}, "$.exclude"))
    assert keys_of("level_2") == set(known({"levels": [{"?": 0}]}, "$.levels[0]"))
    assert keys_of("rule_2") == set(known({"rules": [{"?": 0}]}, "$.rules[0]"))
    assert keys_of("split") == set(known({"split": [{"?": 0}]}, "$.split[0]"))
    assert keys_of("bonus") == set(known({"bonuses": [{"?": 0}]}, "$.bonuses[0]"))
    assert keys_of("cap") == set(known({"caps": [{"?": 0}]}, "$.caps[0]"))


def test_schema_knows_exactly_the_keys_of_conditions_and_rewards() -> None:
    test = known({"rules": [{"when": {"where": {"?": 0}}}]}, "$.rules[0].when.where")

    assert keys_of("when") == set(known({"rules": [{"when": {"?": 0}}]}, "$.rules[0].when"))
    assert keys_of("test") | {"all", "any"} == set(test)
    for name, kind in (("percent", "percent"), ("fixed", "fixed_per_item"), ("brackets", "brackets")):
        body = {"rules": [{"reward": {"type": kind, "?": 0}}]}
        assert keys_of(name) == set(known(body, "$.rules[0].reward"))
    body = {"rules": [{"reward": {"type": "brackets", "steps": [{"?": 0}]}}]}
    assert keys_of("step") == set(known(body, "$.rules[0].reward.steps[0]"))


def known(body: dict[str, Any], path: str) -> list[str]:
    """Which keys the parser allows at a path, by its own complaint about the key "?"."""
    with pytest.raises(PlanError) as caught:
        parse_plan({"schema": 2} | body, "EUR")
    said = dict(caught.value.errors)[f"{path}.?"]
    return said.removeprefix("is not known; allowed are: ").split(", ")


def test_schema_knows_exactly_the_words_of_the_parser() -> None:
    field = DEFINITIONS["test"]["properties"]["field"]["anyOf"][0]["enum"]

    assert set(field) == {*where.OF_SALE, *where.OF_LINE}
    assert DEFINITIONS["test"]["properties"]["op"]["enum"] == list(where.OPS)
    assert DEFINITIONS["reward"]["properties"]["type"]["enum"] == list(rewards.REWARDS)
    assert DEFINITIONS["brackets"]["properties"]["mode"]["enum"] == list(rewards.MODES)
    assert DEFINITIONS["metric"]["enum"] == list(counters.METRICS)
    assert DEFINITIONS["bonus"]["properties"]["metric"]["enum"] == [*counters.METRICS, plans.JOINING]
    assert DEFINITIONS["cap"]["properties"]["of"]["enum"] == list(plans.CAPPED)
    assert DEFINITIONS["level_2"]["properties"]["basis"]["enum"] == list(plans.BASES)
    assert set(DEFINITIONS["when"]["properties"]["customer"]["enum"]) == set(conditions.CUSTOMERS)
    assert DEFINITIONS["period"]["anyOf"][0]["enum"] == [*counters.CALENDAR, "all_time"]


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(valid_plans)
def test_what_is_drawn_as_a_plan_is_one_for_both(body: dict[str, Any]) -> None:
    parse_plan(body, "EUR")

    assert refusals(body) == []


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nearly_plans())
def test_what_the_parser_takes_the_schema_takes(body: object) -> None:
    if is_plan(body):
        assert refusals(body) == []


def examples_inside(value: object) -> list[tuple[object, dict[str, Any]]]:
    """Every example of the schema with the definition that it stands in."""
    if isinstance(value, list):
        return [found for one in value for found in examples_inside(one)]
    if not isinstance(value, dict):
        return []
    own = [(example, value) for example in value.get("examples", []) if isinstance(value["examples"], list)]
    return own + [found for key, one in value.items() if key != "examples" for found in examples_inside(one)]


@pytest.mark.parametrize(("example", "definition"), examples_inside(SCHEMA))
def test_every_example_in_the_schema_fits_its_own_definition(example: object, definition: Any) -> None:
    own = Draft202012Validator({**definition, "$defs": DEFINITIONS})

    assert [error.message for error in own.iter_errors(example)] == []


@settings(max_examples=50)
@given(st.integers(-3, 500))
def test_rolling_periods_of_the_schema_are_those_of_the_parser(days: int) -> None:
    own = Draft202012Validator({**DEFINITIONS["period"], "$defs": DEFINITIONS})

    assert own.is_valid(f"days:{days}") == counters.is_period(f"days:{days}")


@pytest.mark.parametrize(
    ("text", "is_moment"),
    [
        ("2026-11-27", True),
        ("2026-11-27T18:00", True),
        ("2026-11-27T18:00:30", True),
        ("2026-W48-5", False),
        ("2026-11-27T18+02", False),  # the program has one clock: an offset would be dropped in silence
        ("2026-11-27T18:00+02", False),
        ("20261127T180000.123", False),
    ],
)
def test_moments_of_the_schema_are_those_of_the_parser(text: str, is_moment: bool) -> None:
    body = {
        "schema": 2,
        "rules": [
            {
                "id": "a",
                "name": "A",
                "when": {"dates": {"from": text}},
                "reward": {"type": "percent", "rate": "1"},
            }
        ],
    }

    assert (is_plan(body), refusals(body) == []) == (is_moment, is_moment)


def test_thirty_clicks_of_a_day_are_paid_thirty_times() -> None:
    plan = parse_plan(json.loads((FOLDER / "per-click.json").read_text()), "EUR")
    day = Line("clicks", "", "", (), 30, 0)

    assert evaluate(plan, Sale("click", "EUR", (day,), (Credit(1),))).commissions[0].amount == 150
