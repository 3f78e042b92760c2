"""What each affiliate and each code did within a window of days, beside its peers: from counted days alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from affiliates.models import Program
from fraud.checks.statistics import PartnerFacts
from fraud.checks.windows import CouponFacts, TrafficFacts
from fraud.gathering.coupons import coupon_facts
from fraud.gathering.day_clicks import Words
from fraud.gathering.days import days_of, since
from fraud.gathering.lists import Lists
from fraud.gathering.traffic import traffic_facts
from fraud.models import Case, Policy
from fraud.partners import HISTORY, WINDOW, PartnerDay, Tally, by_day, summed
from fraud.peers import Baseline, baselines


@dataclass(frozen=True, slots=True)
class Window:
    """The facts of everybody of whom there is a counted day, and of every code."""

    partners: list[PartnerFacts]
    traffic: list[TrafficFacts]
    coupons: list[CouponFacts]


def window(program: Program, policy: Policy, until: date, *, days: int = WINDOW) -> Window:
    """Return what is known of `days` days on the program's clock, of which `until` is the last one.

    Peers are the affiliates of one group, those without one together. Whoever has an undecided case is compared and
    shapes nothing that is usual. Only counted days are read: count them first.
    """
    first = until - timedelta(days=days - 1)
    far = min(first, until - timedelta(days=2 * HISTORY - 1))
    known = days_of(program, far, until)
    within = {one: list(since(each, first)) for one, each in known.items()}
    tallies = {one: summed(each) for one, each in within.items() if each}
    doubted = frozenset(
        Case.objects.undecided().filter(program=program).values_list("enrollment_id", flat=True)
    )
    groups, joined = _people(program, tallies)
    usual = _usual(tallies, groups, doubted)
    words = Words(Lists.of(program), tuple(policy.brand_terms))
    return Window(
        partners=[
            _partner(one, tally, usual[one], within[one], until, joined[one])
            for one, tally in tallies.items()
        ],
        traffic=traffic_facts(within, tallies, usual, groups, words, policy.campaigns, doubted),
        coupons=coupon_facts(program, known, until, doubted),
    )


def _people(program: Program, tallies: Mapping[int, Tally]) -> tuple[list[list[int]], dict[int, date]]:
    """Who are each other's peers, and when each joined."""
    groups: dict[int | None, list[int]] = defaultdict(list)
    joined = {}
    rows = program.enrollments.order_by("pk").values_list("pk", "group_id", "applied_at", "decided_at")
    for enrollment, group, applied, decided in rows:
        if enrollment in tallies:
            groups[group].append(enrollment)
            joined[enrollment] = program.local(decided or applied).date()
    return list(groups.values()), joined


def _usual(
    tallies: Mapping[int, Tally], groups: Sequence[Sequence[int]], doubted: frozenset[int]
) -> dict[int, Baseline]:
    found: dict[int, Baseline] = {}
    for group in groups:
        found |= baselines({one: tallies[one] for one in group}, doubted & frozenset(group))
    return found


def _partner(
    enrollment: int, tally: Tally, usual: Baseline, days: Sequence[PartnerDay], until: date, joined: date
) -> PartnerFacts:
    """Its history begins on the day on which it joined, or on that of its first row if it has an earlier one."""
    begins = max(until - timedelta(days=HISTORY), min(joined, days[0].day))
    count = (until - begins).days
    orders, clicks = (by_day(days, name, begins, count + 1) for name in ("orders", "clicks"))
    return PartnerFacts(
        enrollment=enrollment,
        tally=tally,
        baseline=usual,
        history=orders[:-1],
        today=orders[-1],
        clicks_history=clicks[:-1],
        clicks_today=clicks[-1],
    )
