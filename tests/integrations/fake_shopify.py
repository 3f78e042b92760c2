"""A shop at Shopify on loopback: its token door and as much of the GraphQL Admin API as is asked.

It keeps its orders as webhooks tell them and answers in GraphQL's shape, exactly the fields that a document names. What
it is asked, and what it answers, must fit Shopify's schema: a breach of it is answered as Shopify would, and fails the
test when the shop closes.
"""

import json
import re
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.loopback import Loopback, Said
from tests.fakes.shopify_bulk import BulkDoor
from tests.integrations.shopify_schema import answered, breaches

PAYLOADS = Path(__file__).parent.parent / "payloads" / "shopify"
CLIENT_ID, CLIENT_SECRET = "client-lab", "shpss_lab_client_secret"
ENTERED = "shpat_lab"
SCOPES = ["read_orders", "read_all_orders", "read_customers", "read_products"]
API = "/admin/api/2026-10/graphql.json"

Row = dict[str, Any]


def recorded(name: str) -> Row:
    """Return a payload, read."""
    row: Row = json.loads((PAYLOADS / f"{name}.json").read_bytes())
    return row


ORDER = recorded("orders_paid.attribution.reconstructed")
REFUND = recorded("refunds_create.partial.reconstructed")


class FakeShop(Loopback):
    """Answers for its orders and subscriptions; can be told to fail, and notes what it was asked."""

    def __init__(self) -> None:
        self.orders: dict[str, Row] = {str(ORDER["id"]): json.loads(json.dumps(ORDER))}
        self.hooks: list[Row] = []
        self.scopes = list(SCOPES)
        self.tokens: list[str] = []
        self.refused: set[str] = set()
        self.failures: list[Said] = []
        self.asked: list[str] = []
        self.lock = Lock()
        self.lines_in_a_page: int | None = None
        self.breaches: list[str] = []
        self.bulk = BulkDoor(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self.check()

    def check(self) -> None:
        """Fail the test if something was asked or answered that Shopify's schema does not know."""
        assert self.breaches == []

    def heard(self, request: BaseHTTPRequestHandler, sent: bytes) -> Said:
        with self.lock:
            if request.command == "GET":
                return self.bulk.file(request.path, request.headers.get("Range", ""))
            return self.respond(request.path, request.headers.get("X-Shopify-Access-Token", ""), sent)

    def fail(self, status: int, body: Any = None, **headers: str) -> None:
        """Answer the next request so."""
        self.failures.append((status, body, headers))

    def respond(self, path: str, token: str, sent: bytes) -> Said:
        """Return status, body and headers for one request."""
        if path == "/admin/oauth/access_token":
            self.asked.append("token")
            return self.failures.pop(0) if self.failures else self.grant(parse_qs(sent.decode()))
        if path != API:
            return 404, {"errors": "Not Found"}, {}
        asked = json.loads(sent)
        name = re.match(r"(?:query|mutation) (\w+)", asked["query"])
        assert name is not None
        self.asked.append(name[1])
        if wrongs := breaches(asked["query"], asked["variables"]):
            return self.refuse(name[1], wrongs)
        if self.failures:
            return self.failures.pop(0)
        if token in self.refused or token not in (ENTERED, *self.tokens):
            return 401, {"errors": "[API] Invalid API key or access token"}, {}
        data, wrongs = self.answer(name[1], asked["query"], asked["variables"])
        return self.refuse(name[1], wrongs) if wrongs else (200, {"data": data}, {})

    def refuse(self, name: str, wrongs: list[str]) -> Said:
        """Answer as Shopify does to what its schema does not know, and remember it."""
        self.breaches += [f"{name}: {wrong}" for wrong in wrongs]
        return 200, {"errors": [{"message": wrong} for wrong in wrongs]}, {}

    def grant(self, form: dict[str, list[str]]) -> Said:
        """Give a new token for the app's keys."""
        if (form["client_id"], form["client_secret"]) != ([CLIENT_ID], [CLIENT_SECRET]):
            return 400, {"error": "invalid_client"}, {}
        assert form["grant_type"] == ["client_credentials"]
        self.tokens.append(f"day-{len(self.tokens) + 1}")
        return 200, {"access_token": self.tokens[-1], "scope": "read_orders", "expires_in": 86399}, {}

    def answer(self, name: str, document: str, told: Row) -> tuple[Row, list[str]]:
        """Return the data of an answer, what the document names of what there is; and what of it fits no schema."""
        return answered(document, told, self.rows(name, told))

    def rows(self, name: str, told: Row) -> Row:
        """Return what there is for one document."""
        found: Row = {
            "Order": self.one_order,
            "Lines": self.one_order,
            "Orders": self.some_orders,
            "OrdersCount": lambda told: {
                "ordersCount": {"count": len(self.found(told["query"])), "precision": "EXACT"}
            },
            "Refund": self.one_refund,
            "Installation": self.installation,
            "Hooks": self.some_hooks,
            "MakeHook": self.make_hook,
            "MendHook": self.mend_hook,
            **self.bulk.documents,
        }[name](told)
        return found

    def one_order(self, told: Row) -> Row:
        """One order, with some of its lines."""
        order = self.orders.get(told["id"].rpartition("/")[2])
        return {"order": self.cut(node_of(order), told["lines"], told.get("after")) if order else None}

    def cut(self, node: Row, most: int, after: str | None) -> Row:
        """A node with a page of its lines."""
        begin, most = int(after or 0), min(most, self.lines_in_a_page or most)
        nodes = node["lineItems"]["nodes"]
        info = {"hasNextPage": begin + most < len(nodes), "endCursor": str(begin + most)}
        return {**node, "lineItems": {"pageInfo": info, "nodes": nodes[begin : begin + most]}}

    def some_orders(self, told: Row) -> Row:
        """A page of orders, oldest change first."""
        rows, begin = self.found(told["query"]), int(told["after"] or 0)
        page = [self.cut(node_of(row), told["lines"], None) for row in rows[begin : begin + told["first"]]]
        end = begin + told["first"]
        return {
            "orders": {"pageInfo": {"hasNextPage": end < len(rows), "endCursor": str(end)}, "nodes": page}
        }

    def found(self, query: str) -> list[Row]:
        """The orders whose last change lies in the period that is searched."""
        asked = re.fullmatch(r"updated_at:>='(\S+)' AND updated_at:<'(\S+)'", query)
        assert asked is not None, query
        rows = sorted(self.orders.values(), key=lambda row: utc(row["updated_at"]))
        return [row for row in rows if asked[1] <= utc(row["updated_at"]) < asked[2]]

    def one_refund(self, told: Row) -> Row:
        """One refund, with the order's head."""
        number = told["id"].rpartition("/")[2]
        for order in self.orders.values():
            for refund in order["refunds"]:
                if str(refund["id"]) == number:
                    return {"refund": {**refund_node_of(refund), "order": node_of(order)}}
        return {"refund": None}

    def installation(self, told: Row) -> Row:
        """What the app may do, and in which shop."""
        return {
            "currentAppInstallation": {"accessScopes": [{"handle": scope} for scope in self.scopes]},
            "shop": {"name": "Lab", "myshopifyDomain": self.host, "currencyCode": "BRL"},
        }

    def some_hooks(self, told: Row) -> Row:
        """The subscriptions, three to a page."""
        begin = int(told["after"] or 0)
        info = {"hasNextPage": begin + 3 < len(self.hooks), "endCursor": str(begin + 3)}
        return {"webhookSubscriptions": {"pageInfo": info, "nodes": self.hooks[begin : begin + 3]}}

    def make_hook(self, told: Row) -> Row:
        """Make a subscription; the same twice is refused."""
        same = [
            hook
            for hook in self.hooks
            if (hook["topic"], hook["uri"]) == (told["topic"], told["hook"]["uri"])
        ]
        wrong = [{"field": ["uri"], "message": "Address for this topic has already been taken"}]
        if not same:
            gid = f"gid://shopify/WebhookSubscription/{len(self.hooks) + 1}"
            made = {"id": gid, "topic": told["topic"], "filter": None, "includeFields": [], **told["hook"]}
            self.hooks.append(made)
        return {
            "webhookSubscriptionCreate": {
                "webhookSubscription": None if same else made,
                "userErrors": wrong if same else [],
            }
        }

    def mend_hook(self, told: Row) -> Row:
        """Change a subscription."""
        hook = next(hook for hook in self.hooks if hook["id"] == told["id"])
        hook.update(told["hook"])
        return {"webhookSubscriptionUpdate": {"webhookSubscription": hook, "userErrors": []}}


def throttled(wanted: float, there: float, rate: float) -> Row:
    """Return Shopify's answer to who asks too much."""
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": there, "restoreRate": rate}
    return {
        "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {
            "cost": {"requestedQueryCost": wanted, "actualQueryCost": None, "throttleStatus": status}
        },
    }


# --- the shape of the API ----------------------------------------------------------------------------------
def node_of(order: Row) -> Row:
    """Return an order as the API tells it."""
    customer = order.get("customer")
    return {
        "id": f"gid://shopify/Order/{order['id']}",
        "legacyResourceId": str(order["id"]),
        "name": order["name"],
        "test": order["test"],
        "createdAt": utc(order["created_at"]),
        "processedAt": utc(order["processed_at"]),
        "updatedAt": utc(order["updated_at"]),
        "cancelledAt": order["cancelled_at"] and utc(order["cancelled_at"]),
        "displayFinancialStatus": (order["financial_status"] or "").upper() or None,
        "currencyCode": order["currency"],
        "presentmentCurrencyCode": order["presentment_currency"],
        "taxesIncluded": order["taxes_included"],
        "email": order["email"],
        "phone": order["phone"],
        "landingPageUrl": order["landing_site"] and f"https://loja.example{order['landing_site']}",
        "discountCodes": [row["code"] for row in order["discount_codes"]],
        "customAttributes": [{"key": row["name"], "value": row["value"]} for row in order["note_attributes"]],
        **{name: bag_of(order[f"{was}_set"]) for name, was in TOTALS.items()},
        "totalTipReceivedSet": bag_of(money(order["total_tip_received"], order["currency"])),
        "shippingLines": {"nodes": [priced(row, "originalPriceSet") for row in order["shipping_lines"]]},
        "customer": customer
        and {
            "legacyResourceId": str(customer["id"]),
            "defaultEmailAddress": {"emailAddress": customer["email"]},
        },
        "clientIp": order.get("browser_ip"),
        "risk": {"assessments": [assessment_of(row) for row in order.get("assessments", ())]},
        "billingAddress": address_of(order.get("billing_address")),
        "shippingAddress": address_of(order.get("shipping_address")),
        "refunds": [{"id": f"gid://shopify/Refund/{row['id']}"} for row in order["refunds"]],
        "lineItems": {"nodes": [line_of(row) for row in order["line_items"]]},
    }


TOTALS = {
    "totalPriceSet": "total_price",
    "totalTaxSet": "total_tax",
    "totalDiscountsSet": "total_discounts",
}


def refund_node_of(refund: Row) -> Row:
    """Return a refund as the API tells it."""
    return {
        "legacyResourceId": str(refund["id"]),
        "createdAt": utc(refund["created_at"]),
        "processedAt": utc(refund["processed_at"]),
        "note": refund["note"],
        "refundLineItems": {
            "pageInfo": {"hasNextPage": False},
            "nodes": [
                {
                    "quantity": row["quantity"],
                    "lineItem": {"id": f"gid://shopify/LineItem/{row['line_item_id']}"},
                    "subtotalSet": bag_of(row["subtotal_set"]),
                    "totalTaxSet": bag_of(row["total_tax_set"]),
                }
                for row in refund["refund_line_items"]
            ],
        },
        "refundShippingLines": {
            "nodes": [
                {
                    "subtotalAmountSet": bag_of(row["subtotal_amount_set"]),
                    "taxAmountSet": bag_of(row["tax_amount_set"]),
                }
                for row in refund["refund_shipping_lines"]
            ]
        },
        "orderAdjustments": {
            "nodes": [
                {"amountSet": bag_of(row["amount_set"]), "taxAmountSet": bag_of(row["tax_amount_set"])}
                for row in refund["order_adjustments"]
            ]
        },
        "duties": [{"amountSet": bag_of(row["amount_set"])} for row in refund["duties"]],
        "transactions": {
            "nodes": [
                {
                    "kind": row["kind"].upper(),
                    "status": row["status"].upper(),
                    "amountSet": bag_of(money(row["amount"], row["currency"])),
                }
                for row in refund["transactions"]
            ]
        },
    }


def line_of(row: Row) -> Row:
    """Return a line as the API tells it."""
    return {
        "id": f"gid://shopify/LineItem/{row['id']}",
        **{name: row[name] for name in ("name", "sku", "vendor", "quantity")},
        "currentQuantity": row["current_quantity"],
        "isGiftCard": row["gift_card"],
        "product": {"id": f"gid://shopify/Product/{row['product_id']}"} if row["product_exists"] else None,
        **priced(row, "originalUnitPriceSet"),
    }


def priced(row: Row, price: str) -> Row:
    """Return price, discounts and taxes of a line."""
    return {
        price: bag_of(row["price_set"]),
        "discountAllocations": [
            {"allocatedAmountSet": bag_of(share["amount_set"])} for share in row["discount_allocations"]
        ],
        "taxLines": [{"priceSet": bag_of(tax["price_set"])} for tax in row["tax_lines"]],
    }


def address_of(row: Row | None) -> Row | None:
    """Return an address as the API tells it."""
    return row and {
        "countryCodeV2": row["country_code"],
        **{name: row.get(name) for name in ("phone", "address1", "zip")},
    }


def assessment_of(row: Row) -> Row:
    """Return what somebody says of a risk as the API tells it; Shopify itself is no provider."""
    provider = {"__typename": "App", "title": row["provider_title"]} if row.get("provider_title") else None
    return {"riskLevel": row["risk_level"].upper(), "provider": provider}


def bag_of(both: Row) -> Row:
    """Return an amount in both currencies; the API drops zeros that webhooks write."""
    return {
        there: {"amount": str(float(both[here]["amount"])), "currencyCode": both[here]["currency_code"]}
        for here, there in (("shop_money", "shopMoney"), ("presentment_money", "presentmentMoney"))
    }


def money(amount: str, currency: str, paid: str = "", paid_in: str = "") -> Row:
    """Return an amount as webhooks tell it, in the shop's currency and in the buyer's."""
    return {
        "shop_money": {"amount": amount, "currency_code": currency},
        "presentment_money": {"amount": paid or amount, "currency_code": paid_in or currency},
    }


def utc(text: str) -> str:
    """Return a time as the API writes it."""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
