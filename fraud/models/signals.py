"""What was found, with the figures that say so."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Coupon, Enrollment, Program
from core.scoping import Scoped, ScopedQuerySet
from fraud.checks import CHECKS, Check
from fraud.checks.sentences import in_words
from fraud.states import Action, Cause, SignalState
from tracking.models import Conversion


class SignalQuerySet(ScopedQuerySet):
    """Findings."""

    def standing(self) -> Self:
        """Those that still say something."""
        return self.filter(state=SignalState.STANDS)


class Signal(Scoped):
    """One finding of one check: on a conversion, on a coupon, or on all that an enrollment does.

    `figures` and `rows` are the measure's; `limits` keep threshold and sample under which it was found, `policy` the
    number of the policy. The same finding again moves `seen_at`, and a change of its figures `changed_at`.
    """

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="signals")
    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="signals")
    case = models.ForeignKey("fraud.Case", null=True, on_delete=models.PROTECT, related_name="signals")
    check_name = models.CharField(_("check"), max_length=40)
    cause = models.CharField(_("cause"), max_length=12, choices=Cause.choices)
    conversion = models.ForeignKey(Conversion, null=True, on_delete=models.PROTECT, related_name="signals")
    coupon = models.ForeignKey(Coupon, null=True, on_delete=models.PROTECT, related_name="signals")
    state = models.CharField(
        _("state"), max_length=10, choices=SignalState.choices, default=SignalState.STANDS
    )
    action = models.CharField(_("action"), max_length=8, choices=Action.choices)
    weight = models.FloatField(_("weight"))
    value = models.FloatField()
    sample = models.PositiveIntegerField(default=1)
    p = models.FloatField(null=True)
    limits = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    rows = models.JSONField(default=dict)
    policy = models.PositiveIntegerField(default=0)
    found_at = models.DateTimeField(_("found at"), default=timezone.now)
    seen_at = models.DateTimeField(_("last seen"), default=timezone.now)

    objects: ClassVar = SignalQuerySet.as_manager()

    class Meta:
        verbose_name = _("signal")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["check_name", "enrollment", "conversion"],
                condition=Q(conversion__isnull=False, state="stands"),
                name="signal_on_conversion_once",
            ),
            models.UniqueConstraint(
                fields=["check_name", "enrollment", "coupon"],
                condition=Q(coupon__isnull=False, state="stands"),
                name="signal_on_coupon_once",
            ),
            models.UniqueConstraint(
                fields=["check_name", "enrollment"],
                condition=Q(conversion__isnull=True, coupon__isnull=True, state="stands"),
                name="signal_on_enrollment_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["program", "check_name", "found_at"], name="signal_by_check"),
            models.Index(fields=["conversion"], name="signal_by_conversion"),
        ]

    def __str__(self) -> str:
        return self.check_name

    @property
    def check_itself(self) -> Check[Any] | None:
        """The check; None where this version of the software has none of that name any more."""
        return CHECKS.get(self.check_name)

    @property
    def sentence(self) -> str:
        """What was found, for a reviewer, in the reader's language."""
        check = self.check_itself
        return in_words(check, self.figures) if check else self.check_name
