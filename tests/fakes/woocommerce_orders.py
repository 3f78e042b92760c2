"""The same store with orders that carry meta data and notes, as wc/v3 keeps them."""

from typing import Any

from tests.fakes.woocommerce import Row, wrong
from tests.fakes.woocommerce_customers import CustomerStore


class OrderStore(CustomerStore):
    """Orders by number; `notes` are those of each, the oldest first. Read-only keys write nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.sold: dict[str, Row] = {}
        self.notes: dict[str, list[Row]] = {}
        self.is_read_only = False

    def sell(self, number: str, **metas: str) -> Row:
        """An order with meta data, and a note of the store's own."""
        rows = [{"id": place, "key": key, "value": value} for place, (key, value) in enumerate(metas.items())]
        self.sold[number] = {"id": int(number), "status": "processing", "meta_data": rows}
        self.notes[number] = [{"id": 1, "note": "Payment complete.", "customer_note": False}]
        return self.sold[number]

    def said_of(self, number: str) -> dict[str, Any]:
        """Key -> value of an order's meta data."""
        return {row["key"]: row["value"] for row in self.sold[number]["meta_data"]}

    def noted(self, number: str) -> list[str]:
        """The texts of an order's notes."""
        return [row["note"] for row in self.notes[number]]

    def look_up(self, method: str, path: str, sent: Row | None) -> tuple[int, Any]:
        if method == "POST" and path.startswith("orders") and self.is_read_only:
            return 401, wrong("woocommerce_rest_authentication_error", 401)
        match method, path.split("/"):
            case "GET", ["orders"] if "include" in self.query:
                assert self.query["status"] == "any"
                numbers = self.query["include"].split(",")[: int(self.query["per_page"])]
                return 200, [self.sold[number] for number in numbers if number in self.sold]
            case "POST", ["orders", "batch"]:
                return 200, {"update": [self.change(one) for one in (sent or {})["update"]]}
            case method, ["orders", number, "notes"]:
                return self.note(method, number, sent or {})
        return super().look_up(method, path, sent)

    def change(self, one: Row) -> Row:
        """Set an order's meta data by its key; nothing else of it is sent."""
        number = str(one["id"])
        assert set(one) == {"id", "meta_data"}
        if number in self.refuses or number not in self.sold:
            code = self.refuses.get(number, "woocommerce_rest_shop_order_invalid_id")
            return {"id": one["id"], "error": {"code": code, "message": "…", "data": {"status": 400}}}
        rows = self.sold[number]["meta_data"]
        for meta in one["meta_data"]:
            row = next((row for row in rows if row["key"] == meta["key"]), None)
            if row is None:
                rows.append({"id": len(rows), **meta})
            else:
                row["value"] = meta["value"]
        return self.sold[number]

    def note(self, method: str, number: str, sent: Row) -> tuple[int, Any]:
        """List an order's notes, the newest first, or make a private one."""
        if number not in self.sold:
            return 404, wrong("woocommerce_rest_order_invalid_id", 404)
        if method == "GET":
            return 200, self.notes[number][::-1]
        assert sent["customer_note"] is False
        self.notes[number].append({"id": len(self.notes[number]) + 1, **sent})
        return 201, self.notes[number][-1]
