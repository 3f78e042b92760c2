"""Whichever address of an org a person copies, it is called by its My Domain."""

import re
from urllib.parse import urlsplit

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
PAGES = re.compile(r"\.(?:lightning\.force\.com|my\.salesforce-setup\.com)$")
MY_DOMAIN = ".my.salesforce.com"


def address_of(entered: str) -> str:
    """Return the address that is called, https://acme.my.salesforce.com for acme, its pages and its setup; "" for none.

    What is no org's page stays as it is, without its path.
    """
    text = entered.strip()
    if NAME.fullmatch(text.lower()):
        return f"https://{text.lower()}{MY_DOMAIN}"
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return text
    if not host or "@" in parts.netloc:
        return text
    door = f"[{host}]" if ":" in host else PAGES.sub(MY_DOMAIN, host)
    return f"{parts.scheme}://{door}{f':{port}' if port else ''}"
