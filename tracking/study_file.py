"""A model comparison as a CSV file, line by line; texts that a spreadsheet would run are made plain."""

import csv
from collections.abc import Iterator

from django.utils.translation import gettext as _

from core.csv_cells import MARK, Line, plain
from core.money import Money
from tracking.attribution.sharing import LEARNED
from tracking.study_page import Comparison


def study_csv(found: Comparison) -> Iterator[str]:
    """Yield a head and a line for each affiliate: orders and value under every model, value in major units."""
    writer = csv.writer(Line())
    yield MARK + writer.writerow(map(plain, _head(found)))
    for row in found.rows:
        yield writer.writerow(
            [plain(row.name), plain(row.code), found.result["currency"], *_cells(found, row.enrollment)]
        )


def _head(found: Comparison) -> list[str]:
    head = [_("affiliate"), _("code"), _("currency")]
    for name, label in found.names.items():
        words = [_("%(model)s: orders"), _("%(model)s: value")]
        if name in LEARNED:
            words += [_("%(model)s: orders at least"), _("%(model)s: orders at most")]
        head += [each % {"model": label} for each in words]
    return head


def _cells(found: Comparison, number: int) -> Iterator[str]:
    for name in found.names:
        row = found.models[name].get(str(number), {})
        yield f"{row.get('conversions', 0):.4f}"
        yield f"{Money(round(row.get('value', 0)), found.result['currency']).decimal:f}"
        if name in LEARNED:
            yield f"{row.get('low', 0):.4f}"
            yield f"{row.get('high', 0):.4f}"
