"""What stores told: customers, orders and refunds."""

from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Program
from core.scoping import Scoped, ScopedQuerySet
from tracking.orders import OrderIn
from tracking.states import OrderState, RefundKind


class Customer(Scoped):
    """A buyer, known by the store's id or by a normalized address."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="customers")
    source = models.CharField(max_length=60)
    external_id = models.CharField(max_length=120, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("customer")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "source", "external_id"],
                condition=~models.Q(external_id=""),
                name="customer_id_once",
            ),
            models.UniqueConstraint(
                fields=["program", "email"], condition=~models.Q(email=""), name="customer_email_once"
            ),
        ]

    def __str__(self) -> str:
        return self.email or self.external_id


class Order(Scoped):
    """The newest revision of an order that a store told us, whole, in `snapshot` (an OrderIn as JSON)."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="orders")
    source = models.CharField(_("source"), max_length=60)
    external_id = models.CharField(_("number"), max_length=120)
    state = models.CharField(_("state"), max_length=10, choices=OrderState.choices)
    currency = models.CharField(_("currency"), max_length=3)
    total = models.BigIntegerField(_("total"))
    occurred_at = models.DateTimeField(_("ordered at"))
    captured_at = models.DateTimeField(_("paid at"), null=True)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="orders")
    subscription = models.CharField(_("subscription"), max_length=120, blank=True)
    revision = models.PositiveIntegerField(default=1)
    revision_key = models.CharField(max_length=60)
    content_hash = models.CharField(max_length=64)
    snapshot = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("order")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "source", "external_id"], name="order_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["program", "source", "subscription", "occurred_at"],
                condition=~models.Q(subscription=""),
                name="order_of_subscription",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"

    def as_value(self) -> OrderIn:
        """Return the newest revision as the store told it."""
        return OrderIn.from_json(self.snapshot)


class RefundQuerySet(ScopedQuerySet):
    """Money that went back."""

    def waiting(self) -> Self:
        """Refunds whose order has not come yet."""
        return self.filter(order=None)

    def in_force(self) -> Self:
        """Refunds that the store has not taken back."""
        return self.filter(is_withdrawn=False)


class Refund(Scoped):
    """Money that went back for an order, in whole or in part, by its newest account."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="refunds")
    source = models.CharField(max_length=60)
    external_id = models.CharField(_("number"), max_length=120)
    order_external_id = models.CharField(_("order"), max_length=120)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="refunds")
    kind = models.CharField(_("kind"), max_length=14, choices=RefundKind.choices, default=RefundKind.REFUND)
    occurred_at = models.DateTimeField(null=True)
    gross = models.BigIntegerField(_("gross"), null=True)
    lines = models.JSONField(null=True)
    is_final = models.BooleanField(default=False)
    is_listed = models.BooleanField(default=False, help_text=_("Came in the order's own list of refunds."))
    is_withdrawn = models.BooleanField(default=False)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "source", "external_id"], name="refund_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["program", "source", "order_external_id"], name="refund_by_order")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.external_id}"

    @property
    def is_estimated(self) -> bool:
        """Only the gross amount is known, and lines may still come."""
        return self.lines is None and not self.is_final
