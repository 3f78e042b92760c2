"""Followers of the news, and what the clock starts."""

from datetime import datetime

from affiliates.models import Program
from core.jobs import external
from core.models import Event
from integrations import actions
from integrations.models import Audit, Connection, Inbound, OrderFile, Reconciliation
from tracking.models import Refund


def process_inbound(event: Event) -> None:
    """Understand what another system sent."""
    actions.process(Inbound.objects.get(pk=event.subject_id))


@external
def reprocess_some(event: Event) -> None:
    """Process the next messages of a period again (follows connection.reprocessing)."""
    actions.reprocess_some(event)


@external
def ask_store(event: Event) -> None:
    """Ask the store about an order of which a message said only the number."""
    actions.ask_store(Inbound.objects.get(pk=event.subject_id))


@external
def ask_for_refund_lines(event: Event) -> None:
    """Ask the store which lines a refund was for."""
    actions.ask_for_refund_lines(Refund.objects.get(pk=event.subject_id))


@external
def take_order_file(event: Event) -> None:
    """Take in the next sales of a file (follows order_file.confirmed and order_file.taking)."""
    file = OrderFile.objects.get(pk=event.subject_id)
    actions.take_file(file, after=int(event.data.get("after", 0)))


@external
def reconcile(event: Event) -> None:
    """Read a page of a store's orders (follows reconciliation.asked and reconciliation.running)."""
    row = Reconciliation.objects.get(pk=event.subject_id)
    actions.reconcile(row, step=int(event.data.get("step", 0)))


def poll() -> None:
    """Have the stores asked that tell us nothing by themselves (every minute)."""
    actions.ask_overlaps(polls=True)


def reconcile_lately() -> None:
    """Have what changed lately compared with the stores (every five minutes)."""
    actions.ask_overlaps(polls=False)


def reconcile_nightly() -> None:
    """Have the last week compared with the stores (daily)."""
    actions.ask_nightly()


def forget_reconciliations() -> None:
    """Forget old comparisons that found nothing (daily)."""
    actions.forget_reconciliations()


@external
def take_changes(event: Event) -> None:
    """Ask a system what people changed in the records it keeps (follows connection.changes_asked)."""
    connection = Connection.objects.select_related("program").get(pk=event.subject_id)
    actions.take_changes(connection, records=event.data.get("records", ()))


def ask_changes() -> None:
    """Have the systems asked what people changed there (every minute)."""
    actions.ask_changes()


def line_up_customers(event: Event) -> None:
    """Line up the next customers of a program or affiliate, or a shop's next orders (follows connection.telling)."""
    connection, data = Connection.objects.select_related("program").get(pk=event.subject_id), event.data
    if "enrollment" in data:
        actions.tell_reviewed(connection, int(data["enrollment"]), after=int(data["after"]))
        return
    line_up = actions.line_up_orders if data.get("of") == "orders" else actions.line_up_customers
    line_up(connection, after=int(data.get("after", 0)))


def tell_verdict(event: Event) -> None:
    """Line up what fraud review says of orders and affiliates (follows case.opened, case.decided and case.undone)."""
    actions.tell_verdict(event)


def tell_again() -> None:
    """Tell anew of customers whom the clock alone has moved, from loyal to lapsed for instance (hourly)."""
    actions.tell_again()


def look_at_webhooks() -> None:
    """Look whether the stores still have our webhooks, and repair what they switched off or lost (hourly)."""
    actions.look_at_webhooks()


def plan_deliveries(event: Event) -> None:
    """Line up what the connected systems are to be told of an event."""
    actions.plan(event)


def forget_deliveries() -> None:
    """Forget what was told long ago, or given up (daily)."""
    actions.forget_deliveries()


def plan_credit(event: Event) -> None:
    """Line up the store credit of a payout (follows payout.approved)."""
    actions.plan_credit(event)


def look_after_credits() -> None:
    """End the payouts in store credit that nobody will send any more (every five minutes)."""
    actions.look_after_credits()


def end_hooks() -> None:
    """Disconnect the subscriptions whose time is over, or whose address is gone (hourly)."""
    actions.end_hooks()


def watch() -> None:
    """Look after every connection, and tell of troubles that began or ended (every minute)."""
    actions.watch()


def forget_hours() -> None:
    """Forget what old hours brought, and troubles that ended long ago (daily)."""
    actions.forget_hours()


def ask_for_files() -> None:
    """Have the places looked at where files may lie (every minute)."""
    actions.ask_for_files()


@external
def look_for_files(event: Event) -> None:
    """Take the files that lie in a place (follows arrival.asked)."""
    actions.look(Connection.objects.get(pk=event.subject_id))


def forget_files() -> None:
    """Forget what old files of sales say (daily)."""
    actions.forget_files()


@external
def audit(event: Event) -> None:
    """Hold the next customers against what a system keeps of them (follows audit.asked and audit.running)."""
    actions.audit(Audit.objects.get(pk=event.subject_id))


def audit_nightly() -> None:
    """Have the customers audited wherever they are kept (daily)."""
    actions.ask_audits()


def note_terms(event: Event) -> None:
    """List the words of a store that an order brought for the first time."""
    actions.note_met(event)


def follow_word(event: Event) -> None:
    """Have those told again whom a word concerns that was decided (follows term.decided)."""
    actions.follow_word(event)


def tell_words(event: Event) -> None:
    """Line up the next customers whom decided words concern (follows dictionary.telling)."""
    program = Program.objects.get(pk=event.subject_id)
    since = datetime.fromisoformat(event.data["since"])
    actions.tell_words(program, since=since, after=int(event.data.get("after", 0)))


def tend_dictionary() -> None:
    """Count the words of stores, list those of CRMs, and suggest ours (hourly)."""
    actions.tend_dictionary()


def ask_again() -> int:
    """Ask again what the stores still owe us an answer to; return how many answers came."""
    return actions.ask_again()
