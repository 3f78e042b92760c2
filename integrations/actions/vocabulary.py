"""The dictionary, tended: what stores and CRMs say is listed, counted, and given a suggestion."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef
from django.utils import timezone

from affiliates.models import Program
from commissions.models import PlanVersion
from core.models import Event
from integrations.mapping import Unfit
from integrations.mapping.places import country
from integrations.models import Connection, CustomerFact
from integrations.news.words import STATUSES
from tracking import actions as tracking
from tracking.models import Term
from tracking.states import Vocabulary
from tracking.vocabulary import unit

MOST_STATUSES = 1000  # of one system
LONGEST = 200
PROGRAMS = 20  # in one turn, each with its 500 most frequent unknown words


def note_met(event: Event, *, at: datetime | None = None) -> int:
    """List the words that an order brought for the first time, and suggest ours for them; return how many are new."""
    program = Program.objects.get(pk=event.scope_id or 0)
    terms = [(str(name), str(theirs)) for name, theirs in event.data["terms"]]
    new = tracking.note_terms(program, str(event.data["source"]), terms, at=at or event.at)
    if new:
        suggest_words(program, of=(str(event.data["source"]), [theirs for _name, theirs in terms]))
    return new


def tend_dictionary(*, at: datetime | None = None) -> int:
    """Count what was told since the last time, list the statuses of CRMs, suggest anew; return how many were counted.

    The count is a fold over conversions with a mark of its own: an order taken in neither writes nor waits for it.
    A turn does so much and no more; the next one goes on from there.
    """
    now = at or timezone.now()
    counted = tracking.count_terms(at=now)
    _note_statuses()
    _suggest_in_turn()
    return counted


def _suggest_in_turn() -> None:
    """Suggest anew in some programs, and at the next turn in those after them."""
    after = tracking.place_of("suggestions")
    unknown = Term.objects.unknown().filter(program=OuterRef("pk"))
    waiting = Program.objects.filter(Exists(unknown)).order_by("pk")
    turn = list(waiting.filter(pk__gt=after)[:PROGRAMS])
    for program in turn:
        suggest_words(program)
    is_last = len(turn) < PROGRAMS
    tracking.move_place("suggestions", 0 if is_last else turn[-1].pk)


def suggest_words(program: Program, *, of: tuple[str, Iterable[str]] | None = None) -> int:
    """Suggest words of ours for unknown ones of a program; return how many suggestions changed.

    `of` names a source and the words that are asked about, else it is the most frequent ones.
    """
    ours = {Vocabulary.CATEGORY.value: categories_of_plans(program)}
    return tracking.suggest_terms(program, ours, NORMS, of=of)


def categories_of_plans(program: Program) -> dict[str, set[str]]:
    """Return category -> the names of the plans whose newest version names it: what rules are written in."""
    rows = PlanVersion.objects.filter(plan__program=program).select_related("plan")
    newest: dict[int, PlanVersion] = {}
    for version in rows.order_by("number"):
        newest[version.plan_id] = version
    found: dict[str, set[str]] = {}
    for version in newest.values():
        for name in _categories(version.body):
            found.setdefault(name, set()).add(str(version.plan))
    return found


def _categories(body: Any) -> Iterator[str]:
    """The categories anywhere in a plan: of rules, of what it excludes, of conditions in words."""
    if isinstance(body, list):
        for one in body:
            yield from _categories(one)
    elif isinstance(body, dict):
        for key, value in body.items():
            if key == "categories" and isinstance(value, list):
                yield from (str(one) for one in value)
            else:
                yield from _categories(value)
        if body.get("field") == "category":
            told = body.get("value")
            yield from (str(one) for one in (told if isinstance(told, list) else [told]) if one)


def _note_statuses() -> None:
    """What CRMs say of customers, each word once with how many customers it stands at; the most frequent 1,000."""
    facts = CustomerFact.objects.filter(connection=OuterRef("pk"))
    for connection in Connection.objects.filter(Exists(facts)).select_related("program").order_by("pk"):
        rows = CustomerFact.objects.filter(connection=connection, name__in=STATUSES).values("value")
        counted = rows.annotate(count=Count("pk"), last=Max("at")).order_by("-count")[:MOST_STATUSES]
        said = [
            (row["value"], row["count"], row["last"])
            for row in counted
            if isinstance(row["value"], str) and 0 < len(row["value"]) <= LONGEST
        ]
        if said:
            _note(connection.program, connection.source, said)


def _note(program: Program, source: str, said: list[tuple[str, int, datetime]]) -> None:
    tracking.note_terms(program, source, [(Vocabulary.STATUS, theirs) for theirs, _count, _last in said])
    tracking.set_counts(
        program, source, Vocabulary.STATUS, {theirs: (count, last) for theirs, count, last in said}
    )


def _country(text: str) -> str:
    try:
        return country(text, None)
    except Unfit:
        return ""


NORMS: Mapping[str, Callable[[str], str]] = {Vocabulary.COUNTRY: _country, Vocabulary.UNIT: unit}
