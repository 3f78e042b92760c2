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
    CLICK = "click", _("click")
    VIEW = "view", _("advertisement seen")
    LAPSED = "lapsed", _("customer bound long ago")
    SHARED_COUPON = "shared_coupon", _("shared coupon")
    NOBODY = "nobody", _("nobody")


class RefundKind(models.TextChoices):
    REFUND = "refund", _("refund")
    CHARGEBACK = "chargeback", _("chargeback")
    CHARGEBACK_WON = "chargeback_won", _("chargeback won")
    CANCELLATION = "cancellation", _("cancellation")


class Consent(models.TextChoices):
    """What the visitor allowed to be kept on the device."""

    UNKNOWN = "unknown", _("not asked")
    GRANTED = "granted", _("granted")
    DENIED = "denied", _("denied")


class TrafficSource(models.TextChoices):
    """Where a visitor came from before the link."""

    DIRECT = "direct", _("direct")
    SEARCH = "search", _("search")
    PAID = "paid", _("paid advertisement")
    SOCIAL = "social", _("social network")
    EMAIL = "email", _("e-mail")
    MESSENGER = "messenger", _("messenger")
    VIDEO = "video", _("video")
    AI = "ai", _("AI assistant")
    REFERRAL = "referral", _("another site")
    CAMPAIGN = "campaign", _("other campaign")


class Device(models.TextChoices):
    DESKTOP = "desktop", _("computer")
    MOBILE = "mobile", _("telephone")
    TABLET = "tablet", _("tablet")
    TV = "tv", _("television")
    OTHER = "other", _("something else")


class BeaconKind(models.TextChoices):
    """What a shop's page has to tell."""

    PAGE = "page", _("page seen")
    IDENTIFY = "identify", _("customer known")
    CONVERSION = "conversion", _("conversion")


class BeaconState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    TAKEN = "taken", _("taken")
    REFUSED = "refused", _("refused")


class StudyState(models.TextChoices):
    ASKED = "asked", _("waiting")
    DONE = "done", _("finished")
    FAILED = "failed", _("failed")


class Vocabulary(models.TextChoices):
    """What stores have words of their own for."""

    CATEGORY = "category", _("category")
    STATUS = "status", _("status")
    COUNTRY = "country", _("country")
    UNIT = "unit", _("unit")


class TermState(models.TextChoices):
    """A store's word is unknown until a person says what it is called here."""

    UNKNOWN = "unknown", _("unknown")
    DECIDED = "decided", _("decided")
