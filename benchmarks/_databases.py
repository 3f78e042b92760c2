"""The two databases that everything is measured on, each with a furnished shop to copy from; both durable."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import psycopg

from benchmarks._visitors import HOST
from deploy.install import ROOT
from tests.cluster import DATABASE, Cluster


class Database(Protocol):
    """Where a server of the benchmark keeps its rows."""

    name: str

    def __enter__(self) -> Self:
        """Make a database with a shop in it."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove all of it."""
        ...

    @property
    def processes(self) -> tuple[int, ...]:
        """The database's own processes, whose seconds count as well."""
        ...

    def copy(self, name: str) -> str:
        """Return the address of a new copy of the shop."""
        ...

    def count(self, url: str, table: str) -> int:
        """Return how many rows a table has."""
        ...


class Sqlite:
    """Files in a folder."""

    name = "sqlite"
    processes = ()

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Self:
        """Make the file to copy from."""
        open_shop(f"sqlite:///{self.folder}/shop.sqlite3", self.folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The folder is removed by whoever made it."""

    def copy(self, name: str) -> str:
        """Copy the file."""
        path = shutil.copy(self.folder / "shop.sqlite3", self.folder / f"{name}.sqlite3")
        return f"sqlite:///{path}"

    def count(self, url: str, table: str) -> int:
        """Count with a connection of its own."""
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


class Postgresql:
    """A server of its own that writes through to the disk."""

    name = "postgresql"

    def __init__(self, folder: Path) -> None:
        self.folder, self.cluster = folder, Cluster(durable=True)

    def __enter__(self) -> Self:
        """Start the server and make the database to copy from."""
        self.cluster.start()
        open_shop(self.cluster.url, self.folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server."""
        self.cluster.remove()

    @property
    def processes(self) -> tuple[int, ...]:
        """The server's first process."""
        return (self.cluster.process.pid,) if self.cluster.process else ()

    def copy(self, name: str) -> str:
        """Let the server copy the database."""
        server = ["--host=127.0.0.1", f"--port={self.cluster.port}", f"--username={DATABASE}"]
        self.cluster.call("createdb", *server, f"--template={DATABASE}", name)
        return self.cluster.url_of(name)

    def count(self, url: str, table: str) -> int:
        """Count with a connection of its own."""
        with psycopg.connect(url) as connection:
            row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        return int(row[0]) if row else 0


def environment(url: str, folder: Path) -> dict[str, str]:
    """Return our environment for a process on this database, behind one proxy."""
    own = {"DATABASE_URL": url, "VAR_DIR": str(folder), "TRIBUTARY_ENV": "test"}
    proxy = {"TRUSTED_PROXY_COUNT": "1", "ALLOWED_HOSTS": HOST}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"FAILPOINT", "DJANGO_SETTINGS_MODULE"}
    }
    return {**kept, **own, **proxy}


def open_shop(url: str, folder: Path) -> None:
    """Migrate the database and furnish it, in a process of its own; raise CalledProcessError if that fails."""
    command = [sys.executable, "-m", "benchmarks._shop"]
    subprocess.run(command, cwd=ROOT, env=environment(url, folder), check=True)
