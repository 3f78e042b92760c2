"""Accounts, attributes, and who is joined by them."""

from math import log

from fraud.maths.graphs import CROWD, Graph


def graph(*pairs: tuple[str, str, str], weak: frozenset[str] = frozenset()) -> Graph[str]:
    """A graph of (account, kind, digest)."""
    made: Graph[str] = Graph(weak)
    for account, kind, digest in pairs:
        made.add(account, (kind, digest))
    return made


CHAIN = [("ann", "device", "d1"), ("eve", "device", "d1"), ("eve", "payee", "p1"), ("ben", "payee", "p1")]


def test_accounts_are_joined_by_others_between() -> None:
    made = graph(*CHAIN, ("zoe", "device", "d9"))

    assert made.component("ann") == {"ann", "eve", "ben"}
    assert made.component("zoe") == {"zoe"}
    assert made.component("nobody") == frozenset()


def test_the_order_of_adding_does_not_matter() -> None:
    assert graph(*CHAIN[::-1]).component("ben") == graph(*CHAIN, *CHAIN).component("ben")


def test_a_later_mark_joins_two_groups() -> None:
    made = graph(
        ("ann", "device", "d1"), ("ben", "device", "d1"), ("eve", "payee", "p1"), ("zoe", "payee", "p1")
    )
    assert len(made.component("ann")) == 2

    made.add("ben", ("phone", "n1"))
    made.add("zoe", ("phone", "n1"))

    assert made.component("ann") == {"ann", "ben", "eve", "zoe"}


def test_the_way_is_told_from_end_to_end() -> None:
    made = graph(*CHAIN)

    assert made.path("ann", "ben") == ("ann", ("device", "d1"), "eve", ("payee", "p1"), "ben")
    assert made.path("ann", "ben", "device") == ()
    assert made.path("ann", "eve", "device") == ("ann", ("device", "d1"), "eve")
    assert made.path("ann", "zoe") == ()


def test_a_crowd_ties_nobody() -> None:
    made = graph(*((f"a{number}", "network", "office") for number in range(CROWD)))
    assert len(made.component("a0")) == CROWD

    made.add("one more", ("network", "office"))

    assert made.component("a0") == {"a0"}
    assert made.path("a0", "a1") == ()
    assert made.weight(("network", "office")) == 0
    assert made.shared("a0", "a1") == frozenset()


def test_what_else_joins_a_crowd_stays() -> None:
    made = graph(*((f"a{number}", "network", "office") for number in range(CROWD + 1)), ("a0", "payee", "p1"))
    made.add("a1", ("payee", "p1"))

    assert made.component("a0") == {"a0", "a1"}


def test_rare_marks_weigh_more() -> None:
    made = graph(*((name, "device", "d1") for name in "ab"), *((name, "network", "n1") for name in "abcd"))
    for name in "efgh":
        made.add(name)

    assert made.weight(("device", "d1")) == log(8 / 2)
    assert made.weight(("network", "n1")) == log(8 / 4)
    assert made.weight(("device", "unheard of")) == 0
    assert made.shared("a", "b") == {("device", "d1"), ("network", "n1")}


def test_weak_kinds_make_no_group_and_can_be_walked() -> None:
    made = graph(("ann", "network", "n1"), ("ben", "network", "n1"), weak=frozenset({"network"}))

    assert made.component("ann") == {"ann"}
    assert made.path("ann", "ben") == ()
    assert made.path("ann", "ben", "network") == ("ann", ("network", "n1"), "ben")
