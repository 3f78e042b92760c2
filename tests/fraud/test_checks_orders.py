"""Orders told twice, in bunches, sent back or never made, and codes that wander: at, under and over each limit."""

import pytest

from fraud.checks.coupons import CHECKS as COUPON_CHECKS
from fraud.checks.facts import Displaced, Mark, SaleFacts, Unconfirmed
from fraud.checks.orders import CHECKS
from fraud.checks.windows import CouponFacts, Share
from fraud.maths.rates import Prior
from tests.fraud.sales import ANN, BEN, alike, by_name, said, sale

CHECK = by_name((*CHECKS, *COUPON_CHECKS))
ROOMMATE = {"marks": frozenset({Mark.ADDRESS})}
PLACES = {"buyer": {Mark.ADDRESS: frozenset({"a1"})}}
TWICE = alike(has_same_number=True)


def many(count: int, **changes: object) -> tuple:
    return tuple(alike(conversion, **changes) for conversion in range(count))  # type: ignore[arg-type]


def brought(by: int = BEN, until_order: float = 3000.0, own: float | None = 300.0) -> dict:
    return {"displaced": Displaced(by, "c0", until_order), "click": {"until_order": own}}


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("duplicate_order", sale(), False),
        ("duplicate_order", sale(alike=(TWICE,)), True),
        ("duplicate_order", sale(alike=(TWICE, TWICE)), True),
        ("duplicate_order", sale(alike=(alike(has_same_number=True, total=4901),)), False),
        ("duplicate_order", sale(alike=(alike(has_same_number=True, currency="USD"),)), False),
        ("duplicate_order", sale(alike=(alike(),)), False),
        # two shops that number alike: another person, another hour
        ("duplicate_order", sale(alike=(alike(has_same_number=True, apart=901, **ROOMMATE),)), False),
        ("duplicate_order", sale(alike=(alike(has_same_number=True, apart=900, marks=frozenset()),)), True),
        ("near_duplicate", sale(alike=(alike(apart=599),)), True),
        ("near_duplicate", sale(alike=(alike(apart=600),)), True),
        ("near_duplicate", sale(alike=(alike(apart=601),)), False),
        ("near_duplicate", sale(alike=(alike(apart=60, total=4901),)), None),
        ("near_duplicate", sale(alike=(alike(apart=60, **ROOMMATE),)), None),
        ("near_duplicate", sale(alike=(alike(8, apart=5000), alike(9, apart=500))), True),
        ("near_duplicate", sale(), None),
        ("orders_in_a_row", sale(alike=many(2, **ROOMMATE)), False),
        ("orders_in_a_row", sale(alike=many(3, **ROOMMATE)), True),
        ("orders_in_a_row", sale(alike=many(4, **ROOMMATE)), True),
        ("orders_in_a_row", sale(alike=many(3, apart=86400, **ROOMMATE)), True),
        ("orders_in_a_row", sale(alike=many(3, apart=86401, **ROOMMATE)), False),
        ("orders_in_a_row", sale(alike=many(30, marks=frozenset({Mark.NETWORK}))), False),
        ("orders_in_a_row", sale(alike=many(3), buyer={Mark.EMAIL: frozenset({"e1"})}), None),
        ("refunds_again", sale(alike=many(1, came_back=True)), False),
        ("refunds_again", sale(alike=many(2, came_back=True)), True),
        ("refunds_again", sale(alike=many(3, came_back=True)), True),
        ("refunds_again", sale(alike=many(3, came_back=True, enrollment=BEN)), False),
        ("refunds_again", sale(alike=many(3)), False),
        ("refunds_again", sale(alike=many(3, came_back=True), **PLACES), None),
        ("new_customer_claim", sale(earlier=0), False),
        ("new_customer_claim", sale(earlier=1), True),
        ("new_customer_claim", sale(earlier=2), True),
        ("new_customer_claim", sale(earlier=5, claims_new=False), None),
        ("new_customer_claim", sale(earlier=5, claims_new=None), None),
        ("new_customer_claim", sale(earlier=None), None),
        ("late_click", sale(**brought(own=299.0)), True),
        ("late_click", sale(**brought(own=300.0)), True),
        ("late_click", sale(**brought(own=301.0)), False),
        ("late_click", sale(**brought(by=ANN)), None),
        ("late_click", sale(**brought(until_order=200.0)), None),
        ("late_click", sale(**brought(own=None)), None),
        ("late_click", sale(click={"until_order": 5.0}), None),
        ("unconfirmed_order", sale(unconfirmed=Unconfirmed(71.9, 5)), False),
        ("unconfirmed_order", sale(unconfirmed=Unconfirmed(72.0, 5)), True),
        ("unconfirmed_order", sale(unconfirmed=Unconfirmed(72.1, 5)), True),
        ("unconfirmed_order", sale(unconfirmed=Unconfirmed(720.0, 4)), False),
        ("unconfirmed_order", sale(), None),
    ],
)
def test_a_sale_is_measured_beside_other_orders(name: str, facts: SaleFacts, expected: bool | None) -> None:
    assert said(CHECK[name], facts) is expected


def coupon(count: int, of: int, **changes: object) -> CouponFacts:
    peers = changes.pop("peers", None)
    return CouponFacts(5, ANN, Share(count, of, peers), **changes)  # type: ignore[arg-type]


HALF = Prior(5, 5)


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("leaked_coupon", coupon(7, 10, before=Share(5, 10)), False),
        ("leaked_coupon", coupon(8, 10, before=Share(5, 10)), True),
        ("leaked_coupon", coupon(9, 10, before=Share(5, 10)), True),
        ("leaked_coupon", coupon(9, 9, before=Share(5, 10)), False),
        ("leaked_coupon", coupon(8, 10, peers=HALF), True),
        ("leaked_coupon", coupon(7, 10, peers=HALF), False),
        # too short a history: peers count
        ("leaked_coupon", coupon(10, 10, before=Share(0, 9), peers=Prior(9, 1)), False),
        ("leaked_coupon", coupon(10, 10, before=Share(0, 10), peers=Prior(9, 1)), True),
        ("leaked_coupon", coupon(10, 10), None),
        ("leaked_coupon", coupon(0, 0, before=Share(5, 10)), None),
        # an influencer whose followers always typed the code, and a podcast
        ("leaked_coupon", coupon(95, 100, before=Share(90, 100)), False),
        ("leaked_coupon", coupon(10, 10, before=Share(0, 10), is_offline=True), None),
        ("wandering_coupon", coupon(0, 10, sites=2), False),
        ("wandering_coupon", coupon(0, 10, sites=3), True),
        ("wandering_coupon", coupon(0, 10, sites=4), True),
        ("wandering_coupon", coupon(0, 9, sites=4), False),
        ("wandering_coupon", coupon(0, 10), None),
        ("wandering_coupon", coupon(0, 10, sites=9, is_offline=True), None),
    ],
)
def test_a_coupon_is_measured_by_its_owners_clicks(
    name: str, facts: CouponFacts, expected: bool | None
) -> None:
    assert said(CHECK[name], facts) is expected


def test_only_what_is_a_fact_may_decline() -> None:
    assert {check.name for check in CHECK.values() if check.may_decline} == {
        "duplicate_order",
        "unconfirmed_order",
    }


def test_a_duplicate_names_both_orders() -> None:
    measure = CHECK["duplicate_order"].measure(sale(alike=(TWICE,)))

    assert measure is not None
    assert measure.rows == {"conversions": (10, 9), "clicks": ("c1",)}


def test_at_most_fifty_rows_stand_behind_a_finding() -> None:
    measure = CHECK["orders_in_a_row"].measure(sale(alike=many(80, **ROOMMATE)))

    assert measure is not None
    assert measure.value == 80
    assert len(measure.rows["conversions"]) == 50
