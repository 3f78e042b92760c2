"""A checkout session or an invoice as an order, in the shapes before and since 2025-03; pure."""

from datetime import datetime

from django.utils.translation import gettext as _

from core.money import allocate
from integrations.connectors.base import Unreadable
from integrations.connectors.body import Fields
from integrations.connectors.stripe_billing.evidence import evidence_of
from integrations.connectors.stripe_billing.fields import amount_of, currency_of, id_of, moment
from integrations.connectors.stripe_billing.risks import place_facts
from tracking.orders import CustomerIn, LineIn, OrderIn
from tracking.states import OrderState

PAID_SESSION = frozenset({"paid", "no_payment_required"})


def session_order(session: Fields, source: str, *, sold_at: datetime, told_at: datetime) -> OrderIn:
    """Return the order of a checkout that is paid once; its number is the payment's, or its own where there is none."""
    currency = currency_of(session)
    details = session.part("total_details")
    total, tax, shipping = (
        amount_of(session, "amount_total", currency),
        amount_of(details, "amount_tax", currency),
        amount_of(details, "amount_shipping", currency),
    )
    _check_total(total)
    status = session.text("payment_status", 40)
    return OrderIn(
        source=source,
        external_id=id_of(session, "payment_intent") or session.text("id", 120),
        state=OrderState.SALE if status in PAID_SESSION else OrderState.OPEN,
        currency=currency,
        total=total,
        tax=tax,
        shipping=shipping,
        discount=amount_of(details, "amount_discount", currency),
        occurred_at=sold_at,
        revision_at=told_at,
        captured_at=sold_at,
        lines=_session_lines(session, currency, total - tax - shipping),
        customer=_session_customer(session),
        evidence=evidence_of([session]),
        metadata={"status": status, "checkout": session.text("id", 120), **_session_place(session)},
    )


def invoice_order(
    invoice: Fields, source: str, *, told_at: datetime, session: Fields | None = None
) -> OrderIn:
    """Return the order that an invoice is; `session` is the checkout that it was made by, if that is known.

    What counts is what was captured: what the customer's balance has paid was counted when it was paid in.
    """
    currency = currency_of(invoice)
    total = max(amount_of(invoice, "total", currency), 0)
    _check_total(total)
    captured = _captured(invoice, currency, total)
    tax, shipping = _tax(invoice, currency, total), amount_of(invoice, "amount_shipping", currency)
    if captured < total:
        net, tax, shipping = allocate(captured, [max(total - tax - shipping, 0), tax, shipping])
    else:
        net = max(total - tax - shipping, 0)
    times = invoice.part("status_transitions")
    sold_at = moment(times, "finalized_at") or moment(invoice, "created")
    if sold_at is None:
        raise Unreadable(_("The order does not say when it was made."))
    return OrderIn(
        source=source,
        external_id=invoice.text("id", 120),
        state=_state(invoice),
        currency=currency,
        total=captured,
        tax=tax,
        shipping=shipping,
        discount=_sum(invoice.rows("total_discount_amounts"), currency),
        occurred_at=sold_at,
        revision_at=told_at,
        captured_at=moment(times, "paid_at") or sold_at,
        lines=_invoice_lines(invoice, currency, net),
        customer=_invoice_customer(invoice),
        evidence=evidence_of([invoice] if session is None else [invoice, session]),
        subscription=subscription_of(invoice),
        metadata=_known(status=invoice.text("status", 40), number=invoice.text("number", 60))
        | _known(billing_reason=invoice.text("billing_reason", 40))
        | place_facts(invoice.part("customer_shipping").part("address"), invoice.part("customer_address")),
    )


def subscription_of(invoice: Fields) -> str:
    """Return the subscription that an invoice bills, "" for one that bills none."""
    details = invoice.part("parent").part("subscription_details")
    return id_of(details, "subscription") or id_of(invoice, "subscription")


def payments_of(invoice: Fields) -> list[str]:
    """Return the payment intents (or, of old invoices, charges) that have paid an invoice, where it names them."""
    paid = [row.part("payment") for row in invoice.part("payments").rows("data") if _is_paid(row)]
    named = [id_of(part, "payment_intent") or id_of(part, "charge") for part in paid]
    former = id_of(invoice, "payment_intent") or id_of(invoice, "charge")
    return list(dict.fromkeys(name for name in [*named, former] if name))


def _is_paid(row: Fields) -> bool:
    return row.text("status", 20) == "paid"


def _state(invoice: Fields) -> OrderState:
    status = invoice.text("status", 40)
    if status == "paid":
        return OrderState.SALE
    return OrderState.VOID if status == "void" else OrderState.OPEN


def _captured(invoice: Fields, currency: str, total: int) -> int:
    """What was paid for this invoice itself, by whatever way, less what the customer's balance has paid."""
    due = amount_of(invoice, "amount_due", currency) - amount_of(invoice, "amount_remaining", currency)
    return min(max(due, amount_of(invoice, "amount_paid", currency), 0), total)


def _tax(invoice: Fields, currency: str, total: int) -> int:
    """The tax in the total; older shapes say it as a sum, newer ones as what is left without it."""
    if invoice.values.get("total_excluding_tax") is not None:
        tax = total - amount_of(invoice, "total_excluding_tax", currency)
    elif invoice.values.get("tax") is not None:
        tax = amount_of(invoice, "tax", currency)
    else:
        tax = _sum(invoice.rows("total_taxes") or invoice.rows("total_tax_amounts"), currency)
    return min(max(tax, 0), total)


def _sum(rows: list[Fields], currency: str) -> int:
    return sum(amount_of(row, "amount", currency) for row in rows)


def _invoice_lines(invoice: Fields, currency: str, net: int) -> tuple[LineIn, ...]:
    """Return the lines that charge something; credits, as for unused time, are shared over them.

    An invoice that does not carry all its lines is one line.
    """
    listed = invoice.part("lines")
    rows = [row for row in listed.rows("data") if _line_net(row, currency) > 0]
    if listed.values.get("has_more") or not rows:
        return ()
    shares = allocate(net, [_line_net(row, currency) for row in rows])
    return tuple(_line(row, share) for row, share in zip(rows, shares, strict=True))


def _line_net(row: Fields, currency: str) -> int:
    taxes = row.rows("taxes") or row.rows("tax_amounts")
    within = [each for each in taxes if each.values.get("inclusive") or _is_inclusive(each)]
    gross = amount_of(row, "amount", currency) - _sum(row.rows("discount_amounts"), currency)
    return gross - _sum(within, currency)


def _is_inclusive(tax: Fields) -> bool:
    return tax.text("tax_behavior", 20) == "inclusive"


def _line(row: Fields, net: int) -> LineIn:
    details = row.part("pricing").part("price_details")
    price = row.part("price") if isinstance(row.values.get("price"), dict) else details
    return LineIn(
        external_id=row.text("id", 60),
        net=net,
        quantity=_quantity(row),
        sku=id_of(details, "price") or price.text("id", 120),
        name=row.text("description"),
        product=id_of(price, "product")[:60],
    )


def _quantity(row: Fields) -> int:
    value = row.values.get("quantity")
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**9 else 1


def _session_lines(session: Fields, currency: str, net: int) -> tuple[LineIn, ...]:
    """Return the lines, if they were asked for and are all there."""
    listed = session.part("line_items")
    rows = listed.rows("data")
    nets = [
        max(amount_of(row, "amount_total", currency) - amount_of(row, "amount_tax", currency), 0)
        for row in rows
    ]
    if listed.values.get("has_more") or not any(nets):
        return ()
    shares = allocate(max(net, 0), nets)
    return tuple(_line(row, share) for row, share in zip(rows, shares, strict=True))


def _session_customer(session: Fields) -> CustomerIn:
    told = session.part("customer_details")
    return CustomerIn(
        external_id=id_of(session, "customer"),
        email=told.text("email", 254) or session.text("customer_email", 254),
        country=_country(told.part("address")),
        phone=told.text("phone", 40),
    )


def _session_place(session: Fields) -> dict[str, str]:
    """Return the mark of where the goods go, in the shapes before and since 2025-03, else of the bill."""
    collected = session.part("collected_information").part("shipping_details")
    told = (collected, session.part("shipping_details"), session.part("customer_details"))
    return place_facts(*(part.part("address") for part in told))


def _invoice_customer(invoice: Fields) -> CustomerIn:
    return CustomerIn(
        external_id=id_of(invoice, "customer"),
        email=invoice.text("customer_email", 254),
        country=_country(invoice.part("customer_address")),
        phone=invoice.text("customer_phone", 40),
    )


def _country(address: Fields) -> str:
    country = address.text("country", 2).upper()
    return country if len(country) == 2 and country.isascii() else ""


def _known(**told: str) -> dict[str, str]:
    return {name: value for name, value in told.items() if value}


def _check_total(total: int) -> None:
    if total < 0:
        raise Unreadable(_("The order's total is below 0."))
