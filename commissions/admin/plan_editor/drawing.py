"""All that the editor's templates show of a draft, worked out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from affiliates.models import Program
from commissions.admin.plan_editor import cards, example, example_form, pieces
from commissions.admin.plan_editor.cards import Body
from commissions.admin.plan_editor.changes import rules_of
from commissions.admin.plan_editor.entries import Entry, Errors, is_within, with_errors
from commissions.admin.plan_editor.known import Known
from commissions.admin.plan_editor.memory import Memory
from commissions.admin.plan_editor.pieces import Open
from commissions.admin.plan_editor.rule_form import RuleForm, form, unplaced
from commissions.admin.plan_editor.rule_words import PRESETS
from commissions.admin.plan_editor.sections import SECTIONS, Section
from commissions.counters import SPENT, Window
from commissions.models import Draft
from commissions.plan import Plan
from commissions.starters import STARTERS
from commissions.words.periods import each


@dataclass(frozen=True, slots=True)
class SectionForm:
    """An open section."""

    section: Section
    rows: list[list[Entry]]
    entries: list[Entry]


def drawn(draft: Draft, card: Open | None, memory: Memory | None) -> dict[str, Any]:
    """The context of the editor; `missing` counts what keeps the open card, else the draft, from being finished."""
    program, body = draft.plan.program, draft.body
    known = Known(program)
    _plan, errors = cards.read_body(program, body)
    context: dict[str, Any] = {
        "draft": draft,
        "plan": draft.plan,
        "program": program,
        "rules": cards.rule_cards(body, errors, program.currency),
        "sections": cards.section_cards(body, errors, program),
        "at_large": cards.at_large(errors) if rules_of(body) else [],
        "problems": len(errors),
        "missing": len(errors),
        "starters": STARTERS.items(),
        "presets": PRESETS,
        "open": card,
        "new_key": pieces.NEW,
    }
    if card is not None:
        context |= _opened(program, body, card, known)
    if memory is not None:
        context |= beside(draft, card, memory)
    return context


def _opened(program: Program, body: Body, card: Open, known: Known) -> dict[str, Any]:
    """The form of the open card, and what is wrong with it as it stands in the form."""
    tried = pieces.put(body, card)
    _plan, errors = cards.read_body(program, tried)
    if card.key in SECTIONS:
        section = SECTIONS[card.key]
        own = [(where, what) for where, what in errors if _is_of(section, where)]
        shown = own if card.complains else []
        return {"section_form": _section_form(section, tried | card.piece, shown, known), "missing": len(own)}
    path = f"$.rules[{_place_in(tried, card)}]"
    own = [(where, what) for where, what in errors if is_within(where, path)]
    shown = own if card.complains else []
    rule_form: RuleForm = form(card.piece, path, shown, known)
    return {
        "rule_form": rule_form,
        "unplaced": unplaced(rule_form, path, shown),
        "missing": len(own),
        "live": live(program, tried, path, own),
    }


def _place_in(body: Body, card: Open | None) -> int | None:
    """Where the open rule stands in a body that it was put into; a new one is the last."""
    if card is None or card.key in SECTIONS:
        return None
    place = pieces.place_of(card.key)
    return len(rules_of(body)) - 1 if place is None else place


def _is_of(section: Section, where: str) -> bool:
    return any(is_within(where, f"$.{key}") for key in section.keys)


def _section_form(section: Section, body: Body, errors: Errors, known: Known) -> SectionForm:
    rows = [with_errors(row, errors, "$") for row in section.rows(body, known)]
    return SectionForm(section, rows, with_errors(section.entries(body, known), errors, "$"))


def live(program: Program, body: Body, path: str, errors: Errors) -> str:
    """The sentence that a rule amounts to while it is written; nothing as long as something is missing."""
    if errors:
        return ""
    place = int(path.removeprefix("$.rules[").rstrip("]"))
    return cards.rule_said(rules_of(body)[place], program.currency).sentence


def beside(draft: Draft, card: Open | None, memory: Memory) -> dict[str, Any]:
    """The example order and what it earns by the draft as it stands in the open form."""
    program = draft.plan.program
    body = pieces.put(draft.body, card)
    told = memory.example or example_form.begin(draft.body, program.currency)
    plan, left_out = evaluable(program, body, card)
    windows = plan.windows if plan else frozenset()
    known = Known(program)
    people = dict(known.affiliates) if plan and plan.split else {}
    place = _place_in(body, card)
    rule = rules_of(body)[place] if place is not None and place < len(rules_of(body)) else None
    outcome = example.work_out(draft.plan, plan, told, people, rule) if plan else None
    asked, others = example_form.questions(told, _asks(body), known.groups)
    return {
        "example": told,
        "outcome": outcome,
        "left_out": left_out,
        "asked": asked,
        "others": others,
        "counted": [_count_entry(window, told, program.currency) for window in sorted(windows)],
    }


def evaluable(program: Program, body: Body, card: Open | None = None) -> tuple[Plan | None, list[str]]:
    """The plan without what is unfinished in it, and the names of what was left out; None if nothing is left.

    That the open card is not finished yet is seen beside it and needs no name.
    """
    plan, errors = cards.read_body(program, body)
    if plan is not None:
        return plan, []
    rules, left_out = [], []
    open_one = _place_in(body, card)
    for place, rule in enumerate(rules_of(body)):
        if any(is_within(where, f"$.rules[{place}]") for where, _what in errors):
            if place == open_one:
                continue
            left_out.append(str(rule.get("name") or _("a rule without a name")))
        else:
            rules.append(rule)
    wrong = [section for section in SECTIONS.values() if cards.count_problems(section, errors)]
    left_out += [str(section.title) for section in wrong if card is None or card.key != section.key]
    gone = {key for section in wrong for key in section.keys}
    kept = {key: value for key, value in body.items() if key not in gone} | {"rules": rules}
    return cards.read_body(program, kept)[0], left_out


def _count_entry(window: Window, told: Body, currency: str) -> Entry:
    words = {
        "base": _("Sold before it"),
        "conversions": _("Orders before it"),
        "commission": _("Earned before it"),
        SPENT: _("Paid by the program before it"),
    }[window.metric]
    key = f"{window.metric}|{window.period}"
    return Entry(
        f"ex.count.{key}",
        "",
        _("%(what)s, %(period)s") % {"what": words, "period": each(window.period)},
        "whole" if window.metric == "conversions" else "amount",
        told.get("counted", {}).get(key, ""),
        unit="" if window.metric == "conversions" else currency,
        example="0",
    )


def _asks(body: Body) -> set[str]:
    """The conditions that any rule has: the example asks for what they need."""
    whens = [rule.get("when", {}) for rule in rules_of(body)]
    asked = {
        key for when in whens for key, value in when.items() if key != "where" and value not in (None, [], {})
    }
    for when in whens:
        asked |= {OF_WHERE.get(field.partition(".")[0], "") for field in _fields(when.get("where"))}
    return asked | ({"groups"} if any(level.get("groups") for level in body.get("levels", [])) else set())


OF_WHERE = {
    "coupon": "coupons",
    "country": "countries",
    "group": "groups",
    "sub_id": "sub_ids",
    "metadata": "where",
}
OF_WHERE |= {key: key for key in ("customer", "payment", "months", "goal")}


def _fields(where: object) -> Iterator[str]:
    """The fields that an expert condition tests, at any depth."""
    if isinstance(where, dict):
        yield from [where["field"]] if isinstance(where.get("field"), str) else []
        for part in where.values():
            yield from _fields(part)
    elif isinstance(where, list):
        for part in where:
            yield from _fields(part)
