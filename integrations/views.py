"""The door for other systems: store what they say, answer at once, understand it later."""

from collections.abc import Mapping
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils.datastructures import CaseInsensitiveMapping
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from integrations import actions
from integrations.connectors import CONNECTORS
from integrations.connectors.base import QUERY, BadSignature, Unreadable
from integrations.connectors.postback.verify import is_json
from integrations.models import Connection
from integrations.states import ConnectionState

MAX_BYTES = 2_000_000
MAX_POSTBACK_BYTES = 64_000


@csrf_exempt
@require_POST
def receive_webhook(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer 200 only after the message is durable; 401 for a wrong signature, 413 above 2 MB, 404 for nobody.

    Everything else is 200, whatever it says: a store that hears anything else counts it and switches its hook off.
    """
    connection = _connection(public_id, "hook")
    if connection is None:
        return HttpResponse(status=404)
    body = _body(request, MAX_BYTES)
    if body is None:
        return HttpResponse(status=413)
    try:
        actions.receive(connection, _heard(request), body)
    except BadSignature:
        return HttpResponse(status=401)
    return HttpResponse(status=200)


@csrf_exempt
@require_http_methods(["GET", "POST"])
@never_cache
def receive_postback(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer 200 only after the postback is durable; 401, 400 and 413 say in a sentence what to check, 404 for nobody.

    The parameters of the address and of a form are one message; a JSON body is one alone.
    """
    connection = _connection(public_id, "postback")
    if connection is None:
        return _said(404, _("There is no such postback address."))
    body = _body(request, MAX_POSTBACK_BYTES)
    if body is None:
        return _said(413, _("A postback has at most 64 kB."))
    query = request.META.get("QUERY_STRING", "").encode("latin-1", "replace")
    if query and is_json(body):
        return _said(400, _("Put everything into the JSON body: what stands in the address is not signed."))
    try:
        actions.receive(connection, request.headers, b"&".join(part for part in (query, body) if part))
    except BadSignature as trouble:
        return _said(401, str(trouble))
    except Unreadable as trouble:
        return _said(400, str(trouble))
    return _said(200, "OK")


def _connection(public_id: UUID, route: str) -> Connection | None:
    """The connection of an address, if its systems knock there."""
    rows = Connection.objects.select_related("program").filter(public_id=public_id)
    rows = rows.exclude(state=ConnectionState.DISCONNECTED)
    found: Connection | None = rows.first()
    return found if found is not None and route == CONNECTORS[found.connector].ROUTE else None


def _heard(request: HttpRequest) -> Mapping[str, str]:
    """The headers, and what stands in the address under a name that no header can have."""
    query = request.META.get("QUERY_STRING", "")
    return CaseInsensitiveMapping({**request.headers, QUERY: query}) if query else request.headers


def _body(request: HttpRequest, most: int) -> bytes | None:
    """The bytes of the body, or None for more than are taken."""
    try:
        body = request.body
    except (RequestDataTooBig, UnreadablePostError):
        return None
    return body if len(body) <= most else None


def _said(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
