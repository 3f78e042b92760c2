"""Where the reading of a period stands: the page to come, what was listed last, and which orders were not listed.

A store lists orders by their last change, and we know when we think that was. So each page covers a stretch of time,
and whatever we know of that stretch which the page does not name is deleted at the store, or has changed since.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from integrations.connectors.base import OrderPage
from tracking.orders import OrderIn

UNLISTED_LIMIT = 1000  # of orders known here that the store does not list; only some of them are asked about
STALE_LIMIT = 3  # pages in a row that say nothing new
STEP_LIMIT = 20_000
GONE_LIMIT = 200  # orders that the store does not list are asked about one by one
# fewer are taken back at once; more than many, or more than one in so many of those known, by a person
FEW_GONE, MANY_GONE, ONE_IN = 3, 20, 5

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """How far a reading is. `begin` is where the stretch of the next page begins; `listed` the numbers named in it.

    `last` are number and revision of the orders of the last page, `unlisted` number and revision key of those that we
    know and no page has named; `known` is how many we know in all that was read.
    `gone` are those that the store does not know, first asked at `gone_at`, and not taken back yet; `trouble` is what
    stood in the way of the last of them, `failing` for how many in a row.
    """

    begin: str
    step: int = 0
    page: str | None = None
    listed: tuple[str, ...] = ()
    last: tuple[Pair, ...] = ()
    unlisted: tuple[Pair, ...] = ()
    known: int = 0
    stale: int = 0
    is_listed: bool = False
    asked: int = 0
    left: int = 0
    gone: tuple[Pair, ...] = ()
    gone_at: str = ""
    is_confirmed: bool = False
    failing: int = 0
    trouble: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the place as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], begins_at: datetime) -> "Place":
        """Read what `as_json` wrote; nothing yet is the beginning."""
        if not plain:
            return cls(begins_at.isoformat())
        named = ("last", "unlisted", "gone")
        pairs = {name: tuple((one, two) for one, two in plain.get(name, ())) for name in named}
        return cls(**{**plain, **pairs, "listed": tuple(plain["listed"])})

    def fresh(self, page: OrderPage) -> tuple[OrderIn, ...]:
        """Return the orders of a page that the page before did not tell: pages overlap where changes share a second."""
        return tuple(order for order in page.orders if (order.external_id, _revision(order)) not in self.last)

    def fresh_refusals(self, page: OrderPage) -> tuple[Pair, ...]:
        """Return what could not be read and was not noted with the page before."""
        return tuple(pair for pair in page.refused if (pair[0], "") not in self.last)

    def stretch(self, page: OrderPage, ends_at: datetime) -> tuple[datetime, datetime]:
        """Return the time that a page covers: [from, to)."""
        begin = datetime.fromisoformat(self.begin)
        if page.cursor is None:
            return begin, ends_at
        end = max((order.revision_at for order in page.orders), default=begin)
        return begin, max(begin, min(end, ends_at))

    def after(self, page: OrderPage, ends_at: datetime, known: Iterable[Pair]) -> "Place":
        """Return the place behind a page; `known` are number and revision key of our orders in its stretch."""
        end = self.stretch(page, ends_at)[1]
        here = list(known)
        named = {order.external_id for order in page.orders} | {number for number, _why in page.refused}
        listed = set(self.listed) | named
        unlisted = [pair for pair in self.unlisted if pair[0] not in named]
        unlisted += [pair for pair in here if pair[0] not in listed]
        kept = {order.external_id for order in page.orders if order.revision_at >= end}
        kept |= {number for number, _why in page.refused}
        still = kept if end > datetime.fromisoformat(self.begin) else listed
        is_new = bool(self.fresh(page) or self.fresh_refusals(page))
        is_stale = bool(page.orders or page.refused) and not is_new  # nothing at all is a quiet time
        return replace(
            self,
            begin=end.isoformat(),
            step=self.step + 1,
            page=page.cursor,
            listed=tuple(sorted(still)),
            last=tuple(_pairs(page)),
            unlisted=tuple(unlisted[:UNLISTED_LIMIT]),
            known=self.known + len(here),
            stale=self.stale + 1 if page.cursor and (is_stale or page.cursor == self.page) else 0,
            is_listed=page.cursor is None,
            left=self.left + len(unlisted[UNLISTED_LIMIT:]),
        )

    def is_endless(self, seen: int, total: int | None) -> bool:
        """Say whether the store repeats itself: the same pages again, or far more orders than there are."""
        too_many = total is not None and seen > 2 * total + 1000
        return self.stale >= STALE_LIMIT or self.step > STEP_LIMIT or too_many

    def after_asking(self, count: int, gone: Iterable[Pair], at: datetime) -> "Place":
        """Return the place after `count` unlisted orders were asked about, of which the store knows not `gone`."""
        asked, rest, more = self.asked + count, self.unlisted[count:], tuple(gone)
        is_enough = asked >= GONE_LIMIT
        return replace(
            self,
            step=self.step + 1,
            unlisted=() if is_enough else rest,
            asked=asked,
            left=self.left + (len(rest) if is_enough else 0),
            gone=self.gone + more,
            gone_at=self.gone_at if self.gone or not more else at.isoformat(),
        )

    def is_doubtful(self) -> bool:
        """Say whether the store knows so few of our orders that it is perhaps a copy, or not the same store."""
        count = len(self.gone)
        return (
            not self.is_confirmed and count >= FEW_GONE and (count > MANY_GONE or ONE_IN * count > self.known)
        )

    def confirmed(self) -> "Place":
        """Return the place from which those that are gone are asked about again, and taken back."""
        return replace(
            self,
            step=self.step + 1,
            unlisted=self.gone,
            gone=(),
            asked=0,
            is_confirmed=True,
            failing=0,
            trouble="",
        )


def revision_bound(moment: datetime) -> str:
    """Return a text that is below the revision keys from this moment on, and above all before."""
    return f"{moment.timestamp():020.6f}"


def _revision(order: OrderIn) -> str:
    return order.revision_at.astimezone(UTC).isoformat()


def _pairs(page: OrderPage) -> list[Pair]:
    told = [(order.external_id, _revision(order)) for order in page.orders]
    return told + [(number, "") for number, _why in page.refused]
