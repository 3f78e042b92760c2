"""A backfill whose orders Shopify prepares as a file: the same rows as by pages, however it is interrupted."""

from typing import Any

import pytest
from django.utils import timezone

from commissions.models import Commission
from core.failpoints import failpoint
from core.models import Job
from integrations.actions import (
    ask_reconciliation,
    cancel_reconciliation,
    pause_reconciliation,
    reconcile,
    reconciling,  # its failpoint
    resume_reconciliation,
)
from integrations.actions.reconciliations import place_of
from integrations.connectors.shopify import bulk
from integrations.models import Connection, ConnectionHour, Inbound, Reconciliation
from tests.integrations.bulk_shop import BEGIN, END, its_small, stock  # noqa: F401 - fixtures
from tests.integrations.fake_shopify import FakeShop
from tests.integrations.shopify_shop import (  # noqa: F401 - fixtures
    hear,
    its_ana,
    its_asked,
    its_connection,
    its_program,
    its_shop,
    work,
)
from tracking.models import Order

MADE = {"seen": 14, "missing": 14}


@pytest.fixture(name="stocked", autouse=True)
def its_stock(shop: FakeShop) -> FakeShop:
    """Fourteen orders in the shop."""
    stock(shop, 14)
    return shop


def begin(connection: Connection) -> Reconciliation:
    """Ask for a backfill."""
    return ask_reconciliation(connection, "backfill", BEGIN, END)


def run(connection: Connection) -> Reconciliation:
    """Have a backfill read to its end."""
    row = begin(connection)
    work()
    row.refresh_from_db()
    return row


def counted(row: Reconciliation) -> dict[str, int]:
    """What was counted, without zeros."""
    return {name: count for name, count in row.counts.items() if name != "rows" and count}


def step(row: Reconciliation) -> None:
    """Do the next step of a reading."""
    row.refresh_from_db()
    reconcile(row, step=place_of(row).step)
    row.refresh_from_db()


def made() -> tuple[list[Any], list[Any]]:
    """What there is by now, but for the numbers that the database gives."""
    orders = [(row.external_id, row.as_value(), row.revision_key) for row in Order.objects.order_by("pk")]
    earned = Commission.objects.order_by("pk").values_list("conversion__external_id", "amount", "state")
    return sorted(orders, key=lambda row: int(row[0])), sorted(earned)


def test_rows_are_the_same_by_file_and_by_pages(
    asked: Connection, shop: FakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_file = run(asked)
    rows = made()
    assert (by_file.state, counted(by_file), by_file.estimate) == ("finished", MADE, 14)
    assert "Orders" not in shop.asked

    monkeypatch.setattr(bulk, "MANY", 10_000)
    by_pages = run(asked)

    assert counted(by_pages) == {"seen": 14, "same": 14}
    assert made() == rows
    assert len(rows[0]) == 14


def test_same_period_twice_changes_nothing(asked: Connection, shop: FakeShop) -> None:
    run(asked)
    rows = made()

    again = run(asked)

    assert (counted(again), made()) == ({"seen": 14, "same": 14}, rows)
    assert len(shop.bulk.operations) == 2


def test_wait_for_the_file_holds_no_worker_and_is_no_trouble(asked: Connection, shop: FakeShop) -> None:
    shop.bulk.looks = 1

    row = run(asked)

    asked.refresh_from_db()
    assert (row.state, asked.last_error) == ("running", "")
    assert row.note == "Shopify is preparing the list: 56 rows so far."
    hour = ConnectionHour.objects.get()
    assert (hour.failures, hour.failing_since, hour.calls, hour.answered) == (0, None, 2, 2)
    job = Job.objects.get(task="integrations.tasks.reconcile", state="due")
    assert 0 < (job.next_at - timezone.now()).total_seconds() <= bulk.WAIT

    Job.objects.filter(pk=job.pk).update(next_at=timezone.now())
    work()
    row.refresh_from_db()
    assert (row.state, row.note, counted(row)) == ("finished", "", MADE)


def test_progress_is_kept_step_by_step(asked: Connection, shop: FakeShop) -> None:
    row = begin(asked)
    seen = []
    while not row.is_over:
        step(row)
        seen.append(row.counts.get("seen", 0))

    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    assert seen[-1] == 14


def test_worker_killed_before_the_commit_loses_nothing(
    asked: Connection, shop: FakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = begin(asked)

    class Killed(BaseException):
        pass

    def kill(name: str) -> None:
        raise Killed

    while not row.is_over:
        monkeypatch.setattr(reconciling, "failpoint", kill)
        with pytest.raises(Killed):
            step(row)
        monkeypatch.setattr(reconciling, "failpoint", failpoint)
        step(row)

    assert (row.state, counted(row), len(shop.bulk.operations)) == ("finished", MADE, 1)


def test_paused_and_resumed_reads_the_same_file_on(asked: Connection, shop: FakeShop) -> None:
    row = begin(asked)
    while not row.counts.get("seen"):
        step(row)
    pause_reconciliation(row)
    work()
    row.refresh_from_db()
    assert (row.state, 0 < Order.objects.count() < 14) == ("paused", True)

    resume_reconciliation(row)
    work()

    row.refresh_from_db()
    assert (row.state, counted(row), len(shop.bulk.operations)) == ("finished", MADE, 1)


def test_cancelled_while_shopify_prepares_ends(asked: Connection, shop: FakeShop) -> None:
    shop.bulk.looks = 99
    row = run(asked)

    cancel_reconciliation(row)
    Job.objects.update(next_at=timezone.now())
    work()

    row.refresh_from_db()
    assert (row.state, Order.objects.count(), shop.bulk.fetched) == ("cancelled", 0, [])


def test_failed_operation_is_read_by_pages(asked: Connection, shop: FakeShop) -> None:
    shop.bulk.ends = "FAILED"

    row = run(asked)

    assert (row.state, counted(row)) == ("finished", MADE)
    assert "Orders" in shop.asked


def test_order_that_was_deleted_while_shopify_prepared_stays_gone(asked: Connection, shop: FakeShop) -> None:
    run(asked)
    shop.bulk.looks = 1
    row = run(asked)
    gone = shop.orders.pop("14")
    assert hear(asked, "orders/delete", {"id": gone["id"]}).state == "done"
    assert Order.objects.get(external_id="14").state == "gone"

    Job.objects.filter(task="integrations.tasks.reconcile").update(next_at=timezone.now())
    work()

    row.refresh_from_db()
    assert (row.state, Order.objects.get(external_id="14").state) == ("finished", "gone")


def test_order_that_was_deleted_before_it_was_ever_known_here_is_not_taken(
    asked: Connection, shop: FakeShop
) -> None:
    shop.bulk.looks = 1
    row = run(asked)
    gone = shop.orders.pop("14")
    assert hear(asked, "orders/delete", {"id": gone["id"]}).state == "ignored"
    Inbound.objects.create(
        connection=asked, topic="refunds/create", subject="13", dedupe_key="13", state="ignored", body=b"{}"
    )

    Job.objects.filter(task="integrations.tasks.reconcile").update(next_at=timezone.now())
    work()

    row.refresh_from_db()
    assert (row.state, counted(row)) == ("finished", {"seen": 13, "missing": 13})
    assert not Order.objects.filter(external_id="14").exists()
    assert Order.objects.get(external_id="13").state == "sale"
