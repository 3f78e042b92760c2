"""What a simulation replays: real conversions as values, and what a plan leaves of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from commissions.counters import Tally, Window, span
from commissions.counting import Counted, Key
from commissions.earned import Earned
from commissions.plan import Plan
from commissions.refunds import due
from commissions.rehearsal.findings import Extra, Left
from commissions.sale import Sale


@dataclass(frozen=True, slots=True)
class Case:
    """A real conversion as it is replayed; `at` is when it occurred on the program's clock, without zone.

    Without a `sale` it cannot be valued, and `why` says what is missing. `now` is what its commissions really hold,
    after refunds. `parts` and `units` are how much of each line went back, `declined` the commissions that were
    refused; one that `is_void` is no longer a sale, or was refused as a whole, and is left out. `counted` is what it
    really adds to the counters, and `version` the plan version it was paid by. What another plan pays for is only
    counted (`is_elsewhere`).
    """

    at: datetime
    sale: Sale | None
    why: str = ""
    revenue: int = 0
    now: Left = field(default_factory=dict)
    parts: Mapping[str, Fraction] = field(default_factory=dict)
    units: Mapping[str, int] = field(default_factory=dict)
    declined: frozenset[Key] = frozenset()
    is_void: bool = False
    is_elsewhere: bool = False
    counted: tuple[Counted, ...] = ()
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a plan, and a stretch of the program's clock from `starts` on and before `ends`.

    `before` is what was counted before the stretch, oldest first; `versions` are the plans that really paid, by the
    id of their version; `extras` the true-ups and bonuses that were really paid for its periods, and `joined` the
    enrollments that became active in it, with the time.
    """

    plan: Plan
    starts: datetime
    ends: datetime
    before: tuple[tuple[datetime, Counted], ...] = ()
    versions: Mapping[int, Plan] = field(default_factory=dict)
    extras: tuple[Extra, ...] = ()
    joined: tuple[tuple[datetime, int], ...] = ()

    def whole(self, period: str, at: datetime) -> str:
        """Return the name of the period round an instant if all of it lies in the stretch, else an empty text."""
        around = span(period, at)
        if around.start is None or around.end is None:
            return ""
        return around.name if self.starts <= around.start and around.end <= self.ends else ""

    def tally(self, windows: Iterable[Window | None]) -> Tally:
        """Return the counters of these windows as they stood when the stretch began."""
        tally = Tally({window for window in windows if window})
        count(tally, self.before)
        return tally


def counter_windows(plan: Plan) -> frozenset[Window]:
    """Return every counter that a plan reads, those of its bonuses among them."""
    return plan.windows | {bonus.window for bonus in plan.bonuses if bonus.window}


def who_counts(plan: Plan, sale: Sale) -> list[int]:
    """Return whose counters a sale asks for: those credited, and those whom the plan splits with."""
    credited = [credit.enrollment_id for credit in sale.credits]
    return [*credited, *sale.partners.values()] if plan.split else credited


def left_of(case: Case, earned: tuple[Earned, ...]) -> Left:
    """Return (enrollment, level) -> minor units that refunds and refusals leave of what is earned."""
    return {
        (one.enrollment_id, one.level): due(one, case.parts, case.units) if case.parts else one.amount
        for one in earned
        if not case.declined or (one.enrollment_id, one.level) not in case.declined
    }


def count(tally: Tally, counted: Iterable[tuple[datetime, Counted]]) -> None:
    """Move counters on by what conversions add to them, in the order of time."""
    if tally.windows:
        for at, one in counted:
            tally.add(
                at,
                one.enrollment_id,
                base=one.base,
                conversions=one.conversions,
                commission=one.commission,
                spent=one.spent,
            )
