"""Outgoing calls reach public, checked addresses only, whatever a URL or a resolver says."""

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import httpcore
import pytest
from pytest_django import Settings

from core.http import Unreachable, UnsafeURL, check_url, is_public, request
from core.http.wire import Wire

PUBLIC = "93.184.216.34"
HOSTILE_HOSTS = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "store.localhost",
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.255.255.254",
    "0.0.0.0",
    "0",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0x7f000001",
    "0x7f.0.0.1",
    "127.0.0.0x1",
    "127。0。0。1",
    "①②⑦.⓪.⓪.①",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "[::]",
    "[::1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:93.184.216.34]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::1]",
    "[100::1]",
    "[2001::1]",
    "[2001:db8::1]",
    "[2002:7f00:1::]",
    "[3fff::1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fec0::1]",
    "[ff02::1]",
    "-leading.example",
    "two..dots.example",
    "exa%6dple.com",
    "127.0.0.1%2f.example",
    "x" * 64 + ".example",
]
HOSTILE_URLS = [
    "",
    "example.com",
    "//example.com/",
    "https://",
    "https:///path",
    "https:example.com",
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "javascript:alert(1)",
    "https://user@example.com/",
    "https://user:password@example.com/",
    "https://@example.com/",
    "https://example.com@127.0.0.1/",
    "https://127.0.0.1#@example.com/",
    "https://127.0.0.1?@example.com/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com:22/",
    "https://example.com:0/",
    "https://example.com:8080/",
    "https://example.com:65536/",
    "https://example.com:-1/",
    "https://exa mple.com/",
    "https://example.com/\r\nHost: inside",
    "https://example.com/\x00",
    " https://example.com/",
    "https://example.com\t/",
    "https://[::1",
    "https://[example.com]/",
]


# --- the network, made up ----------------------------------------------------------------------------------
class Network:
    """Resolver and wire: names answer from a list of turns; every attempt to connect is written down and refused."""

    def __init__(self, *turns: list[str]) -> None:
        self.turns = list(turns)
        self.connected: list[tuple[str, int]] = []

    def getaddrinfo(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if not self.turns:
            raise socket.gaierror("no such name")
        found = self.turns.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    def create_connection(self, address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        self.connected.append(address)
        raise OSError("refused")


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Network]:
    def make(*turns: list[str]) -> Network:
        made = Network(*turns)
        monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
        monkeypatch.setattr(socket, "create_connection", made.create_connection)
        return made

    return make


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Network:
    """Real resolver for what the system itself takes for an address, no connection."""
    made = Network()
    monkeypatch.setattr(socket, "create_connection", made.create_connection)
    return made


# --- what may be called ------------------------------------------------------------------------------------
@pytest.mark.parametrize("host", HOSTILE_HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_hostile_host_is_refused_and_never_connected(
    scheme: str, host: str, spy: Network, settings: Settings
) -> None:
    settings.OUTBOUND_HTTP_ALLOWED = True

    for call in (check_url, lambda url: request("GET", url)):
        with pytest.raises(UnsafeURL):
            call(f"{scheme}://{host}/")
    assert spy.connected == []


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_hostile_url_is_refused_and_never_looked_up(url: str, network: Callable[..., Network]) -> None:
    net = network([PUBLIC], [PUBLIC])

    for call in (check_url, lambda url: request("GET", url)):
        with pytest.raises(UnsafeURL):
            call(url)
    assert (net.connected, len(net.turns)) == ([], 2)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://EXAMPLE.com:8443/a?b=c#d",
        "https://example.com:80/",
        "https://bücher.example/ü",
        "https://a_b.example.com./",
        "https://93.184.216.34/",
        "https://[2606:4700::1111]/",
        "https://[64:ff9b::5db8:d822]/",
    ],
)
def test_public_url_is_accepted(url: str, network: Callable[..., Network]) -> None:
    network([PUBLIC])

    check_url(url)


@pytest.mark.parametrize(
    "mixed", [[PUBLIC, "10.0.0.1"], ["::1", PUBLIC], [PUBLIC, "fe80::1%eth0"], ["nonsense"]]
)
def test_one_inner_address_among_many_refuses_all(mixed: list[str], network: Callable[..., Network]) -> None:
    net = network(mixed)

    with pytest.raises(UnsafeURL, match=r"The address example\.com is not on the public internet\."):
        request("GET", "https://example.com/")
    assert net.connected == []


def test_name_that_rebinds_is_connected_at_the_checked_address_only(network: Callable[..., Network]) -> None:
    net = network([PUBLIC], ["169.254.169.254"])

    with pytest.raises(Unreachable) as raised:
        request("GET", "https://example.com/")
    assert (net.connected, net.turns, raised.value.sent) == ([(PUBLIC, 443)], [["169.254.169.254"]], False)


def test_next_address_is_tried_when_one_is_down(network: Callable[..., Network]) -> None:
    net = network(["2606:4700::1111", PUBLIC])

    with pytest.raises(Unreachable):
        request("GET", "https://example.com:8443/")
    assert net.connected == [("2606:4700::1111", 8443), (PUBLIC, 8443)]


def test_proxy_of_the_environment_is_not_used(
    network: Callable[..., Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
    net = network([PUBLIC])

    with pytest.raises(Unreachable):
        request("GET", "https://example.com/")
    assert net.connected == [(PUBLIC, 443)]


def test_unknown_name_is_unsafe_to_save_and_unreachable_to_call(network: Callable[..., Network]) -> None:
    network()

    with pytest.raises(UnsafeURL, match=r"^The address of nowhere\.example cannot be found\.$"):
        check_url("https://nowhere.example/")
    with pytest.raises(Unreachable, match=r"^The address of nowhere\.example cannot be found\.$"):
        request("GET", "https://nowhere.example/")


def test_slow_resolver_ends_with_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: never.wait(5) and [])
    started = time.monotonic()

    with pytest.raises(Unreachable) as raised:
        request("GET", "https://example.com/", deadline=0.2)
    never.set()
    assert (raised.value.sent, time.monotonic() - started < 2) == (False, True)


@pytest.mark.parametrize(
    ("entries", "url", "is_allowed"),
    [
        (["store.test:8080"], "http://store.test:8080/", True),
        (["store.test:8080"], "http://STORE.test.:8080/", True),
        (["store.test:8080"], "http://store.test/", False),
        (["store.test"], "http://store.test/", True),
        (["store.test"], "http://store.test:8080/", False),
        (["store.test"], "http://my.store.test/", False),
        (["127.0.0.1:8080"], "http://127.0.0.1:8080/", True),
        (["[::1]:8080"], "http://[::1]:8080/", True),
        (["store.test:8080"], "http://user@store.test:8080/", False),
        (["store.test:8080"], "ftp://store.test:8080/", False),
    ],
)
def test_installation_vouches_for_hosts(
    entries: list[str], url: str, is_allowed: bool, network: Callable[..., Network], settings: Settings
) -> None:
    network(["10.0.0.1"])
    settings.OUTBOUND_ALLOWED_HOSTS = entries

    if is_allowed:
        check_url(url)
    else:
        with pytest.raises(UnsafeURL):
            check_url(url)


def test_plain_http_needs_the_installation_to_allow_it(
    network: Callable[..., Network], settings: Settings
) -> None:
    network([PUBLIC])

    with pytest.raises(UnsafeURL, match=r"^The address must start with https://\.$"):
        check_url("http://example.com/")
    settings.OUTBOUND_HTTP_ALLOWED = True
    check_url("http://example.com/")


@pytest.mark.parametrize(
    ("address", "public"), [(PUBLIC, True), ("2606:4700::1111", True), ("nonsense", False)]
)
def test_is_public_answers_for_addresses_only(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_wire_knows_no_other_address() -> None:
    wire = Wire([], time.monotonic() + 1, 1000)

    with pytest.raises(httpcore.ConnectError):
        wire.connect_tcp("127.0.0.1", 80)
