"""Who asks: a key in the Authorization header, and whether its scopes allow the view."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal import keys
from portal.models import ApiKey


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer tk_…`: a machine, no person, so `request.auth` is the key and no user is known."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey]:
        """Return the live key, 401 for anything else: there is no other way in."""
        kind, _space, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not text.strip():
            raise exceptions.AuthenticationFailed(_("Send the header “Authorization: Bearer <key>”."))
        try:
            return AnonymousUser(), keys.check(text.strip())
        except keys.KeyRefused as refused:
            raise exceptions.AuthenticationFailed(str(refused)) from None

    def authenticate_header(self, request: Request) -> str:
        """Say how to authenticate (WWW-Authenticate of a 401)."""
        return 'Bearer realm="api"'


class HasScope(BasePermission):
    """The key has the scope that the view names for the method; a view that names none is open to every key."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say whether the key may; a method that the view does not have passes on to its 405."""
        needed = view.scopes.get(request.method.replace("HEAD", "GET") if request.method else "")
        key: ApiKey = request.auth  # type: ignore[assignment]  # the only authentication there is
        if needed is None or needed in key.scopes:
            return True
        raise exceptions.PermissionDenied(_("The key lacks the scope %(scope)s.") % {"scope": needed})
