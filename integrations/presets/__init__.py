"""Ready mappings, one JSON file each: of the exports of other affiliate platforms and our own columns (here), and of
what systems without a connector send (`messages`)."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from integrations.connectors import inbox, rows
from integrations.mapping import Table, check_sheet, read_sheet

FOLDER = Path(__file__).parent
MESSAGES = FOLDER / "messages"


@dataclass(frozen=True, slots=True)
class Preset:
    """A platform's columns, or a system's messages: `kinds` are mappings by kind of record.

    `note` says what was verified and where; `demands` are columns that its export has only if somebody chooses them.
    """

    name: str
    title: str
    note: str
    demands: tuple[str, ...]
    kinds: dict[str, Any]


@lru_cache(maxsize=1)
def all_presets() -> dict[str, Preset]:
    """Return those of rows by name, in the order of their titles; raises BadMapping for one that is wrong."""
    return _in(FOLDER, rows.TABLES)


@lru_cache(maxsize=1)
def message_presets() -> dict[str, Preset]:
    """Return those of messages by name, in the order of their titles; raises BadMapping for one that is wrong."""
    return _in(MESSAGES, inbox.TABLES)


def _in(folder: Path, tables: tuple[Table, ...]) -> dict[str, Preset]:
    found = [_read(path, tables) for path in folder.glob("*.json")]
    return {preset.name: preset for preset in sorted(found, key=lambda one: one.title.lower())}


def _read(path: Path, tables: tuple[Table, ...]) -> Preset:
    told = json.loads(path.read_text(encoding="utf-8"))
    kinds = {}
    for table in tables:
        if table.kind in told["kinds"]:
            sheet = read_sheet({"schema": 1, **told["kinds"][table.kind]})
            check_sheet(sheet, table.names)
            kinds[table.kind] = sheet.as_json()
    return Preset(path.stem, told["title"], told["note"], tuple(told.get("demands", ())), kinds)


def mappings_of(name: str) -> dict[str, Any]:
    """Return the mappings of a preset of rows by kind; raises KeyError for one that there is not."""
    return dict(all_presets()[name].kinds)
