"""Our orders held against the store's."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.scoping import Scoped
from integrations.models.connections import Connection
from integrations.states import ReconciliationKind, ReconciliationState


class Reconciliation(Scoped):
    """A period of a store's orders, read from the store and taken in by the same verbs as its messages.

    `cursor` is where the reading stands; `counts` how many were seen and how many of them were missing, changed, gone
    or refused here.
    """

    TENANT = "connection__program__merchant"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="reconciliations")
    kind = models.CharField(_("kind"), max_length=10, choices=ReconciliationKind.choices)
    begins_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    state = models.CharField(
        _("state"), max_length=10, choices=ReconciliationState.choices, default=ReconciliationState.ASKED
    )
    estimate = models.PositiveIntegerField(_("estimate"), null=True)
    cursor = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    note = models.CharField(_("note"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("asked at"), default=timezone.now, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("reconciliation")
        indexes: ClassVar = [
            models.Index(fields=["connection", "-created_at"], name="reconciliation_by_time")
        ]

    def __str__(self) -> str:
        return f"{self.begins_at:%Y-%m-%d %H:%M} - {self.ends_at:%Y-%m-%d %H:%M}"

    @property
    def difference(self) -> int:
        """How many orders were not here as the store has them: missing, changed, or gone there."""
        return sum(self.counts.get(name, 0) for name in ("missing", "changed", "gone"))

    @property
    def is_going(self) -> bool:
        """Whether it reads on by itself."""
        return self.state in (ReconciliationState.ASKED, ReconciliationState.RUNNING)

    @property
    def is_over(self) -> bool:
        """Whether nothing will come of it any more."""
        return not self.is_going and self.state != ReconciliationState.PAUSED
