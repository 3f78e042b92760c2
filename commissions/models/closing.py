"""Periods that are over: what retroactive brackets owe for them was counted."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Program
from core.scoping import Scoped


class Closing(Scoped):
    """A calendar period of a program's clock that is over ("2026-10", "2026-Q4", "2026")."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="closings")
    period = models.CharField(_("period"), max_length=10)
    closed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("closing")
        constraints: ClassVar = [models.UniqueConstraint(fields=["program", "period"], name="closing_once")]

    def __str__(self) -> str:
        return f"{self.program} · {self.period}"
