"""Several calls to a store, one after the other, and what a log keeps of them."""

import json
from typing import Any

from core import http
from integrations.connectors import talks
from integrations.connectors.woocommerce.api import call

MAX_BYTES = 8_000_000


class Talk(talks.Talk):
    """Calls to one store's wc/v3."""

    HEADER = "Authorization: Basic ***"
    LEAST_CALLS = 1

    def call(self, method: str, path: str, body: Any = None) -> http.Answer:
        """Return the answer, of status 2xx, or one that `is_gone`; raises what `api.call` raises."""
        sent = "" if body is None else json.dumps(body, ensure_ascii=False)
        self.begin(f"{method} /wp-json/wc/v3/{path}", sent)
        answer = call(self.store, method, path, json=body, max_bytes=MAX_BYTES)
        self.end(answer)
        return answer

    def rows(self, path: str) -> list[dict[str, Any]]:
        """Return the objects of a list."""
        found = self.call("GET", path).json()
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
