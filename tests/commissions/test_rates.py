"""What a plan pays on a sale: rules, rounding, levels, shares, ceiling."""

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, strategies as st

from commissions.earned import Earned
from commissions.plan import Plan, parse_plan
from commissions.rates import EXTRA, WHOLE, Credit, Earner, Line, Sale, evaluate
from core.money import CurrencyMismatch, allocate, round_half_up

ANN, BEN, CAT, DAN = 1, 2, 3, 4


def rule(rate: str = "10", **changes: Any) -> dict[str, Any]:
    """A rule that pays per cent, with keys changed."""
    return {"id": f"r{rate}", "name": "Everyone", "reward": {"type": "percent", "rate": rate}} | changes


def fixed(kind: str, amount: str, **changes: Any) -> dict[str, Any]:
    """A rule that pays a fixed amount."""
    return rule(reward={"type": kind, "amount": amount}, id=kind + amount, **changes)


def plan(*rules: dict[str, Any], **top: Any) -> Plan:
    """A plan in EUR."""
    return parse_plan({"schema": 1, "rules": list(rules) or [rule()]} | top, "EUR")


def line(net: int, key: str = "a", *, sku: str = "", categories: tuple[str, ...] = (), **more: Any) -> Line:
    """A line of one unit."""
    return Line(key, sku, more.pop("product", ""), categories, more.pop("quantity", 1), net, **more)


def sale(*lines: Line, credits: tuple[Credit, ...] = (Credit(ANN),), **more: Any) -> Sale:  # noqa: A002
    """A sale credited to ann."""
    return Sale(more.pop("goal", "sale"), more.pop("currency", "EUR"), lines, credits, **more)


def paid(plan: Plan, sale: Sale) -> dict[tuple[int, int], int]:
    """Amount by (enrollment, level)."""
    return {(one.enrollment_id, one.level): one.amount for one in evaluate(plan, sale).commissions}


def levels(*rates: str, basis: str = "base") -> list[dict[str, Any]]:
    """Levels from 2 upward."""
    return [{"level": at, "rate": rate, "basis": basis} for at, rate in enumerate(rates, 2)]


def chain(*active: bool) -> tuple[Earner, ...]:
    """Sponsors ben, cat, dan above the affiliate."""
    return tuple(Earner(level, level, one) for level, one in enumerate(active, 2))


def test_lines_are_summed_before_the_one_rounding() -> None:
    earned = evaluate(plan(), sale(line(7128, "mugs"), line(1271, "book"))).commissions[0]

    assert (earned.amount, earned.unrounded) == (840, Decimal("839.9"))
    assert earned.per_line == (("mugs", Decimal("712.8")), ("book", Decimal("127.1")))


def test_half_a_cent_is_rounded_up() -> None:
    assert paid(plan(rule("12.5")), sale(line(100))) == {(ANN, 1): 13}


def test_two_lines_at_two_rates_pay_together() -> None:
    shoes = rule("20", when={"categories": ["shoes"]})

    assert paid(plan(shoes, rule("5")), sale(line(10000, categories=("shoes",)), line(10000, "b"))) == {
        (ANN, 1): 2500
    }


@pytest.mark.parametrize(
    ("rules", "winner", "losers"),
    [
        (
            [rule("5", priority=9), rule("20", when={"categories": ["shoes"]})],
            "r20",
            [("r5", "less_specific")],
        ),
        (
            [rule("5", when={"skus": ["s"]}), rule("20", when={"products": ["p"]})],
            "r5",
            [("r20", "less_specific")],
        ),
        ([rule("5", when={"customer": "new"}), rule("20")], "r5", [("r20", "less_specific")]),
        ([rule("5", priority=1), rule("20")], "r5", [("r20", "lower_priority")]),
        ([rule("5"), rule("20")], "r20", [("r5", "older")]),
        ([rule("5"), rule("20", when={"skus": ["other"]})], "r5", []),
    ],
)
def test_most_specific_rule_wins_then_priority_then_the_newer(
    rules: list[dict[str, Any]], winner: str, losers: list[tuple[str, str]]
) -> None:
    shoe = line(10000, sku="s", product="p", categories=("shoes",))

    traced = evaluate(plan(*rules), sale(shoe, new_customer=True)).trace["lines"][0]

    assert traced["rule"] == winner
    assert [(loser["rule"], loser["why"]) for loser in traced["losers"]] == losers


@pytest.mark.parametrize(
    ("when", "new_customer", "why"),
    [
        ({"goal": "lead"}, None, "other_goal"),
        ({"customer": "new"}, None, "customer_unknown"),
        ({"customer": "new"}, False, "other_customer"),
        ({"customer": "returning"}, True, "other_customer"),
    ],
)
def test_rule_for_other_sales_stands_in_the_trace(
    when: dict[str, str], new_customer: bool | None, why: str
) -> None:
    evaluation = evaluate(plan(rule(when=when)), sale(line(10000), new_customer=new_customer))

    assert evaluation.commissions[0].amount == 0
    assert evaluation.trace["rules_out"] == [{"rule": "r10", "name": "Everyone", "why": why}]
    assert evaluation.trace["lines"][0]["why"] == "no_rule"


@pytest.mark.parametrize(
    ("excluded", "by"),
    [
        (line(15000, "b", excluded=True), ["program", ""]),
        (line(15000, "b", sku="gift-1"), ["sku", "gift-1"]),
        (line(15000, "b", product="card"), ["product", "card"]),
        (line(15000, "b", categories=("new", "gifts")), ["category", "gifts"]),
    ],
)
def test_excluded_line_has_no_base_and_the_trace_says_by_what(excluded: Line, by: list[str]) -> None:
    out = {"skus": ["gift-1"], "products": ["card"], "categories": ["gifts"]}

    evaluation = evaluate(plan(exclude=out), sale(line(5000), excluded))

    assert evaluation.commissions[0].amount == 500
    assert (evaluation.trace["base"], evaluation.trace["lines"][1]["by"]) == (5000, by)


def test_fixed_amount_per_order_is_paid_once() -> None:
    assert paid(plan(fixed("fixed_per_order", "5.00")), sale(line(9000), line(9000, "b"))) == {(ANN, 1): 500}


def test_fixed_amount_per_item_is_paid_for_every_unit() -> None:
    assert paid(plan(fixed("fixed_per_item", "1.00")), sale(line(9000, quantity=3), line(9000, "b"))) == {
        (ANN, 1): 400
    }


def test_lead_without_lines_pays_its_fixed_amount_and_has_no_ceiling() -> None:
    evaluation = evaluate(plan(fixed("fixed_per_order", "5.00", when={"goal": "lead"})), sale(goal="lead"))

    assert evaluation.commissions[0].amount == 500
    assert evaluation.commissions[0].per_line == ((WHOLE, Decimal(0)),)
    assert evaluation.trace["ceiling"] == {"rate": "50", "limit": None, "before": 500, "after": 500}


def test_shipping_earns_where_the_program_includes_it() -> None:
    earned = evaluate(plan(), sale(line(5000), extra_base=490)).commissions[0]

    assert (earned.amount, earned.per_line[1]) == (549, (EXTRA, Decimal(49)))


def test_levels_of_the_level_below_take_its_unrounded_amount() -> None:
    deep = plan(levels=levels("10", "10", basis="below"))

    assert paid(deep, sale(line(10000), credits=(Credit(ANN, chain=chain(True, True)),))) == {
        (ANN, 1): 1000,
        (BEN, 2): 100,
        (CAT, 3): 10,
    }


def test_level_below_is_not_rounded_on_the_way() -> None:
    earned = evaluate(
        plan(levels=levels("50", basis="below")), sale(line(93), credits=(Credit(ANN, chain=chain(True)),))
    ).commissions

    assert [str(one.unrounded.normalize()) for one in earned] == ["9.3", "4.65"]
    assert [one.amount for one in earned] == [9, 5]


@pytest.mark.parametrize(("basis", "amounts"), [("base", [1000, 500, 500]), ("level_1", [1000, 50, 50])])
def test_level_pays_on_base_or_on_level_one(basis: str, amounts: list[int]) -> None:
    two = plan(levels=levels("5", "5", basis=basis))

    assert [
        *paid(two, sale(line(10000), credits=(Credit(ANN, chain=chain(True, True)),))).values()
    ] == amounts


def test_suspended_sponsor_is_skipped_and_its_share_not_paid() -> None:
    evaluation = evaluate(
        plan(levels=levels("5", "2")), sale(line(10000), credits=(Credit(ANN, chain=chain(False, True)),))
    )

    assert [(one.enrollment_id, one.amount) for one in evaluation.commissions] == [(ANN, 1000), (CAT, 200)]
    assert evaluation.trace["skipped"] == [{"level": 2, "enrollment": BEN, "label": "", "why": "not_active"}]


def test_with_compression_the_next_active_sponsor_takes_the_level() -> None:
    switched = plan(levels=levels("5", "2"), compression=True)

    assert paid(switched, sale(line(10000), credits=(Credit(ANN, chain=chain(False, True, True)),))) == {
        (ANN, 1): 1000,
        (CAT, 2): 500,
        (DAN, 3): 200,
    }


def test_shares_are_split_by_largest_remainder() -> None:
    three = tuple(Credit(one, Fraction(1, 3)) for one in (CAT, ANN, BEN))

    assert paid(plan(), sale(line(10000), credits=three)) == {(ANN, 1): 334, (BEN, 1): 333, (CAT, 1): 333}


def test_sponsor_of_two_credited_affiliates_gets_one_commission() -> None:
    sponsor = (Earner(2, DAN),)
    both = (Credit(ANN, Fraction(1, 2), sponsor), Credit(BEN, Fraction(1, 2), sponsor))

    assert paid(plan(levels=levels("5")), sale(line(101), credits=both)) == {
        (ANN, 1): 5,
        (BEN, 1): 5,
        (DAN, 2): 5,
    }


def test_share_without_sponsor_is_not_paid_to_another_sponsor() -> None:
    both = (Credit(ANN, Fraction(1, 4), (Earner(2, DAN),)), Credit(BEN, Fraction(3, 4)))

    assert paid(plan(levels=levels("4")), sale(line(10000), credits=both))[DAN, 2] == 100


def test_ceiling_scales_the_upper_levels_down() -> None:
    high = plan(rule("40"), levels=levels("10", "5", "5"))

    evaluation = evaluate(high, sale(line(10001), credits=(Credit(ANN, chain=chain(True, True, True)),)))

    assert [one.amount for one in evaluation.commissions] == [4000, 501, 250, 250]
    assert evaluation.trace["ceiling"] == {"rate": "50", "limit": 5001, "before": 6000, "after": 5001}


def test_ceiling_clamps_fixed_amounts_of_level_one_and_leaves_nothing_above() -> None:
    rich = plan(fixed("fixed_per_order", "50.00"), levels=levels("5"))

    evaluation = evaluate(rich, sale(line(6000), credits=(Credit(ANN, chain=chain(True)),)))

    assert [(one.enrollment_id, one.amount) for one in evaluation.commissions] == [(ANN, 3000)]
    assert evaluation.trace["ceiling"] == {"rate": "50", "limit": 3000, "before": 5300, "after": 3000}


def test_sale_credited_to_nobody_pays_nobody_and_has_a_trace() -> None:
    evaluation = evaluate(plan(), sale(line(10000), credits=()))

    assert (evaluation.commissions, evaluation.trace["levels"][0]["rounded"]) == ((), 1000)


def test_other_currency_is_refused() -> None:
    with pytest.raises(CurrencyMismatch):
        evaluate(plan(), sale(line(100), currency="USD"))


def test_shares_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        sale(line(100), credits=(Credit(ANN, Fraction(1, 3)),))


def test_two_lines_with_one_key_are_refused() -> None:
    with pytest.raises(ValueError, match="its own key"):
        sale(line(100), line(100))


cents = st.integers(0, 10**7)
rates = st.decimals("0", "50", places=4).map(str)
rewards = rates.map(lambda rate: rule(rate, id="p")) | cents.map(
    lambda minor: fixed("fixed_per_item", f"{minor / 100:.2f}")
)
parts = st.lists(st.integers(1, 9), min_size=1, max_size=4)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Plan, Sale]:
    """A plan with levels and a sale with shares and sponsors."""
    deep = [
        {"level": at, "rate": draw(rates), "basis": draw(st.sampled_from(["base", "level_1", "below"]))}
        for at in (2, 3)
    ]
    by = draw(parts)
    people = tuple(
        Credit(at, Fraction(part, sum(by)), (Earner(2, 90 + at % 2, draw(st.booleans())), Earner(3, 99)))
        for at, part in enumerate(by, 1)
    )
    nets = draw(st.lists(cents, min_size=1, max_size=4))
    lines = tuple(line(net, str(at), quantity=at + 1) for at, net in enumerate(nets))
    return plan(draw(rewards), levels=deep, compression=draw(st.booleans())), sale(*lines, credits=people)


@given(cases())
def test_ceiling_is_never_exceeded_and_nothing_is_negative(case: tuple[Plan, Sale]) -> None:
    evaluation = evaluate(*case)

    base = evaluation.trace["base"]
    amounts = [one.amount for one in evaluation.commissions]
    assert min(amounts) >= 0
    assert base == 0 or sum(amounts) <= round_half_up(Decimal(base) / 2)


@given(cases())
def test_shares_of_level_one_add_up_to_the_rounded_level(case: tuple[Plan, Sale]) -> None:
    trace = evaluate(*case).trace

    first = trace["levels"][0]
    whole = first.get("clamped", first["rounded"])
    shares = [credit.share for credit in case[1].credits]
    assert [row["amount"] for row in trace["earned"] if row["level"] == 1] == allocate(whole, shares)


@given(cases())
def test_trace_and_commissions_survive_json(case: tuple[Plan, Sale]) -> None:
    evaluation = evaluate(*case)

    assert json.loads(json.dumps(evaluation.trace)) == evaluation.trace
    for one in evaluation.commissions:
        assert Earned.from_json(json.loads(json.dumps(one.as_json()))) == one
