"""Connecting: nothing is made at the store; its keys are tried."""

from django.utils.translation import gettext as _

from integrations.connectors.base import Store
from integrations.connectors.magento.api import has_keys, search
from integrations.connectors.magento.attributes import attributes_of, to_be_made
from integrations.connectors.magento.customers import PREFIX, TAGS
from integrations.connectors.shop_options import tells_customers
from integrations.connectors.shop_records import wanted_fields


def register(store: Store, delivery_url: str) -> list[str]:
    """Say that there is nothing to make here: Magento has no webhooks, and its API cannot make attributes."""
    said = [
        _("Magento sends no news by itself: it is asked every minute, and nothing is to be set up there.")
    ]
    missing = _missing(store)
    return [*said, to_be_made(missing)] if missing else said


def _missing(store: Store) -> list[str]:
    """Return the attributes that the customers lack, where they are told of."""
    if not has_keys(store) or not tells_customers(store.options):
        return []
    known = attributes_of(store)
    return [name for name in (*(one.name for one in wanted_fields(PREFIX)), TAGS) if name not in known]


def check(store: Store, delivery_url: str) -> str:
    """Try the address and the keys by reading one order and one credit memo; return a sentence."""
    if not has_keys(store):
        return _("Still needed: the address and all four keys of the integration.")
    _rows, orders = search(store, "orders", [], size=1)
    search(store, "creditmemos", [], size=1)
    if missing := _missing(store):
        return _("The store answers.") + " " + to_be_made(missing)
    return _("The store answers, and the keys may read its %(count)s orders and its credit memos.") % {
        "count": orders
    }
