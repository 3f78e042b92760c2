"""Links of all affiliates."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates import actions
from affiliates.admin.link_form import LinkForm
from affiliates.cells import chip, when
from affiliates.models import Enrollment, Link
from affiliates.scoped_admin import person
from affiliates.verb_admin import Verb, VerbAdmin


@admin.register(Link)
class LinkAdmin(VerbAdmin):
    """Short addresses; made for an affiliate, changed, paused and resumed; clicks keep where they led."""

    form = LinkForm
    manage = "manage_affiliates"
    verbs = (
        Verb(
            name="pause",
            label=_("Pause"),
            ask=_("From now on it leads to the program’s home page and counts nothing."),
            may="manage_affiliates",
            run=actions.pause_link,
            done=_("Paused"),
            applies=lambda row: row.is_active,
            is_danger=True,
        ),
        Verb(
            name="resume",
            label=_("Resume"),
            ask=_("It leads to its destination again, and clicks count."),
            may="manage_affiliates",
            run=actions.resume_link,
            done=_("Resumed"),
            applies=lambda row: not row.is_active,
        ),
    )
    confirm_display = ("code", "affiliate", "destination")
    list_display = ("code", "name", "affiliate", "program", "destination", "state_chip", "made")
    list_filter = ("enrollment__program", "is_active", "is_default")
    list_select_related = ("enrollment__affiliate", "enrollment__program")
    search_fields = ("code", "name", "destination", "enrollment__affiliate__name")
    ordering = ("-created_at",)
    fixed = ("enrollment", "code")
    fieldsets = (
        (None, {"fields": ("enrollment", "code", "destination", "name")}),
        (_("More choices"), {"fields": ("sub_ids", "expires_at", "rules", "rotation")}),
    )
    empty_words = _("Every active affiliate has one link; more are made here or in the portal.")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The link to the home page leads there for good."""
        fixed = ("destination", "expires_at") if obj is not None and obj.is_default else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Only active enrollments get links."""
        if db_field.name == "enrollment":
            kwargs["queryset"] = Enrollment.objects.active().select_related("affiliate", "program")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("affiliate"))
    def affiliate(self, row: Link) -> str:
        """Whose it is."""
        return row.enrollment.affiliate.name

    @admin.display(description=_("program"))
    def program(self, row: Link) -> str:
        """Of which program."""
        return row.enrollment.program.name

    @admin.display(description=_("state"), ordering="is_active")
    def state_chip(self, row: Link) -> str:
        """On, off, or over."""
        if row.expires_at is not None and row.expires_at <= timezone.now():
            return chip("", _("ended"))
        return chip("active", _("active")) if row.is_active else chip("paused", _("paused"))

    @admin.display(description=_("made at"), ordering="created_at")
    def made(self, row: Link) -> str:
        """When."""
        return when(row.created_at)

    def page_context(self, request: HttpRequest, row: Link) -> dict[str, Any]:
        """The state stands beside the buttons."""
        return {**super().page_context(request, row), "hero_words": self.state_chip(row)}

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Link:
        """Under the chosen code, or a free one."""
        choices = {name: value for name, value in values.items() if name != "enrollment"}
        return actions.create_link(values["enrollment"], **choices, actor=person(request))

    def change(self, request: HttpRequest, row: Link, values: dict[str, Any]) -> None:
        """And say in the audit trail what changed."""
        actions.change_link(row, **values, actor=person(request))
