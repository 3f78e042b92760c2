"""What a period owes beside its sales: bonuses once a target is reached, true-ups once it is over. Only reads."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from affiliates.models import Enrollment, Program
from commissions.actions.facts import due_by, facts_of, plan_of
from commissions.actions.volumes import counters_before, plans_of
from commissions.counters import Counters, Span, Window, span
from commissions.models import Commission, PlanVersion, Volume
from commissions.plan import Bonus, Plan
from core.money import exponent
from tracking.models import Conversion
from tracking.states import ConversionState

JOINING = "joining"
HELD_SALES = "held_sales"  # why a bonus or true-up is on hold: sales that it counts are
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Owed:
    """One commission that a period owes: to whom, on which level, for what cause, how much, and why.

    It is doubtful while a sale that it counts is on hold.
    """

    enrollment_id: int
    level: int
    source: str
    amount: int
    reason: str
    version: PlanVersion
    trace: Row
    is_doubtful: bool = False


@dataclass(slots=True)
class _Sums:
    """What the sales of one plan and commission come to by the final step, and came to meanwhile."""

    version: PlanVersion
    conversions: int = 0
    base: int = 0
    at_close: int = 0
    meanwhile: int = 0


@dataclass(slots=True)
class _Reader:
    """Versions read once."""

    known: dict[int, PlanVersion] = field(default_factory=dict)

    def version(self, number: int) -> PlanVersion:
        if number not in self.known:
            self.known[number] = PlanVersion.objects.select_related("plan").get(pk=number)
        return self.known[number]


def bonuses_owed(enrollment: Enrollment, period: str, within: Span) -> list[Owed]:
    """Return the bonuses whose target a period has reached, by the version of the sale that reached it."""
    reached: dict[str, Owed] = {}  # by the bonus's id: one who changes plans in mid-period gets it once
    doubtful = _is_doubtful(enrollment, within)
    sums: dict[str, int] = defaultdict(int)
    reader = _Reader()
    for row in _rows(enrollment, within):
        for metric in ("base", "conversions", "commission"):
            sums[metric] += row[metric]
        if row["version"] is None:
            continue
        version = reader.version(row["version"])
        for bonus in plan_of(version, enrollment.program.currency).bonuses:
            if bonus.window is None or bonus.window.period != period:
                continue
            value = sums[bonus.window.metric]
            if value >= bonus.target:
                owed = bonus_owed(enrollment, version, bonus, within.name, value)
                reached.setdefault(bonus.id, replace(owed, is_doubtful=doubtful))
    return list(reached.values())


def bonus_owed(enrollment: Enrollment, version: PlanVersion, bonus: Bonus, period: str, reached: int) -> Owed:
    """Return a bonus as a commission that is owed; `period` names the period, or is "joining"."""
    program = enrollment.program
    trace = {
        "v": 2,
        "kind": "bonus",
        "plan": version.plan.name,
        "name": bonus.name,
        "metric": bonus.window.metric if bonus.window else JOINING,
        "period": period,
        "target": bonus.target if bonus.window else None,
        "reached": reached,
        "amount": bonus.amount,
        "currency": program.currency,
        "exponent": exponent(program.currency),
    }
    source = f"bonus:{version.plan_id}:{bonus.id}:{period}"
    return Owed(enrollment.pk, 1, source, bonus.amount, f"bonus:{bonus.name}", version, trace)


def true_ups_owed(enrollment: Enrollment, name: str) -> list[Owed] | None:
    """Return what the sales of a closed period ("2026-10") earn by the step reached at last, less what they did.

    None while one of them is parked.
    """
    program = enrollment.program
    within, period = span_named(name)
    windows = {
        window for plan in plans_of(program) for window in retroactive(plan) if window.period == period
    }
    if not windows:
        return []
    parked = volumes_within(Volume.objects.filter(enrollment=enrollment), program, within)
    if parked.filter(conversion__state=ConversionState.PARKED).exists():
        return None
    rows = list(_rows(enrollment, within))
    final = {window: sum(row[window.metric] for row in rows) for window in windows}
    owed: dict[tuple[int, int, int], _Sums] = {}
    for row in rows:
        _compare(enrollment, row["conversion"], final, owed)
    doubtful = _is_doubtful(enrollment, within)
    return [
        replace(_true_up(enrollment, plan_id, number, level, name, sums), is_doubtful=doubtful)
        for (plan_id, number, level), sums in sorted(owed.items())
    ]


def _is_doubtful(enrollment: Enrollment, within: Span) -> bool:
    """Whether a sale of the period is on hold: what is built on it must not be paid before it."""
    rows = volumes_within(Volume.objects.filter(enrollment=enrollment), enrollment.program, within)
    held = Commission.objects.filter(enrollment=enrollment, level=1, is_held=True)
    return bool(held.filter(conversion__in=rows.values("conversion")).exists())


def _compare(
    enrollment: Enrollment,
    conversion_id: int,
    final: dict[Window, int],
    owed: dict[tuple[int, int, int], _Sums],
) -> None:
    """Add what one sale would be worth by the final step, and what it is worth, by plan and commission."""
    conversion = Conversion.objects.select_related("program", "order").get(pk=conversion_id)
    facts = facts_of(conversion)
    if facts.plan is None or facts.version is None:
        return
    own = {window: final[window] for window in retroactive(facts.plan) if window in final}
    if not own:
        return
    counters = counters_before(facts)
    meanwhile = due_by(facts, counters)
    then = due_by(facts, Counters(counters.before, counters.spent, {enrollment.pk: own}))
    if meanwhile is None or then is None:
        return
    base = sum(base for one in then.credited for _key, base in one.bases)
    for key in sorted((set(meanwhile.left) | set(then.left)) - facts.declined):
        sums = owed.setdefault((facts.version.plan_id, *key), _Sums(facts.version))
        sums.conversions += 1
        sums.base += base
        sums.at_close += then.left.get(key, 0)
        sums.meanwhile += meanwhile.left.get(key, 0)


def _true_up(enrollment: Enrollment, plan_id: int, number: int, level: int, name: str, sums: _Sums) -> Owed:
    currency = enrollment.program.currency
    amount = sums.at_close - sums.meanwhile
    trace = {
        "v": 2,
        "kind": "true_up",
        "plan": sums.version.plan.name,
        "period": name,
        "currency": currency,
        "exponent": exponent(currency),
        "conversions": sums.conversions,
        "base": sums.base,
        "at_close": sums.at_close,
        "meanwhile": sums.meanwhile,
        "amount": amount,
        "level": level,
    }
    source = f"true_up:{plan_id}:{name}:{enrollment.pk}"
    return Owed(number, level, source, amount, f"true_up:{name}", sums.version, trace)


def retroactive(plan: Plan) -> set[Window]:
    """Return the counters whose final value pays for a whole period."""
    return {rule.reward.window for rule in plan.rules if rule.reward.window and rule.reward.is_retroactive}


def span_named(name: str) -> tuple[Span, str]:
    """Return the calendar period of a name such as "2026-10", "2026-Q4" or "2026", and what kind it is."""
    year, _dash, part = name.partition("-")
    if not part:
        return span("year", datetime(int(year), 1, 1)), "year"  # noqa: DTZ001 - the program's clock has no zone
    quarter = part.startswith("Q")
    month = int(part[1:]) * 3 if quarter else int(part)
    period = "quarter" if quarter else "month"
    return span(period, datetime(int(year), month, 1)), period  # noqa: DTZ001


def volumes_within(rows: Any, program: Program, within: Span) -> Any:
    """Return the rows of volumes that lie in a period of the program's clock."""
    zone = ZoneInfo(program.time_zone)
    if within.start is not None:
        rows = rows.filter(occurred_at__gte=within.start.replace(tzinfo=zone).astimezone(UTC))
    if within.end is not None:
        rows = rows.filter(occurred_at__lt=within.end.replace(tzinfo=zone).astimezone(UTC))
    return rows


def _rows(enrollment: Enrollment, within: Span) -> Iterator[Row]:
    """What each sale of the period counts, in order; with the version of their own plan where it was credited to them.

    That is the one that valued it, but where the sale is shared and somebody else is its principal.
    """
    rows = volumes_within(Volume.objects.filter(enrollment=enrollment), enrollment.program, within)
    found = rows.order_by("occurred_at", "conversion").values(
        "conversion", "base", "conversions", "commission", "read"
    )
    for row in found:
        read = row.pop("read")
        version = read.get("own_version", read.get("version"))
        yield row | {"version": version if read.get("credited") else None}
