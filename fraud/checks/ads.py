"""Marks that advertising systems leave on a link that was paid for; pure."""

from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl, urlsplit

from fraud.checks.facts import AdMarker

# Keys that advertising systems add to what was paid for.
PAID = frozenset(
    {
        *("gclid", "gbraid", "wbraid", "gad_source", "gad_campaignid"),
        *("msclkid", "twclid", "ttclid", "li_fat_id", "rdclid"),
    }
)
# These stand on every link that is followed on that network, paid or not: they count only beside a campaign's number.
ON_EVERY_LINK = frozenset({"fbclid", "fb_action_ids"})
NUMBERS = (
    "gad_campaignid",
    "campaign_id",
    "campaignid",
    "hsa_cam",
    "utm_id",
)  # where campaigns have their number
NAME = "utm_campaign"  # which everybody writes as he likes
SHORTEST = 6  # digits of a campaign's number


def is_paid(marker: AdMarker, campaigns: Collection[str]) -> bool:
    """Say whether a marker shows an advertisement outside the allowed campaigns."""
    if marker.campaign and marker.campaign in campaigns:
        return False
    return marker.key in PAID or (marker.key in ON_EVERY_LINK and bool(marker.campaign))


def read_ads(addresses: Collection[str], utm: Mapping[str, str]) -> tuple[AdMarker, ...]:
    """Return the markers in a click's addresses (the link's, where it led, the page seen), each key once.

    `utm` is without "utm_". The campaign is its number where one is told; else, of what only advertisements carry, its
    name. Addresses that cannot be read have none.
    """
    said = {f"utm_{name.lower()}": value for name, value in utm.items()}
    for address in addresses:
        said |= {name.lower(): value for name, value in _query(address)}
    number = next((said[key] for key in NUMBERS if _is_number(said.get(key, ""))), "")
    paid = [AdMarker(key, number or said.get(NAME, "")) for key in sorted(PAID & said.keys())]
    return (*paid, *(AdMarker(key, number) for key in sorted(ON_EVERY_LINK & said.keys())))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) >= SHORTEST


def _query(address: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(address).query)
    except ValueError:
        return []
