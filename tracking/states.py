"""What an order may be, and how a credit may have been found."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OrderState(models.TextChoices):
    """What the store's own status means to us."""

    SALE = "sale", _("sale")
    OPEN = "open", _("not a sale yet")
    VOID = "void", _("no longer a sale")
    REFUNDED = "refunded", _("refunded in full")
    GONE = "gone", _("deleted in the store")


class ConversionState(models.TextChoices):
    COUNTED = "counted", _("counted")
    PARKED = "parked", _("parked")


class EvidenceKind(models.TextChoices):
    """Why an affiliate was credited, strongest first."""

    COUPON = "coupon", _("personal coupon")
    BOUND = "bound", _("customer already bound")
    CLICK = "click", _("last click")
    LAPSED = "lapsed", _("customer bound long ago")
    SHARED_COUPON = "shared_coupon", _("shared coupon")
    NOBODY = "nobody", _("nobody")


class RefundKind(models.TextChoices):
    REFUND = "refund", _("refund")
    CHARGEBACK = "chargeback", _("chargeback")
    CHARGEBACK_WON = "chargeback_won", _("chargeback won")
    CANCELLATION = "cancellation", _("cancellation")
