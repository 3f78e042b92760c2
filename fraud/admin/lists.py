"""Lists, exemptions and declared relations: added by a form, ended by a button."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.cells import chip, when
from affiliates.models import Enrollment
from affiliates.scoped_admin import person
from affiliates.verb_admin import Verb, VerbAdmin
from fraud.actions import lists
from fraud.admin.evidence import title_of
from fraud.checks import CHECKS
from fraud.models import Exemption, ListEntry, Relation
from fraud.states import Cause


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
        """Affiliates are offered by name."""
        if db_field.remote_field.model is Enrollment:
            rows = Enrollment.objects.select_related("affiliate", "program")
            kwargs["queryset"] = rows.order_by("affiliate__name", "pk")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=gettext_lazy("by"))
    def by(self, row: Any) -> str:
        """Who."""
        return str(row.created_by or "–")

    @admin.display(description=gettext_lazy("since"), ordering="created_at")
    def since(self, row: Any) -> str:
        """From when on."""
        return when(row.created_at, is_short=True)


class VerbForm(forms.ModelForm):  # type: ignore[type-arg]  # stubs are generic, Django's class is not
    """A form whose verb brings what was entered into its one order, and knows what to do with what stands already."""

    def _get_validation_exclusions(self) -> set[str]:
        """What stands in the form is not yet what will be kept: the table's own constraints are for later."""
        return {*super()._get_validation_exclusions(), *self.fields}  # type: ignore[misc]  # not in the stubs


class EntryForm(VerbForm):
    """An entry, and on which of the two lists it stands."""

    is_allowed = forms.TypedChoiceField(
        label=gettext_lazy("List"),
        choices=[
            ("0", gettext_lazy("block: always looked at")),
            ("1", gettext_lazy("allow: always let through")),
        ],
        coerce=lambda text: text == "1",
        initial="0",
        widget=forms.RadioSelect,
    )


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
    confirm_display = ("text", "kind", "side", "program")
    list_display = ("text", "kind_words", "side", "program", "note", "by", "since")
    list_filter = ("is_allowed", "program")
    list_select_related = ("program", "created_by")
    search_fields = ("text", "note")
    ordering = ("kind", "text")
    fields = ("program", "kind", "text", "is_allowed", "note")
    empty_words = gettext_lazy(
        "Put address ranges, e-mail domains, sites and countries here that you know: unpaid sales are looked at anew."
    )

    @admin.display(description=gettext_lazy("kind"), ordering="kind")
    def kind_words(self, row: ListEntry) -> str:
        """What it is."""
        return str(row.get_kind_display())

    @admin.display(description=gettext_lazy("list"), ordering="is_allowed")
    def side(self, row: ListEntry) -> str:
        """On which of the two."""
        return chip("active", _("allow")) if row.is_allowed else chip("banned", _("block"))

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """What is written depends on the kind."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "text":
            field.help_text = _(
                "Like 198.51.100.0/24, mail.example, deals.example/codes* or DE. Of a click only the /24 (IPv4) or /48 "
                "(IPv6) is kept, so narrower ranges find nothing later."
            )
        return field

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> ListEntry:
        """Written in one way; what is on the other list moves over."""
        rest = {name: values[name] for name in ("is_allowed", "note")}
        return lists.add_entry(
            values["program"], values["kind"], values["text"], actor=person(request), **rest
        )


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
        """Until when."""
        return when(row.expires_at, is_short=True)

    @admin.display(description=gettext_lazy("state"))
    def state_chip(self, row: Exemption) -> str:
        """Whether it still counts."""
        is_over = row.expires_at <= timezone.now()
        return chip("", _("over")) if is_over else chip("active", _("in force"))

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Exemption:
        """With an end and a reason."""
        rest = {"until": values["expires_at"], "reason": values["reason"]}
        return lists.grant(values["enrollment"], values["check_name"], actor=person(request), **rest)


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

    @admin.display(description=gettext_lazy("affiliates"))
    def pair(self, row: Relation) -> str:
        """Both names."""
        return f"{row.one.affiliate} – {row.other.affiliate}"

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Relation:
        """Of one program."""
        return lists.declare(values["one"], values["other"], reason=values["reason"], actor=person(request))
