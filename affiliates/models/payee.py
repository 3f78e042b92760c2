"""Where an affiliate is paid; the details are sealed, a keyed fingerprint finds shared ones."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import Affiliate
from core.crypto import SealedJSONField
from core.scoping import Scoped


class PayeeMethod(models.TextChoices):
    BANK = "bank", _("bank account")
    PAYPAL = "paypal", _("PayPal")
    STORE_CREDIT = "store_credit", _("store credit")


class Payee(Scoped):
    """One version of an affiliate's payment details; a change makes a new row, so a payout's stays as approved.

    `details` are the account (IBAN or address) and, of store credit, the number of the shop's connection.
    """

    TENANT = "affiliate__merchant"
    OWNER = "affiliate__user"

    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="payees")
    method = models.CharField(_("method"), max_length=20, choices=PayeeMethod.choices)
    holder = models.CharField(_("account holder"), max_length=120)
    seal_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    details = SealedJSONField(bind="seal_id")
    label = models.CharField(max_length=60)
    fingerprint = models.CharField(max_length=64, db_index=True)
    is_current = models.BooleanField(default=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("payee")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["affiliate"], condition=models.Q(is_current=True), name="payee_one_current"
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def account(self) -> str:
        """Where the money goes: an IBAN or an address."""
        return str((self.details or {}).get("account", ""))

    @property
    def shop(self) -> int | None:
        """The number of the connection whose shop gives the store credit; None for any other method."""
        number = (self.details or {}).get("shop")
        return number if isinstance(number, int) else None
