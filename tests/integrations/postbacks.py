"""Signed postbacks, made as docs/integrations/postback.md says, without the house's own code."""

import hashlib
import hmac
from datetime import timedelta
from urllib.parse import quote

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from commissions.models import Commission
from core import jobs
from core.models import Job
from integrations.models import Connection, Inbound

SECRET = "postback-secret"
SALE = {"order": "1001", "total": "100.00", "currency": "EUR", "ref": "anna"}


def seconds(ago: int = 0) -> str:
    return str(int((timezone.now() - timedelta(seconds=ago)).timestamp()))


def signed(ago: int = 0, secret: str = SECRET, **told: str) -> str:
    """The query with its time and signature."""
    told = {"ts": seconds(ago), **told}
    line = "&".join(
        sorted(f"{quote(name, safe='-._~')}={quote(value, safe='-._~')}" for name, value in told.items())
    )
    return line + "&sig=" + hmac.new(secret.encode(), line.encode(), hashlib.sha256).hexdigest()


def get(door: Connection, query: str) -> HttpResponse:
    return Client().get(f"/postback/{door.public_id}?{query}")  # type: ignore[return-value]


def send(door: Connection, ago: int = 0, **told: str) -> Inbound:
    """Send a signed postback and have it understood."""
    answer = get(door, signed(ago, **told))
    assert (answer.status_code, answer.content) == (200, b"OK")
    work()
    return Inbound.objects.latest("pk")


def work() -> None:
    Job.objects.exclude(task__startswith="integrations.").delete()
    jobs.drain()


def earned() -> int:
    return sum(one.net.amount for one in Commission.objects.all())
