"""What an event means: with an API key what to ask about, without one what it says by itself."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from django.utils.translation import gettext as _

from integrations.connectors.base import Reading, Said, Store, Unreadable
from integrations.connectors.body import Fields, read_object
from integrations.connectors.stripe_billing.api import has_keys, is_live
from integrations.connectors.stripe_billing.fields import currency_of, id_of, moment
from integrations.connectors.stripe_billing.orders import invoice_order, session_order
from integrations.connectors.stripe_billing.refunds import dispute_in, is_won, payment_of, refund_in
from integrations.connectors.stripe_billing.risks import dispute_said, warning_said
from tracking.orders import RefundIn

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
SESSIONS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
)
INVOICES = ("invoice.paid",)
REFUNDS = ("refund.created", "refund.updated", "refund.failed")
CHARGES = ("charge.refunded",)
DISPUTES = (
    "charge.dispute.created",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)
WARNINGS = ("radar.early_fraud_warning.created",)
TESTIFIES = DISPUTES + WARNINGS
EVENTS = SESSIONS + INVOICES + REFUNDS + CHARGES + DISPUTES + WARNINGS
# other names of the same news, that an endpoint made by hand may send
SAME = {"invoice.payment_succeeded": "invoice.paid", "charge.refund.updated": "refund.updated"}


def read(store: Store, topic: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Reading:
    """Say what an event means; its headers add nothing. Unreadable says why it cannot be told."""
    event = Fields(read_object(body))
    if note := _not_counted(store, event):
        return Reading(note=note)
    about, told_at = event.part("data").part("object"), moment(event, "created")
    kind = SAME.get(event.text("type", 60), event.text("type", 60))
    if told_at is None:
        raise Unreadable(_("The message does not say when it was made."))
    number, note = asks_about(kind, about)
    if not number or has_keys(store):
        return Reading(ask=number, note=note, said=_said(kind, about, "", event) if number else ())
    return replace(_alone(store, kind, about, told_at), said=_said(kind, about, number, event))


def _said(kind: str, about: Fields, order: str, event: Fields) -> tuple[Said, ...]:
    """Return what is testified of an order; without an `order` it is the one that Stripe is asked about."""
    if kind in DISPUTES:
        return dispute_said(about, order, event)
    return warning_said(order, event) if kind in WARNINGS else ()


def _not_counted(store: Store, event: Fields) -> str:
    """Say why an event is none of ours, "" for one that is."""
    if event.values.get("object") != "event":
        return _("This is no event of Stripe Billing.")
    if account := event.text("account", 120):
        return _("This is news of the connected account %(account)s, not of this one.") % {"account": account}
    if (event.values.get("livemode") is True) == is_live(store):
        return ""
    if is_live(store):
        return _("A test: it never counts here.")
    return _("Live news: this connection is for tests.")


def asks_about(kind: str, about: Fields) -> tuple[str, str]:
    """Return the number that an event of this kind is about, or "" and the reason why it is not needed."""
    if kind in SESSIONS:
        return _session(about)
    if kind in INVOICES:
        return about.text("id", 120), _("It names no invoice.")
    if kind in REFUNDS + CHARGES + DISPUTES + WARNINGS:
        return payment_of(about), _("It names no payment.")
    if kind == "customer.subscription.deleted":
        return "", _("A subscription has ended: no further payment will come of it.")
    return "", _("News of this kind (%(topic)s) is not needed.") % {"topic": kind or "-"}


def _session(session: Fields) -> tuple[str, str]:
    mode, invoice = session.text("mode", 20), id_of(session, "invoice")
    if mode == "payment":
        return session.text("id", 120), _("It names no checkout.")
    if mode == "subscription" and invoice:
        return invoice, _("The order is the first invoice.")
    return "", _("This checkout sells nothing by itself.")


def _alone(store: Store, kind: str, about: Fields, told_at: datetime) -> Reading:
    """Read an event where Stripe cannot be asked."""
    if kind in SESSIONS:
        if id_of(about, "invoice") or about.part("invoice_creation").values.get("enabled") is True:
            return Reading(note=_("The order is the invoice, which has news of its own."))
        return Reading(order=session_order(about, store.source, sold_at=told_at, told_at=told_at))
    if kind in INVOICES:
        return Reading(order=invoice_order(about, store.source, told_at=told_at))
    if kind in CHARGES:
        return Reading(note=_("The refund's own news tells of it."))
    if kind in DISPUTES:
        return _dispute(about)
    if kind in WARNINGS:
        return Reading(note=_("The card's bank calls a payment fraud; no money has gone back so far."))
    return _refund(about)


def _refund(refund: Fields) -> Reading:
    """Take a refund once the money has gone: one that fails later cannot be given back without asking."""
    status = refund.text("status", 40)
    if status == "failed":
        raise Unreadable(
            _(
                "A refund has failed at Stripe. If it was taken before, it is still counted: "
                "add an API key and process this message again."
            )
        )
    if status != "succeeded":
        return Reading(note=_("The refund is not final (%(status)s).") % {"status": status or "-"})
    return _back(refund, refund_in(refund))


def _dispute(dispute: Fields) -> Reading:
    rows = dispute_in(dispute)
    if not rows:
        return Reading(note=_("The bank only asks: no money has gone."))
    return _back(dispute, rows[-1] if is_won(dispute) else rows[0])


def _back(row: Fields, back: RefundIn) -> Reading:
    return Reading(refund=back, of=payment_of(row), currency=currency_of(row))
