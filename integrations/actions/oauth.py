"""Access by consent (OAuth 2.0): begun for one person, taken back once, kept sealed, given back at the end."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates import roles
from core import events
from core.crypto import fingerprint
from core.jobs import Failure
from core.models import User
from integrations.actions.accounts import forget_records
from integrations.actions.connections import connector_of, disconnect, store_of
from integrations.actions.deliveries import lanes
from integrations.actions.tokens import BEGUN, GRANT, KEPT, TROUBLE, kept_of, without_grant
from integrations.connectors import oauth as far
from integrations.connectors.base import Store
from integrations.connectors.oauth import Denied, Granted, OAuth, oauth_of
from integrations.models import Connection
from integrations.states import ConnectionState

CALLBACK = "oauth/callback"  # under no brand's path: it is registered with every vendor
LASTS = timedelta(minutes=15)  # a person reads a page of consent for that long
LONGEST_CODE = 4_000
STATE_BYTES = 32
CODES = {
    "access_denied": "denied",
    "user_denied": "denied",
    "invalid_scope": "scope",
    "invalid_client": "client",
    "unauthorized_client": "client",
}


@dataclass(frozen=True, slots=True)
class Access:
    """How a connection's access by consent stands, for its page."""

    vendor: str
    needed: tuple[str, ...]
    optional: tuple[str, ...]
    redirect: str
    has_client: bool
    is_granted: bool
    scopes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    by: str = ""
    at: datetime | None = None
    ends_at: datetime | None = None
    account: str = ""
    trouble: str = ""


def redirect_address() -> str:
    """Return the one address to which every vendor sends people back; it is registered in the app there."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/{CALLBACK}"


def access_of(connection: Connection) -> Access | None:
    """Return how access by consent stands; None for a system that has no such thing."""
    oauth = oauth_of(connector_of(connection))
    if oauth is None:
        return None
    store, kept = store_of(connection), connection.secrets or {}
    grant: Mapping[str, Any] = kept.get(GRANT) or {}
    token: Mapping[str, str] = kept.get(KEPT) or {}
    scopes = tuple(grant.get("scopes", ()))
    is_granted = bool(grant) and far.has_grant(store)
    return Access(
        oauth.vendor,
        oauth.needed(store),
        oauth.optional_scopes,
        redirect_address(),
        far.has_client(store),
        is_granted,
        scopes,
        tuple(oauth.missing(store, scopes)) if is_granted else (),
        str(grant.get("by", "")),
        datetime.fromisoformat(grant["at"]) if grant.get("at") else None,
        datetime.fromisoformat(token["ends_at"]) if is_granted and token else None,
        str(grant.get("account", "")),
        str((kept.get(TROUBLE) or {}).get("words", "")),
    )


# --- out -----------------------------------------------------------------------------------------------------
@transaction.atomic
def begin_consent(connection: Connection, *, session: str, actor: User, at: datetime | None = None) -> str:
    """Return the vendor's page on which a person consents; only this session's person may come back from it.

    `session` names the session. A second beginning ends the first. Raises Denied with a sentence, Misconfigured.
    """
    roles.demand(actor, "manage_integrations", connection.program.merchant_id)
    row = _locked(connection)
    oauth = _oauth(row)
    store = store_of(row)
    if not far.has_client(store):
        raise Denied(_("Enter the app’s client id and client secret first, with “Change keys”."))
    state, verifier = f"{row.public_id.hex}.{secrets.token_urlsafe(STATE_BYTES)}", far.new_verifier()
    address = far.consent_address(oauth, store, state=state, verifier=verifier, redirect=redirect_address())
    begun = {
        "state": _digest(state),
        "session": _of_session(session),
        "user": actor.pk,
        "verifier": verifier,
        "app": _app(row),
        "at": (at or timezone.now()).isoformat(),
    }
    row.secrets = {**(row.secrets or {}), BEGUN: begun}
    row.save(update_fields=["secrets"])
    return address


# --- and back ------------------------------------------------------------------------------------------------
def connection_of_state(state: str) -> Connection | None:
    """Return the connection that a state names, whoever asks; what it may do is said by `finish_consent`."""
    try:
        public_id = UUID(hex=state.partition(".")[0])
    except ValueError:
        return None
    found: Connection | None = (
        Connection.objects.select_related("program").filter(public_id=public_id).first()
    )
    return found


def finish_consent(
    query: Mapping[str, str], *, session: str, actor: User, at: datetime | None = None
) -> Connection:
    """Take a person back from the vendor: exchange the code and keep what it gives. Calls out: no transaction.

    `query` is what the callback's address says, each name once. Raises Denied, NotAllowed or a Failure, each with a
    sentence; then nothing is kept, and what was kept before stands.
    """
    found = connection_of_state(query.get("state", ""))
    if found is None:
        raise Denied(_unknown())
    row, begun = _take_begun(found, query["state"], session, actor, at or timezone.now())
    oauth, store = _oauth(row), store_of(row)
    if oauth.check_callback is not None:
        oauth.check_callback(store, query)
    if "error" in query:
        raise Denied(_refused(oauth, query["error"]))
    code = query.get("code", "")
    if not code or len(code) > LONGEST_CODE:
        raise Denied(
            _("%(vendor)s sent you back without a code: connect once more.") % {"vendor": oauth.vendor}
        )
    granted = far.exchange(oauth, store, code=code, verifier=begun["verifier"], redirect=redirect_address())
    if missing := oauth.missing(store, granted.scopes):
        _give_back(oauth, store, granted)
        raise Denied(
            _("Not connected: %(vendor)s did not grant all scopes. Missing: %(scopes)s. Add them to the app.")
            % {"vendor": oauth.vendor, "scopes": ", ".join(missing)}
        )
    return _keep_grant(row, granted, begun, actor, at)


def _take_begun(
    connection: Connection, state: str, session: str, actor: User, at: datetime
) -> tuple[Connection, dict[str, Any]]:
    """Use the beginning up, once for all, whatever comes of it; raises Denied unless it is this person's and fresh."""
    row, begun = _used_up(connection, state)
    if begun is None:
        raise Denied(_unknown())
    is_theirs = hmac.compare_digest(begun["session"], _of_session(session)) and begun["user"] == actor.pk
    if not is_theirs:
        raise Denied(_unknown())
    if not timedelta(0) <= at - datetime.fromisoformat(begun["at"]) <= LASTS:
        raise Denied(_("That took longer than 15 minutes: connect once more."))
    if begun["app"] != _app(row):
        raise Denied(_("The keys or the address were changed meanwhile: connect once more."))
    roles.demand(actor, "manage_integrations", row.program.merchant_id)
    return row, begun


@transaction.atomic
def _used_up(connection: Connection, state: str) -> tuple[Connection, dict[str, Any] | None]:
    row = _locked(connection)
    kept = dict(row.secrets or {})
    begun: dict[str, Any] | None = kept.get(BEGUN)
    if begun is None or not hmac.compare_digest(begun["state"], _digest(state)):
        return row, None
    del kept[BEGUN]
    row.secrets = kept
    row.save(update_fields=["secrets"])
    return row, begun


@transaction.atomic
def _keep_grant(
    connection: Connection, granted: Granted, begun: Mapping[str, Any], actor: User, at: datetime | None
) -> Connection:
    """Keep the tokens and who gave them, unless the connection was cut or changed while the vendor answered."""
    row = _locked(connection)
    oauth = _oauth(row)
    roles.demand(actor, "manage_integrations", row.program.merchant_id)
    if begun["app"] != _app(row):
        raise Denied(_("The keys or the address were changed meanwhile: connect once more."))
    _demand_account(row, oauth, granted)
    if not _former_account(row):  # nobody knows with whose records those that we know were agreed
        forget_records(row)
    moment = at or timezone.now()
    kept = without_grant(row.secrets or {}, oauth)
    kept |= {name: "" for name in oauth.entered if name in kept}
    kept |= granted.token.keys
    kept[GRANT] = {
        "by": str(actor),
        "user": actor.pk,
        "at": moment.isoformat(),
        "scopes": sorted(granted.scopes),
        "account": granted.account,
    }
    kept[KEPT] = kept_of(row, kept, granted.token)
    row.secrets, row.last_error = kept, ""
    row.save(update_fields=["secrets", "last_error"])
    data = {"scopes": sorted(granted.scopes), "access": "granted"}
    _record(row, actor, moment, data)
    lanes.wake(row, moment)
    return row


def _demand_account(row: Connection, oauth: OAuth, granted: Granted) -> None:
    """Raise Denied for another account than before: the numbers by which records are known would mean others there."""
    former = _former_account(row)
    if former and granted.account and former != granted.account:
        raise Denied(
            _(
                "Not connected: this is account %(new)s at %(vendor)s, not %(former)s as before. Make a new connection."
            )
            % {"vendor": oauth.vendor, "new": granted.account, "former": former}
        )


def _former_account(row: Connection) -> str:
    return str(((row.secrets or {}).get(GRANT) or {}).get("account", ""))


def _give_back(oauth: OAuth, store: Store, granted: Granted) -> None:
    """Return access that is not wanted; not where it may be the very one that is in use."""
    if far.has_grant(store):
        return
    with suppress(Failure):
        far.revoke(oauth, replace(store, keys={**store.keys, **granted.token.keys}))


# --- the end -------------------------------------------------------------------------------------------------
def cut_off(connection: Connection, *, actor: User | None = None, at: datetime | None = None) -> list[str]:
    """Cut a system off and give the access back to its vendor; return what came of it, in sentences.

    Calls out: no transaction. The connection is cut first: what the vendor answers changes nothing in that.
    """
    oauth = oauth_of(connector_of(connection))
    connection.refresh_from_db(fields=["secrets", "state"])
    store = store_of(connection)
    disconnect(connection, actor=actor, at=at)
    said = [_("Disconnected: “%(name)s”") % {"name": connection}]
    if oauth is None or not far.has_grant(store):
        return said
    words = {"vendor": oauth.vendor}
    try:
        is_revoked = far.revoke(oauth, store)
    except Failure as trouble:
        words["why"] = str(trouble)
        said.append(
            _(
                "%(vendor)s could not be told: %(why)s The keys are forgotten here; remove the app there by hand."
            )
            % words
        )
        return said
    said.append(
        _("%(vendor)s was told, and our access there has ended.") % words
        if is_revoked
        else _("%(vendor)s cannot be told: remove the app there by hand. The keys are forgotten here.")
        % words
    )
    return said


# --- parts ---------------------------------------------------------------------------------------------------
def _oauth(row: Connection) -> OAuth:
    oauth = oauth_of(connector_of(row))
    if oauth is None or row.state == ConnectionState.DISCONNECTED:
        raise Denied(_("This connection cannot be connected by consent."))
    return oauth


def _app(row: Connection) -> str:
    """Return a sign of the app and the address for which consent was asked."""
    keys = row.secrets or {}
    plain = "\0".join([row.base_url, str(keys.get("client_id", "")), str(keys.get("client_secret", ""))])
    return fingerprint(plain, purpose="oauth app")


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def _of_session(session: str) -> str:
    return fingerprint(session, purpose="oauth session")


def _unknown() -> str:
    return _(
        "This way back is not known here: it was used already, or begun by somebody else. Connect once more."
    )


def _refused(oauth: OAuth, code: str) -> str:
    words = {"vendor": oauth.vendor}
    kind = CODES.get(code, "")
    if kind == "denied":
        return _("Not connected: access was declined at %(vendor)s.") % words
    if kind == "scope":
        return (
            _("Not connected: the app at %(vendor)s may not ask for all these scopes: add them to it.")
            % words
        )
    if kind == "client":
        return _("Not connected: %(vendor)s does not know this app: compare the client id.") % words
    return _("Not connected: %(vendor)s reports an error. See that the app has our redirect address.") % words


def _locked(connection: Connection) -> Connection:
    row: Connection = (
        Connection.objects.select_for_update(of=("self",)).select_related("program").get(pk=connection.pk)
    )
    return row


def _record(row: Connection, actor: User, at: datetime, data: dict[str, Any]) -> None:
    program = row.program
    events.record(
        "connection.changed", row, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data
    )
