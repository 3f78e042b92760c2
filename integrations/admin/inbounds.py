"""What systems sent us, byte for byte, and what became of it."""

import json
import logging
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy as _

from affiliates.cells import NONE, chip, when
from affiliates.verb_admin import Verb, VerbAdmin
from integrations import actions
from integrations.actions.replaying import Rehearsal
from integrations.message_words import message_title, topic_words
from integrations.models import Inbound

log = logging.getLogger(__name__)

SHOWN_BYTES = 200_000
TRIED = 20  # messages whose consequences are shown before they are processed again


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
    confirm_display = ("title", "connection", "state_chip", "note")
    list_display = ("about", "connection", "state_chip", "sentence", "again", "received")
    list_filter = (StuckFilter, "connection__program", "connection")
    list_select_related = ("connection__program",)
    search_fields = ("subject", "note", "dedupe_key")
    ordering = ("-received_at", "-pk")
    fields = (
        ("connection", "what"),
        ("subject", "state_chip"),
        "note",
        ("repeats", "received", "processed"),
    )
    readonly_fields = ("what", "state_chip", "received", "processed")
    empty_words = _("Whatever a connected system sends is stored here before it is understood.")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Lists do not load the bytes."""
        return super().get_queryset(request).defer("body", "headers")

    @admin.display(description=_("message"), ordering="topic")
    def about(self, row: Inbound) -> str:
        """Its topic and what it is about."""
        if not row.topic:
            return row.subject or row.dedupe_key
        return format_html("{} <small><bdi>{}</bdi></small>", topic_words(row.topic), row.subject)

    @admin.display(description=_("message"))
    def title(self, row: Inbound) -> str:
        """Its topic and what it is about, in one line."""
        return message_title(row.topic, row.subject) or row.dedupe_key

    @admin.display(description=_("topic"))
    def what(self, row: Inbound) -> str:
        """In words, and as its system says it."""
        if not row.topic:
            return "–"
        return format_html("{} <small><code>{}</code></small>", topic_words(row.topic), row.topic)

    @admin.display(description=_("note"))
    def sentence(self, row: Inbound) -> str:
        """What became of it."""
        return row.note or NONE

    @admin.display(description=_("repeats"), ordering="repeats")
    def again(self, row: Inbound) -> str:
        """How often it came again."""
        return f"{row.repeats}×" if row.repeats else NONE

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

    def confirmation(
        self,
        request: HttpRequest,
        verb: Verb,
        rows: list[Any],
        form: forms.Form,
        back: str = ".",
        skipped: int = 0,
    ) -> TemplateResponse:
        """Shows what would become of the messages before a person says yes."""
        page = super().confirmation(request, verb, rows, form, back, skipped)
        page.template_name = "admin/integrations/inbound/confirm.html"
        trials = [
            (self.title(row), trial, chip(trial.state, trial.words)) for row, trial in tried(rows[:TRIED])
        ]
        page.context_data = {
            **(page.context_data or {}),
            "trials": trials,
            "untried": len(rows[TRIED:]),
        }
        return page

    def page_context(self, request: HttpRequest, row: Inbound) -> dict[str, Any]:
        """The raw message, indented where it is JSON."""
        return {
            **super().page_context(request, row),
            "row_title": self.title(row),
            "hero_words": self.state_chip(row),
            "raw": readable(bytes(row.body)),
            "headers": sorted(row.headers.items()),
        }


def tried(rows: Sequence[Inbound]) -> list[tuple[Inbound, Rehearsal]]:
    """Each message with what would become of it, tried by itself: not after the others."""
    return [(row, _tried(row)) for row in rows]


def _tried(row: Inbound) -> Rehearsal:
    try:
        return actions.rehearse(row)
    except Exception as failure:
        log.warning("inbound %s cannot be tried: %s: %s", row.pk, type(failure).__name__, failure)
        said = gettext("It fails in the middle (%(what)s): processing it again would change nothing.")
        return Rehearsal("quarantined", _("fails"), said % {"what": type(failure).__name__}, ())


def readable(body: bytes) -> str:
    """The bytes as text for people: JSON is indented, the rest is shown as it came."""
    text = body[:SHOWN_BYTES].decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
