"""Links and coupons of all affiliates."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from affiliates import actions
from affiliates.cells import chip, when
from affiliates.models import Coupon, Enrollment, Link
from affiliates.scoped_admin import person
from affiliates.verb_admin import Verb, VerbAdmin


class LinkForm(forms.ModelForm):  # type: ignore[type-arg]  # stubs are generic, Django's class is not
    """A new link for an affiliate."""

    def clean(self) -> dict[str, Any]:
        """The destination must stand inside the program's hosts."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("enrollment") and values.get("destination"):
            try:
                actions.check_destination(values["enrollment"].program, values["destination"])
            except actions.DestinationRefused as refusal:
                self.add_error("destination", str(refusal))
        return values


@admin.register(Link)
class LinkAdmin(VerbAdmin):
    """Short addresses; made for an affiliate, paused and resumed, never rewritten."""

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
    fields = ("enrollment", "destination", "name")
    empty_words = _("Every active affiliate has one link; more are made here or in the portal.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A link that changed its destination would rewrite its past."""
        return False

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
        """On or off."""
        return chip("active", _("active")) if row.is_active else chip("paused", _("paused"))

    @admin.display(description=_("made at"), ordering="created_at")
    def made(self, row: Link) -> str:
        """When."""
        return when(row.created_at)

    def page_context(self, request: HttpRequest, row: Link) -> dict[str, Any]:
        """The state stands beside the buttons."""
        return {**super().page_context(request, row), "hero_words": self.state_chip(row)}

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Link:
        """Under a free code."""
        return actions.create_link(
            values["enrollment"], values["destination"], name=values["name"], actor=person(request)
        )


@admin.register(Coupon)
class CouponAdmin(VerbAdmin):
    """Discount codes that name an affiliate."""

    manage = "manage_affiliates"
    verbs = (
        Verb(
            name="retire",
            label=_("Stop crediting"),
            ask=_(
                "Orders that use it are no longer credited to the affiliate. The store’s discount itself stays."
            ),
            may="manage_affiliates",
            run=actions.retire_coupon,
            done=_("Stopped"),
            applies=lambda row: row.is_active,
            is_danger=True,
        ),
    )
    confirm_display = ("code", "enrollment", "kind")
    list_display = ("code", "enrollment", "kind", "policy", "note", "state_chip")
    list_filter = ("program", "kind", "is_active")
    list_select_related = ("enrollment__affiliate", "enrollment__program")
    search_fields = ("code", "enrollment__affiliate__name")
    ordering = ("code",)
    fields = ("enrollment", "code", "kind", "policy", "note")
    empty_words = _(
        "Give an affiliate a discount code of your store; its use credits them without any click."
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A code is stopped and another one made; its past stays."""
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Only active enrollments get coupons."""
        if db_field.name == "enrollment":
            kwargs["queryset"] = Enrollment.objects.active().select_related("affiliate", "program")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("state"), ordering="is_active")
    def state_chip(self, row: Coupon) -> str:
        """On or off."""
        return chip("active", _("active")) if row.is_active else chip("", _("stopped"))

    def page_context(self, request: HttpRequest, row: Coupon) -> dict[str, Any]:
        """The state stands beside the button."""
        return {**super().page_context(request, row), "hero_words": self.state_chip(row)}

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Coupon:
        """A code that is taken is refused."""
        rest = {name: values[name] for name in ("kind", "policy", "note")}
        return actions.create_coupon(values["enrollment"], values["code"], actor=person(request), **rest)
