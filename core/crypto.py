"""Secrets at rest: AES-256-GCM under named keys, each value bound to its table, column and row."""

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core import checks
from django.core.exceptions import FieldDoesNotExist, FieldError, ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.query_utils import DeferredAttribute

VERSION = "v1"
NONCE_BYTES = 12
KEY_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SealError(Exception):
    """A sealed value cannot be opened: wrong key, unknown key id, altered, or moved from where it was sealed."""


def seal(plaintext: str, *, bound_to: str) -> str:
    """Encrypt under the first key: `v1:<key id>:<nonce b64>:<ciphertext b64>`; opens only with the same bound_to."""
    kid = first_key_id()
    nonce = os.urandom(NONCE_BYTES)
    sealed = _keys()[kid].encrypt(nonce, plaintext.encode(), _associated(kid, bound_to))
    return f"{VERSION}:{kid}:{_encode(nonce)}:{_encode(sealed)}"


def unseal(token: str, *, bound_to: str) -> str:
    """Decrypt what `seal` returned; raises SealError rather than ever returning anything but the plaintext."""
    version, kid, nonce, sealed = _parts(token)
    key = _keys().get(kid)
    if version != VERSION or key is None:
        raise SealError(f"No key for {version}:{kid}.")
    try:
        return key.decrypt(_decode(nonce), _decode(sealed), _associated(kid, bound_to)).decode()
    except (InvalidTag, ValueError) as error:
        raise SealError("The sealed value was altered or belongs elsewhere.") from error


def first_key_id() -> str:
    """Return the id of the key that encrypts; raises ImproperlyConfigured when FIELD_KEYS is empty or malformed."""
    return next(iter(_keys()))


def is_current(token: str) -> bool:
    """Say whether a token is sealed under the first key."""
    return token.startswith(f"{VERSION}:{first_key_id()}:")


def fingerprint(value: str, *, purpose: str) -> str:
    """Return a keyed HMAC-SHA256 (64 hex digits) by which equal values are found without opening them.

    The key is FINGERPRINT_KEY, or else SECRET_KEY: never a field key, so rotating those leaves fingerprints as they
    are. Before SECRET_KEY is changed, set FINGERPRINT_KEY to its former value.
    """
    secret = getattr(settings, "FINGERPRINT_KEY", "") or settings.SECRET_KEY
    root = hmac.digest(secret.encode(), b"core.crypto.fingerprint", hashlib.sha256)
    purpose_key = hmac.digest(root, purpose.encode(), hashlib.sha256)
    return hmac.digest(purpose_key, value.encode(), hashlib.sha256).hex()


def _keys() -> dict[str, AESGCM]:
    return _parse_keys(tuple(settings.FIELD_KEYS))


@lru_cache(maxsize=8)
def _parse_keys(entries: tuple[str, ...]) -> dict[str, AESGCM]:
    keys: dict[str, AESGCM] = {}
    for position, entry in enumerate(entries, start=1):
        kid, _, material = entry.partition(":")
        try:
            raw = _decode(material)
        except ValueError:
            raw = b""
        known = {other.lower() for other in keys}  # SQLite's LIKE, which finds old tokens, knows no case
        if not KEY_ID.fullmatch(kid) or len(raw) != KEY_BYTES or kid.lower() in known:
            raise ImproperlyConfigured(f"FIELD_KEYS: entry {position} is not a new 'id:base64 of 32 bytes'.")
        keys[kid] = AESGCM(raw)
    if not keys:
        raise ImproperlyConfigured("FIELD_KEYS is empty: nothing can be sealed.")
    return keys


def _parts(token: str) -> tuple[str, str, str, str]:
    parts = token.split(":")
    if len(parts) != 4:
        raise SealError("This is not a sealed value.")
    return parts[0], parts[1], parts[2], parts[3]


def _associated(kid: str, bound_to: str) -> bytes:
    return f"{VERSION}:{kid}:{bound_to}".encode()


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise ValueError("This is not base64.") from error


@dataclass(frozen=True, repr=False)
class Ciphertext:
    """A sealed value as the database holds it; what `values()` returns, since only a row can open it."""

    token: str


@dataclass(repr=False)
class Held:
    """What an instance holds for a sealed field: the stored token, its text once opened, and the value in use."""

    token: str | None = None
    text: str | None = None
    bound_to: str | None = None
    value: Any = None

    @property
    def is_shut(self) -> bool:
        """Say whether the token has not been opened yet."""
        return self.token is not None and self.text is None


class SealedAttribute(DeferredAttribute):
    """Opens a sealed field when it is first read, and keeps the plaintext out of the instance's repr and dict."""

    field: "SealedField"

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        if instance is None:
            return self
        held = self._held(instance)
        if held.is_shut:
            self._open(held, instance)
        return held.value

    def __set__(self, instance: models.Model, value: Any) -> None:
        held = Held(token=value.token) if isinstance(value, Ciphertext) else Held(value=value)
        instance.__dict__[self.field.attname] = held

    def stored(self, instance: models.Model) -> Ciphertext | None:
        """Return what to write: the token as it was if nothing changed, a new one otherwise; None for None."""
        held = self._held(instance)
        if held.is_shut and not instance._state.adding:
            return Ciphertext(cast(str, held.token))
        if held.is_shut:
            self._open(held, instance)
        if held.value is None:
            return None
        self._seal(held, instance)
        return Ciphertext(cast(str, held.token))

    def _held(self, instance: models.Model) -> Held:
        return cast(Held, super().__get__(instance, type(instance)))

    def _open(self, held: Held, instance: models.Model) -> None:
        bound_to = self.field.bound_to(instance)
        text = unseal(cast(str, held.token), bound_to=bound_to)
        held.text, held.bound_to, held.value = text, bound_to, self.field.from_text(text)

    def _seal(self, held: Held, instance: models.Model) -> None:
        bound_to, text = self.field.bound_to(instance), self.field.to_text(held.value)
        unchanged = (held.text, held.bound_to) == (text, bound_to)
        if held.token is None or not unchanged or not is_current(held.token):
            held.token, held.text, held.bound_to = seal(text, bound_to=bound_to), text, bound_to


class SealedField(models.TextField):  # type: ignore[type-arg]  # stubs are generic, Django's class is not
    """Text that only its own row can open: bound to table, column and the fields that `bind` names.

    The primary key is unknown before the insert, so the model names a key that is not:
    `seal_id = models.UUIDField(default=uuid4, unique=True, editable=False)` and `SealedField(bind="seal_id")`;
    `bind=("seal_id", "tenant")` ties the value to its owner as well. A renamed table or column, or a changed bind
    value, needs a save of the opened value. None is NULL; "" is sealed like any text, so a blanked column raises
    SealError. A new column on a table with rows needs null=True. Lookups but `isnull`, plaintext in `update()` and
    `bulk_update()`, and fixtures with plaintext raise FieldError. Not editable: a form declares its own input.
    """

    descriptor_class = SealedAttribute

    def __init__(self, *args: Any, bind: str | Sequence[str], **kwargs: Any) -> None:
        self.bind = (bind,) if isinstance(bind, str) else tuple(bind)
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """Add `bind` to what migrations write down."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "bind": self.bind[0] if len(self.bind) == 1 else self.bind}

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Report a bind that names no field, and an index that a sealed value cannot serve."""
        return [*super().check(**kwargs), *self._check_bind(), *self._check_index()]

    def _check_bind(self) -> list[checks.CheckMessage]:
        known = {field.name for field in self.model._meta.concrete_fields} - {self.name}
        missing = [name for name in self.bind if name not in known]
        return [
            checks.Error(f"bind names no other field: {name}.", obj=self, id="core.E001") for name in missing
        ]

    def _check_index(self) -> list[checks.CheckMessage]:
        if not (self.unique or getattr(self, "db_index", False)):
            return []
        return [checks.Error("A sealed field can be neither unique nor indexed.", obj=self, id="core.E002")]

    def bound_to(self, instance: models.Model) -> str:
        """Return the place of this field in this row; raises ValueError while a bind field is unset."""
        return self.place([getattr(instance, field.attname) for field in self.bind_fields()])

    def place(self, values: Sequence[Any]) -> str:
        """Return the place for the values of the bind fields, in their order."""
        pairs = zip(self.bind_fields(), values, strict=True)
        found = [field.to_python(value) for field, value in pairs]
        if None in found:
            raise ValueError(
                f"{self.model._meta.label}: set {', '.join(self.bind)} before {self.name} is sealed."
            )
        return json.dumps([self.model._meta.db_table, self.column, *map(str, found)])

    def bind_fields(self) -> list[Any]:
        """Return the fields that `bind` names; raises FieldError for an unknown one."""
        try:
            return [self.model._meta.get_field(name) for name in self.bind]
        except FieldDoesNotExist as error:
            raise FieldError(str(error)) from error

    def to_text(self, value: Any) -> str:
        """Return the text to seal; raises TypeError for anything but text."""
        if not isinstance(value, str):
            raise TypeError(f"{self.name} takes text, not {type(value).__name__}.")
        return value

    def from_text(self, text: str) -> Any:
        """Return the value for an opened text."""
        return text

    def pre_save(self, model_instance: models.Model, add: bool) -> Ciphertext | None:
        """Seal the instance's value for the database."""
        return self.stored(model_instance)

    def stored(self, instance: models.Model) -> Ciphertext | None:
        """Return this row's value as the database holds it."""
        attribute: SealedAttribute = getattr(type(instance), self.attname)
        return attribute.stored(instance)

    def from_db_value(self, value: str | None, *args: Any) -> Ciphertext | None:
        """Wrap a stored token, to be opened by its row."""
        return None if value is None else Ciphertext(value)

    def get_prep_value(self, value: Any) -> str | None:
        """Return the token to store; raises FieldError for plaintext, which has no row to be bound to here."""
        if value is None:
            return None
        if isinstance(value, Ciphertext):
            return value.token
        raise FieldError(f"{self.name} is sealed with its row: set it on an instance and save that.")

    def value_from_object(self, obj: models.Model) -> Ciphertext | None:
        """Return the sealed value, so that serializers never see the plaintext."""
        return self.stored(obj)

    def value_to_string(self, obj: models.Model) -> str | None:  # type: ignore[override]  # None stays null
        """Return the token for serializers."""
        stored = self.stored(obj)
        return None if stored is None else stored.token

    def get_lookup(self, lookup_name: str) -> Any:
        """Allow `isnull` only: a sealed value differs at each save; raises FieldError."""
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.name} is sealed and cannot be searched; use a fingerprint.")

    def get_transform(self, lookup_name: str) -> Any:
        """Refuse every transform; raises FieldError."""
        raise FieldError(f"{self.name} is sealed and cannot be searched; use a fingerprint.")


class SealedJSONField(SealedField):
    """A JSON value, sealed like SealedField; changes inside a list or dict are saved too. None is NULL."""

    empty_strings_allowed = False

    def to_python(self, value: Any) -> Any:
        """Return the value as it is."""
        return value

    def to_text(self, value: Any) -> str:
        """Return the value as JSON; raises TypeError for what JSON cannot hold."""
        return json.dumps(value, cls=DjangoJSONEncoder)

    def from_text(self, text: str) -> Any:
        """Return the value that the JSON text stands for."""
        return json.loads(text)
