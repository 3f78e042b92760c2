"""The books: accounts and the entries between them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Enrollment, Program
from commissions.models.commission import Commission
from commissions.states import (
    AccountKind,
    EntryKind,
)
from core.money import Money
from core.scoping import Scoped


class Account(Scoped):
    """A place where money stands: the program's, or an enrollment's, in one currency."""

    TENANT = "program__merchant"
    OWNER = "enrollment__affiliate__user"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="accounts")
    enrollment = models.ForeignKey(Enrollment, null=True, on_delete=models.PROTECT, related_name="accounts")
    kind = models.CharField(_("kind"), max_length=10, choices=AccountKind.choices)
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        verbose_name = _("account")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "enrollment", "kind", "currency"],
                condition=Q(enrollment__isnull=False),
                name="account_once",
            ),
            models.UniqueConstraint(
                fields=["program", "kind", "currency"],
                condition=Q(enrollment__isnull=True),
                name="program_account_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrollment or self.program}: {self.get_kind_display()} {self.currency}"


class Entry(Scoped):
    """One posting: `amount` leaves the debit account and reaches the credit account. Never changed."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(_("kind"), max_length=10, choices=EntryKind.choices)
    source = models.CharField(_("source"), max_length=60)
    debit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debits")
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credits")
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    commission = models.ForeignKey(Commission, null=True, on_delete=models.PROTECT, related_name="entries")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "source"], name="entry_source_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="entry_amount_positive"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="entry_two_accounts"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {Money(self.amount, self.currency)}"
