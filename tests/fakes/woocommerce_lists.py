"""The same store with as many orders as a test makes, listed by their last change as wc/v3 lists them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.woocommerce import FakeStore, Row

FIRST = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
PATH = "/wp-json/wc/v3/orders"


class ListingStore(FakeStore):
    """Lists its orders; `repeats` makes it a store that knows no pages and no periods."""

    def __init__(self) -> None:
        super().__init__()
        self.orders, self.refunds = {}, {}
        self.repeats = False
        self.hidden: set[str] = set()
        self.while_listing: list[Any] = []
        self.queries: list[dict[str, str]] = []

    def add(self, number: int, net: str = "100.00", *, at: datetime | None = None, **fields: Any) -> Row:
        """A paid order of one line that came by the coupon anna15, made (and last changed) at a time."""
        moment = text(at or FIRST + timedelta(minutes=number))
        row: Row = {
            "id": number,
            "number": str(number),
            "status": "processing",
            "currency": "EUR",
            "total": net,
            "total_tax": "0.00",
            "shipping_total": "0.00",
            "discount_total": "0.00",
            "date_created_gmt": moment,
            "date_modified_gmt": moment,
            "date_paid_gmt": moment,
            "customer_id": number,
            "billing": {"email": f"buyer{number}@example.net", "country": "DE"},
            "line_items": [{"id": number * 10, "name": "Mug", "quantity": 1, "total": net, "sku": "MUG"}],
            "coupon_lines": [{"code": "anna15"}],
            "meta_data": [],
            "refunds": [],
            **fields,
        }
        self.orders[str(number)] = row
        return row

    def change(self, number: int, *, after: timedelta = timedelta(hours=1), **fields: Any) -> Row:
        """Change an order, some time after its last change."""
        row = self.orders[str(number)]
        moment = datetime.fromisoformat(row["date_modified_gmt"]).replace(tzinfo=UTC) + after
        self.orders[str(number)] = {**row, "date_modified_gmt": text(moment), **fields}
        return self.orders[str(number)]

    def refund(self, number: int, amount: str) -> Row:
        """Give some money of an order back, for a line of it."""
        key = str(number + 100_000)
        line = {"id": 1, "quantity": 0, "total": f"-{amount}", "total_tax": "0.00"}
        named = {**line, "meta_data": [{"key": "_refunded_item_id", "value": str(number * 10)}]}
        self.refunds[str(number), key] = {"id": int(key), "amount": amount, "line_items": [named]}
        return self.change(number, refunds=[{"id": int(key), "reason": "", "total": f"-{amount}"}])

    def respond(
        self, method: str, path: str, login: str, sent: Row | None
    ) -> tuple[int, Any, dict[str, str]]:
        """Lists carry the number of all in a header."""
        is_failure = bool(self.failures)
        status, body, headers = super().respond(method, path, login, sent)
        if status == 200 and urlsplit(path).path == PATH and not is_failure:
            query = dict(parse_qsl(urlsplit(path).query))
            self.queries.append(query)
            rows = self.found(query)
            size, page = int(query.get("per_page", 10)), int(query.get("page", 1))
            body = rows[:size] if self.repeats else rows[(page - 1) * size : page * size]
            headers = {"X-WP-Total": str(len(rows))}
            if size > 1 and self.while_listing:
                self.while_listing.pop(0)()
        return status, body, headers

    def found(self, query: dict[str, str]) -> list[Row]:
        """The orders of a period, both ends exclusive, the trash left out."""
        after, before = query.get("modified_after", ""), query.get("modified_before", "9")
        rows = [
            row
            for number, row in self.orders.items()
            if (self.repeats or after < row["date_modified_gmt"] < before)
            and row["status"] != "trash"
            and number not in self.hidden
        ]
        return sorted(rows, key=lambda row: (row["date_modified_gmt"], row["id"]))


def text(moment: datetime) -> str:
    """Return a time as wc/v3 writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}"
