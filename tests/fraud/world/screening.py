"""The night's work on a world: all facts, all checks with their default limits, and what they found."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fraud.checks import (
    CHECKS,
    Check,
    Measure,
    clicks,
    collusion,
    coupons,
    delays,
    oddity,
    orders,
    statistics,
    systems,
    traffic,
)
from fraud.checks.accounts import AccountFacts
from fraud.checks.circles import CircleFacts, RingFacts
from fraud.checks.facts import SaleFacts
from fraud.checks.identity import ACCOUNTS, SALES
from fraud.checks.oddity import OddityFacts
from fraud.checks.statistics import PartnerFacts
from fraud.checks.windows import CouponFacts, TrafficFacts
from fraud.gathering.oddities import oddities
from fraud.maths.discoveries import discovered
from fraud.states import Action
from tests.fraud.world.account_facts import account_facts, circle_facts, ring_facts
from tests.fraud.world.events import World
from tests.fraud.world.sale_facts import sale_facts
from tests.fraud.world.window_facts import coupon_facts, partner_facts, traffic_facts, work_of

BY_CIRCLE = frozenset({"circle_of_accounts", "customers_in_circle"})  # the rest of collusion asks about lines


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of a world."""

    sales: list[SaleFacts]
    accounts: list[AccountFacts]
    traffic: list[TrafficFacts]
    coupons: list[CouponFacts]
    partners: list[PartnerFacts]
    oddities: list[OddityFacts]
    circles: list[CircleFacts]
    rings: list[RingFacts]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check said of an enrollment, and of one of its conversions (0: of all it does)."""

    check: Check[Any]
    enrollment: int
    conversion: int
    measure: Measure

    @property
    def holds(self) -> bool:
        """Whether it holds commissions by itself, or does more; what was charged back is worth nothing any more."""
        return self.check.action != Action.NOTE and self.check.name != "dispute_lost"

    @property
    def declines(self) -> bool:
        """Whether it declines by itself."""
        return self.check.action == Action.DECLINE


def facts_of(world: World) -> Facts:
    """Gather everything, slowly and plainly."""
    works = work_of(world)
    partners = partner_facts(world, works)
    traffic = traffic_facts(world, works, partners)
    return Facts(
        sales=sale_facts(world),
        accounts=account_facts(world, works),
        traffic=traffic,
        coupons=coupon_facts(world),
        partners=partners,
        oddities=oddities(partners, traffic),
        circles=circle_facts(world),
        rings=ring_facts(world, works),
    )


def screened(world: World) -> list[Finding]:
    """Ask every check, and return what stands: of those with a `p` what survives all tests of the night."""
    spoken, tests = [], {}
    for place, (check, enrollment, conversion, measure) in enumerate(measured(facts_of(world))):
        if measure.p is not None and measure.sample >= check.limits.sample:
            tests[place] = measure.p
        if check.speaks(measure):
            spoken.append((place, Finding(check, enrollment, conversion, measure)))
    stands = discovered(tests)
    return [finding for place, finding in spoken if finding.measure.p is None or place in stands]


def measured(facts: Facts) -> Iterable[tuple[Check[Any], int, int, Measure]]:
    """Return what each check reads off its facts: the check, the enrollment, the conversion or 0, the measure."""
    for check, enrollment, conversion, about in _asked(facts):
        measure = check.measure(about)
        if measure is not None:
            yield check, enrollment, conversion, measure


def _asked(facts: Facts) -> Iterable[tuple[Check[Any], int, int, Any]]:
    """Each check with each of its facts, and whom they are about."""
    circle = [check for check in collusion.CHECKS if check.name in BY_CIRCLE]
    line = [check for check in collusion.CHECKS if check.name not in BY_CIRCLE]
    for sale in facts.sales:
        for check in (*SALES, *orders.CHECKS, *clicks.CHECKS, *systems.CHECKS):
            yield check, sale.enrollment, sale.conversion, sale
    for checks, each in (
        (ACCOUNTS, facts.accounts),
        ((*traffic.CHECKS, *delays.CHECKS), facts.traffic),
        (coupons.CHECKS, facts.coupons),
        (statistics.CHECKS, facts.partners),
        (oddity.CHECKS, facts.oddities),
    ):
        yield from ((check, one.enrollment, 0, one) for check in checks for one in each)
    for checks, each in ((circle, facts.circles), (line, facts.rings)):
        yield from ((check, one.affiliate, 0, one) for check in checks for one in each)


assert len(CHECKS) == sum(len(checks) for checks in (SALES, ACCOUNTS)) + sum(
    len(module.CHECKS)
    for module in (orders, clicks, systems, traffic, delays, coupons, statistics, oddity, collusion)
), "a check is asked by nobody"
