"""What an affiliate's terms say, and what changes in them, in words: for its pages, its letters and its consent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format

from affiliates.models import Coupon, Enrollment, Program
from commissions.models import PlanVersion
from commissions.standing.seen import Reader, body_for, coupons_in
from commissions.standing.tenure import Tenure, tenures_of
from commissions.words import changes_in_words, plan_in_words
from core.models import Job

ANNOUNCED = "terms.announced"


@dataclass(frozen=True, slots=True)
class Wording:
    """What a version says, in sentences: a rule each, then all that holds beside the rules."""

    rules: tuple[str, ...]
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A version that comes into force, or just has: from when on, and what is different then, in sentences.

    `is_first` where nothing held before: then the sentences are all that it says.
    """

    version: PlanVersion
    starts_at: datetime
    points: tuple[str, ...]
    is_first: bool = False

    def day(self, program: Program, now: datetime) -> str:
        """Since when, or from when on, with the hour only where it lies ahead."""
        if self.starts_at > now:
            return day_of(program, self.starts_at)
        return date_format(program.local(self.starts_at), "j F Y")


def reader_of(enrollment: Enrollment, versions: Sequence[PlanVersion]) -> Reader:
    """Return whose eyes are to read these versions."""
    asked = {code for version in versions for code in coupons_in(version.body)}
    foreign: set[str] = set()
    if asked:
        others = Coupon.objects.filter(program=enrollment.program_id).exclude(enrollment=enrollment)
        foreign = {code.upper() for code in others.values_list("code", flat=True)} & asked
    return Reader(enrollment.group.name if enrollment.group else "", frozenset(foreign))


def in_words(version: PlanVersion, reader: Reader, currency: str) -> Wording:
    """Say what a version pays its reader."""
    body = body_for(version.body, reader)
    said = plan_in_words(body, currency)
    rules = len(body["rules"])
    return Wording(tuple(said[:rules]), tuple(said[rules:]))


def differences(old: PlanVersion, new: PlanVersion, reader: Reader, currency: str) -> tuple[str, ...]:
    """Say what is different for the reader; nothing where the change concerns others."""
    return tuple(changes_in_words(body_for(old.body, reader), body_for(new.body, reader), currency))


def change_to(tenure: Tenure, before: PlanVersion | None, reader: Reader, currency: str) -> Change:
    """Return what a tenure brings after the version before it."""
    if before is None:
        said = in_words(tenure.version, reader, currency)
        return Change(tenure.version, tenure.starts_at, said.rules + said.beside, is_first=True)
    points = differences(before, tenure.version, reader, currency)
    return Change(tenure.version, tenure.starts_at, points)


@dataclass(frozen=True, slots=True)
class News:
    """A change that is announced, whether another one follows it, and whether it replaces one announced before."""

    change: Change
    follows: bool
    replaces: bool


def announced(enrollment: Enrollment, data: Mapping[str, Any], at: datetime) -> News | None:
    """Return what an announcement is of; None once a newer version took its place, or if nothing changes for it."""
    tenures = tenures_of(enrollment)
    place = next(
        (
            index
            for index, tenure in enumerate(tenures)
            if tenure.version.pk == data["version"] and not tenure.is_over(at)
        ),
        None,
    )
    if place is None:
        return None
    letters = _letters(enrollment)
    known = _last_known(tenures[:place], letters, at)
    reader = reader_of(enrollment, [tenure.version for tenure in tenures])
    change = change_to(tenures[place], known, reader, enrollment.program.currency)
    if not change.points:
        return None
    return News(change, place + 1 < len(tenures), _replaces(change.version, tenures, letters))


def _letters(enrollment: Enrollment) -> dict[int, datetime | None]:
    """Version -> when the letter on it was dealt with, sent or found to be no news; None while it waits."""
    jobs = Job.objects.filter(
        event__kind=ANNOUNCED,
        event__subject_type=enrollment._meta.label_lower,
        event__subject_id=str(enrollment.pk),
    )
    return dict(jobs.order_by("pk").values_list("event__data__version", "done_at"))


def _last_known(
    earlier: Sequence[Tenure], letters: Mapping[int, datetime | None], at: datetime
) -> PlanVersion | None:
    """The version before, as far as the affiliate knows: one that was over before its letter was sent is left out."""
    for tenure in reversed(earlier):
        sent_at = letters.get(tenure.version.pk, tenure.starts_at) or at
        if tenure.ends_at is None or sent_at < tenure.ends_at:
            return tenure.version
    return None


def _replaces(
    version: PlanVersion, tenures: Sequence[Tenure], letters: Mapping[int, datetime | None]
) -> bool:
    """Was the affiliate told of a version of the plan that this one leaves no time for?"""
    holding = [tenure.version.pk for tenure in tenures]
    earlier = PlanVersion.objects.filter(plan=version.plan_id, number__lt=version.number)
    lost = earlier.filter(effective_at__gt=version.published_at).exclude(pk__in=holding)
    told = (letters.get(pk) for pk in lost.values_list("pk", flat=True))
    return any(at is not None and at < version.published_at for at in told)


def day_of(program: Program, at: datetime) -> str:
    """A date on the program's own clock, with the time where it is not midnight."""
    local = program.local(at)
    is_midnight = not (local.hour or local.minute or local.second)
    return date_format(local, "j F Y" if is_midnight else "j F Y, H:i T")
