"""The audit trail and the quarantine."""

import json
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from affiliates.cells import chip, when
from affiliates.scoped_admin import ScopedAdmin
from affiliates.verb_admin import Verb, VerbAdmin
from core.jobs import retry
from core.models import Event, Job, JobState, User
from fraud.models import Case, Exemption, Relation


@admin.register(Event)
class EventAdmin(ScopedAdmin):
    """Who did what, to which row, and when; never changed."""

    list_display = ("happened", "kind", "subject", "by", "details")
    list_filter = ("kind",)
    list_select_related = ("actor",)
    search_fields = ("kind", "subject_id", "actor__email")
    ordering = ("-pk",)
    fields = ("happened", "kind", "subject", "by", "data_text")
    readonly_fields = ("happened", "subject", "by", "data_text")
    empty_words = _("Everything that anybody does is written here.")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """All but how fraud review goes about the person's own account, which colleagues decide."""
        rows = super().get_queryset(request)
        for model in (Case, Exemption, Relation):
            others = model.objects.not_about(request.user).values("pk")
            own = model.objects.exclude(pk__in=others).values_list(Cast("pk", models.CharField()), flat=True)
            rows = rows.exclude(subject_type=model._meta.label_lower, subject_id__in=own)
        return rows

    @admin.display(description=_("when"), ordering="pk")
    def happened(self, row: Event) -> str:
        """When it happened."""
        return when(row.at)

    @admin.display(description=_("row"), ordering="subject_type")
    def subject(self, row: Event) -> str:
        """What it happened to."""
        return f"{row.subject_type.partition('.')[2]} {row.subject_id}"

    @admin.display(description=_("by"), ordering="actor")
    def by(self, row: Event) -> str:
        """Who did it."""
        return str(row.actor) if row.actor else str(_("automatically"))

    @admin.display(description=_("details"))
    def details(self, row: Event) -> str:
        """The beginning of what was noted."""
        text = ", ".join(f"{name}: {value}" for name, value in row.data.items())
        return text[:80] + ("…" if len(text) > 80 else "") or "–"

    @admin.display(description=_("details"))
    def data_text(self, row: Event) -> str:
        """Everything that was noted."""
        return format_html("<pre>{}</pre>", json.dumps(row.data, indent=2, ensure_ascii=False))


def _retry(row: Job, *, actor: User) -> int:
    return retry([row])


@admin.register(Job)
class JobAdmin(VerbAdmin):
    """Tasks that failed three times and wait for a person."""

    tenant = "event__tenant_id"
    verbs = (
        Verb(
            name="retry",
            label=_("Try again"),
            ask=_("It goes back in line with a clean slate. Do this after the cause is mended."),
            may="manage_integrations",
            run=_retry,
            done=_("Back in line"),
            applies=lambda row: row.state == JobState.QUARANTINED,
        ),
    )
    confirm_display = ("task_name", "event", "attempts")
    list_display = ("task_name", "event", "attempts", "state_chip", "error")
    list_select_related = ("event",)
    ordering = ("-pk",)
    fields = ("task", "event", "state_chip", "attempts", "error_text")
    readonly_fields = ("state_chip", "error_text")
    empty_words = _("No task is in quarantine.")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Quarantined ones; the others are nobody's business."""
        return super().get_queryset(request).filter(state=JobState.QUARANTINED)

    @admin.display(description=_("task"), ordering="task")
    def task_name(self, row: Job) -> str:
        """The last part of its name."""
        return row.task.rpartition(".")[2].replace("_", " ")

    @admin.display(description=_("state"))
    def state_chip(self, row: Job) -> str:
        """Where it stands."""
        return chip(row.state, row.get_state_display())

    @admin.display(description=_("error"))
    def error(self, row: Job) -> str:
        """The last line of the error."""
        lines = row.last_error.strip().splitlines()
        return lines[-1][:120] if lines else "–"

    @admin.display(description=_("error"))
    def error_text(self, row: Job) -> str:
        """The whole error."""
        return format_html("<pre>{}</pre>", row.last_error)

    def page_context(self, request: HttpRequest, row: Job) -> dict[str, Any]:
        """The state stands beside the button."""
        return {**super().page_context(request, row), "hero_words": self.state_chip(row)}
