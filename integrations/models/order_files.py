"""Files of sales made elsewhere."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Program
from core.scoping import Scoped
from integrations.models.connections import Connection
from integrations.states import OrderFileState


class OrderFile(Scoped):
    """A file of sales made in a shop, by telephone or at a fair, kept as it was uploaded until somebody takes it in.

    `outcome` counts what became of its rows and lists those that were refused, with the reason. `mappings` say what its
    columns mean, by kind of record; one without has columns of our own names, and one that a `connection` brought is
    read by the mappings of that until somebody says yes.
    """

    TENANT = "program__merchant"

    program = models.ForeignKey(
        Program, verbose_name=_("program"), on_delete=models.PROTECT, related_name="order_files"
    )
    name = models.CharField(_("file"), max_length=200)
    source = models.SlugField(
        _("source"),
        max_length=60,
        help_text=_("Names these sales, e.g. store-lisbon: numbers are unique within it."),
    )
    connection = models.ForeignKey(
        Connection, null=True, on_delete=models.PROTECT, related_name="order_files"
    )
    mappings = models.JSONField(default=dict, db_default=models.Value({}, output_field=models.JSONField()))
    channel = models.CharField(_("channel"), max_length=40, help_text=_("store, phone, fair ..."))
    text = models.TextField()
    state = models.CharField(
        _("state"), max_length=10, choices=OrderFileState.choices, default=OrderFileState.UPLOADED
    )
    outcome = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("uploaded at"), default=timezone.now, editable=False)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("file of sales")
        verbose_name_plural = _("files of sales")

    def __str__(self) -> str:
        return self.name
