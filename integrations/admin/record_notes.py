"""What a mapping of records does with the sample, field by field, in words: the rule that holds, and who wins."""

from collections.abc import Mapping as Named
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from integrations.admin.mapping_form import Form, in_words as words_of
from integrations.admin.record_samples import Sample, Seen
from integrations.mapping import FILLED, NEWEST, OURS, RULES, THEIRS, Choice, Sheet, decide, holds, is_same
from integrations.mapping.plain import is_empty


@dataclass(frozen=True, slots=True)
class Noted:
    """A sentence for each field, and what all of it comes to."""

    of: dict[str, str] = field(default_factory=dict)
    outcome: dict[str, Any] | None = None


def told_notes(
    form: Form,
    sheet: Sheet,
    values: Named[str, Any],
    record: Any,
    sample: Sample | None,
    seen: Seen | None,
    missing: frozenset[str],
) -> Noted:
    """Return what would be written there; of a record that nobody has looked at, what would be told."""
    if not holds(sheet.when, record):
        return Noted({}, _unmeant())
    notes: dict[str, str] = {}
    written: list[tuple[str, str]] = []
    agreed = sample.known.agreed if sample is not None and sample.known is not None else {}
    for name, ours in values.items():
        row = sheet.row_of(name)
        rule = row.conflict if row is not None else OURS
        if name in missing:
            notes[name] = _("There is no such field there yet.")
            continue
        if row is not None and row.is_key:
            continue
        if seen is None or seen.there.found is None or name not in seen.values:
            written.append((name, in_words(ours)))
            continue
        theirs = seen.values[name]
        if _hangs_on_time(rule, ours, theirs):
            notes[name] = _("There: %(theirs)s. What was changed last stays.") % {"theirs": in_words(theirs)}
            continue
        choice = _told(rule, ours, theirs, agreed.get(name))
        notes[name] = _told_words(rule, theirs, choice)
        if choice.kept == OURS and not is_same(ours, theirs):
            written.append((name, in_words(ours)))
    return Noted(notes, _outcome_told(form, written, seen))


def heard_notes(
    form: Form, sheet: Sheet, values: Named[str, Any], record: Any, sample: Sample | None
) -> Noted:
    """Return what would be taken in of their record, beside what they said before."""
    if not holds(sheet.when, record):
        return Noted({}, _unmeant())
    notes: dict[str, str] = {}
    taken: list[tuple[str, str]] = []
    facts = sample.facts if sample is not None else {}
    for row in sheet.rows:
        theirs, ours = values.get(row.target), facts.get(row.target)
        if is_empty(theirs) and is_empty(ours):
            continue
        if _hangs_on_time(row.conflict, ours, theirs):
            notes[row.target] = _("Here: %(ours)s. What was changed last stays.") % {"ours": in_words(ours)}
            continue
        choice = Choice(theirs, THEIRS) if row.conflict == THEIRS else decide(row.conflict, ours, theirs)
        is_news = not is_same(choice.value, ours)
        said = {"ours": in_words(ours), "rule": RULES[row.conflict]}
        if is_same(ours, theirs):
            notes[row.target] = _("Here too: nothing changes.")
        elif is_news:
            notes[row.target] = _("Here: %(ours)s. It is taken in (%(rule)s).") % said
        else:
            notes[row.target] = _("Here: %(ours)s. It stays (%(rule)s).") % said
        if is_news:
            taken.append((row.target, in_words(choice.value)))
    return Noted(notes, _outcome_heard(form, taken))


def in_words(value: Any) -> str:
    """Return a value as people read it; nothing is a dash."""
    return "–" if is_empty(value) else words_of(value)


def _hangs_on_time(rule: str, ours: Any, theirs: Any) -> bool:
    """Whether nobody can say beforehand who wins: by this rule the time of the change decides."""
    return rule == NEWEST and not is_same(ours, theirs) and not is_empty(ours) and not is_empty(theirs)


def _told(rule: str, ours: Any, theirs: Any, agreed: Any) -> Choice:
    """Decide as telling does: on the way out a field that is filled there stays, whoever filled it."""
    if rule == FILLED and not is_empty(theirs) and not is_same(ours, theirs):
        return Choice(theirs, THEIRS)
    return decide(rule, ours, theirs, agreed)


def _told_words(rule: str, theirs: Any, choice: Choice) -> str:
    said = {"theirs": in_words(theirs), "rule": RULES[rule]}
    if choice.kept not in (OURS, THEIRS):
        return _("There too: nothing changes.")
    if is_empty(theirs):
        return _("Empty there: it is filled.")
    if choice.kept == OURS:
        return _("There: %(theirs)s. It is overwritten (%(rule)s).") % said
    return _("There: %(theirs)s. It stays (%(rule)s).") % said


def _outcome_told(form: Form, written: list[tuple[str, str]], seen: Seen | None) -> dict[str, Any]:
    if seen is None:
        title = _("This would be told")
    elif seen.there.found is None:
        title = _("This record would be made there")
    else:
        title = _("This would be written there")
    if not written:
        return {"trouble": _("Nothing would be written."), "quiet": True}
    labels = {entry.target.name: str(entry.target.label) for entry in form.entries}
    facts = [(labels.get(name) or name, words) for name, words in written]
    return {"title": title, "facts": facts, "foot": _("This only looks: nothing is written.")}


def _outcome_heard(form: Form, taken: list[tuple[str, str]]) -> dict[str, Any]:
    if not taken:
        return {"trouble": _("Nothing new would be taken in."), "quiet": True}
    labels = {entry.target.name: str(entry.target.label) for entry in form.entries}
    facts = [(labels.get(name) or name, words) for name, words in taken]
    foot = _("This only looks: nothing is taken in.")
    return {"title": _("This would be taken in"), "facts": facts, "foot": foot}


def _unmeant() -> dict[str, Any]:
    return {"trouble": _("The conditions do not hold: this record is left alone."), "quiet": True}
