"""Rows of the store with meta data: what of it is text, and many of them changed in one call."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Permanent
from integrations.connectors.shop_records import text_of
from integrations.connectors.woocommerce.talk import Talk


def metas_of(row: Mapping[str, Any]) -> dict[str, str]:
    """Return key -> value of a row's meta data, of what is text."""
    rows = row.get("meta_data")
    return {
        str(one.get("key")): text_of(one.get("value"))
        for one in (rows if isinstance(rows, list) else [])
        if isinstance(one, dict) and isinstance(one.get("value"), str | int | bool)
    }


def update_all(talk: Talk, what: str, updates: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Change rows in one call; return number -> the store's code, for those that it refused.

    `what` is "customers" or "orders". Raises what `api.call` raises.
    """
    answer = talk.call("POST", f"{what}/batch", {"update": list(updates)})
    try:
        said = answer.json()
    except (ValueError, RecursionError):
        said = None
    told = said.get("update") if isinstance(said, dict) else None
    if not isinstance(told, list) or len(told) != len(updates):
        raise Permanent(_("The store does not say what became of the %(what)s.") % {"what": what})
    refused = {}
    for sent, one in zip(updates, told, strict=True):
        error = one.get("error") if isinstance(one, dict) else {"code": "?"}
        if error:
            refused[str(sent["id"])] = str(error.get("code") if isinstance(error, dict) else error)[:80]
    return refused
