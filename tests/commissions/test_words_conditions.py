"""Conditions in plain words: clauses that join to one sentence."""

from typing import Any

import pytest

from commissions.plan import parse_plan
from commissions.words import conditions_in_words, rule_in_words
from tests.commissions.test_words_plans import LINE, body, rule


@pytest.mark.parametrize(
    ("when", "clauses"),
    [
        ({}, []),
        ({"goal": "sale"}, []),
        ({"goal": "lead"}, ["it is a lead"]),
        ({"goal": "demo"}, ["the goal is “demo”"]),
        (
            {"products": ["mug"], "skus": ["A", "B", "C"], "brands": ["Acme"]},
            ["the product is “mug”", "the SKU is “A”, “B” or “C”", "the brand is “Acme”"],
        ),
        (
            {"categories": ["shoes", "boots"], "customer": "returning"},
            ["the category is “shoes” or “boots”", "the customer has bought before"],
        ),
        (
            {"countries": ["de", "XY"], "currencies": ["EUR"]},
            ["the country is Germany or XY", "the order is in EUR"],
        ),
        (
            {"coupons": ["SUMMER"], "groups": ["Gold"], "sub_ids": ["x"], "customer": "new"},
            [
                "the coupon is “SUMMER”",
                "the affiliate is in the group “Gold”",
                "the sub id is “x”",
                "the customer is new",
            ],
        ),
        ({"order_value": {"from": "50"}}, ["the order is worth at least 50.00 EUR"]),
        ({"order_value": {"to": "200"}}, ["the order is worth less than 200.00 EUR"]),
        (
            {"order_value": {"from": "50", "to": "200"}},
            ["the order is worth from 50.00 EUR to less than 200.00 EUR"],
        ),
        ({"payment": {}}, ["it is a payment of a customer who is known"]),
        ({"payment": {"to": 1}}, ["it is the customer’s first payment"]),
        ({"payment": {"from": 1, "to": 12}}, ["it is one of the customer’s first 12 payments"]),
        ({"payment": {"from": 3, "to": 3}}, ["it is the customer’s payment number 3"]),
        ({"payment": {"from": 2}}, ["it is the customer’s payment number 2 or a later one"]),
        ({"payment": {"from": 2, "to": 6}}, ["it is one of the customer’s payments number 2 to 6"]),
        ({"months": {"to": 0}}, ["it is within 1 month of the customer’s first payment"]),
        ({"months": {"from": 0, "to": 11}}, ["it is within 12 months of the customer’s first payment"]),
        ({"months": {"from": 12}}, ["it is at least 12 months after the customer’s first payment"]),
        (
            {"months": {"from": 3, "to": 11}},
            ["it is between 3 and 12 months after the customer’s first payment"],
        ),
        (
            {"dates": {"from": "2026-11-27", "to": "2026-11-30"}},
            ["the date is from 27 November 2026 to the end of 30 November 2026"],
        ),
        ({"dates": {"from": "2026-11-27", "to": "2026-11-27"}}, ["the date is 27 November 2026"]),
        ({"dates": {"from": "2026-11-27T18:00"}}, ["the date is 27 November 2026, 18:00 or later"]),
        ({"dates": {"to": "2026-11-30"}}, ["the date is 30 November 2026 or earlier"]),
        ({"dates": {"to": "2026-11-30T09:30"}}, ["the date is before 30 November 2026, 09:30"]),
        (
            {"dates": {"from": "2026-11-27T18:00", "to": "2026-11-27T22:00"}},
            ["the date is between 27 November 2026, 18:00 and 27 November 2026, 22:00"],
        ),
    ],
)
def test_conditions_are_clauses(when: dict[str, Any], clauses: list[str]) -> None:
    assert parse_plan(body(rules=[rule(when=when)]), "EUR").rules[0].when is not None
    assert conditions_in_words(when, "EUR") == clauses


def one(field: str, op: str, value: Any = None) -> dict[str, Any]:
    """A comparison."""
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


SEATS, GERMAN, SUMMER = (
    one("metadata.seats", "at_least", "10"),
    one("country", "is", "DE"),
    one("coupon", "in", ["SUMMER", "SUN"]),
)


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (SEATS, "“seats” is at least 10"),
        (GERMAN, "the country is Germany"),
        (SUMMER, "the coupon is “SUMMER” or “SUN”"),
        (one("country", "not_in", ["DE", "AT"]), "the country is not Germany or Austria"),
        (one("channel", "is_not", "app"), "the channel is not “app”"),
        (one("line_value", "above", "99.9"), "the value of the line is more than 99.90 EUR"),
        (one("quantity", "below", "3"), "the number of items in the line is less than 3"),
        (
            one("months", "at_most", "6"),
            "the number of months since the customer’s first payment is at most 6",
        ),
        (one("sku", "starts_with", "BOOT"), "the SKU begins with “BOOT”"),
        (one("metadata.note", "contains", "gift"), "“note” contains “gift”"),
        (one("metadata.reseller", "exists"), "“reseller” is given"),
        (one("customer", "is", "returning"), "the customer has bought before"),
        (one("currency", "is", "USD"), "the currency of the order is USD"),
    ],
)
def test_every_comparison_is_a_clause(test: dict[str, Any], words: str) -> None:
    assert len(parse_plan(body(rules=[rule(when={"where": test})]), "EUR").rules) == 1
    assert conditions_in_words({"where": test}, "EUR") == [words]


def test_nested_conditions_read_as_and_and_or() -> None:
    nested = {"all": [SEATS, {"all": [{"any": [GERMAN, {"all": [SUMMER, SEATS]}]}]}]}

    assert conditions_in_words({"where": nested}, "EUR") == [
        "“seats” is at least 10",
        "(the country is Germany or (the coupon is “SUMMER” or “SUN” and “seats” is at least 10))",
    ]


def test_alternatives_stand_in_brackets_beside_other_conditions_only() -> None:
    either = {"any": [SEATS, {"any": [GERMAN]}]}

    assert rule_in_words(rule(when={"where": either}), "EUR") == (
        f"“Shoes” pays 8 % {LINE}, if “seats” is at least 10 or the country is Germany."
    )
    assert rule_in_words(rule(when={"customer": "new", "where": either}), "EUR") == (
        f"“Shoes” pays 8 % {LINE}, if the customer is new and (“seats” is at least 10 or the country is Germany)."
    )


def test_long_lists_say_how_many_more_there_are() -> None:
    text = conditions_in_words({"skus": [f"S{number}" for number in range(25)]}, "EUR")[0]

    assert text.endswith("“S18”, “S19” or 5 more")
