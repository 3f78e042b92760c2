"""The shop's own customers: what stands in our metafields and tags, and what is written there; nothing else is touched.

Metafields are set for many customers in one call, of which Shopify takes all or none: where it objects, each customer
is tried alone, so that what it says is said of that one.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Failure, Misconfigured, Permanent
from integrations.connectors.base import Store, telling
from integrations.connectors.body import Fields
from integrations.connectors.records import Found, Outcome, Row, Upserted
from integrations.connectors.shop_records import TAGS, gone, is_number, number_missing
from integrations.connectors.shopify import documents
from integrations.connectors.shopify.api import plain_answers, wrongs_of
from integrations.connectors.shopify.graph import gid_of, nodes_of, number_of
from integrations.connectors.shopify.metafields import (
    NAMESPACE,
    Unwritable,
    is_same,
    read_as,
    types_of,
    written_as,
)
from integrations.connectors.shopify.tags import changes_of, said_tags, tags_in, write_tags
from integrations.connectors.shopify.talk import Talk

BATCH = 10  # a question for more would cost more than Shopify lets one cost
AT_ONCE = 25  # metafields in one call
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """A customer as the shop has them: key -> type and text of our metafields, and all tags."""

    gid: str
    metafields: Mapping[str, tuple[str, str]]
    tags: tuple[str, ...]


@dataclass(slots=True)
class Draft:
    """What is to change of one customer."""

    key: str
    number: str
    set: list[Json] = field(default_factory=list)
    clear: list[Json] = field(default_factory=list)
    add: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)


@plain_answers()
def fetch_records(store: Store, kind: str, rows: Sequence[Row], names: Sequence[str]) -> tuple[Found, ...]:
    """Return the customers that are there with what stands in these fields; raises a Failure."""
    known = _known(Talk(store), rows)
    return tuple(
        Found(row.key, row.remote_id, {name: _value(known[row.remote_id], row, name) for name in names})
        for row in rows
        if row.remote_id in known
    )


def _value(known: Known, row: Row, name: str) -> Any:
    """What stands in a field, in our own words where it says the same."""
    if name == TAGS:
        return said_tags(row.values.get(TAGS), known.tags)
    what, text = known.metafields.get(name, ("", ""))
    if not text:
        return None
    ours = row.values.get(name)
    with suppress(Unwritable):
        if is_same(written_as(ours, what), text, what):
            return ours
    return read_as(text, what)


@plain_answers()
def upsert(store: Store, kind: str, rows: Sequence[Row]) -> Upserted:
    """Write what differs of at most BATCH customers; raises a Failure, with what was asked and answered."""
    if len(rows) > BATCH:
        raise Permanent(f"At most {BATCH} rows go in one call.")
    talk = Talk(store)
    try:
        outcomes = _write(talk, rows)
    except Failure as trouble:
        raise telling(trouble, talk.exchange()) from trouble
    return Upserted(tuple(outcomes[row.key] for row in rows), talk.exchange())


def _write(talk: Talk, rows: Sequence[Row]) -> dict[str, Outcome]:
    known = _known(talk, rows)
    is_typed = any(name != TAGS for row in rows for name in row.values)
    types = types_of(talk) if known and is_typed else {}
    outcomes: dict[str, Outcome] = {}
    drafts: list[Draft] = []
    for row in rows:
        if not is_number(row.remote_id):
            outcomes[row.key] = number_missing(row.key)
        elif row.remote_id not in known:
            outcomes[row.key] = gone(row.key, row.remote_id)
        else:
            try:
                drafts.append(_draft(talk, row, known[row.remote_id], types))
            except Unwritable as trouble:
                outcomes[row.key] = Outcome(row.key, refusal=str(trouble))
    refused = _set(talk, drafts)
    for draft in drafts:
        if draft.key not in refused and (wrong := _clear(talk, draft) or _tag(talk, draft)):
            refused[draft.key] = wrong
        outcomes[draft.key] = (
            Outcome(draft.key, refusal=refused[draft.key])
            if draft.key in refused
            else Outcome(draft.key, draft.number)
        )
    return outcomes


def _known(talk: Talk, rows: Sequence[Row]) -> dict[str, Known]:
    """Return number -> customer, for those that the shop has."""
    numbers = list(dict.fromkeys(row.remote_id for row in rows if is_number(row.remote_id)))
    if not numbers:
        return {}
    ids = [gid_of("Customer", number) for number in numbers]
    told = talk.ask(documents.CUSTOMERS, ids=ids, namespace=NAMESPACE)
    nodes = told.values.get("nodes")
    if not isinstance(nodes, list) or len(nodes) != len(ids):
        raise Permanent(_("The shop's answer lacks “%(name)s”.") % {"name": "nodes"})
    found = (_customer(Fields(node)) for node in nodes if isinstance(node, dict) and node.get("id"))
    return {number_of(customer.gid): customer for customer in found}


def _customer(node: Fields) -> Known:
    return Known(
        node.text("id", 200),
        {
            row.text("key", 64): (row.text("type", 80), str(row.values.get("value") or ""))
            for row in nodes_of(node, "metafields")
        },
        tags_in(node),
    )


def _draft(talk: Talk, row: Row, known: Known, types: Mapping[str, str]) -> Draft:
    """Return what differs; raises Unwritable for a value that does not fit."""
    draft = Draft(row.key, row.remote_id)
    for name, value in row.values.items():
        if name == TAGS:
            draft.add, draft.remove = changes_of(talk, value, known.tags)
            continue
        there, present = known.metafields.get(name, ("", ""))
        what = types.get(name) or there
        if not what:
            raise Misconfigured(_undefined(name))
        text = _written(name, value, what)
        place = {"ownerId": known.gid, "namespace": NAMESPACE, "key": name}
        if not text and present:
            draft.clear.append(place)
        elif text and not is_same(text, present, what):
            draft.set.append({**place, "type": what, "value": text})
    return draft


def _written(name: str, value: Any, what: str) -> str:
    try:
        return written_as(value, what)
    except Unwritable as trouble:
        words = {"name": name, "why": trouble}
        raise Unwritable(_("The field “%(name)s” cannot be written: %(why)s.") % words) from None


def _set(talk: Talk, drafts: Sequence[Draft]) -> dict[str, str]:
    """Set metafields, those of several customers in one call; return key -> why not, for those that were refused."""
    refused: dict[str, str] = {}
    for some in _packed([draft for draft in drafts if draft.set]):
        wrong = _set_once(talk, [one for draft in some for one in draft.set])
        if wrong and len(some) > 1:
            alone = ((draft, _set_once(talk, draft.set)) for draft in some)
            refused |= {draft.key: told for draft, told in alone if told}
        elif wrong:
            refused[some[0].key] = wrong
    return refused


def _packed(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Return as few groups as fit into calls; a customer with more metafields than one call takes is a group alone."""
    packs: list[list[Draft]] = []
    for draft in drafts:
        room = AT_ONCE - sum(len(one.set) for one in packs[-1]) if packs else 0
        if len(draft.set) <= room:
            packs[-1].append(draft)
        else:
            packs.append([draft])
    return packs


def _set_once(talk: Talk, metafields: Sequence[Json]) -> str:
    for begin in range(0, len(metafields), AT_ONCE):
        part = list(metafields[begin : begin + AT_ONCE])
        if wrong := wrongs_of(talk.ask(documents.SET_METAFIELDS, metafields=part).part("metafieldsSet")):
            return wrong
    return ""


def _clear(talk: Talk, draft: Draft) -> str:
    if not draft.clear:
        return ""
    return wrongs_of(talk.ask(documents.CLEAR_METAFIELDS, metafields=draft.clear).part("metafieldsDelete"))


def _tag(talk: Talk, draft: Draft) -> str:
    return write_tags(talk, gid_of("Customer", draft.number), draft.add, draft.remove)


def _undefined(name: str) -> str:
    return _(
        "The shop has no customer metafield “affiliate.%(name)s”: press “Make or repair webhooks”, which defines those "
        "that work at once, or define it in the shop."
    ) % {"name": name}
