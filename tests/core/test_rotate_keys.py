"""Rotation brings every value under the first key, beside writers, however often it is stopped."""

from collections.abc import Iterator
from io import StringIO
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoDbBlocker, Settings

from core.crypto import is_current, unseal
from core.management.commands import rotate_keys
from tests.core import vaults
from tests.core.vaults import Safe, Vault, fresh, key, overwrite, stored


@pytest.fixture(scope="module", autouse=True)
def tables(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), vaults.tables():
        yield


@pytest.fixture
def rows(db: None, settings: Settings) -> list[Vault]:
    settings.FIELD_KEYS = [key("old")]
    made = [Vault.objects.create(secret=f"s{n}", details=[n], owned=None) for n in range(5)]
    settings.FIELD_KEYS = [key("new"), key("old")]
    return made


def rotate_all(batch: int = 2) -> str:
    out = StringIO()
    with patch.object(rotate_keys.apps, "get_models", return_value=[Vault, Safe]):
        call_command("rotate_keys", batch=batch, stdout=out)
    return out.getvalue()


def test_rotation_reseals_every_value_and_a_second_run_none(rows: list[Vault], settings: Settings) -> None:
    first, second = rotate_all(), rotate_all()

    assert first.splitlines() == [
        "sealed.Vault.secret: 5 re-sealed, 0 changed meanwhile, 0 unreadable, 0 left",
        "sealed.Vault.other: 5 re-sealed, 0 changed meanwhile, 0 unreadable, 0 left",
        "sealed.Vault.owned: 0 re-sealed, 0 changed meanwhile, 0 unreadable, 0 left",
        "sealed.Vault.details: 5 re-sealed, 0 changed meanwhile, 0 unreadable, 0 left",
        "sealed.Safe.secret: 0 re-sealed, 0 changed meanwhile, 0 unreadable, 0 left",
        "All sealed values are under key new.",
    ]
    assert second.splitlines() == [line.replace("5 re", "0 re") for line in first.splitlines()]
    settings.FIELD_KEYS = [key("new")]
    assert [(fresh(row).secret, fresh(row).details) for row in rows] == [(f"s{n}", [n]) for n in range(5)]


def test_rotation_resumes_where_it_was_stopped(rows: list[Vault]) -> None:
    field = rotate_keys.sealed_fields([Vault])[0]
    stopped = patch.object(rotate_keys, "seal", side_effect=[*(["v1:new:x:x"] * 2), KeyboardInterrupt])
    with stopped, pytest.raises(KeyboardInterrupt):
        rotate_keys.rotate(field, batch=1)

    assert rotate_keys.rotate(field, batch=1) == {"sealed": 3, "changed": 0, "unreadable": 0, "left": 0}


def test_value_written_during_the_rotation_wins(rows: list[Vault]) -> None:
    def write_meanwhile(token: str, *, bound_to: str) -> str:
        if stored(rows[0]) == token:
            row = fresh(rows[0])
            row.secret = "newer"
            row.save()
        return unseal(token, bound_to=bound_to)

    with patch.object(rotate_keys, "unseal", write_meanwhile):
        counts = rotate_keys.rotate(rotate_keys.sealed_fields([Vault])[0])

    assert counts == {"sealed": 4, "changed": 1, "unreadable": 0, "left": 0}
    assert [fresh(row).secret for row in rows] == ["newer", "s1", "s2", "s3", "s4"]


def test_unreadable_value_is_counted_kept_and_fails_the_command(rows: list[Vault]) -> None:
    overwrite(rows[2], "secret", "v1:lost:AAAA:AAAA")

    with pytest.raises(CommandError, match=r"^1 values are not under key new yet: keep the older keys"):
        rotate_all()
    assert stored(rows[2]) == "v1:lost:AAAA:AAAA"
    assert [is_current(stored(row)) for row in rows] == [True, True, False, True, True]


def test_opened_and_saved_row_moves_to_the_first_key(rows: list[Vault]) -> None:
    row = fresh(rows[0])

    assert row.secret == "s0"
    row.save()
    assert is_current(stored(row))
