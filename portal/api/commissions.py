"""What was earned."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates.models import Program
from commissions.models import Commission
from commissions.states import CommissionState
from portal.api import documents, paging, shapes
from portal.api.base import ApiView
from portal.api.fields import Text
from portal.api.schema import operation


class CommissionQuery(paging.PageQuery):
    """Filters of the list; its time is when it was earned."""

    state = serializers.ChoiceField(choices=CommissionState.choices, required=False)
    affiliate = Text(max_length=40, required=False, help_text="The affiliate's code.")
    source = Text(max_length=60, required=False)  # type: ignore[assignment]  # the wire calls it so


class Commissions(ApiView):
    """All commissions of the program."""

    scopes = {"GET": "commissions:read"}

    @operation(
        "commissions_list",
        "List commissions",
        {200: documents.page_of(documents.CommissionDocument)},
        scope="commissions:read",
        filters=CommissionQuery,
    )
    def get(self, request: Request) -> Response:
        """List commissions, newest first."""
        filters = paging.query(CommissionQuery, request)
        return Response(paging.page(_filtered(_rows(self.program), filters), filters, shapes.commission))


class OneCommission(ApiView):
    """A commission by its id, with its whole calculation."""

    scopes = {"GET": "commissions:read"}

    @operation(
        "commissions_read",
        "Read one with its trace",
        {200: documents.TracedCommission},
        scope="commissions:read",
    )
    def get(self, request: Request, pk: int) -> Response:
        """Return the commission."""
        row = _rows(self.program).filter(pk=pk).first()
        if row is None:
            raise Http404
        return Response({**shapes.commission(row), "trace": row.trace})


def _rows(program: Program) -> QuerySet[Commission]:
    rows: QuerySet[Commission] = Commission.objects.filter(program=program)
    return rows.select_related("enrollment").prefetch_related("reversals")


def _filtered(rows: QuerySet[Commission], filters: dict[str, Any]) -> QuerySet[Commission]:
    lookups = {"state": "state", "affiliate": "enrollment__code", "source": "conversion__source"}
    return rows.filter(**{lookup: filters[name] for name, lookup in lookups.items() if name in filters})
