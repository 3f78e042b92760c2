"""PostgreSQL as a source: its session cannot write, its times are understood, its statements end in time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database

from affiliates.models import Enrollment
from core.jobs import Failure
from integrations import actions
from integrations.actions.connections import store_of
from integrations.connectors import sql
from integrations.connectors.sql import engine
from integrations.models import Connection
from tests import makers
from tests.integrations.old_shop import MAPPED

pytestmark = [
    pytest.mark.skipif(database.vendor != "postgresql", reason="needs PostgreSQL"),
    pytest.mark.django_db(transaction=True),
]
AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
QUERY = "SELECT no, total, ref, email, sold, changed FROM old_orders"


@pytest.fixture
def table() -> Iterator[None]:
    with database.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS old_orders")
        cursor.execute(
            "CREATE TABLE old_orders (no integer, total numeric, ref text, email text, sold text, changed timestamptz)"
        )
        for number in range(1, 6):
            cursor.execute(
                "INSERT INTO old_orders VALUES (%s, 100.50, 'anna', 'a@example.com', '2026-11-02 12:00', %s)",
                [number, AT],
            )
    yield
    with database.cursor() as cursor:
        cursor.execute("DROP TABLE old_orders")


@pytest.fixture
def base(anna: Enrollment, table: None, settings: Any) -> Connection:
    told = database.settings_dict
    host, port = told["HOST"] or "127.0.0.1", int(told["PORT"] or 5432)
    if host.startswith("/"):
        host = "127.0.0.1"
    settings.OUTBOUND_ALLOWED_HOSTS = [f"{host}:{port}"]
    url = f"postgresql://{told['USER']}@{host}:{port}/{told['NAME']}"
    row = makers.make_connection(
        anna.program,
        connector="sql",
        source="oldshop",
        base_url="",
        secrets={"url": url, "password": told["PASSWORD"]},
        options={
            "query": QUERY,
            "number_column": "no",
            "changed_column": "changed",
            "time_zone": "Europe/Berlin",
        },
    )
    actions.save_mapping(row, "in", "order", MAPPED)
    return row


def test_orders_are_read_page_by_page(base: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.connectors.sql.listing.PAGE", 2)
    found, cursor = [], None

    for _ in range(5):
        page = sql.list_orders(store_of(base), AT, AT + timedelta(seconds=1), cursor)
        found += [(order.external_id, order.total, order.revision_at) for order in page.orders]
        cursor = page.cursor
        if cursor is None:
            break

    assert found == [(str(number), 10050, AT) for number in range(1, 6)]
    assert (
        sql.list_orders(store_of(base), AT + timedelta(hours=1), AT + timedelta(hours=2), None).orders == ()
    )


def test_pages_go_on_behind_a_day_and_padded_numbers_are_read(
    base: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.connectors.sql.listing.PAGE", 2)
    query = (
        "SELECT no, total::numeric(12,3) AS total, ref, email, sold, changed::date AS changed FROM old_orders"
    )
    base.options = {**base.options, "query": query}
    base.save(update_fields=["options"])
    found, cursor = [], None

    for _ in range(5):
        page = sql.list_orders(store_of(base), AT - timedelta(days=1), AT, cursor)
        found += [(order.external_id, order.total) for order in page.orders]
        cursor = page.cursor
        if cursor is None:
            break

    assert found == [(str(number), 10050) for number in range(1, 6)]


def test_one_order_and_the_count_are_asked(base: Connection) -> None:
    order = sql.fetch_order(store_of(base), "3")

    assert order is not None
    assert order.external_id == "3"
    assert sql.fetch_order(store_of(base), "3' OR '1'='1") is None
    assert sql.count_orders(store_of(base), AT, AT + timedelta(seconds=1)) == 5


@pytest.mark.parametrize(
    "statement", ["DELETE FROM old_orders", "CREATE TABLE x (a int)", "SET TRANSACTION READ WRITE", "VACUUM"]
)
def test_session_cannot_write(base: Connection, statement: str) -> None:
    def write() -> None:
        with engine.opened(store_of(base)) as connection:
            connection.exec_driver_sql(statement)
            connection.exec_driver_sql("DELETE FROM old_orders")

    with pytest.raises(Failure):
        write()

    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM old_orders")
        assert cursor.fetchone() == (5,)


@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM old_orders RETURNING *) SELECT * FROM gone",
        "SELECT nextval('django_migrations_id_seq') AS no, now() AS changed",
    ],
)
def test_query_that_would_write_cannot(base: Connection, query: str) -> None:
    base.options = {**base.options, "query": query}
    base.save(update_fields=["options"])

    with pytest.raises(Failure):
        sql.first_rows(store_of(base))


def test_slow_query_is_stopped(base: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = ("SET TRANSACTION READ ONLY", "SET LOCAL statement_timeout = '100ms'")
    dialect = engine.DIALECTS["postgresql"]
    monkeypatch.setitem(
        engine.DIALECTS,
        "postgresql",
        engine.Dialect(dialect.driver, 5432, quick, dialect.connect, dialect.queries),
    )
    base.options = {**base.options, "query": "SELECT no, changed, pg_sleep(5) FROM old_orders"}
    base.save(update_fields=["options"])

    with pytest.raises(Failure):
        sql.first_rows(store_of(base))
