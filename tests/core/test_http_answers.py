"""Outgoing calls bring a whole answer or a clear error in time, whatever the other side does."""

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from core.http import Answer, TooLarge, Unreachable, request, wire

Talk = Callable[[socket.socket, bytes], None]


def hear(connection: socket.socket) -> bytes:
    """Read a head and its body, unless the body is a large one."""
    heard = b""
    while b"\r\n\r\n" not in heard and (piece := connection.recv(65_536)):
        heard += piece
    head, _, body = heard.partition(b"\r\n\r\n")
    size = next(
        (int(line[16:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"), 0
    )
    while len(body) < size < 65_536 and (piece := connection.recv(65_536)):
        body += piece
    return head + b"\r\n\r\n" + body


class Peer:
    """A server on loopback that reads one request a connection and then talks as the test says."""

    def __init__(self, talk: Talk, context: ssl.SSLContext | None = None) -> None:
        self.talk = talk
        self.context = context
        self.heard: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with closing(connection), suppress(OSError):
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with closing(connection):
                self.heard.append(hear(connection))
                self.talk(connection, self.heard[-1])


@pytest.fixture
def serve(settings: Settings) -> Iterator[Callable[..., Peer]]:
    peers: list[Peer] = []

    def start(talk: Talk, context: ssl.SSLContext | None = None) -> Peer:
        peers.append(Peer(talk, context))
        settings.OUTBOUND_ALLOWED_HOSTS = [f"{host}:{peers[-1].port}" for host in ("127.0.0.1", "localhost")]
        return peers[-1]

    yield start
    for peer in peers:
        peer.listener.close()


def says(status: str, body: bytes = b"", *headers: str) -> Talk:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return lambda connection, _: connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)


def ask(peer: Peer, method: str = "GET", **options: Any) -> Answer:
    return request(method, f"http://127.0.0.1:{peer.port}/path?q=1", **options)


def test_answer_has_status_headers_and_body(serve: Callable[..., Peer]) -> None:
    answer = ask(serve(says("201 Created", b'{"id": 7}', "X-Request-Id: abc")))

    assert (answer.status, answer.body, answer.json()) == (201, b'{"id": 7}', {"id": 7})
    assert answer.headers["x-request-id"] == "abc"


def test_request_carries_host_headers_json_and_credentials(serve: Callable[..., Peer]) -> None:
    peer = serve(says("200 OK"))

    request("POST", f"http://localhost:{peer.port}/in", headers={"X-Key": "k"}, json=[1], auth=("ann", "pw"))
    head, _, body = peer.heard[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert (lines[0], body) == ("POST /in HTTP/1.1", b"[1]")
    wanted = {f"Host: localhost:{peer.port}", "X-Key: k", "Authorization: Basic YW5uOnB3"}
    assert wanted - set(lines) == set()


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent"])
def test_redirect_is_answered_not_followed(status: str, serve: Callable[..., Peer]) -> None:
    peer = serve(says(status, b"", "Location: http://169.254.169.254/"))

    answer = ask(peer)
    assert (answer.status, answer.headers["location"]) == (int(status[:3]), "http://169.254.169.254/")
    assert len(peer.heard) == 1


@pytest.mark.parametrize("status", ["404 Not Found", "429 Too Many", "500 Broken"])
def test_no_status_raises(status: str, serve: Callable[..., Peer]) -> None:
    assert ask(serve(says(status))).status == int(status[:3])


def test_body_that_is_no_json_raises_value_error(serve: Callable[..., Peer]) -> None:
    answer = ask(serve(says("200 OK", b"<html>")))

    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()


def stays_silent(connection: socket.socket, _: bytes) -> None:
    threading.Event().wait(2)


def drip(lead: bytes, drop: bytes) -> Talk:
    def talk(connection: socket.socket, _: bytes) -> None:
        connection.sendall(lead)
        for _turn in range(200):
            connection.sendall(drop)
            threading.Event().wait(0.05)

    return talk


@pytest.mark.parametrize(
    ("lead", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    ],
    ids=["body", "chunks", "headers", "interim"],
)
def test_dripping_server_is_left_at_the_deadline(
    lead: bytes, drop: bytes, serve: Callable[..., Peer]
) -> None:
    peer = serve(drip(lead, drop))
    started = time.monotonic()

    with pytest.raises(Unreachable, match=r"^The other side did not answer in time\.$") as raised:
        ask(peer, deadline=0.5)
    assert (raised.value.sent, 0.4 < time.monotonic() - started < 2) == (True, True)


def test_silent_server_is_left_at_the_deadline(serve: Callable[..., Peer]) -> None:
    peer = serve(stays_silent)
    started = time.monotonic()

    with pytest.raises(Unreachable):
        ask(peer, deadline=0.3)
    assert time.monotonic() - started < 2


def test_server_that_does_not_read_is_left_at_the_deadline(serve: Callable[..., Peer]) -> None:
    peer = serve(stays_silent)
    started = time.monotonic()

    with pytest.raises(Unreachable):
        ask(peer, "POST", content=b"x" * 30_000_000, deadline=0.5)
    assert time.monotonic() - started < 2


def test_body_of_just_the_allowed_size_is_taken(serve: Callable[..., Peer]) -> None:
    assert len(ask(serve(says("200 OK", b"x" * 5000)), max_bytes=5000).body) == 5000


def test_larger_body_is_refused_without_reading_it_all(serve: Callable[..., Peer]) -> None:
    peer = serve(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n", b"x" * 65_536))

    with pytest.raises(TooLarge):
        ask(peer, max_bytes=100_000)


def test_small_body_in_endless_small_pieces_is_refused(serve: Callable[..., Peer]) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    peer = serve(lambda connection, heard: connection.sendall(head + b"1\r\nx\r\n" * 90_000 + b"0\r\n\r\n"))

    with pytest.raises(TooLarge) as trouble:
        ask(peer, max_bytes=100_000)  # the body has less; what carries it has more
    assert trouble.value.status == 200


def test_zipped_answer_is_unpacked(serve: Callable[..., Peer]) -> None:
    body = gzip.compress(b'{"a": 1}', mtime=0)

    assert ask(serve(says("200 OK", body, "Content-Encoding: gzip"))).json() == {"a": 1}


def test_zip_bomb_is_refused(serve: Callable[..., Peer]) -> None:
    body = gzip.compress(b"0" * 50_000_000, mtime=0)

    with pytest.raises(TooLarge):
        ask(serve(says("200 OK", body, "Content-Encoding: gzip")))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"not gzip"),
        ("gzip", gzip.compress(b"x" * 99, mtime=0)[:-9]),
        ("br", b"x"),
        ("gzip, gzip", b"x"),
    ],
)
def test_unreadable_encoding_is_no_answer(encoding: str, body: bytes, serve: Callable[..., Peer]) -> None:
    with pytest.raises(Unreachable) as raised:
        ask(serve(says("200 OK", body, f"Content-Encoding: {encoding}")))
    assert raised.value.sent is True


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
def test_broken_answer_is_no_answer(answer: bytes, serve: Callable[..., Peer]) -> None:
    with pytest.raises(Unreachable) as raised:
        ask(serve(lambda connection, _: connection.sendall(answer)))
    assert raised.value.sent is True


def test_closed_port_is_unreachable_and_nothing_was_sent(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings.OUTBOUND_ALLOWED_HOSTS = [f"127.0.0.1:{port}"]

    with pytest.raises(Unreachable) as raised:
        request("GET", f"http://127.0.0.1:{port}/")
    assert raised.value.sent is False


def test_header_that_cannot_be_sent_is_not_repeated(serve: Callable[..., Peer]) -> None:
    with pytest.raises(ValueError, match=r"^The request has a header that cannot be sent\.$") as raised:
        ask(serve(says("200 OK")), headers={"X-Key": "secret\r\nHost: inside"})
    assert raised.value.__cause__ is None


def test_server_without_tls_is_unreachable_over_https(serve: Callable[..., Peer]) -> None:
    peer = serve(says("200 OK"))

    with pytest.raises(Unreachable):
        request("GET", f"https://127.0.0.1:{peer.port}/")


@pytest.fixture
def tls_peer(serve: Callable[..., Peer], tmp_path: Path) -> Peer:
    """A server whose certificate, for the name localhost alone, nobody but `trust` knows."""
    certificate(tmp_path / "peer.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "peer.pem")
    return serve(says("200 OK", b"private"), context)


@pytest.fixture
def trust(tls_peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusting = ssl.create_default_context(cafile=tmp_path / "peer.pem")
    monkeypatch.setattr(wire, "tls_context", lambda: trusting)


def certificate(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))


@pytest.mark.usefixtures("trust")
def test_certificate_is_checked_for_the_name_though_the_address_is_pinned(tls_peer: Peer) -> None:
    assert request("GET", f"https://localhost:{tls_peer.port}/").body == b"private"
    with pytest.raises(Unreachable, match="IP address mismatch") as raised:
        request("GET", f"https://127.0.0.1:{tls_peer.port}/")
    assert (raised.value.sent, len(tls_peer.heard)) == (False, 1)


def test_unknown_certificate_is_refused_before_anything_is_sent(tls_peer: Peer) -> None:
    with pytest.raises(Unreachable, match="certificate verify failed") as raised:
        request("GET", f"https://localhost:{tls_peer.port}/")
    assert (raised.value.sent, tls_peer.heard) == (False, [])
