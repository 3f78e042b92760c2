"""What every request passes: health, a session that belongs to its host, second factors, the way to sign in."""

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import logout
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRefresh

from affiliates.models import Member

Next = Callable[[HttpRequest], HttpResponse]


class HealthMiddleware:
    """Answers /healthz (the process lives) and /readyz (the database is there and migrated) for any host."""

    is_migrated = False

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz":
            return self.ready()
        return self.get_response(request)

    def ready(self) -> HttpResponse:
        """Answer 200 only if a request could be served now; 503 says what is missing."""
        try:
            connection.ensure_connection()
            if not connection.is_usable():
                connection.close()
                connection.ensure_connection()
            waiting = 0 if self.is_migrated else self.migrations_waiting()
        except Exception as failure:
            return JsonResponse({"status": "down", "database": type(failure).__name__}, status=503)
        if waiting:
            return JsonResponse({"status": "down", "migrations_waiting": waiting}, status=503)
        return JsonResponse({"status": "ok"})

    def migrations_waiting(self) -> int:
        """Count the migrations that this code needs and the database has not; once none waits, none ever will."""
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        self.is_migrated = waiting == 0
        return waiting


class BoundSessionMiddleware:
    """A session serves the host it was opened on and is closed on any other; what it shows is kept by nobody."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            home = self.place(request)
            if request.session.setdefault("place", home) != home:
                logout(request)
        response = self.get_response(request)
        # the API leaves no user behind where there is no key
        if getattr(request.user, "is_authenticated", False):
            request.session.setdefault("place", self.place(request))  # who has just signed in, did so here
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    def place(self, request: HttpRequest) -> str:
        """Return what the session is bound to: the host, and the brand's path where there is one."""
        return str(request.get_host().lower() + request.META.get("SCRIPT_NAME", ""))


class DemandedMfaMiddleware:
    """Sends a member whose role demands a second factor to set one up before anything else."""

    FREE = ("/account/", "/static/", "/brand/")

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.must_enroll(request):
            return redirect(reverse("mfa_index"))
        return self.get_response(request)

    def must_enroll(self, request: HttpRequest) -> bool:
        """Say whether this person may go no further without a second factor."""
        roles = settings.MFA_DEMANDED_ROLES
        if not roles or not request.user.is_authenticated or request.path_info.startswith(self.FREE):
            return False
        demanded = Member.objects.filter(user=request.user, is_active=True, role__in=roles).exists()
        return demanded and not is_mfa_enabled(request.user)


class WholePageMiddleware:
    """Who must sign in, or set up a second factor, is led there with the whole page: no form lands in a part of it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.headers.get("HX-Request") or not isinstance(response, HttpResponseRedirect):
            return response
        doors = (reverse(settings.LOGIN_URL), reverse("admin:login"), reverse("mfa_index"))
        if not response.url.startswith(doors):
            return response
        answer = HttpResponseClientRefresh()
        answer["Cache-Control"] = "no-store"  # at the address of some page: Back must not show it
        return answer
