"""Records of ours at Salesforce: updated where they are known by our key or address, made where they are not.

Every turn begins by looking up. New ones are made by our key, which is unique there: what an answer that never came
has made is found and not made twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Failure, Permanent, Temporary
from integrations.connectors.base import Store, telling
from integrations.connectors.drafts import drafts_of, merged
from integrations.connectors.records import Found, Outcome, Row, Upserted
from integrations.connectors.salesforce.api import SHORT_WAIT, Talk
from integrations.connectors.salesforce.beginning import KEPT, begin
from integrations.connectors.salesforce.choices import CONTACT, LEAD, object_of
from integrations.connectors.salesforce.drafts import Draft, Known, draft_of
from integrations.connectors.salesforce.finding import Search, find, values_of
from integrations.connectors.salesforce.joining import join
from integrations.connectors.salesforce.names import KEY, LINK, name_in
from integrations.connectors.salesforce.values import is_same
from integrations.connectors.salesforce.writing import Input, Told, is_contact, write

BATCH = 200
TURNS = 3
OURS = "affiliate_"  # how the fields begin that only we fill


@dataclass(slots=True)
class Turn:
    """What has become of the drafts so far, by key: outcomes, and the records found; the others are pending.

    `apart` are drafts of one record that were refused together: each is tried alone. `words` is what Salesforce said of
    those that are still pending.
    """

    pending: list[Draft]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    apart: list[Draft] = field(default_factory=list)
    locked: str = ""
    words: dict[str, str] = field(default_factory=dict)

    def close(self, drafts: Sequence[Draft], number: str, *, is_new: bool = False) -> None:
        """Note that these are one record; the first of them made it."""
        for place, draft in enumerate(drafts):
            self.outcomes[draft.key] = Outcome(draft.key, number, is_new=is_new and not place)

    def refuse(self, drafts: Sequence[Draft], sentence: str) -> None:
        """Note why these were not written."""
        for draft in drafts:
            self.outcomes[draft.key] = Outcome(draft.key, refusal=sentence)
        self.apart += drafts if len(drafts) > 1 else ()


def fetch_records(store: Store, kind: str, rows: Sequence[Row], names: Sequence[str]) -> tuple[Found, ...]:
    """Return those of the rows' records that are there, at most BATCH; raises a Failure."""
    _check(rows)
    talk = Talk(store)
    drafts = [replace(draft, values={}) for draft in drafts_of(rows, draft_of)]
    try:
        found = find(talk, kind, drafts, [name for name in names if name != LINK]).found
    except Failure as trouble:
        raise telling(trouble, talk.exchange()) from trouble
    return tuple(
        Found(draft.key, found[draft.key].id, values_of(found[draft.key], names), found[draft.key].at)
        for draft in drafts
        if draft.key in found
    )


def upsert(store: Store, kind: str, rows: Sequence[Row]) -> Upserted:
    """Write rows, at most BATCH; raises a Failure, with what was asked and answered."""
    _check(rows)
    talk = Talk(store)
    drafts = drafts_of(rows, draft_of)
    turn = Turn(drafts)
    try:
        _turns(talk, kind, turn)
        for draft in turn.apart:
            alone = Turn([draft])
            _turns(talk, kind, alone)
            turn.outcomes |= alone.outcomes
            turn.known |= alone.known
        if kind == "deal":
            join(talk, drafts, turn.known, turn.outcomes)
    except Failure as trouble:
        raise telling(trouble, talk.exchange()) from trouble
    return Upserted(tuple(turn.outcomes[row.key] for row in rows), talk.exchange())


def _check(rows: Sequence[Row]) -> None:
    if len(rows) > BATCH:
        raise Permanent(f"At most {BATCH} rows go in one call.")


def _turns(talk: Talk, kind: str, turn: Turn) -> None:
    for _number in range(TURNS):
        if turn.pending:
            _take(talk, kind, turn)
    if turn.pending and turn.locked:
        raise Temporary(_("Somebody else holds a record there: %(said)s") % {"said": turn.locked}, SHORT_WAIT)
    for draft in turn.pending:
        turn.refuse([draft], turn.words.get(draft.key) or _("Salesforce did not say what became of it."))


def _take(talk: Talk, kind: str, turn: Turn) -> None:
    """Look the pending ones up, update those that are known, make the others."""
    search = find(talk, kind, turn.pending)
    turn.known |= search.found
    turn.locked = ""
    groups, inputs = _updates(turn, search)
    made, more = _creations(talk, kind, turn, search)
    told = write(talk, [*inputs, *more])
    _conclude(turn, {**groups, **made}, told, {one.trace: one for one in (*inputs, *more)})
    turn.pending = [
        replace(one, remote_id=told.again[trace], is_named=True)
        if (trace := _trace_of(one, made, told.again)) and told.again[trace]
        else one
        for one in turn.pending
        if one.key not in turn.outcomes
    ]


def _trace_of(draft: Draft, made: Mapping[str, list[Draft]], again: Mapping[str, str]) -> str:
    return next((trace for trace, group in made.items() if trace in again and draft in group), "")


def _updates(turn: Turn, search: Search) -> tuple[dict[str, list[Draft]], list[Input]]:
    """Write what differs; drafts of one record are one input, since a call may name a record once only."""
    groups: dict[str, list[Draft]] = {}
    for draft in turn.pending:
        known = search.found.get(draft.key)
        if known is None:
            continue
        if sentence := search.refusal(known.sobject, draft.values) or _stranger(draft, known):
            turn.refuse([draft], sentence)
        else:
            groups.setdefault(known.id, []).append(draft)
    inputs = []
    for number, drafts in groups.items():
        known = search.found[drafts[0].key]
        if changed := _changed(known, drafts):
            inputs.append(Input(number, known.sobject, changed, id=number))
        else:
            turn.close(drafts, number)
    return groups, inputs


def _stranger(draft: Draft, known: Known) -> str:
    """Say why a record that a rule for duplicates named is not this customer's: it is another one's of ours."""
    if not draft.is_named or known.key in ("", draft.key) or (draft.email and known.email == draft.email):
        return ""
    words = {"number": known.id, "key": known.key}
    return _("Salesforce takes this customer for record %(number)s, which is another one (%(key)s).") % words


def _changed(known: Known, drafts: Sequence[Draft]) -> dict[str, Any]:
    """Return the values that Salesforce does not have yet, by the names that they have there.

    What every record must have is never cleared, and what is filled in a record that a rule named stays.
    """
    changed: dict[str, Any] = {}
    for name, value in merged(drafts).items():
        own, theirs = name_in(known.sobject, name), known.value(name)
        is_kept = (value is None and own.lower() in KEPT) or (
            drafts[0].is_named and theirs is not None and not own.lower().startswith(OURS)
        )
        if own and not is_kept and not is_same(value, theirs):
            changed[own] = value
    return changed if known.key else {**changed, KEY: drafts[0].key}


def _creations(
    talk: Talk, kind: str, turn: Turn, search: Search
) -> tuple[dict[str, list[Draft]], list[Input]]:
    """Make the records that there are not; several drafts with one address are one person."""
    sobject = object_of(talk.store, kind)
    groups: dict[str, list[Draft]] = {}
    leaders: dict[str, str] = {}
    for draft in turn.pending:
        if draft.key in search.found:
            continue
        if sentence := search.refusal(sobject, draft.values):
            turn.refuse([draft], sentence)
            continue
        is_person = kind == "contact" and draft.email
        leader = leaders.setdefault(draft.email, draft.key) if is_person else draft.key
        groups.setdefault(leader, []).append(draft)
    inputs = [
        Input(f"new {key}", sobject, _first(talk.store, kind, sobject, group), key=key)
        for key, group in groups.items()
    ]
    return {f"new {key}": group for key, group in groups.items()}, inputs


def _first(store: Store, kind: str, sobject: str, group: Sequence[Draft]) -> dict[str, Any]:
    """Return what a new record begins with."""
    values = {
        own: value
        for name, value in merged(group).items()
        if value is not None and (own := name_in(sobject, name))
    }
    return {**begin(store, kind, sobject, group[0]), **values}


def _conclude(turn: Turn, groups: Mapping[str, list[Draft]], told: Told, inputs: Mapping[str, Input]) -> None:
    """Note what became of each group."""
    for trace, (number, is_new) in told.done.items():
        turn.close(groups[trace], number, is_new=is_new)
    for trace, sentence in told.refused.items():
        turn.refuse(groups[trace], sentence)
    for trace, number in told.again.items():
        if sentence := _in_the_way(inputs[trace], number):
            turn.refuse(groups[trace], sentence)
    turn.words |= {draft.key: told.words[trace] for trace in told.again for draft in groups[trace]}
    turn.locked = next(iter(told.locked.values()), "")


def _in_the_way(given: Input, number: str) -> str:
    """Say why a record that was named cannot be written instead of this one; "" where it can."""
    if not number or (
        not given.id and (given.sobject == LEAD or given.sobject != CONTACT or is_contact(number))
    ):
        return ""
    if given.id:
        return _("Another record, %(number)s, has this key or address: merge the two in Salesforce.") % {
            "number": number
        }
    return _(
        "Salesforce has this person as lead %(number)s already: convert it, or keep customers as leads."
    ) % {"number": number}
