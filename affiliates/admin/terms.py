"""How credit is given, from when on."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from affiliates import actions
from affiliates.cells import chip, when
from affiliates.models import AttributionTerms, Program
from affiliates.moments import ProgramMoment
from affiliates.scoped_admin import ScopedAdmin, merchants_that_let, person

Model = AttributionTerms.Model
SAID = ("window_hours", "bound_days", "model", "half_life_hours", "view_hours", "fallback")
MODELS = (
    (Model.LAST_CLICK, gettext_lazy("Last click: the newest click earns all")),
    (Model.FIRST_CLICK, gettext_lazy("First click: the oldest click in the window earns all")),
    (Model.LINEAR, gettext_lazy("Linear: all clicks earn alike")),
    (Model.TIME_DECAY, gettext_lazy("Time decay: newer clicks earn more, by the half-life below")),
    (Model.POSITION, gettext_lazy("Position based: first and last 40 %, those between share 20 %")),
    (
        Model.MARKOV,
        gettext_lazy("Data driven (Markov): by how many sales would be lost without each affiliate"),
    ),
    (
        Model.SHAPLEY,
        gettext_lazy("Data driven (Shapley): by what each affiliate adds to the sales they share in"),
    ),
)


class TermsForm(forms.ModelForm):  # type: ignore[type-arg]  # stubs are generic, Django's class is not
    """New terms; those that hold stay as they are for the clicks made under them."""

    effective_at = ProgramMoment(
        label=gettext_lazy("Effective from"),
        required=False,
        help_text=gettext_lazy(
            "On the program’s clock, within the next 92 days. Empty: from now on. Planned terms cannot be taken back,"
            " and none can be put before them."
        ),
    )
    model = forms.ChoiceField(
        label=gettext_lazy("Model"),
        choices=MODELS,
        help_text=gettext_lazy(
            "Who is paid where several affiliates sent the buyer. The rules are settled the moment an order comes in."
            " A data-driven model is off unless you choose it here: then commissions are paid by weights that are"
            " worked out nightly from the program’s own sales. They move with the data, affiliates cannot work them"
            " out themselves, and with too little data the rule below serves."
        ),
    )
    fallback = forms.ChoiceField(
        label=gettext_lazy("Rule while data is scarce"),
        choices=[choice for choice in MODELS if choice[0] in AttributionTerms.RULES],
        help_text=gettext_lazy(
            "Only for data-driven models: it credits orders while there is too little to go by."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = str(self.data.get("program", ""))
        found = Program.objects.filter(pk=chosen).first() if chosen.isdecimal() else None
        if found is not None and "effective_at" in self.fields:
            self.fields["effective_at"].zone = found.time_zone  # type: ignore[attr-defined]  # a ProgramMoment

    class Meta:
        help_texts = {
            "window_hours": gettext_lazy("How long after a click an order may be credited: 720 is 30 days."),
            "bound_days": gettext_lazy(
                "So long after an order a buyer stays with the affiliate who brought them; later only where no click"
                " counts."
            ),
        }


@admin.register(AttributionTerms)
class AttributionTermsAdmin(ScopedAdmin):
    """Dated terms: new ones are added, old ones stay as they were."""

    form = TermsForm
    manage = "manage_programs"
    list_display = ("program", "model", "state_chip", "window_hours", "bound_days", "from_when", "created_by")
    list_filter = ("program",)
    list_select_related = ("program", "created_by")
    ordering = ("-effective_at",)
    fieldsets = (
        (None, {"fields": ("program", "effective_at", "window_hours", "bound_days")}),
        (gettext_lazy("Who is credited"), {"fields": ("model", "half_life_hours", "fallback")}),
        (gettext_lazy("Advertisements that were only seen"), {"fields": ("view_hours",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the newest terms that have begun, to say which hold."""
        begun = AttributionTerms.objects.filter(program=OuterRef("program"), effective_at__lte=timezone.now())
        newest = begun.order_by("-effective_at").values("pk")[:1]
        rows: QuerySet[Any] = super().get_queryset(request).annotate(holding=Subquery(newest))
        return rows

    @admin.display(description=gettext_lazy("state"), ordering=F("effective_at"))
    def state_chip(self, row: Any) -> SafeString:
        """Planned, in force or past."""
        if row.pk == row.holding:
            return chip("active", gettext_lazy("in force"))
        is_planned = row.effective_at > timezone.now()
        return chip("waiting", gettext_lazy("planned")) if is_planned else chip("", gettext_lazy("past"))

    @admin.display(description=gettext_lazy("effective from"), ordering="effective_at")
    def from_when(self, row: AttributionTerms) -> str:
        """From when clicks are judged by them."""
        return when(row.effective_at)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Each click keeps the terms it was made under, so they never change."""
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What holds now, where the person has one program; the date is left empty: at once."""
        mine = Program.objects.filter(merchant__in=merchants_that_let(request, self.manage))[:2]
        newest = mine[0].attribution_terms.order_by("effective_at").last() if len(mine) == 1 else None
        held = {name: getattr(newest, name) for name in SAID} if newest else {}
        return {**super().get_changeform_initial_data(request), **held, "effective_at": None}

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> AttributionTerms:
        """From now on, or from the time that was chosen."""
        terms = {name: values[name] for name in SAID}
        starts = values["effective_at"]
        return actions.change_terms(values["program"], effective_at=starts, actor=person(request), **terms)
