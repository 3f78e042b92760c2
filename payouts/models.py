"""What leaves the house: batches, the people who approved them, payouts and the entries in them."""

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Enrollment, Payee, Program
from commissions.models import Entry
from core.money import Money
from core.scoping import Scoped, ScopedQuerySet
from payouts.methods import METHODS
from payouts.states import BatchState, HeldBackReason, PayoutState


class Batch(Scoped):
    """One payout run of a program: everything payable up to a cut-off, as a draft until people approve it."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="batches")
    state = models.CharField(_("state"), max_length=10, choices=BatchState.choices, default=BatchState.DRAFT)
    cut_off = models.DateTimeField(_("up to"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField(_("opened at"), default=timezone.now)
    approved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("payout batch")
        verbose_name_plural = _("payout batches")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program"], condition=Q(state__in=["draft", "half"]), name="batch_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.program} · {self.program.local(self.cut_off):%Y-%m-%d}"

    @property
    def total(self) -> Money:
        """The sum of its payouts that are not cancelled."""
        amounts = [payout.amount for payout in self.payouts.all() if payout.state != PayoutState.CANCELLED]
        return Money(sum(amounts), self.program.currency)


class Approval(Scoped):
    """One person's yes to exactly the content that `content_hash` names."""

    TENANT = "batch__program__merchant"

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="approvals")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    content_hash = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("approval")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "user", "content_hash"], name="approval_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.at:%Y-%m-%d}"


class PayoutQuerySet(ScopedQuerySet):
    """Payouts."""

    def live(self) -> Self:
        """Those that hold their entries: neither failed nor cancelled."""
        return self.exclude(state__in=[PayoutState.FAILED, PayoutState.CANCELLED])


class Payout(Scoped):
    """What one enrollment is paid in one batch.

    `doubt` says why nobody knows whether the money arrived; a person looks, and says so. Of a payout that a machine
    sends, `reference` is the account that it goes to until it is paid, then the far side's name of the payment; `shop`
    says whose names these are, once it is begun.
    """

    TENANT = "program__merchant"
    OWNER = "enrollment__affiliate__user"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="payouts")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="payouts")
    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="payouts")
    payee = models.ForeignKey(Payee, on_delete=models.PROTECT, related_name="payouts")
    method = models.CharField(_("method"), max_length=20, default="manual")
    state = models.CharField(
        _("state"), max_length=10, choices=PayoutState.choices, default=PayoutState.DRAFT
    )
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reference = models.CharField(_("reference"), max_length=120, blank=True)
    shop = models.CharField(max_length=260, blank=True, db_default="", editable=False)
    idempotency_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    failure = models.CharField(_("why it failed"), max_length=300, blank=True)
    doubt = models.CharField(_("why it is in doubt"), max_length=300, blank=True, db_default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    approved_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)

    objects: ClassVar = PayoutQuerySet.as_manager()

    class Meta:
        verbose_name = _("payout")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "enrollment"], name="payout_once_a_batch"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payout_amount_positive"),
            models.UniqueConstraint(
                fields=["shop", "reference"],
                condition=Q(method="store_credit", state="paid"),
                name="payout_one_credit_each",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What people call it."""
        return f"PO-{self.created_at:%Y}-{self.pk:05d}"

    @property
    def money(self) -> Money:
        """What is paid."""
        return Money(self.amount, self.currency)

    @property
    def told_reference(self) -> str:
        """What its receiver may look for: of a machine's payment nothing until it is paid."""
        is_known = self.is_by_hand or self.state == PayoutState.PAID
        return self.reference if is_known else ""

    @property
    def is_by_hand(self) -> bool:
        """Whether a person sends it."""
        return METHODS[self.method].is_by_hand

    @property
    def may_be_failed(self) -> bool:
        """Whether a person may say that it failed: not while a machine that has begun may still be at it."""
        is_open = self.state in (PayoutState.APPROVED, PayoutState.SENT)
        return is_open and (self.is_by_hand or self.state == PayoutState.APPROVED or bool(self.doubt))

    @property
    def may_be_paid(self) -> bool:
        """Whether a person may say that it has arrived."""
        is_open = self.state in (PayoutState.APPROVED, PayoutState.SENT)
        return is_open and (self.is_by_hand or bool(self.doubt))


class PayoutItem(Scoped):
    """A ledger entry's part in a payout; signed: what was earned adds, what was taken back subtracts."""

    TENANT = "payout__program__merchant"
    OWNER = "payout__enrollment__affiliate__user"

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="items")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="payout_items")
    amount = models.BigIntegerField()
    is_live = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("payout item")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["entry"], condition=Q(is_live=True, amount__gt=0), name="entry_paid_once"
            ),
            models.UniqueConstraint(fields=["payout", "entry"], name="payout_item_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="payout_item_moves_something"),
        ]

    def __str__(self) -> str:
        return f"{self.payout_id}: {self.amount}"

    @property
    def money(self) -> Money:
        """Its signed part."""
        return Money(self.amount, self.payout.currency)


class HeldBack(Scoped):
    """An amount that a batch left where it is, and why."""

    TENANT = "batch__program__merchant"

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="held_back")
    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    reason = models.CharField(_("reason"), max_length=10, choices=HeldBackReason.choices)

    class Meta:
        verbose_name = _("held back")
        verbose_name_plural = _("held back")

    def __str__(self) -> str:
        return f"{self.enrollment}: {self.get_reason_display()}"

    @property
    def money(self) -> Money:
        """What stays."""
        return Money(self.amount, self.batch.program.currency)
