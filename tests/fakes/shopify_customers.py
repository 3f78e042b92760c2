"""The same shop with customers, their metafields and tags, and discount codes; it refuses what Shopify refuses."""

import json
from collections import Counter
from typing import Any

from tests.integrations.fake_shopify import FakeShop, Row

WRITING = {
    "SetMetafields": "write_customers",
    "ClearMetafields": "write_customers",
    "AddTags": "write_customers",
    "RemoveTags": "write_customers",
    "Define": "write_customers",
    "MakeCode": "write_discounts",
    "EndCode": "write_discounts",
    "Code": "write_discounts",
}
ANSWERS = {
    "Define": "metafieldDefinitionCreate",
    "SetMetafields": "metafieldsSet",
    "ClearMetafields": "metafieldsDelete",
    "AddTags": "tagsAdd",
    "RemoveTags": "tagsRemove",
    "MakeCode": "discountCodeBasicCreate",
    "EndCode": "discountCodeDeactivate",
}
MOST_PINNED = 50


class CustomerShop(FakeShop):
    """Customers by number; codes by their letters in capitals; `pinned` counts what is pinned already."""

    def __init__(self) -> None:
        super().__init__()
        self.scopes += ["write_customers", "write_discounts"]
        self.customers: dict[str, Row] = {}
        self.definitions: dict[str, Row] = {}
        self.codes: dict[str, Row] = {}
        self.pinned = 0
        self.filterable = True
        self.calls: Counter[str] = Counter()
        self.sent: list[tuple[str, Row]] = []
        self.before: dict[str, Any] = {}

    def add(self, number: str, *tags: str, **metafields: str) -> Row:
        """A customer, with tags and texts in our metafields."""
        row = {"tags": list(tags), "metafields": {}}
        for key, value in metafields.items():
            row["metafields"][key] = {"type": "single_line_text_field", "value": value}
        self.customers[number] = row
        return row

    def said_of(self, number: str) -> dict[str, str]:
        """Key -> value of a customer's metafields."""
        return {key: one["value"] for key, one in self.customers[number]["metafields"].items()}

    def answer(self, name: str, document: str, told: Row) -> tuple[Row, list[str]]:
        self.calls[name] += 1
        self.sent.append((name, told))
        if name in self.before:
            self.before.pop(name)()
        return super().answer(name, document, told)

    def respond(self, path: str, token: str, sent: bytes) -> Any:
        """An app that lacks a scope is told so."""
        status, body, headers = super().respond(path, token, sent)
        name = self.asked[-1] if self.asked else ""
        if status == 200 and WRITING.get(name, self.scopes[0]) not in self.scopes:
            wrong = {
                "message": f"Access denied. Required access: {WRITING[name]}",
                "extensions": {"code": "ACCESS_DENIED"},
            }
            return 200, {"errors": [wrong], "data": None}, headers
        return status, body, headers

    def rows(self, name: str, told: Row) -> Row:
        own = {
            "Customers": self.some_customers,
            "Definitions": self.some_definitions,
            "Code": self.one_code,
            "Define": self.define,
            "SetMetafields": self.set_metafields,
            "ClearMetafields": self.clear_metafields,
            "AddTags": self.add_tags,
            "RemoveTags": self.remove_tags,
            "MakeCode": self.make_code,
            "EndCode": self.end_code,
        }
        if name not in own:
            return super().rows(name, told)
        found = own[name](told)
        return {ANSWERS[name]: {"userErrors": [], **found}} if name in ANSWERS else found

    def some_customers(self, told: Row) -> Row:
        """Nodes by their ids; None for those that are not there."""
        assert len(told["ids"]) <= 10
        return {"nodes": [self.node(gid) for gid in told["ids"]]}

    def node(self, gid: str) -> Row | None:
        """A customer as the API tells it."""
        row = self.customers.get(gid.rpartition("/")[2])
        if row is None:
            return None
        metafields = [{"key": key, **one} for key, one in row["metafields"].items()]
        return {
            "__typename": "Customer",
            "id": gid,
            "tags": row["tags"],
            "metafields": {"nodes": metafields},
        }

    def some_definitions(self, told: Row) -> Row:
        """Definitions, four to a page."""
        rows, begin = list(self.definitions.values()), int(told["after"] or 0)
        info = {"hasNextPage": begin + 4 < len(rows), "endCursor": str(begin + 4)}
        return {"metafieldDefinitions": {"pageInfo": info, "nodes": rows[begin : begin + 4]}}

    def define(self, told: Row) -> Row:
        """Define a metafield; pins and filters run out."""
        wanted = told["definition"]
        assert wanted["ownerType"] == "CUSTOMER"
        assert wanted["namespace"] == "affiliate"
        wrongs = []
        if wanted["key"] in self.definitions:
            wrongs.append("TAKEN")
        if wanted.get("pin") and self.pinned >= MOST_PINNED:
            wrongs.append("PINNED_LIMIT_REACHED")
        if wanted.get("capabilities") and not self.filterable:
            wrongs.append("INVALID_CAPABILITY")
        if wrongs:
            return {"createdDefinition": None, "userErrors": [objection(wrong) for wrong in wrongs]}
        self.pinned += bool(wanted.get("pin"))
        made = {"key": wanted["key"], "name": wanted["name"], "type": {"name": wanted["type"]}}
        self.definitions[wanted["key"]] = {**made, "asked": wanted}
        return {"createdDefinition": {"id": f"gid://shopify/MetafieldDefinition/{len(self.definitions)}"}}

    def set_metafields(self, told: Row) -> Row:
        """Set all of them or none."""
        wanted = told["metafields"]
        assert len(wanted) <= 25
        wrongs = [
            {**objection("INVALID_VALUE"), "elementIndex": place}
            for place, one in enumerate(wanted)
            if not self.takes(one)
        ]
        if not wrongs:
            for one in wanted:
                row = self.customers[one["ownerId"].rpartition("/")[2]]
                value = str(float(one["value"])) if one["type"] == "number_decimal" else one["value"]
                row["metafields"][one["key"]] = {"type": one["type"], "value": value}
        return {"metafields": [] if wrongs else [{"id": "x"} for _one in wanted], "userErrors": wrongs}

    def takes(self, one: Row) -> bool:
        """Whether a value fits its definition; an empty one fits none."""
        defined = self.definitions.get(one["key"])
        what = defined["type"]["name"] if defined else one["type"]
        if what != one["type"] or not one["value"] or one["value"] == "unwanted":
            return False
        if what == "number_integer":
            return one["value"].lstrip("-").isdigit()
        return not what.startswith("list.") or isinstance(json.loads(one["value"]), list)

    def clear_metafields(self, told: Row) -> Row:
        """Delete metafields."""
        for one in told["metafields"]:
            self.customers[one["ownerId"].rpartition("/")[2]]["metafields"].pop(one["key"], None)
        return {"deletedMetafields": [{"key": one["key"]} for one in told["metafields"]]}

    def add_tags(self, told: Row) -> Row:
        """Add tags that are not there, whatever their capitals."""
        tags = self.customers[told["id"].rpartition("/")[2]]["tags"]
        tags += [tag for tag in told["tags"] if tag.lower() not in {one.lower() for one in tags}]
        return {"node": {"id": told["id"]}}

    def remove_tags(self, told: Row) -> Row:
        """Remove tags."""
        row = self.customers[told["id"].rpartition("/")[2]]
        row["tags"] = [tag for tag in row["tags"] if tag not in told["tags"]]
        return {"node": {"id": told["id"]}}

    def one_code(self, told: Row) -> Row:
        """A discount by its code, capitals or not."""
        return {"codeDiscountNodeByCode": self.codes.get(told["code"].upper())}

    def make_code(self, told: Row) -> Row:
        """Make a discount; a code is given once."""
        wanted = told["discount"]
        code = wanted["code"].upper()
        if code in self.codes:
            return {"codeDiscountNode": None, "userErrors": [objection("TAKEN")]}
        if wanted["customerGets"]["value"].get("percentage", 0) > 1:
            return {"codeDiscountNode": None, "userErrors": [objection("VALUE_OUTSIDE_RANGE")]}
        self.give(code, wanted["title"], wanted)
        return {"codeDiscountNode": self.codes[code]}

    def give(self, code: str, title: str, asked: Row | None = None) -> Row:
        """A discount as the shop has it."""
        inner = {"title": title, "status": "ACTIVE", "codesCount": {"count": 1}, "asked": asked}
        gid = f"gid://shopify/DiscountCodeNode/{len(self.codes) + 1}"
        self.codes[code] = {"id": gid, "codeDiscount": {"__typename": "DiscountCodeBasic", **inner}}
        return self.codes[code]

    def end_code(self, told: Row) -> Row:
        """Switch a discount off."""
        node = next(row for row in self.codes.values() if row["id"] == told["id"])
        node["codeDiscount"]["status"] = "EXPIRED"
        return {"codeDiscountNode": node}


def objection(code: str) -> Row:
    """Return an objection as Shopify makes it."""
    return {"field": None, "message": f"That is {code.lower()}", "code": code, "elementIndex": None}
