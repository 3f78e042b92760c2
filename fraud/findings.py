"""What checks say of facts under a program's rules; pure: a policy is asked, nothing is read or written."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fraud.checks import (
    Check,
    Measure,
    Rule,
    clicks,
    collusion,
    coupons,
    delays,
    identity,
    oddity,
    orders,
    statistics,
    systems,
    traffic,
)
from fraud.maths.discoveries import discovered
from fraud.states import Subject

# The checks by the facts that they are asked of.
OF_SALES: tuple[Check[Any], ...] = (*identity.SALES, *orders.CHECKS, *clicks.CHECKS, *systems.CHECKS)
OF_ACCOUNTS: tuple[Check[Any], ...] = tuple(identity.ACCOUNTS)
OF_TRAFFIC: tuple[Check[Any], ...] = (*traffic.CHECKS, *delays.CHECKS)
OF_COUPONS: tuple[Check[Any], ...] = tuple(coupons.CHECKS)
OF_PARTNERS: tuple[Check[Any], ...] = tuple(statistics.CHECKS)
OF_ODDITIES: tuple[Check[Any], ...] = tuple(oddity.CHECKS)
BY_CIRCLE = frozenset({"circle_of_accounts", "customers_in_circle"})  # the rest of collusion asks about lines
OF_CIRCLES: tuple[Check[Any], ...] = tuple(one for one in collusion.CHECKS if one.name in BY_CIRCLE)
OF_RINGS: tuple[Check[Any], ...] = tuple(one for one in collusion.CHECKS if one.name not in BY_CIRCLE)
NIGHTLY: tuple[Check[Any], ...] = (
    *OF_ACCOUNTS,
    *OF_TRAFFIC,
    *OF_COUPONS,
    *OF_PARTNERS,
    *OF_ODDITIES,
    *OF_CIRCLES,
    *OF_RINGS,
)

Rules = Callable[[str], Rule]
Place = tuple[str, int, int | None, int | None]  # check, enrollment, conversion, coupon


@dataclass(frozen=True, slots=True)
class Asked:
    """One check asked of one thing: what was read off, and under which rule."""

    rule: Rule
    measure: Measure
    enrollment: int
    conversion: int | None = None
    coupon: int | None = None

    @property
    def place(self) -> Place:
        """Of what it is the one finding."""
        return (self.rule.check.name, self.enrollment, self.conversion, self.coupon)

    @property
    def speaks(self) -> bool:
        """Whether the measure is over the rule's limits, its `p` apart."""
        return self.rule.check.speaks(self.measure, self.rule.limits)


def ask(
    checks: Iterable[Check[Any]],
    facts: Sequence[Any],
    rules: Rules,
    exempt: Mapping[int, frozenset[str]],
) -> list[Asked]:
    """Return what each check that is switched on reads off each of the facts; those who are exempt are not asked.

    `exempt` is enrollment -> names of checks, "" for all.
    """
    on = [rule for rule in (rules(check.name) for check in checks) if rule.is_on]
    return [
        Asked(rule, measure, who, getattr(one, "conversion", None), _coupon(rule.check, one))
        for one in facts
        for who in [whom(one)]
        for rule in on
        if not exempt.get(who, frozenset()) & {"", rule.check.name}
        if (measure := rule.check.measure(one)) is not None
    ]


def found(asked: Iterable[Asked]) -> list[Asked]:
    """Return those that speak; of those with a `p`, what stands among all that were asked together."""
    every = list(asked)
    tests = {
        one.place: one.measure.p
        for one in every
        if one.measure.p is not None and one.measure.sample >= one.rule.limits.sample
    }
    stands = discovered(tests)
    return [one for one in every if one.speaks and (one.measure.p is None or one.place in stands)]


def whom(facts: Any) -> int:
    """Return the enrollment that the facts are about."""
    return int(facts.affiliate if hasattr(facts, "line") or hasattr(facts, "members") else facts.enrollment)


def _coupon(check: Check[Any], facts: Any) -> int | None:
    return int(facts.coupon) if check.subject == Subject.COUPON else None


def is_graver(check: Check[Any], value: float, before: float) -> bool:
    """Say whether a value is worse than one that was looked at before, by a quarter of it at least."""
    worse = before - value if check.is_low_bad else value - before
    return worse > abs(before) / 4
