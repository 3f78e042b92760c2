"""A folder of another machine, read over SFTP; its host key is confirmed by a person before anything is told to it."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.files.choices import (
    CHOICES,
    EVERY as MINUTES,
    NAMES,
    read_choices,
    written_choices,
)
from integrations.connectors.files.unasked import receive, register
from integrations.connectors.rows import TABLES, read
from integrations.connectors.sftp.place import DELETE, LEAVE, MOVE, check, may_have_news, open_place
from integrations.connectors.unasked import fetch_order, fetch_refund_lines, has_keys

NAME = _("Files over SFTP")
ABOUT = _("CSV or JSON files that lie in a folder of another machine.")
KEYS: tuple[Key, ...] = (
    Key(
        "host",
        _("Host"),
        _("Like files.example.com, or files.example.com:2222."),
        is_secret=False,
        is_required=True,
    ),
    Key("user", _("User"), "", is_secret=False, is_required=True),
    Key("password", _("Password"), _("Or a private key below.")),
    Key(
        "private_key",
        _("Private key"),
        _("As OpenSSH writes it, without a passphrase; it is kept sealed."),
        is_long=True,
    ),
    Key(
        "host_key",
        _("Fingerprint of the host key"),
        _(
            "Like SHA256:… Leave it empty and press Test: you are shown what the host shows, to compare and enter here."
        ),
        is_secret=False,
    ),
    Key(
        "folder",
        _("Folder"),
        _("Where the files lie, like out or /export/sales; empty is the user’s own."),
        is_secret=False,
    ),
)
AFTER = Key(
    "after",
    _("Files that were taken"),
    _("Each is taken once whichever you choose."),
    is_secret=False,
    choices=(
        (LEAVE, _("stay where they are")),
        (MOVE, _("are moved to the folder taken (or refused)")),
        (DELETE, _("are deleted (refused ones stay)")),
    ),
)
OPTIONS: tuple[Key, ...] = (*CHOICES, NAMES, MINUTES, AFTER)
HAS_ADDRESS = False
IS_SEALED_BY_ITSELF = True
ROUTE = ""
EVERY = 15


def read_options(given: Mapping[str, str]) -> dict[str, Any]:
    """Return what was chosen as it is kept; raises Unclear with a sentence."""
    after = given.get("after", "")
    return read_choices(given) | {"after": after if after in (MOVE, DELETE) else LEAVE}


def written(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the choices as a person enters them."""
    return written_choices(options) | {"after": str(options.get("after") or LEAVE)}


__all__ = [
    "ABOUT",
    "EVERY",
    "HAS_ADDRESS",
    "KEYS",
    "NAME",
    "OPTIONS",
    "ROUTE",
    "TABLES",
    "check",
    "fetch_order",
    "fetch_refund_lines",
    "has_keys",
    "may_have_news",
    "open_place",
    "read",
    "read_options",
    "receive",
    "register",
    "written",
]
