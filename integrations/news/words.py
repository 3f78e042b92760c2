"""What CRMs say of customers, in our words: a CRM's own status is told onwards as the dictionary calls it here.

What nobody has decided is told as it stands there. The CRM itself is told its own word.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from affiliates.models import Program
from integrations.models import CustomerFact
from tracking import actions as tracking
from tracking.states import Vocabulary
from tracking.vocabulary import LONGEST

STATUSES = (
    "crm.lead_status",
    "crm.lifecycle",
    "crm.segment",
    "deal.stage",
)  # facts that are a CRM's own words


@dataclass(frozen=True, slots=True)
class Statement:
    """A fact as it is told on: in our words, as the CRM itself says it, and whether its word waits for a decision."""

    name: str
    ours: Any
    theirs: Any
    is_undecided: bool = False


def status_of(name: str, value: Any) -> str:
    """Return the word that a fact is, "" for one that no dictionary translates; a deal's names end with its number."""
    is_word = name.partition(":")[0] in STATUSES and isinstance(value, str) and len(value) <= LONGEST
    return str(value) if is_word else ""


def statements_of(
    program: Program, facts: Iterable[CustomerFact], *, told_to: str | None = None
) -> list[Statement]:
    """Return the facts as they are told on, in their order; one question. `told_to` is the source that hears them.

    The connections of the facts are read already.
    """
    rows = list(facts)
    words = [status_of(row.name, row.value) if row.connection.source != told_to else "" for row in rows]
    asked = [
        (row.connection.source, Vocabulary.STATUS.value, word) for row, word in zip(rows, words, strict=True)
    ]
    ours = tracking.called_here(program, [one for one in asked if one[2]])
    return [
        Statement(row.name, ours.get(said, row.value), row.value, bool(said[2]) and said not in ours)
        for row, said in zip(rows, asked, strict=True)
    ]


def in_our_words(program: Program, source: str, moved: Mapping[str, Any]) -> dict[str, Any]:
    """Return what changed, name -> [before, after], as a system's words are called here."""
    pairs = {name: [status_of(name, value) for value in pair] for name, pair in moved.items()}
    asked = {word for pair in pairs.values() for word in pair if word}
    ours = tracking.called_here(program, [(source, Vocabulary.STATUS.value, word) for word in asked])
    return {
        name: [
            ours.get((source, Vocabulary.STATUS.value, word), value)
            for word, value in zip(pairs[name], pair, strict=True)
        ]
        for name, pair in moved.items()
    }
