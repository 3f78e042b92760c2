"""Who is unlike all others? No decision is looked at, so it is never more than a reason to look."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from fraud.checks.base import Check, Limits, Measure
from fraud.states import Action, Cause, Subject


@dataclass(frozen=True, slots=True)
class OddityFacts:
    """How unlike the others an enrollment's figures are (fraud.scores: oddity, 0 to 1), and its place among `of`."""

    enrollment: int
    oddity: float
    place: int
    of: int


def unlike_all(facts: OddityFacts) -> Measure | None:
    """Return the oddity; None where it is nobody's among the others."""
    if facts.of < 2:
        return None
    return Measure(round(facts.oddity, 3), facts.of, {"place": facts.place, "of": facts.of})


CHECKS: tuple[Check[Any], ...] = (
    Check(
        name="unlike_all",
        cause=Cause.STATISTICS,
        subject=Subject.AFFILIATE,
        title=_("Unlike all others"),
        statistic=_("how few questions set its figures apart from all others’, 0 to 1"),
        sentence=_(
            "Number %(place)s of %(of)s affiliates by how unlike the others its figures are, taken together."
        ),
        plain=_("Your figures differ from what is usual in this program, and we are looking at why."),
        past=_("Your figures differed from what is usual in this program."),
        measure=unlike_all,
        limits=Limits(threshold=0.55, sample=50),
        weight=0.3,
        action=Action.NOTE,
        honest=_("Whoever promotes in a way that nobody else does."),
    ),
)
