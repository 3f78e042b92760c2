"""What other rules would have held."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Program
from commissions.states import SimulationState
from core.scoping import Scoped


class DryRun(Scoped):
    """The sales of the last days asked under other rules on paper; nothing is held for it.

    `checks` is as in Policy. `result` is what fraud.actions.dry_runs writes.
    """

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="dry_runs")
    checks = models.JSONField(_("rules"), default=dict)
    days = models.PositiveSmallIntegerField(_("days"), default=90)
    state = models.CharField(
        _("state"), max_length=9, choices=SimulationState.choices, default=SimulationState.WAITING
    )
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=300, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("dry run")
        indexes: ClassVar = [models.Index(fields=["program", "-created_at"], name="dry_run_newest")]

    def __str__(self) -> str:
        return f"{self.program} · {self.created_at:%Y-%m-%d %H:%M}"
