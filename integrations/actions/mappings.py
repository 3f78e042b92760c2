"""Mappings: kept version by version, put back, handed on as JSON; and what was decided where both sides had a value."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates import roles
from core import events
from core.models import User
from integrations.connectors import CONNECTORS
from integrations.connectors.base import Mapped, Unreadable
from integrations.connectors.body import read_object
from integrations.mapping import BadMapping, Choice, Sheet, Table, check_sheet, read_sheet
from integrations.models import Connection, FieldDecision, Mapping
from integrations.states import Direction

MOST_BYTES = 200_000
SHEET = ("schema", "when", "rows")
LABELS = ("connector", "direction", "kind", "version")


def tables_of(connection: Connection) -> tuple[Table, ...]:
    """Return the kinds of records whose fields can be mapped; none where the connector has no tables."""
    connector = CONNECTORS[connection.connector]
    return connector.TABLES if isinstance(connector, Mapped) else ()


def table_of(connection: Connection, direction: str, kind: str) -> Table | None:
    """Return the fields that this kind of record has."""
    tables = tables_of(connection)
    return next((one for one in tables if (one.direction, one.kind) == (direction, kind)), None)


def current_mapping(connection: Connection, direction: str, kind: str) -> Mapping | None:
    """Return the version that holds, None where nothing is mapped yet."""
    rows = Mapping.objects.filter(connection=connection, direction=direction, kind=kind)
    newest: Mapping | None = rows.order_by("-version").first()
    return newest


def current_rows(connection: Connection) -> dict[tuple[str, str], Any]:
    """Return (direction, kind) -> the mapping that holds, as JSON."""
    newest_first = Window(RowNumber(), partition_by=["direction", "kind"], order_by=F("version").desc())
    rows = Mapping.objects.filter(connection=connection).annotate(age=newest_first).filter(age=1)
    return {(row.direction, row.kind): row.rows for row in rows}


@transaction.atomic
def save_mapping(
    connection: Connection,
    direction: str,
    kind: str,
    document: Any,
    *,
    actor: User | None = None,
    at: datetime | None = None,
) -> Mapping:
    """Keep a mapping as the next version; what says the same as the present one is that one. Raises BadMapping."""
    if actor is not None:
        roles.demand(actor, "manage_integrations", connection.program.merchant_id)
    # what cannot be read back would put every message aside: a sheet is read too
    sheet = read_sheet(document.as_json() if isinstance(document, Sheet) else document)
    _check(connection, direction, kind, sheet)
    Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
    known = Mapping.objects.filter(connection=connection, direction=direction, kind=kind)
    newest: Mapping | None = known.order_by("-version").first()
    if newest is not None and newest.rows == sheet.as_json():
        return newest
    last = known.aggregate(last=Max("version"))["last"] or 0
    mapping: Mapping = Mapping.objects.create(
        connection=connection,
        direction=direction,
        kind=kind,
        version=last + 1,
        rows=sheet.as_json(),
        created_by=actor,
        created_at=at or timezone.now(),
    )
    program = connection.program
    data = {"direction": direction, "kind": kind, "version": mapping.version}
    events.record(
        "mapping.changed",
        mapping,
        tenant=program.merchant_id,
        scope=program.pk,
        actor=actor,
        at=at,
        data=data,
    )
    return mapping


def revert_mapping(mapping: Mapping, *, actor: User | None = None, at: datetime | None = None) -> Mapping:
    """Make what an old version says hold again, as a new version."""
    return save_mapping(mapping.connection, mapping.direction, mapping.kind, mapping.rows, actor=actor, at=at)


def export_mapping(mapping: Mapping) -> dict[str, Any]:
    """Return a version as JSON that `import_mapping` takes, here or at another connection."""
    said = {
        "connector": mapping.connection.connector,
        "direction": mapping.direction,
        "kind": mapping.kind,
        "version": mapping.version,
    }
    return said | read_sheet(mapping.rows).as_json()


def import_mapping(
    connection: Connection, text: str, *, actor: User | None = None, at: datetime | None = None
) -> Mapping:
    """Keep a mapping that was exported; anything in it that is not known is refused. Raises BadMapping."""
    told = _read(text)
    if unknown := sorted(name[:40] for name in set(told) - {*SHEET, *LABELS}):
        raise BadMapping(
            {"": _("What is “%(names)s”? It is not known here.") % {"names": ", ".join(unknown)}}
        )
    direction, kind = told.get("direction"), told.get("kind")
    if not isinstance(direction, str) or not isinstance(kind, str):
        raise BadMapping({"": _("A mapping says its “direction” and its “kind”.")})
    sheet = read_sheet({name: told[name] for name in SHEET if name in told})
    return save_mapping(connection, direction, kind, sheet, actor=actor, at=at)


@transaction.atomic
def note_decision(
    connection: Connection,
    direction: str,
    object_key: str,
    field: str,
    *,
    rule: str,
    choice: Choice,
    ours: Any,
    theirs: Any,
    at: datetime | None = None,
) -> FieldDecision | None:
    """Note that a rule put a value aside; the same once more is not noted again, nor is what is worth no note."""
    if not choice.is_logged:
        return None
    Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
    values = {"direction": direction, "rule": rule, "kept": choice.kept, "ours": ours, "theirs": theirs}
    about = FieldDecision.objects.filter(connection=connection, object_key=object_key, field=field)
    last: FieldDecision | None = about.order_by("-at", "-pk").first()
    if last is not None and all(getattr(last, name) == value for name, value in values.items()):
        return last
    made: FieldDecision = FieldDecision.objects.create(
        connection=connection, object_key=object_key, field=field, at=at or timezone.now(), **values
    )
    return made


def _check(connection: Connection, direction: str, kind: str, sheet: Sheet) -> None:
    table = table_of(connection, direction, kind)
    if direction not in Direction.values or (table is None and tables_of(connection)):
        raise BadMapping({"": _("This connection has no such mapping.")})
    check_sheet(sheet, table.names if table is not None else None)


def _read(text: str) -> dict[str, Any]:
    body = text.encode(errors="replace")
    if len(body) > MOST_BYTES:
        raise BadMapping({"": _("A mapping has at most 200 kB.")})
    try:
        return read_object(body)
    except Unreadable as trouble:
        raise BadMapping({"": str(trouble)}) from None
