"""Who has something in common with whom: accounts, their attributes, and the groups these make. Pure.

An attribute is (kind, digest). What is rare says more: a tie weighs log(accounts of all / accounts that have it). What
more than CROWD accounts have is an office, a carrier or a school, and ties nobody.
"""

from collections import defaultdict, deque
from collections.abc import Hashable, Iterator
from math import log
from typing import Generic, TypeVar

CROWD = 20

Account = TypeVar("Account", bound=Hashable)
Attribute = tuple[str, str]


class Graph(Generic[Account]):
    """Accounts and attributes, added one at a time; attributes of a `weak` kind support a tie but make no group."""

    def __init__(self, weak: frozenset[str] = frozenset()) -> None:
        """Begin with nobody."""
        self._weak = weak
        self._has: dict[Account, set[Attribute]] = defaultdict(set)
        self._had_by: dict[Attribute, set[Account]] = defaultdict(set)
        self._parent: dict[Account, Account] = {}
        self._members: dict[Account, set[Account]] = {}
        self._is_stale = False

    def __len__(self) -> int:
        """How many accounts there are."""
        return len(self._parent)

    def add(self, account: Account, attribute: Attribute | None = None) -> None:
        """Note that an account is there, and has an attribute; once more changes nothing."""
        if account not in self._parent:
            self._parent[account], self._members[account] = account, {account}
        if attribute is None or account in self._had_by[attribute]:
            return
        others = self._had_by[attribute]
        neighbor = next(iter(others), None)
        others.add(account)
        self._has[account].add(attribute)
        if len(others) == CROWD + 1:
            self._is_stale = True  # what it joined falls apart: a union cannot be taken back
        elif neighbor is not None and self._joins(attribute):
            self._unite(account, neighbor)

    def component(self, account: Account) -> frozenset[Account]:
        """Return everybody who is joined with the account, by however many others between; itself among them."""
        if self._is_stale:
            self._rebuild()
        return frozenset(self._members[self._root(account)]) if account in self._parent else frozenset()

    def weight(self, attribute: Attribute) -> float:
        """Return how much a tie by the attribute says, natural log; 0 for a crowd's or one that ties nobody."""
        degree = len(self._had_by.get(attribute, ()))
        return log(len(self) / degree) if 2 <= degree <= CROWD else 0.0

    def shared(self, one: Account, other: Account) -> frozenset[Attribute]:
        """Return what two accounts have in common and is no crowd's."""
        both = self._has.get(one, set()) & self._has.get(other, set())
        return frozenset(attribute for attribute in both if len(self._had_by[attribute]) <= CROWD)

    def path(self, one: Account, other: Account, kind: str = "") -> tuple[Account | Attribute, ...]:
        """Return the shortest way from one account to the other: account, attribute, account ... account.

        By one `kind` of attributes alone where it is given, weak ones as well; else by all that make groups. () where
        there is none.
        """
        came: dict[Account, tuple[Account, Attribute] | None] = {one: None}
        queue = deque([one])
        while queue and other not in came:
            here = queue.popleft()
            for attribute, neighbor in self._neighbors(here, kind):
                if neighbor not in came:
                    came[neighbor] = (here, attribute)
                    queue.append(neighbor)
        return _walked(came, other)

    def kinds(self, account: Account) -> frozenset[str]:
        """Return the kinds of attributes that an account has."""
        return frozenset(kind for kind, _digest in self._has.get(account, ()))

    def _neighbors(self, account: Account, kind: str) -> Iterator[tuple[Attribute, Account]]:
        for attribute in sorted(self._has.get(account, ())):
            fits = attribute[0] == kind if kind else attribute[0] not in self._weak
            if fits and len(self._had_by[attribute]) <= CROWD:
                yield from ((attribute, other) for other in sorted(self._had_by[attribute], key=repr))

    def _joins(self, attribute: Attribute) -> bool:
        return attribute[0] not in self._weak and len(self._had_by[attribute]) <= CROWD

    def _root(self, account: Account) -> Account:
        while self._parent[account] != account:
            self._parent[account] = self._parent[self._parent[account]]
            account = self._parent[account]
        return account

    def _unite(self, one: Account, other: Account) -> None:
        """The smaller group moves into the greater."""
        small, great = sorted((self._root(one), self._root(other)), key=lambda root: len(self._members[root]))
        if small != great:
            self._parent[small] = great
            self._members[great] |= self._members.pop(small)

    def _rebuild(self) -> None:
        self._parent = {account: account for account in self._parent}
        self._members = {account: {account} for account in self._parent}
        for attribute, accounts in self._had_by.items():
            if self._joins(attribute):
                first, *others = accounts
                for other in others:
                    self._unite(first, other)
        self._is_stale = False


def _walked(
    came: dict[Account, tuple[Account, Attribute] | None], goal: Account
) -> tuple[Account | Attribute, ...]:
    """The way back from the goal, turned round."""
    if goal not in came:
        return ()
    way: list[Account | Attribute] = [goal]
    here = goal
    while (step := came[here]) is not None:
        here, attribute = step
        way += [attribute, here]
    return tuple(reversed(way))
