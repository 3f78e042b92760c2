"""Profile: who the affiliate is, where it is paid, how the account is protected."""

from allauth.account.decorators import reauthentication_required
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from affiliates import actions
from affiliates.actions.affiliates import OWN
from affiliates.models import Enrollment, Payee
from portal.affiliate.forms import PayeeForm, ProfileForm
from portal.affiliate.membership import AffiliateRequest, applicant_page


@require_http_methods(["GET", "HEAD", "POST"])
@applicant_page
def profile(request: AffiliateRequest, enrollment: Enrollment) -> HttpResponse:
    """Show and change what the affiliate says of itself."""
    affiliate = enrollment.affiliate
    form = ProfileForm(request.POST or None, initial={name: getattr(affiliate, name) for name in OWN})
    if request.method == "POST" and form.is_valid():
        actions.change_affiliate(affiliate, actor=request.user, **form.cleaned_data)
        messages.success(request, _("Your profile is saved."))
        return redirect("affiliate:profile")
    context = {
        "section": "profile",
        "enrollment": enrollment,
        "form": form,
        "payee": _current(request, enrollment),
        "has_mfa": is_mfa_enabled(request.user),
    }
    return render(request, "affiliate/profile.html", context)


@sensitive_post_parameters("account", "holder")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth ships no types
@applicant_page
def payee(request: AffiliateRequest, enrollment: Enrollment) -> HttpResponse:
    """Enter where to be paid; the account is sealed and only its last letters are shown again."""
    current = _current(request, enrollment)
    initial = (
        {"method": current.method, "holder": current.holder}
        if current
        else {"holder": enrollment.affiliate.name}
    )
    form = PayeeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        actions.set_payee(
            enrollment.affiliate,
            values["method"],
            values["account"],
            holder=values["holder"],
            actor=request.user,
        )
        messages.success(request, _("Your payout details are saved. The next payout goes there."))
        return redirect("affiliate:profile")
    context = {"section": "profile", "enrollment": enrollment, "form": form, "payee": current}
    return render(request, "affiliate/payee.html", context)


def _current(request: AffiliateRequest, enrollment: Enrollment) -> Payee | None:
    found: Payee | None = (
        Payee.objects.owned_by(request.user).filter(affiliate=enrollment.affiliate, is_current=True).first()
    )
    return found
