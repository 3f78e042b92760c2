"""What the throw-away servers of the tests share: a folder, a port and a user of their own, and a sure end."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy import child

PATIENCE = 60.0  # seconds a server has to answer or to end


class PrivateServer:
    """A server on 127.0.0.1 that lives in a temporary folder and ends with this process at the latest."""

    name = "server"
    stops_by: signal.Signals = signal.SIGTERM
    accounts: tuple[str, ...] = ("nobody",)  # who runs it when we are root: the first that exists

    def __init__(self) -> None:
        """Takes a folder and a free port; nothing is started yet."""
        self.user = ordinary_user(self.accounts)
        self.folder = Path(tempfile.mkdtemp(prefix=f"tributary-{self.name}-"))
        if self.user is not None:
            os.chown(self.folder, self.user, child.group_of(self.user) or -1)
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def missing(cls) -> str | None:
        """Why this machine cannot run the server, as a part of a sentence; None if it can."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """Address with name and password for the settings."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """Command line that keeps running while the server does."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """Environment of the server: nothing of ours but the path."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}

    def __enter__(self) -> Self:
        """Starts the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the server and removes all that it wrote."""
        self.remove()

    def start(self) -> None:
        """Starts the server and returns once it answers; raises RuntimeError with its log if it does not."""
        with self.log.open("ab") as log:
            self.process = child.start(
                self.command(),
                environment=self.environment(),
                folder=self.folder,
                output=log,
                user=self.user,
                farewell=self.stops_by,
            )
        self.wait_until_ready()

    def stop(self, immediate: bool = False) -> None:
        """Ends the server: in good order, or at once as if the power had failed."""
        if self.process is not None:
            child.stop(self.process, seconds=PATIENCE, number=self.stop_signal(immediate))
            self.process = None

    def stop_signal(self, immediate: bool) -> signal.Signals:
        """Signal that ends the server in one of the two ways."""
        return signal.SIGKILL if immediate else self.stops_by

    def restart(self, immediate: bool = False) -> None:
        """Ends the server and starts it on the same port with the same data."""
        self.stop(immediate)
        self.start()

    def remove(self) -> None:
        """Ends the server at once and removes its folder; it cannot be started again."""
        self.stop(immediate=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log(self) -> Path:
        """File of what the server says."""
        return self.folder / "server.log"

    def wait_until_ready(self) -> None:
        """Waits until the server answers."""
        deadline = time.monotonic() + PATIENCE
        while not self.is_ready():
            ended = self.process is None or self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                said = self.log.read_text(errors="replace")[-3000:]
                self.stop(immediate=True)
                raise RuntimeError(f"{self.name} did not start on port {self.port}:\n{said}")
            time.sleep(0.05)

    def is_ready(self) -> bool:
        """Tells whether the port answers."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


def ordinary_user(accounts: tuple[str, ...]) -> int | None:
    """Numeric id of the first of these users if we are root; None if we are ordinary ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    return next(known[name] for name in accounts if name in known)


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
