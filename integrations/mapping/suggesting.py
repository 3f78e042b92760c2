"""A first mapping, guessed from a sample by the names of its fields: shown to a person, who corrects it."""

import re
from typing import Any

from integrations.mapping.paths import EACH, Steps, leaves, read_path, write_path
from integrations.mapping.plain import is_empty
from integrations.mapping.rows import Row, Sheet, group_of
from integrations.mapping.targets import Table, Target

Found = tuple[Steps, Any]


def suggest(table: Table, sample: Any) -> Sheet:
    """Return a row for each field whose likely source stands in the sample; nothing else is guessed."""
    found = [(read_path(leaf.path), leaf.value) for leaf in leaves(sample)]
    filled = [(path, value) for path, value in found if not is_empty(value)]
    lists = _lists_of(table, filled)
    rows = []
    for target in table.targets:
        group = group_of(target.name)
        among = (
            _inside(filled, lists.get(group)) if group else [one for one in filled if not _is_in_list(one[0])]
        )
        if path := _best(target, among):
            rows.append(Row(target.name, source=write_path(path)))
    return Sheet(tuple(rows))


def _lists_of(table: Table, found: list[Found]) -> dict[str, Steps]:
    """Return for each group the list of objects in which most of its fields can be found."""
    lists = dict.fromkeys(path[: path.index(0)] for path, _value in found if 0 in path)
    groups = dict.fromkeys(group_of(target.name) for target in table.targets if group_of(target.name))
    chosen = {}
    for group in groups:
        targets = [target for target in table.targets if group_of(target.name) == group]
        scores = {path: _score(targets, _inside(found, path)) for path in lists}
        if scores and max(scores.values()) >= 2:
            chosen[group] = max(scores, key=lambda path: scores[path])
    return chosen


def _score(targets: list[Target], found: list[Found]) -> int:
    """Return how many of the fields are found, 0 where one that is needed is not."""
    fits = [bool(_best(target, found)) for target in targets]
    lacks = any(target.is_required and not fit for target, fit in zip(targets, fits, strict=True))
    return 0 if lacks else sum(fits)


def _inside(found: list[Found], path: Steps | None) -> list[Found]:
    """Return what the first item of a list says, by paths that stand for each of its items."""
    if path is None:
        return []
    first = (*path, 0)
    inside = [(steps, value) for steps, value in found if steps[: len(first)] == first]
    return [((*path, EACH, *steps[len(first) :]), value) for steps, value in inside]


def _is_in_list(path: Steps) -> bool:
    return any(not isinstance(step, str) for step in path)


def _best(target: Target, found: list[Found]) -> Steps | None:
    """Return the path whose end is the best of the hints, the shortest of several."""
    for hint in target.hints:
        wanted = tuple(_bare(part) for part in hint.split("."))
        fits = [path for path, _value in found if _end(path, len(wanted)) == wanted]
        if fits:
            return min(fits, key=len)
    return None


def _end(path: Steps, count: int) -> tuple[str, ...]:
    names = [_bare(step) for step in path if isinstance(step, str)]
    return tuple(names[-count:])


def _bare(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())
