"""Coupons of all affiliates."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from affiliates import actions
from affiliates.cells import chip
from affiliates.models import Coupon, Enrollment
from affiliates.scoped_admin import person
from affiliates.verb_admin import Verb, VerbAdmin


@admin.register(Coupon)
class CouponAdmin(VerbAdmin):
    """Discount codes that name an affiliate."""

    manage = "manage_affiliates"
    verbs = (
        Verb(
            name="retire",
            label=_("Retire"),
            ask=_(
                "Orders from now on that use it are no longer credited to the affiliate; those from before are. In "
                "shops whose connection makes the codes it is switched off; elsewhere the discount itself stays."
            ),
            may="manage_affiliates",
            run=actions.retire_coupon,
            done=_("Retired"),
            applies=lambda row: row.is_active,
            is_danger=True,
        ),
        Verb(
            name="offline",
            label=_("Read out or printed"),
            ask=_(
                "On a poster, in a podcast or on a flyer: nobody clicks before using it, so fraud review expects no "
                "clicks. Who is credited stays the same."
            ),
            may="manage_affiliates",
            run=actions.mark_offline,
            done=_("Marked as read out or printed"),
            applies=lambda row: row.is_active and not row.is_offline,
        ),
        Verb(
            name="online",
            label=_("Not read out or printed"),
            ask=_(
                "Fraud review expects clicks before most of its uses again. Who is credited stays the same."
            ),
            may="manage_affiliates",
            run=partial(actions.mark_offline, is_offline=False),
            done=_("No longer marked as read out or printed"),
            applies=lambda row: row.is_active and row.is_offline,
        ),
    )
    confirm_display = ("code", "enrollment", "kind")
    list_display = ("code", "enrollment", "kind", "policy", "note", "is_offline", "state_chip")
    list_filter = ("program", "kind", "is_offline", "is_active")
    list_select_related = ("enrollment__affiliate", "enrollment__program")
    search_fields = ("code", "enrollment__affiliate__name")
    ordering = ("code",)
    fields = ("enrollment", "code", "kind", "policy", "note", "is_offline")
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
        return chip("active", _("active")) if row.is_active else chip("", _("retired"))

    def page_context(self, request: HttpRequest, row: Coupon) -> dict[str, Any]:
        """The state stands beside the button."""
        return {**super().page_context(request, row), "hero_words": self.state_chip(row)}

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Coupon:
        """A code that is taken is refused."""
        rest = {name: values[name] for name in ("kind", "policy", "note", "is_offline")}
        return actions.create_coupon(values["enrollment"], values["code"], actor=person(request), **rest)
