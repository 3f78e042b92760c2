"""The one-time key to an empty installation: only its hash is kept, under VAR_DIR, until somebody has founded it."""

import hashlib
import logging
import os
import secrets
from pathlib import Path

from django.conf import settings

log = logging.getLogger(__name__)

FILE = "start.token"
BYTES = 32


def is_demanded() -> bool:
    """Say whether founding needs a token: in production a stranger must not be first."""
    return bool(settings.PRODUCTION)


def make() -> str:
    """Make a new token, which ends the former one, and return it; only its hash is stored."""
    token = secrets.token_urlsafe(BYTES)
    with os.fdopen(os.open(_path(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(_digest(token))
    return token


def announce() -> None:
    """Print the way in to the server's log, once: whoever reads it there may found the installation."""
    if is_demanded() and not _path().exists():
        log.warning("This installation is empty. Found it once at %s", address(make()))


def address(token: str) -> str:
    """Return the address that carries the token."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/start/?token={token}"


def fits(token: str) -> bool:
    """Say whether founding may go on with this token."""
    if not is_demanded():
        return True
    try:
        kept = _path().read_text()
    except FileNotFoundError:
        return False
    return secrets.compare_digest(kept.strip().encode(), _digest(token).encode())


def forget() -> None:
    """End the token: the installation is founded."""
    _path().unlink(missing_ok=True)


def _path() -> Path:
    return Path(settings.VAR_DIR) / FILE


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
