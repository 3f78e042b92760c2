"""A file at an address: fetched over HTTPS when it has changed, never from inside."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from affiliates.models import Enrollment
from core import http
from integrations import actions
from integrations.models import Arrival, Connection, OrderFile
from tests.fakes.loopback import Loopback, Said
from tests.integrations.pulled import TWO, looks, place
from tracking.models import Order


class FileServer(Loopback):
    """One file, by its mark."""

    def __init__(self) -> None:
        self.body: Any = TWO.encode()
        self.tag = '"1"'
        self.status = 200
        self.more: dict[str, str] = {}
        self.seen: list[dict[str, str]] = []

    def heard(self, request: BaseHTTPRequestHandler, sent: bytes) -> Said | None:
        headers = dict(request.headers.items())
        self.seen.append(headers)
        if self.status == 200 and headers.get("If-None-Match") == self.tag:
            return 304, b"", {}
        return self.status, self.body, {"ETag": self.tag, "Content-Type": "text/csv", **self.more}


@pytest.fixture
def server(settings: Any) -> Iterator[FileServer]:
    with FileServer() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        settings.OUTBOUND_HTTP_ALLOWED = True
        yield running


@pytest.fixture
def page(anna: Enrollment, server: FileServer) -> Connection:
    return place(
        anna, connector="web_file", base_url=f"{server.url}/out/orders.csv", secrets={"token": "t0ken"}
    )


def test_file_at_an_address_is_taken_once_and_again_when_it_changed(
    page: Connection, server: FileServer
) -> None:
    looks(page, 3)
    server.body, server.tag = TWO.encode() + b"S-3,2026-11-04,5.00,EUR,\n", '"2"'
    looks(page, 2, minute=5)

    assert [file.outcome["counts"]["created"] for file in OrderFile.objects.order_by("pk")] == [2, 1]
    assert [each.get("If-None-Match") for each in server.seen] == [None, '"1"', '"1"', '"1"', '"2"']
    assert {each["Authorization"] for each in server.seen} == {"Bearer t0ken"}
    assert Arrival.objects.first().name == "orders.csv"  # type: ignore[union-attr]


def test_server_without_marks_sends_the_same_file_for_nothing(page: Connection, server: FileServer) -> None:
    server.tag = ""

    looks(page, 3)

    assert (Arrival.objects.count(), Order.objects.count()) == (1, 2)


def test_user_and_password_are_sent(page: Connection, server: FileServer) -> None:
    page.secrets = {"user": "u", "password": "p"}
    page.save(update_fields=["secrets"])

    looks(page)

    assert server.seen[0]["Authorization"] == "Basic dTpw"


@pytest.mark.parametrize(
    ("status", "more", "words"),
    [
        (401, {}, "The address does not accept the user, password or token."),
        (302, {"Location": "http://127.0.0.1/"}, "The address leads to another one: enter that instead."),
        (404, {}, "There is no file at the address."),
        (503, {"Retry-After": "7"}, "The address answers with 503."),
        (
            200,
            {"Content-Type": "text/html; charset=utf-8"},
            "The address answers with a page instead of a file.",
        ),
    ],
)
def test_what_is_wrong_stands_on_the_connection(
    page: Connection, server: FileServer, status: int, more: dict[str, str], words: str
) -> None:
    server.status, server.more = status, more
    looks(page)
    said = page.last_error
    server.status, server.more = 200, {}
    looks(page, minute=1)

    assert (said, page.last_error, Order.objects.count()) == (words, "", 2)


def test_huge_file_at_an_address_is_put_aside(page: Connection, server: FileServer) -> None:
    server.body = b"x" * 5_000_100

    looks(page)

    assert Arrival.objects.get().note == "The file is larger than 5 MB: split it."


def test_address_inside_is_not_called(anna: Enrollment, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = []
    row = place(anna, connector="web_file", base_url="https://127.0.0.1/orders.csv", secrets={})

    looks(row)

    assert "not on the public internet" in row.last_error
    with pytest.raises(http.UnsafeURL):
        actions.connect(
            anna.program,
            connector="web_file",
            name="x",
            source="x",
            base_url="https://169.254.169.254/latest",
        )
