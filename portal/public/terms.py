"""What a program offers, in words: for its public page and the application."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from affiliates.models import AttributionTerms, Program
from commissions.models import Assignment, PlanVersion
from commissions.standing.seen import body_for_all
from commissions.words import plan_in_words
from core.money import Money


@dataclass(frozen=True, slots=True)
class Offer:
    """A program with what it pays everybody now: `rules` are all sentences, `rewards` those of the rules alone."""

    program: Program
    rules: list[str]
    window_days: int
    pays_recruiters: bool
    rewards: list[str]

    @property
    def beside(self) -> list[str]:
        """What holds beside the rules: levels, bonuses, limits, exclusions, maturity."""
        return self.rules[len(self.rewards) :]

    @property
    def minimum(self) -> Money:
        """The smallest payout."""
        return self.program.money(self.program.minimum_payout)


def offers(programs: Sequence[Program], at: datetime | None = None) -> list[Offer]:
    """Say what programs offer now, in three queries whatever their number."""
    now = at or timezone.now()
    versions, windows = _versions(programs, now), _windows(programs, now)
    return [_offer(each, versions.get(each.pk), windows.get(each.pk, 30)) for each in programs]


def _versions(programs: Sequence[Program], now: datetime) -> dict[int, PlanVersion]:
    assigned = Assignment.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=now),
        program__in=programs,
        group=None,
        enrollment=None,
        starts_at__lte=now,
    )
    plans = dict(assigned.order_by("starts_at", "pk").values_list("program_id", "plan_id"))
    newest = PlanVersion.objects.filter(plan__in=plans.values(), effective_at__lte=now).order_by(
        "effective_at", "number"
    )
    by_plan = {version.plan_id: version for version in newest}
    return {program: by_plan[plan] for program, plan in plans.items() if plan in by_plan}


def _windows(programs: Sequence[Program], now: datetime) -> dict[int, int]:
    terms = AttributionTerms.objects.filter(program__in=programs, effective_at__lte=now).order_by(
        "effective_at"
    )
    return {each.program_id: max(1, each.window_hours // 24) for each in terms}


def _offer(program: Program, version: PlanVersion | None, window_days: int) -> Offer:
    if version is None:
        return Offer(program, [], window_days, False, [])
    body = body_for_all(version.body)
    count = len(body["rules"])
    words = plan_in_words(body, program.currency) if count else []  # else each partner has rules of its own
    return Offer(program, words, window_days, bool(body["levels"]), words[:count])
