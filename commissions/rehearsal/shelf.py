"""Keeps any number of values in the order in which they came; what is too much for memory waits in a file."""

import pickle
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO, Any, Generic, TypeVar

AT_HAND = 20_000  # values that are kept in memory

Value = TypeVar("Value")


class Shelf(Generic[Value]):
    """A list that does not grow in memory: it is filled once, then read from its beginning."""

    def __init__(self, at_hand: int = AT_HAND) -> None:
        self._at_hand = at_hand
        self._recent: list[Value] = []
        self._file: IO[Any] | None = None

    def add(self, value: Value) -> None:
        """Put one more behind the others."""
        self._recent.append(value)
        if len(self._recent) >= self._at_hand:
            self._file = self._file or TemporaryFile()  # noqa: SIM115 - it lives as long as the shelf
            pickle.dump(self._recent, self._file, pickle.HIGHEST_PROTOCOL)
            self._recent = []

    def __iter__(self) -> Iterator[Value]:
        if self._file is not None:
            end = self._file.tell()
            self._file.seek(0)
            while self._file.tell() < end:
                yield from pickle.load(self._file)  # noqa: S301 - written above, by nobody else
        yield from self._recent
