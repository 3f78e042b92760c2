"""Looks at sales again because something new is known: money went back, a system spoke, a list changed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from affiliates.models import Program
from commissions.models import Commission
from commissions.states import CommissionState, Screening
from core import events
from fraud.actions.screening import BATCH, parts, screen_conversions
from fraud.checks.facts import Mark
from fraud.models import KnownMark, Testimony
from tracking.models import Conversion, Order, Refund

AFTER = timedelta(days=90)  # later orders of a buyer whose money went back that are looked at again
STEP = 10 * BATCH  # sales that one job looks at after a change of a list; the next job goes on from there


def rescreen(program: Program, numbers: Iterable[int], *, at: datetime) -> int:
    """Look again at sales of a program; return how many.

    Also at those that wait: somebody may be looking at them just now, who does not know yet what is new.
    """
    asked = ~Q(screening=Screening.NOT_REQUIRED) | Q(fraud_holds__isnull=False)
    known = Commission.objects.filter(asked, program=program, conversion__in=list(numbers))
    seen = sorted(set(known.values_list("conversion", flat=True)))
    return sum(screen_conversions(program, part, at=at) for part in parts(seen))


def rescreen_refunded(refund: Refund, *, at: datetime) -> int:
    """Look again at the sale of a refund and at its buyer's later ones; return how many."""
    conversion = Conversion.objects.filter(order=refund.order_id).select_related("program").first()
    if refund.order_id is None or conversion is None or not conversion.program.is_screened:
        return 0
    return rescreen(conversion.program, _of_buyer(conversion), at=at)


def rescreen_revised(order: Order, *, at: datetime) -> int:
    """Look again at a sale of which the store says something else now; return how many."""
    conversion = Conversion.objects.filter(order=order).select_related("program").first()
    if conversion is None or not conversion.program.is_screened:
        return 0
    return rescreen(conversion.program, [conversion.pk], at=at)


def rescreen_testified(testimony: Testimony, *, at: datetime) -> int:
    """Look again at the sale, or at the customer's sales of the last months, that a system speaks of."""
    if not testimony.program.is_screened:
        return 0
    if testimony.conversion_id is not None:
        return rescreen(testimony.program, [testimony.conversion_id], at=at)
    own = Conversion.objects.filter(customer=testimony.customer_id, occurred_at__gte=at - 2 * AFTER)
    return rescreen(testimony.program, list(own.values_list("pk", flat=True)), at=at)


def rescreen_listed(program: Program, *, after: int, at: datetime) -> int:
    """Look again at sales that are not approved yet, from a number on, after a list changed; return how many.

    A part at a time: the next one is a job of its own, so that nothing is lost or held up by a large program.
    """
    if not program.is_screened:
        return 0
    pending = Commission.objects.filter(program=program, state=CommissionState.PENDING, conversion__gt=after)
    some = list(pending.order_by("conversion").values_list("conversion", flat=True).distinct()[:STEP])
    done = rescreen(program, some, at=at)
    if len(some) == STEP:
        events.record(
            "fraudlist.rescreening",
            program,
            tenant=program.merchant_id,
            scope=program.pk,
            at=at,
            data={"after": some[-1]},
        )
    return done


def _of_buyer(conversion: Conversion) -> list[int]:
    """The sale, and those after it whose buyer shares a mark other than the network with this one's."""
    rows = KnownMark.objects.filter(program=conversion.program_id).exclude(kind=Mark.NETWORK)
    own = rows.filter(conversion=conversion).values_list("digest", flat=True)
    later = rows.filter(digest__in=list(own), conversion__isnull=False)
    later = later.filter(at__gte=conversion.occurred_at, at__lt=conversion.occurred_at + AFTER)
    newest = later.order_by("-at").values_list("conversion", flat=True)[:BATCH]
    return sorted({conversion.pk, *newest})
