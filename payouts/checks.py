"""What must be true of payouts and the books between them; each check only reads and yields a sentence per breach."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from affiliates.models import Enrollment
from commissions.models import Entry
from commissions.states import AccountKind
from payouts.models import Payout
from payouts.states import PayoutState

PART = 500
IN_TRANSIT = (PayoutState.APPROVED, PayoutState.SENT)


def payouts_are_their_items() -> Iterator[str]:
    """A live payout is the sum of its items; one that failed or was cancelled holds none."""
    total = Coalesce(Sum("items__amount", filter=Q(items__is_live=True)), 0)
    live = Payout.objects.live().annotate(total=total).exclude(total=F("amount"))
    for payout in _parts(live.select_related("program")):
        yield f"Payout {payout} pays {payout.money}, its items add up to {payout.program.money(payout.total)}."
    ended = Payout.objects.filter(state__in=[PayoutState.FAILED, PayoutState.CANCELLED], items__is_live=True)
    for payout in _parts(ended.distinct()):
        yield f"Payout {payout} is {payout.state}, but still holds entries."


def entries_are_paid_once() -> Iterator[str]:
    """No entry is in live payouts with more than its amount, and none with an amount of the wrong sign."""
    rows = Entry.objects.annotate(
        taken=Coalesce(Sum("payout_items__amount", filter=Q(payout_items__is_live=True)), 0)
    )
    earned = Q(credit__kind=AccountKind.PAYABLE)
    too_much = (earned & (Q(taken__gt=F("amount")) | Q(taken__lt=0))) | (
        ~earned & (Q(taken__lt=-F("amount")) | Q(taken__gt=0))
    )
    for entry in _parts(rows.filter(too_much)):
        yield f"Entry {entry.pk} ({entry}) is in payouts with {entry.taken} minor units."


def books_follow_payouts() -> Iterator[str]:
    """What is on its way is what approved and sent payouts are worth, and what is paid is what was paid."""
    for enrollment in _parts(_with_sums(Enrollment.objects.select_related("program"))):
        money = enrollment.program.money
        for word, has, wanted in (
            ("on its way", enrollment.transit_in - enrollment.transit_out, enrollment.moving),
            ("paid", enrollment.paid_in - enrollment.paid_out, enrollment.settled),
        ):
            if has != wanted:
                yield f"Enrollment {enrollment.pk} has {money(has)} {word}, its payouts say {money(wanted)}."


def _with_sums(rows: "models.QuerySet[Any]") -> "models.QuerySet[Any]":
    summed: models.QuerySet[Any] = rows.annotate(
        transit_in=_entries("credit", AccountKind.IN_TRANSIT),
        transit_out=_entries("debit", AccountKind.IN_TRANSIT),
        paid_in=_entries("credit", AccountKind.PAID),
        paid_out=_entries("debit", AccountKind.PAID),
        moving=_payouts(IN_TRANSIT),
        settled=_payouts((PayoutState.PAID,)),
    )
    return summed


def _entries(side: str, kind: str) -> Coalesce:
    rows = Entry.objects.filter(**{f"{side}__enrollment": models.OuterRef("pk"), f"{side}__kind": kind})
    return _total(rows, f"{side}__enrollment")


def _payouts(states: tuple[str, ...]) -> Coalesce:
    return _total(Payout.objects.filter(enrollment=models.OuterRef("pk"), state__in=states), "enrollment")


def _total(rows: "models.QuerySet[Any]", by: str) -> Coalesce:
    summed = rows.order_by().values(by).annotate(total=Sum("amount")).values("total")
    return Coalesce(models.Subquery(summed, output_field=models.BigIntegerField()), 0)


CHECKS: tuple[Callable[[], Iterator[str]], ...] = (
    payouts_are_their_items,
    entries_are_paid_once,
    books_follow_payouts,
)


def _parts(rows: "models.QuerySet[Any]") -> Iterator[Any]:
    return rows.order_by("pk").iterator(chunk_size=PART)
