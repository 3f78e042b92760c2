"""Databases for installations of the tests: files, or databases of the server that the tests run on."""

import os
import shutil
import time
from pathlib import Path

import psycopg
from django.conf import settings


def url_of(name: str) -> str:
    """Return the DATABASE_URL of a database of ours."""
    if not is_server():
        return f"sqlite:///{name}"
    known = settings.DATABASES["default"]
    return f"postgresql://{known['USER']}:{known['PASSWORD']}@{known['HOST']}:{known['PORT']}/{name}"


def is_server() -> bool:
    """Say whether the tests run on PostgreSQL."""
    return "postgresql" in str(settings.DATABASES["default"]["ENGINE"])


def copy(of: str, to: Path) -> str:
    """Make a copy of a database (or an empty one, of ""); return its name."""
    if not is_server():
        path = to / "portal.sqlite3"
        if of:
            shutil.copy(of, path)
        return str(path)
    name = f"house_{os.getpid()}_{time.monotonic_ns()}"
    _on_server(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{of}"' if of else ""))
    return name


def drop(name: str) -> None:
    """Remove a database; a file goes with its folder."""
    if is_server():
        _on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _on_server(statement: str) -> None:
    with psycopg.connect(url_of("postgres"), autocommit=True) as server:
        server.execute(statement.encode())
