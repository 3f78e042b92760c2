"""The life of a batch and of a payout."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class IllegalMove(ValueError):
    """A verb was asked for that the row's state does not allow."""


class BatchState(models.TextChoices):
    DRAFT = "draft", _("to review")
    HALF = "half", _("waits for a second person")
    APPROVED = "approved", _("approved")
    CANCELLED = "cancelled", _("cancelled")


class PayoutState(models.TextChoices):
    DRAFT = "draft", _("draft")
    APPROVED = "approved", _("approved")
    SENT = "sent", _("sent")
    PAID = "paid", _("paid")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"approved", "cancelled"}),
    "approved": frozenset({"sent", "paid", "failed"}),
    "sent": frozenset({"paid", "failed"}),
    "paid": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}


class HeldBackReason(models.TextChoices):
    MINIMUM = "minimum", _("below the minimum")
    NO_PAYEE = "no_payee", _("no payment details yet")
    ON_HOLD = "on_hold", _("on hold")
    DEBT = "debt", _("settles an earlier debt")
    INACTIVE = "inactive", _("enrollment is not active")


def guard(old: str, new: str) -> None:
    """Raise IllegalMove with a sentence unless a payout that is `old` may become `new`."""
    if new not in MOVES[old]:
        names = {state.value: state.label for state in PayoutState}
        message = _("A payout that is %(old)s cannot become %(new)s.")
        raise IllegalMove(message % {"old": names[old], "new": names[new]})
