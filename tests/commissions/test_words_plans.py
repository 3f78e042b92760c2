"""Plans, rules, rewards and conditions in plain words."""

import json
from typing import Any

import pytest
from django.utils import translation

from commissions.plan import parse_plan
from commissions.words import (
    card_title,
    plan_in_words,
    reward_in_words,
    rule_in_words,
)
from tests.commissions.test_plan import EXAMPLES

STEPS = [{"from": "0", "rate": "10"}, {"from": "1000.00", "rate": "15"}, {"from": "5000.00", "rate": "20.0"}]
LINE = "of each line after discounts and before tax"
MONTH = "by the affiliate’s volume in a calendar month: 10 % up to 1000.00 EUR, then 15 % up to 5000.00 EUR, then 20 %"


def rule(reward: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A rule that pays 8 %, with keys changed."""
    return {"id": "r", "name": "Shoes", "reward": reward or {"type": "percent", "rate": "8"}} | changes


def brackets(**changes: Any) -> dict[str, Any]:
    """A reward by volume in the month."""
    return {"type": "brackets", "steps": STEPS} | changes


def body(**changes: Any) -> dict[str, Any]:
    """A plan with one rule."""
    return {"schema": 2, "rules": [rule()]} | changes


def beside(**changes: Any) -> list[str]:
    """What a plan says beside its one rule, its ceiling and its maturity."""
    return plan_in_words(body(**changes), "EUR")[1:-2]


@pytest.mark.parametrize(
    ("reward", "words"),
    [
        ({"type": "percent", "rate": "12.50"}, f"12.5 % {LINE}"),
        ({"type": "fixed_per_order", "amount": "5"}, "5.00 EUR per order"),
        ({"type": "fixed_per_item", "amount": "1.5"}, "1.50 EUR per item"),
        (brackets(), f"{MONTH}; a sale that crosses into the next bracket is split there"),
        (
            brackets(mode="retroactive"),
            (
                f"{MONTH}; a sale that crosses into the next bracket is split there; "
                "when the month is over, the bracket reached by then counts for all of it and the difference is paid"
            ),
        ),
        (
            brackets(
                metric="conversions",
                period="quarter",
                steps=[{"from": "0", "amount": "5.00"}, {"from": "10", "amount": "7.00"}],
            ),
            (
                "by the number of the affiliate’s conversions in a calendar quarter: 5.00 EUR per order up to "
                "10 conversions, then 7.00 EUR per order; each is paid by the bracket that was reached before it"
            ),
        ),
        (
            brackets(metric="commission", period="days:30", steps=STEPS[:2]),
            (
                "by the affiliate’s commission in the last 30 days: 10 % up to 1000.00 EUR, then 15 %; "
                "each is paid by the bracket that was reached before it"
            ),
        ),
    ],
)
def test_reward_is_said_in_words(reward: dict[str, Any], words: str) -> None:
    assert reward_in_words(reward, "EUR") == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, f"“Shoes” pays 8 % {LINE}."),
        ({"stackable": True}, f"“Shoes” adds 8 % {LINE} to what another rule pays."),
        (
            {"stackable": True, "when": {"customer": "new"}},
            f"“Shoes” adds 8 % {LINE} to what another rule pays, if the customer is new.",
        ),
        (
            {"when": {"goal": "lead"}, "reward": {"type": "fixed_per_order", "amount": "5"}},
            "“Shoes” pays 5.00 EUR per lead.",
        ),
        (
            {
                "when": {"goal": "demo", "countries": ["AT"]},
                "reward": {"type": "fixed_per_order", "amount": "5"},
            },
            "“Shoes” pays 5.00 EUR per “demo”, if the country is Austria.",
        ),
        (
            {"stackable": True, "reward": brackets(steps=STEPS[:1])},
            (
                "“Shoes” adds to what another rule pays, by the affiliate’s volume in a calendar month: 10 %; "
                "a sale that crosses into the next bracket is split there."
            ),
        ),
        (
            {"when": {"customer": "new"}, "reward": brackets(steps=STEPS[:1])},
            (
                "If the customer is new, “Shoes” pays by the affiliate’s volume in a calendar month: 10 %; "
                "a sale that crosses into the next bracket is split there."
            ),
        ),
    ],
)
def test_rule_is_one_sentence(changes: dict[str, Any], words: str) -> None:
    assert rule_in_words(rule(**changes), "EUR") == words


SEATS = {"field": "metadata.seats", "op": "at_least", "value": "10"}


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"reward": {"type": "percent", "rate": "10"}}, "Every sale · 10 %"),
        (
            {"when": {"categories": ["Shoes"], "customer": "returning"}},
            "Returning customers · category Shoes · 8 %",
        ),
        ({"when": {"categories": ["Shoes"]}, "stackable": True}, "Category Shoes · 8 % on top"),
        (
            {"when": {"goal": "lead"}, "reward": {"type": "fixed_per_order", "amount": "5"}},
            "Every lead · 5.00 EUR",
        ),
        (
            {"when": {"goal": "demo", "countries": ["DE", "AT"]}},
            "“demo” · Germany or Austria · 8 %",
        ),
        ({"when": {"skus": ["A", "B", "C", "D", "E"]}}, "SKU A, B, C or 2 more · 8 %"),
        ({"when": {"payment": {"to": 12}}}, "First 12 payments · 8 %"),
        ({"when": {"months": {"to": 11}}}, "First 12 months · 8 %"),
        ({"when": {"months": {"from": 3, "to": 11}}}, "Months 4 to 12 · 8 %"),
        ({"when": {"order_value": {"from": "50"}}}, "Order from 50.00 EUR · 8 %"),
        (
            {"when": {"dates": {"from": "2026-11-27", "to": "2026-11-30"}}},
            "27 November 2026 – 30 November 2026 · 8 %",
        ),
        ({"when": {"dates": {"from": "2026-11-27", "to": "2026-11-27"}}}, "27 November 2026 · 8 %"),
        ({"when": {"dates": {"from": "2026-11-27"}}}, "From 27 November 2026 · 8 %"),
        ({"when": {"dates": {"to": "2026-11-27"}}}, "Until 27 November 2026 · 8 %"),
        ({"when": {"months": {"from": 12}}}, "After 12 months · 8 %"),
        ({"when": {"coupons": ["SUN"], "where": SEATS}}, "Coupon SUN · “seats” is at least 10 · 8 %"),
        ({"reward": brackets()}, "Every sale · 10 % / 15 % / 20 % by volume in a calendar month"),
        ({"reward": {"type": "fixed_per_item", "amount": "1"}}, "Every sale · 1.00 EUR per item"),
        ({"reward": {"type": "percent"}}, "Not finished yet"),
        ({"when": {"dates": {"from": "tomorrow"}}}, "Not finished yet"),
    ],
)
def test_card_has_a_short_title(changes: dict[str, Any], title: str) -> None:
    assert card_title(rule(**changes), "EUR") == title


def test_volume_and_precedence_are_explained_where_they_matter() -> None:
    two = [rule(brackets()), rule(id="b", when={"customer": "new"})]

    assert plan_in_words(body(rules=two), "EUR")[2:4] == [
        "Volume is what sales are worth after discounts and refunds and before tax.",
        "If several rules hold for a line, the most specific one pays.",
    ]
    assert beside() == []
    assert beside(rules=[rule(), rule(id="b", when={"goal": "lead"})])[1:] == []


def test_levels_say_the_rates_of_groups() -> None:
    level = {"level": 2, "rate": "5", "basis": "level_1", "groups": {"Gold": "7", "Silver": "6"}}

    assert beside(levels=[level], compression=True) == [
        (
            "Level 2: 5 % of the commission of the partner who made the sale, "
            "7 % for sponsors in the group “Gold”, 6 % for sponsors in the group “Silver”."
        ),
        "If a sponsor is not active, the next active one above takes the level.",
    ]


def test_split_names_nobody() -> None:
    one, two = {"affiliate": "ben", "share": "30"}, {"affiliate": "cat", "share": "7.5"}

    assert beside(split=[one]) == [
        "The commission of a sale is shared: 70 % is for the affiliate who made it and 30 % for a partner."
    ]
    assert beside(split=[one, two]) == [
        "The commission of a sale is shared: 62.5 % is for the affiliate who made it, 30 % and 7.5 % for partners."
    ]


@pytest.mark.parametrize(
    ("bonus", "words"),
    [
        ({"metric": "joining"}, "paid once when an affiliate joins the program"),
        (
            {"metric": "base", "period": "month", "target": "5000"},
            "paid when an affiliate’s volume in a calendar month reaches 5000.00 EUR",
        ),
        (
            {"metric": "conversions", "period": "year", "target": "50"},
            "paid when an affiliate reaches 50 conversions in a calendar year",
        ),
        (
            {"metric": "commission", "period": "all_time", "target": "100"},
            "paid when an affiliate’s commission since the beginning reaches 100.00 EUR",
        ),
    ],
)
def test_bonus_says_what_it_is_paid_for(bonus: dict[str, str], words: str) -> None:
    texts = beside(bonuses=[{"id": "b", "name": "Gold", "amount": "20"} | bonus])

    assert texts[-1] == f"“Gold” is a bonus of 20.00 EUR, {words}."


def test_caps_say_whom_they_hold_for() -> None:
    caps = [
        {"of": "conversion", "amount": "100"},
        {"of": "affiliate", "period": "month", "amount": "1000"},
        {"of": "program", "period": "quarter", "amount": "50000"},
    ]

    assert beside(caps=caps) == [
        "One sale pays the affiliate who made it at most 100.00 EUR.",
        "An affiliate earns at most 1000.00 EUR by own sales in a calendar month.",
        "The program pays at most 50000.00 EUR to all affiliates together in a calendar quarter.",
    ]


def test_exclusions_ceiling_and_maturity_come_last() -> None:
    exclude = {"brands": ["Acme"], "categories": ["gifts", "vouchers"], "skus": []}

    texts = plan_in_words(body(exclude=exclude, max_total_rate="40.0", maturity_days=1), "EUR")

    assert texts[1:] == [
        "All commissions of one sale together are at most 40 % of its base.",
        "Nothing is paid for the categories “gifts” and “vouchers”.",
        "Nothing is paid for the brand “Acme”.",
        "A commission can be approved 1 day after the order was paid.",
    ]


def test_plan_of_schema_1_is_told_in_words() -> None:
    by_name = {
        path.stem: parse_plan(json.loads(path.read_text()), "EUR").rules_in_words()
        for path in EXAMPLES
        if path.stem in ("category", "returning-customers")
    }

    assert by_name["category"] == [
        f"“Everything” pays 5 % {LINE}.",
        f"“Shoes” pays 20 % {LINE}, if the category is “shoes”.",
        "“The winter boot” pays 4.00 EUR per item, if the SKU is “BOOT-42”.",
        "If several rules hold for a line, the most specific one pays.",
        "All commissions of one sale together are at most 50 % of its base.",
        "Nothing is paid for the category “vouchers”.",
        "A commission can be approved 30 days after the order was paid.",
    ]
    assert by_name["returning-customers"][2:4] == [
        (
            f"“Shoes, returning customers” pays 12.5 % {LINE}, "
            "if the category is “shoes” and the customer has bought before."
        ),
        "“A lead” pays 5.00 EUR per lead.",
    ]


def test_first_sentences_are_those_of_the_rules_one_each() -> None:
    rules = [rule(brackets(mode="retroactive")), rule(id="b", stackable=True)]

    texts = plan_in_words(body(rules=rules), "EUR")

    assert texts[:2] == [rule_in_words(one, "EUR") for one in rules]


def test_countries_are_named_in_the_language_of_the_reader() -> None:
    titles = []
    for language in ("de", "xx"):
        with translation.override(language):
            titles.append(card_title(rule(when={"countries": ["DE"]}), "EUR"))

    assert titles == ["Deutschland · 8 %", "Germany · 8 %"]
