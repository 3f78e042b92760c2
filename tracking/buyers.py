"""By what a buyer is known again, as keyed digests; and what a store may tell of a buyer in an order's metadata."""

import re
import unicodedata
from ipaddress import ip_network

from core.crypto import fingerprint
from tracking.identity import digest_of, normal_phone
from tracking.visits.addresses import coarse, whole_address

# Keys of an order's metadata. Marks are digests of this module, made before anything is kept.
ADDRESS_MARK, NETWORK_MARK = "ship_to_mark", "network_mark"
PAYER_COUNTRY = "payer_country"  # two letters: of the card, else of the bill
RISK, RISK_BY = "risk", "risk_by"  # the system's own word (fraud.checks.systems.RISKS), and which system
TOLD = frozenset({ADDRESS_MARK, NETWORK_MARK, PAYER_COUNTRY, RISK, RISK_BY})

# Networks inside of houses: a shop behind a proxy may name one of them for everybody.
INSIDE = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "::/127", "fc00::/7", "fe80::/10"),
    )
)


def notes_of(
    *,
    ip: str = "",
    street: str = "",
    postcode: str = "",
    country: str = "",
    payer_country: str = "",
    risk: str = "",
    risk_by: str = "",
) -> dict[str, str]:
    """Return what an order's metadata keeps of what a store tells of a buyer: marks instead of the IP and the address.

    What is not known is left out, and so is who assessed a risk that nobody assessed.
    """
    notes = {
        ADDRESS_MARK: address_mark(street, postcode, country),
        NETWORK_MARK: network_mark(ip),
        PAYER_COUNTRY: payer_country.upper(),
        RISK: risk,
        RISK_BY: risk_by if risk else "",
    }
    return {name: note for name, note in notes.items() if note}


def email_mark(address: str = "", sha256: str = "") -> str:
    """Return the mark of an e-mail address, or of its hexadecimal SHA-256; "" for neither."""
    digest = digest_of(address, sha256)
    return fingerprint(digest, purpose="mark:email") if digest else ""


def phone_mark(number: str) -> str:
    """Return the mark of a telephone number, or ""."""
    digits = normal_phone(number)
    return fingerprint(digits, purpose="mark:phone") if digits else ""


def address_mark(street: str, postcode: str, country: str) -> str:
    """Return the mark of a postal address (street with number, postcode, country), or "" where a part is missing."""
    parts = [_letters(part) for part in (street, postcode, country)]
    return fingerprint("|".join(parts), purpose="mark:address") if all(parts) else ""


def network_mark(address: str) -> str:
    """Return the mark of the network (/24, /48) that a whole or a cut IP address is in; "" inside of a house."""
    found = whole_address(address)
    if found is None or any(found in inside for inside in INSIDE if inside.version == found.version):
        return ""
    return fingerprint(coarse(address), purpose="mark:network")


def device_mark(visitor: object) -> str:
    """Return the mark of a browser by its visitor id, or ""."""
    return fingerprint(str(visitor), purpose="mark:device") if visitor else ""


def _letters(text: str) -> str:
    """Small letters and digits alone: "Hauptstr. 5" and "HAUPTSTR 5" are one house."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return re.sub(r"[\W_]+", "", "".join(sign for sign in plain if not unicodedata.combining(sign)))
