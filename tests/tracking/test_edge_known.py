"""What is in use is asked for together, once a second, and made anew only when it has changed."""

import asyncio

import pytest

from tracking.edge.known import FRESH, Known

pytestmark = pytest.mark.django_db(transaction=True)


class Table:
    """Rows that can be asked for; notes what was asked and built."""

    def __init__(self):
        self.rows = {key: (key, 1) for key in "abc"}
        self.asked, self.built = [], []
        self.known = Known("table", self.read, self.build)

    def read(self, keys, newest):
        self.asked.append(sorted(keys))
        return {key: self.rows[key] for key in keys if key in self.rows}

    def build(self, raw):
        self.built.append(raw)
        return raw

    def find(self, *keys):
        """Ask for keys, one after the other."""

        async def ask():
            return [await self.known.find(key) for key in keys]

        return asyncio.run(ask())

    def age(self):
        """Let a second pass."""
        self.known._asked -= FRESH
        for entry in self.known._known.values():
            entry.seen -= FRESH


@pytest.fixture
def table():
    table = Table()
    yield table
    table.known.group.stop()


def test_what_is_fresh_is_not_asked_again(table):
    assert table.find("a", "a", "a") == [("a", 1)] * 3
    assert table.asked == [["a"]]


def test_everything_in_use_is_asked_for_together(table):
    table.find("a", "b", "c", "a", "b")
    table.age()

    table.find("a", "b", "a")

    assert table.asked[3:] == [["a", "b"]]


def test_only_what_has_changed_is_made_anew(table):
    table.find("a", "b", "a", "b")
    table.rows["a"] = ("a", 2)
    table.age()

    assert table.find("a", "b") == [("a", 2), ("b", 1)]
    assert table.built == [("a", 1), ("b", 1), ("a", 2)]


def test_what_is_gone_is_forgotten(table):
    table.find("a", "a")
    del table.rows["a"]
    table.age()

    assert (table.find("a"), "a" in table.known._known) == ([None], False)


def test_strange_keys_do_not_make_all_others_be_read_again(table):
    table.find("a", "b", "a", "b")
    asked = len(table.asked)

    table.find("x", "y", "z")

    assert table.asked[asked:] == [["x"], ["y"], ["z"]]
