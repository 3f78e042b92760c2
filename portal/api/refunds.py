"""Refunds, chargebacks and cancellations."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates.models import Program
from commissions.actions import TakenRefund, take_refunds
from portal.api import documents, examples, paging, shapes
from portal.api.base import ApiView
from portal.api.fields import Text, decimal
from portal.api.idempotency import once
from portal.api.problems import Errors, Problem, invalid, wrong
from portal.api.schema import operation
from portal.api.serializers import RefundRequest, read_refund
from tracking.models import Order, Refund
from tracking.orders import RefundIn

STATES = ["waiting", "applied"]


class RefundQuery(paging.PageQuery):
    """Filters of the list; its time is when we were told."""

    state = serializers.ChoiceField(choices=STATES, required=False)
    source = Text(max_length=60, required=False)  # type: ignore[assignment]  # the wire calls it so


class Refunds(ApiView):
    """All refunds of the program."""

    scopes = {"GET": "refunds:read", "POST": "refunds:write"}

    @operation(
        "refunds_list",
        "List refunds",
        {200: documents.page_of(documents.RefundDocument)},
        scope="refunds:read",
        filters=RefundQuery,
    )
    def get(self, request: Request) -> Response:
        """List refunds, newest first by when we were told."""
        filters = paging.query(RefundQuery, request)
        rows = _filtered(_rows(self.program), filters)
        return Response(paging.page(rows, filters, self.shape, time="created_at"))

    def shape(self, row: Refund) -> dict[str, Any]:
        """Return one refund of the list."""
        return shapes.refund(row, _currency(row, self.program))

    @operation(
        "refunds_create",
        "Send a refund, chargeback or cancellation",
        {201: documents.RefundDocument, 202: documents.RefundDocument, 200: documents.RefundDocument},
        scope="refunds:write",
        request=RefundRequest,
        examples=[
            examples.sent("By lines", examples.REFUND),
            examples.sent("Gross amount", examples.REFUND_GROSS),
        ],
    )
    def post(self, request: Request) -> Response:
        """Take a refund: 201, 202 while its order has not come, 200 when the same came before, 409 else."""
        order = _order(self.program, request.data)
        currency = order.currency if order else self.program.currency
        values, refund = read_refund(request.data, currency)
        if order is not None:
            _fits(values, order)
        return once(request, lambda: self.take(values, refund, values.get("currency", currency)))

    def take(self, values: dict[str, Any], refund: RefundIn, currency: str) -> Response:
        """Take the refund and answer with what became of it."""
        taken = take_refunds(self.program, values["source"], values["conversion_external_id"], [refund])[0]
        if taken.status == "conflict":
            raise _conflict(taken, currency)
        status = 200 if taken.status == "same" else 202 if taken.waiting else 201
        return Response(shapes.refund(taken.refund, currency), status)


class OneRefund(ApiView):
    """A refund by its id."""

    scopes = {"GET": "refunds:read"}

    @operation("refunds_read", "Read one", {200: documents.RefundDocument}, scope="refunds:read")
    def get(self, request: Request, pk: int) -> Response:
        """Return the refund."""
        row = _rows(self.program).filter(pk=pk).first()
        if row is None:
            raise Http404
        return Response(shapes.refund(row, _currency(row, self.program)))


def _rows(program: Program) -> QuerySet[Refund]:
    rows: QuerySet[Refund] = Refund.objects.filter(program=program).select_related("order")
    return rows


def _filtered(rows: QuerySet[Refund], filters: dict[str, Any]) -> QuerySet[Refund]:
    if "source" in filters:
        rows = rows.filter(source=filters["source"])
    if "state" in filters:
        rows = rows.filter(order__isnull=filters["state"] == "waiting")
    return rows


def _currency(row: Refund, program: Program) -> str:
    return row.order.currency if row.order else program.currency


def _order(program: Program, data: Any) -> Order | None:
    """Return the order that a request names, as far as it can be read; amounts are of its currency."""
    named = (
        [str(data.get(name)).strip() for name in ("source", "conversion_external_id")]
        if isinstance(data, dict)
        else []
    )
    if not all(named) or any(len(name) > 120 for name in named):
        return None
    found = Order.objects.filter(program=program, source__in=named[:1], external_id__in=named[1:])
    order: Order | None = found.first()
    return order


def _fits(values: dict[str, Any], order: Order) -> None:
    """Refuse what cannot be about this order: another currency, or lines that it does not have."""
    errors: Errors = []
    if values.get("currency", order.currency) != order.currency:
        errors.append(wrong("/currency", _("The order is in %(currency)s.") % {"currency": order.currency}))
    known = {line["external_id"] for line in order.snapshot["lines"]}
    for place, line in enumerate(values.get("lines", ())):
        if line["external_id"] not in known:
            errors.append(wrong(f"/lines/{place}/external_id", _("The order has no such line.")))
    if errors:
        raise invalid(errors)


def _conflict(taken: TakenRefund, currency: str) -> Problem:
    found = {
        name: [_shown(name, value, currency) for value in both] for name, both in taken.differences.items()
    }
    renamed = {
        "conversion_external_id" if name == "order_external_id" else name: both
        for name, both in found.items()
    }
    detail = _("The refund is known with other content. A refund is never changed: send a further one.")
    return Problem(409, "conflict", detail, extra={"differences": renamed})


def _shown(name: str, value: Any, currency: str) -> Any:
    if name == "gross" and value is not None:
        return decimal(value, currency)
    if name == "lines" and value is not None:
        return [
            {**line, "net": None if line["net"] is None else decimal(line["net"], currency)} for line in value
        ]
    return value
