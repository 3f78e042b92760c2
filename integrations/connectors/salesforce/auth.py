"""Access to an org: as the user of an external client app (client credentials), or by a person's consent (OAuth)."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.translation import gettext as _

from core import http
from core.jobs import Misconfigured, Temporary
from integrations.connectors.base import Keys, Store, Token, Unreadable
from integrations.connectors.body import Fields, read_object
from integrations.connectors.oauth import (
    OAuth,
    error_code,
    failure_of,
    has_client,
    has_grant,
    host_under,
    token_of,
)

LOGIN = "https://login.salesforce.com"
LIVES = 3_300  # seconds: answers do not say how long a token lasts; one that ended sooner is fetched anew
IDENTITY = re.compile(r"https?://[^/\s]+/id/00D[A-Za-z0-9]{12,15}/(005[A-Za-z0-9]{12,15})", re.ASCII)
USER = "id"  # the key under which our user's number is kept, as the token's answer calls it


def login_address(store: Store) -> str:
    """Return where tokens are given: the org's own address, or everybody's."""
    return (store.base_url or str(store.keys.get("instance_url") or "") or LOGIN).rstrip("/")


def api_address(store: Store) -> str:
    """Return where the org answers: after a consent where its answer said, else the address that was entered."""
    told = str(store.keys.get("instance_url") or "") if has_grant(store) else ""
    found = (told or store.base_url).rstrip("/")
    if not found:
        raise Misconfigured(
            _("Enter the address of your Salesforce: the one that ends in .my.salesforce.com.")
        )
    return found


def user_of(identity: str) -> str:
    """Return the user's number in the address that says who we are there; "" for anything else."""
    found = IDENTITY.fullmatch(identity)
    return found[1] if found else ""


def _included(scopes: frozenset[str]) -> frozenset[str]:
    more = {"full": {"api"}, "offline_access": {"refresh_token"}}
    return scopes.union(*(more.get(scope, set()) for scope in scopes))


def org_of(identity: str) -> str:
    """Return the org of an identity, which is an address that ends in /id/<org>/<user>; "" for anything else."""
    parts = identity.rstrip("/").split("/")
    return parts[-2] if len(parts) > 3 and parts[-3] == "id" else ""


OAUTH = OAuth(
    vendor="Salesforce",
    authorize=lambda store: f"{login_address(store)}/services/oauth2/authorize",
    token=lambda store: f"{login_address(store)}/services/oauth2/token",
    revoke=lambda store: f"{login_address(store)}/services/oauth2/revoke",
    scopes=("api", "refresh_token"),
    implies=_included,
    keeps={"instance_url": host_under("salesforce.com"), USER: user_of},
    account=lambda told: org_of(str(told.get("id") or "")),
    lives=LIVES,
)


def has_keys(store: Store) -> bool:
    """Say whether the org can be asked."""
    return has_client(store) and bool(store.base_url or (has_grant(store) and store.keys.get("instance_url")))


def token(store: Store, refused: str = "") -> str:
    """Return a token that is good now; `refused` is the one that was answered with 401. Raises a Failure."""
    if has_grant(store):
        return token_of(OAUTH, store, refused=refused)

    def _fetch(keys: Keys) -> Token:
        return _by_client(login_address(store), keys)

    return (
        _fetch(store.keys).value if store.fresh_token is None else store.fresh_token(_fetch, refused=refused)
    )


def _by_client(address: str, keys: Keys) -> Token:
    """Exchange the app's own id and secret for a token (client credentials grant)."""
    form = {
        "grant_type": "client_credentials",
        "client_id": str(keys.get("client_id", "")),
        "client_secret": str(keys.get("client_secret", "")),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    try:
        answer = http.request(
            "POST", f"{address}/services/oauth2/token", headers=headers, content=urlencode(form)
        )
    except http.UnsafeURL as error:
        raise Misconfigured(str(error)) from error
    if answer.status in (400, 401, 403):
        raise Misconfigured(
            _(
                "Salesforce refuses the app (%(code)s). Compare consumer key and secret, see that the client "
                "credentials flow is on and has a user to run as, and enter the address that ends in "
                ".my.salesforce.com."
            )
            % {"code": error_code(answer.body) or answer.status}
        )
    if answer.status != 200:
        raise failure_of(OAUTH, answer)
    return _read(answer.body)


def _read(body: bytes) -> Token:
    try:
        told = Fields(read_object(body))
        value, user = told.text("access_token", 4_000), user_of(told.text("id", 300))
    except Unreadable:
        value, user = "", ""
    if not value or not value.isascii() or not value.isprintable():
        raise Temporary(_("Salesforce answers with something else than a token."))
    kept: dict[str, Any] = {USER: user} if user else {}
    return Token(value, timezone.now() + timedelta(seconds=LIVES), kept)
