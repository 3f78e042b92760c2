"""Links of the program's affiliates."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates.actions import DestinationRefused, create_link
from affiliates.models import Enrollment, Link, Program
from affiliates.states import IllegalMove
from portal.api import documents, examples, paging, shapes
from portal.api.base import ApiView
from portal.api.fields import Text
from portal.api.idempotency import once
from portal.api.problems import Problem, invalid, wrong
from portal.api.schema import operation
from portal.api.serializers import LinkRequest, read

STATES = ["active", "paused"]


class LinkQuery(paging.PageQuery):
    """Filters of the list; its time is when the link was made."""

    state = serializers.ChoiceField(choices=STATES, required=False)
    affiliate = Text(max_length=40, required=False, help_text="The affiliate's code.")


class Links(ApiView):
    """All links of the program."""

    scopes = {"GET": "links:read", "POST": "links:write"}

    @operation(
        "links_list",
        "List links",
        {200: documents.page_of(documents.LinkDocument)},
        scope="links:read",
        filters=LinkQuery,
    )
    def get(self, request: Request) -> Response:
        """List links, newest first."""
        filters = paging.query(LinkQuery, request)
        rows = _filtered(_rows(self.program), filters)
        return Response(paging.page(rows, filters, _shape, time="created_at"))

    @operation(
        "links_create",
        "Make a link for an affiliate",
        {201: documents.LinkDocument},
        scope="links:write",
        request=LinkRequest,
        examples=[examples.sent("Link", examples.LINK)],
    )
    def post(self, request: Request) -> Response:
        """Make a link; 422 when the program does not lead there, 409 when the affiliate is not active."""
        values = read(LinkRequest, request.data)
        return once(request, lambda: self.make(values))

    def make(self, values: dict[str, Any]) -> Response:
        """Make the link and answer with it."""
        code = values["affiliate"]
        enrollment = (
            Enrollment.objects.select_related("program").filter(program=self.program, code=code).first()
        )
        if enrollment is None:
            raise invalid([wrong("/affiliate", _("The program has no affiliate of this code."))])
        name, sub_ids = values.get("name", ""), values.get("sub_ids", ())
        try:
            link = create_link(enrollment, values["destination"], name=name, sub_ids=sub_ids)
        except DestinationRefused as refused:
            raise invalid([wrong("/destination", str(refused))]) from None
        except IllegalMove as illegal:
            raise Problem(409, "conflict", str(illegal)) from None
        return Response(_shape(link), 201)


class OneLink(ApiView):
    """A link by its id."""

    scopes = {"GET": "links:read"}

    @operation("links_read", "Read one", {200: documents.LinkDocument}, scope="links:read")
    def get(self, request: Request, pk: int) -> Response:
        """Return the link."""
        row = _rows(self.program).filter(pk=pk).first()
        if row is None:
            raise Http404
        return Response(_shape(row))


def _rows(program: Program) -> QuerySet[Link]:
    rows: QuerySet[Link] = Link.objects.filter(enrollment__program=program)
    return rows.select_related("enrollment")


def _filtered(rows: QuerySet[Link], filters: dict[str, Any]) -> QuerySet[Link]:
    if "state" in filters:
        rows = rows.filter(is_active=filters["state"] == "active")
    if "affiliate" in filters:
        rows = rows.filter(enrollment__code=filters["affiliate"])
    return rows


def _shape(row: Link) -> dict[str, Any]:
    return shapes.link(row, f"{settings.PUBLIC_URL.rstrip('/')}/r/{row.code}")
