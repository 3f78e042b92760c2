"""The true-ups of retroactive brackets on paper: what periods that are over pay more than was paid meanwhile. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from commissions.counters import Counters, Tally, Window
from commissions.plan import Rule
from commissions.rates import Evaluation, evaluate
from commissions.rehearsal.cases import Case, Question, left_of
from commissions.rehearsal.findings import Extra, Left
from commissions.rehearsal.shelf import Shelf
from commissions.sale import Sale

Used = frozenset[tuple[str, int]]  # rule, where the step began that paid a sale or a part of it


class Held(NamedTuple):
    """A conversion of an open period: the counters it was paid from, what is left, and by which steps it was paid.

    Where those steps do not say everything (a share of a sale), they are None.
    """

    case: Case
    sale: Sale
    counters: Counters
    left: Left
    used: dict[int, Used | None]


class TrueUps:
    """Keeps the conversions of every open period, and pays them once more by the steps that it came to at its end.

    `tally` are the counters of the walk; they stay as they were when a calendar period ended. `alive` is called again
    and again while a long period is paid.
    """

    def __init__(self, question: Question, tally: Tally, alive: Callable[[], None]) -> None:
        self.question, self.plan, self.tally, self.alive = question, question.plan, tally, alive
        self.rules: dict[str, dict[str, Rule]] = {}  # by period and id
        for rule in self.plan.rules:
            if rule.reward.window and rule.reward.is_retroactive:
                self.rules.setdefault(rule.reward.window.period, {})[rule.id] = rule
        self._open: dict[str, _Period] = {}  # one of each kind
        self._sums: defaultdict[tuple[int, int, str], int] = defaultdict(int)

    def note(self, case: Case, sale: Sale, counters: Counters, evaluation: Evaluation, left: Left) -> None:
        """Keep a conversion, with the counters that it was paid by and what is left of that."""
        for kind, rules in self.rules.items():
            name = self.question.whole(kind, case.at)
            if not name:
                continue
            period = self._open.get(kind)
            if period is None or period.name != name:
                self._close(kind)
                period = self._open[kind] = _Period(name, case.at)
            used = {row["enrollment"]: _used(row, rules) for row in evaluation.trace["credited"]}
            period.shelf.add(Held(case, sale, counters, left, used))

    def found(self) -> Iterator[Extra]:
        """What each enrollment and level gets, or gives back, for each period that lies in the stretch."""
        for kind in self.rules:
            self._close(kind)
        for (who, level, name), amount in sorted(self._sums.items()):
            if amount:
                yield Extra("true_up", who, level, name, amount)

    def _close(self, kind: str) -> None:
        """Pay the conversions of a period that is over by its final steps; the difference is the true-up."""
        period = self._open.pop(kind, None)
        if period is None:
            return
        finals: dict[int, dict[Window, int]] = {}
        steps: dict[int, Used] = {}
        for held in period.shelf:
            self.alive()
            for who, used in held.used.items():
                if who not in finals:
                    finals[who] = self._final(who, kind, period.at)
                    steps[who] = self._steps(kind, finals[who])
                if used is None or not used <= steps[who]:
                    self._pay(held, {who: finals[who]}, period.name)

    def _pay(self, held: Held, final: dict[int, dict[Window, int]], name: str) -> None:
        closed = evaluate(self.plan, held.sale, replace(held.counters, final=final))
        now = left_of(held.case, closed.commissions)
        for receiver, level in {*now, *held.left}:
            key = receiver, level
            self._sums[receiver, level, name] += now.get(key, 0) - held.left.get(key, 0)

    def _final(self, who: int, kind: str, at: datetime) -> dict[Window, int]:
        """What the retroactive counters of a period came to."""
        reached = self.tally.before((who,), at)
        windows = {rule.reward.window for rule in self.rules[kind].values() if rule.reward.window}
        return {window: reached.of(who, window) for window in windows}

    def _steps(self, kind: str, final: dict[Window, int]) -> Used:
        """The step of each rule that pays at the end: what was paid by it all along needs no second look."""
        return frozenset(
            (rule.id, rule.reward.step_at(final[rule.reward.window]).start)
            for rule in self.rules[kind].values()
            if rule.reward.window
        )


class _Period:
    """A period that is open: its name, an instant in it, and what was sold."""

    def __init__(self, name: str, at: datetime) -> None:
        self.name, self.at = name, at
        self.shelf: Shelf[Held] = Shelf()


def _used(row: dict[str, object], rules: dict[str, Rule]) -> Used | None:
    """The retroactive steps that paid one affiliate's part of a sale; only for a whole share they say everything."""
    if row["share"] != "1":
        return None
    parts: list[dict[str, object]] = [*row["slices"], *row["steps"]]  # type: ignore[misc]  # both are lists
    return frozenset((str(part["rule"]), int(str(part["from"]))) for part in parts if part["rule"] in rules)
