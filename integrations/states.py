"""What becomes of a connection and of what it sent."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ConnectionState(models.TextChoices):
    ACTIVE = "active", _("active")
    PAUSED = "paused", _("paused")
    DISCONNECTED = "disconnected", _("disconnected")


class InboundState(models.TextChoices):
    RECEIVED = "received", _("received")
    DONE = "done", _("processed")
    IGNORED = "ignored", _("not for us")
    PARKED = "parked", _("parked")
    QUARANTINED = "quarantined", _("quarantined")


class OrderFileState(models.TextChoices):
    """An uploaded file is looked at first, then taken in or thrown away."""

    UPLOADED = "uploaded", _("to be looked at")
    TAKING = "taking", _("being taken in")
    TAKEN = "taken", _("taken in")
    DISCARDED = "discarded", _("thrown away")


class ArrivalState(models.TextChoices):
    """A file that was found in a watched place became a file of sales, or cannot be one."""

    TAKEN = "taken", _("handed on")
    REFUSED = "refused", _("put aside")


class DeliveryState(models.TextChoices):
    """What must be told is due until it is done; dead ones wait for a person, skipped ones were overtaken."""

    DUE = "due", _("on its way")
    DONE = "done", _("delivered")
    DEAD = "dead", _("given up")
    SKIPPED = "skipped", _("not needed")


class Direction(models.TextChoices):
    """Which way a record crosses the border."""

    OUT = "out", _("from here to there")
    IN = "in", _("from there to here")


class ReconciliationKind(models.TextChoices):
    """What a period is read for: what came lately, the last week again, or a time before the connection."""

    OVERLAP = "overlap", _("the last minutes")
    NIGHTLY = "nightly", _("the last week")
    BACKFILL = "backfill", _("a period of your choice")


class ReconciliationState(models.TextChoices):
    ASKED = "asked", _("waiting")
    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    FINISHED = "finished", _("finished")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class TroubleKind(models.TextChoices):
    """What people are told of when it lasts, or at once where it will not mend itself."""

    LAG = "lag", _("messages are late")
    BACKLOG = "backlog", _("many messages wait")
    DEAD = "dead", _("messages were given up")
    FAILING = "failing", _("it does not answer as it should")
    BUDGET = "budget", _("the day's calls run out")
    QUOTA = "quota", _("the far side's limit runs out")
    WEBHOOK = "webhook", _("its webhook is silent")


class AuditState(models.TextChoices):
    """An audit that has used up its calls rests and goes on the next night."""

    ASKED = "asked", _("waiting")
    RUNNING = "running", _("running")
    RESTING = "resting", _("goes on tomorrow")
    FINISHED = "finished", _("finished")
    FAILED = "failed", _("failed")


class FindingKind(models.TextChoices):
    """What may be wrong with a customer's record at a system."""

    TWICE_THERE = "twice_there", _("two records there")
    TWICE_HERE = "twice_here", _("two customers here")
    MISSING = "missing", _("a field is empty")
    DIFFERS = "differs", _("a field differs")
    GONE = "gone", _("the record is gone")
    WON_THERE = "won_there", _("a won deal is no order here")
    LOST_THERE = "lost_there", _("an order’s deal is not won any more")


class FindingState(models.TextChoices):
    """A finding is open until a person mends it or leaves it so, and closes when it is found no more."""

    OPEN = "open", _("open")
    MENDED = "mended", _("mended")
    LEFT = "left", _("left so")
    CLOSED = "closed", _("closed")
