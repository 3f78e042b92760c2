"""Records of ours at HubSpot: updated where they are known by our key or address, made where they are not.

Every turn begins by looking up, also when the whole is tried again after an answer that never came: what was made
meanwhile is found and not made twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from core.jobs import Failure, Permanent
from integrations.connectors.base import Store, telling
from integrations.connectors.drafts import Draft, drafts_of, merged
from integrations.connectors.hubspot.api import OBJECTS as PATH, Json, Talk
from integrations.connectors.hubspot.deals import begin, join
from integrations.connectors.hubspot.drafts import EMAIL, KEY, OBJECTS, Known, draft_of
from integrations.connectors.hubspot.finding import find
from integrations.connectors.hubspot.values import email_of, is_same
from integrations.connectors.hubspot.writing import TRACE, write
from integrations.connectors.records import Outcome, Row, Upserted

BATCH = 100
TURNS = 3  # in the last one each record goes alone, so that what HubSpot says is said of it
NAMES = (EMAIL, "firstname", "lastname")  # of which a contact must have one


@dataclass(slots=True)
class Turn:
    """What has become of the drafts so far, by key: outcomes, and the records found; the others are pending.

    `apart` are drafts of one record that were refused together: each is tried alone.
    """

    pending: list[Draft]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    apart: list[Draft] = field(default_factory=list)

    def close(self, drafts: Sequence[Draft], number: str, *, is_new: bool = False) -> None:
        """Note that these are one record; the first of them made it."""
        for place, draft in enumerate(drafts):
            self.outcomes[draft.key] = Outcome(draft.key, number, is_new=is_new and not place)

    def refuse(self, drafts: Sequence[Draft], sentence: str) -> None:
        """Note why these were not written."""
        for draft in drafts:
            self.outcomes[draft.key] = Outcome(draft.key, refusal=sentence)
        self.apart += drafts if len(drafts) > 1 else ()


def upsert(store: Store, kind: str, rows: Sequence[Row]) -> Upserted:
    """Write rows, at most BATCH; raises a Failure, with what was asked and answered."""
    if len(rows) > BATCH:
        raise Permanent(f"At most {BATCH} rows go in one call.")
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


def _turns(talk: Talk, kind: str, turn: Turn) -> None:
    for number in range(TURNS):
        if turn.pending:
            _take(talk, kind, turn, BATCH if number < TURNS - 1 else 1)
    for draft in turn.pending:
        turn.refuse([draft], _("HubSpot did not say what became of it."))


def _take(talk: Talk, kind: str, turn: Turn, size: int) -> None:
    """Look the pending ones up, update those that are known, make the others."""
    found = find(talk, kind, turn.pending)
    turn.known |= found
    _update(talk, kind, turn, found, size)
    _create(talk, kind, turn, [draft for draft in turn.pending if draft.key not in found], size)
    turn.pending = [draft for draft in turn.pending if draft.key not in turn.outcomes]


def _update(talk: Talk, kind: str, turn: Turn, found: dict[str, Known], size: int) -> None:
    """Write what differs; drafts of one record are one input, since a batch may name a record once only."""
    groups: dict[str, list[Draft]] = {}
    for draft in turn.pending:
        if draft.key in found:
            groups.setdefault(found[draft.key].id, []).append(draft)
    inputs: list[Json] = []
    for number, drafts in groups.items():
        if changed := _changed(found[drafts[0].key], drafts):
            inputs.append({"id": number, "properties": changed, TRACE: number})
        else:
            turn.close(drafts, number)
    told = write(talk, f"{PATH}/{OBJECTS[kind]}/batch/update", inputs, size)
    for number in told.done.keys() & groups.keys():
        turn.close(groups[number], number)
    for number, sentence in told.refused.items():
        turn.refuse(groups[number], sentence)
    for number, other in told.again.items():
        if other and other != number:
            turn.refuse(groups[number], _in_the_way(other))


def _changed(known: Known, drafts: Sequence[Draft]) -> dict[str, str]:
    """Return the values that HubSpot does not have yet; an address that is one of the contact's stays as it is."""
    values = merged(drafts)
    if email_of(values.get(EMAIL)) in known.emails | {""}:
        values.pop(EMAIL, None)
    changed = {name: value for name, value in values.items() if not is_same(value, known.values.get(name))}
    return changed if known.key else {**changed, KEY: drafts[0].key}


def _create(talk: Talk, kind: str, turn: Turn, drafts: Sequence[Draft], size: int) -> None:
    """Make the records that there are not; several drafts with one address are one contact."""
    groups: dict[str, list[Draft]] = {}
    leaders: dict[str, str] = {}
    for draft in drafts:
        leader = (
            leaders.setdefault(draft.email, draft.key) if kind == "contact" and draft.email else draft.key
        )
        groups.setdefault(leader, []).append(draft)
    inputs = []
    for key, group in groups.items():
        properties = {name: value for name, value in _first(talk.store, kind, group).items() if value}
        if kind == "contact" and not any(properties.get(name) for name in NAMES):
            turn.refuse(group, _("HubSpot keeps no contact without an e-mail address or a name."))
            continue
        inputs.append({"properties": {**properties, KEY: key}, TRACE: key})
    told = write(talk, f"{PATH}/{OBJECTS[kind]}/batch/create", inputs, size)
    for key in told.done.keys() & groups.keys():
        turn.close(groups[key], str(told.done[key].get("id") or ""), is_new=True)
    for key, sentence in told.refused.items():
        turn.refuse(groups[key], sentence)
    turn.pending = [replace(one, remote_id=told.again.get(one.key) or one.remote_id) for one in turn.pending]


def _first(store: Store, kind: str, group: Sequence[Draft]) -> dict[str, str]:
    """Return what a new record begins with."""
    values = merged(group)
    if kind == "deal":
        return {**begin(store), **values}
    return {**values, EMAIL: group[0].email} if group[0].email else values


def _in_the_way(other: str) -> str:
    return _("Another contact, %(number)s, has this e-mail address: merge the two in HubSpot.") % {
        "number": other
    }
