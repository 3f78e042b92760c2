"""A connection by SSH: to a checked address and one host key, with no keys or settings of this machine."""

import hmac
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncssh
from django.utils.translation import gettext as _

from core import http
from core.jobs import Misconfigured, Temporary

PORTS = frozenset({22, 2222})
CONNECT_SECONDS, LOGIN_SECONDS = 10.0, 20.0
ARMOR = re.compile(r"-----BEGIN ([A-Z0-9 ]{3,40})-----(.*?)-----END \1-----", re.DOTALL)
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Account:
    """Whom we call, as whom; `host_key` is the fingerprint that a person confirmed, "" while nobody has."""

    host: str
    port: int
    user: str
    password: str
    key: asyncssh.SSHKey | None
    host_key: str


class Watch(asyncssh.SSHClient):
    """Looks at the host's key before anything secret is sent."""

    def __init__(self, confirmed: str) -> None:
        self.confirmed = confirmed
        self.shown = ""
        self.kind = ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Say whether it is the one that a person confirmed."""
        self.shown, self.kind = key.get_fingerprint(), key.get_algorithm()
        return bool(self.confirmed) and hmac.compare_digest(self.shown, self.confirmed)


def account_of(keys: Mapping[str, Any]) -> Account:
    """Read what a person entered; raises Misconfigured."""
    entered = str(keys.get("host") or "").strip().removeprefix("sftp://").rstrip("/")
    host, colon, port = entered.rpartition(":") if entered.count(":") == 1 else (entered, "", "")
    if colon and not (port.isascii() and port.isdigit()):
        raise Misconfigured(_("The port is a number, as in files.example.com:2222."))
    confirmed = str(keys.get("host_key") or "").strip().removesuffix("=")
    if confirmed and not FINGERPRINT.fullmatch(confirmed):
        raise Misconfigured(_("The fingerprint of the host key begins with SHA256: and has 43 letters more."))
    return Account(
        host if colon else entered,
        int(port[:6]) if colon else 22,
        str(keys.get("user") or ""),
        str(keys.get("password") or ""),
        _private_key(str(keys.get("private_key") or "")),
        confirmed,
    )


def _private_key(text: str) -> asyncssh.SSHKey | None:
    if not text.strip():
        return None
    found = ARMOR.search(text)
    if found is None:
        raise Misconfigured(_("The private key begins with -----BEGIN … and ends with -----END …"))
    body = "".join(found[2].split())
    lines = "\n".join(body[at : at + 70] for at in range(0, len(body), 70))
    try:
        return asyncssh.import_private_key(f"-----BEGIN {found[1]}-----\n{lines}\n-----END {found[1]}-----\n")
    except asyncssh.KeyEncryptionError:
        raise Misconfigured(_("The private key has a passphrase: enter one without.")) from None
    except asyncssh.KeyImportError:
        raise Misconfigured(_("The private key cannot be read.")) from None


def open_socket(account: Account) -> socket.socket:
    """Connect to the first checked address that answers; raises Misconfigured and Temporary."""
    ends_at = time.monotonic() + CONNECT_SECONDS
    try:
        addresses = http.checked_addresses(account.host, account.port, PORTS)
    except http.UnsafeURL as unsafe:
        raise Misconfigured(str(unsafe)) from None
    for address in addresses:
        try:
            left = max(0.1, ends_at - time.monotonic())
            found = socket.create_connection((address, account.port), timeout=left)
        except OSError:
            continue
        found.setblocking(False)
        return found
    raise Temporary(_("The host does not answer."))


async def connect(account: Account, watch: Watch, found: socket.socket) -> asyncssh.SSHClientConnection:
    """Shake hands over an open socket and log in; the host's key is looked at first. Raises what asyncssh raises."""
    return await asyncssh.connect(
        account.host,
        account.port,
        sock=found,
        config=None,
        client_factory=lambda: watch,
        known_hosts=([], [], []),
        username=account.user,
        password=account.password or None,
        client_keys=[account.key] if account.key is not None else None,
        agent_path=None,
        gss_host=None,
        host_based_auth=False,
        kbdint_auth=False,
        x509_trusted_certs=None,
        connect_timeout=CONNECT_SECONDS,
        login_timeout=LOGIN_SECONDS,
        keepalive_interval=15,
        keepalive_count_max=2,
    )
