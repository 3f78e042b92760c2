"""Marks of advertisements: read off addresses, judged by the allowed campaigns."""

import pytest

from fraud.checks.ads import is_paid, read_ads
from fraud.checks.facts import AdMarker

OWN = frozenset({"77"})
SHOP = "https://shop.example/page"


@pytest.mark.parametrize("key", ["gclid", "gad_source", "gad_campaignid", "twclid", "msclkid", "li_fat_id"])
def test_a_paid_marker_is_paid_without_a_campaign(key: str) -> None:
    assert is_paid(AdMarker(key), OWN)


@pytest.mark.parametrize("key", ["rdclid", "ttclid"])
def test_an_allowed_campaign_is_nobodys_fault(key: str) -> None:
    assert is_paid(AdMarker(key, "78"), OWN)
    assert not is_paid(AdMarker(key, "77"), OWN)


@pytest.mark.parametrize("key", ["fbclid", "fb_action_ids"])
def test_what_stands_on_every_link_counts_only_beside_a_campaign(key: str) -> None:
    assert not is_paid(AdMarker(key), ())
    assert is_paid(AdMarker(key, "78"), ())
    assert not is_paid(AdMarker("utm_id", "78"), ())


@pytest.mark.parametrize(
    ("addresses", "utm", "expected"),
    [
        ([SHOP], {}, ()),
        (["https://[bad?gclid=1"], {}, ()),
        ([f"{SHOP}?GCLID=x"], {}, (AdMarker("gclid"),)),
        ([f"{SHOP}?gclid=x", f"{SHOP}?gclid=x"], {"campaign": "summer"}, (AdMarker("gclid", "summer"),)),
        (
            [SHOP, f"{SHOP}?gad_source=1&gad_campaignid=2233445566"],
            {"campaign": "summer"},
            (AdMarker("gad_campaignid", "2233445566"), AdMarker("gad_source", "2233445566")),
        ),
        # what an affiliate writes under a post of its own, and what an advertisement carries
        ([f"{SHOP}?fbclid=x"], {"campaign": "summer", "id": "7"}, (AdMarker("fbclid"),)),
        ([f"{SHOP}?fbclid=x"], {"id": "23851234567890"}, (AdMarker("fbclid", "23851234567890"),)),
    ],
)
def test_markers_are_read_off_addresses(addresses: list, utm: dict, expected: tuple) -> None:
    assert read_ads(addresses, utm) == expected
