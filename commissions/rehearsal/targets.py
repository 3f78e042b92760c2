"""The bonuses of a plan on paper: for joining, and for targets that a period reached. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from commissions.counters import Tally, Window, span
from commissions.plan import Bonus
from commissions.rehearsal.cases import Question
from commissions.rehearsal.findings import Extra


def bonuses(question: Question, tally: Tally, months: Iterable[tuple[int, datetime]]) -> Iterator[Extra]:
    """Yield the bonuses of the periods that lie in the stretch as a whole; of all time, if they are reached in it.

    `tally` are the counters at the end; `months` is (enrollment, an instant) for every month in which one counted.
    """
    months = list(months)
    for bonus in question.plan.bonuses:
        if bonus.window is None:
            for at, who in question.joined:
                yield _bonus(bonus, who, f"{at:%Y-%m}")
        else:
            for who, name in dict.fromkeys(_reached(question, tally, months, bonus, bonus.window)):
                yield _bonus(bonus, who, name)


def _reached(
    question: Question, tally: Tally, months: list[tuple[int, datetime]], bonus: Bonus, window: Window
) -> Iterator[tuple[int, str]]:
    begun = question.tally([window])
    for who, at in months:
        if tally.before((who,), at).of(who, window) < bonus.target:
            continue
        if window.period != "all_time":
            name = question.whole(window.period, at)
        else:
            was = begun.before((who,), question.starts).of(who, window)
            name = span(window.period, at).name if was < bonus.target else ""
        if name:
            yield who, name


def _bonus(bonus: Bonus, enrollment_id: int, period: str) -> Extra:
    return Extra("bonus", enrollment_id, 1, period, bonus.amount, bonus.name)
