"""Real processes: the edge is killed under load, and every click it answered is there."""

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from deploy import child
from tracking import clickid

pytestmark = pytest.mark.processes
ROOT = Path(__file__).resolve().parents[2]
LINK = """
import django; django.setup()
from affiliates.models import *
merchant = Merchant.objects.create(name="Shop", slug="shop")
program = Program.objects.create(merchant=merchant, name="Shop", slug="shop", currency="EUR", home_url="https://shop.example.com/")
ann = Affiliate.objects.create(merchant=merchant, name="Ann", email="ann@example.com")
member = Enrollment.objects.create(program=program, affiliate=ann, code="ann", state="active")
Link.objects.create(enrollment=member, code="ann", destination="https://shop.example.com/shoes")
"""


class House:
    """An installation of its own."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "portal.sqlite3"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "FAILPOINT"},
            "DATABASE_URL": f"sqlite:///{self.database}",
            "VAR_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        }
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def build(self) -> None:
        """Migrate the database and make a link."""
        for command in (["manage.py", "migrate", "--verbosity=0", "--skip-checks"], ["-c", LINK]):
            subprocess.run([sys.executable, *command], cwd=ROOT, env=self.environment, check=True)

    def serve(self, **extra: str) -> "subprocess.Popen[bytes]":
        """Start the edge and wait until it answers."""
        command = [sys.executable, "-m", "granian", "tracking.edge:application", "--interface", "asgi"]
        address = ["--host", "127.0.0.1", "--port", str(self.port), "--no-ws"]
        process = child.start([*command, *address], environment={**self.environment, **extra}, folder=ROOT)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return process
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the edge did not start")

    def ids(self) -> set[str]:
        """Return the ids of all clicks in the table."""
        with sqlite3.connect(self.database) as database:
            return {uuid for (uuid,) in database.execute("SELECT id FROM tracking_click")}

    def journal(self) -> str:
        """Return what the journal holds."""
        return "".join(path.read_text() for path in self.database.parent.glob("journal/*.jsonl"))

    async def load(self, answered: list[str], enough: asyncio.Event) -> None:
        """Follow the link again and again until the server is gone; note each id that was answered."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as client:
            while True:
                try:
                    answer = await client.get("/r/ann", headers={"user-agent": "Firefox"})
                except httpx.TransportError:
                    return
                tid = clickid.read(parse_qs(urlsplit(answer.headers["location"]).query)["tid"][0])
                answered.append(tid.uuid.hex)
                if len(answered) >= 300:
                    enough.set()


async def load_until_gone(house: House, process: "subprocess.Popen[bytes] | None") -> list[str]:
    answered, enough = [], asyncio.Event()
    visitors = [asyncio.create_task(house.load(answered, enough)) for _visitor in range(24)]
    if process is not None:
        await asyncio.wait_for(enough.wait(), 60)
        child.signal_all(process, signal.SIGKILL)
    await asyncio.wait_for(asyncio.gather(*visitors), 60)
    return answered


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("built"))
    house.build()
    return house


@pytest.fixture
def house(built, tmp_path):
    shutil.copy(built.database, tmp_path)
    return House(tmp_path)


def test_killed_edge_has_kept_every_click_it_answered(house):
    process = house.serve()
    with sqlite3.connect(house.database, isolation_level=None) as other:
        other.execute(
            "BEGIN IMMEDIATE"
        )  # the only writer's place is taken: the first clicks go to the journal
        first = asyncio.run(load_until_gone(house, process))
    process.wait(10)
    assert [uuid for uuid in first if uuid not in house.journal()] == []

    process = house.serve()
    second = asyncio.run(load_until_gone(house, process))
    process.wait(10)

    kept, waiting = house.ids(), house.journal()
    assert [uuid for uuid in first + second if uuid not in kept and uuid not in waiting] == []
    assert set(first) <= kept


@pytest.mark.parametrize("point", ["click.before_commit", "click.after_commit"])
def test_edge_that_dies_round_its_commit_has_kept_every_click_it_answered(house, point):
    process = house.serve(FAILPOINT=f"{point}:5")

    answered = asyncio.run(load_until_gone(house, None))

    child.stop(process, seconds=10)
    assert len(answered) > 0
    assert [uuid for uuid in answered if uuid not in house.ids()] == []
