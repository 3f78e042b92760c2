"""A place of files: what lies there, one of them read, one of them put away."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from core.jobs import Temporary
from integrations.connectors.base import Store

MOST_FILES = 500  # of one look
MOST_LISTED = 20_000
LONGEST_NAME = 180
UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")


class FileTrouble(Temporary):
    """One file cannot be read or moved just now; the others of the place can."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file that lies there; `size` is -1 where nobody says. One that `is_whole` needs no second look."""

    name: str
    size: int = -1
    modified: str = ""
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a file says, and the tag under which the place knows this state of it."""

    content: bytes
    tag: str = ""


class Place(Protocol):
    """An open place. What goes wrong outside raises Temporary or Misconfigured.

    Of one file alone it is Permanent, or FileTrouble where that may pass.
    """

    def files(self) -> Sequence[Found]:
        """Return what lies there, oldest first."""

    def fetch(self, found: Found, tag: str, most: int) -> Fetched | None:
        """Return what a file says: None if it is as `tag` knew it, or changes; Permanent beyond `most` bytes."""

    def put_away(self, found: Found, reason: str) -> None:
        """Put a file away that was taken, or for a reason was not; one that changed meanwhile stays."""


@runtime_checkable
class OpensFiles(Protocol):
    """A connector that looks for files at a place."""

    EVERY: int  # minutes between two looks, if nobody says otherwise

    def open_place(self, store: Store) -> AbstractContextManager[Place]:
        """Open the place while the block lasts."""

    def may_have_news(self, store: Store) -> bool:
        """Say cheaply whether there may be anything; a place far away always may."""


def is_finished(name: str) -> bool:
    """Say whether a name is that of a file which somebody has finished writing, and no hidden one."""
    usable = name.isprintable() and "/" not in name and "\\" not in name and len(name) <= LONGEST_NAME
    return usable and not name.startswith(".") and not name.lower().endswith(UNFINISHED)
