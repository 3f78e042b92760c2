"""Files that lie in watched places: each is found once, becomes a file of sales, or is put aside with a reason.

A file is kept before it is put away. A worker that dies between the two finds it again, knows it by name, size and
content, and only puts it away. One that is still being written looks otherwise at the next look, and waits.
"""

import hashlib
import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core import events
from core.failpoints import failpoint
from core.jobs import Failure, Misconfigured, Permanent, Temporary
from core.models import Job, JobState
from integrations.actions.connections import connector_of, note_trouble, store_of
from integrations.actions.file_contents import unforeseen
from integrations.actions.mappings import current_rows
from integrations.actions.order_files import confirm_file, upload_file
from integrations.connectors.files.choices import AT_ONCE, TAKE
from integrations.connectors.files.contract import (
    MOST_FILES,
    Fetched,
    FileTrouble,
    Found,
    OpensFiles,
    Place,
)
from integrations.models import Arrival, Connection, OrderFile
from integrations.order_files import MAX_BYTES, OrderFileError
from integrations.states import ArrivalState, ConnectionState

log = logging.getLogger(__name__)

SETTLED = timedelta(seconds=30)  # a file that looked the same for so long is whole
PATIENCE = timedelta(hours=6)  # a file that cannot be read for so long is refused
LOOK_SECONDS = 60.0  # of one look: a job must end long before its lease does
CHANNEL = "file"
CHUNK = 400  # names in one question: SQLite takes no endless lists
TASK = "integrations.tasks.look_for_files"
MARKS = (b"\xff\xfe", b"\xfe\xff")


def opens_files(connection: Connection) -> bool:
    """Say whether the connection is a place of files."""
    return isinstance(connector_of(connection), OpensFiles)


def ask_for_files(*, at: datetime | None = None) -> int:
    """Have each place looked at that is due and may have something; return how many were asked."""
    now = at or timezone.now()
    rows = Connection.objects.filter(state=ConnectionState.ACTIVE).select_related("program").order_by("pk")
    return sum(_ask(row, now) for row in rows if _is_due(row, now))


def _is_due(connection: Connection, now: datetime) -> bool:
    connector = connector_of(connection)
    if not isinstance(connector, OpensFiles):
        return False
    looked = connection.cursor.get("looked_at")
    minutes = int(connection.options.get("every") or connector.EVERY)
    if connection.cursor.get("seen"):  # something is being written: the next minute tells
        minutes = 1
    if looked and datetime.fromisoformat(looked) + timedelta(minutes=minutes, seconds=-10) > now:
        return False
    return connector.may_have_news(store_of(connection))


@transaction.atomic
def _ask(connection: Connection, now: datetime) -> bool:
    """Have a place looked at, unless somebody is about to."""
    Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
    if _due_jobs(connection).exists():
        return False
    _record("arrival.asked", connection, at=now)
    return True


def look(connection: Connection, *, at: datetime | None = None) -> int:
    """Look for files and take them; return how many were new. No transaction: places may be far away.

    What goes wrong with the place stands on the connection, and is tried again at the next look.
    """
    row: Connection = Connection.objects.select_related("program").get(pk=connection.pk)
    connector = connector_of(row)
    if row.state != ConnectionState.ACTIVE or not isinstance(connector, OpensFiles):
        return 0
    now = at or timezone.now()
    visit = _Visit(row, now)
    try:
        with connector.open_place(store_of(row)) as place:
            count = visit.take_all(place)
    except Failure as failure:
        note_trouble(row, str(failure))
        visit.remember()
        return 0
    note_trouble(row, visit.trouble)
    visit.remember()
    if visit.is_cut_short:
        _ask_again(row)
    return count


@transaction.atomic
def _ask_again(connection: Connection) -> None:
    """Have a place looked at once more behind this look, unless another job than this look's is waiting."""
    Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
    if _due_jobs(connection).count() <= 1:
        _record("arrival.asked", connection, at=timezone.now())


def _due_jobs(connection: Connection) -> QuerySet[Job]:
    about = {"event__subject_type": connection._meta.label_lower, "event__subject_id": str(connection.pk)}
    found: QuerySet[Job] = Job.objects.filter(**about, task=TASK, state=JobState.DUE)
    return found


class _Visit:
    """One look at a place."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        self.ends_at = time.monotonic() + LOOK_SECONDS
        self.before: dict[str, Any] = dict(connection.cursor.get("seen") or {})
        self.unread_before: dict[str, Any] = dict(connection.cursor.get("unread") or {})
        self.tags: dict[str, str] = dict(connection.cursor.get("tags") or {})
        self.seen: dict[str, Any] = {}
        self.unread: dict[str, Any] = {}
        self.trouble = ""
        self.is_cut_short = False

    def take_all(self, place: Place) -> int:
        """Take each new file that is whole, and put away what is known; return how many were new.

        Files that could not be read before come last: they hold nobody up.
        """
        files = list(place.files())
        notes = self._notes(files)
        new = [found for found in files if _mark(found) not in notes]
        new.sort(key=lambda found: found.name in self.unread_before)
        count = 0
        for place_in_line, found in enumerate(new[:MOST_FILES]):
            if self._is_late():
                self._keep_in_mind(new[place_in_line:])
                return count
            count += self._take(place, found)
        self._keep_in_mind(new[MOST_FILES:])
        for found in files:
            if _mark(found) in notes and not self._is_late():
                self._put_away(place, found, notes[_mark(found)])
        return count

    def _is_late(self) -> bool:
        self.is_cut_short = self.is_cut_short or time.monotonic() > self.ends_at
        return self.is_cut_short

    def _keep_in_mind(self, files: Sequence[Found]) -> None:
        """Let what was known of files that this look did not come to stand for the next one."""
        for found in files:
            if found.name in self.before:
                self.seen[found.name] = self.before[found.name]
            if found.name in self.unread_before:
                self.unread[found.name] = self.unread_before[found.name]

    def _notes(self, files: list[Found]) -> dict[tuple[str, int, str], str]:
        """Return what is known of the files that lie there as they were when they were found: why they were refused."""
        names = [found.name for found in files if found.modified]
        notes: dict[tuple[str, int, str], str] = {}
        for start in range(0, len(names), CHUNK):
            rows = self.connection.arrivals.filter(name__in=names[start : start + CHUNK]).order_by("pk")
            for name, size, modified, note in rows.values_list("name", "size", "modified", "note"):
                notes[name, size, modified] = note
        return notes

    def _take(self, place: Place, found: Found) -> bool:
        """Take a file; one that cannot be read or put away troubles nobody but the place."""
        if not found.is_whole and not self._is_settled(found):
            if found.name in self.unread_before:
                self.unread[found.name] = self.unread_before[found.name]
            return False
        try:
            fetched = place.fetch(found, self.tags.get(found.name, ""), MAX_BYTES)
        except FileTrouble as trouble:
            if self._may_pass(found):
                told = {"name": found.name, "why": trouble}
                self.trouble = _("“%(name)s” waits: %(why)s It is tried again.") % told
                return False
            return self._refuse(place, found, str(trouble))
        except Permanent as refusal:
            return self._refuse(place, found, str(refusal))
        except Misconfigured:
            raise
        except (
            Temporary
        ):  # the place is gone; if it was this file that made it go, others come first next time
            self._may_pass(found)
            raise
        if fetched is None:
            return False
        arrival, is_new = self._keep(found, fetched)
        failpoint("arrival.after_commit")
        self._put_away(place, found, arrival.note)
        return is_new

    def _refuse(self, place: Place, found: Found, why: str) -> bool:
        arrival = _keep(self.connection, found, b"", why, self.now)
        self._put_away(place, found, arrival.note)
        return True

    def _may_pass(self, found: Found) -> bool:
        """Note that a file cannot be read just now; say whether that is so for less than some hours."""
        size, modified, since = self.unread_before.get(found.name, (None, None, ""))
        if (size, modified) != (found.size, found.modified):
            since = self.now.isoformat()
        self.unread[found.name] = (found.size, found.modified, since)
        return datetime.fromisoformat(since) + PATIENCE > self.now

    def _keep(self, found: Found, fetched: Fetched) -> tuple[Arrival, bool]:
        known = _known(self.connection, found.name, fetched.content)
        arrival = known or _keep(self.connection, found, fetched.content, "", self.now)
        if fetched.tag:
            self.tags[found.name] = fetched.tag
        return arrival, known is None

    def _is_settled(self, found: Found) -> bool:
        """Whether it looked the same before; if not, it is looked at again."""
        unread = self.unread_before.get(found.name, (None, None, ""))
        size, modified, since = self.before.get(found.name, unread)
        if (size, modified) != (found.size, found.modified):
            self.seen[found.name] = (found.size, found.modified, self.now.isoformat())
            return False
        if datetime.fromisoformat(since) + SETTLED > self.now:
            self.seen[found.name] = (size, modified, since)
            return False
        return True

    def _put_away(self, place: Place, found: Found, reason: str) -> None:
        try:
            place.put_away(found, reason)
        except (Failure, OSError) as trouble:
            log.warning("a file could not be put away: %s", trouble)
            words = _("“%(name)s” was taken, but cannot be put away; it is not taken again.")
            if reason:
                words = _("“%(name)s” was refused, but cannot be put away; it is not read again.")
            self.trouble = words % {"name": found.name}

    def remember(self) -> None:
        """Note when it was looked, what is still being written, and what could not be read."""
        cursor = {"looked_at": self.now.isoformat(), "seen": self.seen, "tags": self.tags}
        if self.unread:
            cursor["unread"] = self.unread
        Connection.objects.filter(pk=self.connection.pk).update(cursor=cursor)


def _mark(found: Found) -> tuple[str, int, str]:
    return found.name, found.size, found.modified


def _known(connection: Connection, name: str, content: bytes) -> Arrival | None:
    found: Arrival | None = connection.arrivals.filter(
        name=name[:200], size=len(content), digest=hashlib.sha256(content).hexdigest()
    ).first()
    return found


@transaction.atomic
def _keep(connection: Connection, found: Found, content: bytes, reason: str, now: datetime) -> Arrival:
    """Keep a file, and what became of it, once."""
    row: Connection = (
        Connection.objects.select_for_update(of=("self",)).select_related("program").get(pk=connection.pk)
    )
    digest = hashlib.sha256(content if not reason else f"{found.size} {found.modified}".encode()).hexdigest()
    size = found.size if reason else len(content)
    arrival, is_new = Arrival.objects.get_or_create(
        connection=row,
        name=found.name[:200],
        size=size,
        digest=digest,
        defaults={
            "modified": found.modified,
            "state": ArrivalState.REFUSED,
            "note": reason[:500],
            "found_at": now,
        },
    )
    if not is_new:
        return arrival
    if not reason:
        _hand_on(arrival, row, content, now)
    _record(f"arrival.{arrival.state}", row, at=now, name=arrival.name, note=arrival.note)
    Connection.objects.filter(pk=row.pk).update(last_received_at=now)
    failpoint("arrival.before_commit")
    return arrival


def _hand_on(arrival: Arrival, connection: Connection, content: bytes, now: datetime) -> None:
    """Make a file of sales of it, or say why it can be none; what nobody foresaw is a reason too."""
    try:
        with transaction.atomic():
            file = _upload(arrival, connection, content, now)
            arrival.state, arrival.order_file = ArrivalState.TAKEN, file
            arrival.save(update_fields=["state", "order_file"])
        return
    except OrderFileError as wrong:
        why = str(wrong)
    except (OperationalError, InterfaceError):  # not the file's fault
        raise
    except Exception:
        log.exception("a file broke what reads it")
        why = unforeseen()
    arrival.state, arrival.order_file, arrival.note = ArrivalState.REFUSED, None, why[:500]
    arrival.save(update_fields=["state", "order_file", "note"])


def _upload(arrival: Arrival, connection: Connection, content: bytes, now: datetime) -> OrderFile:
    options = connection.options
    file = upload_file(
        connection.program,
        name=arrival.name,
        source=connection.source,
        channel=options.get("channel") or CHANNEL,
        content=_utf8(content),
        connection=connection,
        at=now,
    )
    if options.get("taking") == AT_ONCE and current_rows(connection):
        confirm_file(file, skips_twins=options.get("twins") != TAKE, at=now)
    return file


def _utf8(content: bytes) -> bytes:
    """Return the content of a file in UTF-16, as old systems write it, in UTF-8; any other as it is."""
    if not content.startswith(MARKS):
        return content
    try:
        return content.decode("utf-16").encode()
    except UnicodeError:
        return content


def _record(kind: str, row: Connection, *, at: datetime, **data: str) -> None:
    program = row.program
    events.record(kind, row, tenant=program.merchant_id, scope=program.pk, at=at, data=data or None)
