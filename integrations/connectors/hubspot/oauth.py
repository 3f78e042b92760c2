"""How an app of one's own gets access to a HubSpot account: its addresses, its scopes, PKCE."""

from integrations.connectors.base import Store
from integrations.connectors.oauth import OAuth

CONSENT, API = "https://app.hubspot.com", "https://api.hubapi.com"
TOKENS = "/oauth/2026-03/token"  # HubSpot's dated version; the older /oauth/v1 ends in February 2027
BASIC = "oauth"  # a scope that every app asks for, and that no answer need name
SCOPES = tuple(
    f"crm.{area}.{kind}.{deed}"
    for area in ("objects", "schemas")
    for kind in ("contacts", "deals")
    for deed in ("read", "write")
)


def _consent(store: Store) -> str:
    return f"{store.base_url.rstrip('/') or CONSENT}/oauth/authorize"


def _tokens(store: Store) -> str:
    return f"{store.base_url.rstrip('/') or API}{TOKENS}"


OAUTH = OAuth(
    vendor="HubSpot",
    authorize=_consent,
    token=_tokens,
    scopes=(BASIC, *SCOPES),
    implies=lambda granted: granted | {BASIC},
    account=lambda told: str(told.get("hub_id") or ""),
    revoke=lambda store: f"{_tokens(store)}/revoke",
    lives=1_800,
    entered=("token",),
)
