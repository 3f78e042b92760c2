"""A file at an address, fetched over HTTPS when it has changed."""

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.files import choices
from integrations.connectors.files.choices import CHOICES, EVERY as MINUTES, written_choices as written
from integrations.connectors.files.unasked import receive, register
from integrations.connectors.rows import TABLES, read
from integrations.connectors.unasked import fetch_order, fetch_refund_lines, has_keys
from integrations.connectors.web_file.place import check, may_have_news, open_place

NAME = _("A file at an address")
ABOUT = _("A CSV or JSON file that another system offers over HTTPS; it is fetched when it has changed.")
KEYS: tuple[Key, ...] = (
    Key("user", _("User"), _("If the address asks for a user and a password."), is_secret=False),
    Key("password", _("Password")),
    Key("token", _("Token"), _("If it asks for a bearer token instead.")),
)
OPTIONS: tuple[Key, ...] = (*CHOICES, MINUTES)
HAS_ADDRESS = True
IS_SEALED_BY_ITSELF = True
ROUTE = ""
EVERY = 15
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
