"""What of the shop's records is ours to fill: of its customers, and of its orders."""

from collections.abc import Sequence

from integrations.connectors.base import Store
from integrations.connectors.magento import attributes, customers, orders
from integrations.connectors.records import Found, RemoteField, Row, Upserted
from integrations.connectors.shop_orders import ORDER


def list_fields(store: Store, kind: str) -> tuple[RemoteField, ...]:
    """Return the fields of a kind of record that may be mapped."""
    return orders.list_fields(store) if kind == ORDER else attributes.list_fields(store, kind)


def make_fields(store: Store, kind: str, wanted: Sequence[RemoteField]) -> tuple[str, ...]:
    """Make what is missing there; return the names of those that were made. Of an order nothing need be made."""
    return () if kind == ORDER else attributes.make_fields(store, kind, wanted)


def fetch_records(store: Store, kind: str, rows: Sequence[Row], names: Sequence[str]) -> tuple[Found, ...]:
    """Return the records that are there with what stands in these fields; raises a Failure."""
    if kind == ORDER:
        return orders.fetch_records(store, rows, names)
    return customers.fetch_records(store, kind, rows, names)


def upsert(store: Store, kind: str, rows: Sequence[Row]) -> Upserted:
    """Write what differs of at most BATCH records; raises a Failure, with what was asked and answered."""
    return orders.upsert(store, rows) if kind == ORDER else customers.upsert(store, kind, rows)
