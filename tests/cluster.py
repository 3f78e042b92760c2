"""A private, throw-away PostgreSQL: `with Cluster() as cluster: cluster.url`."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

from deploy import child
from tests.private_server import PrivateServer

DATABASE = "tributary"
# Only for tests that do not end the server by force: a crash may then cost the whole cluster. What the server believes
# of a table must not depend on the moment at which it looked, between one test's rows and another's.
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


class Cluster(PrivateServer):
    """One PostgreSQL server with an empty database; its user may do everything."""

    name = "postgresql"
    stops_by = signal.SIGINT  # "fast": roll back what is open, then end
    accounts = ("postgres", "nobody")  # the server refuses to run as root

    def __init__(self, durable: bool = True) -> None:
        """With `durable=False` commits are not written through to the disk, which makes a test run quicker."""
        super().__init__()
        self.durable = durable
        self.data = self.folder / "data"
        self.password = secrets.token_hex(16)

    @classmethod
    def missing(cls) -> str | None:
        """Why this machine cannot run PostgreSQL; None if it can."""
        return None if binaries() else "its programs initdb and postgres were not found (package postgresql)"

    @property
    def url(self) -> str:
        """Value for DATABASE_URL."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Value for DATABASE_URL of another database of this cluster, which must exist."""
        return f"postgresql://{DATABASE}:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Starts the server, the first time after making its files and the database."""
        first = not self.data.exists()
        if first:
            self.initialize()
        super().start()
        if first:
            self.make_database(DATABASE)

    def initialize(self) -> None:
        """Makes the files of an empty cluster."""
        secret = self.folder / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)  # the folder itself is closed to others
        access = ["--username", DATABASE, "--pwfile", str(secret), "--auth=scram-sha-256"]
        locale = ["--encoding=UTF8", "--locale=C.UTF-8" if os.uname().sysname == "Linux" else "--locale=C"]
        self.call("initdb", "--pgdata", str(self.data), "--no-sync", *access, *locale)

    def make_database(self, name: str) -> None:
        """Adds an empty database."""
        server = ["--host=127.0.0.1", f"--port={self.port}", f"--username={DATABASE}"]
        self.call("createdb", *server, name)

    def command(self) -> list[str]:
        """The server in the foreground, on TCP only."""
        settings = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "timezone=UTC",
        ]
        if not self.durable:
            settings += FORGETFUL
        return [program("postgres"), "-D", str(self.data), *(f"--{setting}" for setting in settings)]

    def stop_signal(self, immediate: bool) -> signal.Signals:
        """`immediate` leaves without a checkpoint: the next start recovers from the log."""
        return signal.SIGQUIT if immediate else self.stops_by

    def is_ready(self) -> bool:
        """Tells whether the server takes connections."""
        command = [program("pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={self.port}"]
        return super().is_ready() and subprocess.call(command) == 0

    def call(self, name: str, *arguments: str) -> None:
        """Runs one of PostgreSQL's programs as the server's user; raises RuntimeError with what it said."""
        done = subprocess.run(
            [program(name), *arguments],
            check=False,
            cwd=self.folder,
            env={**self.environment(), "PGPASSWORD": self.password},
            capture_output=True,
            text=True,
            user=self.user,
            group=child.group_of(self.user),
            extra_groups=None if self.user is None else [],
        )
        if done.returncode != 0:
            raise RuntimeError(f"{name} failed:\n{done.stdout}{done.stderr}")


def binaries() -> Path | None:
    """Folder of PostgreSQL's programs: the newest that Debian keeps, else the one on the path."""
    kept = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(kept, key=lambda found: int(found.parts[-3]), default=None)
    on_path = shutil.which("initdb")
    found = newest or (Path(on_path).resolve() if on_path else None)
    return found.parent if found and (found.parent / "postgres").exists() else None


def program(name: str) -> str:
    """Path of one of PostgreSQL's programs; raises RuntimeError where there is no PostgreSQL."""
    folder = binaries()
    if folder is None:
        raise RuntimeError("PostgreSQL is not installed.")
    return str(folder / name)
