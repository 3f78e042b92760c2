"""Where an account is: people enter its name, its address or that of any of its pages, and mean the same."""

import re
from urllib.parse import urlsplit

ACCOUNT = re.compile(r"[a-z0-9][a-z0-9-]*")
DOMAIN = ".pipedrive.com"


def address_of(entered: str) -> str:
    """Return scheme and host of the account's API: `acme`, `acme.pipedrive.com/deals` and the like are one.

    Another address stays as it is, without its path. What is no address at all is "".
    """
    text = entered.strip().lower()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        return ""
    if ACCOUNT.fullmatch(parts.netloc):
        return f"https://{parts.netloc}{DOMAIN}"
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
