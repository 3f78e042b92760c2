"""Which checks are asked of what, under whose rules, and what stands."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fraud.checks import CHECKS, Limits, Measure, Rule
from fraud.checks.facts import Mark, SaleFacts
from fraud.findings import NIGHTLY, OF_SALES, Asked, ask, found, is_graver
from fraud.states import Action

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
OWN = {Mark.EMAIL: frozenset({"one"})}
OTHER = {Mark.EMAIL: frozenset({"two"})}


def rule(name: str, **changes: Any) -> Rule:
    check = CHECKS[name]
    return replace(Rule(check, True, check.limits, check.weight, check.action), **changes)


def sale(number: int = 1, enrollment: int = 7, **fields: Any) -> SaleFacts:
    return SaleFacts(number, enrollment, NOON, 1000, "EUR", **{"buyer": OWN, "affiliate": OWN} | fields)


def test_every_check_is_asked_of_something_once() -> None:
    asked = [check.name for check in (*OF_SALES, *NIGHTLY)]

    assert sorted(asked) == sorted(CHECKS)


def test_a_buyer_who_is_the_affiliate_is_found() -> None:
    asked = ask([CHECKS["self_referral"]], [sale(), sale(2, buyer=OTHER)], rule, {})

    assert [(one.conversion, one.measure.value) for one in asked] == [(1, 1), (2, 0)]
    assert [one.conversion for one in found(asked)] == [1]


def test_a_check_that_is_off_is_not_asked() -> None:
    assert ask([CHECKS["self_referral"]], [sale()], lambda name: rule(name, is_on=False), {}) == []


def test_who_is_exempt_from_it_or_from_all_is_not_asked() -> None:
    facts = [sale(1, 7), sale(2, 8), sale(3, 9), sale(4, 10)]
    exempt = {7: frozenset({"self_referral"}), 8: frozenset({""}), 9: frozenset({"near_duplicate"})}

    asked = ask([CHECKS["self_referral"]], facts, rule, exempt)

    assert [one.enrollment for one in asked] == [9, 10]


def test_a_rules_own_limits_count() -> None:
    asked = ask([CHECKS["self_referral"]], [sale()], lambda name: rule(name, limits=Limits(2.0)), {})

    assert found(asked) == []


def night(values: dict[int, float], name: str = "conversion_rate_high") -> list[Asked]:
    return [Asked(rule(name), Measure(10.0, 10_000, p=p), enrollment) for enrollment, p in values.items()]


def test_of_many_unlikely_ones_chance_explains_some() -> None:
    partners = dict.fromkeys(range(1, 51), 0.04)

    assert [one.enrollment for one in found(night({0: 0.04}))] == [0]
    assert [one.enrollment for one in found(night({**dict.fromkeys(partners, 0.5), 0: 0.04}))] == []
    assert [one.enrollment for one in found(night({**dict.fromkeys(partners, 0.5), 0: 0.0001}))] == [0]


def test_one_with_too_few_cases_is_no_test() -> None:
    few = [Asked(rule("conversion_rate_high"), Measure(10.0, 1, p=0.9), number) for number in range(1, 51)]

    assert [one.enrollment for one in found([*few, *night({0: 0.04})])] == [0]


def test_graver_is_a_quarter_more_on_the_bad_side() -> None:
    high = CHECKS["self_referral"]
    low = next(check for check in CHECKS.values() if check.is_low_bad)

    assert [is_graver(high, value, 4.0) for value in (4.0, 5.0, 5.1)] == [False, False, True]
    assert [is_graver(low, value, 4.0) for value in (5.0, 3.0, 2.9)] == [False, False, True]
    assert Action(high.action) == Action.HOLD
