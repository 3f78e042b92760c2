"""One affiliate's figures beside its peers': at, under and over each limit and each sample."""

from dataclasses import replace
from math import hypot
from typing import Any

import pytest

from fraud.checks.base import Limits
from fraud.checks.sentences import in_words
from fraud.checks.statistics import CHECKS, PartnerFacts
from fraud.maths.discoveries import discovered
from fraud.maths.distances import Counts, Profile, binned
from fraud.maths.medians import AMOUNT_EDGES, Usual, middle_of
from fraud.maths.rates import Prior
from fraud.partners import Tally
from fraud.peers import Baseline
from fraud.states import Action, Cause, Subject
from tests.fraud.sales import ANN, by_name, said

CHECK = by_name(CHECKS)
HOURLY = Profile(tuple([1 / 24] * 24), 0.5, 60)
PEERS = Baseline(
    conversion=Prior(4, 96, 60),
    first_buyers=Prior(5, 5, 60),
    refunds=Prior(2, 18, 60),
    chargebacks=Prior(1, 99, 60),
    baskets=Usual(8.5, 0.3, 60),
    hours=HOURLY,
)


def facts(baseline: Baseline = PEERS, **tally: Any) -> PartnerFacts:
    return PartnerFacts(ANN, Tally(**tally), baseline)


def rate(name: str, count: int, of: int) -> PartnerFacts:
    """What a check of a rate is asked, with so many of so many."""
    fields = {
        "conversion_rate_high": ("clicked", "clicks"),
        "conversion_rate_low": ("clicked", "clicks"),
        "few_first_buyers": ("first_buyers", "buyers"),
        "many_first_buyers": ("first_buyers", "buyers"),
        "refund_rate": ("refunded", "matured"),
        "chargeback_rate": ("charged_back", "matured"),
    }[name]
    return facts(**dict(zip(fields, (count, of), strict=True)))


@pytest.mark.parametrize(
    ("name", "at", "of", "worse"),
    [
        ("conversion_rate_high", 12, 100, 1),  # (12 + 4) / (100 + 100) = 0.08, twice 0.04
        ("conversion_rate_low", 11, 1150, -1),  # (11 + 4) / (1150 + 100) = 0.012, 0.3 times 0.04
        ("few_first_buyers", 3, 30, -1),  # (3 + 5) / (30 + 10) = 0.2: odds 1 to 4
        ("many_first_buyers", 27, 30, 1),  # (27 + 5) / (30 + 10) = 0.8: odds 4 to 1
        ("refund_rate", 6, 20, 1),  # (6 + 2) / (20 + 20) = 0.2, twice 0.1
        ("chargeback_rate", 5, 100, 1),  # (5 + 1) / (100 + 100) = 0.03, three times 0.01
    ],
)
def test_a_rate_speaks_from_its_limit_on(name: str, at: int, of: int, worse: int) -> None:
    assert said(CHECK[name], rate(name, at - worse, of)) is False
    assert said(CHECK[name], rate(name, at, of)) is True
    assert said(CHECK[name], rate(name, at + worse, of)) is True


@pytest.mark.parametrize(
    ("name", "count", "least"),
    [
        ("conversion_rate_high", 99, 100),
        ("conversion_rate_low", 0, 1000),
        ("few_first_buyers", 0, 30),
        ("many_first_buyers", 29, 30),
        ("refund_rate", 19, 20),
        ("chargeback_rate", 19, 20),
    ],
)
def test_a_rate_needs_its_sample(name: str, count: int, least: int) -> None:
    assert said(CHECK[name], rate(name, count, least - 1)) is False
    assert said(CHECK[name], rate(name, count, least)) is True
    assert said(CHECK[name], rate(name, 0, 0)) is None


def baskets(orders: int, deviations: float) -> PartnerFacts:
    """Orders of about 50.00, so many usual deviations from what the peers sell."""
    counts = binned([5000] * orders, AMOUNT_EDGES)
    middle = middle_of(counts)
    assert middle is not None
    usual = Usual(middle.log - deviations * hypot(0.3, middle.error), 0.3, 60)
    return facts(replace(PEERS, baskets=usual), baskets=counts)


@pytest.mark.parametrize("side", [1, -1])
def test_baskets_speak_on_either_side(side: int) -> None:
    check = CHECK["basket_value"]

    assert said(check, baskets(20, side * 3.49)) is False
    assert said(check, baskets(20, side * 3.5)) is True
    assert said(check, baskets(20, side * 3.51)) is True
    assert said(check, baskets(19, side * 9)) is False
    assert said(check, facts()) is None


def at_hours(one: int, rest: int) -> Counts:
    """Orders at three o'clock, and others evenly over the day."""
    return tuple(rest + (one if hour == 3 else 0) for hour in range(24))


def test_hours_speak_from_the_peers_limit_on() -> None:
    """All at three: 20 of 24 hours of the peers' day come later, a distance of 20/24."""
    check, counts = CHECK["hour_profile"], at_hours(30, 0)

    def limited(limit: float) -> PartnerFacts:
        return facts(replace(PEERS, hours=replace(HOURLY, limit=limit)), hours=counts)

    assert said(check, limited(20 / 24 + 0.01)) is False
    assert said(check, limited(20 / 24)) is True
    assert said(check, limited(20 / 24 - 0.01)) is True
    assert said(check, facts(hours=at_hours(29, 0))) is False
    assert said(check, facts()) is None


def burst(today: int, history: tuple[int, ...] = (2,) * 7) -> PartnerFacts:
    return PartnerFacts(ANN, Tally(), PEERS, history=history, today=today)


def test_a_burst_speaks_from_three_times_the_usual_on() -> None:
    check = CHECK["order_burst"]

    assert said(check, burst(5)) is False
    assert said(check, burst(6)) is True
    assert said(check, burst(7)) is True
    assert said(check, burst(60, (2,) * 6)) is False
    assert said(check, burst(60, ())) is None


def test_clicks_that_rose_alike_are_told_beside() -> None:
    spot = replace(burst(20), clicks_history=(100,) * 7, clicks_today=1000)
    measure = CHECK["order_burst"].measure(spot)

    assert measure is not None
    assert measure.figures["clicks"] == 1000
    assert measure.figures["usual_clicks"] == 100


def test_without_peers_nothing_is_held_against_anybody() -> None:
    full = Tally(900, 900, 900, 900, 900, 900, 900, 900, hours=at_hours(900, 0))
    lonely = PartnerFacts(ANN, full, Baseline())

    assert [name for name, check in CHECK.items() if said(check, lonely) is not None] == []


def is_believed(name: str, one: PartnerFacts) -> bool:
    """Whether a check speaks and its `p` stands among a hundred dull tests of the night."""
    measure = CHECK[name].measure(one)
    if measure is None or measure.p is None:
        return said(CHECK[name], one) is True
    night = {**{number: (number + 1) / 100 for number in range(100)}, name: measure.p}
    return CHECK[name].speaks(measure) and name in discovered(night)


HONEST = {
    "like the peers": facts(
        clicks=2000,
        clicked=80,
        buyers=80,
        first_buyers=41,
        matured=60,
        refunded=6,
        charged_back=1,
        baskets=binned([4000, 5000, 6000] * 20, AMOUNT_EDGES),
        hours=at_hours(0, 3),
    ),
    "a beginner's luck": facts(clicks=5, clicked=3, buyers=3, first_buyers=3, matured=2, refunded=1),
    "one chargeback": facts(matured=25, charged_back=1),
    "three returned sizes": facts(matured=20, refunded=3),
    "an article much read": facts(clicks=3000, clicked=60),
    "one huge order": facts(baskets=binned([5000] * 39 + [9_000_000], AMOUNT_EDGES)),
    "evening readers": facts(hours=tuple(6 if hour >= 17 else 2 for hour in range(24))),
    "four orders after quiet weeks": burst(4, (0,) * 28),
    "the newsletter of each Monday": burst(30, (30, 2, 2, 2, 2, 2, 2) * 4),
}


@pytest.mark.parametrize("name", sorted(CHECK))
@pytest.mark.parametrize("who", HONEST)
def test_honest_affiliates_are_left_in_peace(name: str, who: str) -> None:
    assert is_believed(name, HONEST[who]) is False


@pytest.mark.parametrize(
    ("name", "fraud"),
    [
        ("conversion_rate_high", rate("conversion_rate_high", 75, 300)),
        ("conversion_rate_low", rate("conversion_rate_low", 1, 5000)),
        ("refund_rate", rate("refund_rate", 40, 60)),
        ("chargeback_rate", rate("chargeback_rate", 12, 60)),
        ("many_first_buyers", rate("many_first_buyers", 200, 200)),
        ("few_first_buyers", rate("few_first_buyers", 0, 200)),
        ("basket_value", baskets(40, 6)),
        ("hour_profile", facts(hours=at_hours(60, 0))),
        ("order_burst", burst(40)),
    ],
)
def test_what_is_plain_to_see_is_believed(name: str, fraud: PartnerFacts) -> None:
    assert is_believed(name, fraud) is True


def test_a_group_of_a_kind_is_its_own_measure() -> None:
    """A coupon site beside other coupon sites, whose visitors have decided already."""
    coupons = replace(PEERS, conversion=Prior(20, 80, 30))

    assert is_believed("conversion_rate_high", facts(clicks=500, clicked=125)) is True
    assert is_believed("conversion_rate_high", facts(coupons, clicks=500, clicked=125)) is False


@pytest.mark.parametrize("name", sorted(CHECK))
def test_each_finding_can_be_said(name: str) -> None:
    full = replace(
        burst(9),
        tally=Tally(90, 90, 90, 90, 80, 90, 9, 9, binned([5000] * 90, AMOUNT_EDGES), at_hours(9, 3)),
    )
    measure = CHECK[name].measure(full)

    assert measure is not None
    assert measure.rows == {"enrollments": (ANN,)}
    assert "%(" not in in_words(CHECK[name], measure.figures)


def test_a_policy_may_have_other_limits() -> None:
    measure = CHECK["refund_rate"].measure(rate("refund_rate", 6, 20))

    assert CHECK["refund_rate"].speaks(measure, Limits(2.1, sample=20)) is False


def test_checks_of_partners_never_decline_and_weigh_little() -> None:
    assert {check.subject for check in CHECKS} == {Subject.AFFILIATE}
    assert {check.cause for check in CHECKS} == {Cause.STATISTICS}
    assert not any(check.may_decline for check in CHECKS)
    assert max(check.weight for check in CHECKS) <= 3
    assert Action.DECLINE not in {check.action for check in CHECKS}
