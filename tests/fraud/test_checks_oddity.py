"""Who is unlike all others is noted, never held."""

import pytest

from fraud.checks import CHECKS
from fraud.checks.oddity import OddityFacts
from fraud.gathering.oddities import oddities
from fraud.states import Action
from tests.fraud.world import world
from tests.fraud.world.window_facts import partner_facts, traffic_facts, work_of

CHECK = CHECKS["unlike_all"]


@pytest.mark.parametrize(
    ("oddity", "of", "speaks"), [(0.549, 80, False), (0.55, 80, True), (0.7, 80, True), (0.7, 49, False)]
)
def test_it_speaks_from_its_threshold_on(oddity: float, of: int, speaks: bool) -> None:
    measure = CHECK.measure(OddityFacts(7, oddity, 1, of))

    assert CHECK.speaks(measure) is speaks


def test_alone_nobody_is_unlike_the_others() -> None:
    assert CHECK.measure(OddityFacts(7, 0.9, 1, 1)) is None


def test_it_holds_nothing() -> None:
    assert (CHECK.action, CHECK.may_decline) == (Action.NOTE, False)


def test_frauds_that_nobody_described_stand_out_among_honest_partners() -> None:
    made = world(1, partners=80, schemes=("hidden pictures", "leads from throw-away mailboxes"), similar=())
    works = work_of(made)
    partners = partner_facts(made, works)

    found = oddities(partners, traffic_facts(made, works, partners))

    odd = {one.enrollment for one in found if CHECK.speaks(CHECK.measure(one))}
    assert set(made.schemes) <= odd
    assert len(odd - set(made.schemes)) <= 2, "of eighty"
    assert oddities(partners[:20], []) == [], "too few to say"
