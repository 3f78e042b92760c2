"""The rows that could not be taken, as a CSV to correct and upload again; no cell of it runs in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.utils.translation import gettext as _

from core.csv_cells import MARK, Line, plain
from integrations.order_files import Table


def refused_csv(table: Table, refused: Iterable[tuple[Sequence[int], str]]) -> Iterator[str]:
    """Yield the heads and each refused row as it came, with its number and the reason before it."""
    writer = csv.writer(Line())
    rows = {row.number: row.raw for group in table.groups for row in group}
    yield MARK + writer.writerow([_("row"), _("reason"), *map(plain, table.heads)])
    for numbers, reason in refused:
        for number in numbers:
            yield writer.writerow([str(number), plain(reason), *map(plain, rows.get(number, ()))])
