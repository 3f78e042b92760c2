"""Links and codes: what each brought, a new one to any page of the shop, pause, QR code."""

import io
from typing import Any

import segno
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from affiliates import actions
from affiliates.actions import DestinationRefused
from affiliates.models import Coupon, Enrollment, Link
from affiliates.states import IllegalMove
from core.money import Money
from core.scoping import owned_or_404
from portal.affiliate.addresses import link_address, recruiting_address
from portal.affiliate.figures import Brought, brought_by
from portal.affiliate.forms import LinkForm
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


@require_safe
@vary_on_headers("HX-Request")
@affiliate_page
def link(request: AffiliateRequest, enrollment: Enrollment, pk: int) -> HttpResponse:
    """One link: its address, QR code and figures."""
    own = owned_or_404(Link.objects.filter(enrollment=enrollment), request.user, pk=pk)
    row = _row(request, enrollment, own, brought_by(enrollment, [own.pk])[own.pk])
    context = {"section": "links", "enrollment": enrollment, "row": row}
    return page_or_sheet(request, "affiliate/link.html", "affiliate/link_body.html", str(own), context)


@require_POST
@affiliate_page
def state(request: AffiliateRequest, enrollment: Enrollment, pk: int) -> HttpResponse:
    """Pause a link (is_active empty) or let it work again."""
    own = owned_or_404(Link.objects.filter(enrollment=enrollment), request.user, pk=pk)
    verb = actions.resume_link if request.POST.get("is_active") else actions.pause_link
    verb(own, actor=request.user)
    if request.htmx:
        return _answer(request, enrollment, form=LinkForm(program=enrollment.program), created=None)
    return redirect("affiliate:links")


@require_safe
@affiliate_page
def qr(request: AffiliateRequest, enrollment: Enrollment, pk: int) -> HttpResponse:
    """The link as a QR code: SVG, black on white, ready for print."""
    own = owned_or_404(Link.objects.filter(enrollment=enrollment), request.user, pk=pk)
    drawing = io.BytesIO()
    segno.make(link_address(request, own), error="m", micro=False).save(
        drawing, kind="svg", border=2, omitsize=True, light="#fff", svgclass=None, lineclass=None
    )
    headers = {"Cache-Control": "private, max-age=86400"}
    if request.GET.get("download"):
        headers["Content-Disposition"] = f'attachment; filename="{own.code}.svg"'
    return HttpResponse(drawing.getvalue(), content_type="image/svg+xml", headers=headers)


def _create(request: AffiliateRequest, enrollment: Enrollment, form: LinkForm) -> Link | None:
    values = form.cleaned_data
    try:
        return actions.create_link(
            enrollment,
            values["destination"],
            name=values["name"],
            sub_ids=values["sub_ids"],
            actor=request.user,
        )
    except (DestinationRefused, IllegalMove) as refused:
        form.add_error("destination", str(refused))
        return None


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
        "address": link_address(request, link),
        "clicks": brought.clicks,
        "sales": brought.sales,
        "earned": Money(brought.earned, enrollment.program.currency),
    }
