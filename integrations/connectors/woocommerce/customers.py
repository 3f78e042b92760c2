"""The store's own customers: what stands in their meta data under names of ours; nothing else of them is touched."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from core.jobs import Failure, Permanent
from integrations.connectors.base import Store, telling
from integrations.connectors.records import Found, Outcome, RemoteField, Row, Upserted
from integrations.connectors.shop_records import (
    gone,
    is_number,
    number_missing,
    our_tags,
    said_alike,
    text_of,
    wanted_fields,
)
from integrations.connectors.woocommerce.api import NO_SUCH_ROW
from integrations.connectors.woocommerce.batches import metas_of, update_all
from integrations.connectors.woocommerce.talk import Talk

PREFIX = "affiliate_"  # of all meta data that we write: WordPress keeps roles and sessions among it, too
TAGS = PREFIX + "tags"
NAME = re.compile(r"affiliate_[a-z0-9_]{1,60}", re.ASCII)
BATCH = 50


def list_fields(store: Store, kind: str) -> tuple[RemoteField, ...]:
    """Return the fields that work at once: a store has no list of meta data, and takes any."""
    return (*wanted_fields(PREFIX), RemoteField(TAGS, _("Tags of ours"), "choices"))


def make_fields(store: Store, kind: str, wanted: Sequence[RemoteField]) -> tuple[str, ...]:
    """Return nothing: meta data need not be made before it is written."""
    return ()


def fetch_records(store: Store, kind: str, rows: Sequence[Row], names: Sequence[str]) -> tuple[Found, ...]:
    """Return the customers that are there with what stands in these fields; raises a Failure."""
    known = _known(Talk(store), rows)
    return tuple(
        Found(row.key, row.remote_id, {name: _value(known[row.remote_id], row, name) for name in names})
        for row in rows
        if row.remote_id in known
    )


def _value(metas: Mapping[str, str], row: Row, name: str) -> Any:
    if name not in metas:
        return None
    ours = row.values.get(name)
    return ours if _text(name, ours) == metas[name] else said_alike(ours, metas[name])


def _known(talk: Talk, rows: Sequence[Row]) -> dict[str, dict[str, str]]:
    """Return number -> meta data that is text, for those customers that the store has, whatever their role."""
    numbers = sorted({row.remote_id for row in rows if is_number(row.remote_id)})
    if not numbers:
        return {}
    query = {"include": ",".join(numbers), "per_page": len(numbers), "role": "all"}
    return {str(one.get("id")): metas_of(one) for one in talk.rows(f"customers?{urlencode(query)}")}


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
    outcomes: dict[str, Outcome] = {}
    updates: list[dict[str, Any]] = []
    known = _known(talk, rows)
    for row in rows:
        if not is_number(row.remote_id):
            outcomes[row.key] = number_missing(row.key)
        elif row.remote_id not in known:
            outcomes[row.key] = gone(row.key, row.remote_id)
        elif foreign := [name for name in row.values if not NAME.fullmatch(name)]:
            outcomes[row.key] = Outcome(row.key, refusal=_not_ours(foreign))
        else:
            outcomes[row.key] = Outcome(row.key, row.remote_id)
            if changed := _changed(talk, row, known[row.remote_id]):
                updates.append({"id": int(row.remote_id), "meta_data": changed})
    refused = update_all(talk, "customers", updates) if updates else {}
    for row in rows:
        if not outcomes[row.key].refusal and (wrong := refused.get(row.remote_id)):
            is_gone = NO_SUCH_ROW.fullmatch(wrong)
            outcomes[row.key] = gone(row.key, row.remote_id) if is_gone else _refused(row.key, wrong)
    return outcomes


def _changed(talk: Talk, row: Row, metas: Mapping[str, str]) -> list[dict[str, str]]:
    if TAGS in row.values and (foreign := our_tags(row.values[TAGS])[1]):
        words = {"tags": ", ".join(foreign)[:100]}
        talk.notes.append(_("Tags that are not ours to set were left out: %(tags)s.") % words)
    texts = {name: _text(name, value) for name, value in row.values.items()}
    return [{"key": name, "value": text} for name, text in texts.items() if text != metas.get(name, "")]


def _text(name: str, value: Any) -> str:
    """Return a value as it is kept: a list as one text, since the store's plugins read nothing else."""
    return text_of(our_tags(value)[0] if name == TAGS else value)


def _refused(key: str, code: str) -> Outcome:
    return Outcome(key, refusal=_("The store refuses to change the customer (%(code)s).") % {"code": code})


def _not_ours(names: Sequence[str]) -> str:
    return _("Only fields whose names begin with affiliate_ are written, and not %(names)s.") % {
        "names": ", ".join(names)[:100]
    }
