"""Every page obeys the content security policy, and every answer carries it."""

from copy import deepcopy
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from tests.house.markup import inline
from tests.house.routes import address, table
from tests.house.test_routes import owner_of
from tests.house.world import World

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
CSP = "Content-Security-Policy"


@pytest.fixture(scope="module")
def answers(built: World, django_db_blocker: DjangoDbBlocker) -> dict[str, HttpResponse]:
    """Every address, opened once by the person it is for and by a visitor."""
    world = deepcopy(built)
    with django_db_blocker.unblock():
        return {
            f"{name} for {person}": world.people[person].get(address(name, route, world.mine))
            for name, route in table().items()
            for person in (owner_of(route), "anonymous")
        }


def unguarded(response: HttpResponse) -> list[str]:
    """Headers that are missing or weaker than the house's."""
    policy = dict(part.strip().partition(" ")[::2] for part in response.headers.get(CSP, "").split(";"))
    weak = [name for name, value in POLICY.items() if policy.get(name) != value]
    return weak + [name for name, value in HEADERS.items() if response.headers.get(name) != value]


def is_page(response: HttpResponse) -> bool:
    return not response.streaming and response.headers.get("Content-Type", "").startswith("text/html")


@pytest.mark.django_db
def test_no_page_has_an_inline_script_or_style(answers: dict[str, HttpResponse]) -> None:
    pages = [(name, response) for name, response in answers.items() if is_page(response)]

    assert [f"{name}: {found}" for name, page in pages for found in inline(page.content.decode())] == []
    assert len(pages) > 100


@pytest.mark.django_db
def test_every_answer_is_guarded(answers: dict[str, HttpResponse]) -> None:
    found = {
        f"{name} ({response.status_code}): {weak}"
        for name, response in answers.items()
        if (weak := unguarded(response))
    }

    assert found == set()


@pytest.mark.django_db
def test_a_broken_page_is_guarded(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.house.broken_urls"

    broken = Client(raise_request_exception=False).get("/planted/broken/")

    assert broken.status_code == 500
    assert unguarded(broken) == []
    assert inline(broken.content.decode()) == []


@pytest.mark.django_db
def test_a_page_that_is_not_there_is_guarded(client: Client) -> None:
    missing = client.get("/nowhere/at/all/")

    assert missing.status_code == 404
    assert unguarded(missing) == []
    assert inline(missing.content.decode()) == []


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_and_guarded() -> None:
    refused = Client(enforce_csrf_checks=True).post("/account/login/", {"login": "ann@partner.example"})

    assert refused.status_code == 403
    assert unguarded(refused) == []
    assert inline(refused.content.decode()) == []


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<script>alert(1)</script>", ["<script>"]),
        ('<script src="/static/a.js"></script>', []),
        ('<script type="application/json">{}</script>', []),
        ("<style>p {}</style>", ["<style>"]),
        ('<p style="color: red">', ["<p style>"]),
        ('<img src="/a.png" onerror="x()"/>', ["<img onerror>"]),
        ('<a href=" JavaScript:x()">', ["<a href=javascript:>"]),
    ],
)
def test_a_planted_inline_part_is_found(page, expected) -> None:
    assert inline(page) == expected


def test_a_planted_answer_without_headers_is_found() -> None:
    assert unguarded(HttpResponse()) == [*POLICY, *HEADERS]


def test_a_planted_weaker_policy_is_found() -> None:
    policy = "; ".join(f"{name} {value}" for name, value in POLICY.items())
    weaker = HttpResponse(
        headers=HEADERS | {CSP: policy.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'")}
    )

    assert unguarded(weaker) == ["script-src"]
