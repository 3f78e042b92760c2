"""How an app of one’s own gets access to an account: scopes are chosen in the app, and a token ends in an hour."""

from integrations.connectors.base import Store
from integrations.connectors.oauth import OAuth, has_client, has_grant, host_under, token_of

HOST = "https://oauth.pipedrive.com"
DOMAIN = "api_domain"  # where the account is, as the token's answer tells it
SCOPES = ("base", "contacts:full", "deals:full", "admin")  # fields and webhooks are made by administrators


def _at(path: str) -> str:
    return f"{HOST}/oauth/{path}"


OAUTH = OAuth(
    vendor="Pipedrive",
    authorize=lambda store: _at("authorize"),
    token=lambda store: _at("token"),
    scopes=SCOPES,
    asks_scopes=False,
    has_pkce=False,
    client="basic",
    keeps={DOMAIN: host_under("pipedrive.com")},
    account=lambda told: str(told.get(DOMAIN) or ""),
    revoke=lambda store: _at("revoke"),
    entered=("api_token",),
)


def is_granted(store: Store) -> bool:
    """Say whether a person has given access by consent, and no key was entered instead."""
    return not store.keys.get("api_token") and has_grant(store) and has_client(store)


def fresh(store: Store, refused: str = "") -> str:
    """Return a token that is good now; `refused` is the one that Pipedrive has just refused. Raises a Failure."""
    return token_of(OAUTH, store, refused=refused)
