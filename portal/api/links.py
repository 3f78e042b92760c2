"""Links of the program's affiliates, and pages of theirs that count without one."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates.actions import LinkRefused, change_link, create_link
from affiliates.models import DirectLink, DirectLinkState, Enrollment, Link, Program
from affiliates.states import IllegalMove
from portal.api import documents, examples, paging, shapes
from portal.api.base import ApiView
from portal.api.fields import Text
from portal.api.idempotency import once
from portal.api.link_requests import LinkChange, LinkRequest
from portal.api.problems import Problem, invalid, wrong
from portal.api.schema import operation
from portal.api.serializers import read

STATES = ["active", "paused"]


class LinkQuery(paging.PageQuery):
    """Filters of the list; its time is when the link was made."""

    state = serializers.ChoiceField(choices=STATES, required=False)
    affiliate = Text(max_length=40, required=False, help_text="The affiliate's code.")


class DirectLinkQuery(paging.PageQuery):
    """Filters of the list; its time is when the affiliate asked."""

    state = serializers.ChoiceField(choices=DirectLinkState.choices, required=False)
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
        examples=[
            examples.sent("Link", examples.LINK),
            examples.sent("With all choices", examples.LINK_IN_FULL),
        ],
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
        choices = {name: value for name, value in values.items() if name != "affiliate"}
        return Response(_shape(_said(lambda: create_link(enrollment, **choices))), 201)


class OneLink(ApiView):
    """A link by its id."""

    scopes = {"GET": "links:read", "PATCH": "links:write"}

    @operation("links_read", "Read one", {200: documents.LinkDocument}, scope="links:read")
    def get(self, request: Request, pk: int) -> Response:
        """Return the link."""
        return Response(_shape(self.row(pk)))

    @operation(
        "links_change",
        "Change where a link leads",
        {200: documents.LinkDocument},
        scope="links:write",
        request=LinkChange,
        examples=[examples.sent("Another page", examples.LINK_CHANGE)],
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is named; 422 when the program does not lead there, 409 when the affiliate is not active."""
        row, values = self.row(pk), read(LinkChange, request.data)
        return once(request, lambda: Response(_shape(_said(lambda: change_link(row, **values)))))

    def row(self, pk: int) -> Link:
        """A link of the key's program; 404 for any other."""
        found = _rows(self.program).filter(pk=pk).first()
        if found is None:
            raise Http404
        return found


class DirectLinks(ApiView):
    """Pages of affiliates whose visitors count without a parameter."""

    scopes = {"GET": "links:read"}

    @operation(
        "directlinks_list",
        "List direct links",
        {200: documents.page_of(documents.DirectLinkDocument)},
        scope="links:read",
        filters=DirectLinkQuery,
    )
    def get(self, request: Request) -> Response:
        """List direct links, newest first."""
        filters = paging.query(DirectLinkQuery, request)
        rows = DirectLink.objects.filter(program=self.program).select_related("enrollment")
        if "state" in filters:
            rows = rows.filter(state=filters["state"])
        if "affiliate" in filters:
            rows = rows.filter(enrollment__code=filters["affiliate"])
        return Response(paging.page(rows, filters, shapes.direct_link, time="created_at"))


def _said(work: Callable[[], Link]) -> Link:
    """Do the verb; what it refuses is said with a pointer to what was wrong."""
    try:
        return work()
    except LinkRefused as refused:
        raise invalid([wrong("".join(f"/{part}" for part in refused.where), str(refused))]) from None
    except IllegalMove as illegal:
        raise Problem(409, "conflict", str(illegal)) from None


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
