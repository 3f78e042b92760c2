"""The replay: the same engine, counters that run along, and what the sums say."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from commissions.counting import Counted
from commissions.plan import Plan, parse_plan
from commissions.rates import evaluate
from commissions.rehearsal import findings as found_here
from commissions.rehearsal.cases import Case, Question
from commissions.rehearsal.findings import Extra
from commissions.rehearsal.shelf import Shelf
from commissions.sale import Credit, Earner, Line, Sale
from commissions.simulate import simulate

OCTOBER, NOVEMBER = datetime(2026, 10, 1), datetime(2026, 11, 1)  # noqa: DTZ001 - the program's clock
DAY = timedelta(days=1)
ANN, BOB, SUE = 1, 2, 3
STEPS = [{"from": "0", "rate": "10"}, {"from": "1000.00", "rate": "15"}, {"from": "5000.00", "rate": "20"}]
THREE = (80000, 70000, 400000)


def plan(*rules: dict[str, Any], **more: Any) -> Plan:
    return parse_plan({"schema": 2, "rules": list(rules), **more}, "EUR")


def percent(rate: str = "10", **when: Any) -> dict[str, Any]:
    return {"id": f"p{rate}", "name": "Rate", "when": when, "reward": {"type": "percent", "rate": rate}}


def brackets(mode: str = "marginal", period: str = "month", metric: str = "base") -> dict[str, Any]:
    steps = STEPS if metric == "base" else [{"from": "0", "rate": "10"}, {"from": "2", "rate": "15"}]
    reward = {"type": "brackets", "metric": metric, "period": period, "mode": mode, "steps": steps}
    return {"id": "volume", "name": "Volume", "reward": reward}


def sale(net: int, who: int = ANN, at: datetime = OCTOBER, *, sponsor: int = 0, **fields: Any) -> Sale:
    chain = (Earner(2, sponsor),) if sponsor else ()
    line = Line("1", "MUG", "mug", (), 2, net)
    return Sale("sale", "EUR", (line,), (Credit(who, Fraction(1), chain),), at=at, **fields)


def case(net: int, day: int = 0, who: int = ANN, *, sponsor: int = 0, **fields: Any) -> Case:
    """A conversion of so many cents, some days into October, that really earned 10 per cent."""
    at = OCTOBER + day * DAY
    given = {"revenue": net, "now": {(who, 1): net // 10}} | fields
    return Case(at, sale(net, who, at, sponsor=sponsor), **given)


def ask(by: Plan, *cases: Case, ends: datetime = NOVEMBER, **more: Any) -> dict[str, Any]:
    return simulate(Question(by, OCTOBER, ends, **more), cases).as_json()


def person(found: dict[str, Any], who: int = ANN) -> dict[str, Any]:
    return next(row for row in found["affiliates"] if row["enrollment"] == who)


def test_what_a_case_costs_is_what_the_engine_says() -> None:
    by = plan(percent("12.5"), levels=[{"level": 2, "rate": "3", "basis": "level_1"}])
    one = case(9999, sponsor=SUE)

    found = ask(by, one)

    assert one.sale
    expected = {(each.enrollment_id, each.level): each.amount for each in evaluate(by, one.sale).commissions}
    assert expected == {(ANN, 1): 1250, (SUE, 2): 37}
    assert found["levels"] == [{"level": 1, "now": 999, "then": 1250}, {"level": 2, "now": 0, "then": 37}]
    assert (found["conversions"], found["revenue"]) == (1, 9999)
    assert found["then"] == {"earned": 1287, "true_ups": 0, "bonuses": 0, "total": 1287}


def test_brackets_count_what_came_before() -> None:
    found = ask(plan(brackets()), *(case(net, day) for day, net in enumerate(THREE)))

    assert person(found)["then"] == 8000 + 9500 + 62500
    assert [point["then"] for point in found["points"][:3]] == [8000, 9500, 62500]


def test_retroactive_brackets_owe_a_true_up_when_the_period_is_over() -> None:
    found = ask(plan(brackets("retroactive")), *(case(net, day) for day, net in enumerate(THREE)))

    assert found["then"] == {"earned": 80000, "true_ups": 30000, "bonuses": 0, "total": 110000}
    assert found["extras"] == [
        {"kind": "true_up", "enrollment": ANN, "level": 1, "period": "2026-10", "amount": 30000, "name": ""}
    ]


def test_period_that_is_not_over_owes_no_true_up() -> None:
    cases = [case(net, day) for day, net in enumerate(THREE)]

    assert ask(plan(brackets("retroactive")), *cases, ends=NOVEMBER - DAY)["then"]["true_ups"] == 0
    assert ask(plan(brackets("retroactive", "quarter")), *cases)["then"]["true_ups"] == 0


def test_sponsor_gets_its_part_of_a_true_up() -> None:
    by = plan(brackets("retroactive"), levels=[{"level": 2, "rate": "10", "basis": "level_1"}])

    found = ask(by, *(case(net, day, sponsor=SUE) for day, net in enumerate(THREE)))

    assert (person(found, SUE)["then"], person(found, SUE)["extras_then"]) == (8000, 3000)


def test_who_stays_on_the_lowest_step_gets_no_true_up() -> None:
    found = ask(plan(brackets("retroactive")), case(40000), case(30000, 1), case(200000, 2, BOB))

    assert [(row["enrollment"], row["amount"]) for row in found["extras"]] == [(BOB, 30000 - 25000)]


def test_refund_that_brings_the_period_below_a_step_is_a_negative_true_up() -> None:
    refunded = case(200000, parts={"1": Fraction(3, 4)}, units={})

    found = ask(plan(brackets("retroactive")), refunded)

    meanwhile = (100000 * 10 + 100000 * 15) // 100 // 4
    assert found["then"]["earned"] == meanwhile
    assert found["then"]["true_ups"] == 200000 // 10 // 4 - meanwhile


def test_counters_begin_with_what_was_before() -> None:
    before = ((OCTOBER - DAY, Counted(ANN, base=999999)), (OCTOBER, Counted(ANN, base=90000)))

    found = ask(plan(brackets()), case(20000), before=before)

    assert person(found)["then"] == 1000 + 1500


def test_what_another_plan_pays_is_only_counted() -> None:
    elsewhere = Case(OCTOBER, None, counted=(Counted(ANN, base=100000),), is_elsewhere=True)

    found = ask(plan(brackets()), elsewhere, case(10000, 1))

    assert (found["conversions"], person(found)["then"]) == (1, 1500)


def test_refunded_and_declined_count_as_in_the_books() -> None:
    half = case(10000, parts={"1": Fraction(1, 2)}, units={"1": 1}, revenue=5000, now={(ANN, 1): 500})
    refused = case(10000, 1, BOB, declined=frozenset({(BOB, 1)}), now={})

    found = ask(plan(percent("20")), half, refused)

    assert found["revenue"] == 15000
    assert [(row["enrollment"], row["then"]) for row in found["affiliates"]] == [(ANN, 1000), (BOB, 0)]


def test_declined_sale_does_not_lift_the_next_one() -> None:
    refused = case(100000, declined=frozenset({(ANN, 1)}), now={})

    assert person(ask(plan(brackets()), refused, case(10000, 1)))["then"] == 1000


def test_cancelled_sale_is_left_out() -> None:
    found = ask(plan(percent()), Case(OCTOBER, None, is_void=True))

    assert (found["conversions"], found["unvalued_count"], found["affiliates"]) == (0, 0, [])


def test_what_cannot_be_valued_is_told_by_reason() -> None:
    missing = [Case(OCTOBER, None, why) for why in ("no_rate:USD", "no_rate:USD", "no_rate:GBP")]

    found = ask(plan(percent()), *missing, case(10000))

    assert found["unvalued"] == [
        {"reason": "no_rate:USD", "conversions": 2},
        {"reason": "no_rate:GBP", "conversions": 1},
    ]
    assert (found["unvalued_count"], found["conversions"]) == (3, 1)


def test_ceiling_and_caps_say_what_they_cut() -> None:
    by = plan(
        percent("40"),
        levels=[{"level": 2, "rate": "20", "basis": "base"}],
        caps=[
            {"of": "conversion", "amount": "30.00"},
            {"of": "affiliate", "period": "month", "amount": "50.00"},
        ],
    )

    found = ask(by, case(10000, sponsor=SUE), case(10000, 1))

    assert found["ceiling"] == {"conversions": 1, "amount": 1000}
    assert found["caps"] == [
        {"of": "affiliate", "period": "month", "conversions": 1, "amount": 1000},
        {"of": "conversion", "period": "", "conversions": 2, "amount": 2000},
    ]
    assert person(found)["then"] == 3000 + 2000


def test_bonus_is_due_once_for_a_period_that_reached_its_target() -> None:
    bonus = {
        "id": "gold",
        "name": "Gold",
        "amount": "50.00",
        "metric": "base",
        "period": "month",
        "target": "150.00",
    }
    cases = case(10000), case(5000, 20), case(14999, 1, BOB), case(99999, 31)

    found = ask(plan(percent(), bonuses=[bonus]), *cases, ends=NOVEMBER + 10 * DAY)

    assert [(row["enrollment"], row["period"], row["amount"]) for row in found["extras"]] == [
        (ANN, "2026-10", 5000)
    ]


def test_bonus_of_all_time_is_due_where_the_target_was_reached_in_the_stretch() -> None:
    bonus = {
        "id": "g",
        "name": "G",
        "amount": "1.00",
        "metric": "conversions",
        "period": "all_time",
        "target": "2",
    }
    before = tuple((OCTOBER - DAY, Counted(who, conversions=count)) for who, count in ((ANN, 1), (BOB, 2)))

    found = ask(plan(percent(), bonuses=[bonus]), case(100), case(100, 1, BOB), before=before)

    assert [row["enrollment"] for row in found["extras"]] == [ANN]


def test_joining_pays_whoever_joined() -> None:
    bonus = {"id": "hello", "name": "Welcome", "amount": "20.00", "metric": "joining"}

    found = ask(plan(percent(), bonuses=[bonus]), joined=((OCTOBER + DAY, BOB),))

    assert (found["then"]["bonuses"], person(found, BOB)["difference"]) == (2000, 2000)


def test_real_true_ups_and_bonuses_count_against_the_plan() -> None:
    real = (Extra("true_up", ANN, 1, "2026-10", 700), Extra("bonus", ANN, 1, "2026-10", 300, "Gold"))

    found = ask(plan(percent()), case(10000), extras=real)

    assert found["now"] == {"earned": 1000, "true_ups": 700, "bonuses": 300, "total": 2000}
    assert person(found)["difference"] == -1000


def test_who_crosses_a_bracket_is_named_with_both_steps() -> None:
    found = ask(plan(brackets()), *(case(net, day) for day, net in enumerate(THREE)), case(1000, 3, BOB))

    crossing, *others = found["crossings"]
    assert (others, found["crossing_count"]) == ([], 1)
    assert (crossing["enrollment"], crossing["to"]["period"], crossing["to"]["rule"]) == (
        ANN,
        "2026-10",
        "Volume",
    )
    assert (crossing["from"]["rate"], crossing["to"]["rate"], crossing["to"]["reached"]) == (
        "10",
        "20",
        550000,
    )


def test_crossing_by_number_of_sales() -> None:
    found = ask(plan(brackets(metric="conversions")), case(1000), case(1000, 1), case(1000, 2))

    assert person(found)["then"] == 100 + 100 + 150
    assert found["crossings"][0]["to"]["from"] == 2


def test_steps_reached_by_the_real_plan_stand_beside() -> None:
    real = {7: plan(brackets())}
    cases = [
        case(net, day, version=7, counted=(Counted(ANN, base=net, conversions=1),))
        for day, net in enumerate(THREE)
    ]

    row = person(ask(plan(percent()), *cases, versions=real))

    assert (row["step_now"]["rate"], row["step_then"]) == ("20", None)


def test_shares_of_one_sale_add_up() -> None:
    both = (Credit(ANN, Fraction(1, 3)), Credit(BOB, Fraction(2, 3)))
    shared = Sale("sale", "EUR", (Line("1", "", "", (), 1, 1000),), both, at=OCTOBER)

    found = ask(plan(percent()), Case(OCTOBER, shared, revenue=1000, now={}))

    assert [(row["enrollment"], row["revenue"], row["then"]) for row in found["affiliates"]] == [
        (BOB, 667, 67),
        (ANN, 333, 33),
    ]


def test_conversions_that_begin_or_cease_to_earn_are_counted() -> None:
    found = ask(plan(percent("10", skus=["OTHER"])), case(1000))
    again = ask(plan(percent()), case(1000, now={}))

    assert (found["earns_no_more"], found["earns_newly"]) == (1, 0)
    assert (again["earns_no_more"], again["earns_newly"]) == (0, 1)


def test_who_gains_stands_first_and_who_loses_last() -> None:
    found = ask(plan(percent("20")), case(1000), case(5000, 1, BOB, now={(BOB, 1): 5000}), case(9000, 2, SUE))

    assert [row["enrollment"] for row in found["affiliates"]] == [SUE, ANN, BOB]
    assert (found["gain"], found["lose"]) == (2, 1)


def test_answer_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_here, "AFFILIATES", 4)
    monkeypatch.setattr(found_here, "CROSSINGS", 1)
    cases = [case(100000 + 100 * who, who, who, now={}) for who in range(1, 8)]

    found = ask(plan(brackets()), *cases)

    assert [row["enrollment"] for row in found["affiliates"]] == [7, 6, 2, 1]
    assert found["others"]["affiliates"] == 3
    assert found["others"]["then"] + sum(row["then"] for row in found["affiliates"]) == found["then"]["total"]
    assert (len(found["crossings"]), found["crossing_count"]) == (1, 7)


@pytest.mark.parametrize(("years", "by", "count"), [(0, "day", 31), (1, "week", 57), (10, "month", 121)])
def test_chart_has_a_bounded_number_of_points(years: int, by: str, count: int) -> None:
    found = ask(plan(percent()), case(1000, 3), ends=NOVEMBER.replace(year=2026 + years))

    assert (found["by"], len(found["points"])) == (by, count)
    assert sum(point["then"] for point in found["points"]) == 100


def test_periods_too_long_for_memory_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [case(30000 + day, day, who, sponsor=SUE) for day in range(20) for who in (ANN, BOB)]
    by = plan(brackets("retroactive"), levels=[{"level": 2, "rate": "10", "basis": "level_1"}])
    expected = ask(by, *cases)
    monkeypatch.setattr(Shelf.__init__, "__defaults__", (7,))

    assert ask(by, *cases) == expected
    assert expected["then"]["true_ups"] > 0


def test_long_period_gives_signs_of_life_and_can_be_stopped() -> None:
    signs: list[int] = []
    question = Question(plan(brackets("retroactive")), OCTOBER, NOVEMBER)

    simulate(question, [case(net, day) for day, net in enumerate(THREE)], lambda: signs.append(1))

    assert len(signs) == 3
    with pytest.raises(ZeroDivisionError):
        simulate(question, [case(net, day) for day, net in enumerate(THREE)], lambda: signs.append(1 // 0))


def test_shelf_gives_back_what_was_put_on_it() -> None:
    shelf: Shelf[int] = Shelf(3)

    for number in range(10):
        shelf.add(number)

    assert list(shelf) == list(range(10)) == list(shelf)
