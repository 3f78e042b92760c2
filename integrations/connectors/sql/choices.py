"""What a person says of a database: the queries, and which columns tell the number and the last change."""

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django.utils.translation import gettext as _, gettext_lazy

from integrations.connectors.base import Key
from integrations.connectors.files.choices import SKIP, TAKE
from integrations.connectors.sql.query import TIMES, check_query
from integrations.connectors.webhook.choices import Unclear

TIMESTAMP, TEXT, TEXT_T, SECONDS = "timestamp", "text", "text_t", "seconds"
KINDS = (TIMESTAMP, TEXT, TEXT_T, SECONDS)
COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)
OPTIONS: tuple[Key, ...] = (
    Key(
        "query",
        gettext_lazy("Query for orders"),
        gettext_lazy(
            "One SELECT, a row for each order. It may name :since and :until, the period that is asked for."
        ),
        is_secret=False,
        is_required=True,
        is_long=True,
    ),
    Key(
        "number_column",
        gettext_lazy("Column of the order’s number"),
        gettext_lazy("As the query names it; it fills order.number as it is."),
        is_secret=False,
        is_required=True,
    ),
    Key(
        "changed_column",
        gettext_lazy("Column of the last change"),
        gettext_lazy("A moment that moves with every change of an order; by it the rows are read on."),
        is_secret=False,
        is_required=True,
    ),
    Key(
        "changed_as",
        gettext_lazy("What stands in it"),
        "",
        is_secret=False,
        choices=(
            (TIMESTAMP, gettext_lazy("a date and time")),
            (TEXT, gettext_lazy("a text like 2026-11-20 14:02:11")),
            (TEXT_T, gettext_lazy("a text like 2026-11-20T14:02:11")),
            (SECONDS, gettext_lazy("seconds since 1970")),
        ),
    ),
    Key(
        "time_zone",
        gettext_lazy("Its time zone"),
        gettext_lazy("Like Europe/Berlin, for times that name none; UTC if it is empty."),
        is_secret=False,
    ),
    Key(
        "refunds_query",
        gettext_lazy("Query for refunds"),
        gettext_lazy(
            "One SELECT, a row for each refund of some orders: … WHERE order_number IN :orders. An order counts as "
            "changed when it gets one. Left empty, there are none."
        ),
        is_secret=False,
        is_long=True,
    ),
    Key(
        "twins",
        gettext_lazy("Sales that another source seems to have told already"),
        gettext_lazy("The same number and the same buyer."),
        is_secret=False,
        choices=((SKIP, gettext_lazy("are left out")), (TAKE, gettext_lazy("are taken in too"))),
    ),
)


def read_options(given: Mapping[str, str]) -> dict[str, Any]:
    """Return what was said as it is kept; raises BadQuery and Unclear with a sentence."""
    query = check_query(given.get("query", ""), TIMES)
    refunds = given.get("refunds_query", "").strip()
    if refunds:
        refunds = check_query(refunds, frozenset({"orders"}), frozenset({"orders"}))
    columns = {name: given.get(name, "").strip() for name in ("number_column", "changed_column")}
    for column in columns.values():
        if not COLUMN.fullmatch(column):
            raise Unclear(
                _("“%(name)s” is no column’s name: letters, digits and _ only.") % {"name": column[:60]}
            )
    zone = given.get("time_zone", "").strip()
    if zone and zone not in available_timezones():
        raise Unclear(_("“%(zone)s” is no time zone like Europe/Berlin.") % {"zone": zone[:60]})
    kind = given.get("changed_as") or TIMESTAMP
    return {
        "query": query,
        "refunds_query": refunds,
        **columns,
        "changed_as": kind if kind in KINDS else TIMESTAMP,
        "time_zone": zone,
        "twins": TAKE if given.get("twins") == TAKE else SKIP,
    }


def written(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the options as a person enters them."""
    return {key.name: str(options.get(key.name) or "") for key in OPTIONS}
