"""The part of a shop that prepares orders as a file: operations, their states, and the file, in no order at all."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from tests.fakes.loopback import Said
from tests.integrations.shopify_schema import answered

if TYPE_CHECKING:
    from tests.integrations.fake_shopify import FakeShop

Row = dict[str, Any]


class BulkDoor:
    """Operations by their numbers; each is done after being looked at `looks` times, and then is what `ends` says.

    `more` are lines that stand in the file besides, `address` is said instead of the file's own, and `files` are the
    answers to the next questions for it.
    """

    MOST = 5

    def __init__(self, shop: "FakeShop") -> None:
        self.shop = shop
        self.operations: list[Row] = []
        self.looks = 0
        self.ends = "COMPLETED"
        self.age = timedelta(0)
        self.more: list[Row] = []
        self.kept: int | None = None
        self.address: str | None = None
        self.files: list[Said] = []
        self.fetched: list[str] = []

    @property
    def documents(self) -> dict[str, Callable[[Row], Row]]:
        """What answers to which document."""
        return {"RunBulk": self.run, "Bulk": self.look, "RecentBulks": self.recent}

    def run(self, told: Row) -> Row:
        """Begin an operation; the orders are those of this moment."""
        running = [one for one in self.operations if one["status"] in ("CREATED", "RUNNING")]
        if len(running) >= self.MOST:
            wrong = {"field": None, "message": "Limit reached.", "code": "LIMIT_REACHED"}
            return {"bulkOperationRunQuery": {"bulkOperation": None, "userErrors": [wrong]}}
        lines = self.lines_of(told["query"])
        made = self.add("CREATED", told["query"])
        made |= {"lines": lines, "objectCount": str(len(lines)), "left": self.looks}
        return {"bulkOperationRunQuery": {"bulkOperation": made, "userErrors": []}}

    def add(self, status: str, query: str = "{ products { edges { node { id } } } }") -> Row:
        """An operation, whoever has begun it."""
        made: Row = {
            "__typename": "BulkOperation",
            "id": f"gid://shopify/BulkOperation/{len(self.operations) + 1}",
            "status": status,
            "errorCode": None,
            "createdAt": (timezone.now() - self.age).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "objectCount": "0",
            "fileSize": None,
            "url": None,
            "query": query,
        }
        self.operations.append(made)
        return made

    def recent(self, told: Row) -> Row:
        """The newest ten."""
        return {"bulkOperations": {"nodes": self.operations[::-1][:10]}}

    def look(self, told: Row) -> Row:
        """An operation, which is a look nearer to its end."""
        one = next((one for one in self.operations if one["id"] == told["id"]), None)
        if one is not None and one["status"] in ("CREATED", "RUNNING"):
            one["left"] -= 1
            one["status"] = "RUNNING" if one["left"] >= 0 else self.ends
        if one is not None and one["status"] == "COMPLETED" and one["lines"]:
            one["fileSize"] = str(len(body_of(one["lines"])))
            one["url"] = self.address or f"{self.shop.url}/bulk/{told['id'].rpartition('/')[2]}?signed=1"
        return {"bulkOperation": one}

    def file(self, path: str, range_of: str) -> Said:
        """A part of a file, as a store of files gives it."""
        self.fetched.append(range_of)
        if self.files:
            return self.files.pop(0)
        number = int(path.rpartition("/")[2].partition("?")[0])
        body = body_of(self.operations[number - 1]["lines"])
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", range_of)
        assert asked is not None
        begin, end = int(asked[1]), min(int(asked[2]) + 1, len(body))
        return 206, body[begin:end], {"Content-Range": f"bytes {begin}-{end - 1}/{len(body)}"}

    def lines_of(self, query: str) -> list[Row]:
        """The file of a query: each order and each row under it is a line; `kept` cuts the rows under an order."""
        from tests.integrations.fake_shopify import node_of

        period = re.search(r"\(query: (\".*\")\)", query)
        assert period is not None
        nodes = [with_edges(node_of(row)) for row in self.shop.found(json.loads(period[1]))]
        rows = {"orders": {"edges": [{"node": node} for node in nodes]}}
        data, wrongs = answered(query, {}, rows)
        self.shop.breaches += wrongs
        lines = [line for edge in data["orders"]["edges"] for line in flat(edge["node"], self.kept)]
        lines += self.more
        Random(7).shuffle(lines)
        return lines


def body_of(lines: list[Row]) -> bytes:
    """Return a file's bytes."""
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def with_edges(node: Row) -> Row:
    """Return an order with its lists as edges."""
    lists = ("lineItems", "shippingLines")
    return {**node, **{name: {"edges": [{"node": row} for row in node[name]["nodes"]]} for name in lists}}


def flat(node: Row, kept: int | None) -> list[Row]:
    """Return an order and what is under it, line by line."""
    rows = [
        {**edge["node"], "__parentId": node["id"]}
        for name in ("lineItems", "shippingLines")
        for edge in node.pop(name)["edges"][:kept]
    ]
    return [node, *rows]
