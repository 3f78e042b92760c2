"""Links through the API: all choices are written and read, what is wrong is pointed at."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from affiliates import actions
from affiliates.models import Enrollment, Link
from core.models import Event
from portal.api import examples
from tests.portal.api.machine import Machine, pointers

pytestmark = pytest.mark.django_db
SHOP = "https://shop.example.com"


def said(**fields: Any) -> dict[str, Any]:
    return {"affiliate": "ann-archer", "destination": f"{SHOP}/", **fields}


def test_all_choices_are_written_and_read(machine: Machine, ann: Enrollment) -> None:
    wanted = {**examples.LINK_IN_FULL, "affiliate": "ann-archer"}

    made = machine.post("/links", wanted)

    assert (made.status_code, {name: made.json()[name] for name in wanted}) == (201, wanted)
    assert made.json()["qr_url"] == "http://localhost:8000/r/anna-mugs?via=qr"
    assert machine.get(f"/links/{made.json()['id']}").json() == made.json()


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"code": "admin"}, "/code"),
        ({"code": "a b c"}, "/code"),
        ({"code": "ann-archer"}, "/code"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2030-01-01"}, "/expires_at"),
        ({"rules": [{"countries": ["XX"], "destination": f"{SHOP}/"}]}, "/rules/0/countries"),
        ({"rules": [{"countries": ["DEU"], "destination": f"{SHOP}/"}]}, "/rules/0/countries/0"),
        ({"rules": [{"devices": ["fridge"], "destination": f"{SHOP}/"}]}, "/rules/0/devices/0"),
        ({"rules": [{"destination": f"{SHOP}/"}]}, "/rules/0"),
        ({"rules": [{"countries": ["DE"]}]}, "/rules/0/destination"),
        ({"rules": [{"countries": ["DE"], "destination": "https://evil.example/"}]}, "/rules/0/destination"),
        ({"rotation": [{"destination": "https://evil.example/"}]}, "/rotation/0/destination"),
        ({"rotation": [{"destination": f"{SHOP}/", "weight": 0}]}, "/rotation/0/weight"),
        ({"rotation": [{"destination": f"{SHOP}/", "weight": "2"}]}, "/rotation/0/weight"),
        ({"rotation": [{"destination": f"{SHOP}/"}] * 21}, "/rotation"),
        ({"sub_ids": ["x" * 81]}, "/sub_ids/0"),
    ],
)
def test_wrong_choice_is_pointed_at(
    machine: Machine, ann: Enrollment, fields: dict[str, Any], pointer: str
) -> None:
    answer = machine.post("/links", said(**fields))

    assert (answer.status_code, pointers(answer), ann.links.count()) == (422, [pointer], 1)


def test_link_is_changed_and_the_rest_stays(machine: Machine, ann: Enrollment) -> None:
    made = machine.post("/links", said(name="Mugs", sub_ids=["blog"])).json()

    answer = machine.ask("patch", f"/links/{made['id']}", {"destination": f"{SHOP}/cups"})

    assert (answer.status_code, answer.json()) == (200, {**made, "destination": f"{SHOP}/cups"})
    assert Event.objects.get(kind="link.changed").data == {"destination": [f"{SHOP}/", f"{SHOP}/cups"]}


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"code": "other"}, "/code"),
        ({"affiliate": "bob-baker"}, "/affiliate"),
        ({"is_active": False}, "/is_active"),
        ({"destination": "https://evil.example/"}, "/destination"),
        ({"destination": None}, "/destination"),
    ],
)
def test_what_cannot_change_stays(
    machine: Machine, ann: Enrollment, fields: dict[str, Any], pointer: str
) -> None:
    made = machine.post("/links", said()).json()

    answer = machine.ask("patch", f"/links/{made['id']}", fields)

    assert (answer.status_code, pointers(answer)) == (422, [pointer])
    assert machine.get(f"/links/{made['id']}").json() == made


def test_link_of_another_program_is_not_changed(machine: Machine, eves: Machine, ann: Enrollment) -> None:
    made = machine.post("/links", said()).json()

    answer = eves.ask("patch", f"/links/{made['id']}", {"name": "Eve's"})

    assert (answer.status_code, Link.objects.get(pk=made["id"]).name) == (404, "")


def test_change_is_made_once_under_one_key(machine: Machine, ann: Enrollment) -> None:
    made = machine.post("/links", said()).json()
    later = (timezone.now() + timedelta(days=2)).isoformat()

    for _turn in range(2):
        answer = machine.ask("patch", f"/links/{made['id']}", {"expires_at": later}, Idempotency_Key="k1")

    assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (200, "true")
    assert Event.objects.filter(kind="link.changed").count() == 1


def test_links_of_a_suspended_affiliate_stay(machine: Machine, ann: Enrollment) -> None:
    made = machine.post("/links", said()).json()
    Enrollment.objects.filter(pk=ann.pk).update(state="suspended")

    answer = machine.ask("patch", f"/links/{made['id']}", {"name": "New"})

    assert (answer.status_code, Link.objects.get(pk=made["id"]).name) == (409, "")


def test_direct_links_are_listed(machine: Machine, eves: Machine, ann: Enrollment) -> None:
    row = actions.ask_direct_link(ann.links.get(), "https://www.blog.example/reviews")

    page = machine.get("/direct-links?state=asked&affiliate=ann-archer").json()

    found = page["items"][0]
    assert (found["id"], found["link"], found["affiliate"]) == (row.pk, row.link_id, "ann-archer")
    assert (found["host"], found["path"], found["state"]) == ("blog.example", "/reviews", "asked")
    assert machine.get("/direct-links?state=active").json()["items"] == []
    assert eves.get("/direct-links").json()["items"] == []
