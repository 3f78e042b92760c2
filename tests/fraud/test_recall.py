"""What the checks find among honest traffic, and whom they leave in peace: docs/fraud.md, "What is found"."""

import re
from functools import cache
from itertools import zip_longest

import pytest

from fraud.checks import CHECKS
from tests.fraud.world import LOOKALIKES, SCHEMES, page, power, recall, world
from tests.fraud.world.power import Recall
from tests.fraud.world.recall import AIMED, Night

pytestmark = pytest.mark.slow  # half a minute, once for each process

WEEKS = recall.DAYS / 7
NUMBER = re.compile(r"\d+(?:\.\d+)?")

# Recall of schemes that are to be held; the others are noted, and the page says why.
HELD = {
    "own orders, own mailbox": 1.0,
    "several accounts of one person": 1.0,
    "ring that buys from each other": 1.0,
    "sponsor ring of strangers": 1.0,
    "old customers called new": 0.9,
    "hidden pictures": 1.0,
    "clicks that never land": 0.9,
    "flooding, all orders": 0.9,
    "flooding, half of the orders": 0.4,
    "injection, 3 of 10 orders": 0.9,
    "poaching at the checkout": 0.9,
    "bidding on the brand": 1.0,
    "leaked code": 0.3,
    "clicks from data centers": 0.9,
    "one browser that clicks all day": 0.9,
    "rate six times the usual": 0.9,
    "orders sent back after approval": 0.9,
    "orders told twice": 1.0,
    "leads from throw-away mailboxes": 0.9,
    "stolen cards, two months later": 0.9,
}
NOTED = {"own orders, new mailboxes", "clicks by programs", "stolen cards, on the day"}

# Not held as partners; the other look-alikes have what rule 10 calls one person, until somebody declares them.
LEFT_IN_PEACE = set(LOOKALIKES) - {"two of a household", "couple on one computer"}


@cache
def seen() -> list[Night]:
    return recall.nights()


@cache
def sizes() -> dict[str, Recall]:
    return power.powers()


def test_every_scheme_is_aimed_at_by_checks_there_are_and_has_a_bound() -> None:
    assert AIMED.keys() == SCHEMES.keys() == HELD.keys() | NOTED
    assert frozenset().union(*AIMED.values()) <= CHECKS.keys()


def test_one_seed_makes_one_world() -> None:
    one, again, other = (world(seed, partners=10, days=30) for seed in (1, 1, 2))

    assert one == again
    assert one != other


@pytest.mark.parametrize("scheme", HELD)
def test_scheme_is_held(scheme: str) -> None:
    assert recall.row_of(scheme, seen()).recall >= HELD[scheme]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_scheme_is_found_by_what_is_meant_to_find_it(scheme: str) -> None:
    row = recall.row_of(scheme, seen())

    assert row.found >= HELD.get(scheme, 0.9) * row.planted


def test_sales_of_thieves_are_held_themselves() -> None:
    """Where single orders can be told, those the scheme made are held, not just somebody."""
    for scheme in ("own orders, own mailbox", "hidden pictures", "bidding on the brand", "orders told twice"):
        for night in seen():
            planted = {number for number, what in night.world.planted.items() if what == scheme}
            held = {one.conversion for one in night.findings if one.holds and one.check.name in AIMED[scheme]}
            assert len(planted & held) >= 0.8 * len(planted), scheme


def test_honest_partners_are_hardly_ever_held() -> None:
    """At most one of a hundred as partners, all 90 days together; a week has less of it."""
    row = recall.ordinary(seen())

    assert row.accounts > 1000
    assert row.held / row.accounts <= 0.01
    assert row.declined == 0
    assert (row.held + row.orders) / row.accounts / WEEKS <= 0.02  # for a single order at least, in a week


def test_few_honest_orders_wait() -> None:
    orders = held = 0
    for night in seen():
        honest = {one.conversion for one in night.world.sales if one.enrollment in night.ordinary}
        orders += len(honest)
        held += len(honest & {one.conversion for one in night.findings if one.holds})

    assert held / orders <= 0.02


@pytest.mark.parametrize("name", LOOKALIKES)
def test_lookalike_is_never_declined(name: str) -> None:
    assert recall.similar_of(name, seen()).declined == 0


@pytest.mark.parametrize("name", sorted(LEFT_IN_PEACE))
def test_lookalike_is_not_held_as_a_partner(name: str) -> None:
    row = recall.similar_of(name, seen())

    assert row.held <= 0.2 * row.accounts


@pytest.mark.parametrize(
    "size",
    [
        "flooding, all of 10 orders",
        "injection, 3 of 10 of 20 orders",
        "six times the usual rate, 300 clicks",
    ],
)
def test_size_that_research_asks_for_is_held_among_all_of_a_night(size: str) -> None:
    assert sizes()[size].among_all >= 0.9


def test_half_flooding_stands_out_alone_and_not_among_all_of_an_honest_night() -> None:
    """A thousand and more tests want a p of 0.00003 where nobody else is found; 30 orders give 0.0001."""
    found = sizes()["flooding, half of 30 orders"]

    assert found.alone >= 0.9
    assert found.among_all >= 0.4


def test_honest_site_is_not_held_by_its_delays() -> None:
    assert sizes()["an honest site, 30 orders"].among_all <= 0.01


def test_page_says_what_was_counted() -> None:
    assert differences(page.written(page.WORLDS), recall.tables(seen())) == []
    assert differences(page.written(page.SIZES), power.table(sizes())) == []


def differences(written: str, counted: str) -> list[tuple[str, str]]:
    """Return the lines that say otherwise: other words, or a number more than a few off.

    Another processor rounds the last digit otherwise, and a finding at its very limit may fall on the other side.
    """
    pairs = list(zip_longest(written.splitlines(), counted.splitlines(), fillvalue=""))
    return [(one, other) for one, other in pairs if not _are_alike(one, other)]


def _are_alike(one: str, other: str) -> bool:
    said, found = (list(map(float, NUMBER.findall(line))) for line in (one, other))
    words = [NUMBER.sub("", line).split() for line in (one, other)]
    return words[0] == words[1] and all(
        abs(a - b) <= max(3, b / 20) for a, b in zip(said, found, strict=True)
    )
