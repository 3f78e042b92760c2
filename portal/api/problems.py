"""Every error as a problem document (RFC 9457), with a pointer per wrong field."""

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
Errors = list[dict[str, str]]

TITLES = {
    "malformed": gettext_lazy("The request cannot be read"),
    "unauthenticated": gettext_lazy("A key is needed"),
    "forbidden": gettext_lazy("The key does not allow this"),
    "not-found": gettext_lazy("Not found"),
    "method": gettext_lazy("The method is not allowed here"),
    "conflict": gettext_lazy("Known with other content"),
    "too-large": gettext_lazy("The request is too large"),
    "media-type": gettext_lazy("Only JSON is understood"),
    "invalid": gettext_lazy("The request has wrong fields"),
    "key-reused": gettext_lazy("The Idempotency-Key was used for another request"),
    "too-many": gettext_lazy("Too many requests"),
    "busy": gettext_lazy("The database is busy"),
    "failed": gettext_lazy("Something went wrong here"),
}


class Problem(exceptions.APIException):
    """An answer that is an error: `kind` is a key of TITLES, `extra` are members of the document."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str = "",
        *,
        errors: Errors | None = None,
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status_code = status
        self.kind = kind
        self.text = detail
        self.errors = errors
        self.extra = extra or {}
        self.headers = headers or {}

    def document(self) -> dict[str, Any]:
        """Return the problem as JSON."""
        body: dict[str, Any] = {
            "type": f"{reverse('api:docs')}#problem-{self.kind}",
            "title": str(TITLES[self.kind]),
            "status": self.status_code,
            "detail": self.text,
        }
        if self.errors is not None:
            body["errors"] = self.errors
        return body | self.extra


def invalid(errors: Errors) -> Problem:
    """Return 422 with what is wrong, by pointer."""
    return Problem(422, "invalid", _("%(count)s wrong: see errors.") % {"count": len(errors)}, errors=errors)


def wrong(pointer: str, detail: str) -> dict[str, str]:
    """Return one entry of `errors`."""
    return {"pointer": pointer, "detail": detail}


def pointed(detail: Any, pointer: str = "") -> Errors:
    """Turn the errors of a serializer, nested as the input is, into a flat list with JSON pointers."""
    return list(_walk(detail, pointer))


def _walk(detail: Any, pointer: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for name, below in detail.items():
            yield from _walk(below, pointer if name == "non_field_errors" else f"{pointer}/{token(name)}")
    elif isinstance(detail, list):
        for index, below in enumerate(detail):
            yield from _walk(below, f"{pointer}/{index}" if isinstance(below, dict | list) else pointer)
    else:
        yield wrong(pointer, str(detail))


def token(name: object) -> str:
    """Escape one step of a JSON pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")


def answer(problem: Problem) -> Response:
    """Return the response that carries a problem."""
    return Response(problem.document(), problem.status_code, headers=problem.headers, content_type=MEDIA_TYPE)


def problem(exception: Exception, context: dict[str, Any]) -> Response:
    """Answer any exception of a view with its problem document (the setting EXCEPTION_HANDLER)."""
    known = _known(exception)
    if known is None:
        request = context.get("request")
        log.error("an API request failed", exc_info=exception)
        got_request_exception.send(sender=None, request=getattr(request, "_request", None))
        known = Problem(500, "failed", _("It is logged; nothing was changed."))
    return answer(known)


def _known(exception: Exception) -> Problem | None:
    if isinstance(exception, Problem):
        return exception
    if isinstance(exception, exceptions.ValidationError):
        return invalid(pointed(exception.detail))
    if isinstance(exception, exceptions.APIException):
        return _of_framework(exception)
    return _of_django(exception)


def _of_django(exception: Exception) -> Problem | None:
    if isinstance(exception, Http404):
        return Problem(404, "not-found", _("There is no such thing in this program."))
    if isinstance(exception, PermissionDenied):
        return Problem(403, "forbidden", _("The key does not allow this."))
    if isinstance(exception, RequestDataTooBig):
        return Problem(413, "too-large", _("The body is too large."))
    if isinstance(exception, SuspiciousOperation):
        return Problem(400, "malformed", _("The request cannot be read."))
    if isinstance(exception, OperationalError):
        log.warning("the database was busy: %s", type(exception).__name__)
        return Problem(
            503, "busy", _("Nothing was changed: repeat the request."), headers={"Retry-After": "1"}
        )
    return None


def _of_framework(exception: exceptions.APIException) -> Problem:
    detail, status = str(exception.detail), exception.status_code
    if isinstance(exception, exceptions.Throttled):
        wait = str(int(getattr(exception, "wait", None) or 1))
        text = _("The key's limit is reached: wait %(seconds)s seconds.") % {"seconds": wait}
        return Problem(429, "too-many", text, headers={"Retry-After": wait})
    if status == 401:
        return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": 'Bearer realm="api"'})
    kinds = {403: "forbidden", 404: "not-found", 405: "method", 413: "too-large", 415: "media-type"}
    return Problem(status, kinds.get(status, "malformed"), detail)
