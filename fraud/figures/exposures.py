"""What is at stake in a case, from when it could be paid, and which case comes first."""

from datetime import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Case as When_,
    ExpressionWrapper,
    F,
    FloatField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from commissions.models import Commission
from commissions.states import CommissionState
from core.money import Money
from fraud.models import Case, Hold
from fraud.states import UNDECIDED

FIRST = ("is_done", "-is_late", "-weight", "due_at", "pk")


def with_stakes(cases: "QuerySet[Case]") -> "QuerySet[Case]":
    """Add `held_amount` (minor units of the program's currency, net of what was taken back) and `payable_from`.

    Both are about what the case holds at present and is not declined; the second is when the first of it matures.
    """
    holds = Hold.objects.filter(case=OuterRef("pk"), lifted_at=None)
    held: Any = holds.exclude(commission__state=CommissionState.DECLINED).order_by().values("case")
    first = held.annotate(sum=Sum("commission__amount")).values("sum")
    taken = held.annotate(sum=Sum("commission__reversals__amount")).values("sum")
    ripe = held.annotate(first=Min("commission__matures_at")).values("first")
    return cases.annotate(
        held_amount=Coalesce(Subquery(first), 0) - Coalesce(Subquery(taken), 0),
        payable_from=Subquery(ripe),
    )


def ranked(cases: "QuerySet[Case]", at: datetime) -> "QuerySet[Case]":
    """Add what FIRST orders by: undecided before decided, late ones before others, then score times amount at stake.

    Amounts of several currencies are compared by their minor units, without a rate.
    """
    is_open = Q(state__in=UNDECIDED)
    return with_stakes(cases).annotate(
        is_done=_is(~is_open),
        is_late=_is(is_open & Q(due_at__lte=at)),
        weight=ExpressionWrapper(F("held_amount") * Coalesce(F("score"), 0.0), output_field=FloatField()),
    )


def _is(condition: Q) -> Any:
    return When_(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def stake_of(case: Case) -> Money:
    """Return what a case holds, as money; the case must come from `with_stakes`."""
    return Money(int(case.held_amount), case.program.currency)  # type: ignore[attr-defined]


def stakes_of_others(case: Case) -> list[tuple[str, Money]]:
    """Return what others than the affiliate earn of what a case holds: name and sum, the largest first."""
    held = Commission.objects.filter(fraud_holds__case=case, fraud_holds__lifted_at=None)
    rows = held.exclude(enrollment=case.enrollment_id).exclude(state=CommissionState.DECLINED).with_net()
    sums: dict[int, tuple[str, Money]] = {}
    for row in rows.select_related("enrollment__affiliate"):
        name, money = sums.get(row.enrollment_id, (row.enrollment.affiliate.name, Money.zero(row.currency)))
        sums[row.enrollment_id] = (name, money + row.net)
    return sorted(sums.values(), key=lambda one: (-one[1].amount, one[0]))


def stakes_by_currency(cases: "QuerySet[Case]") -> list[Money]:
    """Return what cases hold together, a sum for each currency; what several of them hold counts once."""
    holds = Hold.objects.filter(case__in=cases.order_by().values("pk"), lifted_at=None)
    held = Commission.objects.filter(pk__in=holds.values("commission")).exclude(
        state=CommissionState.DECLINED
    )
    sums: dict[str, int] = {}
    for currency, amount, taken in held.with_net().values_list("currency", "amount", "reversed_amount"):
        sums[currency] = sums.get(currency, 0) + amount - taken
    found = [Money(amount, currency) for currency, amount in sums.items() if amount]
    return sorted(found, key=lambda money: (-money.amount, money.currency))
