"""The page of a mapping as a form: what was entered, the sample as a tree, and what comes of both."""

import json
from collections.abc import Mapping as Named
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from integrations.mapping import (
    THEIRS,
    BadMapping,
    Condition,
    Row,
    Sheet,
    Table,
    Target,
    Unfit,
    apply,
    check_sheet,
)
from integrations.mapping.conversions import read_steps, write_steps
from integrations.mapping.paths import EACH, Steps, leaves, read_path, write_path
from integrations.mapping.rows import IS, ITEMS, MOST_CONDITIONS, MOST_ROWS, check_condition, group_of
from integrations.message_words import field_words

TEXT, FORMULA, PATH = "text", "formula", "path:"
MOST_OPTIONS, SHOWN = 200, 80


@dataclass(slots=True)
class Entry:
    """One field on the page: what fills it, as entered, and what that comes to with the sample."""

    target: Target
    filled_from: str = ""
    text: str = ""
    steps: str = ""
    default: str = ""
    conflict: str = THEIRS
    is_key: bool = False
    output: str = ""
    problem: str = ""

    @property
    def is_of_lines(self) -> bool:
        """Whether it is a field of each line."""
        return bool(group_of(self.target.name))

    @property
    def path(self) -> str:
        """The path that fills it, if one does."""
        return self.filled_from.removeprefix(PATH) if self.filled_from.startswith(PATH) else ""

    @property
    def is_open(self) -> bool:
        """Whether its conversions are to be seen at once."""
        return bool(self.steps or self.default)


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the sample: a name that others stand under (`path` is empty), or a value and the path to it."""

    name: str
    depth: int
    path: str = ""
    each: str = ""
    value: str = ""


@dataclass(slots=True)
class Form:
    """All that was entered."""

    table: Table
    entries: list[Entry]
    conditions: list[Condition]
    sample_text: str = ""
    problems: list[str] = field(default_factory=list)
    condition_problems: list[str] = field(default_factory=list)

    def sheet(self) -> Sheet:
        """Return the mapping that was entered, unchecked; rows that say nothing are left out."""
        rows = [row for entry in self.entries if (row := _row(entry)) is not None]
        return Sheet(tuple(rows), tuple(one for one in self.conditions if one.source.strip()))


def form_of(table: Table, sheet: Sheet, sample_text: str) -> Form:
    """Return the form as a stored mapping fills it: all fields of the table, and those that it names besides."""
    names = {target.name for target in table.targets}
    others = [Target(row.target, field_words(row.target)) for row in sheet.rows if row.target not in names]
    entries = [_entry(target, sheet.row_of(target.name)) for target in (*table.targets, *others)]
    if table.is_open:
        entries.append(Entry(Target("", "")))
    return Form(table, entries, list(sheet.when), sample_text)


def entered(table: Table, post: Named[str, str]) -> Form:
    """Return the form as a person filled it: nothing is cut short, what is too long is said where it stands."""
    known = {target.name: target for target in table.targets}
    count = post.get("count", "")[:4]
    entries = []
    for number in range(min(int(count), 2 * MOST_ROWS) if count.isdecimal() else 0):
        told = {
            key: post.get(f"row-{number}-{key}", "") for key in ("target", "from", "text", "steps", "default")
        }
        name = told["target"].strip()
        entries.append(
            Entry(
                known.get(name, Target(name, field_words(name))),
                told["from"],
                told["text"].strip(),
                told["steps"],
                told["default"].strip(),
                post.get(f"row-{number}-conflict") or THEIRS,
                f"row-{number}-key" in post,
            )
        )
    conditions = [
        Condition(source, post.get(f"when-{number}-test", IS), post.get(f"when-{number}-value", "").strip())
        for number in range(MOST_CONDITIONS + 1)
        if (source := post.get(f"when-{number}-source", "").strip())
    ]
    return Form(table, entries, conditions, post.get("sample", ""))


def compute(form: Form, sample: Any) -> Sheet:
    """Show at each field what it comes to with the sample; return the rows that make sense."""
    sheet = _read(form)
    result = apply(sheet, sample)
    for entry in form.entries:
        name, group = entry.target.name, group_of(entry.target.name)
        entry.problem = entry.problem or result.problems.get(name, "")
        if group:
            items = [item.get(name.partition(ITEMS)[2]) for item in result.values.get(group, [])]
            items = items if any(value is not None for value in items) else []
            entry.output = ", ".join(in_words(value) for value in items[:3]) + (
                " …" if len(items) > 3 else ""
            )
            entry.problem = entry.problem or (result.problems.get(group, "") if _row(entry) else "")
        elif name in result.values:
            entry.output = in_words(result.values[name])
    return sheet


def values_of(form: Form, sample: Any) -> dict[str, Any]:
    """Return what the rows that make sense come to with a sample, as JSON keeps it."""
    plain: dict[str, Any] = json.loads(json.dumps(apply(_read(form), sample).values, default=str))
    return plain


def in_words(value: Any) -> str:
    """Return a value as people read it, cut short; of what stands in an object only how much it is."""
    if isinstance(value, list) and value and not any(isinstance(one, dict | list) for one in value):
        return ", ".join(in_words(one) for one in value[:3]) + (" …" if len(value) > 3 else "")
    if isinstance(value, dict | list) and value:
        return _("%(count)s inside") % {"count": len(value)}
    if value is None:
        return "–"
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return str(Truncator(said).chars(SHOWN))


def nodes(sample: Any) -> list[Node]:
    """Return the sample line by line, each value with its path."""
    found: list[Node] = []
    before: Steps = ()
    for leaf in leaves(sample):
        steps = read_path(leaf.path)
        same = next(
            (n for n, (a, b) in enumerate(zip(before, steps, strict=False)) if a != b),
            min(len(before), len(steps)),
        )
        found += [
            Node(_name(step), depth)
            for depth, step in enumerate(steps[:-1])
            if depth >= min(same, len(steps) - 1)
        ]
        found.append(
            Node(_name(steps[-1]), len(steps) - 1, leaf.path, each_of(leaf.path), in_words(leaf.value))
        )
        before = steps
    return found


def options(sample: Any, entry: Entry) -> list[tuple[str, str]]:
    """Return path and words of all that can fill a field; what fills it now is among them."""
    found = [(leaf.path, in_words(leaf.value)) for leaf in leaves(sample)]
    each = [(path, value) for leaf_path, value in found if (path := each_of(leaf_path)) != leaf_path]
    ordered = [*each, *found] if entry.is_of_lines else [*found, *each]
    paths = {path: f"{path} · {value}" for path, value in reversed(ordered)}
    shown = [(path, paths[path]) for path in dict.fromkeys(path for path, _value in ordered)][:MOST_OPTIONS]
    if entry.path and entry.path not in dict(shown):
        shown.insert(0, (entry.path, _("%(path)s · not in this sample") % {"path": entry.path}))
    return shown


def each_of(path: str) -> str:
    """Return the path that stands for every item of the first list on the way."""
    steps = read_path(path)
    at = next((number for number, step in enumerate(steps) if isinstance(step, int)), None)
    return path if at is None else write_path((*steps[:at], EACH, *steps[at + 1 :]))


def _read(form: Form) -> Sheet:
    """Note what is wrong at each field, and return the rows that are right."""
    rows: list[Row] = []
    for entry in form.entries:
        try:
            rows += [row] if (row := _row(entry)) is not None else []
        except BadMapping as wrong:
            entry.problem = wrong.sentences[entry.target.name]
    sheet = Sheet(tuple(rows), tuple(form.conditions))
    try:
        check_sheet(sheet, form.table.names)
    except BadMapping as wrong:
        for entry in form.entries:
            entry.problem = entry.problem or wrong.sentences.get(entry.target.name or "-", "")
        form.condition_problems = [_trouble(one) for one in form.conditions]
        form.problems += [
            text for name, text in wrong.sentences.items() if not name and text not in form.condition_problems
        ]
        good = tuple(row for row in sheet.rows if row.target not in wrong.sentences)
        return Sheet(good, () if "" in wrong.sentences else sheet.when)
    return sheet


def _trouble(condition: Condition) -> str:
    """Return what is wrong with a condition, "" for nothing."""
    try:
        check_condition(condition)
    except Unfit as trouble:
        return str(trouble)
    return ""


def _row(entry: Entry) -> Row | None:
    says = {TEXT: "constant", FORMULA: "expression"}.get(entry.filled_from)
    values = {"source": entry.path} if entry.path else {says: entry.text} if says and entry.text else {}
    if not entry.target.name or not (values or entry.default):
        return None
    try:
        steps = read_steps(entry.steps)
    except Unfit as trouble:
        raise BadMapping({entry.target.name: str(trouble)}) from None
    return Row(
        entry.target.name,
        **values,
        steps=steps,
        default=entry.default,
        conflict=entry.conflict,
        is_key=entry.is_key,
    )


def _entry(target: Target, row: Row | None) -> Entry:
    if row is None:
        return Entry(target)
    text = row.constant or row.expression
    kind = PATH + row.source if row.source else TEXT if row.constant else FORMULA if row.expression else ""
    return Entry(target, kind, text, write_steps(row.steps), row.default, row.conflict, row.is_key)


def _name(step: str | int | None) -> str:
    return step if isinstance(step, str) else f"[{step}]"
