"""What was sold and who was credited: read-only, with the reason in plain words."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _, ngettext

from affiliates.cells import chip, link, money_cell, when
from affiliates.models import Enrollment
from affiliates.scoped_admin import ScopedAdmin
from affiliates.verb_admin import VerbAdmin
from core.money import Money
from tracking import (  # registers their pages, too
    beacon_admin as beacon_admin,
    click_admin as click_admin,
    study_admin as study_admin,
)
from tracking.models import Conversion, Decision, Order
from tracking.words import decision_in_words, enrollments_of

CURRENT = models.Prefetch(
    "decisions",
    queryset=Decision.objects.filter(is_current=True).select_related("enrollment__affiliate"),
    to_attr="current_decisions",
)


def names_of(ids: set[int]) -> dict[int, str]:
    """Enrollment id -> the affiliate's name."""
    rows = Enrollment.objects.filter(pk__in=ids).select_related("affiliate")
    return {row.pk: row.affiliate.name for row in rows}


class ConversionAdmin(VerbAdmin):
    """Orders that count, and the decision on each; registered where they are valued."""

    tab_field = "state"
    list_display = ("external_id", "program", "credited", "evidence", "total_money", "state_chip", "occurred")
    list_filter = ("program", "source", "is_new_customer")
    list_select_related = ("program", "order", "customer")
    search_fields: ClassVar[tuple[str, ...]] = (
        "external_id",
        "customer__email",
        "decisions__enrollment__affiliate__name",
    )
    ordering = ("-occurred_at",)
    fields = (
        ("external_id", "source"),
        ("program", "goal"),
        ("state_chip", "parked_reason"),
        "total_money",
        "buyer",
        "is_new_customer",
        ("occurred", "captured"),
    )
    readonly_fields = ("state_chip", "total_money", "buyer", "occurred", "captured")
    empty_words = _("An order becomes a conversion as soon as the store tells us that it is paid.")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """With the decision in force."""
        return super().get_queryset(request).prefetch_related(CURRENT)

    @admin.display(description=_("credited to"))
    def credited(self, row: Any) -> str:
        """The affiliate with the largest share and how many share with it, or nobody."""
        decision = next(iter(row.current_decisions), None)
        if decision is None or decision.enrollment is None:
            return "–"
        others = len(decision.credits) - 1
        values = {"name": decision.enrollment.affiliate.name, "count": others}
        more = ngettext("%(name)s and %(count)s more", "%(name)s and %(count)s more", others)
        return more % values if others > 0 else values["name"]

    @admin.display(description=_("because of"))
    def evidence(self, row: Any) -> str:
        """The evidence that won."""
        decision = next(iter(row.current_decisions), None)
        return decision.get_evidence_display() if decision else "–"

    @admin.display(description=_("order total"), ordering="order__total")
    def total_money(self, row: Conversion) -> str:
        """What the buyer paid."""
        return money_cell(Money(row.order.total, row.order.currency))

    @admin.display(description=_("state"), ordering="state")
    def state_chip(self, row: Conversion) -> str:
        """Counted or parked."""
        return chip(row.state, row.get_state_display())

    @admin.display(description=_("customer"))
    def buyer(self, row: Conversion) -> str:
        """Known to managers only; fraud review has a page of each."""
        if row.customer is None:
            return "–"
        return link(reverse("admin:tracking_customer_change", args=[row.customer.pk]), row.customer)

    @admin.display(description=_("ordered at"), ordering="occurred_at")
    def occurred(self, row: Conversion) -> str:
        """When it was ordered."""
        return when(row.occurred_at)

    @admin.display(description=_("paid at"))
    def captured(self, row: Conversion) -> str:
        """When it was paid."""
        return when(row.captured_at)

    def page_context(self, request: HttpRequest, row: Conversion) -> dict[str, Any]:
        """Every decision made so far, the newest first, in words."""
        decisions = list(row.decisions.order_by("-number"))
        names = names_of(set().union(*(enrollments_of(decision.trace) for decision in decisions)))
        words = [(decision, decision_in_words(decision.trace, names)) for decision in decisions]
        hero = {"hero_chip": self.state_chip(row), "hero_money": Money(row.order.total, row.order.currency)}
        return {**super().page_context(request, row), **hero, "decisions": words}


@admin.register(Order)
class OrderAdmin(ScopedAdmin):
    """The newest revision of every order that a store told us."""

    tab_field = "state"
    list_display = ("external_id", "source", "program", "state_chip", "total_money", "revision", "occurred")
    list_filter = ("program", "source")
    list_select_related = ("program", "customer")
    search_fields = ("external_id", "customer__email")
    ordering = ("-occurred_at",)
    fields = (
        ("external_id", "source"),
        "program",
        "state_chip",
        "total_money",
        "revision",
        ("occurred", "captured"),
    )
    readonly_fields = ("state_chip", "total_money", "occurred", "captured")
    empty_words = _("Connect a store, or send orders through the API.")

    @admin.display(description=_("total"), ordering="total")
    def total_money(self, row: Order) -> str:
        """What the buyer paid."""
        return money_cell(Money(row.total, row.currency))

    @admin.display(description=_("state"), ordering="state")
    def state_chip(self, row: Order) -> str:
        """What the store's status means to us."""
        return chip(row.state, row.get_state_display())

    @admin.display(description=_("ordered at"), ordering="occurred_at")
    def occurred(self, row: Order) -> str:
        """When it was ordered."""
        return when(row.occurred_at)

    @admin.display(description=_("paid at"))
    def captured(self, row: Order) -> str:
        """When it was paid."""
        return when(row.captured_at)

    def page_context(self, request: HttpRequest, row: Order) -> dict[str, Any]:
        """Its lines and refunds as money."""
        lines = [
            {**line, "money": money_cell(Money(line["net"], row.currency))}
            for line in row.snapshot.get("lines", ())
        ]
        refunds = [
            {"row": refund, "money": money_cell(Money(refund.gross, row.currency)) if refund.gross else "–"}
            for refund in row.refunds.order_by("occurred_at", "pk")
        ]
        return {
            **super().page_context(request, row),
            "lines": lines,
            "refunds": refunds,
            "conversion": Conversion.objects.filter(order=row).first(),
        }
