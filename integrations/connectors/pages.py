"""Pages of orders, as stores list them: one odd order is put aside with its reason, and the others are read."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Temporary
from integrations.connectors.base import Unreadable
from integrations.connectors.body import Fields, read_object
from tracking.orders import OrderIn

PAGE_BYTES = 16_000_000  # fifty orders, some of which have hundreds of lines
SECOND = timedelta(seconds=1)


def read_page(body: bytes) -> Any:
    """Return the JSON of a page, decimals as text, its orders unchecked; raises Temporary for half of one."""
    try:
        return json.loads(body, parse_float=str)
    except (ValueError, RecursionError):
        raise Temporary(_("The store's list of orders is not whole JSON.")) from None


def read_each(
    rows: Iterable[Any], number_of: str, read: Callable[[Fields], OrderIn]
) -> tuple[tuple[OrderIn, ...], tuple[tuple[str, str], ...]]:
    """Return the orders that can be read, and of the others number (its field is `number_of`) and sentence."""
    orders: list[OrderIn] = []
    refused: list[tuple[str, str]] = []
    for row in rows:
        try:
            orders.append(read(Fields(read_object(json.dumps(row).encode()))))
        except (Unreadable, ValueError, RecursionError) as trouble:
            number = row.get(number_of) if isinstance(row, dict) else None
            known = str(number)[:60] if isinstance(number, int | str) else "?"
            refused.append((known, str(trouble)[:300]))
    return tuple(orders), tuple(refused)


def whole_second(moment: datetime) -> datetime:
    """Return the second in which a moment lies, in UTC: stores know no smaller parts."""
    return moment.astimezone(UTC).replace(microsecond=0)


def next_second(moment: datetime) -> datetime:
    """Return the first whole second that is not before a moment."""
    floor = whole_second(moment)
    return floor if floor == moment else floor + SECOND
