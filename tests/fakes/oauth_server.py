"""A vendor's authorization server on loopback: strict, with codes for one use, and refresh tokens that are replaced."""

import base64
import hashlib
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from tests.fakes.loopback import Loopback, Said

CLIENT_ID, CLIENT_SECRET = "app-7", "app-s3cret"
REDIRECT = "http://testserver/oauth/callback"


@dataclass
class Consent:
    """What a person said yes to: the code's other half."""

    redirect: str
    scopes: str
    challenge: str
    is_used: bool = False


class FakeAuthorization(Loopback):
    """Gives codes and tokens as RFC 6749, 7636 and 7009 say; other paths are an API behind the tokens.

    `client` says how the app must show its secret. Who repeats a code loses the tokens that it gave.
    """

    METHODS = ("GET", "POST")

    def __init__(self, *, client: str = "form", has_pkce: bool = True, repeats_redirect: bool = True) -> None:
        self.client, self.has_pkce, self.repeats_redirect = client, has_pkce, repeats_redirect
        self.redirects = [REDIRECT]
        self.consents: dict[str, Consent] = {}
        self.access: dict[str, str] = {}  # a token, and the refresh token of its grant
        self.refresh: dict[str, str] = {}  # a live refresh token, and its scopes
        self.extra: dict[str, Any] = {}
        self.left_out: tuple[str, ...] = ()
        self.granted: str | None = None  # other scopes than were asked for
        self.lives: Any = 1800
        self.takes = 0.0
        self.failures: list[Said | None] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.breaches: list[str] = []
        self.count = 0
        self.lock = Lock()

    # --- the page of consent, and the person in front of it ----------------------------------------------
    def consent(self, address: str, *, granted: str | None = None, **further: str) -> dict[str, str]:
        """Say yes on the page at this address; return what the person is sent back with."""
        asked = self._page(address)
        self.count += 1
        code = f"code-{self.count}"
        scopes = asked.get("scope", "") if granted is None else granted
        self.consents[code] = Consent(asked["redirect_uri"], scopes, asked.get("code_challenge", ""))
        return {"code": code, "state": asked["state"], **further}

    def decline(self, address: str, error: str = "access_denied") -> dict[str, str]:
        """Say no on it."""
        return {"error": error, "error_description": "<b>no</b>", "state": self._page(address)["state"]}

    def _page(self, address: str) -> dict[str, str]:
        parts = urlsplit(address)
        asked = dict(parse_qsl(parts.query, strict_parsing=True))
        assert f"{parts.scheme}://{parts.netloc}" == self.url
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["redirect_uri"] in self.redirects
        assert len(asked["state"]) >= 43
        assert (asked.get("code_challenge_method") == "S256") == self.has_pkce
        assert (len(asked.get("code_challenge", "")) == 43) == self.has_pkce
        return asked

    # --- what the app's server asks ----------------------------------------------------------------------
    def heard(self, request: BaseHTTPRequestHandler, sent: bytes) -> Said | None:
        path = urlsplit(request.path).path
        form = {name: values[-1] for name, values in parse_qs(sent.decode(), keep_blank_values=True).items()}
        with self.lock:
            self.asked.append((path, form))
            if self.failures:
                return self.failures.pop(0)
        time.sleep(self.takes)
        with self.lock:
            if path.endswith("/revoke"):
                return self._revoke(request, form)
            if path.endswith("token"):
                return self._tokens(request, form)
            return self._api(request)

    def calls(self, ending: str = "token") -> list[dict[str, str]]:
        """The forms that were sent to addresses that end so."""
        return [form for path, form in self.asked if path.endswith(ending)]

    def _api(self, request: BaseHTTPRequestHandler) -> Said:
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = request.headers.get("X-Shopify-Access-Token") or shown
        if token not in self.access:
            return 401, {"message": "who are you?"}, {}
        return 200, {"results": [], "data": {"shop": {"name": "Shop"}}}, {}

    def _tokens(self, request: BaseHTTPRequestHandler, form: dict[str, str]) -> Said:
        if self._client_of(request, form) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client", "error_description": "<script>"}, {}
        if form.get("grant_type") == "refresh_token":
            return self._renew(form)
        if form.get("grant_type") == "client_credentials":
            self.count += 1
            self.access[f"day-{self.count}"] = ""
            return 200, {"access_token": f"day-{self.count}", "expires_in": 86399}, {}
        return self._exchange(form)

    def _exchange(self, form: dict[str, str]) -> Said:
        consent = self.consents.get(form.get("code", ""))
        if consent is None or consent.is_used:
            self.refresh.clear()  # somebody has stolen the code, or repeats it
            return wrong("invalid_grant")
        consent.is_used = True
        if self.repeats_redirect and form.get("redirect_uri") != consent.redirect:
            return wrong("invalid_grant")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        is_proven = base64.urlsafe_b64encode(digest).decode().rstrip("=") == consent.challenge
        if self.has_pkce and not is_proven:
            return wrong("invalid_grant")
        return self._given(consent.scopes)

    def _renew(self, form: dict[str, str]) -> Said:
        scopes = self.refresh.pop(form.get("refresh_token", ""), None)
        return wrong("invalid_grant") if scopes is None else self._given(scopes)

    def _given(self, scopes: str) -> Said:
        self.count += 1
        access, refresh = f"access-{self.count}", f"refresh-{self.count}"
        self.access[access], self.refresh[refresh] = refresh, scopes
        said = {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "bearer",
            "expires_in": self.lives,
            "scope": scopes,
            **self.extra,
        }
        return 200, {name: value for name, value in said.items() if name not in self.left_out}, {}

    def _revoke(self, request: BaseHTTPRequestHandler, form: dict[str, str]) -> Said:
        if self._client_of(request, form) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}, {}
        token = form.get("token", "")
        self.refresh.pop(token, None)
        self.access = {access: of for access, of in self.access.items() if of != token}
        return 200, b"", {}

    def _client_of(self, request: BaseHTTPRequestHandler, form: dict[str, str]) -> tuple[str, ...]:
        header = request.headers.get("Authorization", "")
        if self.client == "form":
            return () if header else (form.get("client_id", ""), form.get("client_secret", ""))
        if "client_secret" in form or not header.startswith("Basic "):
            return ()
        pair = base64.b64decode(header.removeprefix("Basic ")).decode().split(":")
        return tuple(unquote(part) for part in pair)


def wrong(error: str) -> Said:
    """How the standard refuses."""
    return 400, {"error": error, "error_description": "<b>secret words of theirs</b>"}, {}


def callback_of(query: dict[str, str]) -> str:
    """The address at which a person comes back."""
    return f"{urlsplit(REDIRECT).path}?{urlencode(query)}"
