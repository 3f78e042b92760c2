"""A customer's purchases in figures: what they are worth, how often they come, what they like; pure.

Amounts are minor units of one currency, the program's. The words and limits stand in docs/integrations/customers.md.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median

LAPSED_AFTER = timedelta(days=180)  # without a rhythm of their own
LAPSED_RHYTHM = 3  # times the customer's own pause
LOYAL_FROM = 4  # orders
MOST_CATEGORIES = 3


class Segment(StrEnum):
    """What a customer is to the shop; each is in one."""

    LEAD = "lead"
    NEW = "new"
    REPEAT = "repeat"
    LOYAL = "loyal"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Purchase:
    """One order that counts: `paid` what the buyer paid, `returned` what went back, both with tax and shipping.

    One in a currency without a rate is not valued: it says when the customer came, and `is_lost` whether all went back.
    """

    number: str
    at: datetime
    paid: int
    returned: int = 0
    categories: Mapping[str, int] | None = None
    is_valued: bool = True
    is_lost: bool = False

    @property
    def kept(self) -> int:
        """What stayed with the shop."""
        return max(0, self.paid - self.returned)

    @property
    def is_kept(self) -> bool:
        """Something of it stayed; an order for nothing stays unless it was returned."""
        return self.kept > 0 or (self.paid == 0 and not self.is_lost)


@dataclass(frozen=True, slots=True)
class Profile:
    """The figures; times are None and numbers 0 where there was no order."""

    orders: int
    kept_orders: int
    first: Purchase | None
    last: Purchase | None
    lifetime: int
    returned: int
    average: int
    recency_days: int | None
    pause_days: int | None
    favourites: tuple[str, ...]
    segment: Segment
    entered_at: datetime | None = None  # when the segment was entered; None for who never bought
    lapses_at: datetime | None = None  # when the clock alone moves the customer to the lapsed ones


def profile_of(purchases: Iterable[Purchase], now: datetime) -> Profile:
    """Work out the figures at a time; orders of the same moment stand by number."""
    rows = sorted(purchases, key=lambda each: (each.at, each.number))
    kept = [each for each in rows if each.is_kept]
    lifetime, valued = sum(each.kept for each in rows), [each for each in kept if each.is_valued]
    pause = _pause(kept)
    lapses_at = kept[-1].at + _patience(pause) if kept else None
    segment = _segment(kept, lapses_at, now)
    return Profile(
        orders=len(rows),
        kept_orders=len(kept),
        first=rows[0] if rows else None,
        last=rows[-1] if rows else None,
        lifetime=lifetime,
        returned=sum(each.returned for each in rows),
        average=(lifetime + len(valued) // 2) // len(valued) if valued else 0,
        recency_days=max(0, (now - kept[-1].at).days) if kept else None,
        pause_days=pause.days if pause else None,
        favourites=_favourites(kept),
        segment=segment,
        entered_at=_entered_at(kept, segment, lapses_at),
        lapses_at=lapses_at,
    )


def _pause(kept: Sequence[Purchase]) -> timedelta | None:
    """The middle one of the pauses between orders; None for a customer who has not come back."""
    pauses = [(after.at - before.at).total_seconds() for before, after in pairwise(kept)]
    return timedelta(seconds=median(pauses)) if pauses else None


def _patience(pause: timedelta | None) -> timedelta:
    return max(LAPSED_AFTER, LAPSED_RHYTHM * pause) if pause else LAPSED_AFTER


def _segment(kept: Sequence[Purchase], lapses_at: datetime | None, now: datetime) -> Segment:
    if lapses_at is None:
        return Segment.LEAD
    if now > lapses_at:
        return Segment.LAPSED
    if len(kept) >= LOYAL_FROM:
        return Segment.LOYAL
    return Segment.REPEAT if len(kept) > 1 else Segment.NEW


def _entered_at(kept: Sequence[Purchase], segment: Segment, lapses_at: datetime | None) -> datetime | None:
    """By which order the segment was reached, as the kept orders stand now."""
    if not kept or segment == Segment.LAPSED:
        return lapses_at
    order = {Segment.NEW: 0, Segment.REPEAT: 1, Segment.LOYAL: LOYAL_FROM - 1}
    return kept[order[segment]].at


def _favourites(kept: Iterable[Purchase]) -> tuple[str, ...]:
    """The categories most was paid for; by name where it is as much."""
    worth: Counter[str] = Counter()
    for each in kept:
        worth.update(each.categories or {})
    ranked = sorted((-amount, name) for name, amount in worth.items() if amount > 0)
    return tuple(name for _amount, name in ranked[:MOST_CATEGORIES])
