import re
from datetime import timedelta

import pytest

from affiliates.models import Program
from affiliates.roles import NotAllowed
from core.models import Event, User
from portal import keys
from portal.models import ApiKey
from tests.makers import NOON

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def test_a_key_is_shown_once_and_kept_as_a_keyed_hash(program: Program, mia: User) -> None:
    key, text = keys.create_key(program, "Shop", ["refunds:write", "links:read"], mia, NOON)

    form = re.fullmatch(r"tk_(\w{8})_(\w{40})", text)
    assert form is not None
    assert (key.prefix, key.scopes, key.created_by) == (form[1], ["links:read", "refunds:write"], mia)
    assert form[2] not in str(ApiKey.objects.values())
    assert keys.check(text, NOON) == key


def test_making_rotating_and_revoking_are_events_without_the_secret(program: Program, mia: User) -> None:
    key, text = keys.create_key(program, "Shop", [], mia, NOON)
    keys.rotate(key, actor=mia, at=NOON)
    keys.revoke(key, actor=mia, at=NOON)
    keys.revoke(key, actor=mia, at=NOON)

    found = Event.objects.filter(kind__startswith="key.").order_by("pk")
    assert [event.kind for event in found] == ["key.created", "key.rotated", "key.revoked"]
    assert {(event.actor, event.tenant_id) for event in found} == {(mia, program.merchant_id)}
    assert text[12:] not in str([event.data for event in found])


def test_an_unknown_scope_is_refused(program: Program) -> None:
    with pytest.raises(keys.UnknownScope, match="There is no scope all, money:write"):
        keys.create_key(program, "Shop", ["links:read", "money:write", "all"])

    assert ApiKey.objects.count() == 0


def test_only_who_manages_integrations_makes_and_revokes_keys(program: Program, ada: User, eve: User) -> None:
    key, text = keys.create_key(program, "Shop", [], None, NOON)

    for person in (ada, eve):
        with pytest.raises(NotAllowed):
            keys.create_key(program, "Mine", [], person)
        with pytest.raises(NotAllowed):
            keys.rotate(key, actor=person)
        with pytest.raises(NotAllowed):
            keys.revoke(key, actor=person)
    assert ApiKey.objects.count() == 1
    assert keys.check(text, NOON) == key


def test_after_a_rotation_both_keys_work_for_a_day(program: Program) -> None:
    old, old_text = keys.create_key(program, "Shop", ["links:read"], None, NOON)

    new, new_text = keys.rotate(old, at=NOON)

    assert (new.name, new.scopes, new.pk == old.pk) == ("Shop", ["links:read"], False)
    assert keys.check(old_text, NOON + timedelta(hours=23)) == old
    assert keys.check(new_text, NOON + timedelta(hours=25)) == new
    with pytest.raises(keys.KeyRefused):
        keys.check(old_text, NOON + timedelta(hours=24))


def test_a_dead_key_is_not_rotated(program: Program) -> None:
    key, _text = keys.create_key(program, "Shop", [], None, NOON)
    keys.revoke(key, at=NOON)

    with pytest.raises(keys.KeyRefused):
        keys.rotate(key, at=NOON)


def test_the_last_use_is_noted_at_most_once_a_minute(program: Program) -> None:
    key, text = keys.create_key(program, "Shop", [], None, NOON)
    seen = []

    for at in (NOON, NOON + MINUTE / 2, NOON + MINUTE):
        keys.check(text, at)
        key.refresh_from_db()
        seen.append(key.last_used_at)

    assert seen == [NOON, NOON, NOON + MINUTE]


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: text + "x", str.swapcase, str.upper])
def test_an_altered_key_is_refused(program: Program, change: object) -> None:
    _key, text = keys.create_key(program, "Shop", [], None, NOON)

    with pytest.raises(keys.KeyRefused):
        keys.check(change(text), NOON)  # type: ignore[operator]
