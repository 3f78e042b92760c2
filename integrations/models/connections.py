"""Systems we are connected with."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Program
from core.crypto import SealedJSONField
from core.scoping import Scoped
from integrations.states import ConnectionState


class Connection(Scoped):
    """A store or system of a program; `source` is its name in orders, `secrets` its keys.

    `options` are the connector's own settings, as its form asks for them: plain values, nothing secret. `cursor` is how
    far a system that is asked for news has told them.
    """

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
    options = models.JSONField(default=dict, db_default=models.Value({}, output_field=models.JSONField()))
    state = models.CharField(
        _("state"), max_length=12, choices=ConnectionState.choices, default=ConnectionState.ACTIVE
    )
    cursor = models.JSONField(default=dict, db_default=models.Value({}, output_field=models.JSONField()))
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
