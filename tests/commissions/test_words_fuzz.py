"""Whatever a plan may say and whatever a sale may be, there are words for it, and they name nobody else."""

import json
from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings, strategies as st

from commissions.plan import PlanError, parse_plan
from commissions.rates import evaluate
from commissions.words import card_title, changes_in_words, explain, plan_in_words
from commissions.words.figures import money_in_words
from tests.commissions.plans import Json, plans
from tests.commissions.sales import counters_for, sales
from tests.commissions.spoiled import nearly_plans

BY_THE_RULES = "By the rules that hold for you"


def is_prose(text: str) -> bool:
    """A sentence with no JSON and no value that is missing in it."""
    return bool(text.strip()) and not any(sign in text for sign in ("%(", "{", "}", "None", "  "))


@settings(max_examples=30)
@given(plans)
def test_every_plan_has_words(body: Json) -> None:
    texts = plan_in_words(parse_plan(body, "EUR").body, "EUR")

    assert all(is_prose(text) and text.endswith(".") for text in texts)
    assert all(is_prose(card_title(rule, "EUR")) for rule in body["rules"])


@settings(max_examples=30)
@given(nearly_plans())
def test_what_is_read_as_a_plan_has_words(body: Json) -> None:
    try:
        plan = parse_plan(body, "EUR")
    except PlanError:
        return

    assert len(plan.rules_in_words()) >= len(plan.rules)


@settings(max_examples=30)
@given(nearly_plans())
def test_card_of_an_unfinished_rule_has_a_title(body: Json) -> None:
    rules = body.get("rules") if isinstance(body, dict) else None

    for rule in rules if isinstance(rules, list) else []:
        if isinstance(rule, dict):
            assert card_title(rule, "EUR")


@settings(max_examples=30)
@given(plans, plans)
def test_change_is_told_and_no_change_is_not(old: Json, new: Json) -> None:
    assert changes_in_words(old, json.loads(json.dumps(old)), "EUR") == []
    assert all(is_prose(text) for text in changes_in_words(old, new, "EUR"))


@settings(max_examples=30)
@given(st.data())
def test_every_commission_is_explained_to_the_cent_and_names_nobody(data: st.DataObject) -> None:
    plan = parse_plan(data.draw(plans), "EUR")
    sale = data.draw(sales)
    people = tuple(replace(credit, label=f"Person {credit.enrollment_id}") for credit in sale.credits)
    trace = evaluate(plan, replace(sale, credits=people), data.draw(counters_for(plan, sale))).trace

    for row in trace["earned"]:
        texts = [one.text for one in explain(trace, row["enrollment"], row["level"])]
        assert all(is_prose(text) for text in texts)
        assert money_in_words(trace, row["amount"]) in texts[-1]
        assert not any("Person" in text for text in texts)
        if (
            len({credit.group for credit in people}) == 1
        ):  # else the lines may be those of another one's group
            assert not any(text.startswith(BY_THE_RULES) for text in texts)


@given(st.fractions(0, 10**9))
def test_amount_of_a_trace_is_never_shown_far_from_what_it_is(minor: Fraction) -> None:
    text = money_in_words({"currency": "EUR", "exponent": 2}, minor)

    shown = Fraction(text.removeprefix("about ").removesuffix(" EUR")) * 100
    assert abs(shown - minor) <= Fraction(1, 200)
    assert text.startswith("about ") == (shown != minor)
