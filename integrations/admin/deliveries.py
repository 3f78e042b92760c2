"""What other systems are told: every message, every try, and what stands in the way."""

import json
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from affiliates.cells import NONE, chip, when
from affiliates.scoped_admin import memberships
from affiliates.verb_admin import Verb
from integrations import actions
from integrations.about import names_of
from integrations.admin.transfers import TransferPages
from integrations.message_words import NOUNS, SENT, about_words, kind_words, title_of
from integrations.models import Delivery
from integrations.states import ConnectionState, DeliveryState

CAN_BE_SKIPPED = (DeliveryState.DUE, DeliveryState.DEAD)
LATEST_TRIES = 30


def _is_reachable(row: Delivery) -> bool:
    return bool(row.connection.state != ConnectionState.DISCONNECTED)


VERBS = (
    Verb(
        name="replay",
        label=_("Try again"),
        ask=_("The message goes back in line with the id it had, and with all its tries before it."),
        may="manage_integrations",
        run=actions.replay_delivery,
        done=_("Back in line"),
        applies=lambda row: row.state == DeliveryState.DEAD and _is_reachable(row),
    ),
    Verb(
        name="again",
        label=_("Send again"),
        ask=_("The far side gets the same message, with the same id, once more."),
        may="manage_integrations",
        run=lambda row, *, actor: actions.replay_delivery(row, again=True, actor=actor),
        done=_("Back in line"),
        applies=lambda row: row.state in (DeliveryState.DONE, DeliveryState.SKIPPED) and _is_reachable(row),
        is_danger=True,
    ),
    Verb(
        name="skip",
        label=_("Skip"),
        ask=_("The message is not sent any more; later ones about the same object go on."),
        may="manage_integrations",
        run=actions.skip_delivery,
        done=_("Skipped"),
        applies=lambda row: row.state in CAN_BE_SKIPPED,
        is_danger=True,
    ),
)


class SubjectFilter(admin.SimpleListFilter):
    """What it is about; a table of messages is too long to be asked which kinds there are."""

    title = _("what it is about")
    parameter_name = "subject"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        """The nouns that kinds begin with."""
        begun = {kind.partition(".")[0] for kind in SENT} | {"record"}
        return [(noun, words) for noun, words in NOUNS.items() if noun in begun]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """All kinds of a noun."""
        return queryset.filter(kind__startswith=f"{self.value()}.") if self.value() in NOUNS else queryset


def _called(row: Delivery) -> str:
    """What people call that which it is about; a row of the list knows it already."""
    if not hasattr(row, "called"):
        merchant = row.connection.program.merchant_id
        row.called = names_of([merchant], [row.object_key]).get(row.object_key, "")
    return str(row.called)


@admin.register(Delivery)
class DeliveryAdmin(TransferPages):
    """Messages to other systems: read-only; verbs send them again, or not at all."""

    verbs = VERBS
    tab_field = "state"
    confirm_display = ("about", "connection", "state_chip", "note")
    list_display = ("about", "connection", "state_chip", "tried", "sentence", "happened")
    list_filter = (SubjectFilter, "connection__program", "connection")
    list_select_related = ("connection__program",)
    search_fields = ("object_key",)
    search_help_text = _("What it is about, or the id of the message")
    ordering = ("-id",)
    fields = (
        ("connection", "what"),
        ("whom", "state_chip"),
        "note",
        ("tried", "next_try"),
        ("happened", "ended"),
        "message_id",
    )
    readonly_fields = ("what", "whom", "state_chip", "tried", "next_try", "happened", "ended", "message_id")
    empty_words = _("What happens is told to every system that is connected and wants to hear it.")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Lists do not load what is sent."""
        return super().get_queryset(request).defer("body")

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """The id of a message is looked up whole."""
        try:
            return queryset.filter(message_id=UUID(search_term.strip())), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The rows of one page know what people call their subjects, by three queries for all of them."""
        found = super().get_changelist_instance(request)
        found.result_list = list(found.result_list)
        names = names_of(list(memberships(request)), (row.object_key for row in found.result_list))
        for row in found.result_list:
            row.called = names.get(row.object_key, "")
        return found

    @admin.display(description=_("message"), ordering="kind")
    def about(self, row: Delivery) -> str:
        """What happened to what."""
        name = about_words(row.object_key, _called(row))
        return format_html("{} <small><bdi>{}</bdi></small>", kind_words(row.kind), name)

    @admin.display(description=_("what happened"))
    def what(self, row: Delivery) -> str:
        """In words, and as programs say it."""
        return format_html("{} <small><code>{}</code></small>", kind_words(row.kind), row.kind)

    @admin.display(description=_("about"))
    def whom(self, row: Delivery) -> str:
        """In words, and as programs say it."""
        name = about_words(row.object_key, _called(row))
        return format_html("<bdi>{}</bdi> <small><code>{}</code></small>", name, row.object_key)

    @admin.display(description=_("state"), ordering="state")
    def state_chip(self, row: Delivery) -> str:
        """How far it is."""
        return chip("failed" if row.state == DeliveryState.DEAD else row.state, row.get_state_display())

    @admin.display(description=_("attempts"), ordering="attempts")
    def tried(self, row: Delivery) -> str:
        """How often it was tried since it was put in line."""
        return f"{row.attempts}×" if row.attempts else NONE

    @admin.display(description=_("note"))
    def sentence(self, row: Delivery) -> str:
        """What came of the last try."""
        return row.note or NONE

    @admin.display(description=_("happened at"), ordering="occurred_at")
    def happened(self, row: Delivery) -> str:
        """When what it tells of happened."""
        return when(row.occurred_at)

    @admin.display(description=_("next attempt"))
    def next_try(self, row: Delivery) -> str:
        """When it is tried next."""
        return when(row.next_at if row.state == DeliveryState.DUE else None)

    @admin.display(description=_("ended at"))
    def ended(self, row: Delivery) -> str:
        """When it was delivered, given up or skipped."""
        return when(row.done_at)

    def page_context(self, request: HttpRequest, row: Delivery) -> dict[str, Any]:
        """What is sent, and every try with what came back."""
        return {
            **super().page_context(request, row),
            "row_title": title_of(row.kind, row.object_key, _called(row)),
            "hero_words": self.state_chip(row),
            "raw": json.dumps(row.body, indent=2, ensure_ascii=False),
            "tries": row.tries.order_by("-number")[:LATEST_TRIES],
        }
