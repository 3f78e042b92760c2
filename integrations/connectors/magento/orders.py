"""The store's own orders: what fraud review came to, as a comment in their history that buyers do not see.

Magento's API cannot change a comment or delete one, so it is made only where our newest one says something else: a
repeated message makes none. A comment carries a status, and older stores take it over as the order's own, or lose the
order's own where there is none: so it is the status that the order has at that moment.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from core.jobs import Failure, Permanent
from integrations.connectors.base import Store, telling
from integrations.connectors.magento.api import Forbidden
from integrations.connectors.magento.customers import BATCH
from integrations.connectors.magento.log import Log
from integrations.connectors.records import Found, Outcome, RemoteField, Row, Upserted
from integrations.connectors.shop_orders import (
    new_remark,
    not_let,
    refused_rows,
    said_remark,
    standing_remark,
)
from integrations.connectors.shop_records import is_number

COMMENT = "comment"
NO_STATUS_OF_STATE = (
    "not part of the order status history"  # what newer stores say of a status like PayPal Reversed
)
COMMENT_ALONE = gettext_lazy("Of an order only “comment” is written, and not %(names)s.")
Order = Mapping[str, Any]


def list_fields(store: Store) -> tuple[RemoteField, ...]:
    """Return the one field of an order that is ours to fill."""
    return (RemoteField(COMMENT, _("Comment of ours in the order’s history")),)


def fetch_records(store: Store, rows: Sequence[Row], names: Sequence[str]) -> tuple[Found, ...]:
    """Return the orders that are there with what our newest comment says; raises a Failure."""
    log = Log(store)
    known = _known(log, rows)
    return tuple(
        Found(
            row.key,
            row.remote_id,
            {COMMENT: said_remark(row.values.get(COMMENT), _standing(log, row.remote_id))},
        )
        for row in rows
        if row.remote_id in known
    )


def upsert(store: Store, rows: Sequence[Row]) -> Upserted:
    """Comment on at most BATCH orders; raises a Failure, with what was asked and answered."""
    if len(rows) > BATCH:
        raise Permanent(f"At most {BATCH} rows go in one call.")
    log = Log(store)
    try:
        outcomes = refused_rows(
            rows, _known(log, rows), fits=lambda name: name == COMMENT, only=str(COMMENT_ALONE)
        )
        for row in rows:
            if row.key not in outcomes:
                outcomes[row.key] = _comment(log, row)
    except Failure as trouble:
        raise telling(trouble, log.exchange()) from trouble
    return Upserted(tuple(outcomes[row.key] for row in rows), log.exchange())


def _comment(log: Log, row: Row) -> Outcome:
    if COMMENT not in row.values:  # both sides agree already
        return Outcome(row.key, row.remote_id)
    text = new_remark(row.values.get(COMMENT), _standing(log, row.remote_id))
    order = _known(log, [row]).get(row.remote_id) if text else None
    if order is None:
        return Outcome(row.key, row.remote_id)
    said = {
        "comment": text,
        "parent_id": int(row.remote_id),
        "is_customer_notified": 0,
        "is_visible_on_front": 0,
    }
    try:
        _post(log, row.remote_id, said, str(order.get("status") or ""))
    except Forbidden:
        return not_let(row.key, may_not_comment())
    except Permanent as trouble:
        return Outcome(row.key, refusal=str(trouble))
    return Outcome(row.key, row.remote_id)


def _post(log: Log, number: str, said: Mapping[str, Any], status: str) -> None:
    path = f"orders/{number}/comments"
    try:
        log.post(path, {"statusHistory": {**said, "status": status} if status else dict(said)})
    except Permanent as trouble:
        if not status or NO_STATUS_OF_STATE not in str(trouble):
            raise
        # a store that looks at statuses keeps the order's own where none is told
        log.post(path, {"statusHistory": dict(said)})


def _standing(log: Log, number: str) -> str:
    """Return what our newest comment says."""
    rows = log.whole("GET", f"orders/{number}/comments").get("items")
    told = [
        (one.get("entity_id"), one.get("comment"))
        for one in (rows if isinstance(rows, list) else [])
        if isinstance(one, dict)
    ]
    return standing_remark(
        (int(str(at)), text) for at, text in told if is_number(str(at)) and isinstance(text, str)
    )


def _known(log: Log, rows: Sequence[Row]) -> dict[str, Order]:
    """Return number -> order, for those that the store has: they are searched for, as a 404 may be anybody's."""
    numbers = sorted({row.remote_id for row in rows if is_number(row.remote_id)})
    if not numbers:
        return {}
    found = log.search("orders", [("entity_id", "in", ",".join(numbers))], len(numbers))
    return {str(one.get("entity_id")): one for one in found}


def may_not_comment() -> str:
    """Return what somebody must do so that orders can be commented on."""
    return _(
        "The integration may not comment on orders: in Magento > System > Integrations give it Sales > Operations > "
        "Orders > Actions > Comment, and activate it again. What waits for it is tried again each hour."
    )
