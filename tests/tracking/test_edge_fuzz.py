"""Whatever the other side sends: an answer, no failure, and nothing that the database refuses."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from affiliates.models import AttributionTerms
from tests.tracking.visitors import make_link
from tracking.edge import Edge
from tracking.models import Beacon, Click, Impression

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = st.sampled_from(
    [
        b"s1",
        b"via",
        b"tid",
        b"utm_source",
        b"order",
        b"total",
        b"=",
        b"&",
        b"%00",
        b"%ff",
        b"%ud8",
        b"\xed\xa0\x80",
        b"+",
        b"/",
        b";",
    ]
)
RAW = st.lists(st.one_of(WORDS, st.binary(max_size=8)), max_size=12).map(b"".join)
NAMES = st.sampled_from(
    [b"user-agent", b"referer", b"cookie", b"x-forwarded-for", b"sec-gpc", b"purpose", b"origin"]
)
HEADERS = st.lists(st.tuples(NAMES, RAW), max_size=5)
PATHS = st.one_of(
    RAW.map(lambda raw: b"/r/ann/" + raw),
    st.just(b"/i/ann.gif"),
    st.just(b"/p/key.gif"),
    RAW.map(lambda raw: b"/" + raw),
)
TEXTS = st.text(st.characters(codec=None), max_size=20)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)
TOLD = st.fixed_dictionaries(
    {"k": st.just("key"), "e": st.sampled_from(["page", "identify", "conversion"])},
    optional={"tid": JSON, "c": JSON, "u": JSON, "r": JSON, "d": st.dictionaries(TEXTS, JSON, max_size=5)},
)
BODIES = st.one_of(st.binary(max_size=50), TOLD.map(lambda said: json.dumps(said).encode()))


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    return tmp_path_factory.mktemp("journal")


@pytest.fixture
def edge(transactional_db, tmp_path):
    make_link()
    AttributionTerms.objects.update(view_hours=24)
    edge = Edge(tmp_path / "journal")
    yield edge
    edge.stop()


def ask(edge, method, path, query, headers, body=b""):
    """Ask without a client in between, which would clean what it sends."""
    said = []
    scope = {
        "type": "http",
        "method": method,
        "path": path.decode("utf-8", "replace"),
        "raw_path": path,
        "query_string": query,
        "headers": headers,
        "client": None,
    }

    async def receive():
        return {"type": "http.request", "body": body}

    async def send(message):
        said.append(message)

    asyncio.run(edge(scope, receive, send))
    return said[0]


def check(edge, answer):
    """It was answered, in headers that can be sent, and no row had to wait for somebody to look at it."""
    lines = [value for pair in answer["headers"] for value in pair]
    assert answer["status"] < 500
    assert [line for line in lines if not line.decode("latin-1").isprintable()] == []
    assert not edge.journal.folder.exists()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["GET", "HEAD"]), PATHS, RAW, HEADERS)
def test_any_request_is_answered(edge, method, path, query, headers):
    answer = ask(edge, method, path, query, headers)

    check(edge, answer)
    locations = [value for name, value in answer["headers"] if name == b"location"]
    assert [value for value in locations if not value.startswith(b"https://shop.example.com/")] == []


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BODIES, HEADERS)
def test_any_beacon_is_answered(edge, body, headers):
    check(edge, ask(edge, "POST", b"/t", b"", headers, body))


def test_the_fuzz_does_reach_the_tables(edge):
    ask(edge, "GET", b"/r/ann/x", b"s1=%00a", [(b"user-agent", b"\xff")])
    ask(edge, "GET", b"/i/ann.gif", b"", [])
    ask(edge, "POST", b"/t", b"", [], json.dumps({"k": "key", "e": "page", "d": {"\ud800": "\0"}}).encode())

    assert (Click.objects.count(), Impression.objects.count(), Beacon.objects.get().data) == (1, 1, {"": ""})
