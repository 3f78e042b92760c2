"""A database opened for one question: at a checked address, read only, for a limited time.

What an address may say beside host, database and user is a short list: a driver, a socket or a file of this machine
could be named there. SQLite files are opened below the program's own folder, and read only.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from sqlalchemy import create_engine, event, exc, text
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.pool import NullPool

from core import http
from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.connectors.base import Store
from integrations.connectors.folder.place import steps_of
from integrations.connectors.sql.deadline import SECONDS, Deadline
from integrations.connectors.sql.file import hold, open_file

CONNECT_SECONDS = 10
SESSION_SECONDS = 90.0  # of all that is asked at once, whatever the server makes of its own limits
SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one kind of database is called: its driver, usual port, and what makes the session read only."""

    driver: str
    port: int
    begin: tuple[str, ...]
    connect: dict[str, Any] = field(default_factory=dict)
    queries: dict[str, frozenset[str]] = field(default_factory=dict)


MYSQL = ("SET SESSION MAX_EXECUTION_TIME=30000", "SET TRANSACTION READ ONLY")
MARIADB = ("SET SESSION max_statement_time=30", "SET TRANSACTION READ ONLY")
POSTGRESQL = (
    "SET TRANSACTION READ ONLY",
    "SET LOCAL statement_timeout = '30s'",
    "SET LOCAL lock_timeout = '5s'",
)
REFUSING = ("password", "authentication", "denied", "does not exist")
LATE = ("timeout", "timed out")
MISTAKEN = ("no such", "syntax", "no column")
PYMYSQL = {"connect_timeout": CONNECT_SECONDS, "read_timeout": SECONDS, "write_timeout": SECONDS}
DIALECTS: dict[str, Dialect] = {
    SQLITE: Dialect("sqlite+pysqlite", 0, ()),
    "postgresql": Dialect(
        "postgresql+psycopg",
        5432,
        POSTGRESQL,
        {
            "connect_timeout": CONNECT_SECONDS,
            "passfile": os.devnull,
            "gssencmode": "disable",
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": SECONDS * 1000,
        },
        {"sslmode": frozenset({"disable", "prefer", "require", "verify-ca", "verify-full"})},
    ),
    "mysql": Dialect("mysql+pymysql", 3306, MYSQL, PYMYSQL),
    "mariadb": Dialect("mariadb+pymysql", 3306, MARIADB, PYMYSQL),
    "oracle": Dialect(
        "oracle+oracledb", 1521, ("SET TRANSACTION READ ONLY",), {"tcp_connect_timeout": CONNECT_SECONDS}
    ),
    "mssql": Dialect("mssql+pymssql", 1433, (), {"login_timeout": CONNECT_SECONDS, "timeout": SECONDS}),
}


@contextmanager
def opened(store: Store) -> Iterator[Connection]:
    """Open the database for reading while the block lasts; nothing is ever committed. Raises Failures.

    A database that does not answer in time is hung up on: that is Temporary.
    """
    url = _url(store)
    dialect = DIALECTS[url.get_backend_name()]
    with Deadline(SESSION_SECONDS) as deadline, _translated(deadline):
        engine = _sqlite(url, store) if dialect.port == 0 else _far(url, dialect, deadline)
        try:
            with engine.connect() as connection:
                for statement in dialect.begin:
                    connection.execute(text(statement))
                if (
                    dialect is DIALECTS["postgresql"]
                ):  # so that times without a zone mean the same there as here
                    zone = {"zone": str(store.options.get("time_zone") or "UTC")}
                    connection.execute(text("SELECT set_config('TimeZone', :zone, true)"), zone)
                yield connection
                connection.rollback()
        finally:
            engine.dispose()


def _url(store: Store) -> URL:
    """Read the address; raises Misconfigured for whatever it may not say."""
    entered = str(store.keys.get("url") or "").strip()
    try:
        url = make_url(entered)
    except (exc.ArgumentError, ValueError):
        raise Misconfigured(
            _("This is no database’s address, like postgresql://user@host:5432/name.")
        ) from None
    kind = url.drivername.partition("+")[0]
    dialect = DIALECTS.get("postgresql" if kind == "postgres" else kind)
    if dialect is None:
        told = {"kinds": ", ".join(DIALECTS)}
        raise Misconfigured(_("The address begins with one of: %(kinds)s, and ://.") % told)
    if url.password:
        raise Misconfigured(_("The address has a password in it: enter that below, where it is sealed."))
    for name, value in url.query.items():
        if not isinstance(value, str) or value not in dialect.queries.get(name, frozenset()):
            raise Misconfigured(
                _("The address may not say “%(name)s”.") % {"name": name[:40].replace("\0", "?")}
            )
    return url.set(drivername=dialect.driver, password=str(store.keys.get("password") or "") or None)


def _far(url: URL, dialect: Dialect, deadline: Deadline) -> Any:
    """An engine that calls the address that was checked, whatever its name means a moment later."""
    host, port = url.host or "", url.port or dialect.port
    try:
        addresses = http.checked_addresses(host, port, frozenset({dialect.port}))
    except http.UnsafeURL as unsafe:
        raise Misconfigured(str(unsafe)) from None
    arguments = dict(dialect.connect)
    if url.drivername.startswith("postgresql"):
        arguments["hostaddr"] = addresses[0]  # the name stays, for the certificate
        url = url.set(port=port)
    else:
        url = url.set(host=addresses[0], port=port)
    try:
        engine = create_engine(url, poolclass=NullPool, connect_args=arguments)
    except ModuleNotFoundError as missing:
        told = {"name": missing.name}
        raise Misconfigured(
            _("The driver “%(name)s” is not installed on this server: ask its operator.") % told
        ) from missing

    @event.listens_for(engine, "do_connect")
    def connect(used: Any, _record: Any, given: Any, named: Any) -> Any:
        """Watch the connection from its first moment: the library asks questions of its own before ours."""
        connection = used.connect(*given, **named)
        deadline.watch(connection)
        if hasattr(connection, "call_timeout"):  # Oracle's, in thousandths
            connection.call_timeout = SECONDS * 1000
        return connection

    return engine


def _sqlite(url: URL, store: Store) -> Any:
    """An engine for a file below the program's folder, each step of the way looked at, opened read only."""
    *folders, name = steps_of((url.database or "").strip())
    open_read_only = partial(open_file, store.folder, folders, name)
    os.close(hold(store.folder, folders, name))
    return create_engine("sqlite+pysqlite://", creator=open_read_only, poolclass=NullPool)


@contextmanager
def _translated(deadline: Deadline) -> Iterator[None]:
    """Turn the library's errors into ours; what the database said is told, without our own query around it."""
    try:
        yield
    except Failure:
        raise
    except Exception as wrong:
        if deadline.is_over:  # whatever the driver makes of a line that was cut
            raise Temporary(_("The database did not answer in time.")) from wrong
        if not isinstance(wrong, exc.SQLAlchemyError):
            raise
        raise _trouble(wrong) from wrong


def _trouble(wrong: exc.SQLAlchemyError) -> Failure:
    words, told = _said(wrong), {"words": _said(wrong)}
    is_outage = isinstance(wrong, exc.OperationalError | exc.InterfaceError)
    if is_outage and any(part in words.lower() for part in REFUSING):
        return Misconfigured(_("The database refuses: %(words)s") % told)
    is_late = not isinstance(wrong, exc.ProgrammingError) and any(part in words.lower() for part in LATE)
    is_lost = isinstance(wrong, exc.DBAPIError) and wrong.connection_invalidated
    if is_late or is_lost or (is_outage and not any(part in words.lower() for part in MISTAKEN)):
        return Temporary(_("The database does not answer as it should: %(words)s") % told)
    return Permanent(_("The database does not understand the query: %(words)s") % told)


def _said(wrong: Exception) -> str:
    said = str(getattr(wrong, "orig", None) or wrong).strip().splitlines()
    return said[0][:200].replace("\0", "?") if said else type(wrong).__name__
