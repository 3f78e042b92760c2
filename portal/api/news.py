"""What may be heard: the kinds of news, and samples of each."""

import json
import uuid
from datetime import datetime
from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from integrations import news
from integrations.connectors.base import Message
from integrations.connectors.webhook.send import payload
from integrations.news.kinds import noun_of
from integrations.news.recent import recent
from portal.api import hook_documents
from portal.api.base import ApiView
from portal.api.hook_scopes import HEARD, demand, scope_of
from portal.api.schema import operation

BODIES = {
    "type": "array",
    "maxItems": 3,
    "items": {"type": "object", "additionalProperties": True},
    "description": "Up to three messages exactly as they are sent, the newest first.",
}


class Events(ApiView):
    """All kinds of news."""

    scopes = {"GET": "hooks"}

    @operation("events_list", "List kinds of news", {200: hook_documents.EventsDocument}, scope="hooks")
    def get(self, request: Request) -> Response:
        """List all kinds, each with its sentence and whether the key may hear of it."""
        return Response({"items": [self.shape(kind) for kind in HEARD]})

    def shape(self, kind: str) -> dict[str, Any]:
        """A kind, and whether this key may subscribe to it."""
        scope = scope_of(kind)
        return {
            "kind": kind,
            "text": str(HEARD[kind]),
            "subject": noun_of(kind),
            "scope": scope,
            "allowed": scope is None or scope in self.key.scopes,
        }


class EventSamples(ApiView):
    """Samples of a kind."""

    scopes = {"GET": "hooks"}

    @operation("events_samples", "Read samples of a kind", {200: BODIES}, scope="hooks")
    def get(self, request: Request, kind: str) -> Response:
        """Return the program's newest ones, or a made-up one where there are none."""
        if kind not in HEARD:
            raise Http404
        demand(self.key, [kind])
        found = [news.body_of(event) for event in recent(kind, self.program)]
        return Response([_sent(body) for body in found or [news.sample(kind)]])


def _sent(body: dict[str, Any]) -> Any:
    """The body in its envelope, as the connector sends it; a message's id is the same each time it is read."""
    number = str(uuid.uuid5(uuid.NAMESPACE_URL, body["id"]))
    at = datetime.fromisoformat(body["at"])
    return json.loads(payload(Message(number, body["kind"], "", at, body)))
