"""Rows of files and databases as samples of a mapping, and ready mappings for them: what the pages of mappings show."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Failure
from core.models import User
from integrations import actions
from integrations.actions.connections import store_of
from integrations.admin.mapping_form import in_words
from integrations.connectors import CONNECTORS, rows as row_readers
from integrations.connectors.base import Unreadable
from integrations.connectors.rows import ORDER
from integrations.mapped_files import first_records
from integrations.mapping import BadMapping
from integrations.models import Connection
from integrations.presets import Preset, all_presets, message_presets
from integrations.states import Direction

ACT = "rows"  # rows, or rows-3: the third
SHOWN, COLUMNS, LATEST = 5, 6, 10


@dataclass(slots=True)
class Rows:
    """The first rows of a source: the names of its columns, the cells, and what went wrong in asking for them."""

    records: list[dict[str, Any]] = field(default_factory=list)
    trouble: str = ""

    @property
    def heads(self) -> list[str]:
        """The columns, as far as they fit on the page."""
        return list(self.records[0])[:COLUMNS] if self.records else []

    @property
    def cells(self) -> list[list[str]]:
        """Each row as it is shown."""
        return [[in_words(record.get(head)) for head in self.heads] for record in self.records]

    def sample(self, act: str) -> str:
        """The row that was chosen, as a sample."""
        number = act.removeprefix(f"{ACT}-")
        at = int(number) - 1 if number.isdecimal() and len(number) < 4 else 0
        if not 0 <= at < len(self.records):
            return ""
        return json.dumps(self.records[at], ensure_ascii=False, indent=1)


def has_rows(row: Connection) -> bool:
    """Whether the connection reads rows, of files or of a database."""
    return getattr(CONNECTORS[row.connector], "TABLES", None) is row_readers.TABLES


def rows_of(row: Connection, kind: str = ORDER.kind) -> Rows:
    """The first rows of the newest file, or of the database's query for this kind of record.

    A database is asked, so this is done for a person only.
    """
    ask = getattr(CONNECTORS[row.connector], "first_rows", None)
    if ask is None:
        newest = row.order_files.exclude(text="").order_by("-pk").first()
        records = first_records(newest.text, SHOWN) if newest is not None else []
        return Rows(records, "" if records else _("No file has come yet."))
    try:
        return Rows(ask(store_of(row), SHOWN, kind))
    except (Failure, Unreadable) as failure:
        return Rows(trouble=str(failure))


def newest_sample(row: Connection) -> str:
    """A sample that costs no question: the first row of the newest file."""
    if not has_rows(row) or hasattr(CONNECTORS[row.connector], "first_rows"):
        return ""
    return rows_of(row).sample(ACT)


def arrivals_of(row: Connection) -> dict[str, Any]:
    """What the page of a connection shows of the files that came."""
    if not actions.opens_files(row):
        return {}
    folder = ""
    if row.connector == "folder":
        folder = f"{row.program_id}/{(row.secrets or {}).get('folder', '')}"
    newest = row.arrivals.select_related("order_file").defer("order_file__text", "order_file__outcome")
    return {"looks_for_files": True, "own_folder": folder, "arrivals": newest.order_by("-pk")[:LATEST]}


def presets_for(row: Connection) -> list[Preset]:
    """The ready mappings that fit."""
    return list(_presets(row).values())


def _presets(row: Connection) -> dict[str, Preset]:
    if row.connector == "inbox":
        return message_presets()
    return all_presets() if has_rows(row) else {}


def take_preset(row: Connection, name: str, actor: User) -> str:
    """Make a ready mapping hold, as new versions, and say so; raises BadMapping."""
    preset = _presets(row).get(name)
    if preset is None:
        raise BadMapping({"": _("There is no such mapping.")})
    for kind, document in preset.kinds.items():
        actions.save_mapping(row, Direction.IN, kind, document, actor=actor)
    said = _("The columns of “%(name)s” hold from now on. %(note)s")
    if row.connector == "inbox":
        said = _("The fields of “%(name)s” hold from now on. %(note)s")
    return said % {"name": preset.title, "note": preset.note}
