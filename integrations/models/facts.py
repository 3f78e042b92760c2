"""What other systems say of our customers."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.scoping import Scoped
from integrations.models.connections import Connection
from tracking.models import Customer


class CustomerFact(Scoped):
    """One thing that a CRM says of a customer ("crm.lead_status"), as it said it last, and when that came to be."""

    TENANT = "connection__program__merchant"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="facts")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="facts")
    name = models.CharField(_("what"), max_length=120)
    value = models.JSONField(_("value"), null=True)
    at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("fact of a customer")
        verbose_name_plural = _("facts of customers")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "customer", "name"], name="customer_fact_once")
        ]
        indexes: ClassVar = [models.Index(fields=["customer", "name", "-at"], name="customer_fact_newest")]

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"
