"""The wire: pinned addresses, a deadline over everything, and answers of a limited size."""

import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpcore
import httpx
from django.utils.translation import gettext as _

from core.http.targets import Unreachable
from core.jobs import Permanent

PIECE = 16_384


class TooLarge(Permanent):
    """The answer is larger than the caller allowed; the request was carried out.

    `status` is the answer's, if its head came whole.
    """

    status: int | None = None


class Wire(httpcore.NetworkBackend):
    """Connects to the checked addresses only, whatever the host's name says by now, and keeps the deadline."""

    def __init__(self, addresses: list[str], ends_at: float, most: int) -> None:
        self.addresses = addresses
        self.ends_at = ends_at
        self.most = most
        self.received = 0
        self.sent = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Open the first pinned address that answers."""
        refused: Exception = httpcore.ConnectError("no address")
        for address in self.addresses:
            try:
                left = self.left(timeout, httpcore.ConnectTimeout)
                stream = httpcore.SyncBackend().connect_tcp(
                    address, port, left, local_address, socket_options
                )
                return _Stream(stream, self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                refused = error
        raise refused

    def left(self, timeout: float | None, error: type[Exception]) -> float:
        """Return the seconds that one step may take; raises `error` when none are left."""
        seconds = self.ends_at - time.monotonic()
        if seconds <= 0:
            raise error("deadline")
        return seconds if timeout is None else min(timeout, seconds)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends with the deadline, so that no drip of bytes holds a worker."""

    def __init__(self, stream: httpcore.NetworkStream, wire: Wire) -> None:
        self._stream = stream
        self._wire = wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there, at most until the deadline."""
        piece = self._stream.read(max_bytes, self._wire.left(timeout, httpcore.ReadTimeout))
        self._wire.received += len(piece)
        if (
            self._wire.received > self._wire.most
        ):  # however it is cut up: a thousand chunks of a byte cost time
            raise TooLarge(f"The answer is larger than {self._wire.most} bytes.")
        return piece

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write in small pieces, since one write may wait once for each part that is taken."""
        for start in range(0, len(buffer), PIECE):
            left = self._wire.left(timeout, httpcore.WriteTimeout)
            self._wire.sent = True
            self._stream.write(buffer[start : start + PIECE], left)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Shake hands for the host's name, which the certificate must carry."""
        left = self._wire.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._wire)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the socket."""
        return self._stream.get_extra_info(info)


class Pinned(httpx.BaseTransport):
    """Carries one request of httpx over a wire."""

    def __init__(self, wire: Wire) -> None:
        self._pool = httpcore.ConnectionPool(ssl_context=tls_context(), network_backend=wire)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and hand the answer back unread."""
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=target,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        stream = _Body(answer.iter_stream, answer.close)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=stream, extensions=answer.extensions
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


@dataclass(frozen=True)
class _Body(httpx.SyncByteStream):
    read: Callable[[], Iterator[bytes]]
    shut: Callable[[], None]

    def __iter__(self) -> Iterator[bytes]:
        return self.read()

    def close(self) -> None:
        """Let go of the connection."""
        self.shut()


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """Return the one TLS context, which reads its certificates once and nothing from the environment."""
    return httpx.create_ssl_context(trust_env=False)


# --- the answer --------------------------------------------------------------------------------------------
def body_of(response: httpx.Response, max_bytes: int) -> bytes:
    """Read the whole body, unpacked; raises TooLarge."""
    raw = bytearray()
    for chunk in response.iter_raw():
        raw += chunk
        if len(raw) > max_bytes:
            raise TooLarge(f"The answer is larger than {max_bytes} bytes.")
    return _unzipped(bytes(raw), response.headers.get("Content-Encoding", "identity").lower(), max_bytes)


def _unzipped(raw: bytes, encoding: str, max_bytes: int) -> bytes:
    """Unpack at most one byte more than allowed: a small body may unpack to any size."""
    if not raw or encoding == "identity":
        return raw
    if encoding not in {"gzip", "x-gzip"}:
        raise httpcore.RemoteProtocolError("an encoding that was not asked for")
    try:
        unpacker = zlib.decompressobj(wbits=31)
        body = unpacker.decompress(raw, max_bytes + 1)
    except zlib.error as error:
        raise httpcore.RemoteProtocolError("not gzip") from error
    if len(body) > max_bytes:
        raise TooLarge(f"The answer is larger than {max_bytes} bytes.")
    if not unpacker.eof:
        raise httpcore.RemoteProtocolError("cut off")
    return body


@contextmanager
def translated(wire: Wire) -> Iterator[None]:
    """Turn the libraries' errors into ours; a header that cannot be sent is not repeated, it may be secret."""
    try:
        yield
    except httpcore.LocalProtocolError:
        raise ValueError("The request has a header that cannot be sent.") from None
    except (httpcore.TimeoutException, httpx.TimeoutException) as error:
        raise Unreachable(_("The other side did not answer in time."), sent=wire.sent) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpx.TransportError, httpx.StreamError) as error:
        raise Unreachable(
            _("The connection failed: %(reason)s") % {"reason": error}, sent=wire.sent
        ) from error
