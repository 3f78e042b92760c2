"""An audit of one account from its beginning to its end, and what it found."""

from datetime import datetime

from integrations import actions
from integrations.models import Audit, Connection, Finding
from integrations.states import AuditState
from tests.integrations.record_keeping import DAY, NOON

NIGHT, NEXT = NOON + DAY, NOON + 2 * DAY


def look(connection: Connection, at: datetime = NIGHT) -> Audit:
    """Ask for an audit and let it come to its end, and nothing else."""
    row = actions.ask_audit(Connection.objects.get(pk=connection.pk), at=at)
    while (row := actions.audit(row, at=at)).state == AuditState.RUNNING:
        pass
    return row


def found(connection: Connection) -> list[tuple[str, str, str]]:
    """What is wrong as far as is known: kind, field, state."""
    rows = Finding.objects.filter(connection=connection).standing().order_by("kind", "field")
    return [(row.kind, row.field, row.state) for row in rows]


def open_one(connection: Connection) -> Finding:
    """The only open finding."""
    finding: Finding = Finding.objects.open().get(connection=connection)
    return finding
