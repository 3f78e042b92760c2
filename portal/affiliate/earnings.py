"""Earnings: the list by state and month, and how each figure was worked out."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.core.paginator import Paginator
from django.db.models import Min, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from affiliates.models import Enrollment
from commissions.models import Commission, Reversal
from commissions.states import ReversalCause
from commissions.words import Sentence, explain
from core.scoping import owned_or_404
from portal.affiliate.earned import REVIEWED, cause_of, in_stage, label_all, shown, source_of, stage_of
from portal.affiliate.membership import AffiliateRequest, affiliate_page
from portal.affiliate.reviewed import case_that_holds
from portal.affiliate.road import payout_of, road
from portal.affiliate.sheets import page_or_sheet
from portal.templatetags.parts import plain_money

PER_PAGE = 25


@require_safe
@affiliate_page
def earnings(request: AffiliateRequest, enrollment: Enrollment) -> HttpResponse:
    """List what was earned, newest first, by state and month."""
    stage, month = request.GET.get("state", ""), request.GET.get("month", "")
    found = in_month(in_stage(shown(enrollment), stage), enrollment, month)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "earnings",
        "enrollment": enrollment,
        "page": page,
        "rows": label_all(list(page)),
        "stages": stages(),
        "stage": stage,
        "months": months(enrollment),
        "month": month,
    }
    return render(request, "affiliate/earnings.html", context)


@require_safe
@vary_on_headers("HX-Request")
@affiliate_page
def commission(request: AffiliateRequest, enrollment: Enrollment, pk: int) -> HttpResponse:
    """Say how one commission was worked out, and its road from click to payout."""
    found = shown(enrollment).prefetch_related("reversals__refund", "conversion__decisions__coupon")
    own = owned_or_404(found, request.user, pk=pk)
    reversals = sorted(own.reversals.all(), key=lambda reversal: reversal.number)
    context = {
        "section": "earnings",
        "enrollment": enrollment,
        "commission": own,
        "stage": stage_of(own),
        "source": source_of(own),
        "sentences": sentences(own),
        "reversals": [(reversal, cause_of(reversal)) for reversal in reversals],
        "now": _now(own, reversals),
        "road": road(own),
        "payout": payout_of(own),
        "review": case_that_holds(own) if own.is_held else None,
    }
    title = _("How we worked out %(amount)s") % {"amount": plain_money(own.net)}
    return page_or_sheet(
        request, "affiliate/commission.html", "affiliate/commission_body.html", title, context
    )


def sentences(commission: Commission) -> list[Sentence]:
    """The trace in plain words; a bonus or correction has its reason instead."""
    if not commission.trace:
        is_code = commission.reason.startswith(REVIEWED)
        return [Sentence(commission.reason)] if commission.reason and not is_code else []
    return explain(commission.trace, commission.enrollment_id, commission.level)


def _now(commission: Commission, reversals: list[Reversal]) -> list[Sentence]:
    """How it is worked out now, where the volume that it is paid by changed since."""
    last = reversals[-1] if reversals else None
    if last is None or last.cause != ReversalCause.VOLUME or not last.trace.keys() & {"earned", "kind"}:
        return []
    found = explain(last.trace, commission.enrollment_id, commission.level)
    return found if found != sentences(commission) else []


def stages() -> list[tuple[str, str]]:
    """The states to filter by."""
    return [
        ("", _("All")),
        ("pending", _("Pending")),
        ("held", _("On hold")),
        ("payable", _("Ready to pay")),
        ("transit", _("On its way")),
        ("paid", _("Paid")),
        ("reversed", _("Reversed")),
        ("declined", _("Declined")),
    ]


def months(enrollment: Enrollment) -> list[date]:
    """The first day of each month since the first commission, by the program's clock, newest first, at most 24."""
    first = Commission.objects.filter(enrollment=enrollment).aggregate(at=Min("occurred_at"))["at"]
    if first is None:
        return []
    local = enrollment.program.local
    start, month = local(first).date().replace(day=1), local(timezone.now()).date().replace(day=1)
    found: list[date] = []
    while month >= start and len(found) < 24:
        found.append(month)
        month = _month_before(month)
    return found


def in_month(found: QuerySet[Commission], enrollment: Enrollment, month: str) -> QuerySet[Commission]:
    """Those of a month written 2026-11, on the program's own clock; anything else leaves all."""
    try:
        start = datetime.strptime(month, "%Y-%m").replace(tzinfo=ZoneInfo(enrollment.program.time_zone))
        end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        first, last = start.astimezone(UTC), end.astimezone(UTC)
    except (ValueError, OverflowError):  # no month, or one at the edge of the calendar
        return found
    return found.filter(occurred_at__gte=first, occurred_at__lt=last)


def _month_before(month: date) -> date:
    return month.replace(year=month.year - (month.month == 1), month=(month.month - 2) % 12 + 1)
