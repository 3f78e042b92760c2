"""How far an affiliate is: its counters now, and what is missing to the next bracket, bonus or limit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum
from django.utils.translation import gettext as _, ngettext

from affiliates.models import Enrollment
from commissions.counters import Span, Window, days_of, span
from commissions.models import Volume
from commissions.plan import Bonus, Cap, Plan, Rule, parse_plan
from commissions.rewards import Step
from commissions.standing.milestones import Progress
from commissions.standing.seen import Reader, body_for
from commissions.standing.tenure import tenure_at, tenures_of
from commissions.words import amount_in_words
from core.money import exponent


def progress_of(enrollment: Enrollment, at: datetime, version_body: object = None) -> list[Progress]:
    """Return every bracket, target bonus and limit of the plan in force with its counter at `at`, in the plan's order.

    Pass the body of the version in force where it is known already. Empty without a plan, or if it counts nothing.
    """
    body = version_body if version_body is not None else _body_at(enrollment, at)
    if not isinstance(body, dict):
        return []
    program = enrollment.program
    plan = parse_plan(body, program.currency)
    local = program.local(at).replace(tzinfo=None)
    rules = _rules(enrollment, plan, local)
    targets = [bonus for bonus in plan.bonuses if bonus.window]
    caps = [cap for cap in plan.caps if cap.of == "affiliate"]
    windows = {rule.reward.window for rule in rules} | {bonus.window for bonus in targets}
    windows |= {cap.window for cap in caps}
    counted = _counted(enrollment, {window for window in windows if window}, at, local)
    found = [_bracket(rule, counted, local, plan.currency) for rule in rules]
    found += [_bonus(bonus, counted, local, plan.currency) for bonus in targets]
    return [*found, *(_cap(cap, counted, local, plan.currency) for cap in caps)]


def next_milestone(found: Iterable[Progress]) -> Progress | None:
    """Return the bracket, else the bonus, of which the smallest part is missing."""
    open_ones = [row for row in found if row.kind != "cap" and row.missing]
    return min(
        open_ones, key=lambda row: (row.kind != "brackets", -row.value / (row.step_next or 1)), default=None
    )


def _body_at(enrollment: Enrollment, at: datetime) -> object:
    tenure = tenure_at(tenures_of(enrollment), at)
    return tenure.version.body if tenure else None


def _rules(enrollment: Enrollment, plan: Plan, local: datetime) -> list[Rule]:
    """The bracket rules that may pay this affiliate now."""
    group = enrollment.group.name if enrollment.group else ""
    own = {rule["id"] for rule in body_for(plan.body, Reader(group))["rules"]}
    return [
        rule
        for rule in plan.rules
        if rule.reward.window and rule.id in own and (rule.when.dates is None or local in rule.when.dates)
    ]


def _counted(
    enrollment: Enrollment, windows: Iterable[Window], at: datetime, local: datetime
) -> dict[Window, int]:
    """Window -> what stands on its counter, with one query for all."""
    asked = {f"sum_{index}": window for index, window in enumerate(sorted(windows))}
    if not asked:
        return {}
    zone = ZoneInfo(enrollment.program.time_zone)
    sums = {
        name: Sum(window.metric, filter=_within(window, span(window.period, local), at, zone), default=0)
        for name, window in asked.items()
    }
    row = Volume.objects.filter(enrollment=enrollment).aggregate(**sums)
    return {window: row[name] for name, window in asked.items()}


def _within(window: Window, period: Span, at: datetime, zone: ZoneInfo) -> Q:
    """What a period holds so far; the start of a rolling one is exclusive."""
    found = Q(occurred_at__lte=at)
    if period.start is not None:
        first = period.start.replace(tzinfo=zone)
        found &= Q(occurred_at__gt=first) if days_of(window.period) else Q(occurred_at__gte=first)
    return found


def _bracket(rule: Rule, counted: dict[Window, int], local: datetime, currency: str) -> Progress:
    reward, window = rule.reward, _window(rule.reward.window)
    value = counted[window]
    now = reward.step_at(value)
    following = next((after for step, after in pairwise(reward.steps) if step is now), None)
    return Progress(
        "brackets",
        rule.name,
        *_where(window, local),
        currency,
        value,
        now.start,
        following.start if following else None,
        following.start - value if following else None,
        _pays(now, currency),
        _pays(following, currency) if following else "",
        reward.is_retroactive,
        _ends(window, local),
    )


def _bonus(bonus: Bonus, counted: dict[Window, int], local: datetime, currency: str) -> Progress:
    window = _window(bonus.window)
    value = counted[window]
    missing = bonus.target - value if value < bonus.target else None
    amount = amount_in_words(Decimal(bonus.amount), currency, exponent(currency))
    return Progress(
        "bonus",
        bonus.name,
        *_where(window, local),
        currency,
        value,
        0,
        bonus.target,
        missing,
        pays_next=amount,
        ends=_ends(window, local),
    )


def _cap(cap: Cap, counted: dict[Window, int], local: datetime, currency: str) -> Progress:
    window = _window(cap.window)
    value = counted[window]
    missing = cap.amount - value if value < cap.amount else None
    name = _("The most you can earn")
    place = _where(window, local)
    return Progress("cap", name, *place, currency, value, 0, cap.amount, missing, ends=_ends(window, local))


def _window(window: Window | None) -> Window:
    assert window is not None  # noqa: S101 - whoever asks has looked
    return window


def _where(window: Window, local: datetime) -> tuple[str, str, str]:
    """Metric, the period's name as counters know it, and the period in words."""
    words = {
        "month": _("this month"),
        "quarter": _("this quarter"),
        "year": _("this year"),
        "all_time": _("in all"),
    }
    days = days_of(window.period)
    if days is not None:
        said = ngettext("in the last day", "in the last %(days)s days", days) % {"days": days}
    else:
        said = words[window.period]
    return window.metric, span(window.period, local).name, said


def _ends(window: Window, local: datetime) -> date | None:
    """The last day of the period."""
    end = span(window.period, local).end
    return (end - timedelta(days=1)).date() if end else None


def _pays(step: Step, currency: str) -> str:
    if step.amount is None:
        return _("%(rate)s %%") % {"rate": f"{step.rate.normalize():f}"}
    amount = amount_in_words(Decimal(step.amount), currency, exponent(currency))
    return _("%(amount)s per order") % {"amount": amount}
