"""A page that htmx shows as a sheet beside the page it was opened from."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from portal.affiliate.membership import AffiliateRequest


def page_or_sheet(
    request: AffiliateRequest, page: str, body: str, title: str, context: dict[str, Any]
) -> HttpResponse:
    """Render the body alone, with a title to close it by, for htmx; else the whole page."""
    if request.htmx:
        return render(request, "components/sheet.html", {**context, "title": title, "body": body})
    return render(request, page, {**context, "title": title})
