"""Links as QR codes: drawings for print (SVG) and pictures (PNG), black on white."""

import io

import segno
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from affiliates.models import Enrollment, Link
from core.scoping import owned_or_404
from portal.affiliate.addresses import qr_address
from portal.affiliate.membership import AffiliateRequest, affiliate_page

QUIET = 4  # modules of white around it, without which some readers find nothing
PIXELS = 20  # per module: sharp up to the size of a hand in print
TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@require_safe
@affiliate_page
def of_link(request: AffiliateRequest, enrollment: Enrollment, pk: int) -> HttpResponse:
    """One link's code, as SVG or (`?kind=png`) as PNG; with `?download=1` as a file to keep."""
    own = owned_or_404(Link.objects.filter(enrollment=enrollment), request.user, pk=pk)
    kind = "png" if request.GET.get("kind") == "png" else "svg"
    headers = {"Cache-Control": "private, max-age=86400"}
    if request.GET.get("download"):
        headers["Content-Disposition"] = f'attachment; filename="{own.code}.{kind}"'
    return HttpResponse(drawn(qr_address(request, own), kind), content_type=TYPES[kind], headers=headers)


def drawn(text: str, kind: str) -> bytes:
    """Return a text as a QR code; `kind` is a key of TYPES."""
    code, file = segno.make(text, error="m", micro=False), io.BytesIO()
    if kind == "png":
        code.save(file, kind="png", scale=PIXELS, border=QUIET)
    else:
        bare = {"omitsize": True, "svgclass": None, "lineclass": None}
        code.save(file, kind="svg", border=QUIET, light="#fff", **bare)
    return file.getvalue()
