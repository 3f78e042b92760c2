"""Whatever is wished for, the answer is never a 5xx, and what is kept can be asked of the connector."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as some
from hypothesis.extra.django import TestCase

from integrations.connectors import webhook
from integrations.models import Connection
from integrations.news import PUBLIC
from portal.keys import SCOPES, create_key
from tests import makers
from tests.examples import examples as tries
from tests.portal.api.machine import Machine
from tests.portal.api.test_fuzz import texts, values
from tests.portal.api.test_hook_subscriptions import HOOKS, TARGET, said

wishes = some.dictionaries(
    some.sampled_from(["target_url", "event", "filters", "expires", "secret", "state"]),
    some.one_of(
        values,
        some.sampled_from([TARGET, "https://127.0.0.1:9/\u2028", "http://[", "http://127.0.0.1:9:9/", "//x"]),
        some.sampled_from(sorted(PUBLIC)),
        some.dictionaries(some.sampled_from(["affiliate", "affiliate.code", "commission.order.id"]), values),
    ),
    max_size=4,
)


@pytest.mark.slow
class FuzzTest(TestCase):
    """A key that may everything wishes for anything."""

    def setUp(self) -> None:
        """Give a program a key."""
        key, text = create_key(makers.make_program(), "Zap", SCOPES)
        self.machine = Machine(text, key)

    quick = hypothesis_settings(
        max_examples=tries(60), deadline=None, suppress_health_check=list(HealthCheck)
    )

    @quick
    @given(wishes)
    def test_wishes(self, fields: dict[str, Any]) -> None:
        with self.settings(OUTBOUND_ALLOWED_HOSTS=["127.0.0.1:9"]):
            answer = self.machine.post(HOOKS, said(**fields))
        assert answer.status_code in (200, 201, 422)
        if answer.status_code == 201:
            options = Connection.objects.latest("pk").options
            assert all(webhook.wants(options, kind, {}) in (True, False) for kind in PUBLIC)

    @quick
    @given(some.binary(max_size=60))
    def test_bytes(self, body: bytes) -> None:
        assert self.machine.post(HOOKS, body).status_code < 500

    @quick
    @given(texts)
    def test_kinds(self, kind: str) -> None:
        safe = quote(kind.encode("utf-8", "ignore"))
        assert self.machine.get(f"/events/{safe}/samples").status_code == 404
