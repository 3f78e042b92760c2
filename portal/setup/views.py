"""Founding an empty installation, and joining one by invitation."""

import secrets
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from affiliates import actions as affiliates
from affiliates.models import Invitation
from affiliates.roles import NotAllowed
from affiliates.states import IllegalMove
from core.models import User
from portal.brands import brand_of
from portal.public import views as public
from portal.setup import actions, token
from portal.setup.forms import AccountForm, StartForm

BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_safe
def door(request: HttpRequest) -> HttpResponse:
    """The start page; an installation that nobody has founded yet leads to its first day."""
    if brand_of(request) is None and actions.is_empty():
        token.announce()
        return redirect("setup:start")
    return public.home(request)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Ask for all that an empty installation needs and found it; once founded there is nothing here."""
    if not actions.is_empty():
        raise Http404
    token.announce()
    given = request.POST.get("token") or request.GET.get("token", "")
    if not token.fits(given):
        return render(request, "setup/locked.html", {"was_given": bool(given)}, status=403)
    host = request.get_host().partition(":")[0].lower()
    form = StartForm(request.POST) if request.method == "POST" else StartForm(initial={"host": host})
    if form.is_valid():
        try:
            founded = actions.found(form.cleaned_data)
        except actions.AlreadyFounded as late:
            raise Http404 from late
        _enter(request, founded.owner)
        messages.success(request, _("Everything is set up. Here is what to do next."))
        return redirect("setup:program", founded.program.pk)
    return render(request, "setup/start.html", {"form": form, "parts": _parts(form), "token": given})


def _parts(form: StartForm) -> list[tuple[str, list[Any]]]:
    """The form's fields under their headings."""
    headings = {
        _("You"): ("name", "email", "password"),
        _("The program"): ("company", "program_name", "currency", "home_url", "allowed_hosts", "time_zone"),
        _("What affiliates earn"): ("starter", "rate"),
        _("What affiliates see"): ("brand_name", "colour", "host", "sender_email"),
    }
    return [(heading, [form[name] for name in names]) for heading, names in headings.items()]


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an invitation: signed in with its address, or with an account that is made here."""
    invitation = open_invitation(token)
    if invitation is None:
        return render(request, "setup/not_invited.html", status=404)
    if request.user.is_authenticated:
        return _join_signed_in(request, invitation, token)
    if User.objects.filter(email=invitation.email).exists():
        return render(request, "setup/join.html", {"invitation": invitation, "is_known": True})
    form = AccountForm(request.POST or None, address=invitation.email)
    if form.is_valid():
        values = form.cleaned_data
        try:
            member = actions.join_as_new(
                token, invitation.email, name=values["name"], password=values["password"]
            )
        except (
            IllegalMove,
            NotAllowed,
            IntegrityError,
        ):  # somebody was faster: the page says how it stands now
            return redirect(request.path)
        _enter(request, member.user)
        return redirect("admin:index")
    return render(request, "setup/join.html", {"invitation": invitation, "form": form})


def _join_signed_in(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    is_meant = getattr(request.user, "email", "") == invitation.email
    if request.method == "POST":
        if not is_meant or not isinstance(request.user, User):
            raise PermissionDenied
        member = affiliates.accept_invitation(token, request.user)
        messages.success(request, _("Welcome to %(company)s.") % {"company": member.merchant.name})
        return redirect("admin:index")
    return render(request, "setup/join.html", {"invitation": invitation, "is_meant": is_meant})


def open_invitation(token: str) -> Invitation | None:
    """Return the invitation that a token opens, if it is still good."""
    number = token.partition(".")[0]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    found: Invitation | None = (
        Invitation.objects.select_related("merchant", "invited_by").filter(pk=number).first()
    )
    if found is None or not secrets.compare_digest(found.token.encode(), token.encode()):
        return None
    return found if found.accepted_at is None and found.expires_at > timezone.now() else None


def _enter(request: HttpRequest, user: User) -> None:
    """Sign a person in who has just chosen a password."""
    login(request, user, backend=BACKEND)
    record_authentication(request, user, method="password", email=user.email)
