"""The life of a commission."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class IllegalMove(ValueError):
    """A verb was asked for that the commission's state does not allow."""


class CommissionState(models.TextChoices):
    PENDING = "pending", _("pending")
    APPROVED = "approved", _("approved")
    DECLINED = "declined", _("declined")


MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"approved", "declined"}),
    "approved": frozenset({"declined"}),  # taken back
    "declined": frozenset({"pending", "approved"}),  # reinstated
}


class Screening(models.TextChoices):
    NOT_REQUIRED = "not_required", _("not required")
    WAITING = "waiting", _("waiting")
    SCREENED = "screened", _("screened")


class CommissionKind(models.TextChoices):
    EARNED = "earned", _("earned")
    BONUS = "bonus", _("bonus")
    CORRECTION = "correction", _("correction")
    TRUE_UP = "true_up", _("true-up")


class AccountKind(models.TextChoices):
    EXPENSE = "expense", _("program expense")
    EXCHANGE = "exchange", _("exchange difference")
    WRITE_OFF = "write_off", _("write-off")
    PENDING = "pending", _("pending")
    PAYABLE = "payable", _("payable")
    IN_TRANSIT = "in_transit", _("on its way")
    PAID = "paid", _("paid")


class EntryKind(models.TextChoices):
    ACCRUAL = "accrual", _("earned")
    APPROVAL = "approval", _("approved")
    REVERSAL = "reversal", _("reversed")
    CREDIT = "credit", _("credited again")
    DECLINE = "decline", _("declined")
    PAYOUT = "payout", _("put in a payout")
    SETTLEMENT = "settlement", _("paid")
    FAILURE = "failure", _("payout failed")


class ReversalCause(models.TextChoices):
    REFUND = "refund", _("refund")
    CHARGEBACK = "chargeback", _("chargeback")
    CHARGEBACK_WON = "chargeback_won", _("chargeback won")
    CANCELLATION = "cancellation", _("order cancelled")
    REVISION = "revision", _("order changed")
    DECISION = "decision", _("credited to somebody else")
    VOLUME = "volume", _("volume changed")
    FRAUD = "fraud", _("fraud review")


class SimulationState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
