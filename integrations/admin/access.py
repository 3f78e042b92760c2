"""Connecting by consent: the page that sends a person to the vendor, and the address at which they come back."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from affiliates import roles
from affiliates.scoped_admin import person
from affiliates.verb_admin import VerbAdmin
from core.jobs import Failure
from integrations import actions
from integrations.actions.connections import connector_of, store_of
from integrations.connectors.oauth import Denied
from integrations.models import Connection
from integrations.states import ConnectionState

MANAGE = "manage_integrations"
NAME = "integrations_connection_access"


class AccessPages(VerbAdmin):
    """The page of a connection's access by consent."""

    def get_urls(self) -> list[URLPattern]:
        """One page: how access stands, and the button that leads to the vendor."""
        view = self.admin_site.admin_view(self.access_view)
        return [path("<int:connection_id>/access/", view, name=NAME), *super().get_urls()]

    def access_view(self, request: HttpRequest, connection_id: int) -> HttpResponse:
        """What is needed and what was granted; POST begins a consent and leads to the vendor's page."""
        row: Connection | None = self.get_object(request, str(connection_id))
        access = actions.access_of(row) if row is not None else None
        if row is None or access is None or row.state == ConnectionState.DISCONNECTED:
            return self.absent(request, str(connection_id))
        if not self.lets(request, MANAGE, row):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Connect “%(name)s” with %(vendor)s") % {"name": row, "vendor": access.vendor},
            "opts": self.opts,
            "connection": row,
            "access": access,
            "keys_page": reverse(f"admin:{self.verb_route}", args=[row.pk, "keys"]),
        }
        if request.method == "POST":
            return self._away(request, row, context)
        return TemplateResponse(request, "admin/integrations/connection/access.html", context)

    def _away(self, request: HttpRequest, row: Connection, context: dict[str, Any]) -> HttpResponse:
        """Lead to the vendor's page: not by a redirect, since a form here may lead nowhere else."""
        try:
            _demand_home(request)
            context["address"] = actions.begin_consent(
                row, session=request.session.session_key or "", actor=person(request)
            )
        except (Denied, PermissionError, Failure) as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(request.path)
        return TemplateResponse(request, "admin/integrations/connection/away.html", context)


@never_cache
@require_GET
def oauth_callback(request: HttpRequest) -> HttpResponse:
    """Take a person back from a vendor; whatever comes of it is a sentence on the connection's page.

    Where one is led from here stands in no parameter.
    """
    if not request.user.is_authenticated:
        messages.error(request, _("You were logged out meanwhile: log in and connect once more."))
        return redirect_to_login(reverse("admin:index"), settings.LOGIN_URL)
    if not admin.site.has_permission(request):
        raise Http404
    try:
        row = actions.finish_consent(
            _told(request), session=request.session.session_key or "", actor=person(request)
        )
    except (Denied, PermissionError, Failure) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Connected. Press “Test”: it says what is left to do."))
        return HttpResponseRedirect(_page(row))
    found = actions.connection_of_state(request.GET.get("state", ""))
    if found is None or not roles.may(request.user, "read", found.program.merchant_id):
        return HttpResponseRedirect(reverse("admin:integrations_connection_changelist"))
    return HttpResponseRedirect(_page(found))


def access_context(row: Connection, manages: bool) -> dict[str, Any]:
    """Return what the page of a connection shows of access by consent."""
    access = actions.access_of(row) if row.state != ConnectionState.DISCONNECTED else None
    page = reverse(f"admin:{NAME}", args=[row.pk]) if access is not None and manages else ""
    has_key = access is not None and connector_of(row).has_keys(store_of(row))
    is_wanted = access is not None and bool(
        access.trouble or access.missing or (access.has_client and not access.is_granted and not has_key)
    )
    return {
        "access": access,
        "access_page": page,
        "access_is_wanted": is_wanted,
        "has_key_instead": has_key,
    }


def _told(request: HttpRequest) -> dict[str, str]:
    """What the address says; a name that stands there twice could be read in two ways."""
    if any(len(values) > 1 for _name, values in request.GET.lists()):
        raise Denied(_("The address that led back here is not of the vendor’s making: connect once more."))
    return request.GET.dict()


def _demand_home(request: HttpRequest) -> None:
    """Whoever is logged in at another host could not come back: the redirect address has one host for all."""
    home = urlsplit(settings.PUBLIC_URL)
    if request.META.get("SCRIPT_NAME") or request.get_host().lower() != home.netloc.lower():
        raise Denied(
            _("Log in at %(address)s to connect: vendors lead back there.") % {"address": home.geturl()}
        )


def _page(row: Connection) -> str:
    return reverse("admin:integrations_connection_change", args=[row.pk])
