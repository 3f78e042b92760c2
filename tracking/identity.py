"""Is this the same person? Normalized addresses and phones, and keys that tell without being readable."""

import hashlib
import re
import unicodedata

from core.crypto import fingerprint

SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
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


def digest_of(email: str, email_sha256: str = "") -> str:
    """Return the hexadecimal SHA-256 of the normalized address, also where only that was told; "" for neither."""
    address = normal_email(email)
    digest = hashlib.sha256(address.encode()).hexdigest() if address else email_sha256.strip().lower()
    return digest if SHA256.fullmatch(digest) else ""


def keys_of(
    program_id: int, source: str, customer_id: str = "", email: str = "", email_sha256: str = ""
) -> tuple[str, ...]:
    """Return the keys under which a customer's browsers are known: by the store's id, by the address; () for neither.

    `email_sha256` is the hexadecimal SHA-256 of the normalized address, for shops that do not give the address away.
    """
    said, digest = [], digest_of(email, email_sha256)
    if customer_id:
        said.append(f"c|{program_id}|{source}|{customer_id}")
    if digest:
        said.append(f"e|{program_id}|{digest}")
    return tuple(fingerprint(text, purpose="identity") for text in said)
