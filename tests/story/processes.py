"""Real processes on a database of their own: started, killed, started again, and looked at from outside."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from django.core.management import call_command
from django.db import connections
from django.db.utils import load_backend
from django.utils import timezone

from affiliates.models import Program
from core import jobs
from deploy import child
from integrations.connectors.signatures import in_base64
from integrations.models import Connection
from portal.keys import SCOPES, create_key
from tests import makers
from tests.private_server import free_port
from tests.story import databases

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT / "tests/payloads/woocommerce/028-order.updated.body"
DIED = 137
PATIENCE = 60.0  # seconds; a machine that has much else to do is slow, not broken
POLL = 0.02
SECRET = "s3cret"
HOOK = "0d7a2a56-4d5d-4c55-9b53-6c8b1f0f2a11"
ENTRY = "_wc_order_attribution_session_entry"


def wait_for(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> None:
    """Return as soon as the condition holds; AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(POLL)


class Running:
    """One process in a session of its own; what it says goes to a file."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = child.start(command, environment=environment, folder=ROOT, output=output)

    def said(self) -> str:
        """Return the last of what it said."""
        return self.log.read_text(errors="replace")[-3000:]

    def is_over(self) -> bool:
        """Say whether it has ended."""
        return self.process.poll() is not None

    def wait(self, seconds: float = PATIENCE) -> int:
        """Return its exit code; AssertionError with what it said if it does not end."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it did not end:\n{self.said()}") from None

    def kill(self) -> None:
        """End it and its children at once, as the kernel would."""
        child.signal_all(self.process, signal.SIGKILL)
        self.process.wait()


class House:
    """An installation: a folder, a port, and a database that nobody else uses."""

    def __init__(self, folder: Path, name: str) -> None:
        """`name` is that of the database on the server, or the path of its file."""
        self.folder, self.name, self.port = folder, name, free_port()
        self.running: list[Running] = []

    @property
    def address(self) -> str:
        """Where web answers."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, **extra: str) -> dict[str, str]:
        """Return our environment, with this house's database and folder."""
        left_out = ("FAILPOINT", "CELERY_BROKER_URL")
        ours = {name: value for name, value in os.environ.items() if name not in left_out}
        own = {
            "DATABASE_URL": databases.url_of(self.name),
            "VAR_DIR": str(self.folder),
            "PYTHONUNBUFFERED": "1",
        }
        return {**ours, "TRIBUTARY_ENV": "test", "API_RATE_PER_MINUTE": "100000", **own, **extra}

    def start(self, kind: str, command: list[str], **extra: str) -> Running:
        """Start a Python program; `extra` goes to its environment."""
        log = self.folder / f"{kind}-{len(self.running)}.log"
        running = Running([sys.executable, *command], self.environment(**extra), log)
        self.running.append(running)
        return running

    def web(self, **extra: str) -> Running:
        """Start web with the edge in it; return once it answers."""
        command = ["-m", "granian", "portal.asgi:application", "--interface", "asgi", "--no-ws"]
        address = ["--host", "127.0.0.1", "--port", str(self.port)]
        running = self.start("web", [*command, *address], **extra)
        wait_for(lambda: running.is_over() or self._answers(), "web answers")
        assert not running.is_over(), running.said()
        return running

    def _answers(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.address}/healthz", timeout=5).status_code == 200
        return False

    def worker(self, **extra: str) -> Running:
        """Start a worker."""
        return self.start("worker", ["manage.py", "worker"], **extra)

    def celery(self, broker: str) -> Running:
        """Start a Celery worker with two children."""
        command = ["-m", "celery", "-A", "portal.celery", "worker", "--concurrency=2", "--loglevel=WARNING"]
        return self.start(
            "celery", [*command, "--without-mingle", "--without-gossip"], CELERY_BROKER_URL=broker
        )

    def shell(self, script: str, **extra: str) -> Running:
        """Start Python lines with Django set up."""
        command = ["-c", f"import django; django.setup()\n{script}"]
        return self.start("shell", command, DJANGO_SETTINGS_MODULE="portal.settings", **extra)

    def end(self) -> None:
        """Kill what still runs."""
        for running in self.running:
            running.kill()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Let this thread's models read and write this house's database."""
        known = connections.settings["default"]
        outer = connections["default"]
        ours = {**known, "NAME": self.name, "CONN_MAX_AGE": 0}
        connections["default"] = load_backend(known["ENGINE"]).DatabaseWrapper(ours, "default")
        try:
            yield
        finally:
            connections["default"].close()
            connections["default"] = outer

    def deliver(self, number: int, **fields: Any) -> httpx.Response:
        """Send an order as the store would: the same bytes and signature each time."""
        with httpx.Client(timeout=PATIENCE) as client:
            return client.send(delivery(self.address, number, **fields))


def delivery(address: str, number: int, **fields: Any) -> httpx.Request:
    """Return the signed request by which the store tells of an order."""
    body = json.dumps(woo_order(number, **fields)).encode()
    headers = {
        "Content-Type": "application/json",
        "X-WC-Webhook-Topic": "order.created",
        "X-WC-Webhook-Signature": in_base64(body, SECRET).decode(),
    }
    return httpx.Request("POST", f"{address}/hooks/{HOOK}", headers=headers, content=body)


def woo_order(number: int, *, net: str = "100.00", at: datetime | None = None) -> dict[str, Any]:
    """Return a recorded order with another number, worth `net`, whose buyer came by Ann's link yesterday."""
    when = f"{at or yesterday():%Y-%m-%dT%H:%M:%S}"
    times = dict.fromkeys(("date_created_gmt", "date_modified_gmt", "date_paid_gmt"), when)
    recorded = json.loads(RECORDED.read_bytes())
    line = {**recorded["line_items"][0], "id": number * 10, "quantity": 1, "total": net}
    return {
        **recorded,
        **times,
        **dict.fromkeys(("total_tax", "shipping_total", "discount_total"), "0.00"),
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
        "id": number,
        "number": str(number),
        "status": "processing",
        "total": net,
        "billing": {**recorded["billing"], "email": f"buyer{number}@example.net"},
        "line_items": [line],
        "meta_data": [{"id": 1, "key": ENTRY, "value": "https://shop.example.com/?ref=ann-archer"}],
    }


def yesterday() -> datetime:
    """Return noon of yesterday: what was ordered then has not matured."""
    return timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)


def build(house: House) -> None:
    """Migrate an empty database and furnish it."""
    with house.opened():
        call_command("migrate", verbosity=0, skip_checks=True)
        furnish()


def furnish() -> None:
    """Northwind, with Sue, with Ann whom she recruited, with its people, and with a store that is connected."""
    merchant = makers.make_merchant("Northwind", makers.make_user("olga@northwind.example"))
    program = makers.make_program(merchant, plan=makers.TWO_LEVELS, is_screened=True)
    makers.make_member(merchant, "manager", "mia@northwind.example", "Mia")
    makers.make_member(merchant, "finance", "fin@northwind.example", "Fin")
    sue = makers.make_enrollment(program, "Sue Sponsor", email="sue@partner.example")
    ann = makers.make_enrollment(program, "Ann Archer", email="ann@partner.example", sponsor=sue)
    makers.make_payee(ann)
    makers.make_connection(program, public_id=HOOK, secrets={"webhook_secret": SECRET})
    jobs.drain()


def connection_of_store() -> Connection:
    """Return the connection whose hook is HOOK."""
    connection: Connection = Connection.objects.select_related("program").get(public_id=HOOK)
    return connection


def key_of_machine() -> str:
    """Return the text of a new API key."""
    return create_key(Program.objects.get(), "Shop", tuple(SCOPES))[1]
