"""What the edge has read lately: believed for a second, asked again in groups, kept while the database is away."""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from itertools import islice
from time import monotonic
from typing import Any, Generic, TypeVar

from django.db import Error, connection

from tracking.edge.group import Full, Group

FRESH = 1.0  # seconds for which an answer is believed without asking
PAUSE = 1.0  # seconds for which a database that failed is left alone
REMEMBERED = 100_000
MOST = 10_000  # keys in one question
AT_START = 20_000


Raw = tuple[Any, ...]
Thing = TypeVar("Thing")


class Unreachable(Exception):
    """The database is away and the key was not seen before."""


@dataclass(slots=True)
class Entry(Generic[Thing]):
    """A thing, what it was made of, and when that was read last, by the monotonic clock."""

    thing: Thing
    raw: Raw
    seen: float


class Known(Generic[Thing]):
    """Things by key.

    `read` takes keys and a number, and returns the raw values that stand under these keys, and that many newest;
    `build` makes a thing of them, which is done again only when they have changed. Whatever was used meanwhile is
    asked for together: a busy edge asks once a second, however many keys are in use.
    """

    def __init__(
        self, name: str, read: Callable[[set[str], int], dict[str, Raw]], build: Callable[[Raw], Thing]
    ) -> None:
        self.read, self.build = read, build
        self.group: Group[str | None, Thing | None] = Group(name, self._look_up)
        self._known: dict[str, Entry[Thing]] = {}
        self._used: set[str] = set()
        self._asked = 0.0
        self._away_until = 0.0

    async def find(self, key: str) -> Thing | None:
        """Return what stands under the key, at most about a second old; None for nothing; raise Unreachable."""
        known = self._known.get(key)
        now = monotonic()
        if known is not None and (now - known.seen < FRESH or now < self._away_until):
            self._used.add(key)
            return known.thing
        if now < self._away_until:
            raise Unreachable
        try:
            return await self.group.ask(key)
        except (Error, Full) as failure:
            if known is None:
                raise Unreachable from failure
            return known.thing

    async def warm_up(self) -> None:
        """Learn the newest, to have them should the database go away."""
        try:
            await self.group.ask(None)
        except (Error, Full):
            return

    def _look_up(self, keys: Sequence[str | None]) -> list[Thing | None]:
        """Ask the database for all keys at once (None: for the newest); runs in the group's thread."""
        seen = monotonic()
        wanted = {key for key in keys if key is not None} | self._due(seen)
        newest = AT_START if None in keys else 0
        try:
            found = self._ask_twice(wanted, newest)
        except Error:
            self._away_until = monotonic() + PAUSE
            raise
        for key in wanted - found.keys():
            self._known.pop(key, None)
        self._remember(found, seen)
        return [self._thing(key, found) for key in keys]

    def _due(self, now: float) -> set[str]:
        """Return what was used, once in a while only: strange keys must not make all the others be read again."""
        if now - self._asked < FRESH / 2:
            return set()
        self._asked = now
        used, self._used = self._used, set()
        return set(islice(used, MOST))

    def _thing(self, key: str | None, found: Container[str]) -> Thing | None:
        return self._known[key].thing if key is not None and key in found else None

    def _ask_twice(self, keys: set[str], newest: int) -> dict[str, Raw]:
        """A connection that the server dropped meanwhile shows only when it is used."""
        try:
            return self.read(keys, newest)
        except Error:
            connection.close()
            return self.read(keys, newest)

    def _remember(self, found: dict[str, Raw], seen: float) -> None:
        for key, raw in found.items():
            known = self._known.pop(key, None)  # to the end of the line
            is_same = known is not None and known.raw == raw
            self._known[key] = Entry(known.thing if known and is_same else self.build(raw), raw, seen)
        for key in list(islice(self._known, max(0, len(self._known) - REMEMBERED))):
            del self._known[key]
