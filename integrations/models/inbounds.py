"""What systems sent us, byte for byte."""

from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.scoping import Scoped, ScopedQuerySet
from integrations.models.connections import Connection
from integrations.states import InboundState


class InboundQuerySet(ScopedQuerySet):
    """What systems sent us."""

    def stuck(self) -> Self:
        """Those that a person should look at."""
        return self.filter(state__in=[InboundState.PARKED, InboundState.QUARANTINED])


class Inbound(Scoped):
    """One request of another system, stored before it is understood."""

    TENANT = "connection__program__merchant"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="inbounds")
    dedupe_key = models.CharField(max_length=100)
    topic = models.CharField(_("topic"), max_length=60, blank=True)
    subject = models.CharField(_("about"), max_length=120, blank=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    state = models.CharField(
        _("state"), max_length=12, choices=InboundState.choices, default=InboundState.RECEIVED
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    repeats = models.PositiveIntegerField(_("repeats"), default=0)
    received_at = models.DateTimeField(_("received at"), default=timezone.now)
    processed_at = models.DateTimeField(null=True)

    objects: ClassVar = InboundQuerySet.as_manager()

    class Meta:
        verbose_name = _("received message")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "dedupe_key"], name="inbound_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["connection", "-received_at"], name="inbound_by_time"),
            models.Index(fields=["connection", "subject"], name="inbound_of_subject"),
            models.Index(
                fields=["connection"],
                condition=models.Q(state__in=["received", "parked", "quarantined"]),
                name="inbound_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.subject}".strip()
