"""Where a shop is: people enter its name, its address or that of its admin, and mean the same."""

import re
from urllib.parse import urlsplit

SHOP_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
ADMIN = re.compile(r"/store/([a-z0-9][a-z0-9-]*)(?:/.*)?")
DOMAIN = ".myshopify.com"


def address_of(entered: str) -> str:
    """Return scheme and host of the shop's API: `acme`, `acme.myshopify.com/admin` and the admin's address are one.

    Another address stays as it is, without its path: Shopify itself says whether there is a shop. What is no address at
    all is "".
    """
    text = entered.strip().lower()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        return ""
    name = parts.netloc
    if name == "admin.shopify.com" and (found := ADMIN.fullmatch(parts.path)):
        name = found[1]
    if SHOP_NAME.fullmatch(name):
        return f"https://{name}{DOMAIN}"
    return f"{parts.scheme}://{name}" if name else ""


def host_of(address: str) -> str:
    """Return the domain by which Shopify calls the shop."""
    return address_of(address).partition("://")[2]
