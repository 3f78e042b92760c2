"""The same store with customers and their attributes: a customer is written whole, and what is left out is reset."""

import json
from typing import Any
from urllib.parse import parse_qsl

from tests.fakes.loopback import Said
from tests.fakes.magento import FakeMagento, Row

DEFAULTS = {"firstname": "Ana", "lastname": "Sommer", "group_id": 1, "store_id": 1, "website_id": 1}


class CustomerMagento(FakeMagento):
    """Customers by number, attributes by code."""

    METHODS = ("GET", "POST", "PUT")

    def __init__(self) -> None:
        super().__init__()
        self.customers: dict[int, Row] = {}
        self.attributes: dict[str, Row] = {}
        self.define("email", user_defined=False, system=True)
        self.written: list[Row] = []
        self.rules: dict[int, Row] = {}
        self.coupons: list[Row] = []
        self.posted: list[str] = []

    def add(self, number: int, **attributes: str) -> Row:
        """A customer with an address, a subscription and attributes."""
        rows = [{"attribute_code": code, "value": value} for code, value in attributes.items()]
        self.customers[number] = {
            "id": number,
            "email": f"{number}@buyer.example",
            **DEFAULTS,
            "addresses": [{"id": 5, "city": "Berlin"}],
            "extension_attributes": {"is_subscribed": True},
            "custom_attributes": rows,
        }
        return self.customers[number]

    def define(self, code: str, form: str = "text", *options: tuple[str, str], **fields: Any) -> None:
        """A customer attribute."""
        self.attributes[code] = {
            "attribute_code": code,
            "frontend_input": form,
            "frontend_label": code.replace("_", " "),
            "options": [{"label": " ", "value": ""}, *({"label": one, "value": two} for one, two in options)],
            "user_defined": True,
            "system": False,
            **fields,
        }

    def said_of(self, number: int) -> dict[str, str]:
        """Code -> value of a customer's attributes."""
        rows = self.customers[number]["custom_attributes"]
        return {row["attribute_code"]: row["value"] for row in rows}

    def look_up(self, path: str, query: str) -> Said:
        match self.method, path.split("/"):
            case "GET", ["attributeMetadata", "customer"]:
                return 200, list(self.attributes.values()), {}
            case "GET", ["customers", "search"]:
                rows = [{**row, "entity_id": row["id"]} for row in self.customers.values()]
                return 200, self.search(rows, dict(parse_qsl(query))), {}
            case "GET", ["customers", number]:
                row = self.customers.get(int(number))
                return (200, row, {}) if row else self.absent()
            case "PUT", ["customers", number] if number.isdigit():
                return self.put(int(number), json.loads(self.sent)["customer"])
        return self.sold(path, query) or super().look_up(path, query)

    def sold(self, path: str, query: str) -> Said | None:
        """What there is of rules, coupons, websites and groups."""
        rows: dict[str, list[Row]] = {
            "salesRules/search": list(self.rules.values()),
            "coupons/search": self.coupons,
            "customerGroups/search": [{"id": number, "code": f"g{number}"} for number in (0, 1, 3)],
        }
        match self.method, path.split("/"):
            case "GET", ["store", "websites"]:
                return (
                    200,
                    [{"id": 0, "code": "admin"}, {"id": 1, "code": "base"}, {"id": 2, "code": "uk"}],
                    {},
                )
            case "GET", _ if path in rows:
                return 200, self.search(rows[path], dict(parse_qsl(query))), {}
            case "GET" | "PUT", ["salesRules", number]:
                return self.rule(int(number))
            case "POST", ["salesRules" | "coupons" as what]:
                self.posted.append(what)
                return self.make_rule() if what == "salesRules" else self.make_coupon()
        return None

    def rule(self, number: int) -> Said:
        """Read or write a rule."""
        if number not in self.rules:
            return self.absent()
        if self.method == "PUT":
            self.rules[number] = json.loads(self.sent)["rule"]
        return 200, self.rules[number], {}

    def make_rule(self) -> Said:
        """Make a rule."""
        return 200, self.give(**json.loads(self.sent)["rule"]), {}

    def give(self, code: str = "", **fields: Any) -> Row:
        """A rule, with a coupon if it has a code."""
        number = 30 + len(self.rules)
        self.rules[number] = {"rule_id": number, **fields}
        if code:
            self.coupons.append({"coupon_id": len(self.coupons), "rule_id": number, "code": code})
        return self.rules[number]

    def make_coupon(self) -> Said:
        """Make a coupon of a rule; a code is taken once."""
        coupon = json.loads(self.sent)["coupon"]
        if any(row["code"].lower() == coupon["code"].lower() for row in self.coupons):
            return 400, {"message": "Coupon with the same code already exists."}, {}
        assert coupon["rule_id"] in self.rules
        self.coupons.append({"coupon_id": len(self.coupons), **coupon})
        return 200, self.coupons[-1], {}

    def absent(self) -> Said:
        """The store's way of saying that there is no such customer."""
        said = {"message": "No such entity with %fieldName = %fieldValue", "parameters": {}}
        return 404, said, {}

    def put(self, number: int, customer: Row) -> Said:
        """Take a whole customer; attributes that are not there are dropped without a word."""
        if number not in self.customers:
            return self.absent()
        if customer.get("lastname") == "":
            return 400, {"message": '"Last Name" is a required value.'}, {}
        self.written.append(customer)
        kept = [
            {**row, "value": f"{row['value']} 00:00:00" if self.is_day(row) else row["value"]}
            for row in customer.get("custom_attributes", [])
            if row["attribute_code"] in self.attributes and row["value"] != ""
        ]
        reset = {"addresses": [], "extension_attributes": {"is_subscribed": False}, "group_id": 0}
        self.customers[number] = {**reset, **customer, "custom_attributes": kept}
        return 200, self.customers[number], {}

    def is_day(self, row: Row) -> bool:
        """Whether an attribute is a day."""
        return (
            bool(self.attributes[row["attribute_code"]]["frontend_input"] == "date")
            and len(row["value"]) == 10
        )
