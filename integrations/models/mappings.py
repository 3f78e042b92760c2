"""Which of our fields fill which of theirs, and what was decided where both sides had a value."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.scoping import Scoped
from integrations.models.connections import Connection
from integrations.states import Direction


class Mapping(Scoped):
    """One version of how a kind of record crosses the border in one direction; rows are never changed.

    `rows` is what `integrations.mapping` reads.
    """

    TENANT = "connection__program__merchant"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="mappings")
    direction = models.CharField(_("direction"), max_length=3, choices=Direction.choices)
    kind = models.CharField(_("kind"), max_length=40)
    version = models.PositiveIntegerField(_("version"))
    rows = models.JSONField(default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("mapping")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "direction", "kind", "version"], name="mapping_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.direction} v{self.version}"


class FieldDecision(Scoped):
    """Both sides had a value of a field and a rule chose: which, by which rule, and what was put aside."""

    TENANT = "connection__program__merchant"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="field_decisions")
    direction = models.CharField(_("direction"), max_length=3, choices=Direction.choices)
    object_key = models.CharField(_("about"), max_length=120)
    field = models.CharField(_("field"), max_length=120)
    ours = models.JSONField(_("ours"), null=True)
    theirs = models.JSONField(_("theirs"), null=True)
    rule = models.CharField(_("rule"), max_length=20)
    kept = models.CharField(_("kept"), max_length=6)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("decision on a field")
        verbose_name_plural = _("decisions on fields")
        indexes: ClassVar = [models.Index(fields=["connection", "-at"], name="field_decision_by_time")]

    def __str__(self) -> str:
        return f"{self.field} {self.object_key}"
