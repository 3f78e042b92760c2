"""An edge of its own as a real process, visitors at all its doors, and a look at what was kept."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import psycopg

from deploy import child
from tracking import clickid

ROOT = Path(__file__).resolve().parents[2]
FURNITURE = """
import django; django.setup()
from affiliates.models import *
merchant = Merchant.objects.create(name="Shop", slug="shop")
program = Program.objects.create(merchant=merchant, name="Shop", slug="shop", currency="EUR", tag_key="key",
    home_url="https://shop.example.com/")
AttributionTerms.objects.create(program=program, effective_at="2020-01-01T00:00:00Z", view_hours=24)
ann = Affiliate.objects.create(merchant=merchant, name="Ann", email="ann@example.com")
member = Enrollment.objects.create(program=program, affiliate=ann, code="ann", state="active")
Link.objects.create(enrollment=member, code="ann", destination="https://shop.example.com/shoes")
"""
# what tells a row from others: the click's id, and what the visitor said
KEPT = {
    "click": "SELECT id FROM tracking_click",
    "view": "SELECT visitor FROM tracking_impression",
    "beacon": "SELECT data FROM tracking_beacon",
}
PATIENCE = 60.0


def wait_for(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> None:
    """Return as soon as the condition holds; AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.02)


class Installation:
    """A folder, a port and a database: the file in the folder, or the one that `url` names."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.database = folder / "portal.sqlite3"
        self.url = url or f"sqlite:///{self.database}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "FAILPOINT"},
            "DATABASE_URL": self.url,
            "VAR_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        }
        self.folder = folder / "journal"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def build(self) -> None:
        """Migrate the database and make a link."""
        for command in (["manage.py", "migrate", "--verbosity=0", "--skip-checks"], ["-c", FURNITURE]):
            subprocess.run([sys.executable, *command], cwd=ROOT, env=self.environment, check=True)

    def serve(self, *, before: tuple[str, ...] = (), **extra: str) -> "subprocess.Popen[bytes]":
        """Start the edge and wait until it answers; `before` stands before its command."""
        command = [
            *before,
            sys.executable,
            "-m",
            "granian",
            "tracking.edge:application",
            "--interface",
            "asgi",
        ]
        address = ["--host", "127.0.0.1", "--port", str(self.port), "--no-ws"]
        process = child.start([*command, *address], environment={**self.environment, **extra}, folder=ROOT)
        wait_for(lambda: process.poll() is not None or self._is_open(), "the edge answers")
        assert process.poll() is None, "the edge did not start"
        return process

    def _is_open(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def read(self, question: str) -> list[Any]:
        """Return the first column of what the database answers."""
        if self.url.startswith("sqlite"):
            with sqlite3.connect(self.database) as database:
                return [row[0] for row in database.execute(question)]
        with psycopg.connect(self.url) as server:
            return [row[0] for row in server.execute(question.encode())]

    def kept(self) -> set[str]:
        """Return what tells the rows of all tables."""
        return {told(value) for question in KEPT.values() for value in self.read(question)}

    def journal(self) -> str:
        """Return what the journal holds."""
        lines = []
        for path in self.folder.glob("*.jsonl"):
            with suppress(FileNotFoundError):  # it came home just now
                lines.append(path.read_text())
        return "".join(lines)

    def missing(self, answered: list[str]) -> list[str]:
        """Return what was answered and stands in no table."""
        kept = self.kept()
        return [one for one in answered if one not in kept]

    def lost(self, answered: list[str]) -> list[str]:
        """Return what was answered and stands nowhere."""
        waiting = self.journal()
        return [one for one in self.missing(answered) if one not in waiting]


def told(value: Any) -> str:
    """Return the word by which a row is told, whatever the database makes of its column."""
    text = str(value).replace("-", "")
    if isinstance(value, str) and value.startswith("{"):
        value = json.loads(value)
    return str(value["order"]) if isinstance(value, dict) else text


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End it and its children at once, as a power cut would."""
    child.signal_all(process, signal.SIGKILL)
    process.wait(10)


class Crowd:
    """Visitors who come again and again while the block lasts, or until the server is gone.

    `answered` holds what was answered as kept, `turned_away` the statuses of all other answers. They come in a
    thread of their own: what a block starts must not end with a thread.
    """

    def __init__(self, house: Installation, size: int = 24) -> None:
        self.house, self.size = house, size
        self.answered: list[str] = []
        self.turned_away: list[int] = []
        self.is_over = False
        self._came = threading.Condition()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()))

    def __enter__(self) -> "Crowd":
        self._thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.is_over = True
        self.leave()

    def leave(self) -> None:
        """Wait until all are gone."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "visitors still wait for an answer"

    def after(self, number: int) -> None:
        """Wait for so many further answers, of either kind."""
        with self._came:
            enough = self.count + number
            assert self._came.wait_for(lambda: self.count >= enough, PATIENCE), f"no {number} answers"

    @property
    def count(self) -> int:
        """How many were answered."""
        return len(self.answered) + len(self.turned_away)

    async def _all(self) -> None:
        await asyncio.gather(*(self._come((click, view, beacon)[place % 3]) for place in range(self.size)))

    async def _come(self, door: "Door") -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.house.port}", timeout=30) as client:
            while not self.is_over:
                try:
                    status, name = await door(client)
                except httpx.TransportError:
                    return
                with self._came:
                    if name:
                        self.answered.append(name)
                    else:
                        self.turned_away.append(status)
                    self._came.notify_all()


Door = Callable[[httpx.AsyncClient], Awaitable[tuple[int, str]]]


async def click(client: httpx.AsyncClient) -> tuple[int, str]:
    """Follow the link; return the status, and the id of a click that was kept."""
    answer = await client.get("/r/ann", headers={"user-agent": "Firefox"})
    assert answer.headers["location"].startswith("https://shop.example.com/shoes")
    tid = parse_qs(urlsplit(answer.headers["location"]).query).get("tid", [""])[0]
    named = clickid.read(tid)
    return answer.status_code, named.uuid.hex if named else ""


async def view(client: httpx.AsyncClient) -> tuple[int, str]:
    """See the advertisement."""
    visitor = uuid4().hex
    answer = await client.get("/i/ann.gif", headers={"user-agent": "Firefox", "cookie": f"vid={visitor}"})
    return answer.status_code, visitor if answer.status_code == 200 else ""


async def beacon(client: httpx.AsyncClient) -> tuple[int, str]:
    """Tell of an order."""
    order = f"order{uuid4().hex}"
    answer = await client.post("/t", json={"k": "key", "e": "conversion", "d": {"order": order}})
    return answer.status_code, order if answer.status_code == 200 else ""
