"""A mapping as data: rows that fill fields, and the conditions on which a record is meant at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from integrations.mapping import expressions
from integrations.mapping.conflicts import RULES, THEIRS
from integrations.mapping.conversions import Step, check_step
from integrations.mapping.paths import list_of, read_path
from integrations.mapping.refusals import BadMapping, Unfit
from tracking.told import keepable

SCHEMA = 1
MOST_ROWS, MOST_STEPS, MOST_CONDITIONS, LONGEST = 200, 10, 20, 500
ITEMS = "[]."  # lines[].sku: a field of each line
IS, IS_NOT, IS_FILLED, IS_EMPTY, IS_ONE_OF = "is", "is not", "is filled", "is empty", "is one of"
TESTS = {
    IS: gettext_lazy("is"),
    IS_NOT: gettext_lazy("is not"),
    IS_ONE_OF: gettext_lazy("is one of"),
    IS_FILLED: gettext_lazy("is filled"),
    IS_EMPTY: gettext_lazy("is empty"),
}
FIELDS = {"target", "source", "constant", "expression", "steps", "default", "conflict", "is_key"}


@dataclass(frozen=True, slots=True)
class Row:
    """One field and what fills it: a path (`source`), a text (`constant`) or a formula; then steps, then a default."""

    target: str
    source: str = ""
    constant: str = ""
    expression: str = ""
    steps: tuple[Step, ...] = ()
    default: str = ""
    conflict: str = THEIRS
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of a record: the value at a path is this, is not, is one of, is there, is not there."""

    source: str
    test: str = IS
    value: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole mapping: it applies to records of which every condition holds."""

    rows: tuple[Row, ...] = ()
    when: tuple[Condition, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what `read_sheet` reads back; what says nothing is left out."""
        return {
            "schema": SCHEMA,
            "when": [{"source": one.source, "test": one.test, "value": one.value} for one in self.when],
            "rows": [_row_as_json(row) for row in self.rows],
        }

    def row_of(self, target: str) -> Row | None:
        """Return the row that fills a field."""
        return next((row for row in self.rows if row.target == target), None)


def read_sheet(document: Any) -> Sheet:
    """Read and check a mapping in JSON; a bare list is one of rows. Raises BadMapping with a sentence for each row."""
    if isinstance(document, list):
        document = {"schema": SCHEMA, "rows": document}
    if not isinstance(document, dict):
        raise BadMapping({"": _("A mapping is an object with “schema” and “rows”.")})
    _check_known("", document, {"schema", "when", "rows"})
    if document.get("schema") != SCHEMA or isinstance(document.get("schema"), bool):
        raise BadMapping({"": _("This mapping is of another schema than %(schema)s.") % {"schema": SCHEMA}})
    rows, when = document.get("rows", []), document.get("when", [])
    if not _are_objects(rows) or not _are_objects(when):
        raise BadMapping({"": _("“rows” and “when” are lists of objects.")})
    _check_counts(len(rows), len(when))
    sheet = Sheet(tuple(_row(row) for row in rows), tuple(_condition(one) for one in when))
    check_sheet(sheet)
    return sheet


def check_sheet(sheet: Sheet, targets: frozenset[str] | None = None) -> None:
    """Raise BadMapping with a sentence for each row that makes no sense; `targets` are the fields that there are."""
    _check_counts(len(sheet.rows), len(sheet.when))
    wrong: dict[str, str] = {}
    for row in sheet.rows:
        try:
            if row.target in wrong or sum(one.target == row.target for one in sheet.rows) > 1:
                raise Unfit(_("This field is filled twice."))
            if targets is not None and row.target not in targets:
                raise Unfit(_("There is no such field here."))
            _check_row(row)
        except Unfit as trouble:
            wrong[row.target] = str(trouble)
    wrong |= _crossed_lists(sheet) if not wrong else {}
    for condition in sheet.when:
        try:
            check_condition(condition)
        except Unfit as trouble:
            wrong[""] = str(trouble)
    if wrong:
        raise BadMapping(wrong)


def check_condition(condition: Condition) -> None:
    """Raise Unfit with a sentence if a condition cannot be kept."""
    read_path(condition.source)
    _check_text(_("The path"), condition.source)
    _check_text(_("The value of a condition"), condition.value)
    if condition.test not in TESTS:
        raise Unfit(_("A condition says one of: %(tests)s.") % {"tests": ", ".join(TESTS)})


def group_of(target: str) -> str:
    """Return the list that a field belongs to (lines[].sku: lines), "" for a field of its own."""
    return target.partition(ITEMS)[0] if ITEMS in target else ""


def _check_row(row: Row) -> None:
    if not row.target.strip() or len(row.target) > 120 or not row.target.isprintable():
        raise Unfit(_("A row names the field that it fills."))
    told = [one for one in (row.source, row.constant, row.expression) if one]
    if len(told) > 1 or (not told and not row.default):
        raise Unfit(_("A field is filled from one of: a path, a fixed text, a formula."))
    _check_text(_("The fixed text"), row.constant)
    _check_text(_("What stands there if it is empty"), row.default)
    if row.source:
        read_path(row.source)
        _check_text(_("The path"), row.source)
    if row.expression:
        expressions.check(row.expression)
        _check_text(_("The formula"), row.expression)
    if len(row.steps) > MOST_STEPS:
        raise Unfit(_("A field has at most %(most)s conversions.") % {"most": MOST_STEPS})
    for step in row.steps:
        check_step(step)
    if row.conflict not in RULES:
        raise Unfit(_("There is no such rule for conflicts."))


def _check_counts(rows: int, conditions: int) -> None:
    if rows > MOST_ROWS:
        raise BadMapping({"": _("A mapping fills at most %(most)s fields.") % {"most": MOST_ROWS}})
    if conditions > MOST_CONDITIONS:
        raise BadMapping({"": _("A mapping has at most %(most)s conditions.") % {"most": MOST_CONDITIONS}})


def _check_text(name: str, text: str) -> None:
    if len(text) > LONGEST:
        told = {"name": name, "most": LONGEST, "count": len(text)}
        raise Unfit(_("%(name)s has at most %(most)s letters; this one has %(count)s.") % told)
    if not keepable(text):
        raise Unfit(_("%(name)s has a broken character.") % {"name": name})


def _crossed_lists(sheet: Sheet) -> dict[str, str]:
    """Fields of lines that come from different lists cannot be put side by side."""
    lists: dict[str, Any] = {}
    wrong = {}
    for row in sheet.rows:
        group = group_of(row.target)
        for path in lists_of(row) if group else ():
            if lists.setdefault(group, path) != path:
                wrong[row.target] = _("All fields of a line come from one list.")
    return wrong


def lists_of(row: Row) -> list[Any]:
    """Return the lists that a row goes through, each a path."""
    paths = [read_path(row.source)] if row.source else []
    paths += expressions.paths_of(row.expression) if row.expression else []
    return [found for path in paths if (found := list_of(path)) is not None]


def _row(told: Mapping[str, Any]) -> Row:
    target = told.get("target")
    name = target if isinstance(target, str) else ""
    _check_known(name, told, FIELDS)
    texts = {key: told.get(key, "") for key in ("source", "constant", "expression", "default")}
    texts["conflict"] = told.get("conflict", THEIRS)
    if not name or not all(isinstance(value, str) for value in texts.values()):
        raise BadMapping({name: _("“target”, “source”, “constant”, “expression” and “default” are texts.")})
    if not isinstance(told.get("is_key", False), bool):
        raise BadMapping({name: _("“is_key” is true or false.")})
    return Row(name, **texts, steps=_steps(name, told.get("steps", [])), is_key=told.get("is_key", False))


def _steps(target: str, told: Any) -> tuple[Step, ...]:
    if not _are_objects(told) or len(told) > MOST_STEPS:
        raise BadMapping({target: _("“steps” is a list of at most %(most)s objects.") % {"most": MOST_STEPS}})
    for step in told:
        _check_known(target, step, {"do", "with"})
        arguments = step.get("with", [])
        if not isinstance(step.get("do"), str) or not isinstance(arguments, list):
            raise BadMapping({target: _("A step has a name (“do”) and a list of texts (“with”).")})
        if not all(isinstance(one, str) for one in arguments):
            raise BadMapping({target: _("A step has a name (“do”) and a list of texts (“with”).")})
    return tuple(Step(step["do"], tuple(step.get("with", []))) for step in told)


def _condition(told: Mapping[str, Any]) -> Condition:
    _check_known("", told, {"source", "test", "value"})
    values = {"source": told.get("source", ""), "test": told.get("test", IS), "value": told.get("value", "")}
    if not all(isinstance(value, str) for value in values.values()):
        raise BadMapping({"": _("A condition has a path (“source”), a “test” and a “value”, all texts.")})
    return Condition(**values)


def _are_objects(told: Any) -> bool:
    return isinstance(told, list) and all(isinstance(one, dict) for one in told)


def _check_known(target: str, told: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(str(name)[:40] for name in set(told) - known):
        raise BadMapping(
            {target: _("What is “%(names)s”? It is not known here.") % {"names": ", ".join(unknown)}}
        )


def _row_as_json(row: Row) -> dict[str, Any]:
    said: dict[str, Any] = {"target": row.target}
    said |= {
        name: getattr(row, name)
        for name in ("source", "constant", "expression", "default")
        if getattr(row, name)
    }
    if row.steps:
        said["steps"] = [
            {"do": step.name} | ({"with": list(step.arguments)} if step.arguments else {})
            for step in row.steps
        ]
    if row.conflict != THEIRS:
        said["conflict"] = row.conflict
    return said | ({"is_key": True} if row.is_key else {})
