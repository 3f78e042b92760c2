"""What a simulation found: sums by affiliate, by level and over time; small however many conversions there were."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from commissions.plan import Plan
from commissions.rates import Evaluation
from commissions.rehearsal.climbs import Climbs
from commissions.rehearsal.strides import begin, begins, stride
from commissions.sale import Sale
from core.money import allocate

VERSION = 1
AFFILIATES = 2000  # kept one by one: those who gain most and those who lose most; the others are one sum
CROSSINGS = EXTRAS = 500
REASONS = 20

Left = Mapping[tuple[int, int], int]  # (enrollment, level) -> minor units


class Extra(NamedTuple):
    """A true-up or a bonus ("true_up", "bonus") of a period, in minor units; a bonus has a name."""

    kind: str
    enrollment_id: int
    level: int
    period: str
    amount: int
    name: str = ""

    def as_json(self) -> dict[str, Any]:
        """As it stands in the result."""
        return {
            "kind": self.kind,
            "enrollment": self.enrollment_id,
            "level": self.level,
            "period": self.period,
            "amount": self.amount,
            "name": self.name,
        }


@dataclass(slots=True)
class Person:
    """One affiliate's sums in minor units: what it really earned (`now`) and would have earned (`then`).

    True-ups and bonuses stand apart, in the two `extras`.
    """

    conversions: int = 0
    revenue: int = 0
    now: int = 0
    then: int = 0
    extras_now: int = 0
    extras_then: int = 0

    @property
    def difference(self) -> int:
        """What it would gain, or lose below 0."""
        return self.then + self.extras_then - self.now - self.extras_now

    def as_json(self) -> dict[str, int]:
        """As it stands in the result."""
        return {
            "conversions": self.conversions,
            "revenue": self.revenue,
            "now": self.now,
            "then": self.then,
            "extras_now": self.extras_now,
            "extras_then": self.extras_then,
            "difference": self.difference,
        }


@dataclass(slots=True)
class Cuts:
    """How often a limit cut something, and how much, in minor units."""

    conversions: int = 0
    amount: int = 0

    def add(self, amount: int) -> None:
        """Count one more."""
        self.conversions += 1
        self.amount += amount

    def as_json(self) -> dict[str, int]:
        """As it stands in the result."""
        return {"conversions": self.conversions, "amount": self.amount}


class Findings:
    """Takes in one valued conversion after another; `as_json` tells the sums."""

    def __init__(self, plan: Plan, starts: datetime, ends: datetime) -> None:
        self.plan = plan
        self.conversions = self.revenue = self.earns_no_more = self.earns_newly = 0
        self.people: defaultdict[int, Person] = defaultdict(Person)
        self.levels: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        self.ceiling = Cuts()
        self.caps: defaultdict[tuple[str, str], Cuts] = defaultdict(Cuts)
        self.unvalued: Counter[str] = Counter()
        self.climbs_then, self.climbs_now = Climbs(), Climbs()
        self.extras_then: list[Extra] = []
        self.extras_now: list[Extra] = []
        self.by = stride(starts, ends)
        self.points = {day: [0, 0, 0] for day in begins(self.by, starts, ends)}

    def miss(self, why: str) -> None:
        """Count a conversion that cannot be valued."""
        self.unvalued[why] += 1

    def take(
        self, at: datetime, sale: Sale, revenue: int, evaluation: Evaluation, then: Left, now: Left
    ) -> None:
        """Take in one conversion: what its commissions really hold (`now`) and would hold by the plan (`then`)."""
        self.conversions += 1
        self.revenue += revenue
        was, would = self._earned(then, now)
        self.earns_no_more += was > 0 and would == 0
        self.earns_newly += would > 0 and was == 0
        self._credit(sale, revenue)
        point = self.points[begin(self.by, at.date())]
        point[0] += revenue
        point[1] += was
        point[2] += would
        self._limits(evaluation.trace)

    def take_extras(self, found: Iterable[Extra], *, now: bool = False) -> None:
        """Take in true-ups and bonuses: real ones (`now`), or those of the plan."""
        for one in found:
            person = self.people[one.enrollment_id]
            if now:
                self.extras_now.append(one)
                person.extras_now += one.amount
            else:
                self.extras_then.append(one)
                person.extras_then += one.amount

    def _earned(self, then: Left, now: Left) -> tuple[int, int]:
        was = would = 0
        for (enrollment, level), amount in now.items():
            self.people[enrollment].now += amount
            self.levels[level][0] += amount
            was += amount
        for (enrollment, level), amount in then.items():
            self.people[enrollment].then += amount
            self.levels[level][1] += amount
            would += amount
        return was, would

    def _credit(self, sale: Sale, revenue: int) -> None:
        if len(sale.credits) == 1:
            parts = [revenue]
        else:
            parts = allocate(revenue, [credit.share for credit in sale.credits])
        for credit, part in zip(sale.credits, parts, strict=True):
            person = self.people[credit.enrollment_id]
            person.conversions += 1
            person.revenue += part

    def _limits(self, trace: Mapping[str, Any]) -> None:
        ceiling = trace["ceiling"]
        if over := ceiling["before"] - ceiling["after"]:
            self.ceiling.add(over)
        for cap in trace.get("caps", ()):
            self.caps[cap["of"], cap["period"] or ""].add(cap["before"] - cap["after"])

    def as_json(self) -> dict[str, Any]:
        """Everything found, in minor units of the plan's currency; lists have a length that is bounded."""
        ranked = sorted(self.people.items(), key=lambda pair: (-pair[1].difference, pair[0]))
        half = AFFILIATES // 2
        kept = ranked if len(ranked) <= AFFILIATES else [*ranked[:half], *ranked[-half:]]
        crossings = self.climbs_then.crossings()
        return {
            "v": VERSION,
            "currency": self.plan.currency,
            "conversions": self.conversions,
            "revenue": self.revenue,
            "now": _sums((row[0] for row in self.levels.values()), self.extras_now),
            "then": _sums((row[1] for row in self.levels.values()), self.extras_then),
            "levels": [
                {"level": level, "now": now, "then": then}
                for level, (now, then) in sorted(self.levels.items())
            ],
            "earns_no_more": self.earns_no_more,
            "earns_newly": self.earns_newly,
            "ceiling": self.ceiling.as_json(),
            "caps": [
                {"of": of, "period": period, **cuts.as_json()}
                for (of, period), cuts in sorted(self.caps.items())
            ],
            "affiliates": [self._person(enrollment, person) for enrollment, person in kept],
            "others": _others(ranked[half:-half] if len(ranked) > AFFILIATES else []),
            "gain": sum(person.difference > 0 for person in self.people.values()),
            "lose": sum(person.difference < 0 for person in self.people.values()),
            "crossings": crossings[:CROSSINGS],
            "crossing_count": len(crossings),
            "extras": [one.as_json() for one in _largest(self.extras_then)],
            "unvalued": [
                {"reason": reason, "conversions": count}
                for reason, count in self.unvalued.most_common(REASONS)
            ],
            "unvalued_count": self.unvalued.total(),
            "by": self.by,
            "points": [
                {"from": day.isoformat(), "revenue": revenue, "now": now, "then": then}
                for day, (revenue, now, then) in self.points.items()
            ],
        }

    def _person(self, enrollment: int, person: Person) -> dict[str, Any]:
        now, then = self.climbs_now.highest(enrollment), self.climbs_then.highest(enrollment)
        return {"enrollment": enrollment, **person.as_json(), "step_now": now, "step_then": then}


def _sums(earned: Iterable[int], extras: Iterable[Extra]) -> dict[str, int]:
    sums = {"earned": sum(earned), "true_ups": 0, "bonuses": 0}
    for one in extras:
        sums["true_ups" if one.kind == "true_up" else "bonuses"] += one.amount
    return sums | {"total": sum(sums.values())}


def _others(ranked: list[tuple[int, Person]]) -> dict[str, int] | None:
    if not ranked:
        return None
    rows = [person.as_json() for _enrollment, person in ranked]
    return {"affiliates": len(rows)} | {name: sum(row[name] for row in rows) for name in rows[0]}


def _largest(extras: list[Extra]) -> list[Extra]:
    return sorted(extras, key=lambda one: (-abs(one.amount), one.enrollment_id, one.period))[:EXTRAS]
