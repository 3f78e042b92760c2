"""Lists, exemptions and declared relations: added by a form, ended by a button."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.cells import chip, when
from affiliates.models import Enrollment
from affiliates.scoped_admin import person
from affiliates.verb_admin import Verb, VerbAdmin
from fraud.actions import lists
from fraud.admin.entry_form import EntryForm, VerbForm, outcomes
from fraud.admin.evidence import title_of
from fraud.checks import CHECKS
from fraud.lists.entries import readable
from fraud.models import Exemption, ListEntry, Relation
from fraud.states import Cause

LABELS = {
    "enrollment": gettext_lazy("Affiliate"),
    "one": gettext_lazy("Affiliate"),
    "other": gettext_lazy("Belongs together with"),
}


class ListPages(VerbAdmin):
    """Rows that are added and ended, never changed; one that is gone leads back to the list."""

    manage = "manage_fraud"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What stands is ended and another one made, so that the trail says what held when."""
        return False

    def verb_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """After a row is gone there is no page of it to go back to."""
        answer = super().verb_view(request, object_id, verb)
        was_done = isinstance(answer, HttpResponseRedirect) and request.method == "POST"
        if was_done and self.get_object(request, object_id) is None:
            return HttpResponseRedirect(reverse(f"admin:fraud_{self.opts.model_name}_changelist"))
        return answer

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Affiliates are found by name."""
        if db_field.remote_field.model is Enrollment:
            kwargs["label"] = LABELS[db_field.name]
            rows = Enrollment.objects.select_related("affiliate", "program")
            kwargs["queryset"] = rows.order_by("affiliate__name", "pk")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def tell(self, request: HttpRequest, *sentences: str) -> None:
        """Say what a form did, in place of a sentence that claims that something was added."""
        for sentence in sentences:
            self.message_user(request, sentence, messages.SUCCESS)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The list, the next form or the row; what was done is said already."""
        if "_continue" in request.POST:
            return HttpResponseRedirect(reverse(f"admin:fraud_{self.opts.model_name}_change", args=[obj.pk]))
        page = "add" if "_addanother" in request.POST else "changelist"
        return HttpResponseRedirect(reverse(f"admin:fraud_{self.opts.model_name}_{page}"))

    @admin.display(description=gettext_lazy("by"))
    def by(self, row: Any) -> str:
        """Who."""
        return str(row.created_by or "–")

    @admin.display(description=gettext_lazy("since"), ordering="created_at")
    def since(self, row: Any) -> str:
        """From when on."""
        return when(row.created_at, is_short=True)


class SideFilter(admin.SimpleListFilter):
    """Either of the two lists."""

    title = gettext_lazy("list")
    parameter_name = "side"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Allow and block."""
        return [("block", _("block")), ("allow", _("allow"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """What stands on it."""
        return queryset.filter(is_allowed=self.value() == "allow") if self.value() else queryset


@admin.register(ListEntry)
class ListEntryAdmin(ListPages):
    """What is always let through, and what is always looked at."""

    form = EntryForm
    verbs = (
        Verb(
            name="remove",
            label=gettext_lazy("Take off the list"),
            ask=gettext_lazy(
                "Sales from now on are looked at without it. The audit trail keeps what stood here."
            ),
            may="manage_fraud",
            run=lists.remove_entry,
            done=gettext_lazy("Taken off"),
            is_danger=True,
        ),
    )
    tab_field = "kind"
    confirm_display = ("entry", "kind", "side", "program")
    list_display = ("entry", "kind_words", "side", "program", "note", "by", "since")
    list_filter = (SideFilter, "program")
    list_select_related = ("program", "created_by")
    search_fields = ("text", "note")
    ordering = ("kind", "text")
    readonly_fields = ("entry", "side")
    empty_words = gettext_lazy(
        "Put address ranges, e-mail domains, sites and countries here that you know: unpaid sales are looked at anew."
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Several are entered at once; a page is about one."""
        if obj is None:
            return ("program", "kind", "entries", "is_allowed", "note")
        return ("program", "kind", "entry", "side", "note")

    def page_context(self, request: HttpRequest, row: ListEntry) -> dict[str, Any]:
        """Its name as a person reads it."""
        return {**super().page_context(request, row), "row_title": readable(row.text) or row.text}

    @admin.display(description=gettext_lazy("entry"), ordering="text")
    def entry(self, row: ListEntry) -> str:
        """In the letters of its language, with what machines send beside it."""
        plain = readable(row.text)
        return format_html("{}<small>{}</small>", plain, row.text) if plain else row.text

    @admin.display(description=gettext_lazy("kind"), ordering="kind")
    def kind_words(self, row: ListEntry) -> str:
        """What it is."""
        return str(row.get_kind_display())

    @admin.display(description=gettext_lazy("list"), ordering="is_allowed")
    def side(self, row: ListEntry) -> str:
        """On which of the two."""
        return chip("active", _("allow")) if row.is_allowed else chip("banned", _("block"))

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> ListEntry:
        """Written in one way; what is on the other list moves over."""
        rest = {name: values[name] for name in ("is_allowed", "note")}
        who = person(request)
        added = lists.add_entries(values["program"], values["kind"], values["entries"], actor=who, **rest)
        self.tell(request, *outcomes(added, is_allowed=values["is_allowed"]))
        return added.rows[0]


class ExemptionForm(VerbForm):
    """From which check, or from all, and until which day."""

    check_name = forms.ChoiceField(label=gettext_lazy("Check"), required=False)
    expires_at = forms.DateField(
        label=gettext_lazy("Until the end of"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("At most a year from now."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grouped = [
            (cause.label, [(name, one.title) for name, one in CHECKS.items() if one.cause == cause])
            for cause in Cause
        ]
        if "check_name" in self.fields:
            self.fields["check_name"].choices = [("", _("all checks")), *grouped]  # type: ignore[attr-defined]
        if "expires_at" in self.fields:
            today = timezone.localdate()
            self.fields["expires_at"].widget.attrs |= {
                "min": today.isoformat(),
                "max": (today + timedelta(days=365)).isoformat(),
            }

    def clean_expires_at(self) -> datetime:
        """The last moment of the day on the reader's clock."""
        day = self.cleaned_data["expires_at"] + timedelta(days=1)
        return timezone.make_aware(datetime.combine(day, time.min))


@admin.register(Exemption)
class ExemptionAdmin(ListPages):
    """Affiliates who are left in peace for a while."""

    form = ExemptionForm
    verbs = (
        Verb(
            name="end",
            label=gettext_lazy("End it now"),
            ask=gettext_lazy("The affiliate is asked about again from now on."),
            may="manage_fraud",
            run=lists.end_exemption,
            done=gettext_lazy("Ended"),
            applies=lambda row: row.expires_at > timezone.now(),
            is_danger=True,
        ),
    )
    autocomplete_fields = ("enrollment",)
    confirm_display = ("who", "which", "reason", "until")
    list_display = ("who", "which", "reason", "until", "state_chip", "by")
    list_filter = ("program",)
    list_select_related = ("enrollment__affiliate", "program", "created_by")
    search_fields = ("enrollment__affiliate__name", "reason")
    ordering = ("-expires_at", "-pk")
    fields = ("enrollment", "check_name", "expires_at", "reason")
    readonly_fields = ()
    empty_words = gettext_lazy(
        "A code was read out on television, a reader bought a whole edition: leave an affiliate in peace until a day."
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """All but those of the person's own account, as of cases."""
        rows: Any = super().get_queryset(request)
        return rows.not_about(person(request))

    @admin.display(description=gettext_lazy("affiliate"), ordering="enrollment__affiliate__name")
    def who(self, row: Exemption) -> str:
        """Who."""
        return row.enrollment.affiliate.name

    @admin.display(description=gettext_lazy("check"))
    def which(self, row: Exemption) -> str:
        """From what."""
        return title_of(row.check_name) if row.check_name else _("all checks")

    @admin.display(description=gettext_lazy("until"), ordering="expires_at")
    def until(self, row: Exemption) -> str:
        """Its last day."""
        day = row.last_day
        return date_format(day, "j M" if day.year == timezone.localdate().year else "j M Y")

    @admin.display(description=gettext_lazy("state"))
    def state_chip(self, row: Exemption) -> str:
        """Whether it still counts."""
        is_over = row.expires_at <= timezone.now()
        return chip("", _("over")) if is_over else chip("active", _("in force"))

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Exemption:
        """With an end and a reason; one that is in force for the same check is changed."""
        who, check = values["enrollment"], values["check_name"]
        before = lists.exemption_of(who, check, at=timezone.now())
        rest = {"until": values["expires_at"], "reason": values["reason"]}
        after = lists.grant(who, check, actor=person(request), **rest)
        self.tell(request, self._outcome(before, after))
        return after

    def _outcome(self, before: Exemption | None, after: Exemption) -> str:
        told = {"who": self.who(after), "check": self.which(after), "day": self.until(after)}
        if before is None or before.pk != after.pk:
            return _("%(who)s is exempt from “%(check)s” until the end of %(day)s.") % told
        if (before.expires_at, before.reason) == (after.expires_at, after.reason):
            return _("%(who)s was exempt from “%(check)s” already: nothing was different.") % told
        sentence = _(
            "%(who)s was exempt from “%(check)s” already, until the end of %(before)s (%(why)s). Now it is until the"
            " end of %(day)s, with the reason that you wrote."
        )
        return sentence % {**told, "before": self.until(before), "why": before.reason}


@admin.register(Relation)
class RelationAdmin(ListPages):
    """Affiliates that belong together."""

    form = VerbForm
    verbs = (
        Verb(
            name="end",
            label=gettext_lazy("They are apart now"),
            ask=gettext_lazy("What the two share may be held against them again from now on."),
            may="manage_fraud",
            run=lists.end_relation,
            done=gettext_lazy("Ended"),
            is_danger=True,
        ),
    )
    autocomplete_fields = ("one", "other")
    confirm_display = ("pair", "reason")
    list_display = ("pair", "program", "reason", "by", "since")
    list_filter = ("program",)
    list_select_related = ("one__affiliate", "other__affiliate", "program", "created_by")
    search_fields = ("one__affiliate__name", "other__affiliate__name", "reason")
    ordering = ("-pk",)
    fields = ("one", "other", "reason")
    empty_words = gettext_lazy(
        "An agency and its client, a couple who both promote: declare it, and what they share is not held against them."
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """All but those with the person's own account, as of cases."""
        rows: Any = super().get_queryset(request)
        return rows.not_about(person(request))

    @admin.display(description=gettext_lazy("affiliates"))
    def pair(self, row: Relation) -> str:
        """Both names."""
        return f"{row.one.affiliate} – {row.other.affiliate}"

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Relation:
        """Of one program; what is declared already stays as it is, and that is said."""
        one, other = values["one"], values["other"]
        before = lists.relation_of(one, other)
        relation = lists.declare(one, other, reason=values["reason"], actor=person(request))
        words = (
            _("%(pair)s belong together from now on.")
            if before is None
            else _("%(pair)s were declared already (%(why)s): nothing was changed.")
        )
        self.tell(request, words % {"pair": self.pair(relation), "why": relation.reason})
        return relation
