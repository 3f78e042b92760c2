"""Affiliates: who they are, where they take part, how they are paid."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from affiliates.actions import change_affiliate
from affiliates.cells import when
from affiliates.models import Affiliate
from affiliates.scoped_admin import ScopedAdmin, person


@admin.register(Affiliate)
class AffiliateAdmin(ScopedAdmin):
    """People and firms that promote."""

    manage = "manage_affiliates"
    can_add = False
    list_display = ("name", "email", "company", "country", "programs_count", "since")
    list_filter = ("enrollments__program", "enrollments__state", "country")
    search_fields = ("name", "email", "company", "website")
    ordering = ("-created_at",)
    fields = ("name", "email", "company", "website", "country", "phone", "since")
    readonly_fields = ("email", "since")
    empty_words = _("Everybody who applies to a program appears here.")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """With the number of programs."""
        rows: models.QuerySet[Any] = (
            super().get_queryset(request).annotate(joined=models.Count("enrollments"))
        )
        return rows

    @admin.display(description=_("programs"), ordering="joined")
    def programs_count(self, row: Any) -> int:
        """In how many programs they are."""
        return int(row.joined)

    @admin.display(description=_("since"), ordering="created_at")
    def since(self, row: Affiliate) -> str:
        """When they registered."""
        return when(row.created_at)

    def page_context(self, request: HttpRequest, row: Affiliate) -> dict[str, Any]:
        """Their memberships, and where they are paid for those who may see it."""
        shows_payees = self.lets(request, "see_payees", row)
        return {
            **super().page_context(request, row),
            "enrollments": row.enrollments.select_related("program", "group", "sponsor__affiliate"),
            "payees": row.payees.select_related("changed_by").order_by("-changed_at")[:10]
            if shows_payees
            else [],
            "shows_payees": shows_payees,
        }

    def change(self, request: HttpRequest, row: Affiliate, values: dict[str, Any]) -> None:
        """Through the verb that the affiliate's own profile uses."""
        change_affiliate(row, actor=person(request), **values)
