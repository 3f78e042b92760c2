"""Who acts together: at, under and over each limit; offices, families and friends are left in peace."""

from random import Random
from typing import Any

import pytest

from fraud.checks.circles import (
    AFFILIATE,
    CUSTOMER,
    SOLD_TO,
    WEAK,
    Account,
    CircleFacts,
    Purchase,
    RingFacts,
    Tie,
    circle_of,
)
from fraud.checks.collusion import CHECKS
from fraud.checks.sentences import in_words
from fraud.maths.graphs import CROWD, Graph
from fraud.states import Cause, Subject
from tests.fraud.sales import ANN, BEN, EVE, by_name, said

CHECK = by_name(CHECKS)
ZOE = 4
NOBODY: frozenset[int] = frozenset()


def ties(*kinds: str, other: int = BEN) -> tuple[Tie, ...]:
    return tuple(Tie(other, kind, 3.0) for kind in kinds)


def circle(*kinds: str, **changes: Any) -> CircleFacts:
    """Ann, joined with ben by these kinds."""
    return CircleFacts(
        **{"affiliate": ANN, "members": frozenset({ANN, BEN}), "ties": ties(*kinds), **changes}
    )


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ((), False),
        (("device",), False),
        (("address",), False),
        (("device", "network"), False),  # a browser is at home in a network
        (("network", "sold_to"), False),  # colleagues with a common buyer
        (("address", "device"), True),
        (("address", "network"), True),
        (("device", "sold_to"), True),
        (("address", "device", "phone"), True),
        (("payee",), True),
        (("customer",), True),
    ],
)
def test_two_independent_kinds_join_or_one_that_is_sure(kinds: tuple[str, ...], expected: bool) -> None:
    assert said(CHECK["circle_of_accounts"], circle(*kinds)) is expected


def test_kinds_of_different_others_are_not_added_up() -> None:
    facts = circle(ties=(*ties("device"), *ties("address", other=EVE)))

    assert said(CHECK["circle_of_accounts"], facts) is False


def test_declared_relations_are_left_in_peace() -> None:
    assert said(CHECK["circle_of_accounts"], circle("payee", "phone", related=frozenset({BEN}))) is False


def test_who_has_no_mark_is_not_measured() -> None:
    assert said(CHECK["circle_of_accounts"], circle(ties=None)) is None
    assert said(CHECK["customers_in_circle"], circle(ties=None, customers=10)) is None


def buyers(inside: int, of: int, **changes: Any) -> CircleFacts:
    return circle("payee", customers=of, inside=inside, all_customers=1000, all_inside=inside + 2, **changes)


def test_own_buyers_speak_from_a_fifth_of_ten_on() -> None:
    check = CHECK["customers_in_circle"]

    assert said(check, buyers(1, 10)) is False
    assert said(check, buyers(2, 10)) is True
    assert said(check, buyers(3, 10)) is True
    assert said(check, buyers(9, 9)) is False
    assert said(check, buyers(0, 0)) is None


def test_own_buyers_are_held_against_a_blind_draw() -> None:
    chance = circle("payee", customers=10, inside=2, all_customers=1000, all_inside=200)

    much, little = (CHECK["customers_in_circle"].measure(facts) for facts in (buyers(8, 10), chance))

    assert much is not None
    assert much.p is not None
    assert much.p < 1e-9
    assert little is not None
    assert little.p is not None
    assert little.p > 0.5


def test_friends_of_one_who_is_alone_are_no_circle() -> None:
    alone = buyers(5, 10, members=frozenset({ANN}))

    measure = CHECK["customers_in_circle"].measure(alone)

    assert said(CHECK["customers_in_circle"], alone) is False
    assert measure is not None
    assert measure.p == 1


def line(tied: frozenset[int] | None = frozenset(), **changes: Any) -> RingFacts:
    return RingFacts(**{"affiliate": ANN, "line": frozenset({ANN, BEN, EVE, ZOE}), "tied": tied, **changes})


def test_a_line_speaks_from_two_tied_members_on() -> None:
    check = CHECK["tied_sponsor_line"]

    assert said(check, line(frozenset({ANN, BEN}))) is False  # a spouse
    assert said(check, line(frozenset({BEN, EVE}))) is True
    assert said(check, line(frozenset({BEN, EVE, ZOE}))) is True
    assert said(check, line(frozenset({BEN, EVE}), line=frozenset({ANN, BEN}))) is False
    assert said(check, line(frozenset({BEN, EVE}), related=frozenset({EVE}))) is False
    assert said(check, line(None)) is None


def bought(buyer: int, seller: int, orders: int = 1) -> Purchase:
    return Purchase(buyer, seller, tuple(range(100 * buyer, 100 * buyer + orders)))


@pytest.mark.parametrize(
    ("within", "orders", "expected"),
    [(1, 10, False), (2, 10, True), (3, 10, True), (9, 9, False), (0, 0, None)],
)
def test_a_line_that_buys_a_fifth_of_its_orders_speaks(
    within: int, orders: int, expected: bool | None
) -> None:
    facts = line(purchases=(bought(BEN, ANN, within),), orders=orders)

    assert said(CHECK["line_buys_from_itself"], facts) is expected


def test_who_stands_in_no_line_buys_from_none() -> None:
    assert said(CHECK["line_buys_from_itself"], line(line=frozenset({ANN}), orders=50)) is None


def test_a_buyer_from_outside_the_line_is_an_ordinary_buyer() -> None:
    assert said(CHECK["line_buys_from_itself"], line(purchases=(bought(9, ANN, 10),), orders=10)) is False


@pytest.mark.parametrize(
    ("purchases", "expected"),
    [
        ((bought(ANN, BEN), bought(BEN, ANN)), False),  # a favor each way
        ((bought(ANN, BEN, 2), bought(BEN, ANN)), True),
        ((bought(ANN, BEN), bought(BEN, EVE), bought(EVE, ANN)), True),
        ((bought(ANN, BEN), bought(BEN, EVE), bought(EVE, ZOE), bought(ZOE, ANN)), True),
        ((bought(ANN, BEN, 9), bought(BEN, EVE, 9)), False),  # goes on and does not come back
        ((bought(BEN, EVE, 9), bought(EVE, BEN, 9), bought(ANN, BEN)), False),  # a circle of others
        ((bought(ANN, ANN, 9),), False),  # own orders are for the checks of identity
        ((bought(ANN, ANN, 9), bought(ANN, BEN, 2), bought(BEN, ANN)), True),
        ((), None),
    ],
    ids=["favor", "pair", "three", "four", "chain", "others", "own", "own and pair", "none"],
)
def test_orders_that_go_round_speak(purchases: tuple[Purchase, ...], expected: bool | None) -> None:
    assert said(CHECK["circular_buying"], line(purchases=purchases)) is expected


def test_declared_relations_may_buy_from_each_other() -> None:
    facts = line(purchases=(bought(ANN, BEN, 9), bought(BEN, ANN, 9)), orders=20, related=frozenset({BEN}))

    assert said(CHECK["circular_buying"], facts) is False
    assert said(CHECK["line_buys_from_itself"], facts) is False


def test_the_circle_is_told_from_the_affiliate_on() -> None:
    facts = line(purchases=(bought(EVE, ANN), bought(ANN, BEN), bought(BEN, EVE), bought(BEN, ZOE)))
    measure = CHECK["circular_buying"].measure(facts)

    assert measure is not None
    assert measure.figures == {"count": 3, "members": 3}
    assert measure.rows["enrollments"] == (ANN, BEN, EVE)
    assert sorted(measure.rows["conversions"]) == [100, 200, 300]


def program(*marks: tuple[Account, str, str], affiliates: int = 40) -> Graph[Account]:
    """A program of forty affiliates, some of whom have marks."""
    graph: Graph[Account] = Graph(WEAK)
    for number in range(1, affiliates + 1):
        graph.add((AFFILIATE, number))
    for account, kind, digest in marks:
        graph.add(account, (kind, digest))
    return graph


A, B, E = (AFFILIATE, ANN), (AFFILIATE, BEN), (AFFILIATE, EVE)
KIM, LEO = (CUSTOMER, 1), (CUSTOMER, 2)


def test_a_buyer_between_two_affiliates_joins_them() -> None:
    """Kim buys on ann's computer, and has things sent to ben's house; both have sold to kim."""
    graph = program(
        (A, "device", "d1"),
        (KIM, "device", "d1"),
        (KIM, "address", "a1"),
        (B, "address", "a1"),
        (A, SOLD_TO, "1"),
        (B, SOLD_TO, "1"),
    )

    facts = circle_of(graph, ANN, frozenset({1, 2}), everybody=frozenset({1, 2}))

    assert facts.members == {ANN, BEN}
    assert [tie.kind for tie in facts.ties or ()] == [SOLD_TO]  # no other kind alone leads all the way
    assert (facts.customers, facts.inside, facts.all_customers, facts.all_inside) == (2, 1, 2, 1)
    assert said(CHECK["circle_of_accounts"], facts) is False


def test_accounts_of_one_person_are_found_with_the_way() -> None:
    graph = program(
        *((account, "device", "d1") for account in (A, KIM)),
        *((account, "device", "d2") for account in (KIM, B)),
        *((account, "phone", "p1") for account in (A, B)),
    )

    facts = circle_of(graph, ANN, NOBODY, NOBODY)
    measure = CHECK["circle_of_accounts"].measure(facts)

    assert measure is not None
    assert measure.value == 2
    assert measure.figures["marks"] == ["phone", "device"]
    assert measure.figures["ways"][0] == [list(A), ["device", "d1"], list(KIM), ["device", "d2"], list(B)]
    assert measure.rows == {"enrollments": (ANN, BEN)}


def test_an_office_behind_one_address_is_left_in_peace() -> None:
    office = [((AFFILIATE, number), "network", "n1") for number in range(1, CROWD)]
    shared = [((AFFILIATE, number), "address", "a1") for number in range(1, CROWD + 2)]

    facts = circle_of(program(*office, *shared), ANN, NOBODY, NOBODY)

    assert said(CHECK["circle_of_accounts"], facts) is False


def test_a_mark_of_a_third_of_all_says_nothing() -> None:
    marks = [((AFFILIATE, number), kind, "same") for number in range(1, 17) for kind in ("address", "phone")]

    assert said(CHECK["circle_of_accounts"], circle_of(program(*marks), ANN, NOBODY, NOBODY)) is False
    assert said(CHECK["circle_of_accounts"], circle_of(program(*marks[:6]), ANN, NOBODY, NOBODY)) is True


def test_a_household_is_one_kind_where_only_the_address_is_shared() -> None:
    graph = program(
        *((account, "address", "a1") for account in (A, B)), (A, "device", "d1"), (B, "device", "d2")
    )

    assert said(CHECK["circle_of_accounts"], circle_of(graph, ANN, NOBODY, NOBODY)) is False


def test_who_is_not_in_the_graph_is_not_measured() -> None:
    assert circle_of(program(), 999, NOBODY, NOBODY).ties is None


def test_rings_among_ordinary_affiliates_are_found_and_nobody_else() -> None:
    """300 affiliates, 60 of them in pairs at one address, and 3,000 buyers; three rings of four share devices."""
    random = Random(5)
    graph = program(affiliates=300)
    for number in range(1, 301):
        graph.add((AFFILIATE, number), ("device", f"d{number}"))
        graph.add(
            (AFFILIATE, number), ("address", f"a{number // 10}" if number % 10 in {1, 2} else f"own{number}")
        )
        graph.add((AFFILIATE, number), ("network", f"n{random.randrange(60)}"))
    for number in range(3000):
        graph.add((CUSTOMER, number), ("device", f"c{number // 2}"))
        graph.add((CUSTOMER, number), ("address", f"house{random.randrange(1200)}"))
        graph.add((CUSTOMER, number), ("network", f"n{random.randrange(60)}"))
    rings = [range(begin, begin + 4) for begin in (20, 120, 220)]
    for number in (number for ring in rings for number in ring):
        graph.add((AFFILIATE, number), ("device", f"ring{number // 100}"))
        graph.add((AFFILIATE, number), ("phone", f"ring{number // 100}"))

    found = {
        number
        for number in range(1, 301)
        if said(CHECK["circle_of_accounts"], circle_of(graph, number, NOBODY, NOBODY))
    }

    assert found == {number for ring in rings for number in ring}


@pytest.mark.parametrize("name", sorted(CHECK))
def test_each_finding_can_be_said(name: str) -> None:
    ring = line(frozenset({BEN, EVE}), purchases=(bought(ANN, BEN, 3), bought(BEN, ANN)), orders=10)
    facts = buyers(4, 10) if "circle_of" in name or "customers" in name else ring
    measure = CHECK[name].measure(facts)

    assert measure is not None
    assert "%(" not in in_words(CHECK[name], measure.figures)


def test_acting_together_is_never_declined_by_itself() -> None:
    assert {check.subject for check in CHECKS} == {Subject.AFFILIATE}
    assert {check.cause for check in CHECKS} == {Cause.COLLUSION}
    assert not any(check.may_decline for check in CHECKS)
    assert max(check.weight for check in CHECKS) <= 3
