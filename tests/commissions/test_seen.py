"""Nobody reads other affiliates' terms: not in the portal, not on the public page."""

from typing import Any

import pytest

from commissions.standing.seen import Reader, body_for, body_for_all, coupons_in
from commissions.words import plan_in_words
from tests.makers import percent_plan

TEN = {"type": "percent", "rate": "10"}


def plan(*conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A plan with a rule for each set of conditions, named after its place."""
    rules = [
        {"id": str(number), "name": str(number), "when": when, "reward": TEN}
        for number, when in enumerate(conditions)
    ]
    return {"schema": 2, "rules": rules, **more}


def named(body: dict[str, Any]) -> list[str]:
    return [rule["name"] for rule in body["rules"]]


def test_rules_for_other_groups_are_left_out() -> None:
    body = plan({}, {"groups": ["Gold"]}, {"groups": ["Silver", "Gold"]}, {"groups": ["Silver"]})

    assert named(body_for(body, Reader("Gold"))) == ["0", "1", "2"]
    assert named(body_for(body, Reader())) == ["0"]


def test_a_rule_shared_with_other_groups_names_only_ones_own() -> None:
    body = body_for(plan({"groups": ["Silver", "Gold"]}), Reader("Gold"))

    assert body["rules"][0]["when"]["groups"] == ["Gold"]


def test_coupons_of_other_affiliates_are_left_out() -> None:
    body = plan({"coupons": ["ANN15"]}, {"coupons": ["bob20"]}, {"coupons": ["ANN15", "BOB20"]})

    shown = body_for(body, Reader(foreign_coupons=frozenset({"BOB20"})))

    assert named(shown) == ["0", "2"]
    assert shown["rules"][1]["when"]["coupons"] == ["ANN15"]


@pytest.mark.parametrize(
    ("where", "concerns"),
    [
        ({"field": "group", "op": "is", "value": "gold"}, True),
        ({"field": "group", "op": "is", "value": "Silver"}, False),
        ({"field": "group", "op": "in", "value": ["Silver", "Gold"]}, True),
        ({"field": "group", "op": "is_not", "value": "Gold"}, False),
        ({"field": "group", "op": "not_in", "value": ["Silver"]}, True),
        ({"field": "group", "op": "exists"}, True),
        ({"field": "coupon", "op": "is", "value": "BOB20"}, False),
        ({"field": "metadata.seats", "op": "above", "value": "9"}, True),
        (
            {
                "all": [
                    {"field": "country", "op": "is", "value": "DE"},
                    {"field": "group", "op": "is", "value": "X"},
                ]
            },
            False,
        ),
        (
            {
                "any": [
                    {"field": "country", "op": "is", "value": "DE"},
                    {"field": "group", "op": "is", "value": "X"},
                ]
            },
            True,
        ),
    ],
)
def test_nested_conditions_that_can_never_hold_leave_their_rule_out(
    where: dict[str, Any], concerns: bool
) -> None:
    reader = Reader("Gold", frozenset({"BOB20"}))

    assert bool(body_for(plan({"where": where}), reader)["rules"]) is concerns


def test_levels_carry_the_rate_of_ones_own_group() -> None:
    level = {"level": 2, "rate": "5", "basis": "base", "groups": {"Gold": "7", "Silver": "6"}}
    body = plan({}, levels=[level])

    assert body_for(body, Reader("Gold"))["levels"] == [{"level": 2, "rate": "7", "basis": "base"}]
    assert body_for_all(body)["levels"] == [{"level": 2, "rate": "5", "basis": "base"}]


def test_strangers_read_only_what_holds_for_everybody() -> None:
    nested = {"where": {"any": [{"field": "sub_id", "op": "is", "value": "x"}]}}
    body = plan({"customer": "new"}, {"groups": ["Gold"]}, {"coupons": ["ANN15"]}, {"sub_ids": ["x"]}, nested)

    assert named(body_for_all(body)) == ["0"]


def test_splits_are_said_without_a_name() -> None:
    body = plan({}, split=[{"affiliate": "bob-baker", "share": "30"}])

    for shown in (body_for(body, Reader()), body_for_all(body)):
        words = " ".join(plan_in_words(shown, "EUR"))
        assert (words.count("30 %"), words.count("bob-baker")) == (1, 0)


def test_coupons_are_found_at_any_depth() -> None:
    nested = {"where": {"all": [{"any": [{"field": "coupon", "op": "in", "value": ["b", "C"]}]}]}}

    assert coupons_in(plan({"coupons": ["a"]}, nested)) == {"A", "B", "C"}


def test_a_plan_of_the_first_schema_stays_as_it_is() -> None:
    body = percent_plan("10")

    assert plan_in_words(body_for_all(body), "EUR") == plan_in_words(body, "EUR")
