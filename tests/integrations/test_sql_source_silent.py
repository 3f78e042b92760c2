"""A database that falls silent, or answers without end, holds no worker: it is hung up on and asked again."""

import socket
import struct
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest

from affiliates.models import Enrollment
from core.jobs import Misconfigured, Permanent, Temporary
from integrations.actions.connections import store_of
from integrations.connectors import sql
from integrations.connectors.sql import engine, pieces
from integrations.connectors.sql.deadline import Deadline
from integrations.models import Connection
from tests import makers
from tests.integrations.old_shop import OPTIONS, REFUNDS, SINCE, UNTIL, Shop, base, change, shop

__all__ = ["base", "shop"]  # fixtures


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


LOGGED_IN = b"".join(
    [
        message(b"R", struct.pack("!I", 0)),
        message(b"S", b"server_version\x0017.0\x00"),
        message(b"S", b"client_encoding\x00UTF8\x00"),
        message(b"K", struct.pack("!II", 1, 2)),
        message(b"Z", b"I"),
    ]
)


class Silent:
    """Lets anybody log in as PostgreSQL does, and says nothing more."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.logins = 0
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _address = self.listening.accept()
            except OSError:
                return
            Thread(target=self._answer, args=[caller], daemon=True).start()

    def _answer(self, caller: socket.socket) -> None:
        with caller:
            caller.recv(4096)
            self.logins += 1
            caller.sendall(LOGGED_IN)
            while caller.recv(4096):
                pass


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.listening.close()


def test_database_that_falls_silent_after_the_login_is_hung_up_on(
    anna: Enrollment, silent: Silent, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SESSION_SECONDS", 0.5)
    settings.OUTBOUND_ALLOWED_HOSTS = [f"127.0.0.1:{silent.port}"]
    row = makers.make_connection(
        anna.program,
        connector="sql",
        source="oldshop",
        base_url="",
        secrets={"url": f"postgresql://reader@127.0.0.1:{silent.port}/shop?sslmode=disable"},
        options=OPTIONS,
    )
    begun = time.monotonic()

    with pytest.raises(Temporary) as trouble:
        sql.first_rows(store_of(row))

    assert not isinstance(trouble.value, Misconfigured)
    assert (str(trouble.value), silent.logins) == ("The database did not answer in time.", 1)
    assert time.monotonic() - begun < 5


def test_driver_without_a_socket_is_asked_to_stop() -> None:
    class Driver:
        stopped = 0

        def cancel(self) -> None:
            self.stopped += 1

    driver, late = Driver(), Driver()
    with Deadline(0.05) as deadline:
        deadline.watch(driver)
        time.sleep(0.3)
        deadline.watch(late)

    assert (driver.stopped >= 1, late.stopped, deadline.is_over) == (True, 1, True)


def test_deadline_that_was_met_stops_nothing() -> None:
    here, there = socket.socketpair()
    with here, there:
        with Deadline(0.1) as deadline:
            deadline.watch(here)
        time.sleep(0.3)
        here.sendall(b"x")

        assert (there.recv(1), deadline.is_over) == (b"x", False)


def test_drivers_have_times_of_their_own() -> None:
    assert engine.DIALECTS["postgresql"].connect["tcp_user_timeout"] == 30_000
    assert engine.DIALECTS["mysql"].connect["read_timeout"] == 30
    assert engine.DIALECTS["mariadb"].connect["read_timeout"] == 30
    assert engine.DIALECTS["mssql"].connect["timeout"] == 30


def test_answer_without_end_is_not_kept_whole(
    base: Connection, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "MOST_BYTES", 100_000)
    change(
        base,
        refunds_query="WITH RECURSIVE n(no) AS (SELECT 1 UNION ALL SELECT no + 1 FROM n) "
        "SELECT no AS id, no AS order_no, '1.00' AS amount, '2026-11-03' AS at FROM n WHERE no IN :orders OR no > 0",
    )
    shop.sell(1)

    with pytest.raises(Permanent) as refusal:
        sql.list_orders(store_of(base), SINCE, UNTIL, None)

    assert str(refusal.value).startswith("The query answers with more than")


def test_cell_that_is_far_too_large_is_not_fetched(base: Connection, shop: Shop) -> None:
    change(base, refunds_query=REFUNDS, query="SELECT no, zeroblob(20000000) AS total, changed FROM orders")
    shop.sell(1)

    with pytest.raises(Permanent):
        sql.list_orders(store_of(base), SINCE, UNTIL, None)
