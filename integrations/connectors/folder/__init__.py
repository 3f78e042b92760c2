"""A folder of this server that other systems write files into."""

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.files import choices
from integrations.connectors.files.choices import CHOICES, NAMES, written_choices as written
from integrations.connectors.files.unasked import receive, register
from integrations.connectors.folder.place import check, may_have_news, open_place
from integrations.connectors.rows import TABLES, read
from integrations.connectors.unasked import fetch_order, fetch_refund_lines, has_keys

NAME = _("Files in a folder")
ABOUT = _("CSV or JSON files that an old system writes into a folder of this server.")
KEYS: tuple[Key, ...] = (
    Key(
        "folder",
        _("Folder"),
        _(
            "Its name below the program’s own folder, like sales or sales/lisbon. The operator knows where that is."
        ),
        is_secret=False,
        is_required=True,
    ),
)
OPTIONS: tuple[Key, ...] = (*CHOICES, NAMES)
HAS_ADDRESS = False
IS_SEALED_BY_ITSELF = True
ROUTE = ""
EVERY = 1
read_options = choices.read_choices

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
