"""The same store with customers and coupons, as wc/v3 keeps them."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.woocommerce import FakeStore, Row, found, wrong


class CustomerStore(FakeStore):
    """Customers and coupons by number; of a customer nothing but meta data may be changed here."""

    def __init__(self) -> None:
        super().__init__()
        self.customers: dict[str, Row] = {}
        self.coupons: dict[str, Row] = {}
        self.refuses: dict[str, str] = {}
        self.sent: list[tuple[str, Any]] = []
        self.before_post: list[Any] = []
        self.query: dict[str, str] = {}

    def add(self, number: str, role: str = "customer", **metas: str) -> Row:
        """A customer with meta data."""
        rows = [{"id": place, "key": key, "value": value} for place, (key, value) in enumerate(metas.items())]
        row = {"id": int(number), "email": f"{number}@buyer.example", "role": role, "meta_data": rows}
        self.customers[number] = row
        return row

    def metas(self, number: str) -> dict[str, Any]:
        """Key -> value of a customer's meta data."""
        return {row["key"]: row["value"] for row in self.customers[number]["meta_data"]}

    def respond(
        self, method: str, path: str, login: str, sent: Row | None
    ) -> tuple[int, Any, dict[str, str]]:
        self.query = dict(parse_qsl(urlsplit(path).query))
        if method != "GET":
            self.sent.append((f"{method} {urlsplit(path).path.removeprefix('/wp-json/wc/v3/')}", sent))
        return super().respond(method, path, login, sent)

    def look_up(self, method: str, path: str, sent: Row | None) -> tuple[int, Any]:
        match method, path.split("/"):
            case "GET", ["customers"]:
                return 200, self.some_customers()
            case "POST", ["customers", "batch"]:
                return 200, {"update": [self.update(one) for one in (sent or {})["update"]]}
            case "GET", ["coupons"]:
                code = self.query["code"].lower()
                return 200, [row for row in self.coupons.values() if row["code"] == code]
            case "POST", ["coupons"]:
                return self.make_coupon(sent or {})
            case "PUT", ["coupons", number]:
                row = self.coupons.get(number)
                if row is not None:
                    row.update(sent or {})
                return found(row, "woocommerce_rest_shop_coupon_invalid_id")
        return super().look_up(method, path, sent)

    def some_customers(self) -> list[Row]:
        """Those that are asked for; without a role only those that are customers and nothing else."""
        numbers, role = self.query["include"].split(","), self.query.get("role", "customer")
        rows = [self.customers[number] for number in numbers if number in self.customers]
        return [row for row in rows if role in ("all", row["role"])][: int(self.query.get("per_page", "10"))]

    def update(self, one: Row) -> Row:
        """Set meta data by its key."""
        number = str(one["id"])
        assert set(one) == {"id", "meta_data"}
        if number in self.refuses or number not in self.customers:
            code = self.refuses.get(number, "woocommerce_rest_invalid_id")
            return {"id": one["id"], "error": {"code": code, "message": "…", "data": {"status": 400}}}
        rows = self.customers[number]["meta_data"]
        for meta in one["meta_data"]:
            row = next((row for row in rows if row["key"] == meta["key"]), None)
            if row is None:
                rows.append({"id": len(rows), **meta})
            else:
                row["value"] = meta["value"]
        return self.customers[number]

    def make_coupon(self, sent: Row) -> tuple[int, Any]:
        """Make a coupon; a code is taken once, in small letters."""
        if self.before_post:
            self.before_post.pop(0)()
        code = sent["code"].lower()
        if any(row["code"] == code for row in self.coupons.values()):
            return 400, wrong("woocommerce_rest_coupon_code_already_exists", 400)
        return 201, self.give(**{**sent, "code": code})

    def give(self, **fields: Any) -> Row:
        """A coupon as the store has it."""
        number = str(700 + len(self.coupons))
        self.coupons[number] = {"id": int(number), "date_expires": None, "meta_data": [], **fields}
        return self.coupons[number]

    def is_good(self, code: str, at: datetime) -> bool:
        """Whether a buyer may use a code."""
        row = next(row for row in self.coupons.values() if row["code"] == code)
        ends = row["date_expires"]
        return ends is None or f"{at:%Y-%m-%dT%H:%M:%S}" < ends
