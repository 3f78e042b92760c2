"""Shopify's GraphQL Admin API: one way to ask it, and errors that say what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.translation import gettext as _

from core import http
from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.connectors.base import Keys, Store, Token, Unreadable
from integrations.connectors.body import Fields, read_object
from integrations.connectors.oauth import has_client, has_grant, token_of
from integrations.connectors.shopify.address import address_of
from integrations.connectors.shopify.documents import VERSION

MAX_BYTES = 8_000_000
LONGEST_WAIT = 3600.0
DAY = 86_400


class Forbidden(Misconfigured):
    """The app lacks the scope for one thing that was asked; for others it may have it."""


def has_keys(store: Store) -> bool:
    """Say whether the shop can be asked: by consent, by the app's id and secret, or by an older app's token."""
    return bool(store.base_url and (has_grant(store) or store.keys.get("access_token") or has_client(store)))


def ask(store: Store, document: str, **variables: Any) -> Fields:
    """Run one document and return its data; raises Temporary, Permanent or Misconfigured.

    A token that the shop refuses is fetched anew, once.
    """
    return data_of(post(store, document, variables))


def post(store: Store, document: str, variables: Mapping[str, Any]) -> http.Answer:
    """Send one document and return the answer, whatever it says; raises Temporary or Misconfigured."""
    token = _token(store)
    answer = _post(store, document, variables, token)
    if answer.status == 401 and (has_grant(store) or not store.keys.get("access_token")):
        answer = _post(store, document, variables, _token(store, refused=token))
    return answer


def data_of(answer: http.Answer) -> Fields:
    """Return the data of an answer; raises what `ask` raises."""
    if answer.status != 200:
        raise _failure(answer)
    with plain_answers():
        told = _told(answer.body)
        if errors := told.values.get("errors"):
            raise _refusal(errors, told)
        return _data(told)


def _data(told: Fields) -> Fields:
    """Return the data, of which each field was answered: one that is missing is never taken for a deleted row."""
    data = told.values.get("data")
    if not isinstance(data, dict) or not data:
        raise Permanent(_("The shop's answer says nothing."))
    return Fields(data)


@contextmanager
def plain_answers() -> Iterator[None]:
    """Turn an answer of a shape that Shopify does not give into Permanent; a message's own oddities stay Unreadable."""
    try:
        yield
    except Unreadable as trouble:
        raise Permanent(str(trouble)) from trouble


@plain_answers()
def change(store: Store, document: str, field: str, **variables: Any) -> Fields:
    """Run a mutation and return what it made; the shop's own objections (`userErrors`) raise Permanent."""
    made = ask(store, document, **variables).part(field)
    if wrongs := wrongs_of(made):
        raise Permanent(wrongs)
    return made


def wrongs_of(made: Fields) -> str:
    """Return the shop's own objections to a mutation in a sentence, "" if it has none."""
    wrongs = [row.text("message") for row in made.rows("userErrors")]
    return _("Shopify refuses: %(errors)s") % {"errors": " ".join(wrongs)[:400]} if wrongs else ""


def _token(store: Store, refused: str = "") -> str:
    """Return the token to ask with: by a merchant's consent, the one that was entered, or one that lives for a day."""
    from integrations.connectors.shopify.oauth import OAUTH  # names scopes, which this module asks for

    if has_grant(store):
        return token_of(OAUTH, store, refused=refused)
    if entered := store.keys.get("access_token"):
        return str(entered)

    def _fetch(keys: Keys) -> Token:
        return fetch_token(store.base_url, keys)

    if store.fresh_token is None:
        return _fetch(store.keys).value
    return store.fresh_token(_fetch, refused=refused)


def fetch_token(base_url: str, keys: Keys) -> Token:
    """Exchange the app's id and secret for a token (client credentials grant)."""
    form = {
        "grant_type": "client_credentials",
        "client_id": str(keys.get("client_id", "")),
        "client_secret": str(keys.get("client_secret", "")),
    }
    answer = _call(
        f"{address_of(base_url)}/admin/oauth/access_token",
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        content=urlencode(form),
    )
    if answer.status in (400, 401, 403):
        raise Misconfigured(
            _(
                "Shopify refuses the app's keys (%(code)s). Compare client id and secret in the Dev Dashboard, and see "
                "that the app is installed in this shop, which must belong to the same organization."
            )
            % {"code": _code(answer) or answer.status}
        )
    if answer.status != 200:
        raise _failure(answer)
    with plain_answers():
        told = _told(answer.body)
        token, lives = told.text("access_token", 400), told.text("expires_in", 20)
    if not token:
        raise Misconfigured(_("The shop's address answers, but not as Shopify does: check the address."))
    seconds = min(int(lives), DAY) if lives.isascii() and lives.isdigit() else DAY
    return Token(token, timezone.now() + timedelta(seconds=seconds))


def _post(store: Store, document: str, variables: Mapping[str, Any], token: str) -> http.Answer:
    return _call(
        f"{address_of(store.base_url)}/admin/api/{VERSION}/graphql.json",
        headers={"X-Shopify-Access-Token": token, "Accept": "application/json"},
        json={"query": document, "variables": dict(variables)},
    )


def _call(url: str, **sent: Any) -> http.Answer:
    try:
        return http.request("POST", url, max_bytes=MAX_BYTES, **sent)
    except http.UnsafeURL as error:
        raise Misconfigured(str(error)) from error
    except ValueError as error:
        raise Misconfigured(_("A key has signs that no key has: enter it again.")) from error


def _told(body: bytes) -> Fields:
    if body.lstrip()[:1] != b"{":
        raise Misconfigured(_("The shop answers with a page instead of data. Check the address."))
    return Fields(read_object(body))


def _code(answer: http.Answer) -> str:
    try:
        return Fields(read_object(answer.body)).text("error", 80)
    except Unreadable:
        return ""


def _failure(answer: http.Answer) -> Failure:
    if answer.status in (401, 403):
        return Misconfigured(
            _("The shop refuses the key (%(status)s): is the app still installed?")
            % {"status": answer.status}
        )
    if answer.status in (402, 423):
        return Misconfigured(
            _("Shopify has locked or frozen the shop (%(status)s).") % {"status": answer.status}
        )
    if 300 <= answer.status < 400 or answer.status in (404, 405, 406):
        return Misconfigured(
            _("There is no shop at this address: enter the one that ends in .myshopify.com (%(status)s).")
            % {"status": answer.status}
        )
    if answer.status in (408, 425, 429, 430) or answer.status >= 500:
        return Temporary(
            _("Shopify is busy or has an error (%(status)s).") % {"status": answer.status}, _wait(answer)
        )
    return Permanent(_("Shopify refuses the request (%(status)s).") % {"status": answer.status})


def _wait(answer: http.Answer) -> float | None:
    """Return the seconds that Shopify asks us to wait, at most an hour."""
    try:
        return min(max(float(answer.headers.get("retry-after", "")), 0.0), LONGEST_WAIT)
    except ValueError:
        return None


def _refusal(errors: Any, told: Fields) -> Failure:
    """Say what the errors of an answer mean: it is throttled, may not read something, or the request is wrong."""
    rows = [Fields(row) for row in errors if isinstance(row, dict)] if isinstance(errors, list) else []
    codes = {row.part("extensions").text("code", 60) for row in rows}
    words = " ".join(row.text("message", 300) for row in rows)[:400] or str(errors)[:400]
    if "THROTTLED" in codes:
        return Temporary(_("Shopify asks for a pause: too much was asked at once."), _pause(told))
    if "ACCESS_DENIED" in codes:
        return Forbidden(
            _("The app may not read this; give it the scope that is named: %(errors)s") % {"errors": words}
        )
    if codes & {"INTERNAL_SERVER_ERROR", "TIMEOUT"}:
        return Temporary(_("Shopify has an error: %(errors)s") % {"errors": words})
    return Permanent(_("Shopify refuses the request: %(errors)s") % {"errors": words})


def _pause(told: Fields) -> float | None:
    """Return the seconds until the bucket holds what the request costs; None where the answer does not say."""
    cost = told.part("extensions").part("cost")
    bucket = cost.part("throttleStatus")
    try:
        wanted, there, rate = (
            float(of.text(name) or "nan")
            for of, name in (
                (cost, "requestedQueryCost"),
                (bucket, "currentlyAvailable"),
                (bucket, "restoreRate"),
            )
        )
    except ValueError:
        return None
    if not rate > 0 or not wanted > there:
        return 1.0 if rate > 0 else None
    return min((wanted - there) / rate, LONGEST_WAIT)
