"""Files that cannot be taken now, or ever: none holds up the others, and none is refused for a moment's trouble."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from affiliates.models import Enrollment
from core import jobs
from core.jobs import Misconfigured
from core.models import Event, Job
from integrations import actions
from integrations.actions import arrivals
from integrations.connectors.folder import place as folders
from integrations.models import Arrival, Connection, OrderFile
from integrations.order_files import OrderFileError
from tests.integrations.pulled import START, TWO, looks, place
from tests.integrations.test_file_drop_sftp import SftpServer, far, sftp
from tests.makers import make_order_file
from tracking.models import Order

__all__ = ["far", "sftp"]  # fixtures


@pytest.fixture
def out(anna: Enrollment, tmp_path: Path, settings: Any) -> Path:
    """A watched folder on this machine."""
    settings.FILE_DROP_ROOT = str(tmp_path)
    found = tmp_path / str(anna.program_id) / "sales"
    found.mkdir(parents=True)
    return found


@pytest.fixture
def drop(anna: Enrollment, out: Path) -> Connection:
    return place(anna, connector="folder", base_url="", secrets={"folder": "sales"})


# --- files that break what reads them -----------------------------------------------------------------------
@pytest.mark.parametrize("text", ["sep=;", "sep=;\n", "\nsep=,\r\n\n"])
def test_file_that_says_only_its_separator_is_refused(drop: Connection, out: Path, text: str) -> None:
    (out / "a.csv").write_text(text)
    (out / "b.csv").write_text(TWO)

    looks(drop, 2)

    assert Arrival.objects.get(state="refused").note == "There is no row below the heads."
    assert Order.objects.count() == 2


@pytest.mark.parametrize("text", ["sep=;", "sep=;\n"])
def test_the_same_by_hand_is_a_sentence(anna: Enrollment, text: str) -> None:
    with pytest.raises(OrderFileError) as refusal:
        make_order_file(anna.program, text, source="old", preset="own-columns")

    assert str(refusal.value) == "There is no row below the heads."


def test_file_that_breaks_what_reads_it_is_no_poison(
    drop: Connection, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm = actions.confirm_file

    def break_once(file: OrderFile, **told: Any) -> OrderFile:
        if file.name == "a.csv":
            raise IndexError
        return confirm(file, **told)

    monkeypatch.setattr("integrations.actions.arrivals.confirm_file", break_once)
    (out / "a.csv").write_text(TWO.replace("S-", "T-"))
    (out / "b.csv").write_text(TWO)

    looks(drop, 2)

    refused = Arrival.objects.get(state="refused")
    assert refused.note == "It could not be taken: an error that nobody foresaw. It is logged."
    assert (refused.order_file, OrderFile.objects.get().name, Order.objects.count()) == (None, "b.csv", 2)
    assert (out / "refused" / "a.csv").exists()


# --- files that cannot be read just now ---------------------------------------------------------------------
@contextmanager
def unreadable(number: int) -> Iterator[None]:
    """Have nobody read a.csv while the block lasts."""
    before = os.open

    def open_others(path: Any, *told: Any, **named: Any) -> int:
        if path == "a.csv":
            raise OSError(number, "no")
        return before(path, *told, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("integrations.connectors.folder.place.os.open", open_others)
        yield


@pytest.mark.parametrize("number", [errno.EACCES, errno.EMFILE, errno.EIO])
def test_file_that_cannot_be_read_for_a_moment_waits_and_the_others_are_taken(
    drop: Connection, out: Path, number: int
) -> None:
    (out / "a.csv").write_text(TWO.replace("S-", "T-"))
    (out / "b.csv").write_text(TWO)
    with unreadable(number):
        looks(drop, 5)
    said, taken = drop.last_error, Order.objects.count()

    looks(drop, 1, minute=6)

    assert said == "“a.csv” waits: The file cannot be read. It is tried again."
    assert (taken, Arrival.objects.filter(state="refused").count()) == (2, 0)
    assert (drop.last_error, Order.objects.count()) == ("", 4)


def test_file_that_cannot_be_read_for_hours_is_refused(drop: Connection, out: Path) -> None:
    (out / "a.csv").write_text(TWO)
    with unreadable(errno.EACCES):
        looks(drop, 2)
        looks(drop, 1, minute=5 * 60)
        before = Arrival.objects.count()
        looks(drop, 1, minute=6 * 60 + 2)

    assert (before, Arrival.objects.get().state, Arrival.objects.get().note) == (
        0,
        "refused",
        "The file cannot be read.",
    )


# --- long looks ---------------------------------------------------------------------------------------------
def test_long_look_ends_and_is_asked_for_again(
    drop: Connection, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        (out / f"{number}.csv").write_text(TWO.replace("S-", f"{number}-"))
    actions.look(drop, at=START)
    ticks = iter([0.0, 0.0, 0.0, 61.0])  # two files are taken before a minute is over
    with monkeypatch.context() as patch:
        patch.setattr("integrations.actions.arrivals.time.monotonic", lambda: next(ticks, 61.0))
        first = actions.look(drop, at=START + timedelta(minutes=1))
    asked = Event.objects.filter(kind="arrival.asked").count()

    second = actions.look(drop, at=START + timedelta(minutes=2))

    assert (first, asked, second) == (2, 1, 2)
    assert Event.objects.filter(kind="arrival.asked").count() == 1


def test_look_that_others_wait_for_is_not_asked_for_twice(
    drop: Connection, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (out / "a.csv").write_text(TWO)
    monkeypatch.setattr(arrivals, "LOOK_SECONDS", -1.0)
    monkeypatch.setattr(jobs, "drain", lambda: 0)

    for minute in range(4):
        actions.look(drop, at=START + timedelta(minutes=minute))

    assert Job.objects.filter(task=arrivals.TASK, state="due").count() == 2


@pytest.mark.parametrize("name", ["taken", "refused", "Taken", "sales/refused", "taken/x"])
def test_folder_of_files_put_away_is_not_looked_at(name: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        folders.steps_of(name)

    assert str(refusal.value) == "Files are put away into “taken” and “refused”: name another folder."


# --- files over SFTP ----------------------------------------------------------------------------------------
class Odd(asyncssh.SFTPServer):
    """Locks a.csv, hangs up over bomb.csv, and lets nothing named stuck be moved."""

    trouble: Exception = asyncssh.SFTPFailure("sharing violation")

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if path.endswith(b"/a.csv") and Odd.trouble is not None:
            raise Odd.trouble
        if path.endswith(b"bomb.csv"):
            self.channel.get_connection().abort()
            raise asyncssh.SFTPConnectionLost("gone")
        return super().open(path, pflags, attrs)

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        if oldpath.endswith(b"stuck.csv"):
            raise asyncssh.SFTPPermissionDenied("no")
        return super().rename(oldpath, newpath)

    posix_rename = rename


@pytest.fixture
def odd(sftp: SftpServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sftp, "maker", Odd)
    return sftp.folder / "out"


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (asyncssh.SFTPFailure("sharing violation"), "The file cannot be read, or is locked."),
        (asyncssh.SFTPLockConflict("locked"), "The file cannot be read, or is locked."),
        (asyncssh.SFTPPermissionDenied("no"), "The file may not be read."),
    ],
)
def test_locked_file_over_sftp_waits_and_the_others_are_taken(
    far: Connection, odd: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception, words: str
) -> None:
    monkeypatch.setattr(Odd, "trouble", trouble)
    (odd / "a.csv").write_text(TWO.replace("S-", "T-"))
    (odd / "b.csv").write_text(TWO)
    looks(far, 3)
    said, taken = far.last_error, Order.objects.count()
    monkeypatch.setattr(Odd, "trouble", None)

    looks(far, 1, minute=4)

    assert (said, taken) == (f"“a.csv” waits: {words} It is tried again.", 2)
    assert (far.last_error, Order.objects.count()) == ("", 4)


def test_file_over_sftp_that_cannot_be_moved_is_taken_once_and_says_so(far: Connection, odd: Path) -> None:
    Connection.objects.update(options={**far.options, "after": "move"})
    (odd / "stuck.csv").write_text(TWO.replace("S-", "T-"))
    (odd / "z.csv").write_text(TWO)

    looks(far, 4)

    assert far.last_error == "“stuck.csv” was taken, but cannot be put away; it is not taken again."
    assert (Order.objects.count(), Arrival.objects.count()) == (4, 2)
    assert (odd / "taken" / "z.csv").exists()


def test_refused_file_over_sftp_that_cannot_be_moved_is_not_called_taken(far: Connection, odd: Path) -> None:
    Connection.objects.update(options={**far.options, "after": "move"})
    (odd / "stuck.csv").write_text("sep=;")

    looks(far, 3)

    assert far.last_error == "“stuck.csv” was refused, but cannot be put away; it is not read again."


def test_file_at_which_the_host_hangs_up_comes_last(far: Connection, odd: Path) -> None:
    (odd / "bomb.csv").write_text(TWO.replace("S-", "T-"))
    os.utime(odd / "bomb.csv", (1, 1))  # the oldest: it is read first
    (odd / "z.csv").write_text(TWO)

    looks(far, 5)

    assert far.last_error == "The host does not answer as it should."
    assert (Order.objects.count(), Arrival.objects.count()) == (2, 1)
