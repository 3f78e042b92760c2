"""What must still be told to other systems, what became of it, and by which name they know our rows."""

import uuid
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import Event
from core.scoping import Scoped, ScopedQuerySet
from integrations.models.connections import Connection
from integrations.states import DeliveryState


class DeliveryQuerySet(ScopedQuerySet):
    """What must be told."""

    def due(self, at: object) -> Self:
        """Those whose next attempt has come."""
        return self.filter(state=DeliveryState.DUE, next_at__lte=at)


class Delivery(Scoped):
    """One event due to one connection. Its id is the message's at the far side, the same at every attempt.

    `object_key` names what it is about: of one object only the oldest that is due is sent. `body` is what is sent,
    frozen when it was planned, or empty where the connector reads the rows as they are when it is sent.
    """

    TENANT = "connection__program__merchant"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(Event, null=True, on_delete=models.PROTECT, related_name="+")
    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=60)
    object_key = models.CharField(_("about"), max_length=120)
    body = models.JSONField(default=dict)
    state = models.CharField(
        _("state"), max_length=12, choices=DeliveryState.choices, default=DeliveryState.DUE
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    note = models.CharField(_("note"), max_length=500, blank=True)
    occurred_at = models.DateTimeField(_("happened at"))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    done_at = models.DateTimeField(_("done at"), null=True)

    called: str  # what people call `object_key`, once a page has looked it up

    objects: ClassVar = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "event"], name="delivery_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["connection", "next_at", "id"],
                condition=models.Q(state="due"),
                name="delivery_due",
            ),
            models.Index(
                fields=["connection", "object_key", "id"],
                condition=models.Q(state="due"),
                name="delivery_due_of_object",
            ),
            models.Index(fields=["connection", "-created_at"], name="delivery_by_time"),
            models.Index(fields=["state", "done_at"], name="delivery_by_end"),
            models.Index(fields=["connection"], condition=models.Q(state="dead"), name="delivery_dead"),
            models.Index(fields=["connection", "object_key"], name="delivery_of_object"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_key}"


class Attempt(Scoped):
    """One try to deliver: what was sent (secrets masked), what came back, how long it took."""

    TENANT = "delivery__connection__program__merchant"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveIntegerField(_("attempt"))
    at = models.DateTimeField(_("at"))
    milliseconds = models.PositiveIntegerField(_("milliseconds"), default=0)
    request = models.TextField(_("request"), blank=True)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    answer = models.TextField(_("answer"), blank=True)
    outcome = models.CharField(_("outcome"), max_length=300)

    class Meta:
        verbose_name = _("attempt")
        constraints: ClassVar = [models.UniqueConstraint(fields=["delivery", "number"], name="attempt_once")]

    def __str__(self) -> str:
        return f"{self.number}: {self.outcome}"


class Lane(Scoped):
    """The one road to a connection: whoever holds its lease is the only one who sends, so limits and order hold.

    `failures` in a row open the breaker until `open_until`; `allowance` is what the far side's limits leave, as the
    connector keeps it. `is_slow`: it took long for a message when it was last served.
    """

    TENANT = "connection__program__merchant"

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, related_name="lane", primary_key=True
    )
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    allowance = models.JSONField(default=dict)
    is_slow = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = _("lane")

    def __str__(self) -> str:
        return f"lane of {self.connection_id}"


class RemoteRecord(Scoped):
    """One of our rows as a far side knows it.

    `local_key` names ours as object keys do ("customer:7"). `agreed` says by the far side's names of fields what both
    sides last had: whoever differs from it has changed something. `offered` is what we last told, whether it was let in
    or not: while that is all we have to say, nobody is asked. `pending` is what is being written at this moment: heard
    back, it is no news. `again_at` is when the clock alone changes what there is
    to tell.
    """

    TENANT = "connection__program__merchant"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="remote_records")
    kind = models.CharField(_("kind"), max_length=40)
    local_key = models.CharField(_("ours"), max_length=120)
    remote_id = models.CharField(_("theirs"), max_length=120)
    agreed = models.JSONField(default=dict)
    offered = models.JSONField(default=dict, db_default=models.Value({}, output_field=models.JSONField()))
    pending = models.JSONField(default=dict, db_default=models.Value({}, output_field=models.JSONField()))
    agreed_at = models.DateTimeField(_("last agreed"), default=timezone.now)
    again_at = models.DateTimeField(_("changes by itself"), null=True)

    class Meta:
        verbose_name = _("remote record")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "kind", "local_key"], name="remote_record_once_here"
            ),
            models.UniqueConstraint(
                fields=["connection", "kind", "remote_id"], name="remote_record_once_there"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["again_at"],
                condition=models.Q(again_at__isnull=False),
                name="remote_record_changes_at",
            )
        ]

    def __str__(self) -> str:
        return f"{self.local_key} = {self.kind} {self.remote_id}"
