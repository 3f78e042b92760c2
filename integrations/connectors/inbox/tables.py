"""The fields of an order, a refund, a lead and a note that a message may fill."""

from django.utils.translation import gettext_lazy as _

from integrations.mapping import Table, Target
from integrations.states import Direction

BUYER = (
    Target("customer.id", _("Customer’s number"), "", ("customer.id", "customer_id", "buyer.id", "user_id")),
    Target(
        "customer.email",
        _("Customer’s e-mail"),
        "",
        ("customer.email", "customer_email", "buyer_email", "contact_email", "email"),
    ),
    Target(
        "customer.country",
        _("Customer’s country"),
        _("Two letters; the conversion “country” makes them of names."),
        ("billing_address.country_code", "country_code", "billing.country", "country"),
    ),
    Target("customer.phone", _("Customer’s telephone"), "", ("customer.phone", "billing.phone", "phone")),
    Target("evidence.tid", _("Click id"), _("The tid of the landing page’s address."), ("tid", "click_id")),
    Target(
        "evidence.ref", _("Affiliate’s code"), "", ("ref", "affiliate_code", "affiliate", "referrer_code")
    ),
    Target(
        "evidence.coupon",
        _("Coupons"),
        _("One, several with commas, or each of a list: coupons[].code."),
        ("coupon_code", "discount_code", "coupon", "promo_code", "voucher"),
    ),
)
# by what a buyer is known again, and what the system says of the risk: fraud review reads it
REVIEWED = (
    Target(
        "buyer.ip",
        _("Buyer’s IP address"),
        _("Only a digest of its network is kept."),
        ("browser_ip", "customer_ip_address", "client_ip", "customer_ip", "ip_address"),
    ),
    Target(
        "shipping.street",
        _("Delivery: street and number"),
        _(
            "Street, postcode and country are kept as one digest; the country is the customer’s if it is empty."
        ),
        ("shipping_address.address1", "shipping.address_1", "shipping_address.street", "shipping_street"),
    ),
    Target(
        "shipping.postcode",
        _("Delivery: postcode"),
        "",
        ("shipping_address.zip", "shipping.postcode", "shipping_address.postal_code", "shipping_postcode"),
    ),
    Target("shipping.country", _("Delivery: country"), _("Two letters.")),
    Target(
        "payer.country",
        _("Payer’s country"),
        _("Of the card, else of the bill. Two letters."),
        ("card_country",),
    ),
    Target(
        "order.risk",
        _("Risk"),
        _("As low, medium or high; the conversion “map” makes them of other words."),
        ("risk_level", "fraud_risk"),
    ),
    Target("order.risk_by", _("Who assessed the risk"), _("Empty is the connection’s name in orders.")),
)
LINES = (
    Target("lines[].sku", _("Line: SKU"), "", ("sku", "product_code", "variant_sku")),
    Target("lines[].name", _("Line: name"), "", ("name", "title", "product_name", "description")),
    Target("lines[].quantity", _("Line: quantity"), "", ("quantity", "qty", "count")),
    Target(
        "lines[].net",
        _("Line: net amount"),
        _(
            "Of the whole quantity, after discounts, before tax. Needed where any field of the lines is filled."
        ),
        ("line_total", "net", "total", "subtotal", "amount"),
        is_required=True,
    ),
    Target("lines[].category", _("Line: category"), "", ("category", "product_type")),
)
ORDER = Table(
    Direction.IN,
    "order",
    _("Orders"),
    _("A message becomes an order that is credited and counted once."),
    (
        Target(
            "order.number",
            _("Order’s number"),
            _("By which it is counted once."),
            ("order_number", "order_id", "order.number", "order.id", "number", "id"),
            is_required=True,
        ),
        Target(
            "order.total",
            _("Total"),
            _("What the customer paid, as 129.90. Cents become that by the conversion “major”."),
            ("total_price", "grand_total", "order_total", "order.total", "total_amount", "total", "amount"),
            is_required=True,
        ),
        Target(
            "order.currency",
            _("Currency"),
            "",
            ("currency_code", "currency", "currency_iso"),
            is_required=True,
        ),
        Target("order.tax", _("Tax in it"), "", ("total_tax", "tax_total", "tax_amount", "tax", "vat")),
        Target(
            "order.shipping",
            _("Shipping in it"),
            "",
            ("shipping_total", "shipping_amount", "total_shipping", "shipping_cost", "shipping"),
        ),
        Target(
            "order.state",
            _("State"),
            _(
                "sale, open, void or refunded; the conversion “map” makes them of other words. Empty is a sale."
            ),
        ),
        Target(
            "order.occurred_at",
            _("Ordered at"),
            _("Empty is the time of the message."),
            ("created_at", "ordered_at", "order_date", "placed_at", "paid_at", "date_created", "date"),
        ),
        Target(
            "order.changed_at",
            _("Changed at"),
            _("Which of two messages is the newer word. Empty is when the message came."),
            ("updated_at", "modified_at", "date_modified"),
        ),
        Target("order.channel", _("Channel"), _("How it was sold; webhook if it is empty.")),
        *BUYER,
        *REVIEWED,
        *LINES,
    ),
)
REFUND = Table(
    Direction.IN,
    "refund",
    _("Refunds"),
    _("A message says that money went back for an order."),
    (
        Target(
            "refund.number",
            _("Refund’s number"),
            "",
            ("refund_id", "refund.id", "refund_number", "id"),
            is_required=True,
        ),
        Target(
            "refund.order",
            _("Order’s number"),
            "",
            ("order_number", "order_id", "order.number", "order.id"),
            is_required=True,
        ),
        Target(
            "refund.amount",
            _("Amount"),
            _("What the customer got back, as 42.41."),
            ("refund_amount", "refunded_amount", "amount_refunded", "refund.amount", "amount", "total"),
            is_required=True,
        ),
        Target("refund.currency", _("Currency"), "", ("currency_code", "currency")),
        Target(
            "refund.occurred_at",
            _("Went back at"),
            "",
            ("refunded_at", "refund.created_at", "created_at", "date"),
        ),
        Target("refund.reason", _("Reason"), "", ("refund_reason", "reason", "note")),
    ),
)
LEAD = Table(
    Direction.IN,
    "lead",
    _("Leads and sign-ups"),
    _("A message says that somebody asked, signed up or became a customer."),
    (
        Target(
            "lead.number",
            _("Lead’s number"),
            _(
                "By which it is counted once for its goal, like lead:7. May be empty where a click id is told."
            ),
            ("lead_id", "lead.id", "signup_id", "contact_id", "contact.id", "id"),
        ),
        Target("lead.goal", _("Goal"), _("The word that plans ask for; lead if it is empty.")),
        Target("lead.occurred_at", _("When"), "", ("signed_up_at", "created_at", "date")),
        Target("lead.value", _("Value"), _("What it is worth, as 10.00, if plans pay by it.")),
        Target("lead.currency", _("Currency of the value"), "", ()),
        *BUYER,
    ),
)
NOTE = Table(
    Direction.IN,
    "note",
    _("Notes"),
    _("A message that moves nothing is kept with a sentence that says what it is about."),
    (
        Target(
            "note.text",
            _("Sentence"),
            _("What people read of it under received messages; empty says that no mapping is meant for it."),
            is_required=True,
        ),
    ),
)
TABLES = (ORDER, REFUND, LEAD, NOTE)
# field -> what the reading of orders and refunds calls it
TOLD_AS = {
    "order.number": "order",
    "order.total": "total",
    "order.currency": "currency",
    "order.tax": "tax",
    "order.shipping": "shipping",
    "order.state": "status",
    "order.occurred_at": "occurred_at",
    "order.channel": "channel",
    "customer.id": "customer",
    "customer.email": "email",
    "customer.country": "country",
    "evidence.tid": "tid",
    "evidence.ref": "ref",
    "evidence.coupon": "coupons",
    "lines": "lines",
    "refund.number": "refund",
    "refund.order": "order",
    "refund.amount": "amount",
    "refund.currency": "currency",
    "refund.occurred_at": "occurred_at",
    "refund.reason": "reason",
    "lead.number": "order",
    "lead.goal": "goal",
    "lead.occurred_at": "occurred_at",
    "lead.value": "total",
    "lead.currency": "currency",
}
