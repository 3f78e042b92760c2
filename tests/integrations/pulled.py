"""A place of files far away whose columns are our own, and looks at it minute by minute."""

from datetime import UTC, datetime, timedelta
from typing import Any

from affiliates.models import Enrollment
from core import jobs
from core.models import Job
from integrations import actions
from integrations.models import Connection
from integrations.presets import mappings_of
from tests import makers

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TWO = "order,date,total,currency,ref\nS-1,2026-11-02 12:00,100.00,EUR,anna\nS-2,2026-11-03,49.00,EUR,\n"


def looks(row: Connection, count: int = 1, minute: int = 0) -> None:
    for number in range(minute, minute + count):
        actions.look(row, at=START + timedelta(minutes=number))
    Job.objects.exclude(task="integrations.tasks.take_order_file").delete()
    jobs.drain()
    row.refresh_from_db()


def place(anna: Enrollment, **fields: Any) -> Connection:
    options = {"taking": "at_once", **fields.pop("options", {})}
    row = makers.make_connection(anna.program, source="pulled", options=options, **fields)
    for kind, document in mappings_of("own-columns").items():
        actions.save_mapping(row, "in", kind, document)
    return row
