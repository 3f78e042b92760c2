"""How an app gets access to a shop by the merchant's consent: signed callbacks, tokens that end after an hour."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from core.jobs import Misconfigured
from integrations.connectors.base import Store
from integrations.connectors.oauth import Denied, OAuth
from integrations.connectors.shopify.address import DOMAIN, address_of, host_of
from integrations.connectors.shopify.scopes import NEEDED, PAST, needed

SHOP = re.compile(r"[a-z0-9][a-z0-9-]*" + re.escape(DOMAIN))
TOLERANCE = timedelta(minutes=15)
UNSIGNED = ("hmac", "signature")


def check_callback(store: Store, query: Mapping[str, str]) -> None:
    """Raise Denied unless the shop that was meant has signed the callback, just now, with the app's secret."""
    secret = str(store.keys.get("client_secret") or "")
    given = query.get("hmac", "")
    if not secret or not hmac.compare_digest(sign(query, secret).encode(), given.encode(errors="replace")):
        raise Denied(_("Not connected: Shopify’s signature is wrong. Compare the client secret of the app."))
    shop = query.get("shop", "").lower()
    if shop != host_of(store.base_url):
        raise Denied(_("Not connected: access was given by another shop, %(shop)s.") % {"shop": shop[:80]})
    time = query.get("timestamp", "")
    told = int(time) if time.isascii() and time.isdigit() and len(time) < 12 else 0
    if abs(timezone.now().timestamp() - told) > TOLERANCE.total_seconds():
        raise Denied(_("Not connected: Shopify’s answer is too old. Connect once more."))


def sign(query: Mapping[str, str], secret: str) -> str:
    """Return Shopify's signature of a query: its parts by name, without the signature itself, as hexadecimal."""
    signed = urlencode(sorted((name, value) for name, value in query.items() if name not in UNSIGNED))
    return hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()


def _shop(store: Store) -> str:
    """Return the shop's own address; a person is sent nowhere else."""
    address, host = address_of(store.base_url), host_of(store.base_url)
    if not SHOP.fullmatch(host) and host not in settings.OUTBOUND_ALLOWED_HOSTS:
        raise Misconfigured(_("Enter the shop’s address that ends in .myshopify.com, with “Change keys”."))
    return address


def _implied(granted: frozenset[str]) -> frozenset[str]:
    """Add what may be read by whoever may write."""
    written = (scope for scope in granted if scope.startswith("write_"))
    return granted | {"read_" + scope.removeprefix("write_") for scope in written}


OAUTH = OAuth(
    vendor="Shopify",
    authorize=lambda store: f"{_shop(store)}/admin/oauth/authorize",
    token=lambda store: f"{_shop(store)}/admin/oauth/access_token",
    scopes=NEEDED,
    also=lambda store: needed(store)[len(NEEDED) :],
    optional_scopes=(PAST,),
    implies=_implied,
    separator=",",
    has_pkce=False,
    code_extra={"expiring": "1"},
    sends_redirect=False,
    check_callback=check_callback,
    entered=("access_token",),
)
