"""The store's REST API, wc/v3: what only it knows, and errors that say what to do."""

import re
from typing import Any

from django.utils.translation import gettext as _

from core import http
from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.connectors.base import Store, Unreadable
from integrations.connectors.body import Fields, read_object
from integrations.connectors.waits import asked_wait
from integrations.connectors.woocommerce.parse import order_in
from tracking.orders import OrderIn, RefundLineIn

NO_SUCH_ROW = re.compile(r"woocommerce_rest_\w*invalid\w*_id")


class NotTaken(Permanent):
    """The store refuses what was sent; `code` is WooCommerce's name for the reason."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Forbidden(Misconfigured):
    """The store refuses the keys, for one thing that was asked; for others they may do."""


def has_keys(store: Store) -> bool:
    """Say whether the owner gave us an address and the API's keys."""
    return bool(store.base_url and store.keys.get("consumer_key") and store.keys.get("consumer_secret"))


def fetch_order(store: Store, order: str) -> OrderIn | None:
    """Return the order as it is now; None when the store has deleted it for good.

    Raises what `call` raises, and Unreadable for an order that cannot be taken.
    """
    answer = call(store, "GET", f"orders/{order}")
    return None if is_gone(answer) else order_in(Fields(read_object(answer.body)), store.source)


def fetch_refund_lines(
    store: Store, order: str, refund: str, currency: str
) -> tuple[RefundLineIn, ...] | None:
    """Return the refund's lines, net; None if it has none or is deleted, () if only shipping or fees went back."""
    answer = call(store, "GET", f"orders/{order}/refunds/{refund}")
    if is_gone(answer):
        return None
    try:
        return _refund_lines(Fields(read_object(answer.body)), currency)
    except Unreadable as error:
        raise Permanent(str(error)) from error


def _refund_lines(refund: Fields, currency: str) -> tuple[RefundLineIn, ...] | None:
    rows = refund.rows("line_items")
    if not rows:
        return () if refund.rows("shipping_lines") or refund.rows("fee_lines") else None
    lines = [_refund_line(row, currency) for row in rows]
    return tuple(lines) if all(line.external_id for line in lines) else None


def _refund_line(row: Fields, currency: str) -> RefundLineIn:
    """Return one line: it has an id of its own, and names the line of the order in its meta data."""
    named = [meta for meta in row.rows("meta_data") if meta.values.get("key") == "_refunded_item_id"]
    quantity = row.text("quantity", 12).removeprefix("-")
    return RefundLineIn(
        external_id=named[0].text("value", 60) if named else "",
        quantity=int(quantity) if quantity.isascii() and quantity.isdigit() else 0,
        net=abs(row.amount("total", currency, negative=True)),
    )


def call(store: Store, method: str, path: str, json: Any = None, max_bytes: int = 1_000_000) -> http.Answer:
    """Ask wc/v3 and return its answer: of status 2xx, or one that `is_gone`; everything else raises."""
    url = f"{store.base_url.rstrip('/')}/wp-json/wc/v3/{path}"
    auth = (str(store.keys.get("consumer_key", "")), str(store.keys.get("consumer_secret", "")))
    try:
        answer = http.request(method, url, json=json, auth=auth, max_bytes=max_bytes)
    except http.UnsafeURL as error:
        raise Misconfigured(str(error)) from error
    if is_gone(answer):
        return answer
    if not 200 <= answer.status < 300:
        raise _failure(answer)
    if answer.body.lstrip()[:1] not in (b"{", b"["):
        raise Misconfigured(_("The store answers with a page instead of data. Check the address."))
    return answer


def is_gone(answer: http.Answer) -> bool:
    """Say whether WooCommerce itself says that the row is deleted; a mere 404 may be anybody's."""
    return answer.status == 404 and NO_SUCH_ROW.fullmatch(_code(answer)) is not None


def _code(answer: http.Answer) -> str:
    try:
        return Fields(read_object(answer.body)).text("code", 80)
    except Unreadable:
        return ""


def _failure(answer: http.Answer) -> Failure:
    if answer.status in (401, 403):
        return Forbidden(
            _(
                "The store refuses the API keys (%(code)s). Make new ones in WooCommerce > Settings > Advanced "
                "> REST API, with read and write access."
            )
            % {"code": _code(answer) or answer.status}
        )
    if 300 <= answer.status < 400:
        return Misconfigured(
            _("The store's address leads elsewhere: enter %(address)s.")
            % {"address": answer.headers.get("location", "")[:200].partition("/wp-json")[0]}
        )
    if answer.status == 404:
        return Misconfigured(
            _(
                "There is no WooCommerce API at this address. Check it, and in WordPress choose any setting "
                "but “Plain” in Settings > Permalinks."
            )
        )
    if answer.status in (408, 425, 429) or answer.status >= 500:
        return Temporary(
            _("The store is busy or has an error (%(status)s).") % {"status": answer.status},
            asked_wait(answer),
        )
    code = _code(answer)
    return NotTaken(
        _("The store refuses the request (%(status)s %(code)s).") % {"status": answer.status, "code": code},
        code,
    )
