"""Ready mappings for the exports of other affiliate platforms, and for our own columns: one JSON file each."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from integrations.connectors.rows import TABLES
from integrations.mapping import check_sheet, read_sheet

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Preset:
    """A platform's columns: `kinds` are mappings by kind of record, `note` says which columns were verified and where.

    `demands` are columns that its export has only if somebody chooses them.
    """

    name: str
    title: str
    note: str
    demands: tuple[str, ...]
    kinds: dict[str, Any]


@lru_cache(maxsize=1)
def all_presets() -> dict[str, Preset]:
    """Return the presets by name, in the order of their titles; raises BadMapping for one that is wrong."""
    found = [_read(path) for path in FOLDER.glob("*.json")]
    return {preset.name: preset for preset in sorted(found, key=lambda one: one.title.lower())}


def _read(path: Path) -> Preset:
    told = json.loads(path.read_text(encoding="utf-8"))
    kinds = {}
    for table in TABLES:
        if table.kind in told["kinds"]:
            sheet = read_sheet({"schema": 1, **told["kinds"][table.kind]})
            check_sheet(sheet, table.names)
            kinds[table.kind] = sheet.as_json()
    return Preset(path.stem, told["title"], told["note"], tuple(told.get("demands", ())), kinds)


def mappings_of(name: str) -> dict[str, Any]:
    """Return the mappings of a preset by kind; raises KeyError for one that there is not."""
    return dict(all_presets()[name].kinds)
