"""The door for other systems: store what they say, answer at once, understand it later."""

from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations import actions
from integrations.connectors.base import BadSignature
from integrations.models import Connection

MAX_BYTES = 2_000_000


@csrf_exempt
@require_POST
def receive_webhook(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer 200 only after the message is durable; 401 for a wrong signature, 413 above 2 MB, 404 for nobody.

    Everything else is 200, whatever it says: a store that hears anything else counts it and switches its hook off.
    """
    connection = Connection.objects.select_related("program").filter(public_id=public_id).first()
    if connection is None:
        return HttpResponse(status=404)
    try:
        body = request.body
    except (RequestDataTooBig, UnreadablePostError):
        return HttpResponse(status=413)
    if len(body) > MAX_BYTES:
        return HttpResponse(status=413)
    try:
        actions.receive(connection, request.headers, body)
    except BadSignature:
        return HttpResponse(status=401)
    return HttpResponse(status=200)
