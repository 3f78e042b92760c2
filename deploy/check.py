"""`make check`: all that can be found wrong without running a test."""

from __future__ import annotations

import base64
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from deploy import steps
from deploy.steps import Outcome, Step, tool

DJANGO = [sys.executable, "manage.py"]


def main() -> int:
    """Runs the checks and prints their summary; returns the exit code."""
    return steps.summary(run_all())


def run_all() -> list[Outcome]:
    """Runs every check and returns what became of them."""
    with tempfile.TemporaryDirectory(prefix="tributary-check-") as folder:
        return [steps.run(step) for step in checks(Path(folder))]


def checks(folder: Path) -> Iterator[Step]:
    """The checks, quickest first; `folder` takes what the settings want to write."""
    embedded = {"TRIBUTARY_ENV": "test", "VAR_DIR": str(folder), "DATABASE_URL": ""}
    yield Step("ruff check", tool("ruff", "check", "."), quiet=True)
    yield Step("ruff format", tool("ruff", "format", "--check", "--diff", "."), quiet=True)
    yield Step("floors (import-linter)", [program("lint-imports"), "--no-logo"], quiet=True)
    yield Step("templates (djlint)", tool("djlint", "templates", "--lint", "--quiet"), quiet=True)
    yield Step(
        "missing migrations",
        [*DJANGO, "makemigrations", "--check", "--dry-run"],
        embedded,
        quiet=True,
    )
    yield Step(
        "production settings (check --deploy)",
        [*DJANGO, "check", "--deploy", "--fail-level=WARNING"],
        production(folder),
        quiet=True,
    )
    yield Step("types (mypy)", tool("mypy"), embedded, quiet=True)


def program(name: str) -> str:
    """Path of a program that stands beside our interpreter."""
    return str(Path(sys.executable).with_name(name))


def production(folder: Path) -> dict[str, str]:
    """Settings of an installation that may start in production; nothing in them is used twice."""
    return {
        "TRIBUTARY_ENV": "production",
        "DEBUG": "",
        "VAR_DIR": str(folder),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_KEYS": f"check:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "FINGERPRINT_KEY": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": "partners.example.com",
        "CSRF_TRUSTED_ORIGINS": "https://partners.example.com",
        "PUBLIC_URL": "https://partners.example.com",
        "DATABASE_URL": "postgresql://tributary:secret@127.0.0.1:1/tributary",
        "EMAIL_URL": "smtp://user:secret@mail.example.com:587",
        "DEFAULT_FROM_EMAIL": "partners@example.com",
    }


if __name__ == "__main__":
    sys.exit(main())
