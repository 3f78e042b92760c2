"""A sealed text opens in its own place only, and under a known key only."""

import base64

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from core.crypto import SealError, fingerprint, is_current, seal, unseal
from tests.core.vaults import key


@pytest.fixture(autouse=True)
def old_key(settings: Settings) -> None:
    settings.FIELD_KEYS = [key("old")]


@pytest.mark.parametrize("text", ["", "s3cret", "grün 🌿", "x" * 100_000, "v1:old:a:b"])
def test_sealed_text_opens_in_its_place(text: str) -> None:
    assert unseal(seal(text, bound_to="here"), bound_to="here") == text


def test_same_text_is_sealed_differently_each_time() -> None:
    assert seal("text", bound_to="here") != seal("text", bound_to="here")


def test_token_names_version_and_key() -> None:
    version, kid, nonce, sealed = seal("four", bound_to="here").split(":")

    assert (version, kid) == ("v1", "old")
    assert (len(base64.b64decode(nonce)), len(base64.b64decode(sealed))) == (12, 4 + 16)


def test_token_opens_nowhere_else() -> None:
    with pytest.raises(SealError):
        unseal(seal("text", bound_to="here"), bound_to="there")


@pytest.mark.parametrize("part", range(4))
def test_every_altered_part_is_refused(part: int, settings: Settings) -> None:
    settings.FIELD_KEYS = [key("old"), key("old2")]
    parts = seal("text", bound_to="here").split(":")
    parts[part] = ["v2", "old2", base64.b64encode(b"0" * 12).decode(), base64.b64encode(b"0" * 20).decode()][
        part
    ]

    with pytest.raises(SealError):
        unseal(":".join(parts), bound_to="here")


@pytest.mark.parametrize(
    "token", ["", "plain", "v1:old", "v1:old::", "v1:old:AAAA:AAAA", "v1:old:*:*", "v1:old:a:b:c"]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(SealError):
        unseal(token, bound_to="here")


def test_first_key_seals_and_every_key_opens(settings: Settings) -> None:
    token = seal("text", bound_to="here")
    settings.FIELD_KEYS = [key("new"), key("old")]

    assert unseal(token, bound_to="here") == "text"
    assert (is_current(token), is_current(seal("text", bound_to="here"))) == (False, True)


def test_retired_key_and_changed_key_open_nothing(settings: Settings) -> None:
    token = seal("text", bound_to="here")

    for keys in ([key("new")], ["old:" + key("new").partition(":")[2]]):
        settings.FIELD_KEYS = keys
        with pytest.raises(SealError):
            unseal(token, bound_to="here")


@pytest.mark.parametrize(
    "keys", [[], ["old"], ["old:"], ["old:AAAA"], [key("a") + "*"], [":" + key("a")], [key("a"), key("A")]]
)
def test_unusable_keys_are_refused_without_repeating_them(keys: list[str], settings: Settings) -> None:
    settings.FIELD_KEYS = keys

    with pytest.raises(ImproperlyConfigured) as raised:
        seal("text", bound_to="here")
    assert str(raised.value) in {
        "FIELD_KEYS is empty: nothing can be sealed.",
        *(f"FIELD_KEYS: entry {n} is not a new 'id:base64 of 32 bytes'." for n in (1, 2)),
    }


def test_fingerprint_depends_on_value_purpose_and_its_own_key_only(settings: Settings) -> None:
    settings.FINGERPRINT_KEY = "one"
    first = fingerprint("DE02", purpose="iban")

    settings.FIELD_KEYS = [key("new")]
    assert fingerprint("DE02", purpose="iban") == first
    assert len({first, fingerprint("DE03", purpose="iban"), fingerprint("DE02", purpose="mail")}) == 3
    settings.FINGERPRINT_KEY = "two"
    assert fingerprint("DE02", purpose="iban") != first


def test_fingerprint_survives_a_new_secret_key_when_the_former_is_named(settings: Settings) -> None:
    settings.FINGERPRINT_KEY, settings.SECRET_KEY = "", "former"
    first = fingerprint("DE02", purpose="iban")

    settings.FINGERPRINT_KEY, settings.SECRET_KEY = "former", "fresh"
    assert fingerprint("DE02", purpose="iban") == first
