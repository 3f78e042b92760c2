"""Links and codes: what each brought, a new one to any page of the shop, changes, pause."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from affiliates import actions
from affiliates.destinations import LinkRefused
from affiliates.models import Coupon, Enrollment, Link
from affiliates.states import IllegalMove
from core.money import Money
from core.scoping import owned_or_404
from portal.affiliate.addresses import link_address, recruiting_address
from portal.affiliate.figures import Brought, brought_by
from portal.affiliate.link_forms import LinkForm
from portal.affiliate.membership import AffiliateRequest, affiliate_page
from portal.affiliate.sheets import page_or_sheet
from portal.public.terms import offers

PER_PAGE = 20


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@affiliate_page
def links(request: AffiliateRequest, enrollment: Enrollment) -> HttpResponse:
    """List the links; a posted form makes a new one."""
    form = LinkForm(request.POST or None, program=enrollment.program)
    created = _create(request, enrollment, form) if request.method == "POST" and form.is_valid() else None
    if created and not request.htmx:
        messages.success(request, _("The link is ready to be shared."))
        return redirect("affiliate:links")
    fresh = LinkForm(program=enrollment.program) if created else form
    return _answer(request, enrollment, form=fresh, created=created)


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@affiliate_page
def link(request: AffiliateRequest, enrollment: Enrollment, pk: int) -> HttpResponse:
    """One link: its address, QR code and figures; a posted form changes it."""
    own = owned_or_404(Link.objects.filter(enrollment=enrollment), request.user, pk=pk)
    form = LinkForm(request.POST or None, program=enrollment.program, link=own)
    if request.method == "POST" and form.is_valid() and _change(request, own, form):
        messages.success(request, _("The link is changed; its address stays the same."))
        return redirect("affiliate:link", pk=own.pk)
    row = _row(request, enrollment, own, brought_by(enrollment, [own.pk])[own.pk])
    context = {"section": "links", "enrollment": enrollment, "row": row, "form": form}
    return page_or_sheet(request, "affiliate/link.html", "affiliate/link_body.html", _title(own), context)


@require_POST
@affiliate_page
def state(request: AffiliateRequest, enrollment: Enrollment, pk: int) -> HttpResponse:
    """Pause a link (is_active empty) or let it work again."""
    own = owned_or_404(Link.objects.filter(enrollment=enrollment), request.user, pk=pk)
    verb = actions.resume_link if request.POST.get("is_active") else actions.pause_link
    try:
        verb(own, actor=request.user)
    except IllegalMove as illegal:
        messages.error(request, str(illegal))
        return (
            HttpResponseClientRedirect(reverse("affiliate:links"))
            if request.htmx
            else redirect("affiliate:links")
        )
    if request.htmx:
        return _answer(request, enrollment, form=LinkForm(program=enrollment.program), created=None)
    return redirect("affiliate:links")


def _create(request: AffiliateRequest, enrollment: Enrollment, form: LinkForm) -> Link | None:
    try:
        return actions.create_link(enrollment, **form.choices(), actor=request.user)
    except LinkRefused as refused:
        form.refuse(refused)
    except IllegalMove as illegal:
        form.add_error(None, str(illegal))
    return None


def _change(request: AffiliateRequest, link: Link, form: LinkForm) -> Link | None:
    try:
        return actions.change_link(link, **form.choices(), actor=request.user)
    except LinkRefused as refused:
        form.refuse(refused)
    except IllegalMove as illegal:
        form.add_error(None, str(illegal))
    return None


def _title(link: Link) -> str:
    return _("Start page") if link.is_default else str(link)


def _answer(
    request: AffiliateRequest, enrollment: Enrollment, *, form: LinkForm, created: Link | None
) -> HttpResponse:
    own = Link.objects.owned_by(request.user).filter(enrollment=enrollment).order_by("-is_default", "-pk")
    page = Paginator(own, PER_PAGE).get_page(request.GET.get("page"))
    brought = brought_by(enrollment, [each.pk for each in page])
    context = {
        "section": "links",
        "enrollment": enrollment,
        "form": form,
        "created": _row(request, enrollment, created, Brought()) if created else None,
        "page": page,
        "rows": [_row(request, enrollment, each, brought[each.pk]) for each in page],
    }
    if request.htmx:
        return render(request, "affiliate/links_work.html", context)
    return render(request, "affiliate/links.html", {**context, **_beside(request, enrollment)})


def _beside(request: AffiliateRequest, enrollment: Enrollment) -> dict[str, Any]:
    recruits = enrollment.program.is_open and offers([enrollment.program])[0].pays_recruiters
    return {
        "coupons": Coupon.objects.owned_by(request.user)
        .filter(enrollment=enrollment)
        .order_by("-is_active", "code"),
        "recruiting": recruiting_address(request, enrollment) if recruits else "",
    }


def _row(request: AffiliateRequest, enrollment: Enrollment, link: Link, brought: Brought) -> dict[str, Any]:
    return {
        "link": link,
        "title": _title(link),
        "address": link_address(request, link),
        "ends_at": link.expires_at and enrollment.program.local(link.expires_at),
        "is_over": link.expires_at is not None and link.expires_at <= timezone.now(),
        "clicks": brought.clicks,
        "sales": brought.sales,
        "earned": Money(brought.earned, enrollment.program.currency),
    }
