"""Files that were found in a watched place."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.scoping import Scoped
from integrations.models.connections import Connection
from integrations.models.order_files import OrderFile
from integrations.states import ArrivalState


class Arrival(Scoped):
    """A file that was found once, by its name, size and content: it became a file of sales, or was put aside.

    `modified` is when the place says that it was last written, as it says it.
    """

    TENANT = "connection__program__merchant"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="arrivals")
    name = models.CharField(_("file"), max_length=200)
    size = models.BigIntegerField()
    modified = models.CharField(max_length=60, blank=True)
    digest = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=ArrivalState.choices)
    note = models.CharField(_("reason"), max_length=500, blank=True)
    order_file = models.OneToOneField(OrderFile, null=True, on_delete=models.PROTECT, related_name="arrival")
    found_at = models.DateTimeField(_("found at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("found file")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "name", "size", "digest"], name="arrival_once")
        ]

    def __str__(self) -> str:
        return self.name
