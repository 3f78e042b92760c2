"""Payouts and their statements: every entry with its conversion, its rate and its reason."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from affiliates.models import Enrollment, Payee
from commissions.models import Commission, Reversal
from core.money import Money
from core.scoping import owned_or_404
from payouts.models import Payout, PayoutItem
from payouts.states import PayoutState
from portal.affiliate.earned import Stage, cause_of, source_of
from portal.affiliate.earnings import sentences
from portal.affiliate.figures import balances
from portal.affiliate.membership import AffiliateRequest, affiliate_page, open_page
from portal.affiliate.overview import next_payout
from portal.affiliate.reviewed import waits_of

PER_PAGE = 20
REVERSAL = "reversal:"  # what the books call the source of such an entry
SHOWN = (PayoutState.APPROVED, PayoutState.SENT, PayoutState.PAID, PayoutState.FAILED)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a statement."""

    at: datetime
    source: str
    reason: str
    number: str
    commission: Commission | None
    amount: Money


@require_safe
@affiliate_page
def payouts(request: AffiliateRequest, enrollment: Enrollment) -> HttpResponse:
    """List what was paid and is on its way, and what is missing to the next payout."""
    page = Paginator(_own(request, enrollment), PER_PAGE).get_page(request.GET.get("page"))
    payee = (
        Payee.objects.owned_by(request.user).filter(affiliate=enrollment.affiliate, is_current=True).first()
    )
    stand = balances(enrollment)
    context = {
        "section": "payouts",
        "enrollment": enrollment,
        "page": page,
        "rows": [(payout, stage_of(payout)) for payout in page],
        "payee": payee,
        "balances": stand,
        "next": next_payout(enrollment, stand, payee),
        "looked": waits_of(enrollment),
        "minimum": enrollment.program.money(enrollment.program.minimum_payout),
    }
    return render(request, "affiliate/payouts.html", context)


@require_safe
@open_page
def statement(request: AffiliateRequest, enrollment: Enrollment, pk: int) -> HttpResponse:
    """Show and print the statement of one payout."""
    payout = owned_or_404(_own(request, enrollment), request.user, pk=pk)
    context = {
        "section": "payouts",
        "enrollment": enrollment,
        "payout": payout,
        "stage": stage_of(payout),
        "lines": list(lines(payout)),
    }
    return render(request, "affiliate/statement.html", context)


@require_safe
@open_page
def statement_csv(request: AffiliateRequest, enrollment: Enrollment, pk: int) -> HttpResponse:
    """The statement as CSV for a spreadsheet."""
    payout = owned_or_404(_own(request, enrollment), request.user, pk=pk)
    disposition = f'attachment; filename="{payout.number}.csv"'
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition}
    )
    rows = csv.writer(response)
    rows.writerow([_("Date"), _("Order"), _("Source"), _("Why"), _("Amount"), _("Currency")])
    for line in lines(payout):
        texts = [_harmless(text) for text in (line.number, line.source, line.reason)]
        day = enrollment.program.local(line.at).date().isoformat()
        rows.writerow([day, *texts, f"{line.amount.decimal:f}", line.amount.currency])
    return response


def lines(payout: Payout) -> Iterator[Line]:
    """The statement's entries in the order in which they came; two queries."""
    items = PayoutItem.objects.filter(payout=payout).order_by("entry__at", "pk")
    items = items.select_related("entry__commission__conversion__customer", "entry__commission__program")
    taken = _reversals(item.entry.source for item in items)
    for item in items:
        commission = item.entry.commission
        yield Line(
            at=item.entry.at,
            source=source_of(commission) if commission else "",
            reason=_reason(commission, taken.get(item.entry.source)),
            number=_number(commission),
            commission=commission,
            amount=Money(item.amount, payout.currency),
        )


def stage_of(payout: Payout) -> Stage:
    """The payout's state in a word for its receiver."""
    return {
        PayoutState.APPROVED: Stage("info", _("Approved")),
        PayoutState.SENT: Stage("info", _("Sent")),
        PayoutState.PAID: Stage("ok", _("Paid")),
        PayoutState.FAILED: Stage("bad", _("Failed"), payout.failure),
    }[PayoutState(payout.state)]


def _own(request: AffiliateRequest, enrollment: Enrollment) -> QuerySet[Payout]:
    own = Payout.objects.owned_by(request.user).filter(enrollment=enrollment, state__in=SHOWN)
    return own.select_related("payee", "program").order_by("-created_at", "-pk")


def _reversals(sources: Iterable[str]) -> dict[str, Reversal]:
    numbers = [source.removeprefix(REVERSAL) for source in sources if source.startswith(REVERSAL)]
    return {
        f"{REVERSAL}{row.pk}": row
        for row in Reversal.objects.filter(pk__in=numbers).select_related("refund", "commission")
    }


def _reason(commission: Commission | None, reversal: Reversal | None) -> str:
    if reversal is not None:
        return cause_of(reversal)  # what the shop's staff noted may name the buyer
    if commission is None:
        return ""
    return " ".join(sentence.text for sentence in sentences(commission))


def _number(commission: Commission | None) -> str:
    if commission is None or commission.conversion is None or commission.level > 1:
        return ""
    return commission.conversion.external_id


def _harmless(text: str) -> str:
    """A cell that a spreadsheet will not take for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} else text
