"""Money that went back, as Shopify tells it: by lines, with what the merchant kept or gave on top, or an amount alone.

A refund whose transactions have all failed, or still wait, is none yet. One without any transaction takes goods off an
order that was edited, or notes what came back for nothing: its lines count, less what the merchant kept by it.
"""

from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import gettext as _

from core.money import allocate, round_half_up
from integrations.connectors.base import Unreadable
from integrations.connectors.body import Fields
from integrations.connectors.shopify.money import shop_amount, sum_of
from tracking.orders import RefundIn, RefundLineIn

EXTRA = ":extra"  # of a refund's number: what was given on top of its lines


@dataclass(frozen=True, slots=True)
class Terms:
    """What of the order its refunds are read by: whether prices include tax, and the total paid in both currencies."""

    currency: str
    includes_tax: bool
    total: int = 0
    paid_in: str = ""
    paid: int = 0


def terms_of(order: Fields, currency: str) -> Terms:
    """Return the terms of an order."""
    paid = order.part("total_price_set").part("presentment_money")
    paid_in = paid.text("currency_code", 3) or currency
    return Terms(
        currency,
        order.values.get("taxes_included") is True,
        shop_amount(order, "total_price", currency),
        paid_in,
        paid.amount("amount", paid_in),
    )


def refunds_of(refund: Fields, terms: Terms) -> tuple[RefundIn, ...]:
    """Return what one refund gave back: nothing, one, or its lines and what was given on top of them."""
    rows = refund.rows("refund_line_items")
    if not _is_done(refund, rows):
        return ()
    adjusted = _adjusted(refund, terms.currency)
    if not rows:
        return (_amount_alone(refund, terms, adjusted),)
    lines, extra = _lines(rows, terms, adjusted)
    told = _refund(refund, lines=lines, final=True)
    return (told, _refund(refund, EXTRA, gross=extra, final=True)) if extra else (told,)


def refunded_units(order: Fields) -> dict[str, int]:
    """Return how many of each line any refund names, done or not."""
    units: dict[str, int] = {}
    for refund in order.rows("refunds"):
        for row in refund.rows("refund_line_items"):
            line = row.text("line_item_id", 60)
            units[line] = units.get(line, 0) + row.number("quantity")
    return units


def is_goods_alone(refund: Fields) -> bool:
    """Say whether a refund can be read without its order: lines without tax, and nothing but them."""
    rows = refund.rows("refund_line_items")
    taxes = [row.part("total_tax_set").part("shop_money").text("amount") or "0" for row in rows]
    return bool(rows) and not refund.rows("order_adjustments") and not any(tax.strip("0.") for tax in taxes)


def _is_done(refund: Fields, rows: list[Fields]) -> bool:
    back = [row for row in refund.rows("transactions") if row.text("kind", 40).lower() == "refund"]
    if not back:
        return bool(rows)
    return any(row.text("status", 40).lower() == "success" for row in back)


def _adjusted(refund: Fields, currency: str) -> tuple[int, int]:
    """Return what the merchant kept (below 0: gave on top), without and with tax; refunded shipping is no goods."""
    rows = [row for row in refund.rows("order_adjustments") if row.text("kind", 40) != "shipping_refund"]
    net = sum(shop_amount(row, "amount", currency, negative=True) for row in rows)
    return net, net + sum(shop_amount(row, "tax_amount", currency, negative=True) for row in rows)


def _lines(
    rows: list[Fields], terms: Terms, adjusted: tuple[int, int]
) -> tuple[tuple[RefundLineIn, ...], int]:
    """Return the lines, net and by their numbers, less what the merchant kept; and what was given on top, gross."""
    nets: dict[int, int] = {}
    units: dict[int, int] = {}
    for row in rows:
        line = row.number("line_item_id")
        tax = shop_amount(row, "total_tax", terms.currency) if terms.includes_tax else 0
        nets[line] = nets.get(line, 0) + max(shop_amount(row, "subtotal", terms.currency) - tax, 0)
        units[line] = units.get(line, 0) + row.number("quantity")
    numbers = sorted(nets)
    kept = min(max(adjusted[0], 0), sum(nets.values()))
    shares = allocate(kept, [nets[line] for line in numbers]) if kept else [0] * len(numbers)
    lines = tuple(
        RefundLineIn(str(line), units[line], nets[line] - share)
        for line, share in zip(numbers, shares, strict=True)
    )
    return lines, max(-adjusted[1], 0)


def _amount_alone(refund: Fields, terms: Terms, adjusted: tuple[int, int]) -> RefundIn:
    """Return a refund without lines: what was given as goodwill, or else shipping and duties, which are no goods."""
    if adjusted[1] < 0:
        return _refund(refund, gross=-adjusted[1], final=True)
    shipping = refund.rows("refund_shipping_lines")
    extras = sum_of(shipping, "subtotal_amount", terms.currency)
    extras += 0 if terms.includes_tax else sum_of(shipping, "tax_amount", terms.currency)
    extras += sum_of(refund.rows("duties"), "amount", terms.currency)
    if extras:
        return _refund(refund, gross=extras)
    return _refund(refund, gross=sum(_paid_back(refund, terms)), final=True)


def _paid_back(refund: Fields, terms: Terms) -> list[int]:
    """Return the amounts of the transactions, in the shop's currency by the rate of the order."""
    done = [
        row
        for row in refund.rows("transactions")
        if row.text("kind", 40).lower() == "refund" and row.text("status", 40).lower() == "success"
    ]
    return [_in_shop_currency(row, terms) for row in done]


def _in_shop_currency(row: Fields, terms: Terms) -> int:
    told = row.text("currency", 3)
    amount = row.amount("amount", told or terms.currency)
    if told in ("", terms.currency):
        return amount
    if told != terms.paid_in or not terms.paid:
        raise Unreadable(
            _("A refund was made in %(currency)s, in which the order was not paid.") % {"currency": told}
        )
    return round_half_up(Fraction(amount * terms.total, terms.paid))


def _refund(
    refund: Fields,
    suffix: str = "",
    *,
    gross: int | None = None,
    lines: tuple[RefundLineIn, ...] | None = None,
    final: bool = False,
) -> RefundIn:
    return RefundIn(
        external_id=f"{refund.number('id')}{suffix}",
        occurred_at=refund.time("processed_at") or refund.time("created_at"),
        gross=gross,
        lines=lines,
        final=final,
        reason=refund.text("note"),
    )
