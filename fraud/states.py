"""The words of fraud review: what is looked at, why, and what is done about it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Subject(models.TextChoices):
    """What a check looks at."""

    CONVERSION = "conversion", _("conversion")
    AFFILIATE = "affiliate", _("affiliate")
    COUPON = "coupon", _("coupon")


class Cause(models.TextChoices):
    """Why a case is open; one case for each affiliate and cause."""

    IDENTITY = "identity", _("who is who")
    ORDERS = "orders", _("orders")
    TRAFFIC = "traffic", _("traffic")
    STATISTICS = "statistics", _("out of the ordinary")
    COLLUSION = "collusion", _("acting together")
    SYSTEMS = "systems", _("what store and CRM say")


class Action(models.TextChoices):
    """What a finding does by itself."""

    NOTE = "note", _("note")
    HOLD = "hold", _("hold")
    DECLINE = "decline", _("decline")
