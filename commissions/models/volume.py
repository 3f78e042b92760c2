"""What conversions add to the counters that brackets, caps and bonuses are measured by."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models import Enrollment, Program
from core.scoping import Scoped
from tracking.models import Conversion


class Volume(Scoped):
    """What one conversion counts for one credited enrollment now: after refunds, nothing once declined.

    Amounts are minor units of the program's currency. `commission` is the enrollment's own of level 1; `spent` is
    what all levels together still hold and stands on the row of the lowest enrollment credited, else 0.
    `read` is what the counters stood at when it was valued, its own gross base, and what it asked for before caps.
    """

    TENANT = "program__merchant"
    OWNER = "enrollment__affiliate__user"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="volumes")
    conversion = models.ForeignKey(Conversion, on_delete=models.PROTECT, related_name="volumes")
    occurred_at = models.DateTimeField()
    base = models.BigIntegerField(_("base"), default=0)
    conversions = models.PositiveSmallIntegerField(_("conversions"), default=0)
    commission = models.BigIntegerField(_("commission"), default=0)
    spent = models.BigIntegerField(default=0)
    read = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("volume")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversion", "enrollment"], name="volume_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["enrollment", "occurred_at", "conversion"], name="volume_by_enrollment"),
            models.Index(fields=["program", "occurred_at", "conversion"], name="volume_by_program"),
        ]

    def __str__(self) -> str:
        return f"{self.enrollment} · {self.conversion}"
