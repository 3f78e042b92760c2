"""Exchange rates as published, and the one that a conversion was counted with."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.scoping import Scoped
from tracking.models import Conversion


class ExchangeRate(models.Model):
    """How many units of a currency one euro bought at a time, as a source published it; never changed."""

    currency = models.CharField(_("currency"), max_length=3)
    rate = models.DecimalField(_("units for one euro"), max_digits=20, decimal_places=8)
    as_of = models.DateTimeField(_("as of"))
    source = models.CharField(_("source"), max_length=40)
    loaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("exchange rate")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["currency", "as_of", "source"], name="exchange_rate_once"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="exchange_rate_positive"),
        ]
        indexes: ClassVar = [models.Index(fields=["currency", "as_of"], name="exchange_rate_by_time")]

    def __str__(self) -> str:
        return f"1 EUR = {self.rate.normalize():f} {self.currency}"


class Exchange(Scoped):
    """The rate that a conversion was counted with: units of the program's currency for one of the order's."""

    TENANT = "conversion__program__merchant"

    conversion = models.OneToOneField(Conversion, on_delete=models.PROTECT, related_name="exchange")
    currency = models.CharField(_("from"), max_length=3)
    into = models.CharField(_("into"), max_length=3)
    rate = models.DecimalField(_("rate"), max_digits=30, decimal_places=15)
    as_of = models.DateTimeField(_("as of"))
    source = models.CharField(_("source"), max_length=40)

    class Meta:
        verbose_name = _("exchange")

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate.normalize():f} {self.into}"
