"""Reconciliations: what the stores were asked for, how far it is, what differed; and the way to a backfill."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from affiliates.asked_twice import ask_twice
from affiliates.cells import chip, when
from affiliates.models import Program
from affiliates.scoped_admin import merchants_that_let, person
from affiliates.verb_admin import Verb, VerbAdmin
from core.jobs import Failure
from integrations import actions
from integrations.models import Connection, Reconciliation
from integrations.states import ReconciliationKind, ReconciliationState

TONES = {
    ReconciliationState.ASKED: "waiting",
    ReconciliationState.RUNNING: "sent",
    ReconciliationState.PAUSED: "paused",
    ReconciliationState.FINISHED: "done",
    ReconciliationState.FAILED: "failed",
    ReconciliationState.CANCELLED: "",
}
USUAL = timedelta(days=90)


class DayInput(forms.DateInput):
    """A day, with the browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PeriodForm(forms.Form):
    """From when to when; the days are the program's."""

    begins_on = forms.DateField(label=gettext_lazy("From"), widget=DayInput)
    ends_on = forms.DateField(
        label=gettext_lazy("To"),
        widget=DayInput,
        help_text=gettext_lazy(
            "Orders are found by their last change. To get all since a day, leave this at today."
        ),
    )

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        self.program, self.now = program, timezone.now().replace(microsecond=0)
        today = program.local(self.now).date()
        kwargs["initial"] = {"begins_on": today - USUAL, "ends_on": today}
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """The period as two times; it ends now at the latest."""
        values: dict[str, Any] = super().clean() or {}
        if {"begins_on", "ends_on"} - values.keys():
            return values
        local, span_of = self.program.local, self.program.span_of
        begins_at, end = local(span_of(values["begins_on"])[0]), local(span_of(values["ends_on"])[1])
        if begins_at >= min(end, self.now):
            raise forms.ValidationError(_("Choose a first day that is not after the last, nor after today."))
        return {**values, "begins_at": begins_at, "ends_at": min(end, self.now)}


VERBS = (
    Verb(
        name="pause",
        label=gettext_lazy("Pause"),
        ask=gettext_lazy("Reading stops and goes on from there when you resume. What was taken in stays."),
        may="manage_integrations",
        run=actions.pause_reconciliation,
        done=gettext_lazy("Paused"),
        applies=lambda row: row.is_going and row.kind == ReconciliationKind.BACKFILL,
        in_bulk=False,
    ),
    Verb(
        name="resume",
        label=gettext_lazy("Resume"),
        ask=gettext_lazy("Reading goes on from where it was paused."),
        may="manage_integrations",
        run=actions.resume_reconciliation,
        done=gettext_lazy("Resumed"),
        applies=lambda row: row.state == ReconciliationState.PAUSED,
        in_bulk=False,
    ),
    Verb(
        name="confirm",
        label=gettext_lazy("Yes, these orders are gone"),
        ask=gettext_lazy(
            "The store is asked about each of them again. Those that it still does not know are taken back, with what "
            "they earned."
        ),
        may="manage_integrations",
        run=actions.confirm_gone,
        done=gettext_lazy("The store is being asked"),
        applies=actions.awaits_confirmation,
        is_danger=True,
        in_bulk=False,
    ),
    Verb(
        name="cancel",
        label=gettext_lazy("Cancel"),
        ask=gettext_lazy("No further orders are read. What was taken in stays."),
        may="manage_integrations",
        run=actions.cancel_reconciliation,
        done=gettext_lazy("Cancelled"),
        applies=lambda row: not row.is_over,
        is_danger=True,
        in_bulk=False,
    ),
)


@admin.register(Reconciliation)
class ReconciliationAdmin(VerbAdmin):
    """Periods of orders that were compared with the stores."""

    verbs = VERBS
    tab_field = "state"
    confirm_display = ("connection", "kind", "period", "state_chip")
    list_display = ("read_for", "connection", "period", "state_chip", "differs", "seen", "asked")
    list_filter = ("kind", "connection__program", "connection")
    list_select_related = ("connection__program",)
    ordering = ("-created_at", "-pk")
    fields = (("connection", "kind"), ("period", "state_chip"), ("asked", "finished"))
    readonly_fields = ("period", "state_chip", "asked", "finished")
    empty_words = gettext_lazy("Every connected store is compared with what is here, all by itself.")

    @admin.display(description=gettext_lazy("period"), ordering="begins_at")
    def period(self, row: Reconciliation) -> str:
        """From when to when, in the program's time zone."""
        zone = ZoneInfo(row.connection.program.time_zone)
        begin, end = row.begins_at.astimezone(zone), row.ends_at.astimezone(zone)
        shown = "j M Y, H:i"
        return format_html("{} – {}", date_format(begin, shown), date_format(end, shown))

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_chip(self, row: Reconciliation) -> str:
        """Where it stands."""
        return chip(TONES[ReconciliationState(row.state)], row.get_state_display())

    @admin.display(description=gettext_lazy("kind"), ordering="kind")
    def read_for(self, row: Reconciliation) -> str:
        """What it was read for."""
        return str(row.get_kind_display())

    @admin.display(description=gettext_lazy("difference"))
    def differs(self, row: Reconciliation) -> str:
        """How many orders were not here as the store has them."""
        count = row.difference
        words = ngettext("%(count)s differs", "%(count)s differ", count) % {"count": count}
        return words if row.counts else "–"

    @admin.display(description=gettext_lazy("orders"))
    def seen(self, row: Reconciliation) -> str:
        """How many were read."""
        return _("%(count)s read") % {"count": row.counts.get("seen", 0)} if row.counts else "–"

    @admin.display(description=gettext_lazy("asked at"), ordering="created_at")
    def asked(self, row: Reconciliation) -> str:
        """When it was asked for."""
        return when(row.created_at)

    @admin.display(description=gettext_lazy("finished at"))
    def finished(self, row: Reconciliation) -> str:
        """When it was over."""
        return when(row.finished_at)

    def page_context(self, request: HttpRequest, row: Reconciliation) -> dict[str, Any]:
        """What was counted, what could not be read, how far it is."""
        return {
            **super().page_context(request, row),
            "row_title": f"{row.connection}: {row.get_kind_display()}",
            "hero_words": self.state_chip(row),
            **_standing(row),
        }

    def get_urls(self) -> list[URLPattern]:
        """The backfill and the progress have addresses of their own."""
        wrap, name = self.admin_site.admin_view, "integrations_reconciliation"
        return [
            path("backfill/<int:connection_id>/", wrap(self.backfill_view), name=f"{name}_backfill"),
            path("<int:reconciliation_id>/progress/", wrap(self.progress_view), name=f"{name}_progress"),
            *super().get_urls(),
        ]

    def progress_view(self, request: HttpRequest, reconciliation_id: int) -> HttpResponse:
        """The part of the page that says how far it is; once it stands still, the page is asked for anew."""
        row = self.get_object(request, str(reconciliation_id))
        if row is None:
            raise Http404
        context = {"original": row, **_standing(row)}
        answer = TemplateResponse(request, "admin/integrations/reconciliation/progress.html", context)
        if not row.is_going:
            answer["HX-Refresh"] = "true"
        return answer

    def backfill_view(self, request: HttpRequest, connection_id: int) -> HttpResponse:
        """Choose a period, see how many orders that is, say yes."""
        rows = Connection.objects.filter(program__merchant__in=merchants_that_let(request, "read"))
        row = rows.select_related("program").filter(pk=connection_id).first()
        if row is None:
            raise Http404
        if row.program.merchant_id not in merchants_that_let(request, "manage_integrations"):
            raise PermissionDenied
        back = reverse("admin:integrations_connection_change", args=[row.pk])
        if not actions.can_list(row):
            self.message_user(request, _("Give it the keys first, so that its orders can be read."))
            return HttpResponseRedirect(back)
        data = request.POST if request.method == "POST" else None
        return ask_twice(
            request,
            self,
            PeriodForm(data, program=row.program),
            title=_("Backfill from “%(name)s”") % {"name": row},
            button=_("Read them"),
            back=back,
            meaning=lambda values: _meaning(request, row, values),
            act=lambda values: _begin(request, row, values),
            lead=_(
                "Orders of a time before the connection, or when something was wrong, are read from the store."
            ),
        )


def _meaning(request: HttpRequest, row: Connection, values: dict[str, Any]) -> list[str]:
    """What a yes would do, with the store's own count."""
    try:
        count = _estimate(request, row, values)
        known = (
            _("The store does not say how many orders that is.")
            if count is None
            else ngettext(
                "The store has %(count)s order that was last changed in this period.",
                "The store has %(count)s orders that were last changed in this period.",
                count,
            )
            % {"count": count}
        )
    except (Failure, actions.CannotReconcile) as trouble:
        known = _("How many orders that is cannot be told: %(why)s") % {"why": trouble}
    span = _("From %(begin)s to %(end)s.") % {
        "begin": date_format(values["begins_at"], "j F Y"),
        "end": date_format(values["ends_at"], "j F Y, H:i"),
    }
    return [
        span,
        known,
        _("What is missing or changed here is taken in, and earns what the plan of its day says."),
        _("What is known already stays as it is, so nothing counts twice."),
        _("Orders of this period that the store has deleted are taken back."),
    ]


def _estimate(request: HttpRequest, row: Connection, values: dict[str, Any]) -> int | None:
    return actions.estimate_orders(row, values["begins_at"], values["ends_at"], actor=person(request))


def _begin(request: HttpRequest, row: Connection, values: dict[str, Any]) -> str:
    """Ask for it and return the address of its page; without an estimate the first page of the store brings one."""
    try:
        estimate = _estimate(request, row, values)
    except Failure:
        estimate = None
    made = actions.ask_reconciliation(
        row,
        ReconciliationKind.BACKFILL,
        values["begins_at"],
        values["ends_at"],
        estimate=estimate,
        actor=person(request),
    )
    return reverse("admin:integrations_reconciliation_change", args=[made.pk])


def _standing(row: Reconciliation) -> dict[str, Any]:
    counts = row.counts
    is_new = actions.lives_by_polling(row.connection) and row.kind == ReconciliationKind.OVERLAP
    read = ngettext("of %(count)s order read", "of %(count)s orders read", counts.get("seen", 0))
    figures = [
        (
            _("New or changed") if is_new else _("Difference"),
            row.difference,
            read % {"count": counts.get("seen", 0)},
        ),
        (_("New") if is_new else _("Missing here"), counts.get("missing", 0), _("taken in")),
        (_("Changed"), counts.get("changed", 0), _("taken in")),
        (_("Gone from the store"), counts.get("gone", 0), _("taken back")),
        (_("Refused"), counts.get("refused", 0) + counts.get("conflict", 0), _("left out")),
    ]
    return {
        "figures": figures,
        "wrong": counts.get("rows", []),
        "wrong_count": counts.get("refused", 0),
        "is_paused": row.state == ReconciliationState.PAUSED,
        "is_open": not row.is_over,
        "share": min(100, counts.get("seen", 0) * 100 // row.estimate) if row.estimate else None,
        "count": counts.get("seen", 0),
    }


def last_ones(row: Connection, manages: bool) -> dict[str, Any]:
    """What the connection's page says of it: the newest of each kind, and the way to a backfill."""
    if not actions.can_list(row):
        return {}
    newest = [row.reconciliations.filter(kind=kind).order_by("-pk").first() for kind in ReconciliationKind]
    backfill = reverse("admin:integrations_reconciliation_backfill", args=[row.pk]) if manages else ""
    return {
        "reconciliations": [one for one in newest if one is not None],
        "reconciles": True,
        "backfill_page": backfill,
    }
