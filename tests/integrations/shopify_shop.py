"""A shop at Shopify that is connected: its rows, and what becomes of a message that it sends."""

from collections.abc import Iterator
from typing import Any

import pytest

from affiliates.actions import create_coupon
from affiliates.models import Enrollment, Program
from commissions.models import Commission
from core import jobs
from core.models import Job
from integrations.connectors.base import Store
from integrations.connectors.shopify.address import host_of
from integrations.models import Connection, Inbound
from tests import makers
from tests.integrations.fake_shopify import CLIENT_ID, CLIENT_SECRET, ENTERED, FakeShop
from tests.integrations.shopify_messages import SHOP_DOMAIN, send

SECRETS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "webhook_secret": "not-used"}


@pytest.fixture(name="program")
def its_program(db: None) -> Program:
    """A program in reais that pays 10 per cent."""
    return makers.make_program(currency="BRL", allowed_hosts=["loja.example"])


@pytest.fixture(name="ana")
def its_ana(program: Program) -> Enrollment:
    """Ana, with the coupon ANA10."""
    enrollment = makers.make_enrollment(program, "Ana", email="ana@blog.example")
    create_coupon(enrollment, "ANA10", at=makers.FOUNDED)
    return enrollment


@pytest.fixture(name="connection")
def its_connection(ana: Enrollment) -> Connection:
    """A shop that sends webhooks but cannot be asked."""
    return makers.make_connection(
        ana.program,
        connector="shopify",
        base_url=f"https://{SHOP_DOMAIN}",
        secrets={"client_secret": CLIENT_SECRET},
    )


@pytest.fixture(name="shop")
def its_shop(settings: Any) -> Iterator[FakeShop]:
    """The shop's API."""
    with FakeShop() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture(name="store")
def its_store(shop: FakeShop) -> Store:
    """The shop, with the token of an older app."""
    keys = {"access_token": ENTERED, "client_secret": CLIENT_SECRET}
    return Store(shop.url, "shop", keys, "BRL")


@pytest.fixture(name="app")
def its_app(shop: FakeShop) -> Store:
    """The shop, with the keys of an app whose tokens live for a day."""
    keys = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return Store(shop.url, "shop", keys, "BRL")


@pytest.fixture(name="asked")
def its_asked(connection: Connection, shop: FakeShop) -> Connection:
    """The same connection, with the keys of an app."""
    connection.base_url, connection.secrets = shop.url, dict(SECRETS)
    connection.save(update_fields=["base_url", "secrets"])
    return connection


def work() -> None:
    """Do what is due of this app; the notices are another's."""
    Job.objects.exclude(task__startswith="integrations.").delete()
    jobs.drain()


def hear(connection: Connection, topic: str, body: Any, **headers: str) -> Inbound:
    """Send a message, understand it, and return what became of it."""
    domain = host_of(connection.base_url)
    assert send(connection, topic, body, **{"X-Shopify-Shop-Domain": domain, **headers}) == 200
    work()
    inbound = connection.inbounds.order_by("-pk").first()
    assert inbound is not None
    return inbound


def left() -> list[int]:
    """What Ana still earns, in centavos."""
    return [row.net.amount for row in Commission.objects.order_by("pk")]
