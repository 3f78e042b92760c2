"""A database as a source: what a query may say, what a session can do, and whom it may ask."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations import actions
from integrations.actions.connections import store_of
from integrations.connectors import sql
from integrations.connectors.sql import engine, file
from integrations.connectors.sql.query import TIMES, BadQuery, check_query
from integrations.connectors.webhook.choices import Unclear
from integrations.models import Connection
from tests.integrations.old_shop import QUERY, SINCE, UNTIL, Shop, base, change, shop

__all__ = ["base", "shop"]  # fixtures


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM orders",
        "UPDATE orders SET total = 0",
        "SELECT 1; DELETE FROM orders",
        "SELECT 1) AS q; DELETE FROM orders; --",
        "SELECT 1) UNION (SELECT 2",
        "SELECT 1 -- x",
        "SELECT 1 /* x */",
        "SELECT 1 # '\n; DELETE FROM orders # '",
        r"SELECT '\'' ; DELETE FROM orders --'",
        "SELECT $$'$$; DELETE FROM orders; $$'$$",
        "SELECT [a'] ; DELETE FROM orders [b']",
        "SELECT [a]] ; DELETE FROM orders]",
        "SELECT 1 AS [(] ) AS q; DELETE FROM orders",
        "SELECT 1 AS [(], 2 )",
        "SELECT 1 AS [open",
        "SELECT q'[it's; DELETE FROM orders]' FROM dual",
        "SELECT q'!'!' ) UNION SELECT ( ' FROM dual",
        "SELECT NQ'!'!' ) UNION SELECT ( ' FROM dual",
        "SELECT 'open",
        "SELECT (1",
        "SELECT 1 WHERE :cursor = 1",
        "SELECT 1 WHERE :password",
        "PRAGMA writable_schema = ON",
        "ATTACH DATABASE '/etc/passwd' AS x",
        "",
        "SELECT " + "1," * 6000 + "1",
    ],
)
def test_query_that_is_more_than_a_question_is_refused(query: str) -> None:
    with pytest.raises(BadQuery):
        check_query(query, TIMES)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        " with a as (select 1) select * from a; ",
        "SELECT 'it''s; fine -- here', \"a;b\", `c` FROM t WHERE x >= :since AND x < :until AND y::date > '2026-01-01'",
        "SELECT ARRAY[1, 2]",
        "SELECT [Order Number], tags[1] FROM [dbo].[orders] WHERE shop = N'x'",
    ],
)
def test_usual_queries_are_taken(query: str) -> None:
    assert check_query(query, TIMES) == query.strip().removesuffix(";").strip()


@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone",
        "SELECT load_extension('x') AS no, 1 AS changed",
        "SELECT writefile('x', 'y') AS no, 1 AS changed",
    ],
)
def test_query_that_would_write_cannot(base: Connection, shop: Shop, query: str) -> None:
    shop.sell(1)
    change(base, query=query)

    with pytest.raises(Failure):
        sql.list_orders(store_of(base), SINCE, UNTIL, None)

    assert shop.run("SELECT count(*) FROM orders") == [(1,)]


@pytest.mark.parametrize(
    "statement", ["DELETE FROM orders", "CREATE TABLE x (a)", "ATTACH '/tmp/x' AS y", "PRAGMA query_only = 0"]
)
def test_session_cannot_write_whatever_it_is_told(base: Connection, shop: Shop, statement: str) -> None:
    shop.sell(1)

    with pytest.raises(Failure), engine.opened(store_of(base)) as connection:
        connection.exec_driver_sql(statement)

    assert shop.run("SELECT count(*) FROM orders") == [(1,)]


@pytest.mark.parametrize("number", ["1' OR '1'='1", "1); DELETE FROM orders; --", "%", "1 OR 1=1", "x" * 300])
def test_number_is_bound_and_never_written_into_the_question(
    base: Connection, shop: Shop, number: str
) -> None:
    shop.sell(1)

    found = sql.fetch_order(store_of(base), number)

    assert (found, shop.run("SELECT count(*) FROM orders")) == (None, [(1,)])
    assert sql.fetch_order(store_of(base), "1") is not None


@pytest.mark.parametrize("name", ["no; DROP TABLE orders", 'no"', "no)--", "", "a b", "ñ"])
def test_column_is_a_name_and_nothing_else(name: str) -> None:
    with pytest.raises(Unclear):
        sql.read_options({"query": QUERY, "number_column": name, "changed_column": "changed"})


def test_endless_query_is_stopped(base: Connection, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "SECONDS", 0.2)
    endless = (
        "WITH RECURSIVE n(no) AS (SELECT 1 UNION ALL SELECT no + 1 FROM n) SELECT no, no AS changed FROM n"
    )
    change(base, query=endless)

    with pytest.raises(Failure):
        sql.list_orders(store_of(base), SINCE, UNTIL, None)


# --- whom it may ask ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////etc/passwd",
        "sqlite:///../2/shop.sqlite3",
        "sqlite:///nothing.sqlite3",
        "sqlite://",
        "sqlite:///shop.sqlite3?mode=rwc",
        "sqlite:///file:shop.sqlite3",
        "postgresql://u@127.0.0.1/x",
        "postgresql://u@localhost/x",
        "postgresql://u@10.1.2.3:5432/x",
        "postgresql://u@[::1]/x",
        "postgresql:///x?host=/var/run/postgresql",
        "postgresql://u@db.example/x?sslkey=/etc/shadow",
        "postgresql://u@db.example/x?sslmode=nonsense",
        "postgresql://u@db.example:22/x",
        "postgresql://u@a.example,127.0.0.1/x",
        "postgresql://u:secret@db.example/x",
        "mysql://u@127.0.0.1/x",
        "mysql://u@db.example/x?unix_socket=/tmp/s",
        "mysql+pymysql://u@db.example/x?read_default_file=/etc/my.cnf",
        "mssql+pyodbc:///?odbc_connect=x",
        "access://x",
        "nonsense",
        "",
    ],
)
def test_address_that_leads_inside_is_not_called(base: Connection, shop: Shop, url: str) -> None:
    base.secrets = {"url": url}
    base.save(update_fields=["secrets"])

    with pytest.raises(Misconfigured):
        sql.first_rows(store_of(base))


def test_link_to_a_database_elsewhere_is_not_followed(base: Connection, shop: Shop, tmp_path: Path) -> None:
    shop.path.rename(tmp_path / "elsewhere.sqlite3")
    shop.path.symlink_to(tmp_path / "elsewhere.sqlite3")

    with pytest.raises(Misconfigured):
        sql.first_rows(store_of(base))


def test_file_that_is_swapped_only_while_it_is_opened_is_not_read(
    base: Connection, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside, secret, really = tmp_path / "aside.sqlite3", tmp_path / "secret.sqlite3", sqlite3.connect
    shutil.copy(shop.path, secret)

    def swapped(*given: Any, **named: Any) -> sqlite3.Connection:
        shop.path.rename(aside)
        shop.path.symlink_to(secret)
        opened: sqlite3.Connection = really(*given, **named)
        shop.path.unlink()
        aside.rename(shop.path)
        return opened

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", swapped)
        with pytest.raises(Temporary) as refusal:
            sql.first_rows(store_of(base))

    assert str(refusal.value).startswith("The file was replaced while it was being opened")
    assert sql.first_rows(store_of(base)) is not None


def test_handle_of_the_file_is_given_back(base: Connection, shop: Shop) -> None:
    sql.first_rows(store_of(base))
    before = set(file.DESCRIPTORS.iterdir())

    sql.first_rows(store_of(base))

    assert set(file.DESCRIPTORS.iterdir()) == before


def test_query_with_a_wrong_name_says_what_the_database_says(base: Connection, shop: Shop) -> None:
    change(base, query="SELECT missing_one FROM orders")

    with pytest.raises(Permanent) as refusal:
        sql.list_orders(store_of(base), SINCE, UNTIL, None)

    assert "no such column" in str(refusal.value)


def test_column_that_the_query_lacks_is_named(base: Connection, shop: Shop) -> None:
    shop.sell(1)
    change(base, changed_column="touched")

    with pytest.raises(Failure) as refusal:
        sql.list_orders(store_of(base), SINCE, UNTIL, None)

    assert "touched" in str(refusal.value)


def test_test_button_says_which_columns_there_are(base: Connection, shop: Shop) -> None:
    shop.sell(1)

    assert (
        actions.test_connection(base)
        == "The database answers. Its columns: no, total, ref, email, sold, changed."
    )
