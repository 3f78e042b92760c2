"""The addresses that affiliates give away."""

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from affiliates.models import Enrollment, Link


def link_address(request: HttpRequest, link: Link) -> str:
    """Where a link is followed: on this brand's host, short."""
    return request.build_absolute_uri(f"/r/{link.code}")


def qr_address(request: HttpRequest, link: Link) -> str:
    """What a link's QR code holds: it says that the visitor came by the code."""
    return f"{link_address(request, link)}?via=qr"


def recruiting_address(request: HttpRequest, enrollment: Enrollment) -> str:
    """The program's page with the affiliate as sponsor of whoever applies."""
    page = reverse("public:program", args=[enrollment.program.slug])
    return request.build_absolute_uri(f"{page}?{urlencode({'via': enrollment.code})}")
