"""Anna, who promotes the program, and a store that is connected to it."""

from collections.abc import Iterator
from typing import Any

import pytest

from affiliates.actions import create_coupon
from affiliates.models import Enrollment, Program
from integrations.models import Connection
from tests import makers
from tests.fakes.woocommerce import KEY, SECRET as CONSUMER_SECRET, FakeStore
from tests.integrations.deliveries import SECRET


@pytest.fixture(autouse=True)
def doors(settings: Any) -> None:
    """The hooks' addresses alone."""
    settings.ROOT_URLCONF = "tests.integrations.doors"
    settings.PUBLIC_URL = "https://partners.example.com"


@pytest.fixture
def program(db: None) -> Program:
    """A program that pays 10 per cent."""
    return makers.make_program()


@pytest.fixture
def anna(program: Program) -> Enrollment:
    """Anna, with the personal coupon anna15 and links that end in ?ref=anna."""
    enrollment = makers.make_enrollment(program, "Anna", email="anna@blog.example")
    create_coupon(enrollment, "anna15", at=makers.FOUNDED)
    return enrollment


@pytest.fixture
def connection(anna: Enrollment) -> Connection:
    """A store that sends webhooks but cannot be asked."""
    return makers.make_connection(anna.program, base_url="", secrets={"webhook_secret": SECRET})


@pytest.fixture
def store(settings: Any) -> Iterator[FakeStore]:
    """The store's API."""
    with FakeStore() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture
def asked(connection: Connection, store: FakeStore) -> Connection:
    """The same connection, with API keys."""
    connection.base_url = store.url
    connection.secrets = {**connection.secrets, "consumer_key": KEY, "consumer_secret": CONSUMER_SECRET}
    connection.save(update_fields=["base_url", "secrets"])
    return connection
