"""Days that add up, and what is usual among the others."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest

from fraud.checks.statistics import CONVERSION_HIGH, PartnerFacts
from fraud.maths.discoveries import discovered
from fraud.maths.distances import HOUR_EDGES, binned
from fraud.partners import PartnerDay, Tally, orders_by_day, summed, total
from fraud.peers import FEWEST, Baseline, baselines

MONDAY = date(2026, 9, 7)


def tally(clicked: int, clicks: int) -> Tally:
    return Tally(clicks=clicks, orders=clicked, clicked=clicked)


def test_days_are_added_up_bin_by_bin() -> None:
    hours = binned([9, 9, 20], HOUR_EDGES)
    one = PartnerDay(1, MONDAY, Tally(clicks=5, orders=3, hours=hours))
    other = PartnerDay(1, date(2026, 9, 8), Tally(clicks=7, refunded=1, hours=binned([9], HOUR_EDGES)))

    assert summed([one, other]) == Tally(
        clicks=12, orders=3, refunded=1, hours=binned([9, 9, 9, 20], HOUR_EDGES)
    )
    assert summed([]) == Tally()


def test_days_without_a_row_had_no_orders() -> None:
    days = [PartnerDay(1, MONDAY, Tally(orders=4)), PartnerDay(1, date(2026, 9, 9), Tally(orders=2))]

    assert orders_by_day(days, date(2026, 9, 6), 5) == (0, 4, 0, 2, 0)
    assert orders_by_day(days, date(2026, 9, 8), 1) == (0,)


def test_nobody_is_held_against_itself() -> None:
    found = baselines({1: tally(90, 100), 2: tally(4, 100), 3: tally(4, 100), 4: tally(4, 100)})

    mine, theirs = found[1].conversion, found[2].conversion
    assert mine is not None
    assert theirs is not None
    assert round(mine.mean, 2) == 0.04
    assert mine.peers == 3
    assert theirs.mean > 0.3


def test_those_under_review_shape_nothing_and_are_compared() -> None:
    tallies = {1: tally(90, 100), **{number: tally(4, 100) for number in range(2, 7)}}

    found = baselines(tallies, under_review=frozenset({1}))

    priors = [found[number].conversion for number in tallies]
    assert [round(prior.mean, 2) for prior in priors if prior] == [0.04] * 6


def test_too_few_peers_say_nothing() -> None:
    tallies = {number: tally(4, 100) for number in range(FEWEST)}

    assert baselines(tallies) == dict.fromkeys(tallies, Baseline())
    assert baselines({}) == {}


def test_peers_without_clicks_are_none() -> None:
    assert baselines({1: tally(4, 100), 2: Tally(), 3: Tally(), 4: Tally()})[1].conversion is None


def crowd(random: np.random.Generator, count: int) -> dict[int, Tally]:
    """Honest affiliates with 100 to 3,000 clicks whose rates are log-normal around 4 %."""
    clicks = random.integers(100, 3000, count)
    rates = np.minimum(0.5, 0.04 * np.exp(random.normal(-0.18, 0.6, count)))
    return {
        place: tally(int(random.binomial(clicks[place], rates[place])), int(clicks[place]))
        for place in range(count)
    }


def flagged(tallies: dict[int, Tally]) -> set[int]:
    """Whom the check of high conversion rates finds in one night, all tests held against each other."""
    found = baselines(tallies)
    measures = {
        number: CONVERSION_HIGH.measure(PartnerFacts(number, one, found[number]))
        for number, one in tallies.items()
    }
    believed = discovered({number: one.p for number, one in measures.items() if one and one.p is not None})
    return {number for number, one in measures.items() if number in believed and CONVERSION_HIGH.speaks(one)}


def test_a_night_among_honest_affiliates_flags_at_most_one_in_a_hundred() -> None:
    random = np.random.default_rng(11)

    nights = [len(flagged(crowd(random, 200))) for _ in range(5)]

    assert sum(nights) / 1000 <= 0.01


def test_frauds_among_honest_affiliates_are_found() -> None:
    random = np.random.default_rng(12)
    frauds = {1000 + number: tally(int(random.binomial(300, 0.25)), 300) for number in range(10)}

    found = flagged({**crowd(random, 200), **frauds})

    assert len(found & frauds.keys()) >= 9
    assert len(found - frauds.keys()) <= 2


def test_a_fraud_among_few_is_found() -> None:
    random = np.random.default_rng(13)

    assert 1000 in flagged({**crowd(random, 30), 1000: tally(75, 300)})


def tallies() -> Iterator[Tally]:
    yield Tally()
    yield Tally(clicks=3, ads={"gclid 1": 2}, hours=(1, *(0,) * 23), click_examples={"ads": ("a", "b")})
    yield Tally(seen=2, with_click={"7": 1}, order_examples={"short": (1, 2)}, delays=(0,) * 22 + (4,))


@pytest.mark.parametrize("one", list(tallies()))
def test_a_tally_is_read_as_it_was_written(one: Tally) -> None:
    assert Tally.from_json(one.as_json()) == one


def test_older_rows_stay_readable_and_unknown_counts_are_left() -> None:
    assert Tally.from_json({"clicks": 3, "a count of tomorrow": 7}) == Tally(clicks=3)
    assert total([]) == Tally()
