"""What an order itself says of who sent the buyer; pure."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from tracking.orders import Evidence, OrderIn


def evidence_of(value: OrderIn) -> Evidence:
    """Return the order's evidence; what it lacks is read off the address of the page on which the buyer landed."""
    said = value.evidence
    if not said.landing_url or (said.tid and said.ref):
        return said
    landed = _query(said.landing_url)
    return replace(said, tid=said.tid or landed.get("tid", ""), ref=said.ref or landed.get("ref", ""))


def _query(address: str) -> dict[str, str]:
    """The first value of each parameter; none for an address that cannot be read."""
    try:
        found = parse_qs(urlsplit(address).query, max_num_fields=100)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}
