"""The managers' site: Django's stock admin, entered by active members of a company through the portal's own log-in."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Merchant, Role
from affiliates.scoped_admin import ScopedAdmin, memberships
from portal import console_queue
from portal.console_navigation import navigation
from reports import queries

STYLES = [
    f"console/{name}.css" for name in ("tokens", "frame", "controls", "lists", "forms", "cards", "narrow")
]


class Completing(AutocompleteJsonView):
    """What completes while one types: rows that are named by others are read with them, not one by one."""

    def get_queryset(self) -> Any:
        """As many queries for twenty rows as for one."""
        rows, related = super().get_queryset(), self.model_admin.list_select_related
        return rows.select_related(*related) if isinstance(related, list | tuple) else rows


class Console(admin.AdminSite):
    """The managers' place."""

    site_header = _("Partner portal")
    site_title = _("Partner portal")
    index_title = _("Overview")
    site_url = None
    empty_value_display = "\N{EN DASH}"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only pages that keep to the member's own company stand here; those of other packages do not."""
        if admin_class is not None and issubclass(admin_class, ScopedAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Only active members of a company come in."""
        return bool(memberships(request))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Hand over to the portal's log-in (password, passkey, second factor); a stranger who is logged in gets 404."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"), settings.LOGIN_URL)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Hand over to the portal's log-out."""
        return redirect("account_logout")

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Only fields whose page asks for it complete while one types; rows are scoped by their own page."""
        completing = {
            (model._meta.app_label, model._meta.model_name, name)
            for model, page in self._registry.items()
            for name in page.autocomplete_fields
        }
        asked = tuple(request.GET.get(name, "") for name in ("app_label", "model_name", "field_name"))
        if asked not in completing or "\0" in request.GET.get("term", ""):
            raise Http404
        answer: Any = Completing.as_view(admin_site=self)(request)
        return answer  # type: ignore[no-any-return]

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Hand over to the portal's page."""
        return redirect("account_change_password")

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The navigation is grouped by what people do, so apps have no pages of their own."""
        return redirect("admin:index")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Every page knows the navigation, with the counts of what waits."""
        context = super().each_context(request)
        context["console_styles"] = STYLES
        if context["has_permission"]:
            roles = dict(Role.choices)
            context["console_nav"] = navigation(request)
            context["console_company"] = company_of(request)
            context["console_role"] = ", ".join(
                str(roles[role]) for role in sorted(set(memberships(request).values()))
            )
        return context

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The week's figures and what needs a decision."""
        merchants, now = list(memberships(request)), timezone.now()
        context = {
            "week": queries.week(merchants, now),
            "charts": queries.commission_by_week(merchants, now),
            "queue": console_queue.queue(request),
            "connections": console_queue.connections(merchants),
            "is_new": console_queue.is_new(merchants),
            **(extra_context or {}),
        }
        return super().index(request, context)


def company_of(request: HttpRequest) -> str:
    """The company's name for somebody who works for one; nothing for somebody who works for several."""
    names = Merchant.objects.filter(pk__in=memberships(request)).values_list("name", flat=True)[:2]
    return names[0] if len(names) == 1 else ""
