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
from integrations.actions import shops_that_give_credit
from portal.affiliate.forms import PayeeForm, ProfileForm, credit_at
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
    shops = shops_that_give_credit(enrollment.program)
    form = PayeeForm(request.POST or None, initial=_known(current, enrollment), shops=shops)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        actions.set_payee(
            enrollment.affiliate,
            values["method"],
            values["account"],
            holder=values["holder"],
            shop=values.get("shop"),
            actor=request.user,
        )
        messages.success(request, _("Your payout details are saved. The next payout goes there."))
        return redirect("affiliate:profile")
    given_at = [shop.connection for shop in shops]
    context = {
        "section": "profile",
        "enrollment": enrollment,
        "form": form,
        "payee": current,
        "has_lost_shop": bool(current and current.shop and current.shop not in given_at),
    }
    return render(request, "affiliate/payee.html", context)


def _known(current: Payee | None, enrollment: Enrollment) -> dict[str, str]:
    """What the form begins with; the account is typed anew."""
    if current is None:
        return {"holder": enrollment.affiliate.name}
    method = credit_at(current.shop) if current.shop else current.method
    return {"method": method, "holder": current.holder}


def _current(request: AffiliateRequest, enrollment: Enrollment) -> Payee | None:
    found: Payee | None = (
        Payee.objects.owned_by(request.user).filter(affiliate=enrollment.affiliate, is_current=True).first()
    )
    return found
