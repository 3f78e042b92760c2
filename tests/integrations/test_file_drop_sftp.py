"""Files over SFTP: from a host whose key a person confirmed, each taken once and left as it was."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import asyncssh
import pytest

from affiliates.models import Enrollment
from core.jobs import Misconfigured
from integrations import actions
from integrations.connectors.sftp.dial import account_of
from integrations.models import Arrival, Connection
from tests.integrations.pulled import TWO, looks, place
from tracking.models import Order

PASSWORD = "correct horse"
LATER = TWO + "S-3,2026-11-04,7.00,EUR,\n"


class Host(asyncssh.SSHServer):
    """Lets one user in, by password or key; notes what was tried."""

    key = ""

    def __init__(self, tried: list[str]) -> None:
        self.tried = tried

    def begin_auth(self, username: str) -> bool:
        self.tried.append(username)
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("reader", PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return bool(self.key)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == "reader" and key.get_fingerprint() == self.key


class SftpServer:
    """A host on loopback whose files lie in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.tried: list[str] = []
        self.loop = asyncio.new_event_loop()
        self.maker: type[asyncssh.SFTPServer] = asyncssh.SFTPServer

    def __enter__(self) -> "SftpServer":
        Thread(target=self.loop.run_forever, daemon=True).start()
        self.acceptor = asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result(10)
        self.port = self.acceptor.get_port()
        return self

    def __exit__(self, *_: object) -> None:
        async def stop() -> None:
            self.acceptor.close()
            await self.acceptor.wait_closed()

        asyncio.run_coroutine_threadsafe(stop(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)

    async def _listen(self) -> asyncssh.SSHAcceptor:
        folder = str(self.folder).encode()
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self.host_key],
            server_factory=lambda: Host(self.tried),
            sftp_factory=lambda channel: self.maker(channel, chroot=folder),
        )

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def fingerprint(self) -> str:
        return self.host_key.get_fingerprint()


@pytest.fixture
def sftp(tmp_path: Path, settings: Any) -> Iterator[SftpServer]:
    (tmp_path / "out").mkdir()
    with SftpServer(tmp_path) as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture
def far(anna: Enrollment, sftp: SftpServer) -> Connection:
    keys = {
        "host": sftp.host,
        "user": "reader",
        "password": PASSWORD,
        "folder": "out",
        "host_key": sftp.fingerprint,
    }
    return place(anna, connector="sftp", base_url="", secrets=keys)


def rekey(row: Connection, **keys: str) -> None:
    row.secrets = {**(row.secrets or {}), **keys}
    row.save(update_fields=["secrets"])


def test_file_over_sftp_is_taken_once_and_left(far: Connection, sftp: SftpServer) -> None:
    (sftp.folder / "out" / "a.csv").write_text(TWO)

    looks(far, 4)

    assert (far.last_error, Arrival.objects.count(), Order.objects.count()) == ("", 1, 2)
    assert (sftp.folder / "out" / "a.csv").exists()


@pytest.mark.parametrize(("after", "left"), [("move", ["taken/a.csv"]), ("delete", [])])
def test_taken_files_are_moved_or_deleted_if_somebody_said_so(
    far: Connection, sftp: SftpServer, after: str, left: list[str]
) -> None:
    Connection.objects.update(options={**far.options, "after": after})
    (sftp.folder / "out" / "a.csv").write_text(TWO)

    looks(far, 2)

    out = sftp.folder / "out"
    assert [str(path.relative_to(out)) for path in out.rglob("*.csv")] == left
    assert Order.objects.count() == 2


def test_broken_file_is_moved_with_its_reason_and_never_deleted(far: Connection, sftp: SftpServer) -> None:
    Connection.objects.update(options={**far.options, "after": "delete"})
    (sftp.folder / "out" / "a.csv").write_text("")
    (sftp.folder / "out" / "b.csv").write_bytes(b"x" * 5_000_001)

    looks(far, 2)

    assert sorted(Arrival.objects.values_list("name", "note")) == [
        ("a.csv", "The file is empty."),
        ("b.csv", "The file is larger than 5 MB: split it."),
    ]
    assert len(list((sftp.folder / "out").iterdir())) == 2


class SaysYes(asyncssh.SFTPServer):
    """A host that says yes to everything, and moves and deletes nothing."""

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        pass

    posix_rename = rename

    def remove(self, path: bytes) -> None:
        pass


class Loses(asyncssh.SFTPServer):
    """A host at which a file is gone after it was moved."""

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        super().remove(oldpath)

    posix_rename = rename


class WritesAnew(asyncssh.SFTPServer):
    """A host at which somebody else writes the file anew just before it is moved, once."""

    is_done = False

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        if not WritesAnew.is_done:
            WritesAnew.is_done = True
            Path(os.fsdecode(self.map_path(oldpath))).write_text(LATER)
        super().rename(oldpath, newpath)

    posix_rename = rename


@pytest.mark.parametrize(("maker", "after"), [(SaysYes, "move"), (SaysYes, "delete"), (Loses, "move")])
def test_host_that_only_says_that_it_moved_or_deleted_a_file_is_found_out(
    far: Connection, sftp: SftpServer, maker: type[asyncssh.SFTPServer], after: str
) -> None:
    sftp.maker = maker
    Connection.objects.update(options={**far.options, "after": after})
    (sftp.folder / "out" / "a.csv").write_text(TWO)

    looks(far, 2)

    words = "“a.csv” was taken, but cannot be put away; it is not taken again."
    assert (far.last_error, Order.objects.count()) == (words, 2)


def test_file_that_is_written_anew_while_it_is_moved_goes_back_and_is_read(
    far: Connection, sftp: SftpServer
) -> None:
    sftp.maker, WritesAnew.is_done = WritesAnew, False
    Connection.objects.update(options={**far.options, "after": "move"})
    (sftp.folder / "out" / "a.csv").write_text(TWO)

    looks(far, 5)

    assert (far.last_error, Arrival.objects.count(), Order.objects.count()) == ("", 2, 3)
    assert len(list((sftp.folder / "out" / "taken").iterdir())) == 1


def test_links_and_unfinished_files_over_sftp_are_left_alone(far: Connection, sftp: SftpServer) -> None:
    (sftp.folder / "secret.csv").write_text(TWO)
    (sftp.folder / "out" / "link.csv").symlink_to(sftp.folder / "secret.csv")
    (sftp.folder / "out" / "a.csv.filepart").write_text(TWO)

    looks(far, 3)

    assert (far.last_error, Arrival.objects.count()) == ("", 0)


def test_host_key_is_shown_first_and_nothing_is_told_before_it_is_confirmed(
    far: Connection, sftp: SftpServer
) -> None:
    rekey(far, host_key="")

    said = actions.test_connection(far)
    looks(far)

    assert sftp.fingerprint in said
    assert sftp.tried == []
    assert far.last_error.startswith("Nobody has confirmed the host's key yet")


def test_host_with_another_key_is_told_nothing(far: Connection, sftp: SftpServer) -> None:
    rekey(far, host_key="SHA256:" + "A" * 43)

    looks(far)

    assert far.last_error.startswith("The host shows another key than the one that was confirmed")
    assert sftp.tried == []


def test_private_key_logs_in_however_its_lines_were_lost(far: Connection, sftp: SftpServer) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    Host.key = key.get_fingerprint()
    (sftp.folder / "out" / "a.csv").write_text(TWO)
    rekey(far, password="", private_key=" ".join(key.export_private_key().decode().split("\n")))

    looks(far, 2)

    Host.key = ""
    assert (far.last_error, Order.objects.count()) == ("", 2)


def test_wrong_password_is_said(far: Connection) -> None:
    rekey(far, password="wrong")

    looks(far)

    assert far.last_error == "The host does not accept the user, password or key."


def test_folder_that_is_not_there_is_said(far: Connection) -> None:
    rekey(far, folder="nowhere")

    looks(far)

    assert far.last_error == "There is no such folder on the host."


@pytest.mark.parametrize(
    "host", ["127.0.0.1:22", "localhost", "10.0.0.7", "[::1]:22", "169.254.169.254", "db.example:5432"]
)
def test_host_inside_or_at_an_odd_port_is_not_called(
    far: Connection, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_a, **_k: pytest.fail("it was called"))
    rekey(far, host=host)

    looks(far)

    assert far.last_error


def test_host_that_does_not_answer_is_tried_again(far: Connection, sftp: SftpServer, settings: Any) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
    settings.OUTBOUND_ALLOWED_HOSTS = [*settings.OUTBOUND_ALLOWED_HOSTS, f"127.0.0.1:{port}"]
    rekey(far, host=f"127.0.0.1:{port}")
    looks(far)
    said = far.last_error
    rekey(far, host=sftp.host)
    (sftp.folder / "out" / "a.csv").write_text(TWO)

    looks(far, 2, minute=1)

    assert (said, Order.objects.count()) == ("The host does not answer.", 2)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            {"host": "h", "host_key": "MD5:aa"},
            "The fingerprint of the host key begins with SHA256: and has 43 letters more.",
        ),
        ({"host": "h:x"}, "The port is a number, as in files.example.com:2222."),
        (
            {"host": "h", "private_key": "hello"},
            "The private key begins with -----BEGIN … and ends with -----END …",
        ),
    ],
)
def test_what_was_entered_wrongly_is_said(keys: dict[str, str], words: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        account_of(keys)

    assert str(refusal.value) == words
