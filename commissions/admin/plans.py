"""Plans: begun from a starter, written as a draft, published in versions that never change, assigned from a date on."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.cells import chip, when
from affiliates.scoped_admin import ScopedAdmin, person
from commissions import actions
from commissions.admin.plan_editor import expert, publishing, transfers, trying, views
from commissions.admin.plan_editor.consent import consent
from commissions.admin.plan_editor.reach import reach
from commissions.admin.plan_editor.versions import versions_of
from commissions.models import Assignment, Plan
from commissions.starters import STARTERS, body_of

PlanPage = Callable[[ScopedAdmin, HttpRequest, Plan], HttpResponse]
PAGES: dict[str, tuple[str, PlanPage]] = {
    "commissions_plan_draft": ("draft/", views.draft_page),
    "commissions_plan_live": ("draft/live/", trying.live_page),
    "commissions_plan_example": ("draft/example/", trying.example_page),
    "commissions_plan_json": ("draft/json/", expert.json_page),
    "commissions_plan_discard": ("draft/discard/", expert.discard_page),
    "commissions_plan_publish": ("publish/", publishing.publish_page),
    "commissions_plan_transfers": ("transfers/", transfers.transfers_page),
}


class StarterField(forms.ChoiceField):
    """What a new plan begins from, each choice with its sentence."""

    widget = forms.RadioSelect

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=[
                (key, format_html("<b>{}</b><small>{}</small>", starter.name, starter.sentence))
                for key, starter in STARTERS.items()
            ],
            **kwargs,
        )


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]  # stubs are generic, Django's class is not
    """A new plan, which is a draft until it is published."""

    starter = StarterField(label=gettext_lazy("Begin from"), initial="flat")


@admin.register(Plan)
class PlanAdmin(ScopedAdmin):
    """What is paid for what."""

    form = PlanForm
    manage = "manage_plans"
    list_display = ("name", "program", "newest", "drafted", "made")
    list_filter = ("program",)
    list_select_related = ("program", "draft")
    search_fields = ("name",)
    empty_words = gettext_lazy(
        "A plan says what an order pays; the first one of a program holds for everybody in it."
    )

    fields = ("program", "name", "starter")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """An existing plan is all cards."""
        return super().get_fieldsets(request, obj) if obj is None else []

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only new versions change a plan."""
        return False

    @admin.display(description=gettext_lazy("newest version"))
    def newest(self, row: Plan) -> str:
        """Its number."""
        version = row.versions.order_by("number").last()
        return str(version.number) if version else "–"

    @admin.display(description=gettext_lazy("draft"))
    def drafted(self, row: Plan) -> str:
        """Whether somebody writes the next version."""
        return chip("draft", _("being written")) if getattr(row, "draft", None) else "–"

    @admin.display(description=gettext_lazy("made at"), ordering="created_at")
    def made(self, row: Plan) -> str:
        """When."""
        return when(row.created_at)

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Plan:
        """With a draft to begin from; nothing is earned by it yet."""
        body = body_of(values["starter"])
        return actions.begin_plan(values["program"], values["name"], body, actor=person(request))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What follows is the draft, so there is one way on."""
        one_way = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, one_way | (extra_context or {}))

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Lead straight to the cards."""
        return views.away(request, views.address("commissions_plan_draft", obj))

    def page_context(self, request: HttpRequest, row: Plan) -> dict[str, Any]:
        """Every version in words, the newest first, and whom the plan holds for."""
        now = timezone.now()
        return {
            **super().page_context(request, row),
            "versions": versions_of(row, now),
            "draft": views.draft_of(row),
            "reach": reach(row, now),
            "consent": consent(row),
            "lets_write": self.lets(request, "manage_plans", row),
            "rehearse_at": views.rehearse_at(row),
        }

    def get_urls(self) -> list[URLPattern]:
        """The draft, what it would earn, publishing and moving customers have addresses of their own."""
        own = [
            path(f"<int:plan_id>/{where}", self.admin_site.admin_view(self.plan_page(view)), name=name)
            for name, (where, view) in PAGES.items()
        ]
        return [*own, *super().get_urls()]

    def plan_page(self, view: PlanPage) -> Callable[..., HttpResponse]:
        """A page about one plan, for those who may write plans."""

        def shown(request: HttpRequest, plan_id: int) -> HttpResponse:
            plan = self.get_object(request, str(plan_id))
            if plan is None:
                return self.absent(request, str(plan_id))
            if not self.lets(request, "manage_plans", plan):
                raise PermissionDenied
            return view(self, request, plan)

        return shown


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
