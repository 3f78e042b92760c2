"""Who has what in common, drawn: accounts on the left, marks on the right, a line for each; kinds, never digests."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from affiliates.models import Enrollment
from fraud.checks.facts import Mark
from fraud.models import Case, KnownMark

MOST = 12  # accounts, and marks, in one drawing
WIDTH, STEP, EDGE = 720, 46, 30  # of the drawing, in its own units
LEFT, RIGHT = 200, 520  # where the lines begin and end
APART = 5  # between an account's own line and that of its buyer to the same mark

Holders = Mapping[tuple[str, str], tuple[frozenset[int], frozenset[int]]]  # mark -> whose own, whose buyers'


@dataclass(frozen=True, slots=True)
class Node:
    """An account or a mark at a height; of a mark, the names of those who have it and of those whose buyers do."""

    words: str
    y: int
    own: tuple[str, ...] = ()
    buyers: tuple[str, ...] = ()
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """That an account has a mark, or (a broken line) that a buyer of the account has it."""

    y1: int
    y2: int
    is_buyer: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing in its own units; `left_out` counts the accounts for which there is no room."""

    accounts: tuple[Node, ...]
    marks: tuple[Node, ...]
    lines: tuple[Line, ...]
    left_out: int = 0
    width: int = WIDTH
    left: int = LEFT
    right: int = RIGHT

    @property
    def height(self) -> int:
        """How high it is."""
        return 2 * EDGE + STEP * (max(len(self.accounts), len(self.marks), 1) - 1)


def picture_of(case: Case, enrollments: Iterable[int], conversions: Collection[int] = ()) -> Picture | None:
    """Draw what the accounts named by findings, and the buyers of these sales, have in common; None for nothing."""
    others = [number for number in dict.fromkeys(enrollments) if number != case.enrollment_id]
    chosen = [case.enrollment_id, *others[: MOST - 1]]
    rows = Enrollment.objects.filter(program=case.program_id, pk__in=chosen).select_related("affiliate")
    names = {row.pk: row.affiliate.name for row in rows}
    holders = _holders(case.program_id, names.keys(), conversions)
    return drawn(
        {number: names[number] for number in chosen if number in names},
        holders,
        case.enrollment_id,
        max(0, len(others) + 1 - MOST),
    )


def _holders(program: int, enrollments: Collection[int], conversions: Collection[int]) -> Holders:
    """Marks of these accounts, and of the buyers that they brought by these sales."""
    own: dict[tuple[str, str], set[int]] = defaultdict(set)
    bought: dict[tuple[str, str], set[int]] = defaultdict(set)
    of_accounts = KnownMark.objects.filter(program=program, enrollment__in=enrollments)
    for kind, digest, enrollment in of_accounts.values_list("kind", "digest", "enrollment"):
        own[kind, digest].add(enrollment)
    of_sales = KnownMark.objects.filter(
        Q(conversion__decisions__is_current=True, conversion__decisions__enrollment__in=enrollments),
        program=program,
        conversion__in=list(conversions),
    )
    named = ("kind", "digest", "conversion__decisions__enrollment")
    for kind, digest, enrollment in of_sales.values_list(*named):
        bought[kind, digest].add(enrollment)
    return {key: (frozenset(own[key]), frozenset(bought[key])) for key in {*own, *bought}}


def drawn(names: Mapping[int, str], holders: Holders, main: int, left_out: int = 0) -> Picture | None:
    """Lay out what at least two accounts share; a mark of an account and of its own buyer counts as well."""
    shared = {key: sides for key, sides in holders.items() if _is_telling(*sides)}
    if not shared:
        return None
    kinds = [mark.value for mark in Mark]
    order = sorted(shared, key=lambda key: (kinds.index(key[0]) if key[0] in kinds else len(kinds), key))[
        :MOST
    ]
    rows = max(len(names), len(order))
    heights = dict(zip(names, _heights(len(names), rows), strict=True))
    words = dict(Mark.choices)
    marks = [
        Node(str(words.get(key[0], key[0])), y, _named(shared[key][0], names), _named(shared[key][1], names))
        for key, y in zip(order, _heights(len(order), rows), strict=True)
    ]
    lines = [
        Line(heights[number] + APART * is_buyer, node.y + APART * is_buyer, is_buyer)
        for key, node in zip(order, marks, strict=True)
        for is_buyer, side in zip((False, True), shared[key], strict=True)
        for number in sorted(side & heights.keys())
    ]
    accounts = [Node(name, heights[number], is_main=number == main) for number, name in names.items()]
    return Picture(tuple(accounts), tuple(marks), tuple(lines), left_out)


def _named(side: frozenset[int], names: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(name for number, name in names.items() if number in side)


def _is_telling(own: frozenset[int], bought: frozenset[int]) -> bool:
    return len(own) > 1 or bool(own and bought) or len(bought) > 1


def _heights(count: int, rows: int) -> list[int]:
    """Heights of a column, the shorter one in the middle."""
    top = EDGE + STEP * (rows - count) // 2
    return [top + STEP * place for place in range(count)]
