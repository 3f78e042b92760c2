"""A sealed field opens for its own row only, however the row is written or read."""

import pickle
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from django.apps.registry import Apps
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import models, transaction
from pytest_django import DjangoDbBlocker, Settings

from core.crypto import SealedField, SealError, unseal
from tests.core import vaults
from tests.core.vaults import Safe, Vault, fresh, key, overwrite, read, stored

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def tables(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), vaults.tables():
        yield


@pytest.fixture(autouse=True)
def old_key(settings: Settings) -> None:
    settings.FIELD_KEYS = [key("old")]


def test_row_reads_what_it_wrote_and_the_database_holds_a_token() -> None:
    row = Vault.objects.create(secret="s3cret", owned="mine", details={"iban": ["DE02", 1, None]})

    again = fresh(row)
    assert (again.secret, again.other, again.owned) == ("s3cret", "", "mine")
    assert again.details == {"iban": ["DE02", 1, None]}
    assert [stored(row, name)[:7] for name in ("secret", "other", "owned", "details")] == ["v1:old:"] * 4


def test_none_is_null_and_can_be_asked_for() -> None:
    row = Vault.objects.create(secret=None)

    assert (fresh(row).secret, fresh(row).details, stored(row)) == (None, None, None)
    assert list(Vault.objects.filter(secret__isnull=True)) == [row]


def test_token_moved_to_another_row_column_or_table_does_not_open() -> None:
    row, stranger, safe = (
        Vault.objects.create(secret="a"),
        Vault.objects.create(secret="b"),
        Safe.objects.create(),
    )
    Safe.objects.filter(pk=safe.pk).update(seal_id=row.seal_id)

    for target, column in [(stranger, "secret"), (row, "other"), (safe, "secret")]:
        overwrite(target, column, stored(row))
        with pytest.raises(SealError):
            read(target, column)


def test_row_given_to_another_owner_does_not_open_what_is_bound_to_the_owner() -> None:
    row = Vault.objects.create(owned="mine", secret="s")
    Vault.objects.filter(pk=row.pk).update(owner=2)

    assert fresh(row).secret == "s"
    with pytest.raises(SealError):
        read(row, "owned")


@pytest.mark.parametrize("planted", ["", "plaintext"])
def test_planted_text_is_not_taken_for_a_value(planted: str) -> None:
    row = Vault.objects.create(secret="s")
    overwrite(row, "secret", planted)

    with pytest.raises(SealError):
        read(row, "secret")


def test_value_is_opened_once_and_only_when_read() -> None:
    row = Vault.objects.create(secret="s")

    with patch("core.crypto.unseal", wraps=unseal) as opened:
        again = fresh(row)
        assert opened.call_count == 0
        assert (again.secret, again.secret) == ("s", "s")
        assert opened.call_count == 1


def test_unreadable_value_hinders_no_other_field() -> None:
    row = Vault.objects.create(secret="s")
    overwrite(row, "secret", "v1:lost:AAAA:AAAA")

    again = fresh(row)
    again.name = "named"
    again.save()
    assert (fresh(row).name, stored(row)) == ("named", "v1:lost:AAAA:AAAA")


def test_save_keeps_the_token_unless_the_value_changed() -> None:
    row = fresh(Vault.objects.create(secret="s", details=[1]))
    before = stored(row), stored(row, "details")

    assert (row.secret, row.details) == ("s", [1])
    row.save()
    assert (stored(row), stored(row, "details")) == before
    row.details.append(2)
    row.save(update_fields=["details"])
    assert fresh(row).details == [1, 2]
    assert stored(row) == before[0]


def test_bulk_create_seals_each_row_for_itself() -> None:
    Vault.objects.bulk_create([Vault(secret=f"s{n}") for n in range(3)])

    rows = list(Vault.objects.order_by("id"))
    assert [row.secret for row in rows] == ["s0", "s1", "s2"]
    assert len({stored(row) for row in rows}) == 3


def test_update_clears_but_takes_no_plaintext() -> None:
    row = Vault.objects.create(secret="s")
    before = stored(row)

    with pytest.raises(FieldError), transaction.atomic():
        Vault.objects.update(secret="plain")
    with pytest.raises(FieldError), transaction.atomic():
        Vault.objects.bulk_update([row], ["secret"])
    assert stored(row) == before
    Vault.objects.update(secret=None)
    assert fresh(row).secret is None


def test_deferred_and_refreshed_values_are_read_when_needed() -> None:
    row = Vault.objects.create(secret="s")
    deferred = Vault.objects.defer("secret").get(pk=row.pk)
    only = Vault.objects.only("secret").get(pk=row.pk)

    assert deferred.get_deferred_fields() == {"secret"}
    assert (deferred.secret, only.secret) == ("s", "s")
    only.secret = "t"
    only.save(update_fields=["secret"])
    row.refresh_from_db()
    deferred.refresh_from_db(fields=["secret"])
    assert (row.secret, deferred.secret) == ("t", "t")


def test_copied_row_is_sealed_for_its_new_place() -> None:
    row = fresh(Safe.objects.create(secret="s"))

    assert row.secret == "s"
    row.pk, row.seal_id, row._state.adding = None, uuid4(), True
    row.save()
    assert fresh(row).secret == "s"


def test_unopened_copy_is_refused_rather_than_spoiled() -> None:
    row = fresh(Vault.objects.create(secret="s"))
    row.pk, row.seal_id, row._state.adding = None, uuid4(), True

    with pytest.raises(SealError), transaction.atomic():
        row.save()
    assert Vault.objects.count() == 1


@pytest.mark.parametrize(
    "name", ["secret", "secret__startswith", "secret__in", "secret__gt", "details__iban"]
)
def test_lookups_are_refused(name: str) -> None:
    with pytest.raises(FieldError):
        Vault.objects.filter(**{name: "s"})


def test_plaintext_is_in_no_repr_values_or_dump() -> None:
    row = Vault(secret="s3cret", details={"iban": "s3cret"})
    row.save()
    assert row.secret == "s3cret"

    shown = repr(row) + repr(vars(row)) + repr(list(Vault.objects.values()))
    dumps = [serializers.serialize(kind, [row, fresh(row)]) for kind in ("json", "xml", "jsonl")]
    assert [text.count("s3cret") for text in (shown, *dumps)] == [0, 0, 0, 0]
    assert dumps[0].count(stored(row)) == 2


def test_pickled_row_opens_again() -> None:
    row = fresh(Vault.objects.create(secret="s"))

    state = pickle.dumps(row.__dict__["secret"])
    assert pickle.loads(state).token == stored(row)


@pytest.mark.parametrize("value", [1, b"bytes", ["list"]])
def test_only_text_is_sealed_as_text(value: Any) -> None:
    with pytest.raises(TypeError):
        Vault(secret=value)._meta.get_field("secret").value_from_object(Vault(secret=value))


def test_unset_bind_is_refused_before_anything_is_sealed() -> None:
    row = Vault(secret="s", seal_id=None)

    with pytest.raises(ValueError, match="set seal_id before secret is sealed"):
        SealedField.stored(Vault._meta.get_field("secret"), row)


def test_bind_is_the_same_as_text_and_as_uuid() -> None:
    field: Any = Vault._meta.get_field("secret")
    text = "6f0d8f9a-3c5e-4b6d-9a57-1d0f5d9f7c11"

    assert field.place([text]) == field.place([UUID(text)])


def test_migrations_write_the_bind_down() -> None:
    for name in ("secret", "owned", "details"):
        field: Any = Vault._meta.get_field(name)
        _, path, args, kwargs = field.deconstruct()

        assert type(field)(*args, **kwargs).bind == field.bind
        assert (kwargs["editable"], path) == (False, f"core.crypto.{type(field).__name__}")


def test_checks_report_a_wrong_bind_and_an_index() -> None:
    class Wrong(models.Model):  # noqa: DJ008 - seen by no person
        missing = SealedField(bind="nowhere", null=True)
        itself = SealedField(bind="itself", unique=True)

        class Meta:
            app_label = "sealed"
            apps = Apps()

    found = [error for name in ("missing", "itself") for error in Wrong._meta.get_field(name).check()]
    assert [error.id for error in found] == ["core.E001", "core.E001", "core.E002"]
