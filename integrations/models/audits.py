"""Our customers held against the records that a system keeps of them, and what was found wrong."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.scoping import Scoped, ScopedQuerySet
from integrations.models.connections import Connection
from integrations.states import AuditState, FindingKind, FindingState


class Audit(Scoped):
    """One going through of all customers of a program; `place` is the last one that was looked at.

    `counts` are how many were looked at, how many faults were found, and how many calls that took.
    """

    TENANT = "connection__program__merchant"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="audits")
    state = models.CharField(_("state"), max_length=10, choices=AuditState.choices, default=AuditState.ASKED)
    place = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    note = models.CharField(_("note"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("asked at"), default=timezone.now, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("audit")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=models.Q(state__in=["asked", "running", "resting"]),
                name="audit_one_at_a_time",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["connection", "-created_at"], name="audit_by_time")]

    def __str__(self) -> str:
        return f"{self.connection} {self.created_at:%Y-%m-%d}"

    @property
    def is_going(self) -> bool:
        """Whether it reads on by itself now."""
        return self.state in (AuditState.ASKED, AuditState.RUNNING)


class FindingQuerySet(ScopedQuerySet):
    """What was found wrong."""

    def open(self) -> Self:
        """Those that wait for a person."""
        return self.filter(state=FindingState.OPEN)

    def standing(self) -> Self:
        """Those that are wrong there as far as we know: open, left, or mended and not looked at since."""
        return self.exclude(state=FindingState.CLOSED)


class Finding(Scoped):
    """One fault of one customer at one system: it stands once, and closes when the next audit finds it no more.

    `ours` and `theirs` are the values of `field`; `other` is the second record there, or the second customer here.
    `seen_values` are what stood in the fields that we read, for a person who takes theirs.
    """

    TENANT = "connection__program__merchant"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="findings")
    kind = models.CharField(_("kind"), max_length=12, choices=FindingKind.choices)
    local_key = models.CharField(_("ours"), max_length=120)
    remote_id = models.CharField(_("theirs"), max_length=120, blank=True)
    field = models.CharField(_("field"), max_length=120, blank=True)
    other = models.CharField(_("the other one"), max_length=120, blank=True)
    ours = models.JSONField(_("our value"), null=True)
    theirs = models.JSONField(_("their value"), null=True)
    seen_values = models.JSONField(default=dict)
    state = models.CharField(
        _("state"), max_length=6, choices=FindingState.choices, default=FindingState.OPEN
    )
    first_seen_at = models.DateTimeField(_("first seen"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    closed_at = models.DateTimeField(_("closed at"), null=True)

    objects: ClassVar = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("finding")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "local_key", "kind", "field", "other"],
                condition=~models.Q(state="closed"),
                name="finding_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["connection"], condition=models.Q(state="open"), name="finding_open")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.local_key} {self.field}".strip()
