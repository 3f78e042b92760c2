"""What systems sent us, byte for byte, and what became of it."""

import json
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from affiliates.cells import chip, when
from affiliates.verb_admin import Verb, VerbAdmin
from integrations import actions
from integrations.models import Inbound

SHOWN_BYTES = 200_000


class StuckFilter(admin.SimpleListFilter):
    """Those that a person should look at."""

    title = _("attention")
    parameter_name = "stuck"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        """One choice."""
        return [("yes", _("needs a look"))]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Parked and quarantined ones."""
        return queryset.stuck() if self.value() == "yes" else queryset


@admin.register(Inbound)
class InboundAdmin(VerbAdmin):
    """Received messages: read-only; processing one again books nothing twice."""

    verbs = (
        Verb(
            name="replay",
            label=_("Process again"),
            ask=_(
                "The stored message is understood again from its first byte. What it said before is not booked twice."
            ),
            may="manage_integrations",
            run=actions.replay,
            done=_("Processed again"),
        ),
    )
    tab_field = "state"
    confirm_display = ("__str__", "connection", "state_chip", "note")
    list_display = ("about", "connection", "state_chip", "sentence", "repeats", "received")
    list_filter = (StuckFilter, "connection__program", "connection", "topic")
    list_select_related = ("connection__program",)
    search_fields = ("subject", "note", "dedupe_key")
    ordering = ("-received_at", "-pk")
    fields = (
        ("connection", "topic"),
        ("subject", "state_chip"),
        "note",
        ("repeats", "received", "processed"),
    )
    readonly_fields = ("state_chip", "received", "processed")
    empty_words = _("Whatever a connected system sends is stored here before it is understood.")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Lists do not load the bytes."""
        return super().get_queryset(request).defer("body", "headers")

    @admin.display(description=_("message"), ordering="topic")
    def about(self, row: Inbound) -> str:
        """Its topic and what it is about."""
        return str(row) or row.dedupe_key

    @admin.display(description=_("note"))
    def sentence(self, row: Inbound) -> str:
        """What became of it."""
        return row.note or "–"

    @admin.display(description=_("state"), ordering="state")
    def state_chip(self, row: Inbound) -> str:
        """Whether it was understood."""
        return chip(row.state, row.get_state_display())

    @admin.display(description=_("received at"), ordering="received_at")
    def received(self, row: Inbound) -> str:
        """When it came."""
        return when(row.received_at)

    @admin.display(description=_("processed at"))
    def processed(self, row: Inbound) -> str:
        """When it was understood."""
        return when(row.processed_at)

    def page_context(self, request: HttpRequest, row: Inbound) -> dict[str, Any]:
        """The raw message, indented where it is JSON."""
        return {
            **super().page_context(request, row),
            "hero_words": self.state_chip(row),
            "raw": readable(bytes(row.body)),
            "headers": sorted(row.headers.items()),
        }


def readable(body: bytes) -> str:
    """The bytes as text for people: JSON is indented, the rest is shown as it came."""
    text = body[:SHOWN_BYTES].decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
