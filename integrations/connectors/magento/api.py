"""Magento's REST API (/rest/V1), asked with an integration's four keys, and errors that say what to do."""

import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.translation import gettext as _

from core import http
from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.connectors.base import Store
from integrations.connectors.magento.oauth import KEYS, authorization
from integrations.connectors.pages import PAGE_BYTES, read_page

NO_SUCH = "No such entity"
Filter = tuple[str, str, str]  # field, condition, value


class Absent(Permanent):
    """The store has no such row."""


class Forbidden(Misconfigured):
    """The store refuses the keys, for one thing that was asked; for others the integration may do."""


def has_keys(store: Store) -> bool:
    """Say whether we have the address and the integration's four keys."""
    return bool(store.base_url) and all(store.keys.get(name) for name in KEYS)


def search(
    store: Store, what: str, filters: list[Filter], *, sort: tuple[str, ...] = (), size: int, page: int = 1
) -> tuple[list[Any], int]:
    """Return rows of a list that fit all filters, and how many there are in all; raises what `get` raises.

    `what` is the list's path: "orders", "creditmemos".
    """
    query: dict[str, str | int] = {}
    for number, (field, condition, value) in enumerate(filters):
        at = f"searchCriteria[filterGroups][{number}][filters][0]"
        query |= {f"{at}[field]": field, f"{at}[value]": value, f"{at}[conditionType]": condition}
    for number, field in enumerate(sort):
        at = f"searchCriteria[sortOrders][{number}]"
        query |= {f"{at}[field]": field, f"{at}[direction]": "ASC"}
    query |= {"searchCriteria[pageSize]": size, "searchCriteria[currentPage]": page}
    found = get(store, f"{what}?{urlencode(query, quote_via=quote)}")
    rows, total = found.get("items"), found.get("total_count")
    rows = [] if rows is None else rows
    if not isinstance(rows, list) or not isinstance(total, int) or isinstance(total, bool):
        raise Permanent(_("The store answers with something else than a list."))
    return rows, total


def get(store: Store, path: str) -> dict[str, Any]:
    """Ask for a JSON object; raises Temporary, Misconfigured or Permanent."""
    answer = call(store, "GET", path)
    if answer.body.lstrip()[:1] != b"{":
        raise Misconfigured(_("The store answers with a page instead of data. Check the address."))
    found: dict[str, Any] = read_page(answer.body)
    return found


def get_list(store: Store, path: str) -> list[dict[str, Any]]:
    """Ask for a JSON list of objects; raises what `get` raises."""
    answer = call(store, "GET", path)
    if answer.body.lstrip()[:1] != b"[":
        raise Misconfigured(_("The store answers with a page instead of data. Check the address."))
    return [row for row in read_page(answer.body) if isinstance(row, dict)]


def whole(store: Store, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Read or write a row as the store writes it, numbers and all; raises what `call` raises."""
    answer = call(store, method, path, body)
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Misconfigured(_("The store answers with a page instead of data. Check the address."))
    return found


def call(store: Store, method: str, path: str, body: Mapping[str, Any] | None = None) -> http.Answer:
    """Call the API with a signature; return an answer of status 200, everything else raises.

    What the store refuses is Permanent, a row that it does not have Absent.
    """
    url = f"{store.base_url.rstrip('/')}/rest/V1/{path}"
    keys = {name: str(store.keys.get(name, "")) for name in KEYS}
    signed = authorization(method, url, keys, nonce=secrets.token_hex(16), timestamp=int(time.time()))
    headers = {"Authorization": signed, "Accept": "application/json"}
    try:
        answer = http.request(method, url, headers=headers, json=body, max_bytes=PAGE_BYTES)
    except http.UnsafeURL as error:
        raise Misconfigured(str(error)) from error
    if answer.status != 200:
        raise _failure(answer)
    return answer


def _failure(answer: http.Answer) -> Failure:
    if answer.status in (401, 403):
        return Forbidden(
            _(
                "The store refuses the keys (%(why)s). In Magento > System > Integrations the integration must be "
                "active and may do this: the guide names what to tick."
            )
            % {"why": _message(answer) or answer.status}
        )
    if 300 <= answer.status < 400:
        address = answer.headers.get("location", "")[:200].partition("/rest")[0]
        return Misconfigured(
            _("The store's address leads elsewhere: enter %(address)s.") % {"address": address}
        )
    if answer.status == 404 and _message(answer).startswith(NO_SUCH):
        return Absent(_message(answer))
    if answer.status == 404:
        return Misconfigured(_("There is no Magento API at this address. Check it."))
    if answer.status in (408, 425, 429) or answer.status >= 500:
        busy = _("The store is busy or has an error (%(status)s).") % {"status": answer.status}
        return Temporary(busy, _wait(answer))
    return Permanent(
        _("The store refuses the request (%(status)s %(why)s).")
        % {"status": answer.status, "why": _message(answer)}
    )


def _message(answer: http.Answer) -> str:
    """Return what Magento says, without what it would fill in."""
    try:
        said = answer.json()
    except (ValueError, RecursionError):
        return ""
    text = said.get("message") if isinstance(said, dict) else None
    return "".join(letter for letter in text if letter.isprintable())[:120] if isinstance(text, str) else ""


def _wait(answer: http.Answer) -> float | None:
    """Return the seconds that the store asks us to wait, at most an hour; a date is not read."""
    text = answer.headers.get("retry-after", "")
    return min(float(text), 3600.0) if text.isascii() and text.isdigit() and len(text) < 9 else None
