"""What a plan would have cost: the real conversions of a period, paid by it on paper. Pure; nothing is written.

`simulate` walks the conversions in the order (occurred_at, id) and calls the same `evaluate` as the live path, with
counters that run along (`commissions.counters.Tally`). Refunds and declined commissions count as they do in the books.
Under retroactive brackets a conversion is paid once more when its period is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from commissions.counters import NONE, span
from commissions.counting import Counted, counted_of
from commissions.plan import Plan, Rule
from commissions.rates import Evaluation, evaluate
from commissions.rehearsal.cases import Case, Question, count, counter_windows, left_of, who_counts
from commissions.rehearsal.findings import Extra, Findings
from commissions.rehearsal.targets import bonuses
from commissions.rehearsal.true_ups import TrueUps
from commissions.sale import Sale

__all__ = ["Case", "Counted", "Extra", "Findings", "Question", "simulate"]


def simulate(question: Question, cases: Iterable[Case], alive: Callable[[], None] = lambda: None) -> Findings:
    """Pay every case by the plan and compare; they come in the order of time.

    `alive` is called wherever much is worked out without asking for a further case; what it raises ends the run.
    """
    replay = _Replay(question, alive)
    for case in cases:
        replay.take(case)
    findings = replay.findings
    findings.take_extras(question.extras, now=True)
    findings.take_extras(bonuses(question, replay.tally, replay.months))
    findings.take_extras(replay.true_ups.found())
    return findings


class _Replay:
    """One walk through the cases, with two sets of counters: those of the plan, and the real ones."""

    def __init__(self, question: Question, alive: Callable[[], None]) -> None:
        self.plan = question.plan
        self.brackets = {rule.id: rule for rule in _brackets(self.plan)}
        self.real = {number: _brackets(plan) for number, plan in question.versions.items()}
        self.tally = question.tally(counter_windows(self.plan))
        self.reality = question.tally(rule.reward.window for rules in self.real.values() for rule in rules)
        self.findings = Findings(self.plan, question.starts, question.ends)
        self.true_ups = TrueUps(question, self.tally, alive)
        self.months: dict[tuple[int, datetime], None] = {}  # in which an enrollment counted something

    def take(self, case: Case) -> None:
        """Pay one case, or say why not, and move the counters on."""
        if case.is_void:
            return
        if case.is_elsewhere:
            count(self.tally, ((case.at, one) for one in case.counted))
        elif case.sale is None:
            self.findings.miss(case.why)
        else:
            self._pay(case, case.sale)
        if self.reality.windows:
            self._note_reality(case)

    def _pay(self, case: Case, sale: Sale) -> None:
        plan, tally = self.plan, self.tally
        counters = tally.before(who_counts(plan, sale), case.at) if plan.windows else NONE
        evaluation = evaluate(plan, sale, counters)
        left = left_of(case, evaluation.commissions)
        self.findings.take(case.at, sale, case.revenue, evaluation, left, case.now)
        if not tally.windows:
            return
        counted = counted_of(sale.goal, evaluation.credited, case.parts, left, case.declined)
        count(tally, ((case.at, one) for one in counted))
        if self.brackets:
            self._note_climbs(case.at, evaluation, {one.enrollment_id: one for one in counted})
        if self.true_ups.rules:
            self.true_ups.note(case, sale, counters, evaluation, left)
        if plan.bonuses:
            month = case.at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            self.months |= dict.fromkeys((one.enrollment_id, month) for one in counted)

    def _note_climbs(self, at: datetime, evaluation: Evaluation, counted: Mapping[int, Counted]) -> None:
        """Note how far the brackets that paid have come; where the counters stood is in the trace."""
        for row in evaluation.trace["credited"]:
            stood = {(one["metric"], one["period"]): one for one in row["counters"]}
            for rule_id in {part["rule"] for part in (*row["slices"], *row["steps"])}:
                rule = self.brackets[rule_id]
                counter = stood[rule.reward.window]  # type: ignore[index]  # a window is a pair of two texts
                after = counter["before"] + _measure(counted.get(row["enrollment"]), rule)
                place = row["enrollment"], rule, counter["name"]
                self.findings.climbs_then.note(*place, at, counter["before"], after)

    def _note_reality(self, case: Case) -> None:
        """Note how far the brackets that really paid had come, then move the real counters on."""
        rules = self.real.get(case.version or 0, ()) if case.sale and not case.is_elsewhere else ()
        for one in case.counted:
            stood = self.reality.before((one.enrollment_id,), case.at) if rules else NONE
            for rule in rules if one.conversions else ():
                assert rule.reward.window  # noqa: S101 - brackets have one
                before = stood.of(one.enrollment_id, rule.reward.window)
                name = span(rule.reward.window.period, case.at).name
                after = before + _measure(one, rule)
                self.findings.climbs_now.note(one.enrollment_id, rule, name, case.at, before, after)
        count(self.reality, ((case.at, one) for one in case.counted))


def _brackets(plan: Plan) -> list[Rule]:
    return [rule for rule in plan.rules if rule.reward.window]


def _measure(one: Counted | None, rule: Rule) -> int:
    """How far a conversion brings a rule's counter."""
    if one is None or rule.reward.window is None:
        return 0
    return int(getattr(one, rule.reward.window.metric))
