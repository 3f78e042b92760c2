"""A store that lists its orders, its connection, and what is done with both."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment
from integrations.actions import ask_reconciliation
from integrations.models import Connection, Reconciliation
from tests import makers
from tests.fakes.woocommerce import KEY, SECRET as CONSUMER_SECRET
from tests.fakes.woocommerce_lists import FIRST, ListingStore
from tests.integrations.deliveries import SECRET, send
from tests.integrations.test_process import work

BEGIN, END = FIRST, FIRST + timedelta(days=5)
NOW = END + timedelta(hours=1)


@pytest.fixture
def store(settings: Any) -> Iterator[ListingStore]:
    """A store that lists its orders."""
    with ListingStore() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture
def asked(anna: Enrollment, store: ListingStore) -> Connection:
    """The connection with its keys."""
    secrets = {"webhook_secret": SECRET, "consumer_key": KEY, "consumer_secret": CONSUMER_SECRET}
    return makers.make_connection(anna.program, base_url=store.url, secrets=secrets, created_at=FIRST)


def run(
    connection: Connection, kind: str = "nightly", begins_at: datetime = BEGIN, ends_at: datetime = END
) -> Reconciliation:
    """Have a period read to the end."""
    row = ask_reconciliation(connection, kind, begins_at, ends_at)
    work()
    row.refresh_from_db()
    return row


def counted(row: Reconciliation) -> dict[str, int]:
    """What was counted, without zeros."""
    return {name: count for name, count in row.counts.items() if name != "rows" and count}


def hear(connection: Connection, row: dict[str, Any]) -> None:
    """Let the store tell of an order by itself."""
    assert send(connection, "order.updated", row) == 200
    work()
