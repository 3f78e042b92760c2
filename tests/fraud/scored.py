"""Made-up tables for the tests of scores: fraud stands out in three features of eight, a little."""

from pathlib import Path

import numpy as np

from fraud.scores.table import Table, table_of

FEATURES = 8
SOURCES = ("blog", "coupon", "mail")


def made(rows: int = 400, frauds: int = 40, seed: int = 0, *, groups: int = 0, gaps: float = 0.0) -> Table:
    """So many rows, so many of them fraud; fraud lies 1.5 deviations off in a, b and c and comes from mail."""
    random = np.random.default_rng(seed)
    labels = np.zeros(rows, dtype=int)
    labels[:frauds] = 1
    numbers = random.normal(size=(rows, FEATURES))
    numbers[:frauds, :3] += 1.5
    cells = np.where(random.random(numbers.shape) < gaps, np.nan, numbers)
    source = np.where((labels == 1) & (random.random(rows) < 0.7), "mail", random.choice(SOURCES, rows))
    return table_of(
        [
            {
                name: None if np.isnan(value) else float(value)
                for name, value in zip("abcdefgh", row, strict=True)
            }
            | {"source": str(source[at])}
            for at, row in enumerate(cells)
        ],
        [int(label) for label in labels],
        [f"p{random.integers(groups)}" for _ in range(rows)] if groups else None,
    )


def write(
    path: Path, table: Table, words: tuple[str, str] = ("OK", "Fraud"), *, left_out: tuple[str, ...] = ()
) -> Path:
    """Write a table as CSV: id, its features, partner, status."""
    assert table.labels is not None
    columns = [column for column in table.columns if column not in left_out]
    lines = [",".join(["id", *columns, "partner", "status"])]
    for row in range(table.size):
        cells = ["" if cell is None else str(cell) for cell in (table.cell(row, name) for name in columns)]
        group = table.groups[row] if table.groups else f"g{row}"
        lines.append(",".join([f"r{row}", *cells, group, words[int(table.labels[row])]]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
