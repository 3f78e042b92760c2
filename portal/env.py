"""Typed readers of the environment, and the sentences that say what to set."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    """Return the variable's text, or the default when it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def switchable(name: str, default: str) -> str:
    """Return the variable's text; the default only while it is unset, so that an empty one switches off."""
    return os.environ.get(name, default).strip()


def flag(name: str, default: bool = False) -> bool:
    """Return True for 1/true/yes/on; raise ImproperlyConfigured for anything unclear."""
    raw = text(name).lower()
    if not raw:
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {raw!r}: set it to 1 or 0.")


def number(name: str, default: int) -> int:
    """Return a whole number; raise ImproperlyConfigured for anything else."""
    raw = text(name)
    if not raw:
        return default
    if not raw.lstrip("-").isdigit():
        raise ImproperlyConfigured(f"{name} is {raw!r}: set it to a whole number.")
    return int(raw)


def names(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list without empty items."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def database(url: str, base: Path) -> dict[str, object]:
    """Turn `sqlite:///path` or `postgresql://user:pw@host:port/name?option=value` into Django's settings."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = Path(unquote(url.removeprefix("sqlite://"))) if url.startswith("sqlite:////") else None
        return sqlite(path or base / unquote(parts.path.lstrip("/")))
    if parts.scheme in {"postgres", "postgresql"}:
        return postgresql(url)
    raise ImproperlyConfigured("DATABASE_URL must start with sqlite:/// or postgresql://.")


def sqlite(path: Path) -> dict[str, object]:
    """Return settings for a durable SQLite: WAL, synchronous FULL, one writer at a time by IMMEDIATE."""
    pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": pragmas},
        "TEST": {
            "NAME": str(path.with_suffix(f".test-{os.getpid()}.sqlite3"))
        },  # two runs at once stay apart
    }


def postgresql(url: str) -> dict[str, object]:
    """Return settings for PostgreSQL through psycopg 3; options stand behind the question mark."""
    parts = urlsplit(url)
    options: dict[str, object] = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def mail(url: str) -> dict[str, object]:
    """Turn `console:`, `smtp://user:pw@host:587` or `smtps://...:465` into Django's e-mail settings."""
    parts = urlsplit(url)
    backends = {"console": "console", "memory": "locmem", "smtp": "smtp", "smtps": "smtp"}
    if parts.scheme not in backends:
        raise ImproperlyConfigured("EMAIL_URL must start with console:, smtp:// or smtps://.")
    return {
        "EMAIL_BACKEND": f"django.core.mail.backends.{backends[parts.scheme]}.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and bool(parts.username),
        "EMAIL_TIMEOUT": 20,
    }
