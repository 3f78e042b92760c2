"""What a body of WooCommerce means: an order as a value, or a question, or nothing."""

import html
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

from django.utils.translation import gettext as _

from core.money import MAX_DIGITS, MoneyError, allocate, exponent
from integrations.connectors.base import Reading, Store, Unreadable
from integrations.connectors.body import Fields, read_object
from integrations.connectors.buyer_facts import buyer_facts
from tracking.orders import CustomerIn, Evidence, LineIn, OrderIn, RefundIn
from tracking.states import OrderState

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
TELLS_AN_ORDER = frozenset({"order.created", "order.updated", "order.restored"})
ASKS_FOR_AN_ORDER = frozenset({"order.deleted", "action.woocommerce_order_refunded"})
STATES: dict[str, OrderState] = {
    "processing": OrderState.SALE,
    "completed": OrderState.SALE,
    "refunded": OrderState.REFUNDED,
    "cancelled": OrderState.VOID,
    "trash": OrderState.GONE,
    "pending": OrderState.OPEN,
    "on-hold": OrderState.OPEN,
    "failed": OrderState.OPEN,
    "checkout-draft": OrderState.OPEN,
    "auto-draft": OrderState.OPEN,
}
ENTRY = "_wc_order_attribution_session_entry"
START = "_wc_order_attribution_session_start_time"
CAMPAIGN = "_wc_order_attribution_"
CAMPAIGN_NAMES = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "utm_id")
MOST_PAGE = 800  # letters of a page's address: a direct link names at most 753 of them
NOT_SAID = ("(none)", "(direct)", "(not set)", "(not provided)")  # what its script writes for nothing
# What WooCommerce Subscriptions notes on an order; the first order of a subscription does not name it.
OF_SUBSCRIPTION = ("_subscription_renewal", "_subscription_switch")
# A brand stands on a line only where it is an attribute of the variation that was bought.
BRANDS = ("pa_brand", "brand")
# Marks that the gift card plugins (WooCommerce's own, PW, YITH) leave on a line that sells a card.
GIFT_CARD_MARKS = ("wc_gc_giftcard", "_wc_gc_giftcard", "pw_gift_card", "_pw_gift_card", "_ywgc_", "ywgc_")


# What WooPayments notes of Stripe Radar's word on the charge.
RISK_LEVEL, RISK_BY = "_charge_risk_level", "WooPayments"


def read(store: Store, topic: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Reading:
    """Say what a webhook means; its headers add nothing. Unreadable says why it cannot be told."""
    values = read_object(body)
    if topic not in TELLS_AN_ORDER | ASKS_FOR_AN_ORDER:
        return Reading(note=_("News of this kind (%(topic)s) is not needed.") % {"topic": topic or "-"})
    if "code" in values and "message" in values:
        return _read_error(Fields(values))
    if topic in ASKS_FOR_AN_ORDER:
        return _ask(topic, Fields(values))
    return Reading(order=order_in(Fields(values), store.source))


def _ask(topic: str, values: Fields) -> Reading:
    """Name the order that the message only points at: trashed, or refunded (which its own update tells as well)."""
    if topic == "order.deleted":
        return Reading(ask=str(values.number("id")))
    return Reading(ask=str(values.number("arg")), note=_("The order's own message tells of the refund too."))


def _read_error(error: Fields) -> Reading:
    """Tell apart what a signed error of the store means: the order is gone already, or something is wrong there."""
    code = error.text("code", 80)
    if code == "woocommerce_rest_shop_order_invalid_id":
        return Reading(note=_("The order was deleted in the store before the store could tell of it."))
    if code == "woocommerce_rest_cannot_view":
        raise Unreadable(
            _(
                "The store's user who owns the webhook may no longer read orders, so the store sends none. "
                "Give the user the role of shop manager again, or make the webhooks anew."
            )
        )
    raise Unreadable(_("The store sent an error instead of an order: %(code)s.") % {"code": code})


def order_in(order: Fields, source: str) -> OrderIn:
    """Return one order, as webhooks and wc/v3 both write it, as a value."""
    currency = order.text("currency", 3)
    _check_currency(currency)
    status = order.text("status", 40).removeprefix("wc-")
    created = order.time("date_created_gmt")
    if created is None:
        raise Unreadable(_("The order does not say when it was made."))
    return OrderIn(
        source=source,
        external_id=str(order.number("id")),
        state=_state(status),
        currency=currency,
        total=order.amount("total", currency),
        tax=order.amount("total_tax", currency),
        shipping=order.amount("shipping_total", currency),
        discount=order.amount("discount_total", currency),
        occurred_at=created,
        revision_at=order.time("date_modified_gmt") or created,
        captured_at=order.time("date_paid_gmt") or created,
        lines=_lines(order, currency),
        customer=_customer(order),
        evidence=_evidence(order),
        refunds=_refunds(order, currency),
        subscription=_subscription(order),
        metadata=_metadata(order, status),
    )


def _check_currency(currency: str) -> None:
    try:
        exponent(currency)
    except MoneyError as error:
        raise Unreadable(str(error)) from None


def _state(status: str) -> OrderState:
    """Return what the status means to us; a plugin's own status is for a person to judge."""
    if status not in STATES:
        raise Unreadable(
            _(
                "The store's status “%(status)s” is not one of WooCommerce's own, so the order was left as it was."
            )
            % {"status": status}
        )
    return STATES[status]


def _lines(order: Fields, currency: str) -> tuple[LineIn, ...]:
    """Return the lines; discounts that the store books as negative fees are shared over them."""
    rows = order.rows("line_items")
    nets = [row.amount("total", currency) for row in rows]
    if sum(nets) >= 10**MAX_DIGITS:
        raise Unreadable(_("The lines of the order are too large to be added."))
    fees = [fee.amount("total", currency, negative=True) for fee in order.rows("fee_lines")]
    discount = min(sum(-fee for fee in fees if fee < 0), sum(nets))
    shares = allocate(discount, nets) if discount else [0] * len(nets)
    return tuple(_line(row, net - share) for row, net, share in zip(rows, nets, shares, strict=True))


def _line(row: Fields, net: int) -> LineIn:
    return LineIn(
        external_id=row.text("id", 60),
        net=net,
        quantity=_quantity(row),
        sku=row.text("sku", 120),
        name=html.unescape(row.text("name")),
        product=row.text("product_id", 60),
        excluded=_sells_gift_card(row),
        brand=_brand(row),
    )


def _brand(row: Fields) -> str:
    """Return the brand as the buyer saw it; the catalogue's own brands do not stand in orders."""
    metas = [meta.values for meta in row.rows("meta_data")]
    named = [meta for key in BRANDS for meta in metas if meta.get("key") == key]
    texts = [meta.get(name) for meta in named for name in ("display_value", "value")]
    found = next((text for text in texts if isinstance(text, str) and text.strip()), "")
    return html.unescape(found).strip()[:120]


def _sells_gift_card(row: Fields) -> bool:
    return any(str(meta.values.get("key")).startswith(GIFT_CARD_MARKS) for meta in row.rows("meta_data"))


def _quantity(row: Fields) -> int:
    """Return how many; a plugin's fraction (1.5 kg) is sold once."""
    text = row.text("quantity")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _customer(order: Fields) -> CustomerIn:
    billing = order.part("billing")
    number = order.text("customer_id", 120)
    country = billing.text("country", 2).upper()
    return CustomerIn(
        external_id="" if number == "0" else number,
        email=billing.text("email", 254),
        country=country if len(country) == 2 and country.isascii() else "",
        phone=billing.text("phone", 40),
    )


def _evidence(order: Fields) -> Evidence:
    metas = _metas(order)
    landing_url = metas.get(ENTRY, "")[:2000]
    asked = _query(landing_url)
    referrer = _referrer(metas)
    return Evidence(
        tid=asked.get("tid", "")[:100],
        ref=asked.get("ref", "")[:100],
        coupons=tuple(code for row in order.rows("coupon_lines") if (code := row.text("code", 100))),
        landing_url=landing_url,
        referrer=referrer,
        referred_at=_session_began(metas) if referrer else None,
    )


def _session_began(metas: Mapping[str, str]) -> datetime | None:
    """Return when the buyer came from that page; WooCommerce's script notes it in UTC, without a zone."""
    try:
        return Fields({START: metas.get(START, "").strip()}).time(START)
    except Unreadable:
        return None


def _query(url: str) -> dict[str, str]:
    """Return the first value of each query parameter; an address that is none has none."""
    try:
        found = parse_qs(urlsplit(url).query, max_num_fields=100)
    except ValueError:
        return {}
    return {name: values[0].replace("\0", "") for name, values in found.items()}


def _metas(order: Fields) -> dict[str, str]:
    """Return what plugins and WooCommerce's own attribution noted on the order, texts only."""
    rows = [meta.values for meta in order.rows("meta_data")]
    return {
        row["key"]: row["value"]
        for row in rows
        if isinstance(row.get("key"), str) and isinstance(row.get("value"), str)
    }


def _subscription(order: Fields) -> str:
    """Return the number of the subscription that the order renews or changes."""
    metas = _metas(order)
    numbers = (metas.get(key, "") for key in OF_SUBSCRIPTION)
    return next((number[:60] for number in numbers if number.isascii() and number.isdigit()), "")


def _refunds(order: Fields, currency: str) -> tuple[RefundIn, ...]:
    """Return all refunds, oldest first: the webhook knows only what the customer got, tax included."""
    rows = sorted(order.rows("refunds"), key=lambda row: row.number("id"))
    return tuple(
        RefundIn(
            external_id=row.text("id", 60),
            gross=abs(row.amount("total", currency, negative=True)),
            reason=row.text("reason"),
        )
        for row in rows
    )


def _metadata(order: Fields, status: str) -> dict[str, str]:
    metas = _metas(order)
    told = {name: metas.get(CAMPAIGN + name, "").strip()[:200] for name in (*CAMPAIGN_NAMES, "source_type")}
    known = {"status": status, "number": order.text("number", 60), **told, "referrer": _referrer(metas)[:200]}
    known = {name: value for name, value in known.items() if value and value not in NOT_SAID}
    return {**known, **_buyer(order, metas)}


def _buyer(order: Fields, metas: Mapping[str, str]) -> dict[str, str]:
    """Return by what the buyer is known again: where the goods go, or else the bill, and from where it was ordered."""
    shipping, billing = order.part("shipping"), order.part("billing")
    goes_to = shipping if shipping.text("address_1") else billing
    return buyer_facts(
        ip=order.text("customer_ip_address", 60),
        street=goes_to.text("address_1"),
        postcode=goes_to.text("postcode", 20),
        country=goes_to.text("country", 2),
        payer_country=billing.text("country", 2),
        risk=metas.get(RISK_LEVEL, ""),
        risk_by=RISK_BY,
    )


def _referrer(metas: Mapping[str, str]) -> str:
    """Return the page that the buyer came from, without its query, which may say more than we need."""
    try:
        parts = urlsplit(metas.get(CAMPAIGN + "referrer", "").strip())
    except ValueError:
        return ""
    is_page = parts.scheme in ("http", "https") and parts.netloc and "@" not in parts.netloc
    return f"{parts.scheme}://{parts.netloc}{parts.path}"[:MOST_PAGE] if is_page else ""
