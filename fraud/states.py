"""The words of fraud review: what is looked at, why, what is done about it, and the life of a case."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Subject(models.TextChoices):
    """What a check looks at."""

    CONVERSION = "conversion", _("conversion")
    AFFILIATE = "affiliate", _("affiliate")
    COUPON = "coupon", _("coupon")


class Cause(models.TextChoices):
    """Why a case is open; one open case for each enrollment and cause."""

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


class SignalState(models.TextChoices):
    """Whether a signal still says something."""

    STANDS = "stands", _("stands")
    EXPIRED = "expired", _("expired")  # not repeated for 30 days
    WITHDRAWN = "withdrawn", _("withdrawn")  # the facts say otherwise now


class CaseState(models.TextChoices):
    """The life of a case."""

    OPEN = "open", _("open")
    PROPOSED = "proposed", _("waits for a second reviewer")
    DECIDED = "decided", _("decided")


UNDECIDED = (CaseState.OPEN, CaseState.PROPOSED)


class Verdict(models.TextChoices):
    """What a reviewer decides."""

    CLEAR = "clear", _("clear")
    EXTEND = "extend", _("hold longer")
    DECLINE = "decline", _("decline")
    REVERSE = "reverse", _("reverse")
    SUSPEND = "suspend", _("suspend")
    BAN = "ban", _("ban")


# Those that say that it was fraud: what scores learn from. EXTEND decides nothing.
GUILTY = frozenset({Verdict.DECLINE, Verdict.REVERSE, Verdict.SUSPEND, Verdict.BAN})


class ListKind(models.TextChoices):
    """What stands on a list."""

    NETWORK = "network", _("address range")
    EMAIL_DOMAIN = "domain", _("e-mail domain")
    REFERRER = "referrer", _("site that visitors come from")
    COUNTRY = "country", _("country")


class TestimonyKind(models.TextChoices):
    """About what another system testifies."""

    RISK = "risk", _("risk assessment")
    DISPUTE = "dispute", _("payment dispute")
    BLOCKED = "blocked", _("blocked customer")
    STATUS = "status", _("status in the CRM")
