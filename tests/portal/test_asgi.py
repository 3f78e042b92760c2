"""One port: links go to the edge, everything else to Django."""

import asyncio

import httpx
import pytest

from portal.asgi import application, cleaned, edge


@pytest.fixture
def ask(transactional_db):
    async def get(path):
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.get(path)

    yield lambda path: asyncio.run(get(path))
    edge.stop()


def test_links_are_followed_by_the_edge(ask):
    answer = ask("/r/nobody")

    assert (answer.status_code, answer.headers["x-robots-tag"]) == (404, "noindex, nofollow")


def test_everything_else_is_djangos(ask):
    assert ask("/healthz").json() == {"status": "ok"}


def test_header_with_an_underscore_cannot_pose_as_another():
    scope = {"headers": [(b"x_forwarded_for", b"1.2.3.4"), (b"x-real", b"1")], "query_string": b""}

    assert cleaned(scope)["headers"] == [(b"x-real", b"1")]


def test_raw_letters_in_a_query_are_quoted_and_the_rest_is_left():
    scope = {"headers": [], "query_string": "a=ü&b=%20+c~\"'".encode()}

    assert cleaned(scope)["query_string"] == b"a=%C3%BC&b=%20+c~\"'"
