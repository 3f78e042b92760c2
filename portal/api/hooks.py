"""Subscriptions to news, as automation services make and end them (REST hooks)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core import http
from integrations import news
from integrations.actions import TooManyHooks, disconnect, hooks_of, subscribe
from integrations.connectors.webhook.choices import MOST_CONDITIONS, PATH
from integrations.connectors.webhook.sign import secret_text
from integrations.models import Connection
from integrations.news.kinds import kinds_of
from integrations.states import ConnectionState
from portal.api import documents, examples, hook_documents, paging
from portal.api.base import ApiView
from portal.api.fields import Moment, Strict, Text, moment
from portal.api.hook_scopes import HEARD, demand
from portal.api.idempotency import once
from portal.api.problems import Errors, Problem, invalid, token, wrong
from portal.api.schema import operation
from portal.api.serializers import read

LONGEST = timedelta(days=3660)
LETTERS = 200
VALUE = re.compile(r"[^\s,;]([^\n\r,;]*[^\s,;])?")  # people may edit conditions as a line with commas


class Until(Moment):
    """An instant with its offset that is still to come."""

    def bounded(self, found: datetime) -> datetime:
        """Refuse what is over, and what nobody lives to see."""
        now = timezone.now()
        if not now < found <= now + LONGEST:
            raise serializers.ValidationError(_("The time must lie ahead, by ten years at most."))
        return found.astimezone(UTC)


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": MOST_CONDITIONS}
)
class Filters(serializers.Field[Any, Any, Any, Any]):
    """Conditions that all must hold: the way to a field of the body, and the value it must have."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Return the values as texts; ValidationError for what is no way or no value."""
        if not isinstance(data, dict) or len(data) > MOST_CONDITIONS:
            words = _("Write an object of up to %(most)s conditions.") % {"most": MOST_CONDITIONS}
            raise serializers.ValidationError(words)
        return {path: self._value(path, value) for path, value in data.items()}

    def _value(self, path: str, value: Any) -> str:
        if len(path) > LETTERS or not PATH.fullmatch(path):
            raise serializers.ValidationError({path[:LETTERS]: _("This is no way to a field of a body.")})
        if isinstance(value, bool):
            return str(value).lower()
        text = str(value) if isinstance(value, str | int) and _is_short(value) else ""
        if not VALUE.fullmatch(text):
            raise serializers.ValidationError({path: _("Write a text, a whole number, true or false.")})
        return text

    def to_representation(self, value: Any) -> Any:
        """Return them as they are."""
        return value


def _is_short(value: str | int) -> bool:
    return abs(value) < 10**18 if isinstance(value, int) else len(value) <= LETTERS


class HookRequest(Strict):
    """What is to be told where."""

    target_url = Text(max_length=200, help_text="An https address on the public internet.")
    event = Text(max_length=60, help_text="A kind of GET /events, or all of a noun: order.*")
    filters = Filters(
        required=False,
        help_text='Only what fits is told: {"affiliate.code": "anna", "order.source": ["a", "b"]}.',
    )
    expires = Until(required=False, allow_null=True, help_text="Nothing is told from then on. null: never.")


class HookQuery(paging.PageQuery):
    """Filters of the list; its time is when somebody subscribed."""

    state = serializers.ChoiceField(choices=ConnectionState.choices, required=False)


class HookSubscriptions(ApiView):
    """All subscriptions of the program that came by this door."""

    scopes = {"GET": "hooks", "POST": "hooks"}

    @operation(
        "hooks_list",
        "List subscriptions",
        {200: documents.page_of(hook_documents.HookDocument)},
        scope="hooks",
        filters=HookQuery,
    )
    def get(self, request: Request) -> Response:
        """List subscriptions, newest first; those that have ended only if they are asked for."""
        filters = paging.query(HookQuery, request)
        rows = hooks_of(self.program)
        if "state" in filters:
            rows = rows.filter(state=filters["state"])
        else:
            rows = rows.exclude(state=ConnectionState.DISCONNECTED)
        return Response(paging.page(rows, filters, shape, time="created_at"))

    @operation(
        "hooks_create",
        "Subscribe to news",
        {201: hook_documents.NewHook, 200: hook_documents.NewHook},
        scope="hooks",
        request=HookRequest,
        examples=[
            examples.sent("One kind", examples.HOOK),
            examples.sent("All of a noun, filtered", examples.HOOK_IN_FULL),
        ],
    )
    def post(self, request: Request) -> Response:
        """Subscribe: 201 with the secret, 200 when the same key asked the same before; 409 beyond the limit."""
        values = read(HookRequest, request.data)
        kinds = [kind for kind in kinds_of(values["event"]) if kind in HEARD]
        if not kinds:
            raise invalid([wrong("/event", _("There is no such event: GET /events lists them."))])
        demand(self.key, kinds)
        if errors := _nowhere(values.get("filters", {}), kinds):
            raise invalid(errors)
        try:
            http.check_url(values["target_url"])
        except http.UnsafeURL as unsafe:
            raise invalid([wrong("/target_url", str(unsafe))]) from None
        response = once(request, lambda: self.make(values))
        # the secret is put in now: the answer that is kept for repetitions is not sealed
        secret = hooks_of(self.program).get(pk=response.data["id"]).secrets.get("webhook_secret", "")
        response.data = {**response.data, "secret": secret_text(secret) if secret else ""}
        return response

    def make(self, values: dict[str, Any]) -> Response:
        """Subscribe, and answer with the subscription."""
        row, is_new = _said(
            lambda: subscribe(
                self.program,
                target_url=values["target_url"],
                event=values["event"],
                filters=values.get("filters"),
                expires_at=values.get("expires"),
                key=self.key.prefix,
            )
        )
        return Response(shape(row), 201 if is_new else 200)


class OneHookSubscription(ApiView):
    """A subscription by its id."""

    scopes = {"GET": "hooks", "DELETE": "hooks"}

    @operation("hooks_read", "Read one", {200: hook_documents.HookDocument}, scope="hooks")
    def get(self, request: Request, pk: int) -> Response:
        """Return the subscription, ended or not."""
        return Response(shape(self.row(pk)))

    @operation("hooks_delete", "Unsubscribe", {204: None}, scope="hooks")
    def delete(self, request: Request, pk: int) -> Response:
        """Tell it nothing more; 204 as well if it had ended before."""
        disconnect(self.row(pk))
        return Response(status=204)

    def row(self, pk: int) -> Connection:
        """A subscription of the key's program; 404 for any other, and for connections that people made."""
        found: Connection | None = hooks_of(self.program).filter(pk=pk).first()
        if found is None:
            raise Http404
        return found


def _nowhere(filters: dict[str, str], kinds: list[str]) -> Errors:
    """Conditions on what no body of these kinds has: nothing would ever be told, and nobody would know why."""
    bodies = [news.sample(kind) for kind in kinds]
    return [
        wrong(f"/filters/{token(path)}", _("No body of this event has such a field."))
        for path in filters
        if not any(_leads(body, path) for body in bodies)
    ]


def _leads(body: Any, path: str) -> bool:
    for step in path.split("."):
        if body is None:  # it may hold more than in this sample
            return True
        if not isinstance(body, dict) or step not in body:
            return False
        body = body[step]
    return not isinstance(body, list)


def _said(work: Callable[[], tuple[Connection, bool]]) -> tuple[Connection, bool]:
    """Do the verb; what it refuses is said as a conflict."""
    try:
        return work()
    except TooManyHooks as refused:
        raise Problem(409, "conflict", str(refused)) from None


def shape(row: Connection) -> dict[str, Any]:
    """A subscription, without its secret."""
    expires = row.options.get("expires")
    return {
        "id": row.pk,
        "target_url": row.base_url,
        "event": row.options["kinds"][0],
        "filters": row.options.get("filter", {}),
        "expires": moment(datetime.fromisoformat(expires)) if expires else None,
        "state": row.state,
        "trouble": row.last_error,
        "created_at": moment(row.created_at),
    }
