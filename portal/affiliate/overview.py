"""The first page: where the money stands, the link, the last thirty days, what is still to do."""

from dataclasses import dataclass
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from affiliates.models import Coupon, Enrollment, Link, Payee
from commissions.standing.progress import next_milestone, progress_of
from core.money import Money
from core.scoping import owned_or_404
from payouts.models import Payout
from portal.affiliate.addresses import link_address
from portal.affiliate.earned import ON_THE_WAY, label_all, shown
from portal.affiliate.figures import Balances, balances, brought_by, last_month, waiting
from portal.affiliate.membership import AffiliateRequest, affiliate_page, choose, open_page
from portal.affiliate.reviewed import waits_of

LATEST = 6
BEST = 5


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do first: what, why, where; done or not."""

    title: str
    why: str
    name: str
    action: str
    done: bool


@dataclass(frozen=True, slots=True)
class NextPayout:
    """What stands between the payable amount and a payout: nothing, or one of these."""

    needs_payee: bool
    missing: Money
    debt: Money

    @property
    def is_due(self) -> bool:
        """Will the next batch take it?"""
        return not (self.needs_payee or self.missing or self.debt)


@require_safe
@affiliate_page
def overview(request: AffiliateRequest, enrollment: Enrollment) -> HttpResponse:
    """Show where everything stands."""
    now = timezone.now()
    stand = balances(enrollment)
    payee = (
        Payee.objects.owned_by(request.user).filter(affiliate=enrollment.affiliate, is_current=True).first()
    )
    month = last_month(enrollment, now)
    context = {
        "section": "overview",
        "enrollment": enrollment,
        "balances": stand,
        "waiting": waiting(enrollment, now),
        "looked": waits_of(enrollment),
        "next": next_payout(enrollment, stand, payee),
        "month": month,
        "milestone": next_milestone(progress_of(enrollment, now)) if enrollment.is_active else None,
        "rows": label_all(list(shown(enrollment)[:LATEST])),
        "payouts": list(
            Payout.objects.owned_by(request.user).filter(enrollment=enrollment, state__in=ON_THE_WAY)
        ),
        "tasks": tasks(request, enrollment, payee, bool(month.clicks or stand.pending or stand.paid)),
        **_share(request, enrollment),
    }
    return render(request, "affiliate/overview.html", context)


@require_POST
@open_page
def program(request: AffiliateRequest, enrollment: Enrollment) -> HttpResponse:
    """Look at another of one's programs from now on."""
    chosen = owned_or_404(Enrollment.objects.all(), request.user, pk=request.POST.get("enrollment"))
    choose(request, chosen)
    return redirect("affiliate:overview")


def next_payout(enrollment: Enrollment, stand: Balances, payee: Payee | None) -> NextPayout:
    """Say what is missing to the next payout."""
    program, payable = enrollment.program, stand.payable.amount
    missing = program.minimum_payout - payable if 0 <= payable < program.minimum_payout else 0
    return NextPayout(payee is None, program.money(missing), program.money(max(0, -payable)))


def tasks(
    request: AffiliateRequest, enrollment: Enrollment, payee: Payee | None, has_shared: bool
) -> list[Task]:
    """The first things to do; nothing once all are done."""
    share = _("Share your link"), _("The first click shows up here."), "affiliate:links", _("Links")
    payment = _("Add payout details"), _("Without them nothing can be paid."), "affiliate:payee", _("Add")
    second = _("Turn on two-step sign-in"), _("It protects your payout details."), "mfa_index", _("Turn on")
    found = [Task(*payment, payee is not None), Task(*second, is_mfa_enabled(request.user))]
    if enrollment.is_active:
        found.insert(0, Task(*share, has_shared))
    return [] if all(task.done for task in found) else found


def _share(request: AffiliateRequest, enrollment: Enrollment) -> dict[str, Any]:
    own = list(
        Link.objects.owned_by(request.user).filter(enrollment=enrollment).order_by("-is_default", "pk")[:50]
    )
    brought = brought_by(enrollment, [link.pk for link in own])
    ranked = sorted(own, key=lambda link: (-brought[link.pk].earned, -brought[link.pk].clicks))
    best = [
        (link, brought[link.pk].clicks, Money(brought[link.pk].earned, enrollment.program.currency))
        for link in ranked
    ]
    default = own[0] if own else None
    return {
        "link": default,
        "address": link_address(request, default) if default else "",
        "coupons": Coupon.objects.owned_by(request.user).filter(enrollment=enrollment, is_active=True),
        "best": [row for row in best if row[1] or row[2]][:BEST],
        "most": max((row[2].amount for row in best), default=0),
    }
