"""The shop's own orders: our tags on them say what fraud review came to. Of an order nothing else is touched."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _, gettext_lazy

from core.jobs import Failure, Permanent
from integrations.connectors.base import Store, telling
from integrations.connectors.body import Fields
from integrations.connectors.records import Found, Outcome, RemoteField, Row, Upserted
from integrations.connectors.shop_orders import gone, not_let, refused_rows
from integrations.connectors.shop_records import TAGS, is_number
from integrations.connectors.shopify import documents
from integrations.connectors.shopify.api import Forbidden, plain_answers
from integrations.connectors.shopify.customers import BATCH
from integrations.connectors.shopify.graph import gid_of, number_of
from integrations.connectors.shopify.scopes import PAST, TO_TAG, scopes_named
from integrations.connectors.shopify.tags import changes_of, said_tags, tags_in, write_tags
from integrations.connectors.shopify.talk import Talk

TAGS_ALONE = gettext_lazy("Of an order only “tags” are written, and not %(names)s.")


@dataclass(frozen=True, slots=True)
class Seen:
    """Number -> tags of the orders that the shop shows, and what the app may do."""

    tags: dict[str, tuple[str, ...]]
    scopes: set[str]

    def absent(self, key: str, number: str) -> Outcome:
        """Return what becomes of an order that the shop does not show: without one scope, old ones look deleted."""
        if PAST in self.scopes:
            return gone(key, number)
        words = {"number": number, "scope": PAST}
        unseen = _(
            "The shop shows no order %(number)s: it was deleted, or is older than 60 days, and for those the app needs "
            "the scope %(scope)s."
        )
        return Outcome(key, refusal=unseen % words)


def list_fields(store: Store) -> tuple[RemoteField, ...]:
    """Return the one field of an order that is ours to fill."""
    return (RemoteField(TAGS, _("Tags of ours"), "choices"),)


@plain_answers()
def fetch_records(store: Store, rows: Sequence[Row], names: Sequence[str]) -> tuple[Found, ...]:
    """Return the orders that are there with our tags on them; raises a Failure."""
    seen = _seen(Talk(store), rows)
    return tuple(
        Found(row.key, row.remote_id, {TAGS: said_tags(row.values.get(TAGS), seen.tags[row.remote_id])})
        for row in rows
        if row.remote_id in seen.tags
    )


@plain_answers()
def upsert(store: Store, rows: Sequence[Row]) -> Upserted:
    """Tag at most BATCH orders anew where tags differ; raises a Failure, with what was asked and answered."""
    if len(rows) > BATCH:
        raise Permanent(f"At most {BATCH} rows go in one call.")
    talk = Talk(store)
    try:
        seen = _seen(talk, rows)
        outcomes = refused_rows(
            rows, seen.tags, fits=lambda name: name == TAGS, only=str(TAGS_ALONE), absent=seen.absent
        )
        for row in rows:
            if row.key not in outcomes:
                outcomes[row.key] = _tag(talk, row, seen)
    except Failure as trouble:
        raise telling(trouble, talk.exchange()) from trouble
    return Upserted(tuple(outcomes[row.key] for row in rows), talk.exchange())


def _tag(talk: Talk, row: Row, seen: Seen) -> Outcome:
    if TAGS not in row.values:  # both sides agree already
        return Outcome(row.key, row.remote_id)
    add, remove = changes_of(talk, row.values.get(TAGS), seen.tags[row.remote_id])
    if (add or remove) and TO_TAG not in seen.scopes:
        return not_let(row.key, scope_missing())
    try:
        wrong = write_tags(talk, gid_of("Order", row.remote_id), add, remove)
    except Forbidden:
        return not_let(row.key, scope_missing())
    return Outcome(row.key, refusal=wrong) if wrong else Outcome(row.key, row.remote_id)


def _seen(talk: Talk, rows: Sequence[Row]) -> Seen:
    numbers = list(dict.fromkeys(row.remote_id for row in rows if is_number(row.remote_id)))
    if not numbers:
        return Seen({}, set())
    told = talk.ask(documents.ORDER_TAGS, ids=[gid_of("Order", number) for number in numbers])
    nodes = told.values.get("nodes")
    if not isinstance(nodes, list) or len(nodes) != len(numbers):
        raise Permanent(_("The shop's answer lacks “%(name)s”.") % {"name": "nodes"})
    found = [Fields(node) for node in nodes if isinstance(node, dict) and node.get("id")]
    return Seen({number_of(node.text("id", 200)): tags_in(node) for node in found}, scopes_named(told))


def scope_missing() -> str:
    """Return what somebody must do so that orders can be tagged."""
    return _(
        "The app may not tag orders: give it the scope %(scope)s. What waits for it is tried again each hour; "
        "customers are told of all the same."
    ) % {"scope": TO_TAG}
