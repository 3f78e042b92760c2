"""Anna, who promotes the program, and a store that is connected to it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from affiliates.actions import create_coupon
from affiliates.models import Enrollment, Program
from core.models import User
from integrations.models import Connection
from tests import makers
from tests.fakes.receiver import FakeReceiver
from tests.fakes.woocommerce import KEY, SECRET as CONSUMER_SECRET, FakeStore
from tests.integrations.deliveries import SECRET
from tests.integrations.fake_stripe import KEY as STRIPE_KEY, SECRET as STRIPE_SECRET, SOLD, FakeStripe
from tests.integrations.outgoing import make_hook
from tests.integrations.postbacks import SECRET as POSTBACK_SECRET


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
def door(anna: Enrollment) -> Connection:
    """A tracker's connection."""
    secrets = {"webhook_secret": POSTBACK_SECRET}
    return makers.make_connection(
        anna.program, connector="postback", source="tracker", base_url="", secrets=secrets
    )


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


@pytest.fixture
def mona(program: Program) -> User:
    """A manager of the program's company."""
    return makers.make_member(program.merchant, "manager", "mona@shop.example", "Mona Manager")


@pytest.fixture
def receiver(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeReceiver]:
    """A receiver of webhooks; nobody counts its seconds."""
    monkeypatch.setattr("integrations.connectors.webhook.PER_SECOND", 0)
    with FakeReceiver() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture
def hook(program: Program, receiver: FakeReceiver) -> Connection:
    """A connection to it that wants everything."""
    return make_hook(program, receiver)


@pytest.fixture
def stripe_api(settings: Any) -> Iterator[FakeStripe]:
    """A Stripe account's API."""
    with FakeStripe() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture
def stripe(anna: Enrollment, stripe_api: FakeStripe) -> Connection:
    """The account, which can be asked."""
    secrets = {"signing_secret": STRIPE_SECRET, "api_key": STRIPE_KEY}
    return makers.make_connection(
        anna.program, connector="stripe", source="stripe", base_url=stripe_api.url, secrets=secrets
    )


@pytest.fixture
def stripe_alone(anna: Enrollment) -> Connection:
    """An account that cannot be asked."""
    secrets = {"signing_secret": STRIPE_SECRET, "mode": "test"}
    return makers.make_connection(
        anna.program, connector="stripe", source="stripe", base_url="", secrets=secrets
    )


@pytest.fixture
def stripe_click(anna: Enrollment) -> str:
    """The id of a click on Anna's link, a day before the sale."""
    return makers.make_click(anna, datetime.fromtimestamp(SOLD, UTC) - timedelta(days=1))[1]
