"""Plain words for plans and traces."""

import json
from fractions import Fraction

from commissions.plan import parse_plan
from commissions.rates import Credit, Earner, evaluate
from commissions.words import explain, reason_in_words
from tests.commissions.test_plan import EXAMPLES
from tests.commissions.test_rates import ANN, BEN, CAT, fixed, levels, line, plan, rule, sale

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

    assert said(trace, ANN, 1) == ["Rule “Everyone” pays 5.00 EUR for the whole order.", "Together 5.00 EUR."]


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

    assert said(evaluate(plan(), sale(MUGS, credits=people)).trace, ANN, 1)[-1] == (
        "The sale is shared. Your share is 1/3: 2.38 EUR."
    )


def test_clamp_and_ceiling_are_told() -> None:
    people = (Credit(ANN, Fraction(1), (Earner(2, BEN),)),)
    high = evaluate(plan(rule("40"), levels=levels("20")), sale(line(10000), credits=people)).trace
    rich = evaluate(plan(fixed("fixed_per_order", "60.00")), sale(line(10000))).trace

    assert said(high, BEN, 2)[-1] == (
        "All commissions of one sale together are at most 50 % of its base, here 50.00 EUR. "
        "Therefore 20.00 EUR became 10.00 EUR."
    )
    assert (
        said(rich, ANN, 1)[-1] == "The plan pays at most 50 % of the commissionable base, so it is 50.00 EUR."
    )


def test_suspended_sponsor_hears_why_and_a_stranger_nothing() -> None:
    people = (Credit(ANN, Fraction(1), (Earner(2, BEN, False),)),)
    trace = evaluate(plan(levels=levels("5")), sale(line(10000), credits=people)).trace

    assert said(trace, BEN, 2) == ["Level 2 was not paid, because your membership was not active."]
    assert said(trace, CAT, 2) == []


def test_plan_is_told_in_words() -> None:
    by_name = {
        path.stem: parse_plan(json.loads(path.read_text()), "EUR").rules_in_words() for path in EXAMPLES
    }

    assert by_name["category"] == [
        "“Everything” pays 5 % of each line after discounts and before tax.",
        "“Shoes” pays 20 % of each line after discounts and before tax, for the categories shoes.",
        "“The winter boot” pays 4.00 EUR per item, for the SKUs BOOT-42.",
        "All commissions of one sale together are at most 50 % of its base.",
        "Nothing is paid for the categories vouchers.",
        "A commission can be approved 30 days after the order was paid.",
    ]
    assert by_name["returning-customers"][2:4] == [
        (
            "“Shoes, returning customers” pays 12.5 % of each line after discounts and before tax, "
            "for the categories shoes and returning customers."
        ),
        "“A lead” pays 5.00 EUR per order, for the goal “lead”.",
    ]
    assert (
        by_name["two-level"][1] == "Level 2: 5 % of the commissionable base of sales by recruited partners."
    )


def test_reasons_of_the_house_are_said_in_words_and_those_of_people_stay() -> None:
    said = [reason_in_words(reason) for reason in ("self_referral:email", "Bought it yourself.", "")]

    assert said == ["The buyer has the affiliate’s own e-mail address.", "Bought it yourself.", ""]
