"""A folder over SFTP: listed, read, and left as it was unless somebody said otherwise."""

import asyncio
import stat
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncssh
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
from integrations.connectors.sftp.dial import Account, Watch, account_of, connect, open_socket

LEAVE, MOVE, DELETE = "leave", "move", "delete"
TAKEN, REFUSED, REASONS = "taken", "refused", ".reason.txt"
STEP_SECONDS = 90.0
GONE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
LOST = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)  # the host is gone, whichever file it was
Made = TypeVar("Made")


@contextmanager
def open_place(store: Store) -> Iterator["Folder"]:
    """Log in while the block lasts; raises Misconfigured and Temporary."""
    account = account_of(store.keys)
    if not account.host_key:
        raise Misconfigured(
            _("Nobody has confirmed the host's key yet: press Test, compare it, and enter it.")
        )
    watch = Watch(account.host_key)
    with asyncio.Runner() as runner, _translated(watch):
        session = _open(runner, account, watch)
        try:
            files = runner.run(_within(session.start_sftp_client()))
            yield Folder(runner, watch, files, store)
        finally:
            session.abort()
            with suppress(Exception):
                runner.run(asyncio.wait_for(session.wait_closed(), 5))


def may_have_news(store: Store) -> bool:
    """Nobody knows before it was looked."""
    return True


def check(store: Store, delivery_url: str) -> str:
    """Show the host's key while none is confirmed; else log in and say what lies there."""
    account = account_of(store.keys)
    if not account.host_key:
        return _shown(account)
    with open_place(store) as place:
        count = len(place.files())
    return _("The folder can be read; %(count)s files wait in it.") % {"count": count}


def _shown(account: Account) -> str:
    """Ask the host for its key and hang up before anything is told to it."""
    watch = Watch("")
    with asyncio.Runner() as runner, suppress(asyncssh.HostKeyNotVerifiable), _translated(watch, keeps=True):
        _open(runner, account, watch).abort()
    told = {"kind": watch.kind, "key": watch.shown}
    return (
        _(
            "The host shows the key %(key)s (%(kind)s). Compare it with what its operator says. If it is the same, "
            "enter it under “Change keys”; until then nothing is told to the host."
        )
        % told
    )


def _open(runner: asyncio.Runner, account: Account, watch: Watch) -> asyncssh.SSHClientConnection:
    found = open_socket(account)
    try:
        return runner.run(_within(connect(account, watch, found)))
    except BaseException:
        found.close()
        raise


async def _within(work: Awaitable[Made]) -> Made:
    return await asyncio.wait_for(work, STEP_SECONDS)


@contextmanager
def _translated(watch: Watch, *, keeps: bool = False) -> Iterator[None]:
    """Turn the library's errors into ours; `keeps` lets the host's key that nobody has confirmed pass as it is."""
    try:
        yield
    except asyncssh.HostKeyNotVerifiable as wrong:
        if keeps:
            raise
        told = {"key": watch.shown}
        words = _(
            "The host shows another key than the one that was confirmed: %(key)s. Nothing was told to it."
        )
        raise Misconfigured(words % told) from wrong
    except asyncssh.PermissionDenied as wrong:
        raise Misconfigured(_("The host does not accept the user, password or key.")) from wrong
    except GONE as wrong:
        raise Misconfigured(_("There is no such folder on the host.")) from wrong
    except asyncssh.SFTPPermissionDenied as wrong:
        raise Misconfigured(_("The host does not let the user read the folder.")) from wrong
    except (asyncssh.Error, OSError, TimeoutError, EOFError) as wrong:
        raise Temporary(_gone()) from wrong


def _gone() -> str:
    return _("The host does not answer as it should.")


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder."""

    runner: asyncio.Runner
    watch: Watch
    session: asyncssh.SFTPClient
    store: Store

    def files(self) -> list[Found]:
        """Return the files that fit, oldest first; no links, and nothing that is no file."""
        found = self._run(self._list())
        return [one for _when, one in sorted(found, key=lambda pair: (pair[0], pair[1].name))]

    def fetch(self, found: Found, tag: str, most: int) -> Fetched | None:
        """Return what a file says; None for one that is gone, or changes while it is read."""
        if found.size > most:
            raise Permanent(_("The file is larger than %(size)s MB: split it.") % {"size": most // 1_000_000})
        try:
            return self._run(self._read(found, most))
        except GONE:
            return None
        except LOST as wrong:
            raise Temporary(_gone()) from wrong
        except asyncssh.SFTPPermissionDenied as wrong:
            raise FileTrouble(_("The file may not be read.")) from wrong
        except asyncssh.SFTPError as wrong:
            raise FileTrouble(_("The file cannot be read, or is locked.")) from wrong
        except (asyncssh.Error, OSError, EOFError) as wrong:
            raise Temporary(_gone()) from wrong

    def put_away(self, found: Found, reason: str) -> None:
        """Do with a file what was chosen, and look whether it is done; one that changed meanwhile stays."""
        after = self.store.options.get("after") or LEAVE
        if after == LEAVE or (after == DELETE and reason):
            return
        try:
            self._run(self._put_away(found, reason, str(after)))
        except LOST:
            raise
        except asyncssh.SFTPError as wrong:
            raise FileTrouble(_("The file cannot be moved or deleted, or is locked.")) from wrong

    def _run(self, work: Awaitable[Made]) -> Made:
        return self.runner.run(_within(work))

    def _path(self, *names: str) -> str:
        folder = str(self.store.keys.get("folder") or ".").rstrip("/") or "/"
        return "/".join((folder if folder != "/" else "", *names))

    async def _list(self) -> list[tuple[int, Found]]:
        found: list[tuple[int, Found]] = []
        number = 0
        async for entry in self.session.scandir(self._path() or "/"):
            number += 1
            if number > MOST_LISTED:
                raise Permanent(_("There are too many files in the folder."))
            name, attributes = str(entry.filename), entry.attrs
            is_file = (
                stat.S_ISREG(attributes.permissions or 0) or attributes.type == asyncssh.FILEXFER_TYPE_REGULAR
            )
            if is_file and is_finished(name) and fits(self.store.options, name):
                found.append((int(attributes.mtime or 0), Found(name, *_state(attributes))))
        return found

    async def _read(self, found: Found, most: int) -> Fetched | None:
        path = self._path(found.name)
        async with self.session.open(path, "rb") as file:
            content: Any = await file.read(most + 1)  # opened as bytes
        if (
            _state(await self.session.lstat(path)) != (found.size, found.modified)
            or len(content) != found.size
        ):
            return None
        return Fetched(bytes(content))

    async def _put_away(self, found: Found, reason: str, after: str) -> None:
        path = self._path(found.name)
        if await self._state_at(path) != (found.size, found.modified):
            return
        if after == DELETE:
            with suppress(*GONE):
                await self.session.remove(path)
            await self._assert_gone(found)
            return
        target = await self._move(found, REFUSED if reason else TAKEN)
        if target and reason:
            async with self.session.open(target + REASONS, "w") as note:
                await note.write(reason + "\n")

    async def _move(self, found: Found, kind: str) -> str:
        """Return where the file lies now; "" for one that was written anew meanwhile, which goes back to be read."""
        await self.session.makedirs(self._path(kind), exist_ok=True)
        target = await self._free_path(found.name, kind)
        await self.session.rename(self._path(found.name), target)
        await self._assert_gone(found)
        moved = await self._state_at(target)
        if moved is None:
            raise FileTrouble(_("The host says that it moved the file, but it does not lie where it should."))
        if moved[0] == found.size:  # its time may be another: some hosts move by copying
            return target
        await self.session.rename(target, await self._free_path(found.name))
        return ""

    async def _assert_gone(self, found: Found) -> None:
        if await self._state_at(self._path(found.name)) == (found.size, found.modified):
            raise FileTrouble(_("The host says that it moved or deleted the file, but it still lies there."))

    async def _state_at(self, path: str) -> tuple[int, str] | None:
        """What lies there, None for nothing."""
        try:
            return _state(await self.session.lstat(path))
        except GONE:
            return None

    async def _free_path(self, name: str, *folder: str) -> str:
        stem, dot, ending = name.rpartition(".")
        for number in range(1, 1000):
            free = (
                name
                if number == 1
                else f"{stem or ending}-{number}{dot if stem else ''}{ending if stem else ''}"
            )
            if not await self.session.lexists(self._path(*folder, free)):
                return self._path(*folder, free)
        raise Permanent(_("There are too many files of one name."))


def _state(attributes: Any) -> tuple[int, str]:
    return int(attributes.size or 0), str(attributes.mtime or "")
