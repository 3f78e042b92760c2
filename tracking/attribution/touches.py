"""What a decision goes by: touches, coupons, the customer's history, the program's terms; and the verdict."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from tracking.attribution.sharing import Sharing

SKEW = timedelta(minutes=5)  # a store's clock may run a little behind ours
CLICK, VIEW = "c", "v"
CODE, REFERRER = "ref", "referrer"  # found by what the order says alone, no click of ours


@dataclass(frozen=True, slots=True)
class Touch:
    """A contact that may be credited; `via` says how it was found: tid, visitor, identity, ref or referrer.

    `visitor` tells repeats apart; it is empty where it is not known. `page` is the affiliate's own page that the buyer
    came from, where the order says so.
    """

    enrollment: int
    at: datetime
    via: str
    window: timedelta
    click: str = ""
    is_bot: bool = False
    is_active: bool = True
    sub_ids: tuple[str, ...] = ()
    kind: str = CLICK
    visitor: str = ""
    page: str = ""

    @property
    def is_hint(self) -> bool:
        """Whether only the order says so, by a code or by the page that the buyer came from: no click of ours."""
        return self.via in (CODE, REFERRER)


Judged = tuple[Touch, str]  # a touch, and why it is out of the question ("" if it is not)


@dataclass(frozen=True, slots=True)
class CouponUse:
    """A known coupon that the order used."""

    coupon: int
    code: str
    enrollment: int
    kind: str
    policy: str
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Binding:
    """The affiliate that the customer's latest credited order, at `at`, went to."""

    enrollment: int
    at: datetime
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """The part of a program's attribution terms that a decision needs; clicks bring their own windows.

    `views`: whether views count at all; `repeat` the time in which a second click is a repeat.
    """

    window: timedelta
    bound: timedelta
    sharing: Sharing = field(default_factory=Sharing)
    views: bool = False
    repeat: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who is credited with what share, on what evidence, and the trace.

    `enrollment` is the principal: whoever has the largest share, of equal ones the later touch, then the lower id.
    `shares` begin with it and add up to 1; `path` is the journey of eligible touches.
    """

    enrollment: int | None
    evidence: str
    click: str = ""
    coupon: int | None = None
    trace: dict[str, Any] = field(default_factory=dict)
    shares: tuple[tuple[int, Fraction], ...] = ()
    path: tuple[tuple[int, int, str], ...] = ()
