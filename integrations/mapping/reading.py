"""Which fields of a record a mapping reads: to ask for them, and to see whether one of them has changed."""

from integrations.mapping.expressions import paths_of
from integrations.mapping.paths import Steps, read_path, write_path
from integrations.mapping.rows import Sheet


def fields_read(sheet: Sheet) -> dict[str, Steps]:
    """Return the paths that rows, formulas and conditions read: as texts, and where they stand in a record."""
    sources = [row.source for row in sheet.rows if row.source] + [one.source for one in sheet.when]
    paths = [read_path(source) for source in sources]
    paths += [path for row in sheet.rows if row.expression for path in paths_of(row.expression)]
    return {write_path(path): path for path in paths}
