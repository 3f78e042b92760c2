"""What was paid, or is on its way."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates.models import Program
from payouts.models import Payout
from payouts.states import PayoutState
from portal.api import documents, paging, shapes
from portal.api.base import ApiView
from portal.api.fields import Text
from portal.api.schema import operation


class PayoutQuery(paging.PageQuery):
    """Filters of the list; its time is when the payout was drafted."""

    state = serializers.ChoiceField(choices=PayoutState.choices, required=False)
    affiliate = Text(max_length=40, required=False, help_text="The affiliate's code.")


class Payouts(ApiView):
    """All payouts of the program."""

    scopes = {"GET": "payouts:read"}

    @operation(
        "payouts_list",
        "List payouts",
        {200: documents.page_of(documents.PayoutDocument)},
        scope="payouts:read",
        filters=PayoutQuery,
    )
    def get(self, request: Request) -> Response:
        """List payouts, newest first."""
        filters = paging.query(PayoutQuery, request)
        rows = _filtered(_rows(self.program), filters)
        return Response(paging.page(rows, filters, shapes.payout, time="created_at"))


class OnePayout(ApiView):
    """A payout by its id."""

    scopes = {"GET": "payouts:read"}

    @operation("payouts_read", "Read one", {200: documents.PayoutDocument}, scope="payouts:read")
    def get(self, request: Request, pk: int) -> Response:
        """Return the payout."""
        row = _rows(self.program).filter(pk=pk).first()
        if row is None:
            raise Http404
        return Response(shapes.payout(row))


def _rows(program: Program) -> QuerySet[Payout]:
    rows: QuerySet[Payout] = Payout.objects.filter(program=program)
    return rows.select_related("enrollment")


def _filtered(rows: QuerySet[Payout], filters: dict[str, Any]) -> QuerySet[Payout]:
    lookups = {"state": "state", "affiliate": "enrollment__code"}
    return rows.filter(**{lookup: filters[name] for name, lookup in lookups.items() if name in filters})
