"""Every address is known to the tests, answers those it is for, and never breaks."""

import pytest
from django.urls import URLPattern, path
from django.urls.resolvers import RegexPattern, RoutePattern, URLResolver

from tests.house.routes import Route, address, table, unknown, walk
from tests.house.world import World

METHODS = ("get", "post")
API_METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
OWNER = {
    "affiliate": "ann",
    "account": "ann",
    "public": "ann",
    "file": "ann",
    "machine": "my key",
    "signed": "my key",
}


def owner_of(route: Route) -> str:
    """Whom the address is for; the owner of the company sees everything in the managers' site."""
    return OWNER.get(route.kind, "olga")


def wrong_answers(world: World, known: dict[str, Route]) -> list[str]:
    """Addresses that answer the person they are for otherwise than the table says."""
    wrong = []
    for name, route in known.items():
        found = world.people[owner_of(route)].get(address(name, route, world.mine)).status_code
        expected = {route.code} if route.code else {200, 403}
        if found not in ({403, 404} if route.kind == "operator" else expected):
            wrong.append(f"{name} answers {owner_of(route)} {found}, not {sorted(expected)}")
    return wrong


def test_every_address_is_in_the_table() -> None:
    assert unknown([name for name, _ in walk()], table()) == []


def test_the_table_knows_no_address_that_is_gone() -> None:
    assert sorted(table().keys() - {name for name, _ in walk()}) == []


def test_every_address_answers_its_own_as_the_table_says(world: World) -> None:
    assert wrong_answers(world, table()) == []


@pytest.mark.parametrize("person", ["anonymous", "ann", "olga", "my key"])
def test_no_address_breaks_whatever_the_method(world: World, person: str) -> None:
    client = world.people[person]

    broken = [
        f"{method.upper()} {name}"
        for name, route in table().items()
        for method in (API_METHODS if route.kind in ("machine", "signed", "affiliate") else METHODS)
        if getattr(client, method)(address(name, route, world.mine)).status_code >= 500
    ]

    assert broken == []


def test_a_planted_address_is_missed() -> None:
    planted = URLResolver(RegexPattern("^/"), [path("planted/", lambda request: None, name="planted")])
    names = [name for name, _ in walk(planted)]

    assert unknown(names, table()) == [
        "Say in tests/house/routes.py whom planted is for and how its address is built."
    ]


def test_a_planted_wrong_code_is_found(world: World) -> None:
    assert wrong_answers(world, {"affiliate:overview": Route("affiliate", 404)}) == [
        "affiliate:overview answers ann 200, not [404]"
    ]


def test_an_address_without_a_name_is_called_by_its_pattern() -> None:
    nameless = URLResolver(RegexPattern("^/"), [URLPattern(RoutePattern("planted/"), lambda request: None)])

    assert [name for name, _ in walk(nameless)] == ["planted/"]
