"""The keys of machines: made, rotated, revoked, checked. A secret is shown once; only its keyed hash is kept."""

import hmac
import re
import secrets
import string
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.models import Program
from affiliates.roles import demand
from core import events
from core.crypto import fingerprint
from core.models import User
from portal.models import ApiKey

SCOPES: dict[str, str | Promise] = {
    "conversions:read": gettext_lazy("read conversions with their decisions and commissions"),
    "conversions:write": gettext_lazy("send and update orders, leads and sign-ups"),
    "refunds:read": gettext_lazy("read refunds"),
    "refunds:write": gettext_lazy("send refunds, chargebacks and cancellations"),
    "commissions:read": gettext_lazy("read commissions"),
    "affiliates:read": gettext_lazy("read affiliates and their enrollments"),
    "links:read": gettext_lazy("read links"),
    "links:write": gettext_lazy("create links for affiliates"),
    "payouts:read": gettext_lazy("read payouts"),
    "hooks": gettext_lazy("subscribe to news of what the key may read"),
}
OVERLAP = timedelta(days=1)  # how long a rotated key still works, so that nothing stops meanwhile
USE_NOTED_EVERY = timedelta(minutes=1)
PREFIX_LETTERS = 8
SECRET_LETTERS = 40  # of 62 kinds: 238 bits
_LETTERS = string.ascii_letters + string.digits
_FORM = re.compile(rf"tk_([A-Za-z0-9]{{{PREFIX_LETTERS}}})_([A-Za-z0-9]{{{SECRET_LETTERS}}})", re.ASCII)


class KeyRefused(ValueError):
    """The text is no key that works; says why only where that tells a stranger nothing."""


class UnknownScope(ValueError):
    """A key was asked for with a scope that does not exist."""


@transaction.atomic
def create_key(
    program: Program,
    name: str,
    scopes: Iterable[str],
    actor: User | None = None,
    at: datetime | None = None,
    *,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key of one program; return it with its full text, which is shown once.

    UnknownScope if one is
    unknown, NotAllowed if the actor's role does not make keys.
    """
    at = at or timezone.now()
    _may(actor, program)
    key, text = _write(program, name, _known(scopes), actor, at, expires_at)
    data = {"name": key.name, "prefix": key.prefix, "scopes": key.scopes}
    events.record(
        "key.created", key, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data
    )
    return key, text


@transaction.atomic
def rotate(
    key: ApiKey, *, actor: User | None = None, at: datetime | None = None, overlap: timedelta = OVERLAP
) -> tuple[ApiKey, str]:
    """Make a successor with the same rights and let the key expire after `overlap`; KeyRefused if it is dead."""
    at = at or timezone.now()
    key = _locked(key)
    _may(actor, key.program)
    if not is_live(key, at):
        raise KeyRefused(_("This key is revoked or expired: make a new one."))
    successor, text = _write(key.program, key.name, key.scopes, actor, at, key.expires_at)
    key.expires_at = min(key.expires_at or at + overlap, at + overlap)
    key.save(update_fields=["expires_at"])
    _record("key.rotated", key, actor, at, {"prefix": key.prefix, "successor": successor.prefix})
    return successor, text


@transaction.atomic
def revoke(key: ApiKey, *, actor: User | None = None, at: datetime | None = None) -> ApiKey:
    """Stop a key for good, from the next request on."""
    at = at or timezone.now()
    key = _locked(key)
    _may(actor, key.program)
    if key.revoked_at is not None:
        return key
    key.revoked_at = at
    key.save(update_fields=["revoked_at"])
    _record("key.revoked", key, actor, at, {"prefix": key.prefix})
    return key


def check(text: str, at: datetime | None = None) -> ApiKey:
    """Return the live key that a text names and note its use; KeyRefused for anything else."""
    at = at or timezone.now()
    form = _FORM.fullmatch(text)
    prefix, secret = (form[1], form[2]) if form else ("", "")
    rows = ApiKey.objects.select_related("program__merchant").filter(prefix=prefix)
    key: ApiKey | None = rows.first() if form else None
    if not hmac.compare_digest(key.secret_hash if key else "-" * 64, _hash(secret)) or key is None:
        raise KeyRefused(_("This key is not known."))
    if not is_live(key, at):
        raise KeyRefused(_("This key is revoked or expired."))
    _note_use(key, at)
    return key


def is_live(key: ApiKey, at: datetime) -> bool:
    """Say whether the key works at an instant: neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > at)


def _may(actor: User | None, program: Program) -> None:
    if actor is not None:
        demand(actor, "manage_integrations", program.merchant_id)


def _known(scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    unknown = sorted(wanted - set(SCOPES))
    if unknown:
        raise UnknownScope(_("There is no scope %(names)s.") % {"names": ", ".join(unknown)})
    return sorted(wanted)


def _write(
    program: Program,
    name: str,
    scopes: list[str],
    actor: User | None,
    at: datetime,
    expires_at: datetime | None,
) -> tuple[ApiKey, str]:
    prefix, secret = _random(PREFIX_LETTERS), _random(SECRET_LETTERS)
    key = ApiKey.objects.create(
        program=program,
        name=name,
        prefix=prefix,
        secret_hash=_hash(secret),
        scopes=scopes,
        created_by=actor,
        created_at=at,
        expires_at=expires_at,
    )
    return key, f"tk_{prefix}_{secret}"


def _random(letters: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _position in range(letters))


def _hash(secret: str) -> str:
    return fingerprint(secret, purpose="api key")


def _locked(key: ApiKey) -> ApiKey:
    locked: ApiKey = ApiKey.objects.select_for_update(of=("self",)).select_related("program").get(pk=key.pk)
    return locked


def _record(kind: str, key: ApiKey, actor: User | None, at: datetime, data: dict[str, object]) -> None:
    program = key.program
    events.record(kind, key, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data)


def _note_use(key: ApiKey, at: datetime) -> None:
    if key.last_used_at is not None and key.last_used_at > at - USE_NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=at - USE_NOTED_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=at)
    key.last_used_at = at
