"""Which brand is this request's: the one of its host, else the one its path begins with (/@slug/)."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils.functional import SimpleLazyObject
from django.utils.html import escape

from affiliates.models import Enrollment
from portal.models import Brand
from portal.theme import DEFAULT_COLOR, Theme, compile_theme, palettes

PREFIX = re.compile(r"^/@(?P<slug>[-a-zA-Z0-9_]+)(?=/)")
MODES = ("light", "dark")
MACHINES = ("/api/", "/hooks/", "/postback/")  # they carry no brand, and are asked often


class BrandMiddleware:
    """Sets request.brand (or None on a host that shows no brand) and lets a brand stand under its own path."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = None if request.path_info.startswith(MACHINES) else brand_of_host(request)
        if found is None and (under := PREFIX.match(request.path_info)):
            found = Brand.objects.filter(slug=under["slug"]).first()
            if found is not None:
                return self.answer_under(request, found, under[0])
        request.brand = found  # type: ignore[attr-defined]
        return self.get_response(request)

    def answer_under(self, request: HttpRequest, found: Brand, prefix: str) -> HttpResponse:
        """Answer with the path's prefix moved to the script name, so that reverse() keeps it."""
        outer = get_script_prefix()
        request.brand = found  # type: ignore[attr-defined]
        request.path_info = request.path_info.removeprefix(prefix)
        request.META["SCRIPT_NAME"] = prefix
        set_script_prefix(prefix + "/")
        try:
            return self.get_response(request)
        finally:
            set_script_prefix(outer)


def brand_of_host(request: HttpRequest) -> Brand | None:
    """The brand whose host the request came to, whatever the port."""
    host = request.get_host().lower()
    hosts = {host, host.rpartition(":")[0] or host}
    found: Brand | None = Brand.objects.filter(host__in=hosts).first()
    return found


def brand_of(request: HttpRequest) -> Brand | None:
    """The brand that the middleware found."""
    return getattr(request, "brand", None)


def theme_of(brand: Brand | None) -> Theme:
    """A brand's compiled stylesheet; the default one where there is no brand."""
    if brand is None:
        return compile_theme(DEFAULT_COLOR)
    return compile_theme(brand.colour, brand.font, brand.radius)


def stylesheet_address(brand: Brand | None) -> str:
    """Where the brand's stylesheet stands: its hash is in the name, so it may be kept forever."""
    slug = brand.slug if brand else "default"
    return reverse("brand_css", args=[slug, theme_of(brand).hash])


def brand(request: HttpRequest) -> dict[str, Any]:
    """Template context: the brand, its stylesheet and mark, and whether the reader wants it light or dark."""
    found = brand_of(request)
    mode = request.COOKIES.get("theme", "")
    return {
        "brand": found,
        "brand_css": SimpleLazyObject(lambda: stylesheet_address(found)),
        "brand_mark": SimpleLazyObject(lambda: mark_address(found)),
        "theme_mode": mode if mode in MODES else "auto",
        "manage_layout": lambda: manage_layout(request, found),
    }


def manage_layout(request: HttpRequest, brand: Brand | None) -> str:
    """Account pages stand in the affiliate's portal, or plain for whoever is no affiliate here."""
    own = (
        brand is not None and Enrollment.objects.owned_by(request.user).filter(program__brands=brand).exists()
    )
    return "layouts/portal.html" if own else "layouts/plain.html"


def mark_address(brand: Brand | None) -> str:
    """Where the brand's mark stands: its logo, or a drawn letter."""
    slug = brand.slug if brand else "default"
    return reverse("brand_mark", args=[slug, mark_hash(brand)])


def mark_hash(brand: Brand | None) -> str:
    """A name for the mark that changes with it."""
    return hashlib.sha256(mark_svg(brand).encode()).hexdigest()[:12]


def mark_svg(brand: Brand | None) -> str:
    """The brand's logo as it was given, else its first letter on its color."""
    if brand is not None and brand.logo.strip():
        return brand.logo.strip()
    light, _ = palettes(brand.colour if brand else DEFAULT_COLOR)
    letter = escape(brand.name.strip()[:1].upper()) if brand else "\N{BULLET}"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="{brand.radius if brand else 8}" fill="{light["brand"]}"/>'
        f'<text x="16" y="22.5" text-anchor="middle" font-family="system-ui,sans-serif" font-size="18"'
        f' font-weight="700" fill="{light["on-brand"]}">{letter}</text></svg>'
    )
