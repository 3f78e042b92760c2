"""Every connector whose vendor gives access by consent asks for what it needs, and calls nobody but its vendor."""

import pytest

from integrations.actions.tokens import NO_KEYS
from integrations.connectors import CONNECTORS
from integrations.connectors.base import Store
from integrations.connectors.oauth import REFRESH, consent_address, new_verifier, oauth_of
from tests.fakes.oauth_server import REDIRECT
from tests.integrations.oauth_life import asked_of

HAVING = [name for name, connector in CONNECTORS.items() if oauth_of(connector)]


def test_those_four_have_it() -> None:
    assert {"hubspot", "salesforce", "pipedrive", "shopify"} <= set(HAVING)


@pytest.mark.parametrize("name", HAVING)
def test_connector_asks_for_what_it_needs(name: str) -> None:
    connector, oauth = CONNECTORS[name], oauth_of(CONNECTORS[name])
    assert oauth is not None
    keys = {key.name: key for key in connector.KEYS}

    assert {"client_id", "client_secret", *oauth.entered} <= set(keys)
    assert keys["client_secret"].is_secret
    assert all(keys[each].is_secret and not keys[each].is_required for each in oauth.entered)
    assert not {REFRESH, *oauth.keeps, *NO_KEYS} & set(keys)


@pytest.mark.parametrize("name", HAVING)
def test_vendors_own_addresses_are_called_safely(name: str) -> None:
    oauth = oauth_of(CONNECTORS[name])
    address = {"shopify": "https://acme.myshopify.com", "salesforce": "https://acme.my.salesforce.com"}
    keys = {"client_id": "a b&c=1", "client_secret": "s"}
    place = Store(address.get(name, ""), name, keys, "EUR")
    assert oauth is not None

    consent = consent_address(oauth, place, state="st", verifier=new_verifier(), redirect=REDIRECT)

    assert consent.startswith("https://")
    assert asked_of(consent)["client_id"] == "a b&c=1"
    assert asked_of(consent)["redirect_uri"] == REDIRECT
    assert oauth.token(place).startswith("https://")
    assert ("code_challenge" in asked_of(consent)) == oauth.has_pkce
