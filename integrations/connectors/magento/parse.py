"""What an order of Magento and its credit memos mean, as values.

Magento tells each amount twice: in the buyer's currency, and as `base_...` in that of the website's books. Where the
base currency is the program's and the buyer's is not, the base amounts count, at the rate that the store itself used;
else the buyer's do.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.utils.translation import gettext as _

from core.money import MAX_DIGITS, MoneyError, allocate, exponent
from integrations.connectors.base import Store, Unreadable
from integrations.connectors.body import Fields
from integrations.connectors.buyer_facts import buyer_facts
from tracking.orders import CustomerIn, Evidence, LineIn, OrderIn, RefundIn, RefundLineIn
from tracking.states import OrderState

STATES: dict[str, OrderState] = {
    "new": OrderState.OPEN,
    "pending_payment": OrderState.OPEN,
    "payment_review": OrderState.OPEN,
    "holded": OrderState.OPEN,
    "processing": OrderState.SALE,
    "complete": OrderState.SALE,
    "closed": OrderState.REFUNDED,
    "canceled": OrderState.VOID,
}
MEMO_CANCELED = "3"
GIFT_CARD = "giftcard"
SUSPECTED = "fraud"  # the status "Suspected Fraud", which payment methods set
CLICK_ID = "affiliate_click_id"  # an extension attribute, where a module of the shop keeps it


class Amounts:
    """Amounts of one row in the currency that was chosen, in minor units, rounded: Magento keeps four decimals."""

    def __init__(self, row: Fields, currency: str, *, is_base: bool) -> None:
        self.row, self.currency, self.prefix = row, currency, "base_" if is_base else ""

    def get(self, name: str) -> int:
        """Return an amount; one that is missing is 0."""
        field = self.prefix + name
        value = self.row.values.get(field)
        if value is None:
            return 0
        return _minor(value, self.currency, field)

    def of(self, row: Fields) -> "Amounts":
        """Return the amounts of another row, in the same currency."""
        return Amounts(row, self.currency, is_base=bool(self.prefix))

    def net(self) -> int:
        """Return what a line earned: after discounts, before tax."""
        return max(
            0,
            self.get("row_total")
            - self.get("discount_amount")
            + self.get("discount_tax_compensation_amount"),
        )


def _minor(value: object, currency: str, field: str) -> int:
    try:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise InvalidOperation
        amount = Decimal(value)
        if not amount.is_finite() or amount.adjusted() > MAX_DIGITS:
            raise InvalidOperation
        minor = int(amount.scaleb(exponent(currency)).to_integral_value(ROUND_HALF_UP))
    except InvalidOperation:
        raise Unreadable(_("The field “%(name)s” is not an amount.") % {"name": field}) from None
    if abs(minor) >= 10**MAX_DIGITS:
        raise Unreadable(_("The field “%(name)s” is too large.") % {"name": field})
    return minor


def currency_of(row: Fields, store: Store) -> tuple[str, bool]:
    """Return the currency that an order or credit memo is read in, and whether that is the base currency."""
    paid, base = row.text("order_currency_code", 3), row.text("base_currency_code", 3)
    is_base = paid != store.currency and base == store.currency
    chosen = base if is_base else paid
    try:
        exponent(chosen)
    except MoneyError as error:
        raise Unreadable(str(error)) from None
    return chosen, is_base


def order_in(order: Fields, memos: Iterable[Fields], store: Store) -> OrderIn:
    """Return an order with its credit memos as a value."""
    currency, is_base = currency_of(order, store)
    amounts = Amounts(order, currency, is_base=is_base)
    created = order.time("created_at")
    if created is None:
        raise Unreadable(_("The order does not say when it was made."))
    lines = _lines(order, amounts)
    is_line = frozenset(line.external_id for line in lines)
    parents = parents_of(order)
    return OrderIn(
        source=store.source,
        external_id=str(order.number("entity_id")),
        state=_state(order.text("state", 40)),
        currency=currency,
        total=_positive(amounts, "grand_total"),
        tax=_positive(amounts, "tax_amount"),
        shipping=_shipping(amounts),
        discount=abs(amounts.get("discount_amount")),
        occurred_at=created,
        revision_at=order.time("updated_at") or created,
        captured_at=created,
        lines=lines,
        customer=_customer(order),
        evidence=_evidence(order),
        refunds=_refunds(memos, lambda memo: _refund(memo, amounts.of(memo), parents, is_line)),
        metadata=_metadata(order),
    )


def _state(state: str) -> OrderState:
    """Return what the state means; statuses are made by merchants, states by Magento."""
    if state not in STATES:
        raise Unreadable(
            _("The store's state “%(state)s” is not one of Magento's own, so the order was left as it was.")
            % {"state": state}
        )
    return STATES[state]


def _positive(amounts: Amounts, name: str) -> int:
    amount = amounts.get(name)
    if amount < 0:
        raise Unreadable(_("The field “%(name)s” is negative.") % {"name": name})
    return amount


def _shipping(amounts: Amounts) -> int:
    off = amounts.get("shipping_discount_amount") - amounts.get("shipping_discount_tax_compensation_amount")
    return max(0, _positive(amounts, "shipping_amount") - off)


def _lines(order: Fields, amounts: Amounts) -> tuple[LineIn, ...]:
    """Return what was bought: a configurable or bundle once, and not its parts again."""
    rows = order.rows("items")
    parts = [row for row in rows if row.text("parent_item_id")]
    tops = [row for row in rows if not row.text("parent_item_id")]
    lines = [_line(row, parts, amounts) for row in tops]
    if sum(line.net for line in lines) >= 10**MAX_DIGITS:
        raise Unreadable(_("The lines of the order are too large to be added."))
    return tuple(lines)


def _line(row: Fields, parts: list[Fields], amounts: Amounts) -> LineIn:
    own = amounts.of(row)
    net = own.net()
    if not own.get("discount_amount"):
        # a bundle priced by its parts is discounted by its parts
        inside = [amounts.of(part) for part in parts if part.text("parent_item_id") == row.text("item_id")]
        off = sum(
            part.get("discount_amount") - part.get("discount_tax_compensation_amount") for part in inside
        )
        net = max(0, net - off)
    return LineIn(
        external_id=str(row.number("item_id")),
        net=net,
        quantity=_quantity(row, "qty_ordered") or 1,
        sku=row.text("sku", 120),
        name=row.text("name"),
        product=row.text("product_id", 60),
        excluded=row.text("product_type", 40) == GIFT_CARD,
    )


def _quantity(row: Fields, name: str) -> int:
    """Return how many whole pieces; a part of one (1.5 kg) is sold once."""
    value = row.values.get(name)
    try:
        amount = (
            Decimal(value) if isinstance(value, str | int) and not isinstance(value, bool) else Decimal(0)
        )
        whole = int(amount) if amount.is_finite() and amount.adjusted() < 9 else 0
    except InvalidOperation:
        return 0
    return max(0, whole) if whole == amount else 1


def _customer(order: Fields) -> CustomerIn:
    billing = order.part("billing_address")
    country = billing.text("country_id", 2).upper()
    return CustomerIn(
        external_id=order.text("customer_id", 120),
        email=order.text("customer_email", 254),
        country=country if len(country) == 2 and country.isascii() else "",
        phone=billing.text("telephone", 40),
    )


def _evidence(order: Fields) -> Evidence:
    """Coupons, one or (Adobe Commerce) several; a click id only where the shop's module hands it on."""
    further = order.part("extension_attributes")
    codes = further.values.get("coupon_codes")
    several = [code for code in codes if isinstance(code, str)] if isinstance(codes, list) else []
    one = order.text("coupon_code", 100)
    coupons = tuple(dict.fromkeys(code.strip()[:100] for code in (several or [one]) if code.strip()))
    return Evidence(tid=further.text(CLICK_ID, 100), coupons=coupons)


def _metadata(order: Fields) -> dict[str, str]:
    status = order.text("status", 40)
    known = {"status": status, "number": order.text("increment_id", 60), **_buyer(order, status)}
    return {name: value for name, value in known.items() if value}


def _buyer(order: Fields, status: str) -> dict[str, str]:
    """Return by what the buyer is known again: where the goods go, or else the bill, and from where it was ordered."""
    billing = order.part("billing_address")
    goes_to = next((place for place in _shipping_addresses(order) if _street(place)), billing)
    return buyer_facts(
        ip=order.text("remote_ip", 60),
        street=_street(goes_to),
        postcode=goes_to.text("postcode", 20),
        country=goes_to.text("country_id", 2),
        payer_country=billing.text("country_id", 2),
        risk="high" if status == SUSPECTED else "",
        risk_by="Magento",
    )


def _shipping_addresses(order: Fields) -> list[Fields]:
    rows = order.part("extension_attributes").rows("shipping_assignments")
    return [row.part("shipping").part("address") for row in rows]


def _street(address: Fields) -> str:
    """Return the first line of an address, which Magento tells as a list."""
    lines = address.values.get("street")
    first = next((line for line in lines if isinstance(line, str)), "") if isinstance(lines, list) else ""
    return first.strip()[:200]


def _refunds(memos: Iterable[Fields], read: Callable[[Fields], Iterable[RefundIn]]) -> tuple[RefundIn, ...]:
    """Return all credit memos, oldest first; one that was cancelled is none."""
    standing = [memo for memo in memos if memo.text("state", 4) != MEMO_CANCELED]
    rows = sorted(standing, key=lambda memo: memo.number("entity_id"))
    return tuple(refund for memo in rows for refund in read(memo))


def _refund(
    memo: Fields, amounts: Amounts, parents: Mapping[str, str], lines: frozenset[str]
) -> Iterable[RefundIn]:
    """What went back by lines, and what was given back besides: goodwill is shared over all lines, finally."""
    number, reason = str(memo.number("entity_id")), _reason(memo)
    gross, back = _positive(amounts, "grand_total"), refund_lines(memo, amounts, parents, lines)
    besides = min(gross, max(0, amounts.get("adjustment_positive") - amounts.get("adjustment_negative")))
    when = memo.time("created_at")
    if besides and gross > besides:
        yield RefundIn(f"{number}-adjustment", occurred_at=when, gross=besides, final=True, reason=reason)
        gross -= besides
    is_all = bool(besides) and gross == besides
    yield RefundIn(number, occurred_at=when, gross=gross, lines=back or None, final=is_all, reason=reason)


def parents_of(order: Fields) -> dict[str, str]:
    """Return which items of an order are parts of which others."""
    rows = [row for row in order.rows("items") if row.text("parent_item_id")]
    return {str(row.number("item_id")): str(row.number("parent_item_id")) for row in rows}


def refund_lines(
    memo: Fields, amounts: Amounts, parents: Mapping[str, str], lines: frozenset[str] | None = None
) -> tuple[RefundLineIn, ...]:
    """Return what of which line went back: of the lines named in `lines`, or of any; net of discount and tax.

    Where a bundle is priced by its parts (`parents` says which those are), the memo tells the amounts with the parts.
    A fee that the store kept back is taken off all lines.
    """
    nets: dict[str, int] = {}
    inside: dict[str, int] = {}
    pieces: dict[str, int] = {}
    for row in memo.rows("items"):
        number, quantity = str(row.number("order_item_id")), _quantity(row, "qty")
        if not quantity:
            continue
        known, name = (inside, parents[number]) if number in parents else (nets, number)
        known[name] = known.get(name, 0) + amounts.of(row).net()
        if known is nets:
            pieces[name] = pieces.get(name, 0) + quantity
    nets |= {name: net for name, net in inside.items() if net and not nets.get(name)}
    named = [name for name in nets if lines is None or name in lines]
    kept = _kept_back(amounts, [nets[name] for name in named])
    return tuple(
        RefundLineIn(name, pieces.get(name, 0), max(0, nets[name] - fee))
        for name, fee in zip(named, kept, strict=True)
    )


def _kept_back(amounts: Amounts, nets: list[int]) -> list[int]:
    """Return what of a fee falls on each line; what was given back besides comes off it first."""
    fee = max(0, amounts.get("adjustment_negative") - max(0, amounts.get("adjustment_positive")))
    return allocate(min(fee, sum(nets)), nets) if nets else []


def _reason(memo: Fields) -> str:
    return next((text for row in memo.rows("comments") if (text := row.text("comment"))), "")
