"""What a file of sales says: by columns of our own names, or by the mappings that were kept with it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from integrations.actions.mappings import current_rows
from integrations.connectors.base import Store, Unreadable
from integrations.connectors.rows import ORDER, merged, reading_of, sheet_for, sheets_of, values_of
from integrations.connectors.rows.reading import Sheets
from integrations.mapped_files import read_mapped
from integrations.models import OrderFile
from integrations.order_files import Row, Rules, Table, first_rows, order_of, read_table
from integrations.states import Direction, OrderFileState
from tracking.orders import OrderIn, RefundIn
from tracking.told import Untold

log = logging.getLogger(__name__)

Group = tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class RefundTold:
    """A refund, the number of its order, and the currency that its amount is said to be in ("": the program's)."""

    refund: RefundIn
    of: str
    currency: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The rows of a file by what they are about; `trouble` says why none of them can be understood."""

    table: Table
    rules: Rules
    firsts: Mapping[str, int]
    is_mapped: bool = False
    sheets: Sheets = field(default_factory=dict)
    trouble: str = ""

    @property
    def revises(self) -> bool:
        """Whether a row says how old its word is, so that it may correct what an earlier one said."""
        order = self.sheets.get(ORDER.kind)
        changed = order.row_of("order.changed_at") if order is not None else None
        return changed is not None and bool(changed.source or changed.expression)

    def tell(self, group: Group) -> OrderIn | RefundTold | str:
        """Return what some rows tell, or a sentence why they tell nothing; an unforeseen error is one too."""
        try:
            return self._mapped(group) if self.is_mapped else order_of(group, self.rules, self.firsts)
        except (Untold, Unreadable) as trouble:
            return str(trouble)
        except Exception:
            log.exception("rows of a file could not be read")
            return unforeseen()

    def _mapped(self, group: Group) -> OrderIn | RefundTold:
        if self.trouble:
            raise Untold(self.trouble)
        if any(row.spare for row in group):
            raise Untold(_("It has more cells than there are columns: is there a separator in a text?"))
        first = group[0]
        if first.key and self.firsts[first.key] != first.number:
            told = {"number": first.key.partition(":")[2], "row": self.firsts[first.key]}
            raise Untold(_("Number %(number)s stands in row %(row)s already.") % told)
        kind, _sheet = sheet_for(self.sheets, first.cells)
        rules = self.rules
        store = Store("", rules.source, {}, rules.currency, time_zone=str(rules.zone))
        rows = [
            (row.number, values_of(sheet_for(self.sheets, row.cells)[1], row.cells, store)) for row in group
        ]
        reading = reading_of(kind, merged(rows), store, rules.at, channel=rules.channel)
        if reading.refund is not None:
            return RefundTold(reading.refund, reading.of, reading.currency)
        if reading.order is None:
            raise Untold(reading.note)
        return reading.order


def rules_of(file: OrderFile) -> Rules:
    """Return what holds for all rows of a file."""
    program = file.program
    return Rules(file.source, file.channel, program.currency, ZoneInfo(program.time_zone), file.created_at)


def contents_of(file: OrderFile) -> Contents:
    """Read a file by what holds for it now; raises OrderFileError where it cannot be cut into rows."""
    if file.connection_id is None and not file.mappings:
        table = read_table(file.text)
        return Contents(table, rules_of(file), first_rows(table))
    sheets: Sheets = {}
    trouble = ""
    try:
        sheets = sheets_of(mappings_of(file))
    except Unreadable as wrong:
        trouble = str(wrong)
    table = read_mapped(file.text, sheets)
    return Contents(table, rules_of(file), first_rows(table), is_mapped=True, sheets=sheets, trouble=trouble)


def mappings_of(file: OrderFile) -> dict[tuple[str, str], Any]:
    """Return the mappings of a file: its own, or while nobody has said yes those of its connection as they are now."""
    if file.connection is not None and file.state == OrderFileState.UPLOADED:
        return current_rows(file.connection)
    return {(str(Direction.IN), kind): document for kind, document in file.mappings.items()}


def unforeseen() -> str:
    """Return the sentence for what nobody foresaw."""
    return _("It could not be taken: an error that nobody foresaw. It is logged.")
