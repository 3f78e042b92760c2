"""Codes of one's own, sub ids, an end, rules and rotation: read strictly, and refused where they were written."""

from datetime import timedelta
from typing import Any

import pytest

from affiliates import actions
from affiliates.actions import DestinationRefused, LinkRefused
from affiliates.link_choices import DEVICES
from affiliates.models import Enrollment, Link
from affiliates.roles import NotAllowed
from affiliates.states import IllegalMove
from core.models import Event, User
from tests.makers import NOON
from tracking.states import Device

pytestmark = pytest.mark.django_db
MUGS = "https://shop.example.com/mugs"
CUPS = "https://shop.example.com/cups"
EVIL = "https://shop.example.com.evil.example/"


def make(enrollment: Enrollment, **choices: Any) -> Link:
    return actions.create_link(enrollment, MUGS, at=NOON, **choices)


def test_devices_of_rules_are_those_that_visitors_are_told_apart_by() -> None:
    assert {*DEVICES} == {*Device.values} - {Device.OTHER}


def test_code_of_ones_own_is_folded(ann: Enrollment) -> None:
    assert make(ann, code=" Winter-2026 ").code == "winter-2026"


@pytest.mark.parametrize(
    "code",
    ["ab", "a" * 41, "a b", "ä-mug", "a_b", "a/b", "a.b", "---", "r", "t", "admin", "API", "../x", "a\n"],
)
def test_code_that_is_no_word_or_reserved_is_refused(ann: Enrollment, code: str) -> None:
    with pytest.raises(LinkRefused) as refused:
        make(ann, code=code)
    assert (refused.value.where, ann.links.count()) == (("code",), 1)


def test_taken_code_says_so_and_suggests_a_free_one(
    ann: Enrollment, bob: Enrollment, stranger: Enrollment
) -> None:
    make(stranger, code="winter")
    make(bob, code="winter-2")

    with pytest.raises(LinkRefused) as refused:
        make(ann, code="WINTER")

    assert str(refused.value) == "“winter” is taken. This one is free: winter-3."
    assert make(ann, code="winter-3").enrollment == ann


def test_longest_code_that_is_taken_gets_a_suggestion_that_fits(ann: Enrollment) -> None:
    make(ann, code="a" * 40)

    with pytest.raises(LinkRefused, match=f"{'a' * 38}-2"):
        make(ann, code="a" * 40)


def test_code_that_names_another_affiliate_is_taken(ann: Enrollment, bob: Enrollment) -> None:
    Link.objects.filter(code=bob.code).update(code="something-else")

    with pytest.raises(LinkRefused):
        make(ann, code=bob.code)


def test_choices_are_kept_in_one_form(ann: Enrollment) -> None:
    rules = [{"countries": ["de", "DE", "at"], "destination": MUGS}, {"devices": ["tv"], "destination": CUPS}]

    link = make(ann, rules=rules, rotation=[{"destination": CUPS}], expires_at=NOON + timedelta(days=1))

    link.refresh_from_db()
    assert link.rules == [
        {"countries": ["DE", "AT"], "devices": [], "destination": MUGS},
        {"countries": [], "devices": ["tv"], "destination": CUPS},
    ]
    assert link.rotation == [{"destination": CUPS, "weight": 1}]


@pytest.mark.parametrize(
    ("choices", "where"),
    [
        ({"rules": [{"countries": ["DE"], "destination": EVIL}]}, ("rules", 0, "destination")),
        ({"rules": [{"countries": ["DE"], "destination": ""}]}, ("rules", 0, "destination")),
        ({"rules": [{"countries": ["DE"]}]}, ("rules", 0, "destination")),
        ({"rules": [{"countries": ["XX"], "destination": MUGS}]}, ("rules", 0, "countries")),
        ({"rules": [{"countries": ["EU"], "destination": MUGS}]}, ("rules", 0, "countries")),
        ({"rules": [{"countries": ["UK"], "destination": MUGS}]}, ("rules", 0, "countries")),
        ({"rules": [{"devices": ["fridge"], "destination": MUGS}]}, ("rules", 0, "devices")),
        ({"rules": [{"devices": ["other"], "destination": MUGS}]}, ("rules", 0, "devices")),
        ({"rules": [{"destination": MUGS}]}, ("rules", 0)),
        ({"rules": [{"countries": ["DE"], "destination": MUGS, "more": 1}]}, ("rules", 0)),
        ({"rules": ["DE"]}, ("rules", 0)),
        ({"rules": [{"countries": ["DE"], "destination": MUGS}] * 21}, ("rules",)),
        ({"rotation": [{"destination": MUGS}, {"destination": EVIL}]}, ("rotation", 1, "destination")),
        ({"rotation": [{"destination": MUGS, "weight": 0}]}, ("rotation", 0, "weight")),
        ({"rotation": [{"destination": MUGS, "weight": 1001}]}, ("rotation", 0, "weight")),
        ({"rotation": [{"destination": MUGS, "weight": 1.5}]}, ("rotation", 0, "weight")),
        ({"rotation": [{"destination": MUGS, "weight": True}]}, ("rotation", 0, "weight")),
        ({"rotation": [{"destination": MUGS}] * 21}, ("rotation",)),
        ({"sub_ids": ["1", "2", "3", "4", "5", "6"]}, ("sub_ids",)),
        ({"sub_ids": ["x" * 81]}, ("sub_ids",)),
        ({"name": "x" * 81}, ("name",)),
        ({"expires_at": NOON}, ("expires_at",)),
        ({"expires_at": NOON + timedelta(days=4000)}, ("expires_at",)),
    ],
)
def test_wrong_choice_is_refused_where_it_stands(ann: Enrollment, choices: Any, where: Any) -> None:
    with pytest.raises(LinkRefused) as refused:
        make(ann, **choices)
    assert (refused.value.where, ann.links.count()) == (where, 1)


def test_change_is_told_with_old_and_new(ann: Enrollment, mia: User) -> None:
    link = make(ann, name="Mugs", code="mugs")

    changed = actions.change_link(link, destination=CUPS, name="Mugs", actor=mia, at=NOON)

    event = Event.objects.get(kind="link.changed")
    assert (changed.destination, changed.code) == (CUPS, "mugs")
    assert (event.data, event.actor, event.scope_id) == ({"destination": [MUGS, CUPS]}, mia, ann.program_id)


def test_change_that_changes_nothing_is_no_news(ann: Enrollment) -> None:
    link = make(ann, sub_ids=["blog"], rules=[{"countries": ["DE"], "destination": CUPS}])

    actions.change_link(link, sub_ids=["blog"], rules=[{"countries": ["de"], "destination": CUPS}], at=NOON)

    assert Event.objects.filter(kind="link.changed").count() == 0


def test_change_moves_the_mark_that_the_edge_looks_at(ann: Enrollment) -> None:
    link = make(ann)
    before = link.changed_at

    assert actions.change_link(link, name="Cups").changed_at > before


@pytest.mark.parametrize("choices", [{"destination": EVIL}, {"rotation": [{"destination": EVIL}]}])
def test_change_to_elsewhere_is_refused(ann: Enrollment, choices: Any) -> None:
    link = make(ann)

    with pytest.raises(DestinationRefused):
        actions.change_link(link, **choices)
    link.refresh_from_db()
    assert (link.destination, link.rotation) == (MUGS, [])


def test_code_and_owner_never_change(ann: Enrollment, bob: Enrollment) -> None:
    link = make(ann)

    for field, value in (("code", "other"), ("enrollment", bob), ("is_active", False), ("id", 7)):
        with pytest.raises(KeyError):
            actions.change_link(link, **{field: value})


def test_end_that_is_over_stays_when_something_else_changes(ann: Enrollment) -> None:
    link = make(ann, expires_at=NOON + timedelta(days=1))
    late = NOON + timedelta(days=9)

    changed = actions.change_link(link, name="Old", expires_at=link.expires_at, at=late)

    assert (changed.name, changed.expires_at) == ("Old", NOON + timedelta(days=1))


def test_link_to_the_home_page_stays_one(ann: Enrollment) -> None:
    link = ann.links.get(is_default=True)

    for choices in ({"destination": MUGS}, {"expires_at": NOON + timedelta(days=1)}):
        with pytest.raises(LinkRefused):
            actions.change_link(link, at=NOON, **choices)
    assert actions.change_link(link, sub_ids=["bio"]).sub_ids == ["bio"]


def test_only_its_owner_or_a_manager_changes_a_link(
    ann: Enrollment, bob: Enrollment, eve: User, ada: User
) -> None:
    link = make(ann)

    for person in (bob.affiliate.user, eve, ada):
        with pytest.raises(NotAllowed):
            actions.change_link(link, destination=CUPS, actor=person)
    link.refresh_from_db()
    assert link.destination == MUGS
    assert actions.change_link(link, destination=CUPS, actor=ann.affiliate.user).destination == CUPS


def test_suspended_affiliate_changes_nothing(ann: Enrollment, mia: User) -> None:
    link = make(ann)
    actions.suspend(ann, reason="Check.", actor=mia)

    with pytest.raises(IllegalMove):
        actions.change_link(link, destination=CUPS)
