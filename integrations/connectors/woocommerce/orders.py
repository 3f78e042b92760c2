"""The store's own orders: what fraud review came to, in meta data of ours and in private notes; nothing else changes.

A note cannot be changed, so it is made only where our newest one says something else: a repeated message makes none.
"""

import html
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _, gettext_lazy

from core.jobs import Failure, Permanent
from integrations.connectors.base import Store, telling
from integrations.connectors.records import Found, Outcome, RemoteField, Row, Upserted
from integrations.connectors.shop_orders import (
    gone,
    new_remark,
    not_let,
    refused_rows,
    remark_row,
    said_remark,
    standing_remark,
)
from integrations.connectors.shop_records import is_number, said_alike, text_of
from integrations.connectors.woocommerce.api import NO_SUCH_ROW, Forbidden, NotTaken, is_gone
from integrations.connectors.woocommerce.batches import metas_of, update_all
from integrations.connectors.woocommerce.customers import BATCH, NAME, PREFIX
from integrations.connectors.woocommerce.talk import Talk
from integrations.mapping import OURS

NOTE = "note"
FIELDS = (
    (PREFIX + "review", gettext_lazy("What fraud review came to"), "order.review"),
    (PREFIX + "code", gettext_lazy("Code of the affiliate whom it is about"), "order.review_of"),
)
OURS_ALONE = gettext_lazy(
    "Only fields whose names begin with affiliate_, and “note”, are written, and not %(names)s."
)
MAY_NOT = ("woocommerce_rest_cannot_edit", "woocommerce_rest_cannot_batch")
Metas = Mapping[str, str]


def order_rows() -> tuple[Mapping[str, Any], ...]:
    """Return the mapping that works at once."""
    rows = ({"target": name, "source": source, "conflict": OURS} for name, _label, source in FIELDS)
    return (*rows, remark_row(NOTE))


def list_fields(store: Store) -> tuple[RemoteField, ...]:
    """Return the fields that work at once; the store takes any other meta data of ours."""
    own = (RemoteField(name, str(label)) for name, label, _source in FIELDS)
    return (*own, RemoteField(NOTE, _("Private note of ours")))


def fetch_records(store: Store, rows: Sequence[Row], names: Sequence[str]) -> tuple[Found, ...]:
    """Return the orders that are there with what stands in these fields; raises a Failure."""
    talk = Talk(store)
    known = _known(talk, rows)
    return tuple(
        Found(row.key, row.remote_id, {name: _value(talk, row, name, known[row.remote_id]) for name in names})
        for row in rows
        if row.remote_id in known
    )


def _value(talk: Talk, row: Row, name: str, metas: Metas) -> Any:
    """What stands in a field, in our own words where it says the same."""
    ours = row.values.get(name)
    if name == NOTE:
        return said_remark(ours, _standing(talk, row.remote_id))
    return said_alike(ours, metas[name]) if name in metas else None


def upsert(store: Store, rows: Sequence[Row]) -> Upserted:
    """Write what differs of at most BATCH orders; raises a Failure, with what was asked and answered."""
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
    outcomes = refused_rows(rows, known, fits=_fits, only=str(OURS_ALONE))
    able = [row for row in rows if row.key not in outcomes]
    updates = [
        {"id": int(row.remote_id), "meta_data": metas}
        for row in able
        if (metas := _changed(row, known[row.remote_id]))
    ]
    try:
        refused = update_all(talk, "orders", updates) if updates else {}
    except Forbidden:
        return outcomes | {row.key: not_let(row.key, may_not_write()) for row in able}
    for row in able:
        code = refused.get(row.remote_id, "")
        outcomes[row.key] = _refused(row, code) if code else _note(talk, row)
    return outcomes


def _fits(name: str) -> bool:
    return name == NOTE or NAME.fullmatch(name) is not None


def _changed(row: Row, metas: Metas) -> list[dict[str, str]]:
    texts = {name: text_of(value) for name, value in row.values.items() if name != NOTE}
    return [{"key": name, "value": text} for name, text in texts.items() if text != metas.get(name, "")]


def _note(talk: Talk, row: Row) -> Outcome:
    """Say it in a private note, unless our newest one says so already."""
    if NOTE in row.values:
        text = new_remark(row.values[NOTE], _standing(talk, row.remote_id))
        try:
            if text and is_gone(
                talk.call("POST", f"orders/{row.remote_id}/notes", {"note": text, "customer_note": False})
            ):
                return gone(row.key, row.remote_id)
        except Forbidden:
            return not_let(row.key, may_not_write())
        except NotTaken as trouble:
            return Outcome(row.key, refusal=str(trouble))
    return Outcome(row.key, row.remote_id)


def _standing(talk: Talk, number: str) -> str:
    """Return what our newest note says."""
    notes = talk.rows(f"orders/{number}/notes?type=internal")
    told = [(note.get("id"), note.get("note")) for note in notes]
    return standing_remark(
        (number, html.unescape(text))
        for number, text in told
        if isinstance(number, int) and isinstance(text, str)
    )


def _known(talk: Talk, rows: Sequence[Row]) -> dict[str, dict[str, str]]:
    """Return number -> meta data that is text, for those orders that the store has, whatever their status."""
    numbers = sorted({row.remote_id for row in rows if is_number(row.remote_id)})
    if not numbers:
        return {}
    query = {"include": ",".join(numbers), "per_page": len(numbers), "status": "any"}
    return {str(one.get("id")): metas_of(one) for one in talk.rows(f"orders?{urlencode(query)}")}


def _refused(row: Row, code: str) -> Outcome:
    if NO_SUCH_ROW.fullmatch(code):
        return gone(row.key, row.remote_id)
    if code in MAY_NOT:
        return not_let(row.key, may_not_write())
    return Outcome(row.key, refusal=_("The store refuses to change the order (%(code)s).") % {"code": code})


def may_not_write() -> str:
    """Return what somebody must do so that orders can be written."""
    return _(
        "The API keys may not write orders: their user must be a shop manager, and the keys Read/Write. What waits for "
        "it is tried again each hour."
    )
