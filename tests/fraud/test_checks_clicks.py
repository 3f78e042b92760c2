"""The one click behind a sale: at, under and over each limit."""

import pytest

from fraud.checks.clicks import CHECKS, is_hidden
from fraud.checks.facts import AdMarker, SaleFacts
from tests.fraud.sales import by_name, said, sale

CHECK = by_name(CHECKS)
GCLID, OWN = AdMarker("gclid", "77"), frozenset({"77"})


def ads(*markers: AdMarker) -> dict:
    return {"click": {"ads": markers}}


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("hidden_click", sale(), False),
        ("hidden_click", sale(click={"fetch_dest": "image"}), True),
        ("hidden_click", sale(click={"fetch_dest": "script", "fetch_user": None}), True),
        ("hidden_click", sale(click={"fetch_dest": "iframe", "fetch_user": False}), True),
        ("hidden_click", sale(click={"fetch_dest": "iframe", "fetch_user": True}), False),
        ("hidden_click", sale(click={"fetch_dest": "document", "fetch_user": False}), False),
        ("hidden_click", sale(click={"fetch_dest": None}), None),
        ("hidden_click", sale(click=None), None),
        ("paid_ad", sale(), False),
        ("paid_ad", sale(**ads(GCLID)), True),
        ("paid_ad", sale(**ads(GCLID, AdMarker("gad_source"))), True),
        ("paid_ad", sale(**ads(GCLID), campaigns=OWN), False),
        ("paid_ad", sale(**ads(AdMarker("gclid", "78")), campaigns=OWN), True),
        ("paid_ad", sale(**ads(AdMarker("fbclid"))), False),
        ("paid_ad", sale(click=None), None),
        ("branded_search", sale(), False),
        ("branded_search", sale(click={"brand_term": "acme"}), True),
        ("branded_search", sale(click=None), None),
        ("banned_referrer", sale(), False),
        ("banned_referrer", sale(click={"banned": "*.deals.example"}), True),
        ("banned_referrer", sale(click={"referrer": ""}), None),
        ("banned_referrer", sale(click=None), None),
        ("on_block_list", sale(), False),
        ("on_block_list", sale(blocked=("192.0.2.0/24",)), True),
        ("on_block_list", sale(blocked=("192.0.2.0/24", "XX")), True),
        ("machine_click", sale(), False),
        ("machine_click", sale(click={"network": "mobile"}), False),
        ("machine_click", sale(click={"network": "data-center"}), True),
        ("machine_click", sale(click={"network": "tor"}), True),
        ("machine_click", sale(click={"network": None, "is_bot": True}), True),
        ("machine_click", sale(click={"network": None}), None),
        ("machine_click", sale(click=None), None),
        ("rushed_order", sale(click={"until_order": 14.9}), True),
        ("rushed_order", sale(click={"until_order": 15.0}), True),
        ("rushed_order", sale(click={"until_order": 15.1}), False),
        ("rushed_order", sale(click={"until_order": None}), None),
        ("rushed_order", sale(click={"until_order": -1.0}), None),
        ("rushed_order", sale(click=None), None),
        ("far_away", sale(), False),
        ("far_away", sale(country="FR"), True),
        ("far_away", sale(country="FR", payer_country="DE"), False),  # a gift
        ("far_away", sale(country="FR", payer_country="US"), True),
        ("far_away", sale(country=""), None),
        ("far_away", sale(click={"country": ""}), None),
        ("far_away", sale(click=None), None),
    ],
)
def test_a_sale_is_measured_by_its_click(name: str, facts: SaleFacts, expected: bool | None) -> None:
    assert said(CHECK[name], facts) is expected


@pytest.mark.parametrize(
    ("dest", "user", "expected"),
    [
        ("document", True, False),
        ("document", False, False),  # a redirect, an app: measured as a share, never alone
        ("iframe", None, True),
        ("object", True, True),
        ("empty", None, True),
        ("", None, None),
        (None, None, None),
    ],
)
def test_what_a_page_loads_by_itself_is_hidden(
    dest: str | None, user: bool | None, expected: bool | None
) -> None:
    assert is_hidden(dest, user) is expected
