"""What a shop copies into its pages: the tag, and the pixel for where no script may run."""

from urllib.parse import urlencode

from django import template
from django.conf import settings

from affiliates.models import Program
from portal.brand_addresses import base_address
from portal.letter import brand_of

register = template.Library()

ORDER = {"order": "1001", "total": "129.90", "currency": "EUR", "tid": "TID"}


@register.simple_tag
def tag_snippet(program: Program) -> str:
    """The line of HTML for every page of the shop, to be shown as text; its address stays good over releases."""
    consent = "wait" if program.asks_consent else "granted"
    script = f"{portal_address(program)}/{settings.STATIC_URL.strip('/')}/js/track.js"
    return f'<script async src="{script}" data-key="{program.tag_key}" data-consent="{consent}"></script>'


@register.simple_tag
def pixel_snippet(program: Program) -> str:
    """The line of HTML for the page after the order, to be shown as text; its order is replaced by the shop's."""
    order = urlencode({**ORDER, "currency": program.currency})
    picture = f"{portal_address(program)}/p/{program.tag_key}.gif?{order}"
    return f'<img src="{picture}" width="1" height="1" alt="">'


@register.simple_tag
def portal_address(program: Program) -> str:
    """Where the program's portal is reached: shops with a strict policy have to allow it."""
    return base_address(brand_of(program))
