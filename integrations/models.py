"""Systems we are connected with, and what they sent, byte for byte."""

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Program
from core.crypto import SealedJSONField
from core.scoping import Scoped, ScopedQuerySet
from integrations.states import ConnectionState, InboundState


class Connection(Scoped):
    """A store or system of a program; `source` is its name in orders, `secrets` its keys."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="connections")
    connector = models.CharField(_("kind"), max_length=30)
    name = models.CharField(_("name"), max_length=80)
    source = models.SlugField(
        _("source"), max_length=60, help_text=_("Names this store in orders and in the API.")
    )
    base_url = models.URLField(_("address"), blank=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    secrets = SealedJSONField(bind="public_id", default=dict)
    state = models.CharField(
        _("state"), max_length=10, choices=ConnectionState.choices, default=ConnectionState.ACTIVE
    )
    last_received_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("connection")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "source"], name="connection_source_once")
        ]

    def __str__(self) -> str:
        return self.name


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
        indexes: ClassVar = [models.Index(fields=["connection", "-received_at"], name="inbound_by_time")]

    def __str__(self) -> str:
        return f"{self.topic} {self.subject}".strip()
