"""Nobody sees or moves what is somebody else's, and nobody learns that it exists."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import SESSION_KEY
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from affiliates.models import Link
from integrations.models import Connection
from tests.house.routes import NOBODY, Route, address, normal, table
from tests.house.world import World, crossings

UNSAFE = ("post", "put", "patch", "delete")
STEP = 20  # addresses between two looks at the tables
# Everything a form of the house may ask, so that a POST to a stranger's page would be taken if it got so far.
FILLED: dict[str, str] = {
    **dict.fromkeys(("reason", "reference", "name", "note", "holder", "text"), "planted"),
    **dict.fromkeys(("confirm", "post", "is_active", "_save", "is_new"), "1"),
    "amount": "1.00",
    "email": "planted@example.com",
    "role": "owner",
    "destination": "https://shop.example.com/planted",
    "method": "bank",
}
# What strangers must never read.
MARKS = ("Ann Archer", "ann@partner.example", "ann-archer")
# Where strangers are meant to leave something, or to leave; an unsigned message leaves a warning.
INVITED = frozenset({"public:apply", "setup:join", "account_signup", "account_logout", "hook"})
# Whose eyes rest on what is not theirs: kind of address -> strangers to it, and who is sent to the log-in.
STRANGERS = {
    "affiliate": ("bob", "eve", "stan"),
    "account": ("bob", "eve"),
    "member": ("ann", "eve"),
    "operator": ("olga", "eve"),
    "machine": ("her key",),
}
REFUSED = {"affiliate": 302, "account": 302, "member": 302, "operator": 302, "machine": 401}


def answer(client: Client, method: str, path: str) -> HttpResponse:
    """Ask as a browser without leftovers: a message of the last request must not show on the next page."""
    client.cookies.pop("messages", None)
    return getattr(client, method)(path, FILLED if method == "post" else {})  # type: ignore[no-any-return]


def look(response: HttpResponse, path: str) -> tuple[int, str, str]:
    """What a stranger can tell an answer by: its code, where it leads, what it says."""
    parts = [part for part in path.split("/") if part]
    number = next((part for part in parts if part.isdigit() or part == NOBODY[str]), path)
    return (
        response.status_code,
        normal(response.headers.get("Location", "").encode(), path, number),
        _text(response, path),
    )


def _text(response: HttpResponse, path: str) -> str:
    return normal(b"".join(response) if response.streaming else response.content, path)


def told_apart(world: World, known: dict[str, Route]) -> list[str]:
    """Where a stranger is answered otherwise for a row of mine than for one that does not exist."""
    return [
        f"{method.upper()} {name} lets {person} tell mine ({mine[0]}) from nothing ({nothing[0]})"
        for name, route in known.items()
        if route.is_about_a_row
        for person in STRANGERS.get(route.kind, ())
        for method in ("get", *unsafe(route))
        if (mine := _seen(world, person, method, address(name, route, world.mine)))
        != (nothing := _seen(world, person, method, route.nowhere(name, world.mine)))
    ]


def _seen(world: World, person: str, method: str, path: str) -> tuple[int, str, str]:
    return look(answer(world.people[person], method, path), path)


def let_in(world: World, known: dict[str, Route]) -> list[str]:
    """Where somebody without an account, or a stranger who asks for a row of mine, is shown a page."""
    found = []
    for name, route in known.items():
        path = address(name, route, world.mine)
        if route.kind in REFUSED:
            code = answer(world.people["anonymous"], "get", path).status_code
            found += [] if code in (REFUSED[route.kind], 404, 405) else [f"{name} answers a visitor {code}"]
        for person in STRANGERS.get(route.kind, ()) if route.is_about_a_row else ():
            code = answer(world.people[person], "get", path).status_code
            found += (
                [f"{name} shows mine to {person}"]
                if code == 200 and not _is_none_of_theirs(route, person)
                else []
            )
    return found


def _is_none_of_theirs(route: Route, person: str) -> bool:
    """Whoever is no affiliate of the brand gets one page that says so, whatever the address."""
    return route.kind == "affiliate" and person in ("eve", "stan")


def leaks(world: World, known: dict[str, Route]) -> list[str]:
    """Pages of strangers that name Ann, whichever address they open."""
    found = []
    for name, route in known.items():
        if route.kind in ("letter", "nowhere"):
            continue
        path = address(name, route, world.mine)
        for person in (
            "anonymous",
            "eve",
            "stan",
            "her key",
            *(("bob",) if route.kind == "affiliate" else ()),
        ):
            text = _text(answer(world.people[person], "get", path), path)
            found += [f"{name} tells {person} of {mark}" for mark in MARKS if mark in text]
    return found


def moved(world: World, attack: Any) -> list[str]:
    """Tables of mine that differ after what a stranger did."""
    before = world.mine.digest()
    attack()
    after = world.mine.digest()
    return [table for table in before if before[table] != after[table]]


def unsafe(route: Route) -> tuple[str, ...]:
    """The methods that may change something: pages take forms only."""
    return UNSAFE if route.kind == "machine" else ("post",)


def attacks(world: World, known: dict[str, Route], person: str) -> list[str]:
    """What changed at my side when somebody sent forms to every address of mine."""
    changed, names = [], list(known)
    for some in (names[start : start + STEP] for start in range(0, len(names), STEP)):
        tables = moved(world, lambda some=some: [_attack(world, known[name], name, person) for name in some])
        changed += [f"{person} changes {table} at one of {', '.join(some)}" for table in tables]
    return changed


def _attack(world: World, route: Route, name: str, person: str) -> None:
    for method in unsafe(route):
        answer(world.people[person], method, address(name, route, world.mine))


def test_strangers_cannot_tell_mine_from_nothing(world: World) -> None:
    assert told_apart(world, table()) == []


def test_strangers_and_visitors_are_not_let_in(world: World) -> None:
    assert let_in(world, table()) == []


def test_strangers_never_read_of_ann(world: World) -> None:
    assert leaks(world, table()) == []


@pytest.mark.parametrize("person", ["anonymous", "eve", "stan", "her key"])
def test_strangers_change_nothing_of_mine(world: World, person: str) -> None:
    about_mine = {name: route for name, route in table().items() if name not in INVITED}

    assert attacks(world, about_mine, person) == []
    assert crossings() == []
    assert (SESSION_KEY in world.people[person].session) == (
        person in ("eve", "stan")
    )  # logged in to the end


def test_an_unsigned_message_leaves_only_a_warning(world: World) -> None:
    path = address("hook", table()["hook"], world.mine)

    tables = moved(world, lambda: world.people["anonymous"].post(path, "{}", content_type="application/json"))

    assert tables == ["integrations.Connection"]
    assert world.mine.row(Connection).last_error != ""


def test_another_affiliate_changes_nothing_of_anns(world: World) -> None:
    about_ann = {
        name: route for name, route in table().items() if route.is_about_a_row and route.kind in STRANGERS
    }

    assert attacks(world, about_ann, "bob") == []


def test_bulk_verbs_reach_no_row_of_mine(world: World) -> None:
    def attack() -> None:
        for model, pages in admin.site._registry.items():
            listing = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            chosen = FILLED | {"_selected_action": str(world.mine.row(model).pk), "select_across": "1"}
            for verb in [*(verb.name for verb in getattr(pages, "verbs", ())), "delete_selected"]:
                world.people["eve"].post(listing, chosen | {"action": verb})

    assert moved(world, attack) == []


def test_a_foreign_row_cannot_be_chosen_in_a_form(world: World) -> None:
    """Eve's forms are filled with rows of mine wherever they ask for a row."""
    sent = []
    for model, pages in admin.site._registry.items():
        noun = f"{model._meta.app_label}_{model._meta.model_name}"
        keys = {field.name: field.related_model for field in model._meta.concrete_fields if field.many_to_one}
        mine = {name: str(world.mine.row(to).pk) for name, to in keys.items() if to in admin.site._registry}
        if not mine or not hasattr(pages, "scope"):
            continue
        forms = [
            reverse(f"admin:{noun}_add"),
            reverse(f"admin:{noun}_change", args=[world.theirs.row(model).pk]),
        ]
        sent += [
            (path, FILLED | {"code": "planted", "ends_at_0": "", "ends_at_1": ""} | mine) for path in forms
        ]

    changed = moved(world, lambda: [world.people["eve"].post(path, form) for path, form in sent])

    assert sent
    assert changed == []
    assert crossings() == []


def test_autocomplete_offers_strangers_nothing_of_mine(world: World) -> None:
    asked = [
        {
            "app_label": model._meta.app_label,
            "model_name": model._meta.model_name,
            "field_name": field.name,
            "term": "",
        }
        for model in admin.site._registry
        for field in model._meta.concrete_fields
        if field.many_to_one
    ]

    answers = [world.people["eve"].get(reverse("admin:autocomplete"), each) for each in asked]

    assert [mark for each in answers for mark in MARKS if mark in each.content.decode()] == []


def test_a_key_cannot_write_for_another_program(world: World) -> None:
    link = {"affiliate": world.mine.enrollment.code, "destination": "https://shop.example.com/planted"}
    refund = {"source": "shop", "conversion_external_id": "1", "external_id": "planted", "gross": "1.00"}

    def attack() -> None:
        for name, body in (("api:links", link), ("api:refunds", refund)):
            world.people["her key"].post(reverse(name), body, content_type="application/json")

    assert moved(world, attack) == []


def test_a_planted_page_without_a_wall_is_found(world: World, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.house.broken_urls"
    planted = {"open_to_all": Route("affiliate", args={"pk": "affiliates.Link.pk"})}

    assert attacks(world, planted, "bob") == ["bob changes affiliates.Link at one of open_to_all"]
    assert "GET open_to_all lets bob tell mine (200) from nothing (404)" in told_apart(world, planted)
    assert "open_to_all shows mine to bob" in let_in(world, planted)
    assert "open_to_all tells bob of Ann Archer" in leaks(world, planted)


def test_a_planted_crossing_is_found(world: World) -> None:
    link = world.mine.row(Link)

    Link.objects.filter(pk=link.pk).update(enrollment=world.theirs.enrollment, is_default=False)

    assert [each.partition(" leads")[0] for each in crossings()] != []
