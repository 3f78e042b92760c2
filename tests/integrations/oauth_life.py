"""Systems that give access by consent, as the tests of it connect them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from affiliates.models import Program
from core.models import User
from integrations import actions
from integrations.connectors.shopify.oauth import sign
from integrations.models import Connection
from tests import makers
from tests.fakes.oauth_server import CLIENT_ID, CLIENT_SECRET, FakeAuthorization

SESSION = "session-of-mona"
APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "webhook_secret": "w"}


@contextmanager
def vendor(settings: Any, **how: Any) -> Iterator[FakeAuthorization]:
    """A vendor that may be called."""
    settings.PUBLIC_URL = "http://testserver"
    with FakeAuthorization(**how) as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


def make_hubspot(program: Program, server: FakeAuthorization, **fields: Any) -> Connection:
    """A HubSpot account to which an app of ours may be connected."""
    secrets = {**APP, "token": "", **fields.pop("secrets", {})}
    return makers.make_connection(
        program, connector="hubspot", source="hubspot", base_url=server.url, secrets=secrets, **fields
    )


def make_shopify(program: Program, server: FakeAuthorization, **fields: Any) -> Connection:
    """A shop likewise."""
    secrets = {**APP, "access_token": "", **fields.pop("secrets", {})}
    return makers.make_connection(
        program, connector="shopify", source="shopify", base_url=server.url, secrets=secrets, **fields
    )


def begin(row: Connection, actor: User, session: str = SESSION, **when: Any) -> str:
    """Set out for the vendor's page."""
    return actions.begin_consent(row, session=session, actor=actor, **when)


def finish(query: dict[str, str], actor: User, session: str = SESSION, **when: Any) -> Connection:
    """Come back from it."""
    return actions.finish_consent(query, session=session, actor=actor, **when)


def connect(row: Connection, server: FakeAuthorization, actor: User, **how: Any) -> Connection:
    """Go the whole way."""
    return finish(server.consent(begin(row, actor), **how), actor)


def asked_of(address: str) -> dict[str, str]:
    """What the vendor's page is told."""
    return dict(parse_qsl(urlsplit(address).query))


def signed(query: dict[str, str], secret: str = CLIENT_SECRET) -> dict[str, str]:
    """What Shopify sends back, with its signature."""
    return {**query, "hmac": sign(query, secret)}
