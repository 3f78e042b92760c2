"""An order of Shopify as a value: read from a webhook's body, or from an answer of the API in the same shape.

All amounts are those in the shop's currency. The order's are as it was sold, with everything that was added later: what
went back stands in its refunds, and what was taken off without a refund is taken off its lines.
"""

from dataclasses import replace
from fractions import Fraction
from urllib.parse import parse_qs, urlsplit

from django.utils.translation import gettext as _

from core.money import MAX_DIGITS, MoneyError, exponent, round_half_up
from integrations.connectors.base import Unreadable
from integrations.connectors.body import Fields
from integrations.connectors.buyer_facts import buyer_facts
from integrations.connectors.shopify.money import shop_amount, sum_of
from integrations.connectors.shopify.refunds import refunded_units, refunds_of, terms_of
from tracking.orders import CustomerIn, Evidence, LineIn, OrderIn, RefundIn
from tracking.states import OrderState

STATES: dict[str, OrderState] = {
    "paid": OrderState.SALE,
    "partially_refunded": OrderState.SALE,
    "refunded": OrderState.REFUNDED,
    "": OrderState.OPEN,
    "pending": OrderState.OPEN,
    "authorized": OrderState.OPEN,
    "partially_paid": OrderState.OPEN,
    "voided": OrderState.VOID,
    "expired": OrderState.VOID,
}
CAMPAIGN_NAMES = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


def is_trial(order: Fields) -> bool:
    """Say whether the order was made with a test payment: it is no sale and never becomes one."""
    return order.values.get("test") is True


def order_in(order: Fields, source: str) -> OrderIn:
    """Return one order as a value; raises Unreadable."""
    currency = order.text("currency", 3)
    try:
        exponent(currency)
    except MoneyError as error:
        raise Unreadable(str(error)) from None
    made = order.time("processed_at") or order.time("created_at")
    if made is None:
        raise Unreadable(_("The order does not say when it was made."))
    status = order.text("financial_status", 40).lower()
    return OrderIn(
        source=source,
        external_id=str(order.number("id")),
        state=_state(order, status),
        currency=currency,
        total=shop_amount(order, "total_price", currency),
        tax=shop_amount(order, "total_tax", currency),
        shipping=_shipping(order, currency),
        discount=shop_amount(order, "total_discounts", currency),
        occurred_at=made,
        revision_at=order.time("updated_at") or made,
        captured_at=made,
        lines=_lines(order, currency),
        customer=_customer(order),
        evidence=_evidence(order),
        refunds=_refunds(order, currency),
        metadata=_metadata(order, status, currency),
    )


def _state(order: Fields, status: str) -> OrderState:
    if order.time("cancelled_at") is not None:
        return OrderState.VOID
    if status not in STATES:
        raise Unreadable(
            _("Shopify's payment status “%(status)s” is not known here, so the order was left as it was.")
            % {"status": status}
        )
    return STATES[status]


def _includes_tax(order: Fields) -> bool:
    return order.values.get("taxes_included") is True


def _net(row: Fields, price: str, units: int, includes_tax: bool, currency: str) -> int:
    """Return what a line or a shipping costs after discounts and without tax."""
    gross = shop_amount(row, price, currency) * units
    gross -= sum_of(row.rows("discount_allocations"), "amount", currency)
    tax = sum_of(row.rows("tax_lines"), "price", currency) if includes_tax else 0
    return max(gross - tax, 0)


def _shipping(order: Fields, currency: str) -> int:
    rows = [row for row in order.rows("shipping_lines") if row.values.get("is_removed") is not True]
    return sum(_net(row, "price", 1, _includes_tax(order), currency) for row in rows)


def _lines(order: Fields, currency: str) -> tuple[LineIn, ...]:
    """Return the lines, less what an edit took off them without a refund; tips and gift cards are no goods."""
    refunded, tip = refunded_units(order), shop_amount(order, "total_tip_received", currency)
    includes_tax, lines = _includes_tax(order), []
    rows = sorted(
        order.rows("line_items"), key=lambda row: row.number("id")
    )  # a prepared file knows no sequence
    for row in rows:
        line = _line(row, includes_tax, refunded.get(row.text("id", 60), 0), currency)
        if tip and line.net == tip and not line.product and not line.sku:
            line, tip = replace(line, excluded=True), 0
        lines.append(line)
    if sum(line.net for line in lines) >= 10**MAX_DIGITS:
        raise Unreadable(_("The lines of the order are too large to be added."))
    return tuple(lines)


def _line(row: Fields, includes_tax: bool, refunded: int, currency: str) -> LineIn:
    units = row.number("quantity")
    left = row.number("current_quantity") if "current_quantity" in row.values else units
    stays = units - max(units - left - refunded, 0)
    net = _net(row, "price", units, includes_tax, currency)
    return LineIn(
        external_id=str(row.number("id")),
        net=round_half_up(Fraction(net * stays, units)) if units else 0,
        quantity=stays or units or 1,
        sku=row.text("sku", 120),
        name=row.text("name"),
        product=row.text("product_id", 60) if row.values.get("product_exists") is not False else "",
        excluded=row.values.get("gift_card") is True or not stays,
        brand=row.text("vendor", 120),
    )


def _customer(order: Fields) -> CustomerIn:
    """Return the buyer. Whether they are new is not told: Shopify counts a customer's orders as of now, not of then."""
    customer, billing, shipping = (
        order.part(name) for name in ("customer", "billing_address", "shipping_address")
    )
    country = (billing.text("country_code", 2) or shipping.text("country_code", 2)).upper()
    return CustomerIn(
        external_id=customer.text("id", 120),
        email=order.text("email", 254) or customer.text("email", 254),
        country=country if len(country) == 2 and country.isascii() else "",
        phone=billing.text("phone", 40) or order.text("phone", 40),
    )


def _evidence(order: Fields) -> Evidence:
    """Return the click that our tag wrote into the cart's attributes, else what the first page was called with."""
    noted = _noted(order)
    landed = _landing(order)
    asked = _query(landed)
    codes = (row.text("code", 100) for row in order.rows("discount_codes"))
    return Evidence(
        tid=(noted.get("tid") or asked.get("tid", ""))[:100],
        ref=(noted.get("ref") or asked.get("ref", ""))[:100],
        coupons=tuple(code for code in codes if code),
        landing_url=landed,
    )


def _noted(order: Fields) -> dict[str, str]:
    """Return the cart's attributes, texts only."""
    rows = [row.values for row in order.rows("note_attributes")]
    return {
        row["name"]: row["value"].strip()
        for row in rows
        if isinstance(row.get("name"), str) and isinstance(row.get("value"), str)
    }


def _landing(order: Fields) -> str:
    """Return path and query of the first page: a webhook does not tell its host."""
    text = order.text("landing_site", 2000)
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _query(address: str) -> dict[str, str]:
    """Return the first value of each query parameter."""
    try:
        found = parse_qs(address.partition("?")[2], max_num_fields=100)
    except ValueError:
        return {}
    return {name: values[0].replace("\0", "") for name, values in found.items()}


def _refunds(order: Fields, currency: str) -> tuple[RefundIn, ...]:
    """Return all refunds that gave something back, oldest first."""
    terms = terms_of(order, currency)
    rows = sorted(order.rows("refunds"), key=lambda row: row.number("id"))
    return tuple(refund for row in rows for refund in refunds_of(row, terms))


def _metadata(order: Fields, status: str, currency: str) -> dict[str, str]:
    asked = _query(_landing(order))
    paid_in = order.text("presentment_currency", 3)
    known = {
        "status": "cancelled" if order.time("cancelled_at") else status,
        "number": order.text("name", 60),
        "paid_in": paid_in if paid_in != currency else "",
        **{name: asked.get(name, "")[:200] for name in CAMPAIGN_NAMES},
        **_buyer(order),
    }
    return {name: value for name, value in known.items() if value}


def _buyer(order: Fields) -> dict[str, str]:
    """Return by what the buyer is known again: where the goods go, or else the bill, and from where it was ordered."""
    shipping, billing = order.part("shipping_address"), order.part("billing_address")
    goes_to = shipping if shipping.text("address1") else billing
    return buyer_facts(
        ip=order.text("browser_ip", 60),
        street=goes_to.text("address1"),
        postcode=goes_to.text("zip", 20),
        country=goes_to.text("country_code", 2),
        payer_country=billing.text("country_code", 2),
    )
