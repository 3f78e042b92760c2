"""The fields that a connector offers to be filled."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """One field: its name in mappings, what people call it, and names under which others tell it (best first)."""

    name: str
    label: Any
    help: Any = ""
    hints: tuple[str, ...] = ()
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """The fields of one kind of record that crosses the border in one direction.

    One that `has_conflicts` is filled on both sides, so each of its rows has a rule; an `is_open` one takes fields that
    are not listed too.
    """

    direction: str
    kind: str
    title: Any
    about: Any
    targets: tuple[Target, ...]
    has_conflicts: bool = False
    is_open: bool = False

    @property
    def names(self) -> frozenset[str] | None:
        """The fields that there are; None if any may be named."""
        return None if self.is_open else frozenset(target.name for target in self.targets)
