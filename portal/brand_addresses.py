"""Addresses on a brand's own host, for those who read them elsewhere: in a mail, in a list, on another host."""

from urllib.parse import urlsplit

from django.conf import settings
from django.urls import get_script_prefix, reverse

from portal.models import Brand


def base_address(brand: Brand | None) -> str:
    """Return where the brand is reached, without a slash at the end; scheme and port are PUBLIC_URL's."""
    public = urlsplit(settings.PUBLIC_URL)
    if brand is None:
        return settings.PUBLIC_URL.rstrip("/")
    port = f":{public.port}" if public.port and ":" not in brand.host else ""
    return f"{public.scheme}://{brand.host}{port}"


def page_address(brand: Brand | None, name: str, *values: object) -> str:
    """Return the whole address of a page on the brand's host."""
    # a brand that is looked at under a path has a host of its own all the same
    path = reverse(name, args=values).removeprefix(get_script_prefix())
    return f"{base_address(brand)}/{path}"
