"""The dictionary: words of stores are noted as they are told, counted, and given a word of ours by a person."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates import roles
from affiliates.countries import COUNTRIES
from affiliates.models import Program
from core import events
from core.models import User
from tracking.hearsay import is_hearsay
from tracking.models import Bookmark, Conversion, Term
from tracking.orders import OrderIn
from tracking.states import TermState, Vocabulary
from tracking.vocabulary import UNITS, Choice, Told, Words, told_by, unheard

CHUNK = 5000
SETTLED = timedelta(minutes=10)  # no order takes so long to be taken: ids below have all committed
MOST_CHUNKS = 50  # at a turn; the next one goes on from there
MOST_SUGGESTED = 500  # at once, the most frequent first
MOST_UNKNOWN = 2000  # in one vocabulary of a store; further ones are listed once some of these are decided
MOST_MET = 500  # of one order
WRITTEN = 100  # rows are locked together
LONGEST_WORD = 120
Said = tuple[str, str, str]  # source, vocabulary, word
Key = tuple[int, str, str, str]  # program, source, vocabulary, word


def words_as_told(program: Program, source: str, told: Told) -> dict[str, dict[str, str | None]]:
    """Return vocabulary -> theirs -> ours by the dictionary as it is now, None for a word without one; one question."""
    if not told:
        return {}
    ours = called_here(program, [(source, name, theirs) for name, said in told.items() for theirs in said])
    return {
        name: {theirs: ours.get((source, name, theirs)) for theirs in said} for name, said in told.items()
    }


def called_here(program: Program, said: Iterable[Said]) -> dict[Said, str]:
    """Return (source, vocabulary, theirs) -> our word as the dictionary is now, where there is one; one question."""
    asked = set(said)
    if not asked:
        return {}
    sources, names, every = (set(some) for some in zip(*asked, strict=True))
    rows = Term.objects.decided().filter(
        program=program, source__in=sources, vocabulary__in=names, theirs__in=every
    )
    found = rows.values_list("source", "vocabulary", "theirs", "word")
    return {(source, name, theirs): word for source, name, theirs, word in found}


def words_of(conversion: Conversion, value: OrderIn, *, keep: bool = False) -> Words:
    """Return the words that a conversion is valued by: those of its first telling, and present ones for what is new.

    `keep` writes down what is new, so that it stays; the conversion is locked then. One of a time before there was a
    dictionary keeps the store's words.
    """
    if conversion.words is None:
        return {}
    known: Words = conversion.words
    new = unheard(told_by(value), known)
    if not new:
        return known
    found = words_as_told(conversion.program, conversion.source, new)
    words = {name: {**known.get(name, {}), **found.get(name, {})} for name in {*known, *found}}
    if keep:
        conversion.words = words
        conversion.save(update_fields=["words"])
        announce_terms(conversion, found)
    return words


def confirm_terms(conversion: Conversion, at: datetime | None = None) -> None:
    """Tell of a store's words, of which those stay untold that a browser alone has used. The conversion is locked."""
    value, kept = conversion.order.as_value(), conversion.words or {}
    told = told_by(value).items()
    heard = {name: {one: kept[name][one] for one in said if one in kept.get(name, {})} for name, said in told}
    announce_terms(conversion, heard, at)
    words_of(conversion, value, keep=True)


def announce_terms(conversion: Conversion, words: Words, at: datetime | None = None) -> None:
    """Tell of words that have none of ours and that the dictionary does not list yet. In a transaction.

    What only a browser claims fills no dictionary: its words are told of once a store confirms the order.
    """
    if is_hearsay(conversion.order.snapshot["metadata"]):
        return
    asked = {(name, theirs) for name, said in words.items() for theirs, word in said.items() if word is None}
    if not asked:
        return
    program, source = conversion.program, conversion.source
    rows = Term.objects.filter(program=program, source=source, theirs__in={theirs for _name, theirs in asked})
    new = asked - set(rows.values_list("vocabulary", "theirs"))
    if met := _with_room(program, source, new)[:MOST_MET]:
        data = {"source": source, "terms": [list(one) for one in met]}
        events.record("terms.met", conversion, tenant=program.merchant_id, scope=program.pk, at=at, data=data)


@transaction.atomic
def note_terms(
    program: Program, source: str, terms: Iterable[tuple[str, str]], *, at: datetime | None = None
) -> int:
    """List words that a store has used, as unknown; those that are listed stay as they are. Return how many are new.

    A vocabulary of a store lists 2,000 unknown words: what comes after that is left out.
    """
    now = at or timezone.now()
    asked = {(name, theirs) for name, theirs in terms if theirs}
    rows = Term.objects.filter(program=program, source=source, theirs__in={theirs for _name, theirs in asked})
    new = _with_room(program, source, asked - set(rows.values_list("vocabulary", "theirs")))
    Term.objects.bulk_create(
        [
            Term(
                program=program,
                source=source,
                vocabulary=name,
                theirs=theirs,
                first_seen_at=now,
                last_seen_at=now,
            )
            for name, theirs in new
        ],
        ignore_conflicts=True,
    )
    return len(new)


def _with_room(program: Program, source: str, new: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The words for which there is room beside the unknown ones, by the alphabet."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, theirs in sorted(new):
        found.setdefault(name, []).append((name, theirs))
    kept = []
    for name, words in found.items():
        listed = Term.objects.unknown().filter(program=program, source=source, vocabulary=name).count()
        kept += words[: max(MOST_UNKNOWN - listed, 0)]
    return kept


@transaction.atomic
def decide_term(term: Term, *, word: str, actor: User | None = None, at: datetime | None = None) -> Term:
    """Say what a store's word is called here; it holds for what is told from now on. Raises ValueError."""
    row = _locked(term, actor)
    said = fit_word(row.vocabulary, word)
    if row.state == TermState.DECIDED and row.word == said:
        return row
    was, row.word, row.state = row.word, said, TermState.DECIDED
    row.decided_at, row.decided_by = at or timezone.now(), actor
    row.suggestion, row.likeness = "", 0
    _save(row, was, actor, at)
    return row


@transaction.atomic
def undecide_term(term: Term, *, actor: User | None = None, at: datetime | None = None) -> Term:
    """Let a store's word be unknown again from now on; what was settled by our word stays."""
    row = _locked(term, actor)
    if row.state == TermState.UNKNOWN:
        return row
    was, row.word, row.state, row.decided_at, row.decided_by = row.word, "", TermState.UNKNOWN, None, None
    _save(row, was, actor, at)
    return row


def accept_term(term: Term, *, actor: User | None = None, at: datetime | None = None) -> Term:
    """Take the suggestion. Raises ValueError where there is none."""
    row = Term.objects.get(pk=term.pk)
    if row.state == TermState.DECIDED:
        return row
    if not row.suggestion:
        raise ValueError(_("There is no suggestion for it: choose a word."))
    return decide_term(row, word=row.suggestion, actor=actor, at=at)


def keep_term(term: Term, *, actor: User | None = None, at: datetime | None = None) -> Term:
    """Call it here what the store calls it."""
    return decide_term(term, word=term.theirs, actor=actor, at=at)


def _locked(term: Term, actor: User | None) -> Term:
    row: Term = Term.objects.select_for_update(of=("self",)).select_related("program").get(pk=term.pk)
    if actor is not None:  # a word moves what rules will pay
        roles.demand(actor, "manage_plans", row.program.merchant_id)
    return row


def fit_word(vocabulary: str, word: str) -> str:
    """Return the word as the vocabulary has it; raises ValueError with a sentence for one that it cannot have."""
    said = " ".join(word.split())
    if not said or len(said) > LONGEST_WORD or not said.isprintable():
        raise ValueError(_("A word has between 1 and %(most)s letters.") % {"most": LONGEST_WORD})
    if vocabulary == Vocabulary.COUNTRY:
        said = said.upper()
        if said not in COUNTRIES:
            raise ValueError(_("A country is called by its two letters, like DE."))
    if vocabulary == Vocabulary.UNIT and said not in UNITS:
        raise ValueError(_("A unit is one of: %(units)s.") % {"units": ", ".join(UNITS)})
    return said


def suggest_terms(
    program: Program,
    words: Mapping[str, Iterable[str]],
    norms: Mapping[str, Callable[[str], str]],
    *,
    of: tuple[str, Iterable[str]] | None = None,
) -> int:
    """Find for unknown words of a program the one of ours that is most like each; return how many have changed.

    `words` are ours by vocabulary, beside those already decided; `norms` name what a vocabulary's norm calls a word,
    "" for one that it does not know: there nothing is guessed by likeness. `of` names a source and the words that are
    asked about; else it is the 500 most frequent. Comparing takes a while, so no row is locked meanwhile.
    """
    rows = Term.objects.unknown().filter(program=program)
    if of is not None:
        rows = rows.filter(source=of[0], theirs__in=set(of[1]))
    asked = list(rows.order_by("-seen", "pk")[:MOST_SUGGESTED])
    choices = _choices(program, words, {row.vocabulary for row in asked} - set(norms))
    found: dict[int, tuple[str, int]] = {}
    for row in asked:
        if norm := norms.get(row.vocabulary):
            said = (word, 100) if (word := norm(row.theirs)) else ("", 0)
        else:
            said = choices[row.vocabulary].best(row.theirs)
        if (row.suggestion, row.likeness) != said:
            found[row.pk] = said
    numbers = sorted(found)
    return sum(
        _suggest({number: found[number] for number in numbers[first : first + WRITTEN]})
        for first in range(0, len(numbers), WRITTEN)
    )


def _choices(program: Program, words: Mapping[str, Iterable[str]], names: Iterable[str]) -> dict[str, Choice]:
    """Our words of these vocabularies, each in its plain form, made once for all that is asked."""
    ours: dict[str, set[str]] = {name: set(words.get(name, ())) for name in names}
    decided = Term.objects.decided().filter(program=program, vocabulary__in=ours)
    for name, word in decided.values_list("vocabulary", "word"):
        ours[name].add(word)
    return {name: Choice(some) for name, some in ours.items()}


@transaction.atomic
def _suggest(found: Mapping[int, tuple[str, int]]) -> int:
    """Write suggestions to words that nobody has decided meanwhile."""
    rows = list(Term.objects.unknown().filter(pk__in=found).order_by("pk").select_for_update())
    for row in rows:
        row.suggestion, row.likeness = found[row.pk]
    Term.objects.bulk_update(rows, ["suggestion", "likeness"])
    return len(rows)


def count_terms(*, at: datetime | None = None) -> int:
    """Count the words of conversions since the last time, as many as one turn does; return how many were read."""
    read, now = 0, at or timezone.now()
    for _turn in range(MOST_CHUNKS):
        if not (chunk := _count_chunk(now)):
            break
        read += chunk
    return read


@transaction.atomic
def _count_chunk(now: datetime) -> int:
    """The mark moves with the count, in one transaction, and never past what may still be in the making."""
    Bookmark.objects.get_or_create(name="terms")
    mark = Bookmark.objects.select_for_update().get(name="terms")
    rows = Conversion.objects.filter(pk__gt=mark.place).order_by("pk")
    seen: Counter[Key] = Counter()
    last: dict[Key, datetime] = {}
    read = 0
    for pk, program, source, words, at in rows.values_list(
        "pk", "program_id", "source", "words", "created_at"
    )[:CHUNK]:
        if at > now - SETTLED:
            break
        mark.place, read = pk, read + 1
        for key in ((program, source, name, one) for name, said in (words or {}).items() for one in said):
            seen[key] += 1
            last[key] = max(at, last.get(key, at))
    mark.save(update_fields=["place"])
    _add(seen, last)
    return read


def _add(seen: Mapping[Key, int], last: Mapping[Key, datetime]) -> None:
    """Add to the words that are listed; of all others nothing is asked, however many an order has."""
    listed: dict[int, Key] = {}
    for program, source in sorted({key[:2] for key in seen}):
        rows = Term.objects.filter(program=program, source=source)
        for pk, name, theirs in rows.values_list("pk", "vocabulary", "theirs"):
            if (key := (program, source, name, theirs)) in seen:
                listed[pk] = key
    for pk, key in sorted(listed.items()):
        at = Value(last[key], output_field=DateTimeField())
        rows = Term.objects.filter(pk=pk)
        rows.update(seen=F("seen") + seen[key], last_seen_at=Greatest("last_seen_at", at))


def place_of(name: str) -> int:
    """Return how far what goes on from turn to turn has come; 0 at the beginning."""
    return Bookmark.objects.filter(name=name).values_list("place", flat=True).first() or 0


def move_place(name: str, place: int) -> None:
    """Note how far it has come."""
    Bookmark.objects.update_or_create(name=name, defaults={"place": place})


@transaction.atomic
def set_counts(
    program: Program, source: str, vocabulary: str, counts: Mapping[str, tuple[int, datetime]]
) -> None:
    """Write how often words stand somewhere at present, and since when: where they are not told but stand."""
    rows = Term.objects.filter(program=program, source=source, vocabulary=vocabulary)
    changed = []
    for row in rows.select_for_update().order_by("pk"):
        seen, last = counts.get(row.theirs, (0, row.last_seen_at))
        if (row.seen, row.last_seen_at) != (seen, last):
            row.seen, row.last_seen_at = seen, last
            changed.append(row)
    Term.objects.bulk_update(changed, ["seen", "last_seen_at"])


def _save(row: Term, was: str, actor: User | None, at: datetime | None) -> None:
    row.save(update_fields=["word", "state", "decided_at", "decided_by", "suggestion", "likeness"])
    program = row.program
    data: dict[str, Any] = {"source": row.source, "vocabulary": row.vocabulary, "theirs": row.theirs}
    data |= {"was": was, "word": row.word}
    events.record(
        "term.decided",
        row,
        tenant=program.merchant_id,
        scope=program.pk,
        actor=actor,
        at=at,
        data=data,
    )
