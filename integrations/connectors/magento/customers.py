"""The store's own customers: what stands in attributes that its people made, and what is written there.

Magento takes whole customers only, and resets what is left out: so each is read as it is, changed in these attributes
and written back at once. An attribute that the store does not have is left out, and the log says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Failure, Permanent
from integrations.connectors.base import Store, telling
from integrations.connectors.magento.api import Absent, search
from integrations.connectors.magento.attributes import (
    KINDS,
    Attribute,
    Unwritable,
    attributes_of,
    to_be_made,
)
from integrations.connectors.magento.log import Log
from integrations.connectors.records import Found, Outcome, Row, Upserted
from integrations.connectors.shop_records import gone, is_number, number_missing, our_tags

PREFIX = "affiliate_"
TAGS = PREFIX + "tags"
BATCH = 10  # each takes two calls


def fetch_records(store: Store, kind: str, rows: Sequence[Row], names: Sequence[str]) -> tuple[Found, ...]:
    """Return the customers that are there with what stands in these attributes; raises a Failure."""
    numbers = sorted({row.remote_id for row in rows if is_number(row.remote_id)})
    if not numbers:
        return ()
    filters = [("entity_id", "in", ",".join(numbers))]
    found, _count = search(store, "customers/search", filters, size=len(numbers))
    known = {str(one.get("id")): _values(one) for one in found if isinstance(one, dict)}
    attributes = attributes_of(store) if known else {}
    return tuple(
        Found(
            row.key,
            row.remote_id,
            {name: _value(known[row.remote_id], row, name, attributes.get(name)) for name in names},
        )
        for row in rows
        if row.remote_id in known
    )


def _value(kept: Mapping[str, str], row: Row, name: str, attribute: Attribute | None) -> Any:
    """What stands in an attribute, in our own words where it says the same."""
    text = kept.get(name, "")
    if not text or attribute is None:
        return None
    ours = row.values.get(name)
    try:
        is_same = attribute.is_same(attribute.written(_ours(name, ours)), text)
        return ours if is_same else attribute.read(text)
    except Unwritable:
        return attribute.read(text)


def _values(customer: Mapping[str, Any]) -> dict[str, str]:
    """Return code -> what is kept; Magento writes it as text, and lists of an extension are none of ours."""
    rows = customer.get("custom_attributes")
    return {
        str(row.get("attribute_code")): str(row["value"])
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and isinstance(row.get("value"), str | int)
    }


def upsert(store: Store, kind: str, rows: Sequence[Row]) -> Upserted:
    """Write what differs of at most BATCH customers; raises a Failure, with what was asked and answered."""
    if len(rows) > BATCH:
        raise Permanent(f"At most {BATCH} rows go in one call.")
    log = Log(store)
    try:
        log.begin("GET /rest/V1/attributeMetadata/customer")
        attributes = attributes_of(store)
        outcomes = tuple(_written(log, row, attributes) for row in rows)
        missing = {name for row in rows for name in row.values if name not in attributes}
        log.notes += [to_be_made(sorted(missing))] if missing else []
    except Failure as trouble:
        raise telling(trouble, log.exchange()) from trouble
    return Upserted(outcomes, log.exchange())


def _written(log: Log, row: Row, attributes: Mapping[str, Attribute]) -> Outcome:
    if not is_number(row.remote_id):
        return number_missing(row.key)
    try:
        values = {
            name: attributes[name].written(_ours(name, value))
            for name, value in row.values.items()
            if name in attributes
        }
        if odd := [name for name in values if attributes[name].form not in KINDS]:
            raise Unwritable(
                _("The attribute %(name)s is of a kind that we do not write.") % {"name": odd[0]}
            )
        return (
            _put(log, row, values, attributes)
            if values
            else Outcome(row.key, refusal=to_be_made(list(row.values)))
        )
    except Absent:
        return gone(row.key, row.remote_id)
    except (Unwritable, Permanent) as trouble:
        return Outcome(row.key, refusal=str(trouble))


def _ours(name: str, value: Any) -> Any:
    return our_tags(value)[0] if name == TAGS else value


def _put(log: Log, row: Row, values: Mapping[str, str], known: Mapping[str, Attribute]) -> Outcome:
    """Read the customer, change these attributes, write all of it; see whether the store has kept them."""
    path = f"customers/{row.remote_id}"
    customer = log.whole("GET", path)
    kept = _values(customer)
    changed = {
        name: text for name, text in values.items() if not known[name].is_same(text, kept.get(name, ""))
    }
    if not changed:
        return Outcome(row.key, row.remote_id)
    attributes = customer.get("custom_attributes")
    others = [
        one
        for one in (attributes if isinstance(attributes, list) else [])
        if not isinstance(one, dict) or one.get("attribute_code") not in changed
    ]
    customer["custom_attributes"] = [
        *others,
        *({"attribute_code": name, "value": text} for name, text in changed.items()),
    ]
    after = _values(log.whole("PUT", path, {"customer": customer}))
    if lost := [name for name, text in changed.items() if not known[name].is_same(text, after.get(name, ""))]:
        words = {"names": ", ".join(lost)}
        return Outcome(row.key, refusal=_("The store did not keep: %(names)s.") % words)
    return Outcome(row.key, row.remote_id)
