"""Answers of the GraphQL API in the shape of webhooks: an order is read in one way, whichever door it comes by."""

from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.base import Unreadable
from integrations.connectors.body import Fields

Plain = dict[str, Any]


def number_of(gid: str) -> str:
    """Return the number in a global id (gid://shopify/Order/1), "" for none."""
    number = gid.rpartition("/")[2].partition("?")[0]
    return number if number.isascii() and number.isdigit() else ""


def gid_of(kind: str, number: str) -> str:
    """Return the global id of a row."""
    return f"gid://shopify/{kind}/{number}"


def nodes_of(row: Fields, name: str) -> list[Fields]:
    """Return the rows of a connection; Unreadable where it was not answered, which is not the same as none."""
    connection = row.part(name)
    if not isinstance(connection.values.get("nodes"), list):
        raise Unreadable(_("The shop's answer lacks “%(name)s”.") % {"name": name})
    return connection.rows("nodes")


def one_of(data: Fields, name: str) -> Fields | None:
    """Return a row that was asked for by its number, None if there is none; Unreadable where it was not answered."""
    if name not in data.values:
        raise Unreadable(_("The shop's answer lacks “%(name)s”.") % {"name": name})
    return data.part(name) if data.values[name] is not None else None


def head_of(node: Fields) -> Plain:
    """Return what of an order its refunds are read by."""
    return {
        "taxes_included": node.values.get("taxesIncluded"),
        "total_price_set": _bag(node, "totalPriceSet"),
    }


def order_of(node: Fields, lines: list[Fields], refunds: list[Plain]) -> Plain:
    """Return an order as a webhook tells it, with all its lines and refunds."""
    customer, billing, shipping = (
        node.part(name) for name in ("customer", "billingAddress", "shippingAddress")
    )
    codes = node.values.get("discountCodes")
    return {
        "id": node.text("legacyResourceId"),
        "name": node.text("name"),
        "test": node.values.get("test"),
        "created_at": node.text("createdAt"),
        "processed_at": node.text("processedAt"),
        "updated_at": node.text("updatedAt"),
        "cancelled_at": node.text("cancelledAt"),
        "financial_status": node.text("displayFinancialStatus").lower(),
        "currency": node.text("currencyCode"),
        "presentment_currency": node.text("presentmentCurrencyCode"),
        **head_of(node),
        "email": node.text("email", 254),
        "phone": node.text("phone"),
        "landing_site": node.text("landingPageUrl", 2000),
        "discount_codes": [{"code": code} for code in codes] if isinstance(codes, list) else [],
        "note_attributes": [
            {"name": row.values.get("key"), "value": row.values.get("value")}
            for row in node.rows("customAttributes")
        ],
        "total_tax_set": _bag(node, "totalTaxSet"),
        "total_discounts_set": _bag(node, "totalDiscountsSet"),
        "total_tip_received_set": _bag(node, "totalTipReceivedSet"),
        "shipping_lines": [_priced(row, "originalPriceSet") for row in nodes_of(node, "shippingLines")],
        "customer": {
            "id": customer.text("legacyResourceId"),
            "email": customer.part("defaultEmailAddress").text("emailAddress", 254),
        },
        "browser_ip": node.text("clientIp", 60),
        "billing_address": _address(billing),
        "shipping_address": _address(shipping),
        "line_items": [_line(row) for row in lines],
        "refunds": refunds,
    }


def refund_of(node: Fields) -> Plain:
    """Return a refund as a webhook tells it; Unreadable for more lines than one answer holds."""
    if node.part("refundLineItems").part("pageInfo").values.get("hasNextPage") is True:
        raise Unreadable(
            _("Refund %(refund)s has more than 100 lines.") % {"refund": node.text("legacyResourceId")}
        )
    return {
        "id": node.text("legacyResourceId"),
        "created_at": node.text("createdAt"),
        "processed_at": node.text("processedAt"),
        "note": node.text("note"),
        "refund_line_items": [_refund_line(row) for row in nodes_of(node, "refundLineItems")],
        "refund_shipping_lines": [
            {
                "subtotal_amount_set": _bag(row, "subtotalAmountSet"),
                "tax_amount_set": _bag(row, "taxAmountSet"),
            }
            for row in nodes_of(node, "refundShippingLines")
        ],
        "order_adjustments": [
            {"amount_set": _bag(row, "amountSet"), "tax_amount_set": _bag(row, "taxAmountSet")}
            for row in nodes_of(node, "orderAdjustments")
        ],
        "duties": [{"amount_set": _bag(row, "amountSet")} for row in node.rows("duties")],
        "transactions": [_transaction(row) for row in nodes_of(node, "transactions")],
    }


def _bag(row: Fields, name: str) -> Plain:
    both = row.part(name)
    return {
        there: {"amount": money.text("amount"), "currency_code": money.text("currencyCode")}
        for here, there in (("shopMoney", "shop_money"), ("presentmentMoney", "presentment_money"))
        if (money := both.part(here)).values
    }


def _priced(row: Fields, price: str) -> Plain:
    return {
        "price_set": _bag(row, price),
        "discount_allocations": [
            {"amount_set": _bag(share, "allocatedAmountSet")} for share in row.rows("discountAllocations")
        ],
        "tax_lines": [{"price_set": _bag(tax, "priceSet")} for tax in row.rows("taxLines")],
    }


def _line(row: Fields) -> Plain:
    return {
        "id": number_of(row.text("id")),
        "name": row.text("name"),
        "sku": row.text("sku"),
        "vendor": row.text("vendor"),
        "quantity": row.number("quantity"),
        "current_quantity": row.number("currentQuantity"),
        "gift_card": row.values.get("isGiftCard"),
        "product_id": number_of(row.part("product").text("id")),
        **_priced(row, "originalUnitPriceSet"),
    }


def _refund_line(row: Fields) -> Plain:
    return {
        "line_item_id": number_of(row.part("lineItem").text("id")),
        "quantity": row.number("quantity"),
        "subtotal_set": _bag(row, "subtotalSet"),
        "total_tax_set": _bag(row, "totalTaxSet"),
    }


def _transaction(row: Fields) -> Plain:
    paid = row.part("amountSet").part("presentmentMoney")
    return {
        "kind": row.text("kind").lower(),
        "status": row.text("status").lower(),
        "amount": paid.text("amount"),
        "currency": paid.text("currencyCode"),
    }


def _address(row: Fields) -> Plain:
    return {
        "country_code": row.text("countryCodeV2"),
        "phone": row.text("phone"),
        "address1": row.text("address1"),
        "zip": row.text("zip"),
    }
