"""OAuth 2.0 for connectors: what a vendor's authorization server wants, as data, and the calls to it.

A connector whose vendor has it says `OAUTH = OAuth(...)` in its module; the flow itself (state, callback, what is kept)
stands in `integrations/actions/oauth.py` and is the same for all. The connector

- names the keys `client_id` and `client_secret` among its KEYS (`is_required=False` where a key may be entered by hand
  instead, whose name then stands in `entered`);
- takes its access token with `token_of(OAUTH, store)` for every call, and once more with `refused=` the token that the
  far side has answered with 401. Without a grant (`has_grant(store)` is false) it uses the key that was entered;
- finds what the answer told besides (`keeps`: Salesforce's `instance_url`, Pipedrive's `api_domain`) in `store.keys`
  under the same name, read anew for each Store.

After a grant stand in `store.keys`: `refresh_token` and what `keeps` names. A rotated refresh token is kept by itself.
"""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from core import http
from core.jobs import Failure, Misconfigured, Temporary
from integrations.connectors.base import Keys, Store, Token

REFRESH = "refresh_token"
LONGEST_TOKEN = 4_000
LONGEST_LIFE = 86_400
LONGEST_NAME = 60
LONGEST_WAIT = 3_600.0
PRINTABLE = re.compile(r"[\x21-\x7e]+")
VERIFIER_BYTES = 48

Json = Mapping[str, Any]
Query = Mapping[str, str]


class Denied(ValueError):
    """Access was not given, or not to us; the text is a sentence for the person who asked for it."""


def _nothing(store: Store) -> tuple[str, ...]:
    return ()


def _unnamed(told: Json) -> str:
    return ""


def _same(scopes: frozenset[str]) -> frozenset[str]:
    return scopes


@dataclass(frozen=True, slots=True)
class OAuth:
    """A vendor's way to give access, by the code grant.

    `authorize` and `token` are the addresses for a store, without a query. `scopes` are needed, `also` those that a
    connection's settings need besides, `optional_scopes` are asked for and may be missing (where the vendor has a
    parameter for them, `optional_name`); `implies` adds what a granted scope includes. `asks_scopes` is false where the
    app itself says them.
    `extra` stands in the address of the consent page, `code_extra` in the exchange of the code.
    `client` says how client id and secret are sent; `sends_redirect` whether the exchange repeats the redirect address.
    `keeps` names values of the token's answer that are kept, each with its check: what it returns is kept, "" refuses.
    `check_callback` raises Denied for a callback that the vendor has not signed or that is another account's; it gets
    the query with each name once. `check_answer` does the same for the token's answer.
    `account` reads off the token's answer which account it is for: another one than before is refused, since records
    are known here by their numbers there.
    `revoke` is the address of RFC 7009, `revoke_extra` what its form says besides.
    `lives` is how many seconds a token lasts where the answer does not say. `entered` names keys that a person may
    enter instead of connecting: a grant empties them, and entering one ends the grant.
    """

    vendor: str
    authorize: Callable[[Store], str]
    token: Callable[[Store], str]
    scopes: tuple[str, ...]
    also: Callable[[Store], tuple[str, ...]] = _nothing
    optional_scopes: tuple[str, ...] = ()
    implies: Callable[[frozenset[str]], frozenset[str]] = _same
    asks_scopes: bool = True
    separator: str = " "
    optional_name: str = ""
    has_pkce: bool = True
    extra: Mapping[str, str] = field(default_factory=dict)
    code_extra: Mapping[str, str] = field(default_factory=dict)
    client: Literal["form", "basic"] = "form"
    sends_redirect: bool = True
    keeps: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    check_callback: Callable[[Store, Query], None] | None = None
    check_answer: Callable[[Store, Json], None] | None = None
    account: Callable[[Json], str] = _unnamed
    revoke: Callable[[Store], str] | None = None
    revoke_extra: Mapping[str, str] = field(default_factory=dict)
    lives: int = 3_600
    entered: tuple[str, ...] = ()

    def needed(self, store: Store) -> tuple[str, ...]:
        """Return the scopes without which a connection does not do its work."""
        return (*self.scopes, *self.also(store))

    def missing(self, store: Store, granted: Iterable[str]) -> list[str]:
        """Return the scopes that are needed and were not granted."""
        there = self.implies(frozenset(granted))
        return [scope for scope in self.needed(store) if scope not in there]


@dataclass(frozen=True, slots=True)
class Granted:
    """What a code was exchanged for: the token, what is kept with it, scopes and account as the vendor tells them."""

    token: Token
    scopes: tuple[str, ...]
    account: str = ""


def oauth_of(connector: object) -> OAuth | None:
    """Return what a connector says of OAuth, if it has it."""
    found = getattr(connector, "OAUTH", None)
    return found if isinstance(found, OAuth) else None


def has_grant(store: Store) -> bool:
    """Say whether a person has given access by consent, so that a token can be fetched."""
    return bool(store.keys.get(REFRESH))


def has_client(store: Store) -> bool:
    """Say whether the app's client id and secret were entered, without which nobody can be asked."""
    return bool(store.keys.get("client_id") and store.keys.get("client_secret"))


def host_under(domain: str) -> Callable[[str], str]:
    """Return a check for `keeps`: an address at this domain or below it, as scheme and host; all others are refused.

    An address that the installation vouches for by name passes too.
    """

    def _read(address: str) -> str:
        try:
            parts = urlsplit(address)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return ""
        is_vouched = f"{host}:{port}" in settings.OUTBOUND_ALLOWED_HOSTS
        is_theirs = host == domain or host.endswith(f".{domain}")
        if is_vouched and parts.scheme in ("http", "https"):
            return f"{parts.scheme}://{host}:{port}"
        return f"https://{host}" if is_theirs and parts.scheme == "https" and port in (None, 443) else ""

    return _read


# --- the person's way ----------------------------------------------------------------------------------------
def new_verifier() -> str:
    """Return a secret of PKCE (RFC 7636): 64 letters that nobody can guess."""
    return secrets.token_urlsafe(VERIFIER_BYTES)


def challenge_of(verifier: str) -> str:
    """Return what the consent page is told of the verifier (S256)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def consent_address(oauth: OAuth, store: Store, *, state: str, verifier: str, redirect: str) -> str:
    """Return where a person is asked for consent; raises Misconfigured for an address that is none."""
    asked = {
        "response_type": "code",
        "client_id": str(store.keys.get("client_id", "")),
        "redirect_uri": redirect,
        "state": state,
        **oauth.extra,
    }
    if oauth.asks_scopes:
        further = () if oauth.optional_name else oauth.optional_scopes
        asked["scope"] = oauth.separator.join((*oauth.needed(store), *further))
        if oauth.optional_name and oauth.optional_scopes:
            asked[oauth.optional_name] = oauth.separator.join(oauth.optional_scopes)
    if oauth.has_pkce:
        asked |= {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
    return f"{oauth.authorize(store)}?{urlencode(asked, quote_via=quote)}"


def exchange(oauth: OAuth, store: Store, *, code: str, verifier: str, redirect: str) -> Granted:
    """Exchange a code for tokens; raises Denied where the vendor refuses, a Failure where it does not answer."""
    form = {"grant_type": "authorization_code", "code": code, **oauth.code_extra}
    if oauth.sends_redirect:
        form["redirect_uri"] = redirect
    if oauth.has_pkce:
        form["code_verifier"] = verifier
    answer = _post(oauth, store, oauth.token(store), form)
    if answer.status in (400, 401, 403):
        raise Denied(_refused_code(oauth, answer))
    told = _read(oauth, answer)
    if oauth.check_answer is not None:
        oauth.check_answer(store, told)
    token = _token(oauth, told)
    if not token.keys.get(REFRESH):
        raise Denied(
            _("%(vendor)s gave access only for a while and no refresh token: allow it in the app’s settings.")
            % {"vendor": oauth.vendor}
        )
    asked = (*oauth.needed(store), *(oauth.optional_scopes if oauth.asks_scopes else ()))
    return Granted(token, scopes_told(told) or asked, oauth.account(told)[:LONGEST_NAME])


# --- the worker's way ----------------------------------------------------------------------------------------
def token_of(oauth: OAuth, store: Store, *, refused: str = "") -> str:
    """Return an access token that is good now; `refused` is the one that the far side has just refused.

    It is renewed once for all workers, and what the vendor replaces is kept. Raises a Failure.
    """

    def _fetch(keys: Keys) -> Token:
        return renew(oauth, replace(store, keys=keys))

    if store.fresh_token is None:
        return _fetch(store.keys).value
    return store.fresh_token(_fetch, refused=refused)


def renew(oauth: OAuth, store: Store) -> Token:
    """Exchange the refresh token for a new access token; raises Misconfigured where the grant is over."""
    if not has_grant(store):
        raise Misconfigured(_connect_again(oauth))
    form = {"grant_type": "refresh_token", REFRESH: str(store.keys[REFRESH])}
    answer = _post(oauth, store, oauth.token(store), form)
    if answer.status in (400, 401, 403):
        raise Misconfigured(_refused_refresh(oauth, answer))
    return _token(oauth, _read(oauth, answer))


def revoke(oauth: OAuth, store: Store) -> bool:
    """Give the access back to the vendor; False where there is nothing to call. Raises a Failure."""
    if oauth.revoke is None or not has_grant(store):
        return False
    form = {"token": str(store.keys[REFRESH]), "token_type_hint": REFRESH, **oauth.revoke_extra}
    answer = _post(oauth, store, oauth.revoke(store), form)
    if not 200 <= answer.status < 300:
        raise failure_of(oauth, answer)
    return True


# --- what is sent and answered -------------------------------------------------------------------------------
def _post(oauth: OAuth, store: Store, address: str, form: Mapping[str, str]) -> http.Answer:
    """Send a form with the app's own credentials; nothing is followed."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    client = {name: str(store.keys.get(name, "")) for name in ("client_id", "client_secret")}
    if oauth.client == "basic":
        pair = ":".join(quote(client[name], safe="") for name in ("client_id", "client_secret"))
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        form = {**form, **client}
    try:
        return http.request("POST", address, headers=headers, content=urlencode(form))
    except http.UnsafeURL as error:
        raise Misconfigured(str(error)) from error
    except http.TooLarge as error:
        raise Temporary(_no_data(oauth)) from error


def _read(oauth: OAuth, answer: http.Answer) -> Json:
    """Return what an answer of status 2xx says; everything else raises a Failure."""
    if not 200 <= answer.status < 300:
        raise failure_of(oauth, answer)
    told = _object(answer.body)
    if told is None:
        raise Temporary(_no_data(oauth))
    return told


def _token(oauth: OAuth, told: Json) -> Token:
    """Read the token's answer; what is kept is checked first, so that nothing half-good is kept."""
    value = told.get("access_token")
    if not _is_token(value):
        raise Temporary(_no_data(oauth))
    keys: dict[str, str] = {}
    renewed = told.get(REFRESH)
    if _is_token(renewed):
        keys[REFRESH] = str(renewed)
    for name, check in oauth.keeps.items():
        if name not in told:
            continue
        keys[name] = check(str(told[name])[:LONGEST_TOKEN])
        if not keys[name]:
            raise Misconfigured(
                _("%(vendor)s’s answer has a %(name)s that is not %(vendor)s’s own.")
                % {"vendor": oauth.vendor, "name": name}
            )
    return Token(str(value), timezone.now() + timedelta(seconds=_lives(oauth, told)), keys)


def _is_token(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TOKEN and bool(PRINTABLE.fullmatch(value))


def _lives(oauth: OAuth, told: Json) -> int:
    text = str(told.get("expires_in", ""))
    return (
        min(int(text), LONGEST_LIFE) if text.isascii() and text.isdigit() and len(text) < 12 else oauth.lives
    )


def scopes_told(told: Json) -> tuple[str, ...]:
    """Return the scopes of an answer: `scope` as a text with spaces or commas, or `scopes` as a list."""
    listed = told.get("scopes")
    if isinstance(listed, list):
        return tuple(scope for scope in listed if isinstance(scope, str))[:200]
    text = told.get("scope")
    return tuple(re.split(r"[\s,]+", text.strip()))[:200] if isinstance(text, str) and text.strip() else ()


def failure_of(oauth: OAuth, answer: http.Answer) -> Failure:
    """Return what an answer that is none means."""
    words = {"vendor": oauth.vendor, "status": answer.status}
    if answer.status == 429 or answer.status >= 500 or answer.status in (408, 425):
        return Temporary(_("%(vendor)s is busy or has an error (%(status)s).") % words, _wait(answer))
    return Misconfigured(_("%(vendor)s gives no token at this address (%(status)s).") % words)


def _wait(answer: http.Answer) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), LONGEST_WAIT) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _refused_code(oauth: OAuth, answer: http.Answer) -> str:
    code = error_code(answer.body)
    if code in ("invalid_client", "unauthorized_client"):
        return _wrong_client(oauth)
    return _(
        "%(vendor)s does not take the code (%(code)s): it was used already, or is too old. Connect once more."
    ) % {"vendor": oauth.vendor, "code": code or answer.status}


def _refused_refresh(oauth: OAuth, answer: http.Answer) -> str:
    is_ours = error_code(answer.body) in ("invalid_client", "unauthorized_client")
    return _wrong_client(oauth) if is_ours else _connect_again(oauth)


def _wrong_client(oauth: OAuth) -> str:
    return _("%(vendor)s refuses the app’s client id or secret: compare them with those in the app.") % {
        "vendor": oauth.vendor
    }


def _connect_again(oauth: OAuth) -> str:
    return _(
        "%(vendor)s accepts our access no more: it was withdrawn, or is over. Press “Connect with %(vendor)s”."
    ) % {"vendor": oauth.vendor}


def _no_data(oauth: OAuth) -> str:
    return _("%(vendor)s answers with something else than a token.") % {"vendor": oauth.vendor}


def error_code(body: bytes) -> str:
    """Return the `error` of a refusal if it is a code of the standard's shape; texts of theirs are not repeated."""
    told = _object(body) or {}
    code = told.get("error")
    return code if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,40}", code) else ""


def _object(body: bytes) -> Json | None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None
