"""What each enrollment did on each day, counted once and again where something came later."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models import Enrollment, Program
from core.scoping import Scoped


class DayCount(Scoped):
    """The counts of one enrollment on one day of the program's clock; `counts` is what fraud.partners.Tally says.

    A stale one is counted anew before it is read. Days of which nothing is known have no row.
    """

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    counts = models.JSONField(default=dict)
    is_stale = models.BooleanField(default=True)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("day of an affiliate")
        verbose_name_plural = _("days of affiliates")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enrollment", "day"], name="day_count_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["program", "day"], name="day_count_by_day"),
            models.Index(fields=["program"], condition=models.Q(is_stale=True), name="day_count_stale"),
        ]

    def __str__(self) -> str:
        return f"{self.enrollment_id} {self.day}"
