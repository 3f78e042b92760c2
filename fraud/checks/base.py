"""What a check is: a statistic of some facts, the least it needs to see, and from where on it says something."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from fraud.states import Action, Cause, Subject

Facts = TypeVar("Facts")
Words = Any  # a text that is translated when it is read
Figures = Mapping[str, Any]  # what a sentence is made of, as JSON
ROWS = 50  # how many rows stand behind a finding at most
YES_OR_NO = (1.0, 1.0)  # bounds of a check that states a fact: 1 is yes, and at less its absence would speak
DAY = 86_400.0  # seconds


@dataclass(frozen=True, slots=True)
class Measure:
    """What a check read off the facts: `value` is compared with the threshold, of `sample` cases seen.

    `figures` are what the sentence says, as JSON: counts, shares, baselines, never a threshold and never raw personal
    data. `rows` name what stands behind it, kind -> ids, at most ROWS each: "clicks", "conversions", "enrollments".
    `p` is how likely an honest partner shows as much; partner checks have one, which is held against all others' of the
    same night.
    """

    value: float
    sample: int = 1
    figures: Figures = field(default_factory=dict)
    rows: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a check speaks: `threshold` of its statistic, with at least `sample` cases seen."""

    threshold: float
    sample: int = 1


@dataclass(frozen=True, slots=True)
class Check(Generic[Facts]):
    """One question that is asked of what happened; pure.

    `measure` returns None where the facts do not say (no click, no address ...), which is never held against anybody.
    `title` names what is looked for, `statistic` says what is measured and in what unit, `sentence` what was found,
    with the figures' names in it; `plain` is what the affiliate is told, without figures of others and without limits,
    and `past` what it is told once it is decided, where `plain` speaks of what is still to come.
    `honest` says which honest partners look alike, for the reviewer. `weight` is what the finding adds to a score, in
    natural log units, at most 3. `limits` and `action` are the defaults of a policy. Only a check that
    `may_decline` can be set to decline by itself: what it finds is a fact, not a likelihood.
    """

    name: str
    cause: Cause
    subject: Subject
    title: Words
    statistic: Words
    sentence: Words
    plain: Words
    measure: Callable[[Facts], Measure | None]
    limits: Limits
    weight: float
    action: Action = Action.HOLD
    honest: Words = ""
    past: Words = ""
    is_low_bad: bool = False  # speaks at or under its threshold instead of at or above
    may_decline: bool = False
    between: tuple[float, float] | None = (
        None  # bounds of the threshold where they do not follow from its default
    )

    @property
    def bounds(self) -> tuple[float, float]:
        """Return the least and the most that a threshold can mean.

        Under the least the absence of what is looked for would speak, over the most nothing would. A default under 1 is
        one of a share, a likeness or a part of what is usual; one of 1 or more counts, and one that is low seconds.
        """
        if self.between is not None:
            return self.between
        if self.limits.threshold < 1:
            return 0.01, 1.0
        if self.is_low_bad:
            return 0.0, DAY
        return 1.0, 1_000_000.0 if self.subject == Subject.AFFILIATE else 1000.0

    def told(self, *, is_decided: bool) -> str:
        """Return what the affiliate is told of a finding, while it is looked at or once it is decided."""
        return str(self.past if is_decided and self.past else self.plain)

    def speaks(self, measure: Measure | None, limits: Limits | None = None) -> bool:
        """Say whether a measure is a finding under these limits, or under the default ones.

        A measure that has a `p` must hold its own among all of the same night besides: fraud.maths.discoveries.
        """
        at = limits or self.limits
        if measure is None or measure.sample < at.sample:
            return False
        return measure.value <= at.threshold if self.is_low_bad else measure.value >= at.threshold


@dataclass(frozen=True, slots=True)
class Rule:
    """How a program asks one check: whether, from which limits on, with what weight, and what a finding does."""

    check: Check[Any]
    is_on: bool
    limits: Limits
    weight: float
    action: Action
