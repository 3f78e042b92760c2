"""What a store tells of a buyer, as an order's metadata keeps it: digests, words and countries, never an address.

Only what every door of a store tells the same may stand there; what one door alone knows, as the risk that an app of a
shop assesses later, is said besides (`Said`). Else an order would be revised whenever it is told by the other door.
"""

from dataclasses import replace

from integrations.connectors.base import Reading
from tracking.buyers import notes_of
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
    payer = payer_country.strip()
    return notes_of(
        ip=ip.strip() if is_public(ip) else "",
        street=street,
        postcode=postcode,
        country=country,
        payer_country=payer if len(payer) == 2 and payer.isascii() and payer.isalpha() else "",
        risk=risk_word(risk),
        risk_by=risk_by.strip()[:LONGEST_WORD],
    )


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
