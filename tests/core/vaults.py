"""Made-up models with sealed fields, in a registry of their own, and a look at what the database holds."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from django.apps.registry import Apps
from django.db import connection, models

from core.crypto import SealedField, SealedJSONField

registry = Apps()


class Vault(models.Model):  # noqa: DJ008 - seen by no person
    seal_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    owner = models.IntegerField(default=1)
    name = models.TextField(default="")
    secret = SealedField(bind="seal_id", null=True)
    other = SealedField(bind="seal_id", default="")
    owned = SealedField(bind=("seal_id", "owner"), null=True)
    details = SealedJSONField(bind="seal_id", null=True)

    class Meta:
        app_label = "sealed"
        apps = registry


class Safe(models.Model):  # noqa: DJ008 - seen by no person
    seal_id = models.UUIDField(default=uuid4, editable=False)
    secret = SealedField(bind="seal_id", null=True)

    class Meta:
        app_label = "sealed"
        apps = registry


def key(kid: str) -> str:
    return f"{kid}:{base64.b64encode(kid.ljust(32, '.').encode()).decode()}"


@contextmanager
def tables() -> Iterator[None]:
    with connection.schema_editor() as editor:
        editor.create_model(Vault)
        editor.create_model(Safe)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(Vault)
        editor.delete_model(Safe)


def stored(row: models.Model, column: str = "secret") -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {row._meta.db_table} WHERE id = %s", [row.pk])
        return cursor.fetchone()[0]


def overwrite(row: models.Model, column: str, token: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET {column} = %s WHERE id = %s", [token, row.pk])


def fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def read(row: models.Model, name: str) -> Any:
    return getattr(fresh(row), name)
