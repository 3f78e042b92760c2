"""Orders, leads and sign-ups: sent one by one or in bulk, updated, listed."""

import logging
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates.models import Program
from commissions.actions import Taken, take_orders
from commissions.models import Volume
from portal.api import documents, examples, paging, shapes
from portal.api.base import ApiView
from portal.api.fields import Strict, Text
from portal.api.idempotency import once
from portal.api.problems import Problem, invalid, wrong
from portal.api.schema import operation
from portal.api.serializers import OrderRequest, UpdateRequest, read_order
from tracking.actions.orders import Mode
from tracking.models import Conversion, Decision
from tracking.orders import OrderIn
from tracking.states import ConversionState

log = logging.getLogger(__name__)

MOST = 500
UPDATES = {"created": 201, "revised": 200, "same": 200, "older": 200}


class ConversionQuery(paging.PageQuery):
    """Filters of the list."""

    state = serializers.ChoiceField(choices=ConversionState.choices, required=False)
    affiliate = Text(
        max_length=40,
        required=False,
        help_text="The code of an affiliate that is credited, alone or with others.",
    )
    source = Text(max_length=60, required=False)  # type: ignore[assignment]  # the wire calls it so


class BulkRequest(Strict):
    """Up to 500 orders."""

    items = OrderRequest(many=True)


class Conversions(ApiView):
    """All conversions of the program."""

    scopes = {"GET": "conversions:read", "POST": "conversions:write"}

    @operation(
        "conversions_list",
        "List conversions",
        {200: documents.page_of(documents.ConversionDocument)},
        scope="conversions:read",
        filters=ConversionQuery,
    )
    def get(self, request: Request) -> Response:
        """List conversions, newest first."""
        filters = paging.query(ConversionQuery, request)
        rows = _filtered(whole(self.program), filters)
        return Response(paging.page(rows, filters, shapes.conversion))

    @operation(
        "conversions_create",
        "Send an order, lead or sign-up",
        {201: documents.ConversionDocument, 200: documents.ConversionDocument},
        scope="conversions:write",
        request=OrderRequest,
        examples=[
            examples.sent("Order", examples.ORDER),
            examples.sent("Order with more of its buyer", examples.OF_A_BUYER),
            examples.sent("Lead", examples.LEAD),
            examples.sent("Sale at a till", examples.TILL),
        ],
    )
    def post(self, request: Request) -> Response:
        """Take an order: 201 when it is new, 200 when the same came before, 409 when it differs."""
        order = read_order(request.data)
        return once(request, lambda: self.take(order))

    def take(self, order: OrderIn) -> Response:
        """Take one order and answer with what it led to."""
        taken = take_orders(self.program, [order], mode="create")[0]
        conversion = _conversion(self.program, taken, order)
        return Response(shapes.conversion(conversion), 201 if taken.status == "created" else 200)


class BulkConversions(ApiView):
    """Many orders in one request."""

    scopes = {"POST": "conversions:write"}
    max_bytes = 2_000_000

    @operation(
        "conversions_bulk",
        "Send up to 500 orders",
        {200: documents.BulkDocument},
        scope="conversions:write",
        request=BulkRequest,
        examples=[examples.sent("Two", {"items": [examples.ORDER, examples.LEAD]})],
    )
    def post(self, request: Request) -> Response:
        """Take each item for itself; the answers stand in the items' order, pointers are relative to the item."""
        items = _items(request.data)
        return once(request, lambda: Response({"items": self.take(items)}))

    def take(self, items: list[Any]) -> list[dict[str, Any]]:
        """Return what became of each item."""
        read = [_read(item) for item in items]
        good = {place: value for place, value in enumerate(read) if isinstance(value, OrderIn)}
        taken = dict(zip(good, self.take_each(list(good.values())), strict=True))
        ids = [one.conversion.pk for one in taken.values() if isinstance(one, Taken) and one.conversion]
        rows = {row.pk: row for row in whole(self.program).filter(pk__in=ids)}
        return [_item(taken.get(place, value), value, rows) for place, value in enumerate(read)]

    def take_each(self, orders: list[OrderIn]) -> list[Taken | Problem]:
        """Take all at once; should one of them break, take them one by one, so that it alone falls."""
        try:
            with transaction.atomic():
                return list(take_orders(self.program, orders, mode="create"))
        except OperationalError:
            raise
        except Exception:
            log.exception("an order of a bulk request broke; taking them one by one")
        return [self.take_alone(order) for order in orders]

    def take_alone(self, order: OrderIn) -> Taken | Problem:
        """Take one order in a savepoint of its own."""
        try:
            with transaction.atomic():
                return take_orders(self.program, [order], mode="create")[0]
        except OperationalError:
            raise
        except Exception:
            log.exception("an order could not be taken")
            return Problem(500, "failed", _("It is logged; nothing was changed."))


class OneConversion(ApiView):
    """A conversion by its id."""

    scopes = {"GET": "conversions:read", "PUT": "conversions:write"}

    @operation("conversions_read", "Read one", {200: documents.ConversionDocument}, scope="conversions:read")
    def get(self, request: Request, pk: int) -> Response:
        """Return the conversion."""
        return Response(shapes.conversion(_one(self.program, pk=pk)))

    @operation(
        "conversions_update",
        "Send a newer revision",
        {200: documents.UpdatedConversion},
        scope="conversions:write",
        request=UpdateRequest,
        examples=[examples.sent("Changed order", examples.CHANGED)],
    )
    def put(self, request: Request, pk: int) -> Response:
        """Take a newer revision; an older one is ignored and the answer says so."""
        row = _one(self.program, pk=pk)
        return _update(request, self.program, row.source, row.external_id)


class ConversionBySource(ApiView):
    """A conversion by the store's own number."""

    scopes = {"GET": "conversions:read", "PUT": "conversions:write"}

    @operation(
        "conversions_read_by_source",
        "Read one by the store's number",
        {200: documents.ConversionDocument},
        scope="conversions:read",
    )
    def get(self, request: Request, source: str, external_id: str) -> Response:
        """Return the conversion."""
        return Response(shapes.conversion(_one(self.program, source=source, external_id=external_id)))

    @operation(
        "conversions_update_by_source",
        "Send a newer revision by the store's number",
        {200: documents.UpdatedConversion, 201: documents.UpdatedConversion},
        scope="conversions:write",
        request=UpdateRequest,
        examples=[examples.sent("Changed order", examples.CHANGED)],
    )
    def put(self, request: Request, source: str, external_id: str) -> Response:
        """Take a newer revision, or the order itself when its creation is still on the way."""
        return _update(request, self.program, source, external_id)


def whole(program: Program) -> QuerySet[Conversion]:
    """Return the program's conversions with all that an answer shows of them."""
    rows: QuerySet[Conversion] = Conversion.objects.filter(program=program)
    decisions = ("decisions__enrollment", "decisions__coupon")
    return rows.select_related("order").prefetch_related(
        *decisions, "commissions__enrollment", "commissions__reversals"
    )


def _filtered(rows: QuerySet[Conversion], filters: dict[str, Any]) -> QuerySet[Conversion]:
    rows = rows.filter(**{name: filters[name] for name in ("state", "source") if name in filters})
    if "affiliate" in filters:
        code = filters["affiliate"]
        principal = Decision.objects.filter(conversion=OuterRef("pk"), is_current=True, enrollment__code=code)
        with_others = Volume.objects.filter(
            conversion=OuterRef("pk"), enrollment__code=code, read__credited=True
        )
        rows = rows.filter(Exists(principal) | Exists(with_others))
    return rows


def _one(program: Program, **lookup: Any) -> Conversion:
    row = whole(program).filter(**lookup).first()
    if row is None:
        raise Http404
    return row


def _conversion(program: Program, taken: Taken, order: OrderIn) -> Conversion:
    """Return the conversion, whole; raise the conflict if the order is known with other content."""
    if taken.status == "conflict":
        raise _conflict(taken, order)
    if taken.conversion is None:
        state = taken.order.get_state_display()
        raise Problem(409, "conflict", _("By a newer account, the order is: %(state)s.") % {"state": state})
    return _one(program, pk=taken.conversion.pk)


def _conflict(taken: Taken, order: OrderIn) -> Problem:
    found = shapes.differences(taken.order, order, taken.differences)
    detail = _("The order is known with other content. Send changes with PUT.")
    extra: dict[str, Any] = {"differences": found}
    if taken.conversion is not None:
        extra["conversion"] = taken.conversion.pk
    return Problem(409, "conflict", detail, extra=extra)


def _update(request: Request, program: Program, source: str, external_id: str) -> Response:
    known = {"source": source, "external_id": external_id}
    data = {**known, **request.data} if isinstance(request.data, dict) else request.data
    order = read_order(data, timezone.now())
    different = [name for name, value in known.items() if getattr(order, name) != value]
    if different:
        raise invalid([wrong(f"/{name}", _("It is not what the address names.")) for name in different])
    return once(request, lambda: _take_update(program, order, "update"))


def _take_update(program: Program, order: OrderIn, mode: Mode) -> Response:
    taken = take_orders(program, [order], mode=mode)[0]
    body = shapes.conversion(_conversion(program, taken, order))
    update = {"status": taken.status, "detail": _became(taken.status)}
    return Response({**body, "update": update}, UPDATES[taken.status])


def _became(status: str) -> str:
    return {
        "created": _("The order was not known: it was taken."),
        "revised": _("The revision was taken, and what changed was posted."),
        "same": _("Nothing changed."),
        "older": _("A newer revision is known: this one was ignored."),
    }[status]


def _items(data: Any) -> list[Any]:
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list) or set(data) != {"items"}:
        raise invalid([wrong("/items", _("Send an object with one list, “items”."))])
    if len(items) > MOST:
        raise invalid([wrong("/items", _("At most %(most)s items at once.") % {"most": MOST})])
    return items


def _read(item: Any) -> OrderIn | Problem:
    try:
        return read_order(item)
    except Problem as problem:
        return problem


def _item(
    became: Taken | Problem | OrderIn, order: OrderIn | Problem, rows: dict[int, Conversion]
) -> dict[str, Any]:
    if isinstance(became, Taken) and isinstance(order, OrderIn):
        if became.status != "conflict" and became.conversion is not None:
            status = 201 if became.status == "created" else 200
            return {"status": status, "conversion": shapes.conversion(rows[became.conversion.pk])}
        became = _conflict(became, order)
    problem = became if isinstance(became, Problem) else Problem(500, "failed")
    return {"status": problem.status_code, "problem": problem.document()}
