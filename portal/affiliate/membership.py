"""Who stands before us: the person's memberships under this brand, and the one they look at."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from affiliates.models import Enrollment
from affiliates.roles import merchants_of
from affiliates.states import EnrollmentState
from commissions.actions.acceptances import asked_of
from core.models import User
from portal.affiliate.reviewed import cases_of, is_waiting
from portal.brands import brand_of
from portal.models import Brand

CHOSEN = "enrollment"
WAITING = frozenset({EnrollmentState.APPLIED, EnrollmentState.REFUSED})
View = Callable[..., HttpResponse]


class AffiliateRequest(HttpRequest):
    """A request of somebody who takes part here; the pages' templates read the membership from it."""

    user: User
    htmx: HtmxDetails
    enrollment: Enrollment
    enrollments: list[Enrollment]
    has_reviews: bool


def memberships(request: HttpRequest, brand: Brand) -> list[Enrollment]:
    """The person's memberships in the brand's programs, the oldest first."""
    own = Enrollment.objects.owned_by(request.user).filter(program__brands=brand)
    return list(own.select_related("program", "affiliate").order_by("applied_at", "pk"))


def affiliate_page(view: View) -> View:
    """A page of the affiliate's own: it gets the membership that the person looks at, once new terms are agreed to."""
    return _page(view, for_waiting=False, asks=True)


def open_page(view: View) -> View:
    """A page that nobody is kept from by terms to agree to: the terms, and what was paid."""
    return _page(view, for_waiting=False, asks=False)


def applicant_page(view: View) -> View:
    """A page that is already useful while the application waits."""
    return _page(view, for_waiting=True, asks=False)


def _page(view: View, *, for_waiting: bool, asks: bool) -> View:
    @login_required
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **values: Any) -> HttpResponse:
        brand = brand_of(request)
        if brand is None:
            raise Http404
        own = memberships(request, brand)
        if not own:
            return _stranger(request, brand)
        request.enrollments = own  # type: ignore[attr-defined]
        request.enrollment = chosen = _chosen(request, own)  # type: ignore[attr-defined]
        request.has_reviews = SimpleLazyObject(partial(_has_reviews, chosen))  # type: ignore[attr-defined]
        if chosen.state in WAITING and not for_waiting:
            return render(request, "affiliate/waiting.html", {"enrollment": chosen, "section": "overview"})
        if asks and asked_of(chosen) is not None:
            return _to_new_terms(request)
        return view(request, chosen, *args, **values)

    return page


def _has_reviews(enrollment: Enrollment) -> bool:
    return bool(cases_of([enrollment]).exists() or is_waiting(enrollment))


def _to_new_terms(request: HttpRequest) -> HttpResponse:
    """Lead to the new terms, and from there back to where the person was going."""
    is_part = bool(getattr(request, "htmx", False))
    back = {"next": request.get_full_path()} if request.method == "GET" and not is_part else {}
    address = reverse("affiliate:acceptance") + (f"?{urlencode(back)}" if back else "")
    return HttpResponseClientRedirect(address) if is_part else redirect(address)


def choose(request: HttpRequest, enrollment: Enrollment) -> None:
    """Look at this membership from now on."""
    request.session[CHOSEN] = enrollment.pk


def _chosen(request: HttpRequest, own: list[Enrollment]) -> Enrollment:
    asked = request.session.get(CHOSEN)
    ready = sorted(own, key=lambda each: (each.pk != asked, not each.is_active))
    return ready[0]


def _stranger(request: HttpRequest, brand: Brand) -> HttpResponse:
    if brand.merchant_id in merchants_of(request.user):
        return redirect("admin:index")
    return render(request, "affiliate/none.html", {"section": "overview"})
