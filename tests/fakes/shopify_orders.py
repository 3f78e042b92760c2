"""The same shop with tags on its orders, which only an app with write_orders may change."""

import json
from typing import Any

from tests.fakes.shopify_customers import CustomerShop
from tests.integrations.fake_shopify import FakeShop, Row

TAGGING = ("AddTags", "RemoveTags")


class OrderShop(CustomerShop):
    """Tags of orders by the order's number; `hidden` are orders that the app may not see."""

    def __init__(self) -> None:
        super().__init__()
        self.scopes.append("write_orders")
        self.tagged: dict[str, list[str]] = {}
        self.hidden: set[str] = set()

    def respond(self, path: str, token: str, sent: bytes) -> Any:
        """Other scopes hold for tags of orders than for those of customers."""
        told = json.loads(sent) if sent[:1] == b"{" else {}
        if "/Order/" not in str(told.get("variables", {}).get("id", "")):
            return super().respond(path, token, sent)
        if "write_orders" in self.scopes:
            return FakeShop.respond(self, path, token, sent)
        wrong = {
            "message": "Access denied. Required access: write_orders",
            "extensions": {"code": "ACCESS_DENIED"},
        }
        self.asked.append("denied")
        return 200, {"errors": [wrong], "data": None}, {}

    def rows(self, name: str, told: Row) -> Row:
        if name == "OrderTags":
            scopes = [{"handle": scope} for scope in self.scopes]
            nodes = [self.order_node(gid) for gid in told["ids"]]
            return {"currentAppInstallation": {"accessScopes": scopes}, "nodes": nodes}
        return super().rows(name, told)

    def order_node(self, gid: str) -> Row | None:
        """An order with its tags; None for one that is not there, or that the app may not see."""
        number = gid.rpartition("/")[2]
        if number not in self.tagged or number in self.hidden:
            return None
        return {"__typename": "Order", "id": gid, "tags": self.tagged[number]}

    def add_tags(self, told: Row) -> Row:
        if "/Order/" not in told["id"]:
            return super().add_tags(told)
        tags = self.tagged[told["id"].rpartition("/")[2]]
        if any(len(tag) > 40 for tag in told["tags"]):
            return {"node": None, "userErrors": [{"field": None, "message": "Tag is too long"}]}
        tags += [tag for tag in told["tags"] if tag.lower() not in {one.lower() for one in tags}]
        return {"node": {"id": told["id"]}}

    def remove_tags(self, told: Row) -> Row:
        if "/Order/" not in told["id"]:
            return super().remove_tags(told)
        number = told["id"].rpartition("/")[2]
        self.tagged[number] = [tag for tag in self.tagged[number] if tag not in told["tags"]]
        return {"node": {"id": told["id"]}}
