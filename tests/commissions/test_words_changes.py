"""What a new version of a plan changes, in plain words."""

from typing import Any

import pytest

from commissions.words import changes_in_words

LINE = "of each line after discounts and before tax"
STEPS = [{"from": "0", "rate": "10"}, {"from": "1000", "rate": "15"}]
BRACKETS = {"type": "brackets", "steps": STEPS}


def rule(rate: str = "8", name: str = "Shoes", **changes: Any) -> dict[str, Any]:
    """A rule that pays per cent, with keys changed."""
    return {"id": name, "name": name, "reward": {"type": "percent", "rate": rate}} | changes


def body(*rules: dict[str, Any], **top: Any) -> dict[str, Any]:
    """A plan."""
    return {"schema": 2, "rules": list(rules) or [rule()]} | top


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What is said of the way from one to the other."""
    return changes_in_words(old, new, "EUR")


@pytest.mark.parametrize(
    "new",
    [
        body(),
        body(rule("8.00", when={}, priority=3, stackable=False)),
        body(rule(when={"goal": "sale", "customer": None}), schema=1),
        body(
            levels=[],
            caps=[],
            split=[],
            bonuses=[],
            max_total_rate="50.0",
            maturity_days=30,
            compression=True,
        ),
        body(exclude={"skus": []}),
    ],
)
def test_what_pays_the_same_is_no_change(new: dict[str, Any]) -> None:
    assert changes(body(), new) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (rule("8"), rule("10"), f"“Shoes” pays 10 % {LINE} instead of 8 %."),
        (
            rule("8"),
            rule(reward={"type": "fixed_per_item", "amount": "2"}),
            f"“Shoes” pays 2.00 EUR per item instead of 8 % {LINE}.",
        ),
        (
            rule(when={"categories": ["shoes"]}),
            rule(when={"categories": ["boots", "shoes"]}),
            "“Shoes” is paid if the category is “boots” or “shoes”, no longer if the category is “shoes”.",
        ),
        (
            rule(),
            rule(when={"customer": "new"}),
            "“Shoes” is paid if the customer is new, no longer for every sale.",
        ),
        (
            rule(when={"skus": [f"S{at}" for at in range(30)]}),
            rule(when={"skus": [f"S{at}" for at in (*range(29), 99)]}),
            "“Shoes” is paid for other products, places or people than before: its lists change.",
        ),
        (
            rule("8"),
            rule("10", stackable=True),
            f"Until now: “Shoes” pays 8 % {LINE}. From then on: “Shoes” adds 10 % {LINE} to what another rule pays.",
        ),
        (
            rule(reward=BRACKETS),
            rule(reward=BRACKETS | {"mode": "retroactive"}),
            (
                "Until now: “Shoes” pays by the affiliate’s volume in a calendar month: 10 % up to 1000.00 EUR, "
                "then 15 %; a sale that crosses into the next bracket is split there. From then on: “Shoes” pays "
                "by the affiliate’s volume in a calendar month: 10 % up to 1000.00 EUR, then 15 %; a sale that "
                "crosses into the next bracket is split there; when the month is over, the bracket reached by then "
                "counts for all of it and the difference is paid."
            ),
        ),
    ],
)
def test_change_of_a_rule_is_told_old_and_new(old: dict[str, Any], new: dict[str, Any], words: str) -> None:
    assert changes(body(old), body(new)) == [words]


def test_order_of_names_in_a_list_is_no_change() -> None:
    old, new = rule(when={"skus": ["A", "B"]}), rule(when={"skus": ["B", "A"]})

    assert changes(body(old), body(new)) == []


def test_rules_that_come_and_go_are_told() -> None:
    old, new = body(rule(), rule(name="Hats"), rule(name="Mugs")), body(rule(), rule("3", "Bags"))

    assert changes(old, new) == ["No longer paid: “Hats” and “Mugs”.", f"New: “Bags” pays 3 % {LINE}."]


def test_other_winner_of_two_rules_is_told() -> None:
    first, then = rule(name="A", when={"customer": "new"}), rule(name="B", when={"countries": ["DE"]})
    text = "Where both “B” and “A” hold for a line, “A” pays from then on."

    assert changes(body(first, then), body(then, first)) == [text]
    assert changes(body(first, then), body(first | {"priority": 1}, then)) == [text]


def test_new_order_of_rules_that_never_meet_or_differ_in_rank_is_no_change() -> None:
    new, returning = rule(name="A", when={"customer": "new"}), rule(name="B", when={"customer": "returning"})
    lead, all_sales = rule(name="C", when={"goal": "lead"}), rule(name="D")

    assert changes(body(new, returning, lead, all_sales), body(all_sales, lead, returning, new)) == []


def test_many_rules_that_change_places_are_one_sentence() -> None:
    rules = [rule(name=name) for name in "ABCDE"]

    assert changes(body(*rules), body(*reversed(rules))) == [
        "The order of the rules changes: where several hold for a line, another one may pay."
    ]


def test_levels_are_told_one_by_one() -> None:
    two, three = {"level": 2, "rate": "5"}, {"level": 3, "rate": "1", "basis": "below"}
    of_base = "of the commissionable base of sales by recruited partners"

    assert changes(body(levels=[two]), body(levels=[two | {"rate": "4"}, three])) == [
        f"Level 2 pays 4 % {of_base}; until now 5 % {of_base}.",
        "New: level 3 pays 1 % of what the level below earns.",
    ]
    assert changes(body(levels=[two]), body()) == ["Level 2 is no longer paid."]


def test_split_is_told_without_a_name() -> None:
    ben, cat = {"affiliate": "ben", "share": "30"}, {"affiliate": "cat", "share": "30"}

    assert changes(body(), body(split=[ben])) == [
        "The commission of a sale is shared: 70 % is for the affiliate who made it and 30 % for a partner."
    ]
    assert changes(body(split=[ben]), body(split=[cat])) == [
        "The commission of a sale is shared with another partner than before."
    ]
    assert changes(body(split=[ben]), body()) == [
        "The commission of a sale is no longer shared with a partner."
    ]


def test_caps_are_told_and_of_two_the_lower_one_counts() -> None:
    sale, month = (
        {"of": "conversion", "amount": "100"},
        {"of": "affiliate", "period": "month", "amount": "900"},
    )

    assert changes(body(caps=[sale]), body(caps=[sale | {"amount": "90"}, sale, month])) == [
        "One sale pays the affiliate who made it at most 90.00 EUR; until now 100.00 EUR.",
        "New: An affiliate earns at most 900.00 EUR by own sales in a calendar month.",
    ]
    assert changes(body(caps=[sale, sale | {"amount": "200"}]), body(caps=[sale])) == []
    assert changes(body(caps=[sale]), body()) == [
        "This limit no longer holds: One sale pays the affiliate who made it at most 100.00 EUR."
    ]


def test_bonuses_are_told() -> None:
    hello = {"id": "h", "name": "Hello", "amount": "20", "metric": "joining"}

    assert changes(body(), body(bonuses=[hello])) == [
        "New: “Hello” is a bonus of 20.00 EUR, paid once when an affiliate joins the program."
    ]
    assert changes(body(bonuses=[hello]), body(bonuses=[hello | {"amount": "25"}])) == [
        (
            "The bonus “Hello” is 25.00 EUR, paid once when an affiliate joins the program. "
            "Until now: 20.00 EUR, paid once when an affiliate joins the program."
        )
    ]
    assert changes(body(bonuses=[hello]), body()) == ["No longer paid as a bonus: “Hello”."]


def test_money_comes_first_and_names_come_only_alone() -> None:
    old = body(rule(), levels=[{"level": 2, "rate": "5"}], exclude={"skus": ["A"]}, compression=True)
    new = body(
        rule("9") | {"name": "Footwear"},
        levels=[{"level": 2, "rate": "5"}],
        max_total_rate="40",
        maturity_days=45,
        exclude={"skus": ["B"]},
    )

    assert changes(old, new) == [
        f"“Footwear” pays 9 % {LINE} instead of 8 %.",
        "All commissions of one sale together are at most 40 % of its base; until now 50 %.",
        "Nothing is paid any more for the SKU “B”.",
        "No longer excluded: the SKU “A”.",
        "If a sponsor is not active, nobody takes its level any more.",
        "A commission can be approved 45 days after the order was paid; until now 30.",
    ]
    assert changes(body(rule()), body(rule() | {"name": "Footwear"})) == [
        "“Shoes” is called “Footwear” from then on."
    ]


def test_compression_that_begins_is_told() -> None:
    level = {"level": 2, "rate": "5"}

    assert changes(body(levels=[level]), body(levels=[level], compression=True)) == [
        "If a sponsor is not active, the next active one above takes the level."
    ]
