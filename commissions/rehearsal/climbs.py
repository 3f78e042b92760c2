"""How far affiliates came on the brackets of a plan: which step they reached, and who crossed from one to another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commissions.plan import Rule
from commissions.worth import step_as_json


@dataclass(slots=True)
class Climb:
    """A counter of one enrollment in one period: where it stood at first and at last, and when that was."""

    enrollment_id: int
    rule: Rule
    period: str
    first: int
    last: int
    at: datetime

    @property
    def places(self) -> tuple[int, int]:
        """The number of the step at first, and at last; the lowest is 0."""
        steps = self.rule.reward.steps
        first, last = (self.rule.reward.step_at(value) for value in (self.first, self.last))
        return steps.index(first), steps.index(last)

    def step(self, place: int) -> dict[str, Any]:
        """A step for people's eyes: its rule, what it is measured by, from where on, what it pays."""
        window = self.rule.reward.window
        row = {"rule": self.rule.name, "metric": window.metric if window else "", "period": self.period}
        return row | {"reached": self.last} | step_as_json(self.rule.reward.steps[place])

    def as_json(self) -> dict[str, Any]:
        """A crossing, as it stands in the result."""
        first, last = self.places
        return {"enrollment": self.enrollment_id, "from": self.step(first), "to": self.step(last)}


class Climbs:
    """All counters of a plan's brackets, by enrollment, rule and period."""

    def __init__(self) -> None:
        self._climbs: dict[tuple[int, str, str], Climb] = {}
        self._highest: dict[int, Climb] | None = None

    def note(
        self, enrollment_id: int, rule: Rule, period: str, at: datetime, before: int, after: int
    ) -> None:
        """Say that a counter stood at `before` when a conversion came, and at `after` when it was counted."""
        climb = self._climbs.get((enrollment_id, rule.id, period))
        if climb is None:
            climb = Climb(enrollment_id, rule, period, before, after, at)
            self._climbs[enrollment_id, rule.id, period] = climb
        climb.last, climb.at = after, at

    def crossings(self) -> list[dict[str, Any]]:
        """Who ended a period on another step than it began, the farthest first."""
        crossed = [climb for climb in self._climbs.values() if climb.places[0] != climb.places[1]]
        crossed.sort(key=lambda climb: (-climb.places[1], -climb.last, climb.enrollment_id, climb.period))
        return [climb.as_json() for climb in crossed]

    def highest(self, enrollment_id: int) -> dict[str, Any] | None:
        """The highest step that an enrollment reached in any period, or None where no bracket paid it."""
        if self._highest is None:
            ranked = sorted(self._climbs.values(), key=lambda climb: (climb.places[1], climb.last))
            self._highest = {climb.enrollment_id: climb for climb in ranked}
        climb = self._highest.get(enrollment_id)
        return climb.step(climb.places[1]) if climb else None
