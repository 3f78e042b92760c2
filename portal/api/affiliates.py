"""Affiliates, as members of the key's program."""

from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates.models import Enrollment, Program
from affiliates.states import EnrollmentState
from portal.api import documents, paging, shapes
from portal.api.base import ApiView
from portal.api.schema import operation


class AffiliateQuery(paging.PageQuery):
    """Filters of the list; its time is the application's."""

    state = serializers.ChoiceField(choices=EnrollmentState.choices, required=False)


class Affiliates(ApiView):
    """All affiliates of the program."""

    scopes = {"GET": "affiliates:read"}

    @operation(
        "affiliates_list",
        "List affiliates",
        {200: documents.page_of(documents.AffiliateDocument)},
        scope="affiliates:read",
        filters=AffiliateQuery,
    )
    def get(self, request: Request) -> Response:
        """List affiliates, the latest application first."""
        filters = paging.query(AffiliateQuery, request)
        rows = _rows(self.program)
        if "state" in filters:
            rows = rows.filter(state=filters["state"])
        return Response(paging.page(rows, filters, shapes.affiliate, time="applied_at"))


class OneAffiliate(ApiView):
    """An affiliate by its code."""

    scopes = {"GET": "affiliates:read"}

    @operation(
        "affiliates_read", "Read one by code", {200: documents.AffiliateDocument}, scope="affiliates:read"
    )
    def get(self, request: Request, code: str) -> Response:
        """Return the affiliate."""
        row = _rows(self.program).filter(code=code).first()
        if row is None:
            raise Http404
        return Response(shapes.affiliate(row))


def _rows(program: Program) -> QuerySet[Enrollment]:
    rows: QuerySet[Enrollment] = Enrollment.objects.filter(program=program)
    return rows.select_related("affiliate", "sponsor", "group")
