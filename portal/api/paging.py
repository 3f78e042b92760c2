"""Lists: filters and cursor pages, newest first, by (time, id)."""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from portal.api.fields import Moment, Strict, Text, moment
from portal.api.parsing import keepable
from portal.api.problems import Errors, invalid, wrong
from portal.api.serializers import read

MOST = 200
DEFAULT = 50
_LARGEST_ID = 2**63 - 1


class PageQuery(Strict):
    """What every list takes; `from` and `to` bound its time, `to` excluded."""

    limit = serializers.IntegerField(min_value=1, max_value=MOST, required=False, default=DEFAULT)
    cursor = Text(max_length=200, required=False, help_text="`next` of the page before.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add the bounds, one of whose names is a word of Python."""
        bounds = {
            "from": Moment(required=False, help_text="At this time or later."),
            "to": Moment(required=False, help_text="Before this time."),
        }
        return {**super().get_fields(), **bounds}


def query(kind: type[PageQuery], request: Request) -> dict[str, Any]:
    """Return the checked filters of a list; 422 names each wrong or unknown one."""
    said = {name: values[-1] for name, values in request.query_params.lists()}
    errors: Errors = [
        wrong(f"/{name}", _("NUL and half characters cannot be kept."))
        for name, value in said.items()
        if not keepable(value)
    ]
    if errors:
        raise invalid(errors)
    return read(kind, said)


def page(
    rows: QuerySet[Any],
    filters: dict[str, Any],
    shape: Callable[[Any], dict[str, Any]],
    *,
    time: str = "occurred_at",
) -> dict[str, Any]:
    """Return one page as JSON: `items`, and `next` (null on the last page)."""
    limit: int = filters["limit"]
    found = list(_bounded(rows, filters, time).order_by(f"-{time}", "-pk")[: limit + 1])
    kept = found[:limit]
    more = len(found) > limit
    return {"items": [shape(row) for row in kept], "next": _cursor(kept[-1], time) if more else None}


def _bounded(rows: QuerySet[Any], filters: dict[str, Any], time: str) -> QuerySet[Any]:
    if "from" in filters:
        rows = rows.filter(**{f"{time}__gte": filters["from"]})
    if "to" in filters:
        rows = rows.filter(**{f"{time}__lt": filters["to"]})
    if "cursor" in filters:
        at, pk = _position(filters["cursor"])
        rows = rows.filter(Q(**{f"{time}__lt": at}) | Q(**{time: at, "pk__lt": pk}))
    return rows


def _cursor(row: Any, time: str) -> str:
    position = json.dumps([moment(getattr(row, time)), row.pk])
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[datetime, int]:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        at, pk = json.loads(raw)
        found = parse_datetime(at)
        if found is None or found.tzinfo is None or type(pk) is not int or not 0 <= pk <= _LARGEST_ID:
            raise ValueError(cursor)
        moment(found)  # what lies outside of the calendar in UTC is refused here
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
        raise invalid([wrong("/cursor", _("This cursor did not come from here."))]) from None
    return found, pk
