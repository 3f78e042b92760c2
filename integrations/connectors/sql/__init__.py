"""Any database that SQLAlchemy speaks with: orders by a query, read only, page by page."""

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.files.unasked import receive, register
from integrations.connectors.rows import TABLES, read
from integrations.connectors.sql.choices import OPTIONS, read_options, written
from integrations.connectors.sql.listing import (
    check,
    count_orders,
    fetch_order,
    fetch_refund_lines,
    first_rows,
    has_keys,
    list_orders,
)

NAME = _("A database (SQL)")
ABOUT = _("Orders by a query of yours, read only, every minute: PostgreSQL, MySQL, SQLite and others.")
KEYS: tuple[Key, ...] = (
    Key(
        "url",
        _("Address"),
        _(
            "Like postgresql://reader@db.example.com:5432/shop, or sqlite:///shop.sqlite3 in the program’s folder."
        ),
        is_secret=False,
        is_required=True,
    ),
    Key("password", _("Password"), _("It is kept sealed; in the address it would be seen.")),
)
HAS_ADDRESS = False
IS_SEALED_BY_ITSELF = True
ROUTE = ""
POLLS = True
KNOWS_CODES = True  # an order that names a code which nobody has is put aside, as of a file

__all__ = [
    "ABOUT",
    "HAS_ADDRESS",
    "KEYS",
    "KNOWS_CODES",
    "NAME",
    "OPTIONS",
    "POLLS",
    "ROUTE",
    "TABLES",
    "check",
    "count_orders",
    "fetch_order",
    "fetch_refund_lines",
    "first_rows",
    "has_keys",
    "list_orders",
    "read",
    "read_options",
    "receive",
    "register",
    "written",
]
