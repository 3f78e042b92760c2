"""What was earned, and what was taken back."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Enrollment, Program
from commissions.holds import FRAUD
from commissions.models.plan import PlanVersion
from commissions.states import (
    CommissionKind,
    CommissionState,
    ReversalCause,
    Screening,
)
from core.money import Money
from core.scoping import Scoped, ScopedQuerySet
from tracking.models import Conversion, Refund
from tracking.states import ConversionState


class CommissionQuerySet(ScopedQuerySet):
    """What was earned."""

    def due(self, at: object) -> Self:
        """Pending ones that all brakes let go: matured, screened, not held, nor built on sales that are in doubt.

        Those of a conversion that is parked are not due either.
        """
        ready = [Screening.NOT_REQUIRED, Screening.SCREENED]
        pending = self.filter(state=CommissionState.PENDING, screening__in=ready, is_held=False)
        matured = pending.filter(matures_at__lte=at).exclude(conversion__state=ConversionState.PARKED)
        return matured.exclude(self.on_doubtful_sales())

    @staticmethod
    def on_doubtful_sales() -> Q:
        """Bonuses and true-ups of who has an older sale that fraud review looks at: it may come to nothing."""
        earlier = Commission.objects.filter(
            enrollment=OuterRef("enrollment"), kind=CommissionKind.EARNED, pk__lt=OuterRef("pk")
        ).exclude(state=CommissionState.DECLINED)
        in_review = Q(is_held=True, reason__startswith=f"{FRAUD}:") | Q(screening=Screening.WAITING)
        return ~Q(kind=CommissionKind.EARNED) & Q(Exists(earlier.filter(in_review)))

    def with_net(self) -> Self:
        """Adds `reversed_amount`: what was taken back so far, minor units."""
        taken = Coalesce(models.Sum("reversals__amount"), 0)
        return self.annotate(reversed_amount=taken)


class Commission(Scoped):
    """What one enrollment earned at one level of one conversion; `amount` is what it was first worth."""

    TENANT = "program__merchant"
    OWNER = "enrollment__affiliate__user"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="commissions")
    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="commissions")
    conversion = models.ForeignKey(
        Conversion, null=True, on_delete=models.PROTECT, related_name="commissions"
    )
    kind = models.CharField(
        _("kind"), max_length=10, choices=CommissionKind.choices, default=CommissionKind.EARNED
    )
    level = models.PositiveSmallIntegerField(_("level"), default=1)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    plan_version = models.ForeignKey(
        PlanVersion, null=True, on_delete=models.PROTECT, related_name="commissions"
    )
    trace = models.JSONField(default=dict)
    state = models.CharField(
        _("state"), max_length=8, choices=CommissionState.choices, default=CommissionState.PENDING
    )
    screening = models.CharField(max_length=12, choices=Screening.choices, default=Screening.NOT_REQUIRED)
    looks = models.PositiveIntegerField(default=0, editable=False)  # how often a screener has looked at it
    is_held = models.BooleanField(_("on hold"), default=False)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    source = models.CharField(
        max_length=160, blank=True, help_text=_("What a bonus or true-up is for; one row each.")
    )
    occurred_at = models.DateTimeField(_("earned at"))
    matures_at = models.DateTimeField(_("may be approved from"))
    approved_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar = CommissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("commission")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversion", "enrollment", "level"], name="commission_once"),
            models.UniqueConstraint(
                fields=["enrollment", "level", "source"],
                condition=~Q(source=""),
                name="commission_source_once",
            ),
            models.CheckConstraint(
                condition=Q(kind=CommissionKind.EARNED, conversion__isnull=False, amount__gte=0)
                | (~Q(kind=CommissionKind.EARNED) & Q(conversion__isnull=True) & ~Q(reason="")),
                name="commission_has_a_cause",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["matures_at"], condition=Q(state="pending"), name="commission_pending"),
            models.Index(fields=["enrollment", "-occurred_at"], name="commission_by_enrollment"),
        ]

    def __str__(self) -> str:
        return f"{self.money} · {self.enrollment}"

    @property
    def is_in_review(self) -> bool:
        """Whether fraud review has a brake on it: by a hold of its own, or behind the house's until it is screened."""
        is_theirs = self.reason.startswith(f"{FRAUD}:") or self.screening == Screening.WAITING
        return self.is_held and is_theirs

    @property
    def money(self) -> Money:
        """What it was first worth."""
        return Money(self.amount, self.currency)

    @property
    def net(self) -> Money:
        """What it is worth now: first amount less reversals (annotate `with_net` or prefetch `reversals`)."""
        taken = getattr(self, "reversed_amount", None)
        if taken is None:
            taken = sum(reversal.amount for reversal in self.reversals.all())
        return Money(self.amount - taken, self.currency)


class Reversal(Scoped):
    """A part of a commission taken back (`amount` > 0) or credited again (< 0), and why."""

    TENANT = "commission__program__merchant"
    OWNER = "commission__enrollment__affiliate__user"

    commission = models.ForeignKey(Commission, on_delete=models.PROTECT, related_name="reversals")
    number = models.PositiveIntegerField()
    cause = models.CharField(_("cause"), max_length=14, choices=ReversalCause.choices)
    amount = models.BigIntegerField(_("amount"))
    refund = models.ForeignKey(Refund, null=True, on_delete=models.PROTECT, related_name="reversals")
    is_estimated = models.BooleanField(_("estimated"), default=False)
    trace = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("reversal")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["commission", "number"], name="reversal_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="reversal_moves_something"),
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()} {self.money}"

    @property
    def money(self) -> Money:
        """What is taken back."""
        return Money(self.amount, self.commission.currency)
