"""Plain words for traces: what was earned and why."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from commissions.counters import Counters, Window
from commissions.plan import Plan, parse_plan
from commissions.rates import Credit, Earner, evaluate
from commissions.words import amount_in_words, explain, reason_in_words
from tests.commissions.test_rates import ANN, BEN, CAT, DAN, fixed, levels, line, plan, rule, sale

NOVEMBER = datetime.fromisoformat("2026-11-14T10:30")  # on the program's clock
AMOUNTS = [
    (Decimal(840), "EUR", 2),
    (Decimal("839.9"), "EUR", 2),
    (Decimal(7500), "JPY", 0),
    (Decimal(1500), "KWD", 3),
    (Decimal(-5), "EUR", 2),
]
MUGS, BOOK = line(7128, "mugs", quantity=2, name="Enamel mug"), line(1271, "book", name="Book")


def said(trace: dict[str, object], enrollment: int, level: int) -> list[str]:
    """The sentences as text."""
    return [sentence.text for sentence in explain(trace, enrollment, level)]


def test_every_line_its_rule_and_the_rounding_are_told() -> None:
    trace = evaluate(plan(), sale(MUGS, BOOK)).trace

    assert said(trace, ANN, 1) == [
        "2 x Enamel mug, 71.28 EUR after discounts and before tax. Rule “Everyone” pays 10 %: 7.128 EUR.",
        "1 x Book, 12.71 EUR after discounts and before tax. Rule “Everyone” pays 10 %: 1.271 EUR.",
        "Together 8.399 EUR, rounded to 8.40 EUR.",
    ]


def test_lines_that_earn_nothing_say_why() -> None:
    gift = line(5000, "gift", name="Gift card", categories=("gifts",))
    fee = line(100, "fee", name="Wrapping", excluded=True)
    books = rule(when={"skus": ["book"]})

    trace = evaluate(plan(books, exclude={"categories": ["gifts"]}), sale(BOOK, gift, fee)).trace

    assert said(trace, ANN, 1) == [
        "1 x Book, 12.71 EUR after discounts and before tax. No rule of the plan pays for it.",
        (
            "1 x Gift card, 50.00 EUR after discounts and before tax. "
            "It earns nothing: the plan excludes the category “gifts”."
        ),
        "1 x Wrapping, 1.00 EUR after discounts and before tax. It earns nothing: the program excludes it.",
        "Together 0.00 EUR.",
    ]


def test_lead_is_told_without_a_line() -> None:
    trace = evaluate(plan(fixed("fixed_per_order", "5.00", when={"goal": "lead"})), sale(goal="lead")).trace

    assert said(trace, ANN, 1) == ["Rule “Everyone” pays 5.00 EUR.", "Together 5.00 EUR."]


def test_amount_per_item_and_shipping_are_told() -> None:
    by_item = fixed("fixed_per_item", "1.50", when={"products": ["mug"]})
    mug = line(3000, quantity=2, product="mug", name="Enamel mug")

    trace = evaluate(plan(rule(), by_item), sale(mug, extra_base=490)).trace

    assert said(trace, ANN, 1) == [
        "2 x Enamel mug, 30.00 EUR after discounts and before tax. Rule “Everyone” pays 1.50 EUR per item: 3.00 EUR.",
        "Shipping or tax that this program pays on, 4.90 EUR. Rule “Everyone” pays 10 %: 0.49 EUR.",
        "Together 3.49 EUR.",
    ]


def test_sponsor_hears_of_a_partner_but_no_name() -> None:
    people = (Credit(ANN, Fraction(1), (Earner(2, BEN, True, "Ben"), Earner(3, CAT, True, "Cat")), "Ann"),)
    trace = evaluate(
        plan(levels=[*levels("5"), {"level": 3, "rate": "10", "basis": "below"}]), sale(MUGS, credits=people)
    )

    assert said(trace.trace, BEN, 2) == [
        "A partner you recruited made this sale.",
        "Level 2 pays 5 % of the commissionable base of 71.28 EUR: 3.564 EUR.",
        "Together 3.564 EUR, rounded to 3.56 EUR.",
    ]
    assert said(trace.trace, CAT, 3) == [
        "A partner 2 steps below you made this sale.",
        "Level 3 pays 10 % of the level below, 3.564 EUR before rounding: 0.3564 EUR.",
        "Together 0.3564 EUR, rounded to 0.36 EUR.",
    ]


def test_share_is_told() -> None:
    people = tuple(Credit(one, Fraction(1, 3)) for one in (ANN, BEN, CAT))
    by_item = fixed("fixed_per_item", "1.00", when={"skus": ["mug"]})
    order = fixed("fixed_per_order", "5.00", when={"skus": ["book"]})
    goods = (
        line(7128, "mugs", sku="mug", quantity=2, name="Enamel mug"),
        line(1271, "b", sku="book", name="Book"),
    )

    trace = evaluate(plan(rule(), by_item, order), sale(*goods, extra_base=300, credits=people)).trace

    assert said(trace, ANN, 1) == [
        "You were one of 3 partners who contributed to this sale. Your share is 1/3.",
        (
            "2 x Enamel mug, 71.28 EUR after discounts and before tax; your share is 23.76 EUR. "
            "Rule “Everyone” pays 1.00 EUR per item; your share is about 0.6667 EUR."
        ),
        "1 x Book, 12.71 EUR after discounts and before tax; your share is about 4.2367 EUR.",
        (
            "Shipping or tax that this program pays on, 3.00 EUR; your share is 1.00 EUR. "
            "Rule “Everyone” pays 10 %: 0.10 EUR."
        ),
        "Rule “Everyone” pays 5.00 EUR for the whole order. Your share is about 1.6667 EUR.",
        "Together about 2.4333 EUR.",
        "Rounded so that all parts add up to 7.30 EUR, that is 2.44 EUR.",
    ]
    assert said(trace, BEN, 1)[-1] == "Together about 2.4333 EUR, rounded to 2.43 EUR."


def test_clamp_and_ceiling_are_told() -> None:
    people = (Credit(ANN, Fraction(1), (Earner(2, BEN),)),)
    high = evaluate(plan(rule("40"), levels=levels("20")), sale(line(10000), credits=people)).trace
    rich = evaluate(plan(fixed("fixed_per_order", "60.00")), sale(line(10000))).trace

    assert said(high, BEN, 2)[-1] == (
        "All commissions of one sale together are at most 50 % of its base, here 50.00 EUR. "
        "Therefore 20.00 EUR became 10.00 EUR."
    )
    assert said(rich, ANN, 1)[-1] == (
        "All commissions of one sale together are at most 50 % of its base, here 50.00 EUR. "
        "Therefore 60.00 EUR became 50.00 EUR."
    )


def test_suspended_sponsor_hears_why_and_a_stranger_nothing() -> None:
    people = (Credit(ANN, Fraction(1), (Earner(2, BEN, False),)),)
    trace = evaluate(plan(levels=levels("5")), sale(line(10000), credits=people)).trace

    assert said(trace, BEN, 2) == ["Level 2 was not paid, because your membership was not active."]
    assert said(trace, CAT, 2) == []


def second(*rules: dict[str, Any], **top: Any) -> Plan:
    """A plan of schema 2 in EUR."""
    return parse_plan({"schema": 2, "rules": list(rules) or [rule()]} | top, "EUR")


def test_affiliate_of_another_group_is_not_told_the_lines_of_the_first() -> None:
    people = Credit(ANN, Fraction(1, 2), group="Gold"), Credit(BEN, Fraction(1, 2))
    trace = evaluate(second(rule(), rule("20", when={"groups": ["Gold"]})), sale(MUGS, credits=people)).trace

    assert said(trace, ANN, 1)[1].endswith("Rule “Everyone” pays 20 %: 7.128 EUR.")
    assert said(trace, BEN, 1) == [
        "You were one of 2 partners who contributed to this sale. Your share is 50 %.",
        (
            "2 x Enamel mug, 71.28 EUR after discounts and before tax; your share is 35.64 EUR. "
            "Rule “Everyone” pays 10 %: 3.564 EUR."
        ),
        "Together 3.564 EUR, rounded to 3.56 EUR.",
    ]


def test_own_lines_of_a_credited_affiliate_go_before_those_of_the_trace() -> None:
    trace = evaluate(second(rule("20")), sale(MUGS)).trace
    own = trace["credited"][0] | {"lines": [trace["lines"][0] | {"name": "Cup"}]}

    assert said(trace | {"credited": [own]}, ANN, 1)[0].startswith("2 x Cup, 71.28 EUR")


def test_partner_who_is_credited_too_hears_of_both_parts() -> None:
    people = Credit(ANN, Fraction(1, 2)), Credit(BEN, Fraction(1, 2))
    split = [{"affiliate": "ben", "share": "20"}, {"affiliate": "cat", "share": "10"}]
    shared = sale(line(10000, name="Lamp"), credits=people, partners={"ben": BEN, "cat": CAT})
    trace = evaluate(second(split=split), shared).trace

    assert said(trace, ANN, 1)[2:] == [
        "Together 5.00 EUR.",
        "You share this sale with 2 partners: 70 % is yours, 3.50 EUR.",
    ]
    assert said(trace, BEN, 1)[2:] == [
        "Together 5.00 EUR.",
        "You share this sale with a partner: 90 % is yours, 4.50 EUR.",
        "As a partner in the rest of this sale you also get 1.00 EUR.",
    ]
    assert said(trace, CAT, 1) == [
        "A partner’s sale earned 10.00 EUR and is shared with you: 10 % is yours, 1.00 EUR."
    ]


def test_partner_who_is_not_active_is_not_spoken_of() -> None:
    trace = evaluate(
        second(split=[{"affiliate": "ben", "share": "20"}]), sale(line(10000, name="Lamp"))
    ).trace

    assert said(trace, ANN, 1)[1:] == ["Together 10.00 EUR."]


def test_budget_that_is_used_up_cuts_level_one_last() -> None:
    people = (Credit(ANN, Fraction(1), (Earner(2, BEN),)),)
    caps = [{"of": "conversion", "amount": "9.00"}, {"of": "program", "period": "month", "amount": "100.00"}]
    spent = Counters({}, {Window("spent", "month"): 9500})
    bought = sale(line(10000, name="Lamp"), credits=people, at=NOVEMBER)

    trace = evaluate(second(caps=caps, levels=levels("5")), bought, spent).trace

    assert said(trace, ANN, 1)[-2:] == [
        "One sale pays the affiliate who made it at most 9.00 EUR.",
        (
            "The program pays at most 100.00 EUR to all affiliates together in November 2026; "
            "before this sale 95.00 EUR of it was used. Therefore 10.00 EUR became 5.00 EUR."
        ),
    ]
    assert said(trace, BEN, 2)[-1].endswith("Therefore 5.00 EUR became 0.00 EUR.")


def test_sponsor_of_two_whose_sales_differ_hears_the_sum() -> None:
    above = (Earner(2, DAN),)
    people = Credit(ANN, Fraction(1, 2), above, group="Gold"), Credit(BEN, Fraction(1, 2), above)
    deep = second(rule(), rule("20", when={"groups": ["Gold"]}), levels=levels("10", basis="level_1"))

    assert said(evaluate(deep, sale(line(10000), credits=people)).trace, DAN, 2) == [
        "A partner you recruited made this sale.",
        "Level 2 pays on the parts of several partners, together 1.50 EUR.",
    ]


def test_share_of_partners_below_is_told() -> None:
    people = Credit(ANN, Fraction(1, 3), (Earner(2, DAN),)), Credit(BEN, Fraction(2, 3))

    trace = evaluate(plan(levels=levels("5")), sale(line(10000), credits=people)).trace

    assert said(trace, DAN, 2)[1:] == [
        "Level 2 pays 5 % of the commissionable base of 100.00 EUR: 5.00 EUR.",
        "The sale is shared. The share of partners below you is 1/3: about 1.6667 EUR.",
        "Rounded, that is 1.67 EUR.",
    ]


def bracket(**reward: Any) -> dict[str, Any]:
    """A rule that pays 10 %, and 20 % from a step on."""
    steps = [{"from": "0", "rate": "10"}, {"from": "100", "rate": "20"}]
    return rule(reward={"type": "brackets", "steps": steps} | reward)


@pytest.mark.parametrize(
    ("period", "said_as"),
    [
        ("month", "in November 2026"),
        ("quarter", "in the 4th quarter of 2026"),
        ("year", "in 2026"),
        ("days:30", "in the last 30 days"),
        ("all_time", "since the beginning"),
    ],
)
def test_period_is_said_in_words(period: str, said_as: str) -> None:
    before = Counters({ANN: {Window("base", period): 5000}})
    bought = sale(line(1000), at=NOVEMBER)

    first = said(evaluate(second(bracket(period=period)), bought, before).trace, ANN, 1)[0]

    assert first == f"Your volume {said_as} before this sale was 50.00 EUR."


def test_bracket_of_the_closed_period_is_told_without_the_counter_before() -> None:
    window = Window("conversions", "month")
    over = Counters({ANN: {window: 3}}, final={ANN: {window: 120}})
    bought = sale(line(1000, name="Lamp"), at=NOVEMBER)
    plan = second(bracket(metric="conversions", mode="retroactive"))

    assert said(evaluate(plan, bought, over).trace, ANN, 1)[0] == (
        "1 x Lamp, 10.00 EUR after discounts and before tax. "
        "Rule “Everyone” pays 20 %, the bracket from 100 conversions on, reached by the end of the period: 2.00 EUR."
    )
    assert said(evaluate(plan, bought, Counters({ANN: {window: 3}})).trace, ANN, 1)[:2] == [
        "Before this sale you had 3 conversions in November 2026.",
        (
            "1 x Lamp, 10.00 EUR after discounts and before tax. "
            "Rule “Everyone” pays 10 %, the first bracket: 1.00 EUR."
        ),
    ]


def test_stackable_rules_add_what_they_add() -> None:
    order = fixed("fixed_per_order", "5.00", stackable=True, name="Order")
    own = bracket(metric="commission") | {"id": "own", "name": "Own", "stackable": True}
    bought = sale(line(1000, name="Lamp"), at=NOVEMBER)

    assert said(evaluate(second(rule(), order, own), bought).trace, ANN, 1) == [
        "Your commission in November 2026 before this sale was 0.00 EUR.",
        (
            "1 x Lamp, 10.00 EUR after discounts and before tax. Rule “Everyone” pays 10 %: 1.00 EUR. "
            "Rule “Own” adds 10 %, the first bracket: 1.00 EUR."
        ),
        "Rule “Order” adds 5.00 EUR for the whole order.",
        "Together 7.00 EUR.",
        (
            "All commissions of one sale together are at most 50 % of its base, here 5.00 EUR. "
            "Therefore 7.00 EUR became 5.00 EUR."
        ),
    ]


def test_bonus_for_joining_is_told() -> None:
    trace = {
        "v": 2,
        "kind": "bonus",
        "plan": "P",
        "name": "Welcome",
        "metric": "joining",
        "period": "joining",
    }
    trace |= {"target": None, "reached": 0, "amount": 2000, "currency": "EUR", "exponent": 2}

    assert said(trace, ANN, 1) == ["You joined the program: the bonus “Welcome” of 20.00 EUR is paid once."]


@pytest.mark.parametrize(
    ("metric", "period", "first"),
    [
        ("conversions", "2026-Q4", "You reached 50 conversions in the 4th quarter of 2026."),
        ("commission", "all", "Your commission since the beginning reached 0.50 EUR."),
    ],
)
def test_target_of_every_metric_is_told(metric: str, period: str, first: str) -> None:
    trace = {"v": 2, "kind": "bonus", "plan": "P", "name": "Gold", "metric": metric, "period": period}
    trace |= {"target": 50, "reached": 50, "amount": 2000, "currency": "EUR", "exponent": 2}

    assert said(trace, ANN, 1)[0] == first


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("self_referral:email", "The buyer has the affiliate’s own e-mail address."),
        ("self_referral:phone", "The buyer has the affiliate’s own phone number."),
        ("true_up:2026-10", "The difference to the bracket that was reached in the end, for October 2026."),
        (
            "true_up:2026-Q3",
            "The difference to the bracket that was reached in the end, for the 3rd quarter of 2026.",
        ),
        ("true_up:2026", "The difference to the bracket that was reached in the end, for 2026."),
        ("bonus:Gold target", "The bonus “Gold target”."),
        ("bonus: for a good year", "bonus: for a good year"),
        ("true_up:soon", "true_up:soon"),
        ("Bought it yourself.", "Bought it yourself."),
        ("", ""),
    ],
)
def test_reasons_of_the_house_are_said_in_words_and_those_of_people_stay(reason: str, words: str) -> None:
    assert reason_in_words(reason) == words


def test_amount_keeps_the_decimals_of_its_currency() -> None:
    said = [amount_in_words(minor, code, digits) for minor, code, digits in AMOUNTS]

    assert said == ["8.40 EUR", "8.399 EUR", "7500 JPY", "1.500 KWD", "-0.05 EUR"]
