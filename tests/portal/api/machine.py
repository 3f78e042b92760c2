"""A store that talks to the API, and what it says."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from portal.models import ApiKey

JSON = "application/json"
PROBLEM = "application/problem+json"


class Machine:
    """Sends JSON with a key."""

    def __init__(self, text: str, key: ApiKey, client: Client | None = None) -> None:
        self.text, self.key = text, key
        self.client = client or Client()

    def ask(
        self, method: str, path: str, body: Any = None, *, media: str = JSON, **headers: str
    ) -> HttpResponse:
        """Send a request under /api/v1; `headers` with underscores for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Authorization", f"Bearer {self.text}")
        data = {} if body is None else {"data": body, "content_type": media}
        call = getattr(self.client, method)
        answer: HttpResponse = call(f"/api/v1{path}", headers=named, **data)
        return answer

    def get(self, path: str, **headers: str) -> HttpResponse:
        """Read."""
        return self.ask("get", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> HttpResponse:
        """Send."""
        return self.ask("post", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> HttpResponse:
        """Send a newer revision."""
        return self.ask("put", path, body, **headers)


def order(external_id: str = "1001", **fields: Any) -> dict[str, Any]:
    """A paid order of 129.90 EUR whose one line is worth 83.86, sent by Ann's link."""
    return {
        "source": "shop-eu",
        "external_id": external_id,
        "occurred_at": "2026-11-02T14:02:11Z",
        "captured_at": "2026-11-02T14:02:15Z",
        "revision_at": "2026-11-02T14:02:15Z",
        "currency": "EUR",
        "total": "129.90",
        "tax": "20.74",
        "shipping": "4.90",
        "discount": "10.00",
        "lines": [{"external_id": "l1", "sku": "MUG-1", "name": "Enamel mug", "quantity": 2, "net": "83.86"}],
        "customer": {"external_id": f"c-{external_id}", "email": f"g{external_id}@example.com"},
        "evidence": {"ref": "ann-archer"},
        **fields,
    }


def refund(external_id: str = "r1", **fields: Any) -> dict[str, Any]:
    """One of the two mugs goes back."""
    return {
        "source": "shop-eu",
        "conversion_external_id": "1001",
        "external_id": external_id,
        "occurred_at": "2026-11-05T09:00:00Z",
        "lines": [{"external_id": "l1", "quantity": 1, "net": "41.93"}],
        **fields,
    }


def pointers(answer: HttpResponse) -> list[str]:
    """Return where a 422 says that something is wrong."""
    return [error["pointer"] for error in answer.json()["errors"]]
