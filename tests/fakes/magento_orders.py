"""The same store with comments in its orders' histories."""

import json
from typing import Any

from tests.fakes.loopback import Said
from tests.fakes.magento import FakeMagento, Row
from tests.fakes.magento_customers import CustomerMagento
from tests.makers import NOON

STATUSES = ("processing", "complete")  # those that belong to the state of the orders here
NO_STATUS = 'Unable to add comment: The status "%1" is not part of the order status history.'


class OrderMagento(CustomerMagento):
    """Comments by order; a store that `looks` refuses foreign statuses, an older one takes over whatever it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.comments: dict[int, list[Row]] = {}
        self.may_comment = True
        self.looks = False

    def sell(self, number: int, status: str = "processing", **fields: Any) -> Row:
        """An order, with a comment of the store's own."""
        row = FakeMagento.add(self, number, NOON, status=status, **fields)
        own = {"entity_id": 10, "comment": "Captured amount of 10.", "parent_id": number, "status": status}
        self.comments[number] = [own]
        return row

    def said(self, number: int) -> list[str]:
        """The texts of an order's comments."""
        return [row["comment"] for row in self.comments[number]]

    def look_up(self, path: str, query: str) -> Said:
        match self.method, path.split("/"):
            case "GET", ["orders", number, "comments"]:
                rows = self.comments[int(number)]
                return 200, {"items": rows, "search_criteria": {}, "total_count": len(rows)}, {}
            case "POST", ["orders", number, "comments"]:
                return self.comment(int(number), json.loads(self.sent)["statusHistory"])
        return super().look_up(path, query)

    def comment(self, number: int, sent: Row) -> Said:
        """Add a comment that buyers do not see."""
        assert (sent["is_customer_notified"], sent["is_visible_on_front"]) == (0, 0)
        assert sent["parent_id"] == number
        if not self.may_comment:
            return 401, {"message": "The consumer isn't authorized to access %resources."}, {}
        status = sent.get("status")
        if self.looks and status and status not in STATUSES:
            return 400, {"message": NO_STATUS, "parameters": [status]}, {}
        if not self.looks:
            self.orders[number]["status"] = status
        self.comments[number].append({**sent, "entity_id": 10 + len(self.comments[number])})
        return 200, True, {}
