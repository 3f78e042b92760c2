"""Whatever is sent, the answer is never a 5xx."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as some
from hypothesis.extra.django import TestCase

from affiliates.models import Program
from portal.keys import SCOPES, create_key
from tests import makers
from tests.examples import examples
from tests.portal.api.machine import Machine, order, refund

texts = some.one_of(
    some.text(max_size=20),
    some.sampled_from(
        ["", "0", "-0", "1e5", "NaN", "Infinity", "٣", "9" * 30, "a\0", "\ud83d", "2026-11-02T00:00:00Z"]
    ),
)
scalars = some.one_of(
    some.none(), some.booleans(), some.integers(), some.floats(allow_nan=False, allow_infinity=False), texts
)
values = some.recursive(
    scalars,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
amounts = some.one_of(some.decimals(0, 10**12, places=2).map(str), some.integers(0, 10**12).map(str))


def _mutated(base: dict[str, Any]) -> some.SearchStrategy[dict[str, Any]]:
    names = some.sampled_from([*base, "metadata", "subscription", "channel", "goal", "gross", "kind"])
    return some.dictionaries(names, values, max_size=4).map(lambda changes: {**base, **changes})


@pytest.mark.slow
class FuzzTest(TestCase):
    """A key that may everything meets anything."""

    program: Program

    def setUp(self) -> None:
        """Give the program an affiliate and its store a key."""
        program = makers.make_program(plan=makers.TWO_LEVELS, includes_tax=True)
        makers.make_enrollment(program)
        key, text = create_key(program, "Shop", SCOPES)
        self.machine = Machine(text, key)

    quick = settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))

    @quick
    @given(_mutated(order()), some.sampled_from(["post", "put"]))
    def test_orders(self, body: dict[str, Any], method: str) -> None:
        path = "/conversions" if method == "post" else "/conversions/by-source/shop-eu/1001"
        assert self.machine.ask(method, path, body).status_code < 500

    @quick
    @given(amounts, amounts, some.lists(some.tuples(amounts, some.integers(1, 10**6)), max_size=5))
    def test_large_and_small_amounts(self, total: str, tax: str, lines: list[tuple[str, int]]) -> None:
        said = [
            {"external_id": str(n), "net": net, "quantity": units} for n, (net, units) in enumerate(lines)
        ]
        body = order(total=total, tax=tax, shipping="0", lines=said)
        assert self.machine.post("/conversions", body).status_code < 500

    @quick
    @given(_mutated(refund()), some.booleans())
    def test_refunds(self, body: dict[str, Any], known: bool) -> None:
        if known:
            self.machine.post("/conversions", order())
        assert self.machine.post("/refunds", body).status_code < 500

    @quick
    @given(some.lists(some.one_of(values, _mutated(order())), max_size=4))
    def test_bulks(self, items: list[Any]) -> None:
        answer = self.machine.post("/conversions/bulk", {"items": items})
        assert answer.status_code < 500
        statuses = [item["status"] for item in answer.json().get("items", [])]
        assert [status for status in statuses if status >= 500] == []

    @quick
    @given(
        some.binary(max_size=60),
        some.sampled_from(["/conversions", "/refunds", "/links", "/conversions/bulk"]),
    )
    def test_bytes(self, body: bytes, path: str) -> None:
        assert self.machine.post(path, body).status_code < 500

    @quick
    @given(
        some.sampled_from(["conversions", "refunds", "commissions", "links", "affiliates", "payouts"]),
        some.dictionaries(
            some.sampled_from(["limit", "cursor", "from", "to", "state", "affiliate", "source"]), texts
        ),
    )
    def test_filters(self, noun: str, query: dict[str, str]) -> None:
        safe = {name: value.encode("utf-8", "ignore") for name, value in query.items()}
        answer = self.machine.client.get(
            f"/api/v1/{noun}", safe, headers={"Authorization": f"Bearer {self.machine.text}"}
        )
        assert answer.status_code < 500
