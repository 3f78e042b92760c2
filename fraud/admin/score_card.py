"""How good scores are here: what was learned beside the weights, measured on decisions that came later."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from fraud.models import Case, LearnedScore
from fraud.scores.recipes import LEARNS
from fraud.states import GUILTY, CaseState


@dataclass(frozen=True, slots=True)
class Line:
    """One way of ranking: average precision with its interval, and what the first cases of a week's work hold."""

    words: str
    precision: str
    interval: str
    at_capacity: str
    pr_auc: str
    is_used: bool


def score_card(merchant: int) -> dict[str, Any]:
    """What was learned last from a company's decisions; before that, how far there is to go."""
    rows = LearnedScore.objects.filter(merchant=merchant).defer("body")
    newest: LearnedScore | None = rows.order_by("learned_at", "pk").last()
    if newest is None:
        cases = Case.objects.filter(program__merchant=merchant, state=CaseState.DECIDED, verdict__in=GUILTY)
        return {"fraud": cases.count(), "needed": LEARNS}
    in_use = newest if newest.is_current else rows.filter(is_current=True).first()
    return {"newest": newest, "in_use": in_use, "lines": _lines(newest)}


def _lines(row: LearnedScore) -> list[Line]:
    figures = row.figures
    if not figures:
        return []
    named = (
        ("learned", _("learned from decisions"), row.is_current),
        ("weights", _("weights"), not row.is_current),
    )
    return [_line(words, figures[name], is_used) for name, words, is_used in named]


def _line(words: str, figures: dict[str, Any], is_used: bool) -> Line:
    low, high = figures["interval"]
    at = figures["at"][0]
    return Line(
        words=words,
        precision=_percent(figures["average_precision"]),
        interval=f"{_percent(low)} – {_percent(high)}",
        at_capacity=_percent(at["precision"]),
        pr_auc=_percent(figures["pr_auc"]),
        is_used=is_used,
    )


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"
