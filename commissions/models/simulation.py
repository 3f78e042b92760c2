"""A rehearsal: what a plan would have cost in a period that is over."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.models.plan import Plan
from commissions.states import SimulationState
from core.scoping import Scoped


class Simulation(Scoped):
    """The real conversions of a period, paid by another plan on paper; nothing of it touches the books."""

    TENANT = "plan__program__merchant"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="simulations")
    body = models.JSONField(_("rules"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    state = models.CharField(
        _("state"), max_length=9, choices=SimulationState.choices, default=SimulationState.WAITING
    )
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("simulation")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="simulation_dates")
        ]

    def __str__(self) -> str:
        return f"{self.plan} · {self.starts_at:%Y-%m-%d} – {self.ends_at:%Y-%m-%d}"
