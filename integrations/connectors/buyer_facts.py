"""What a store tells of a buyer, as an order's metadata keeps it: digests, words and countries, never an address.

Only what every door of a store tells the same may stand there; what one door alone knows, as the risk that an app of a
shop assesses later, is said besides (`Said`). Else an order would be revised whenever it is told by the other door.
"""

from dataclasses import replace

from integrations.connectors.base import Reading
from tracking.buyers import (
    ADDRESS_MARK,
    NETWORK_MARK,
    PAYER_COUNTRY,
    RISK,
    RISK_BY,
    address_mark,
    network_mark,
)
from tracking.visits.addresses import whole_address

LONGEST_WORD = 40
# what systems write while they assess nothing: it is no word about the order
NOT_ASSESSED = frozenset({"", "none", "null", "pending", "unknown", "not_assessed"})


def buyer_facts(
    *,
    ip: str = "",
    street: str = "",
    postcode: str = "",
    country: str = "",
    payer_country: str = "",
    risk: str = "",
    risk_by: str = "",
) -> dict[str, str]:
    """Return what is known, under the names of tracking.buyers; `country` is that of street and postcode."""
    word, payer = risk_word(risk), payer_country.strip().upper()
    known = {
        ADDRESS_MARK: address_mark(street, postcode, country),
        NETWORK_MARK: network_mark(ip.strip()) if is_public(ip) else "",
        PAYER_COUNTRY: payer if len(payer) == 2 and payer.isascii() and payer.isalpha() else "",
        RISK: word,
        RISK_BY: risk_by.strip()[:LONGEST_WORD] if word else "",
    }
    return {name: value for name, value in known.items() if value}


def risk_word(text: str) -> str:
    """Return a system's word on the risk of an order in small letters, "" where it assesses nothing."""
    word = text.strip().casefold()[:LONGEST_WORD]
    return "" if word in NOT_ASSESSED else word


def is_public(address: str) -> bool:
    """Say whether an address is one of the internet: behind a proxy, shops note their own network for every buyer."""
    found = whole_address(address.strip())
    return found is not None and found.is_global


def with_facts(reading: Reading, facts: dict[str, str]) -> Reading:
    """Return a reading whose order says these too."""
    if reading.order is None or not facts:
        return reading
    order = reading.order
    return replace(reading, order=replace(order, metadata={**order.metadata, **facts}))
