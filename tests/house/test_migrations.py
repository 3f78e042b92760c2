"""The tables are what the models say, and can be built and taken down again."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from tests.house.source import APPS, ROOT

ROUND_TRIP = """
import gc; gc.set_threshold(50_000, 20, 100)  # thousands of classes are made, and each stays
import django; django.setup()
from django.core.management import call_command
from django.db import connection
def tables(): return " ".join(sorted(connection.introspection.table_names()))
call_command("migrate", verbosity=0); up = tables()
for app in {apps}: call_command("migrate", app, "zero", verbosity=0)
print(up); print(tables())
call_command("migrate", verbosity=0); print(tables())
"""


@pytest.fixture
def new_database(tmp_path: Path) -> Iterator[str]:
    """The address of a new database of the same kind as the tests'; where that is a file, of a copy of it."""
    if connection.vendor == "sqlite":
        names = connection.settings_dict["NAME"], tmp_path / "new.sqlite3"
        with closing(sqlite3.connect(names[0])) as built, closing(sqlite3.connect(names[1])) as copy:
            built.backup(copy)
        yield f"sqlite:///{tmp_path}/new.sqlite3"
        return
    name = f"migrations_{os.getpid()}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    yield _address(name)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _address(name: str) -> str:
    at = connection.settings_dict
    login = quote(at["USER"]) + (f":{quote(at['PASSWORD'])}" if at["PASSWORD"] else "")
    return f"postgresql://{login}@{quote(at['HOST'], safe='')}:{at['PORT'] or 5432}/{name}"


def missing_migrations() -> bool:
    """Say whether a model differs from what its migrations build."""
    try:
        call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    except SystemExit:
        return True
    return False


@pytest.mark.django_db
def test_no_model_waits_for_a_migration() -> None:
    assert not missing_migrations()


@pytest.mark.django_db
def test_a_planted_field_without_a_migration_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    group = apps.get_model("affiliates.Group")
    name = group._meta.get_field("name")

    monkeypatch.setattr(name, "max_length", 81)

    assert missing_migrations()


@pytest.mark.django_db
def test_migrations_build_an_empty_database_and_take_it_down(new_database: str) -> None:
    environment = {**os.environ, "DATABASE_URL": new_database, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    program = ROUND_TRIP.format(apps=[app for app in reversed(APPS) if (ROOT / app / "migrations").is_dir()])

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    up, down, again = done.stdout.splitlines()
    assert [table for table in down.split() if table.startswith(tuple(f"{app}_" for app in APPS))] == []
    assert up == again
    assert own_tables() - set(up.split()) == set()


def own_tables() -> set[str]:
    """The tables of the house's models."""
    return {model._meta.db_table for model in apps.get_models() if model._meta.app_label in APPS}
