"""A folder of this machine, reached step by step from the one root: no link is followed, nothing lies above it."""

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.utils.translation import gettext as _

from core.jobs import Misconfigured, Permanent, Temporary
from integrations.connectors.base import Store
from integrations.connectors.files.choices import fits
from integrations.connectors.files.contract import (
    MOST_LISTED,
    Fetched,
    FileTrouble,
    Found,
    is_finished,
)

TAKEN, REFUSED = "taken", "refused"
STEP = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9 ._-]{0,79}", re.ASCII)
MOST_STEPS = 6
WALK = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
REASONS = ".reason.txt"


def steps_of(entered: str) -> list[str]:
    """Return the names of the folders from the program's own to the one entered; raises Misconfigured."""
    parts = PurePosixPath(entered.strip()).parts
    is_odd = any(not STEP.fullmatch(part) or part.endswith((" ", ".")) for part in parts)
    if not parts or is_odd or len(parts) > MOST_STEPS or "\\" in entered:
        shown = "".join(letter for letter in entered if letter.isprintable())[:60]
        raise Misconfigured(
            _("“%(folder)s” is no folder’s name, like sales or sales/lisbon.") % {"folder": shown}
        )
    if any(part.lower() in (TAKEN, REFUSED) for part in parts):
        raise Misconfigured(_("Files are put away into “taken” and “refused”: name another folder."))
    return list(parts)


@contextmanager
def open_place(store: Store) -> Iterator["Folder"]:
    """Open the folder; it is made if it is not there. Raises Misconfigured for one that may not be read."""
    handle = open_folder(store.folder, steps_of(str(store.keys.get("folder", ""))), makes=True)
    try:
        yield Folder(handle, store)
    finally:
        os.close(handle)


def open_folder(own: str, steps: list[str], *, makes: bool = False) -> int:
    """Return a handle of a folder below the program's own; no step of the way may be a link. Raises Misconfigured."""
    if not own:
        raise Misconfigured(
            _("This installation has no folder for files: its operator must set FILE_DROP_ROOT.")
        )
    root, _slash, mine = own.rpartition("/")
    try:
        handle = os.open(root or "/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as wrong:
        raise Misconfigured(_("The folder for files is not there, or may not be read.")) from wrong
    for step in (mine, *steps):
        try:
            if makes:
                with suppress(FileExistsError):
                    os.mkdir(step, 0o770, dir_fd=handle)
            following = os.open(step, WALK, dir_fd=handle)
        except OSError as wrong:
            words = _("“%(step)s” is no folder that may be read; links are not followed.")
            raise Misconfigured(words % {"step": "/".join((mine, *steps))}) from wrong
        finally:
            os.close(handle)
        handle = following
    return handle


def may_have_news(store: Store) -> bool:
    """Say whether anything lies there, or something is wrong that a person should read."""
    try:
        with open_place(store) as place:
            return bool(place.files())
    except (Misconfigured, Temporary, Permanent):
        return True


def check(store: Store, delivery_url: str) -> str:
    """Open the folder and say what lies there; raises Misconfigured."""
    with open_place(store) as place:
        count = len(place.files())
    where = "/".join((store.folder.rpartition("/")[2], *steps_of(str(store.keys.get("folder", "")))))
    told = {"folder": where, "count": count}
    return _("The folder %(folder)s below the root for files can be read; %(count)s files wait in it.") % told


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder."""

    handle: int
    store: Store

    def files(self) -> list[Found]:
        """Return the files that fit, oldest first; no links, and nothing that is no file."""
        found: list[tuple[int, Found]] = []
        try:
            with os.scandir(self.handle) as entries:
                for number, entry in enumerate(entries):
                    if number >= MOST_LISTED:
                        raise Permanent(_("There are too many files in the folder."))
                    if not is_finished(entry.name) or not fits(self.store.options, entry.name):
                        continue
                    with suppress(FileNotFoundError):
                        state = entry.stat(follow_symlinks=False)
                        if stat.S_ISREG(state.st_mode):
                            found.append((state.st_mtime_ns, Found(entry.name, *_state(state))))
        except OSError as wrong:
            raise Temporary(_("The folder cannot be read just now.")) from wrong
        return [one for _when, one in sorted(found, key=lambda pair: (pair[0], pair[1].name))]

    def fetch(self, found: Found, tag: str, most: int) -> Fetched | None:
        """Return what a file says; None for one that is gone, or changes while it is read."""
        if found.size > most:
            raise Permanent(_("The file is larger than %(size)s MB: split it.") % {"size": most // 1_000_000})
        try:
            handle = os.open(found.name, READ, dir_fd=self.handle)
        except FileNotFoundError:
            return None
        except OSError as wrong:
            if wrong.errno == errno.ELOOP:  # somebody has put a link in its place
                raise Permanent(_("The file may not be read.")) from wrong
            raise FileTrouble(_("The file cannot be read.")) from wrong
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Permanent(_("The file may not be read."))
            try:
                content = file.read(most + 1)
            except OSError as wrong:
                raise FileTrouble(_("The file cannot be read.")) from wrong
            state = _state(os.fstat(file.fileno()))
        if state != (found.size, found.modified) or len(content) != found.size:
            return None
        return Fetched(content)

    def put_away(self, found: Found, reason: str) -> None:
        """Move a file to the folder of those taken, or to that of those refused with the reason beside it."""
        kind = REFUSED if reason else TAKEN
        with suppress(FileExistsError):
            os.mkdir(kind, 0o770, dir_fd=self.handle)
        target = os.open(kind, WALK, dir_fd=self.handle)
        try:
            self._move(found, target, reason)
        finally:
            os.close(target)

    def _move(self, found: Found, target: int, reason: str) -> None:
        name = _free_name(found.name, target)
        with suppress(FileNotFoundError):
            if _state(os.stat(found.name, dir_fd=self.handle, follow_symlinks=False)) != (
                found.size,
                found.modified,
            ):
                return
            os.rename(found.name, name, src_dir_fd=self.handle, dst_dir_fd=target)
            if _state(os.stat(name, dir_fd=target, follow_symlinks=False)) != (found.size, found.modified):
                # it was written anew at this very moment: back to where it is looked for
                back = _free_name(found.name, self.handle)
                os.rename(name, back, src_dir_fd=target, dst_dir_fd=self.handle)
                return
        if reason:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(
                os.open(f"{name}{REASONS}", flags, 0o640, dir_fd=target), "w", encoding="utf-8"
            ) as note:
                note.write(reason + "\n")


def _state(state: os.stat_result) -> tuple[int, str]:
    return state.st_size, str(state.st_mtime_ns)


def _free_name(name: str, folder: int) -> str:
    """Return the name, or one like it that nothing in the folder has."""
    stem, dot, ending = name.rpartition(".")
    for number in range(1, 10_000):
        free = (
            name if number == 1 else f"{stem or ending}-{number}{dot if stem else ''}{ending if stem else ''}"
        )
        try:
            os.stat(free, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return free
    raise Permanent(_("There are too many files of one name."))
