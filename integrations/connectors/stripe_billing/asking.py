"""An order as Stripe knows it now: the invoice or the checkout, who sent the buyer, and all that went back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from core.jobs import Temporary
from integrations.connectors.base import Store, Unreadable
from integrations.connectors.body import Fields
from integrations.connectors.stripe_billing.api import Talk
from integrations.connectors.stripe_billing.evidence import evidence_of, names_a_way
from integrations.connectors.stripe_billing.fields import currency_of, id_of, moment
from integrations.connectors.stripe_billing.orders import (
    invoice_order,
    payments_of,
    session_order,
    subscription_of,
)
from integrations.connectors.stripe_billing.refunds import is_off, is_won, refunds_in
from integrations.connectors.stripe_billing.risks import charge_facts
from tracking.orders import OrderIn, RefundIn, RefundLineIn
from tracking.states import OrderState

# Invoices that a checkout may have made; all others go on from one of these.
FIRST = frozenset({"subscription_create", "manual"})
# The checkout is told up to a second after its invoice, and only then leads to the subscription.
SOON = timedelta(seconds=60)
MOST = ("limit", "100")


class Revision:
    """When an order changed last, as far as Stripe says: the newest time that any part of it tells.

    It tells no time of some ends (a refund that failed, a dispute that was won), so each moves it on by a second.
    """

    def __init__(self, floor: datetime) -> None:
        self.newest: datetime | None = None
        self.floor, self.steps = floor, 0

    def see(self, row: Fields, *names: str) -> None:
        """Take note of an object's times."""
        times = [moment(row, name) for name in names]
        self.newest = max(filter(None, [*times, self.newest]), default=None)

    @property
    def at(self) -> datetime:
        """The time, which never goes back."""
        return (self.newest or self.floor) + timedelta(seconds=self.steps)


def fetch_order(store: Store, order: str) -> OrderIn | None:
    """Return the order that an invoice, a checkout or a payment (`in_`, `cs_`, `pi_`, `ch_`) belongs to.

    None for a payment of neither an invoice nor a checkout. Raises a Failure, and Unreadable for an order that cannot
    be taken.
    """
    talk, kind = Talk(store), order.partition("_")[0]
    if kind == "in":
        return _invoice(talk, order)
    if kind == "cs":
        return _checkout(talk, _session(talk, order))
    return _of_payment(talk, order)


def fetch_refund_lines(
    store: Store, order: str, refund: str, currency: str
) -> tuple[RefundLineIn, ...] | None:
    """Return None: Stripe knows refunds by their amount alone."""
    return None


def _of_payment(talk: Talk, payment: str) -> OrderIn | None:
    if not payment.startswith("pi_"):
        charge = talk.get("charges", payment)
        intent, invoice = id_of(charge, "payment_intent"), id_of(charge, "invoice")
        if intent:
            return _of_payment(talk, intent)
        return _invoice(talk, invoice) if invoice else None
    named = (("payment[type]", "payment_intent"), ("payment[payment_intent]", payment), ("limit", "1"))
    if rows := talk.rows("invoice_payments", params=named):
        return _invoice(talk, id_of(rows[0], "invoice"))
    found = talk.rows("checkout", "sessions", params=(("payment_intent", payment), ("limit", "1")))
    return _checkout(talk, _session(talk, found[0].text("id", 120))) if found else None


def _session(talk: Talk, number: str) -> Fields:
    asked = (("expand[]", "line_items"), ("expand[]", "discounts.promotion_code"))
    return talk.get("checkout", "sessions", number, params=asked)


def _checkout(talk: Talk, session: Fields) -> OrderIn | None:
    """Return the order of a checkout: its invoice if it has one, so that what both tell of counts once."""
    if invoice := id_of(session, "invoice"):
        return _invoice(talk, invoice)
    if session.text("mode", 20) != "payment":
        return None
    sold_at, intent = moment(session, "created") or talk.at, id_of(session, "payment_intent")
    payment, changed = _payment(talk, intent) if intent else None, Revision(talk.at)
    if payment is not None:
        if _makes_invoice(session) and (invoice := _late_invoice(talk, intent, payment)):
            return _invoice(talk, invoice)
        sold_at = moment(payment, "created") or sold_at
    changed.see(session, "created")
    back: tuple[RefundIn, ...] = ()
    if payment is not None:
        changed.see(payment, "created")
        back = _went_back(talk, payment, currency_of(session), changed)
    order = session_order(session, talk.store.source, sold_at=sold_at, told_at=talk.at)
    return _whole(_assessed(order, [payment] if payment else []), back, changed)


def _makes_invoice(session: Fields) -> bool:
    return session.part("invoice_creation").values.get("enabled") is True


def _late_invoice(talk: Talk, intent: str, payment: Fields) -> str:
    """Return the invoice that Stripe makes after a payment; raises Temporary while it may still be made."""
    named = (("payment[type]", "payment_intent"), ("payment[payment_intent]", intent), ("limit", "1"))
    rows = talk.rows("invoice_payments", params=named)
    if not rows:
        _wait_for_it(talk, moment(payment, "created"))
    return id_of(rows[0], "invoice") if rows else ""


def _invoice(talk: Talk, number: str) -> OrderIn:
    asked = (("expand[]", "payments"), ("expand[]", "discounts.promotion_code"))
    invoice = talk.get("invoices", number, params=asked)
    payments = payments_of(invoice)
    session = _made_by(talk, invoice, payments)
    changed, currency = Revision(talk.at), currency_of(invoice)
    changed.see(invoice, "created")
    changed.see(invoice.part("status_transitions"), "finalized_at", "paid_at", "voided_at")
    changed.steps += session is not None
    paid = [_payment(talk, one) for one in payments]
    back = [row for one in paid for row in _went_back(talk, one, currency, changed)]
    order = invoice_order(invoice, talk.store.source, told_at=talk.at, session=session)
    return _whole(_assessed(order, paid), tuple(back), changed)


def _whole(order: OrderIn, back: tuple[RefundIn, ...], changed: Revision) -> OrderIn:
    changed.steps += order.state == OrderState.SALE
    return replace(order, refunds=back, revision_at=changed.at)


def _assessed(order: OrderIn, payments: Sequence[Fields]) -> OrderIn:
    """Return the order with what Stripe says of the first payment that has a charge."""
    charge = next((found for one in payments if (found := _charge(one)).text("id", 120)), None)
    return replace(order, metadata={**order.metadata, **charge_facts(charge)}) if charge else order


def _charge(payment: Fields) -> Fields:
    return payment if payment.values.get("object") == "charge" else payment.part("latest_charge")


def _made_by(talk: Talk, invoice: Fields, payments: list[str]) -> Fields | None:
    """Return the checkout that made a first invoice; raises Temporary while it may not lead there yet."""
    if invoice.text("billing_reason", 40) not in FIRST:
        return None
    subscription = subscription_of(invoice)
    key = ("subscription", subscription) if subscription else ("payment_intent", (payments or [""])[0])
    if not key[1] or (not subscription and not key[1].startswith("pi_")):
        return None
    asked = (key, ("limit", "1"), ("expand[]", "data.discounts.promotion_code"))
    found = talk.rows("checkout", "sessions", params=asked)
    if subscription and not found and not names_a_way(evidence_of([invoice])):
        _wait_for_it(talk, moment(invoice.part("status_transitions"), "paid_at"))
    return found[0] if found else None


def _wait_for_it(talk: Talk, since: datetime | None) -> None:
    if since is not None and talk.at - since < SOON:
        raise Temporary(_("Stripe may still be finishing this checkout; it is asked again in a minute."), 60)


def _payment(talk: Talk, payment: str) -> Fields:
    if not payment.startswith("pi_"):
        return talk.get("charges", payment)
    return talk.get("payment_intents", payment, params=(("expand[]", "latest_charge"),))


def _went_back(talk: Talk, payment: Fields, currency: str, changed: Revision) -> tuple[RefundIn, ...]:
    """Return all refunds and disputes of a payment; of one without a charge, nothing can have gone back."""
    is_charge, charge = payment.values.get("object") == "charge", _charge(payment)
    if not charge.text("id", 120):
        return ()
    key = ("charge" if is_charge else "payment_intent", payment.text("id", 120))
    refunds = talk.rows("refunds", params=(key, MOST))
    disputes = talk.rows("disputes", params=(key, MOST)) if charge.values.get("disputed") else []
    if any(currency_of(row) != currency for row in [*refunds, *disputes]):
        raise Unreadable(_("A refund is in another currency than its order."))
    for row in [*refunds, *disputes]:
        changed.see(row, "created")
        changed.steps += is_off(row) + is_won(row)
        for moved in row.rows("balance_transactions"):
            changed.see(moved, "created")
    return refunds_in(refunds, disputes)
