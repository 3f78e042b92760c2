"""What a brand looks like, as files that may be kept forever: its stylesheet and its mark."""

from csp.decorators import csp_update
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal.brands import brand_of, mark_hash, mark_svg, theme_of
from portal.models import Brand

FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
OUTDATED = {"Cache-Control": "no-cache"}


@require_safe
def stylesheet(request: HttpRequest, slug: str, digest: str) -> HttpResponse:
    """The stylesheet of this host's brand; an old address gets the new one, to be asked for again."""
    theme = theme_of(_brand(request, slug))
    headers = FOREVER if digest == theme.hash else OUTDATED
    return HttpResponse(theme.css, content_type="text/css; charset=utf-8", headers=headers)


# a logo is somebody's upload: opened on its own it may draw, and nothing else
@csp_update({"sandbox": [True]})  # type: ignore[arg-type]  # its types know no view with arguments
@require_safe
def mark(request: HttpRequest, slug: str, digest: str) -> HttpResponse:
    """The logo of this host's brand, or its letter; an old address gets the new one, to be asked for again."""
    brand = _brand(request, slug)
    headers = FOREVER if digest == mark_hash(brand) else OUTDATED
    return HttpResponse(mark_svg(brand), content_type="image/svg+xml", headers=headers)


def _brand(request: HttpRequest, slug: str) -> Brand | None:
    brand = brand_of(request)
    if slug != (brand.slug if brand else "default"):
        raise Http404
    return brand
