"""What was told to and asked of a system, hour by hour; and what is wrong with it for longer than a moment."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.scoping import Scoped
from integrations.models.connections import Connection
from integrations.states import TroubleKind


def _count() -> "models.PositiveIntegerField[int, int]":
    return models.PositiveIntegerField(default=0, db_default=0)


class ConnectionHour(Scoped):
    """One hour of a connection in numbers: a row is added to by every call, so looking back costs little.

    `answered` are calls after which the far side was known to live, `failures` tries that failed: each is one of
    the causes below it. A `lag_…` counts messages that were acknowledged within so many seconds of their event.
    `failing_since` is when the failures in a row began, null while it works; `quota` what the far side said last of
    its own limits. Both are carried from hour to hour, so the newest row says how things stand.
    """

    TENANT = "connection__program__merchant"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="hours")
    hour = models.DateTimeField(_("hour"))
    calls = _count()
    answered = _count()
    delivered = _count()
    failures = _count()
    unanswered = _count()
    throttled = _count()
    errors = _count()
    refused = _count()
    misconfigured = _count()
    broken = _count()
    lag_1 = _count()
    lag_2 = _count()
    lag_5 = _count()
    lag_15 = _count()
    lag_60 = _count()
    lag_300 = _count()
    lag_900 = _count()
    lag_3600 = _count()
    lag_21600 = _count()
    lag_more = _count()
    failing_since = models.DateTimeField(null=True)
    quota = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("hour of a connection")
        verbose_name_plural = _("hours of connections")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "hour"], name="connection_hour_once")
        ]
        indexes: ClassVar = [models.Index(fields=["hour"], name="connection_hour_by_time")]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.hour:%Y-%m-%d %H}:00"


class Trouble(Scoped):
    """Something is wrong with a connection from `since` until `ended_at`; people are told once of each end.

    `seen_at` is when it was last found: it has ended only when it was not found for a while, so that what comes and
    goes is one trouble.
    """

    TENANT = "connection__program__merchant"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="troubles")
    kind = models.CharField(_("kind"), max_length=12, choices=TroubleKind.choices)
    sentence = models.CharField(_("what is wrong"), max_length=300)
    since = models.DateTimeField(_("since"), default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("trouble")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "kind"], condition=Q(ended_at=None), name="trouble_once_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return self.sentence
