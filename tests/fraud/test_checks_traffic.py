"""One affiliate's clicks and delays within a window: at, under and over each limit and each sample."""

from random import Random

import pytest

from fraud.checks.delays import CHECKS as DELAY_CHECKS
from fraud.checks.traffic import CHECKS
from fraud.checks.windows import Share, TrafficFacts, over_peers
from fraud.maths.distances import Profile
from fraud.maths.rates import Prior
from tests.fraud.sales import ANN, by_name, said

CHECK = by_name((*CHECKS, *DELAY_CHECKS))
TENTH = Prior(2, 18)  # peers of whom a tenth of the cases are like that, with ordinary differences
RARE = Prior(0.1, 99.9)  # one in a thousand


def window(**changes: object) -> TrafficFacts:
    return TrafficFacts(ANN, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "field", "at", "least"),
    [
        ("bot_clicks", "bots", 40, 100),
        ("machine_clicks", "machines", 60, 100),
        ("unlanded_clicks", "unlanded", 150, 300),
        ("unasked_clicks", "unasked", 150, 300),
        ("repeated_clicks", "repeated", 40, 100),
        ("late_orders", "late", 3, 10),
        ("foreign_orders", "foreign", 18, 30),
        ("short_delays", "short", 2, 10),
        ("late_refunds", "late_refunds", 4, 20),
        ("late_clicks", "snatched", 6, 15),
    ],
)
def test_a_share_speaks_from_its_limit_on_with_enough_cases(
    name: str, field: str, at: int, least: int
) -> None:
    def share(count: int, of: int = least) -> TrafficFacts:
        return window(**{field: Share(count, of, TENTH)})

    assert said(CHECK[name], share(at - 1)) is False
    assert said(CHECK[name], share(at)) is True
    assert said(CHECK[name], share(at + 1)) is True
    assert said(CHECK[name], share(least - 1, least - 1)) is False
    assert said(CHECK[name], share(least // 10)) is False  # an honest affiliate, as peers are
    assert said(CHECK[name], share(0, 0)) is None
    assert said(CHECK[name], window()) is None


def test_clicks_at_the_checkout_are_held_against_no_other_tests_of_the_night() -> None:
    measure = CHECK["late_clicks"].measure(window(snatched=Share(9, 22, TENTH)))

    assert measure is not None
    assert (measure.p, measure.sample) == (None, 22)


@pytest.mark.parametrize(
    "name", ["bots", "unlanded", "unasked", "repeated", "late", "foreign", "snatched", "late_refunds"]
)
def test_without_peers_nothing_is_held_against_anybody(name: str) -> None:
    facts = window(**{name: Share(900, 1000)})

    assert [check.name for check in CHECK.values() if said(check, facts) is not None] == []


@pytest.mark.parametrize(("count", "expected"), [(1, False), (2, True), (3, True)])
def test_without_peers_two_orders_in_a_thousand_are_usual_within_seconds(count: int, expected: bool) -> None:
    assert said(CHECK["short_delays"], window(short=Share(count, 10))) is expected
    assert said(CHECK["short_delays"], window(short=Share(count, 10, RARE))) is expected
    assert said(CHECK["short_delays"], window(short=Share(count, 9))) is False


def test_a_form_that_everybody_fills_in_at_once_is_no_injection() -> None:
    assert said(CHECK["short_delays"], window(short=Share(40, 50, Prior(16, 4)))) is False


@pytest.mark.parametrize(("count", "expected"), [(49, False), (50, True), (51, True)])
def test_without_peers_no_click_from_a_data_center_is_usual(count: int, expected: bool) -> None:
    assert said(CHECK["machine_clicks"], window(machines=Share(count, 100))) is expected


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("few_people", window(busiest=9, people_clicks=20), False),
        ("few_people", window(busiest=10, people_clicks=20), True),
        ("few_people", window(busiest=11, people_clicks=20), True),
        ("few_people", window(busiest=19, people_clicks=19), False),
        ("few_people", window(busiest=40, people_clicks=1000), False),  # an office behind one address
        ("few_people", window(busiest=0, people_clicks=0), None),
        ("few_people", window(), None),
        ("hidden_clicks", window(hidden=0), False),
        ("hidden_clicks", window(hidden=1), True),
        ("hidden_clicks", window(hidden=2), True),
        ("hidden_clicks", window(), None),
        ("paid_ads", window(ads={("gclid", "7"): 2}), False),
        ("paid_ads", window(ads={("gclid", "7"): 2, ("msclkid", ""): 1}), True),
        ("paid_ads", window(ads={("gclid", "7"): 4}), True),
        ("paid_ads", window(ads={("gclid", "7"): 900}, campaigns=frozenset({"7"})), False),
        ("paid_ads", window(ads={("fbclid", ""): 900}), False),
        ("paid_ads", window(ads={}), False),
        ("paid_ads", window(), None),
        ("brand_bidding", window(brand={"acme": 2}), False),
        ("brand_bidding", window(brand={"acme": 2, "acme shop": 1}), True),
        ("brand_bidding", window(brand={"acme": 4}), True),
        ("brand_bidding", window(brand={}), False),
        ("brand_bidding", window(), None),
        ("banned_sites", window(banned={"*.example": 2}), False),
        ("banned_sites", window(banned={"*.example": 3}), True),
        ("banned_sites", window(banned={"*.example": 4}), True),
        ("banned_sites", window(banned={}), False),
        ("banned_sites", window(), None),
    ],
)
def test_clicks_are_counted(name: str, facts: TrafficFacts, expected: bool | None) -> None:
    assert said(CHECK[name], facts) is expected


PEERS = Profile((0.7, 0.2, 0.1, 0.0), limit=0.5, peers=9)  # a minute, an hour, a day, later
LATE = Profile((0.0, 0.1, 0.2, 0.7), limit=0.5, peers=9)


@pytest.mark.parametrize(
    ("delays", "usual", "expected"),
    [
        ((5, 4, 11, 0), PEERS, False),  # 0.45 away
        ((4, 4, 12, 0), PEERS, True),  # 0.5
        ((3, 4, 13, 0), PEERS, True),  # 0.55
        ((4, 4, 12, 0), Profile(PEERS.shares, limit=0.51, peers=30), False),  # peers differ more
        ((0, 0, 0, 20), PEERS, True),  # flooded: 1.0
        ((0, 0, 0, 19), PEERS, False),
        ((20, 0, 0, 0), LATE, False),  # sooner than peers is another check's
        ((14, 4, 2, 0), PEERS, False),
        ((0, 0, 0, 20), None, None),
        ((0, 0, 0, 0), PEERS, None),
        ((), PEERS, None),
    ],
)
def test_the_curve_of_delays_lies_on_the_late_side_of_peers(
    delays: tuple[int, ...], usual: Profile | None, expected: bool | None
) -> None:
    assert said(CHECK["flat_delays"], window(delays=delays, usual_delays=usual)) is expected


def test_honest_affiliates_of_every_size_are_rarely_improbable() -> None:
    """Their shares differ as the peers' do: the beta-binomial tail knows, a binomial one would flag every fourth."""
    random, flagged = Random(7), 0
    for _affiliate in range(400):
        share = random.betavariate(TENTH.a, TENTH.b)
        count = sum(random.random() < share for _case in range(300))
        measure = over_peers(Share(count, 300, TENTH), {})
        assert measure is not None
        assert measure.p is not None
        flagged += measure.p <= 0.01

    assert flagged <= 12


def test_injected_orders_among_twenty_are_found() -> None:
    random = Random(7)
    found = sum(
        said(
            CHECK["short_delays"],
            window(short=Share(sum(random.random() < 0.3 for _order in range(20)), 20, RARE)),
        )
        is True
        for _affiliate in range(200)
    )

    assert found >= 180


def test_figures_say_counts_and_what_is_usual_and_rows_are_examples() -> None:
    facts = window(bots=Share(60, 100, TENTH), examples={"bots": ("c1", "c2")})
    measure = CHECK["bot_clicks"].measure(facts)

    assert measure is not None
    assert measure.figures == {"count": 60, "of": 100, "percent": 60.0, "usual": 10.0}
    assert measure.rows == {"clicks": ("c1", "c2")}
