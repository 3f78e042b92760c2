"""Is this the same person? Normalized addresses and phones; pure."""

import re
import unicodedata

GMAIL = {"gmail.com", "googlemail.com"}


def normal_email(address: str) -> str:
    """Return the address in the one spelling under which a person's variants meet, or '' if it is none."""
    text = unicodedata.normalize("NFKC", address).strip().casefold()
    name, at, host = text.rpartition("@")
    if not (name and at and host):
        return ""
    name = name.partition("+")[0] or name
    if host in GMAIL:
        name, host = name.replace(".", ""), "gmail.com"
    try:
        host = host.encode("idna").decode()
    except UnicodeError:
        return ""
    return f"{name}@{host}"[:254]


def normal_phone(number: str) -> str:
    """Return the last nine digits, or '' if there are fewer than seven: prefixes are written in many ways."""
    digits = re.sub(r"\D", "", number)
    return digits[-9:] if len(digits) >= 7 else ""
