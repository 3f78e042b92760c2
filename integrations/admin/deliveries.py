"""What other systems are told: every message, every try, and what stands in the way."""

import json
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from affiliates.cells import chip, when
from affiliates.verb_admin import Verb
from integrations import actions
from integrations.admin.transfers import TransferPages
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


@admin.register(Delivery)
class DeliveryAdmin(TransferPages):
    """Messages to other systems: read-only; verbs send them again, or not at all."""

    verbs = VERBS
    tab_field = "state"
    confirm_display = ("about", "connection", "state_chip", "note")
    list_display = ("about", "connection", "state_chip", "tried", "sentence", "happened")
    list_filter = ("connection__program", "connection", "kind")
    list_select_related = ("connection__program",)
    search_fields = ("object_key",)
    search_help_text = _("What it is about, or the id of the message")
    ordering = ("-id",)
    fields = (
        ("connection", "kind"),
        ("object_key", "state_chip"),
        "note",
        ("tried", "next_try"),
        ("happened", "ended"),
        "message_id",
    )
    readonly_fields = ("state_chip", "tried", "next_try", "happened", "ended", "message_id")
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

    @admin.display(description=_("message"), ordering="kind")
    def about(self, row: Delivery) -> str:
        """What happened to what."""
        return str(row)

    @admin.display(description=_("state"), ordering="state")
    def state_chip(self, row: Delivery) -> str:
        """How far it is."""
        return chip("failed" if row.state == DeliveryState.DEAD else row.state, row.get_state_display())

    @admin.display(description=_("attempts"), ordering="attempts")
    def tried(self, row: Delivery) -> int:
        """How often it was tried since it was put in line."""
        return int(row.attempts)

    @admin.display(description=_("note"))
    def sentence(self, row: Delivery) -> str:
        """What came of the last try."""
        return row.note or "–"

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
            "hero_words": self.state_chip(row),
            "raw": json.dumps(row.body, indent=2, ensure_ascii=False),
            "tries": row.tries.order_by("-number")[:LATEST_TRIES],
        }
