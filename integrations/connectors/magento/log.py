"""Several calls to a store, one after the other, and what a log keeps of them."""

import json
from typing import Any

from integrations.connectors import talks
from integrations.connectors.magento.api import Filter, call, search, whole

PAGE = 20
Row = dict[str, Any]


class Log(talks.Talk):
    """Calls to one store; what was read of the last answer stands for it."""

    HEADER = "Authorization: OAuth ***"
    LEAST_CALLS = 1

    def whole(self, method: str, path: str, body: Row | None = None) -> Row:
        """Read or write a row; raises what `api.whole` raises."""
        sent = "" if body is None else json.dumps(body, ensure_ascii=False)
        self.begin(f"{method} /rest/V1/{path}", sent)
        answer = whole(self.store, method, path, body)
        self._read(answer)
        return answer

    def post(self, path: str, body: Row) -> None:
        """Write where the store answers with no row; raises what `api.call` raises."""
        self.begin(f"POST /rest/V1/{path}", json.dumps(body, ensure_ascii=False))
        self._read(call(self.store, "POST", path, body).body.decode("utf-8", "replace"))

    def search(self, what: str, filters: list[Filter], size: int = PAGE) -> list[Row]:
        """Return rows that fit; raises what `api.search` raises."""
        self.begin(f"GET /rest/V1/{what} {filters}")
        rows, _count = search(self.store, what, filters, size=size)
        self._read(rows)
        return [row for row in rows if isinstance(row, dict)]

    def _read(self, answer: Any) -> None:
        self.status, self.answer = 200, json.dumps(answer, ensure_ascii=False)[: talks.SHOWN]
