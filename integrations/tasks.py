"""Followers of the news, and what the clock starts."""

from core.jobs import external
from core.models import Event
from integrations import actions
from integrations.models import Inbound
from tracking.models import Refund


def process_inbound(event: Event) -> None:
    """Understand what another system sent."""
    actions.process(Inbound.objects.get(pk=event.subject_id))


@external
def ask_store(event: Event) -> None:
    """Ask the store about an order of which a message said only the number."""
    actions.ask_store(Inbound.objects.get(pk=event.subject_id))


@external
def ask_for_refund_lines(event: Event) -> None:
    """Ask the store which lines a refund was for."""
    actions.ask_for_refund_lines(Refund.objects.get(pk=event.subject_id))


def ask_again() -> int:
    """Ask again what the stores still owe us an answer to; return how many answers came."""
    return actions.ask_again()
