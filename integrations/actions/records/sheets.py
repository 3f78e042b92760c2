"""Which mapping of records holds."""

from integrations.connectors.base import Store
from integrations.connectors.records import KeepsRecords
from integrations.mapping import Sheet, read_sheet
from integrations.states import Direction


def sheet_of(store: Store, connector: KeepsRecords, direction: str, kind: str) -> Sheet:
    """Return the mapping that holds: the one that a person saved last, or the connector's own."""
    defaults = connector.OUT if direction == Direction.OUT else connector.IN
    saved = store.mappings.get((direction, kind))
    return read_sheet(saved if saved is not None else [dict(row) for row in defaults.get(kind, ())])
