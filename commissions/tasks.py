"""What news and the clock start here."""

from commissions import actions
from core.models import Event
from tracking.models import Refund


def approve_due() -> None:
    """Approve what has matured (hourly)."""
    actions.approve_due()


def apply_waiting_refunds() -> None:
    """Apply refunds that were told while their order was being taken in (every five minutes)."""
    actions.apply_waiting_refunds()


def apply_refund(event: Event) -> None:
    """Let a refund meet its order (follows refund.recorded)."""
    actions.apply_refund(Refund.objects.get(pk=event.subject_id))
