"""What becomes of a connection and of what it sent."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ConnectionState(models.TextChoices):
    ACTIVE = "active", _("active")
    PAUSED = "paused", _("paused")


class InboundState(models.TextChoices):
    RECEIVED = "received", _("received")
    DONE = "done", _("processed")
    IGNORED = "ignored", _("not for us")
    PARKED = "parked", _("parked")
    QUARANTINED = "quarantined", _("quarantined")
