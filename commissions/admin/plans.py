"""Plans: read in words, published in versions that never change, assigned from a date on."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.asked_twice import ask_twice
from affiliates.cells import when
from affiliates.scoped_admin import ScopedAdmin, person
from commissions import actions
from commissions.models import Assignment, Plan, PlanVersion
from commissions.plan import PlanError, parse_plan

EXAMPLE: dict[str, Any] = {
    "schema": 1,
    "maturity_days": 30,
    "max_total_rate": "50",
    "rules": [
        {
            "id": "base",
            "name": "Every sale",
            "when": {"goal": "sale"},
            "reward": {"type": "percent", "rate": "10"},
        }
    ],
}


class BodyField(forms.CharField):
    """The rules as JSON text; cleaned to a dictionary."""

    widget = forms.Textarea(attrs={"rows": 22, "class": "code", "spellcheck": "false"})

    def clean(self, value: Any) -> Any:
        """Only a JSON object goes on to the plan's own check."""
        text = super().clean(value)
        try:
            body = json.loads(text)
        except (ValueError, RecursionError) as wrong:
            raise forms.ValidationError(_("This is not JSON: %(why)s") % {"why": wrong}) from wrong
        if not isinstance(body, dict):
            raise forms.ValidationError(_("The rules are a JSON object: { … }"))
        return body


def check_body(form: Any, body: Any, currency: str) -> None:
    """Put every error of a plan's body beside its field, with the place in the JSON."""
    try:
        parse_plan(body, currency)
    except PlanError as wrong:
        for place, what in wrong.errors:
            form.add_error("body", f"{place}: {what}")


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]  # stubs are generic, Django's class is not
    """A new plan with its first version."""

    body = BodyField(label=gettext_lazy("Rules"), initial=lambda: json.dumps(EXAMPLE, indent=2))

    def clean(self) -> dict[str, Any]:
        """The rules must be a plan in the program's currency."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("program") and "body" in values:
            check_body(self, values["body"], values["program"].currency)
        return values


class PublishForm(forms.Form):
    """The next version of a plan."""

    body = BodyField(label=gettext_lazy("Rules"))
    effective_at = forms.DateTimeField(
        label=gettext_lazy("In force from"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=gettext_lazy(
            "Empty: at once. What was earned before keeps the version it was earned under."
        ),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean(self) -> dict[str, Any]:
        """The rules must be a plan."""
        values: dict[str, Any] = super().clean() or {}
        if "body" in values:
            check_body(self, values["body"], self.currency)
        if values.get("effective_at") and values["effective_at"] < timezone.now():
            self.add_error("effective_at", _("A version cannot begin in the past."))
        return values


@admin.register(Plan)
class PlanAdmin(ScopedAdmin):
    """What is paid for what."""

    form = PlanForm
    manage = "manage_plans"
    list_display = ("name", "program", "newest", "made")
    list_filter = ("program",)
    list_select_related = ("program",)
    search_fields = ("name",)
    empty_words = gettext_lazy(
        "A plan says what an order pays; the first one of a program holds for everybody in it."
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The rules of an existing plan are read in words and published in versions."""
        return ("program", "name") if obj else ("program", "name", "body")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only new versions change a plan."""
        return False

    @admin.display(description=gettext_lazy("newest version"))
    def newest(self, row: Plan) -> str:
        """Its number."""
        version = row.versions.order_by("number").last()
        return str(version.number) if version else "–"

    @admin.display(description=gettext_lazy("made at"), ordering="created_at")
    def made(self, row: Plan) -> str:
        """When."""
        return when(row.created_at)

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Plan:
        """With its first version in force at once."""
        return actions.create_plan(values["program"], values["name"], values["body"], actor=person(request))

    def page_context(self, request: HttpRequest, row: Plan) -> dict[str, Any]:
        """Every version in words, the newest first."""
        versions = [(version, in_words(version)) for version in row.versions.order_by("-number")]
        return {
            **super().page_context(request, row),
            "versions": versions,
            "now": timezone.now(),
            "assignments": row.assignments.select_related("group", "enrollment__affiliate", "program"),
            "publish_at": reverse("admin:commissions_plan_publish", args=[row.pk])
            if self.lets(request, "manage_plans", row)
            else "",
        }

    def get_urls(self) -> list[URLPattern]:
        """Publishing has an address of its own."""
        view = self.admin_site.admin_view(self.publish_view)
        return [path("<int:plan_id>/publish/", view, name="commissions_plan_publish"), *super().get_urls()]

    def publish_view(self, request: HttpRequest, plan_id: int) -> HttpResponse:
        """Write the next version, read it in words, publish it."""
        plan = self.get_object(request, str(plan_id))
        if plan is None:
            return self.absent(request, str(plan_id))
        if not self.lets(request, "manage_plans", plan):
            raise PermissionDenied
        last = plan.versions.order_by("number").last()
        body = json.dumps(last.body if last else EXAMPLE, indent=2, ensure_ascii=False)
        form = PublishForm(request.POST or None, initial={"body": body}, currency=plan.program.currency)
        if form.is_bound and form.is_valid() and "confirm" not in request.POST:
            form.data = {**form.data.dict(), "body": json.dumps(form.cleaned_data["body"])}  # type: ignore[attr-defined]
        return ask_twice(
            request,
            self,
            form,
            title=_("Publish a new version of “%(plan)s”") % {"plan": plan},
            button=_("Publish"),
            back=reverse("admin:commissions_plan_change", args=[plan.pk]),
            meaning=lambda values: parse_plan(values["body"], plan.program.currency).rules_in_words(),
            act=lambda values: self.published(request, plan, values),
            lead=_("Versions never change. A new one holds for orders from its date on."),
        )

    def published(self, request: HttpRequest, plan: Plan, values: dict[str, Any]) -> str:
        """Publish and go back to the plan."""
        version = actions.publish(
            plan,
            values["body"],
            effective_at=values["effective_at"],
            actor=person(request),
        )
        self.message_user(request, _("Published: version %(number)s") % {"number": version.number})
        return reverse("admin:commissions_plan_change", args=[plan.pk])


def in_words(version: PlanVersion) -> list[str]:
    """What a version says, for people."""
    return parse_plan(version.body, version.plan.program.currency).rules_in_words()


@admin.register(Assignment)
class AssignmentAdmin(ScopedAdmin):
    """Who earns by which plan; a new assignment ends the one before it."""

    manage = "manage_plans"
    list_display = ("plan", "target", "program", "begins", "ends")
    list_filter = ("program", "plan")
    list_select_related = ("program", "plan", "group", "enrollment__affiliate", "enrollment__program")
    ordering = ("-starts_at",)
    fields = ("plan", "group", "enrollment")
    empty_words = gettext_lazy("The first plan of a program is assigned to all of it by itself.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What held, held."""
        return False

    @admin.display(description=gettext_lazy("holds for"))
    def target(self, row: Assignment) -> str:
        """One affiliate, a group, or everybody."""
        return str(row.enrollment.affiliate if row.enrollment else row.group or _("everybody else"))

    @admin.display(description=gettext_lazy("from"), ordering="starts_at")
    def begins(self, row: Assignment) -> str:
        """Since when."""
        return when(row.starts_at)

    @admin.display(description=gettext_lazy("until"), ordering="ends_at")
    def ends(self, row: Assignment) -> str:
        """Until when."""
        return when(row.ends_at)

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Assignment:
        """From now on."""
        return actions.assign_plan(
            values["plan"],
            group=values.get("group"),
            enrollment=values.get("enrollment"),
            actor=person(request),
        )
