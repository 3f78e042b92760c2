"""What a person should look at before a batch is approved: outliers, first-time payees, new details."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from django.db.models import Avg, Max

from core.money import Money
from payouts.models import Batch, HeldBack, Payout
from payouts.states import PayoutState

MUCH = 3  # times the usual
SAMPLE = 500  # of the program's latest payouts stand for what is usual in it
REAL = (PayoutState.APPROVED, PayoutState.SENT, PayoutState.PAID)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A payout of the batch and what is unusual about it; `usual` is None at the first payout."""

    payout: Payout
    usual: Money | None
    is_outlier: bool
    is_first: bool
    has_new_details: bool

    @property
    def is_flagged(self) -> bool:
        """Should a person look twice?"""
        return self.is_outlier or self.is_first or self.has_new_details


@dataclass(frozen=True, slots=True)
class Review:
    """A batch, ready to be judged: its payouts, the flagged ones first, and what was held back."""

    total: Money
    rows: list[Reviewed]
    held_back: list[HeldBack]
    held_total: Money

    @property
    def outliers(self) -> int:
        """How many are far above the usual."""
        return sum(row.is_outlier for row in self.rows)

    @property
    def first_time(self) -> int:
        """How many are paid for the first time."""
        return sum(row.is_first for row in self.rows)

    @property
    def new_details(self) -> int:
        """How many have other payment details than last time."""
        return sum(row.has_new_details for row in self.rows)


def review(batch: Batch) -> Review:
    """Look at every payout of a batch beside the affiliate's and the program's history; five queries."""
    payouts = list(batch.payouts.select_related("enrollment__affiliate", "payee").order_by("-amount", "pk"))
    history, middle = _history(batch, payouts), _middle(batch, payouts)
    rows = [_look_at(payout, history.get(payout.enrollment_id), middle) for payout in payouts]
    rows.sort(key=lambda row: (not row.is_flagged, -row.payout.amount))
    held_back = list(
        batch.held_back.select_related("enrollment__affiliate", "batch__program").order_by(
            "reason", "-amount"
        )
    )
    currency = batch.program.currency
    total = sum(payout.amount for payout in payouts if payout.state != PayoutState.CANCELLED)
    return Review(
        Money(total, currency), rows, held_back, Money(sum(row.amount for row in held_back), currency)
    )


def _history(batch: Batch, payouts: Iterable[Payout]) -> dict[int, dict[str, Any]]:
    enrollments = [payout.enrollment_id for payout in payouts]
    earlier = Payout.objects.filter(enrollment__in=enrollments, state__in=REAL).exclude(batch=batch)
    earlier = earlier.filter(created_at__lte=batch.opened_at)
    sums = earlier.order_by().values("enrollment").annotate(usual=Avg("amount"), last=Max("approved_at"))
    return {row["enrollment"]: row for row in sums}


def _middle(batch: Batch, payouts: list[Payout]) -> float:
    earlier = Payout.objects.filter(program=batch.program_id, state__in=REAL).exclude(batch=batch)
    amounts = list(earlier.order_by("-pk").values_list("amount", flat=True)[:SAMPLE])
    return float(median(amounts + [payout.amount for payout in payouts])) if amounts or payouts else 0.0


def _look_at(payout: Payout, before: dict[str, Any] | None, middle: float) -> Reviewed:
    usual = float(before["usual"]) if before else middle
    return Reviewed(
        payout=payout,
        usual=Money(round(float(before["usual"])), payout.currency) if before else None,
        is_outlier=payout.amount > MUCH * usual,
        is_first=before is None,
        has_new_details=before is not None and _changed_since(payout, before["last"]),
    )


def _changed_since(payout: Payout, last: datetime | None) -> bool:
    return last is not None and payout.payee.changed_at > last
