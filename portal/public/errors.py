"""The page for our own mistakes: it asks nothing of the database."""

from django.http import HttpRequest, HttpResponse
from django.template import loader

from portal.brands import brand_of, stylesheet_address


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that the mistake is ours, in the brand's colors."""
    page = loader.get_template("500.html").render({"brand_css": stylesheet_address(brand_of(request))})
    return HttpResponse(page, status=500)
