"""Mappings are kept version by version, put back, and handed on as JSON; decisions are noted once."""

import json
from typing import Any

import pytest

from affiliates.models import Enrollment, Merchant, Program
from affiliates.roles import NotAllowed
from core.models import Event, User
from integrations import actions
from integrations.mapping import NEWEST, OURS, BadMapping, decide
from integrations.models import Connection, FieldDecision, Mapping
from tests import makers
from tests.integrations.inbox import LEAD, ORDER, SECRET
from tests.story.at_once import at_once


@pytest.fixture
def program(merchant: Merchant) -> Program:
    """Of Mia's company."""
    return makers.make_program(merchant)


@pytest.fixture
def inbox(program: Program) -> Connection:
    return makers.make_connection(
        program, connector="inbox", source="own", base_url="", secrets={"webhook_secret": SECRET}
    )


def totalled(path: str) -> list[dict[str, Any]]:
    return [{"target": "order.total", "source": path}]


def save(inbox: Connection, path: str = "total", **more: Any) -> Mapping:
    return actions.save_mapping(inbox, "in", "order", totalled(path), **more)


def test_each_change_is_a_version_and_the_same_again_is_none(inbox: Connection, mia: User) -> None:
    versions = [save(inbox, path, actor=mia).version for path in ("a", "a", "b", "a")]

    assert versions == [1, 1, 2, 3]
    assert actions.current_mapping(inbox, "in", "order") == Mapping.objects.get(version=3)
    news = Event.objects.filter(kind="mapping.changed").order_by("pk")
    assert [event.data["version"] for event in news] == [1, 2, 3]
    assert {event.actor for event in news} == {mia}


def test_kinds_and_connections_count_for_themselves(inbox: Connection, program: Program) -> None:
    other = makers.make_connection(program, connector="inbox", source="other")

    made = [save(inbox), save(other), actions.save_mapping(inbox, "in", "lead", LEAD)]

    assert [row.version for row in made] == [1, 1, 1]
    assert actions.mappings.current_rows(other) == {("in", "order"): made[1].rows}
    assert set(actions.mappings.current_rows(inbox)) == {("in", "order"), ("in", "lead")}


@pytest.mark.django_db(transaction=True)
def test_two_at_once_get_two_numbers(inbox: Connection) -> None:
    made = at_once([lambda n=n: save(inbox, f"path{n}") for n in range(4)])  # type: ignore[misc]

    assert sorted(row.version for row in made) == [1, 2, 3, 4]  # type: ignore[union-attr]


def test_old_version_holds_again_as_a_new_one(inbox: Connection, mia: User) -> None:
    first = save(inbox, "a")
    save(inbox, "b")

    back = actions.revert_mapping(first, actor=mia)

    assert (back.version, back.rows) == (3, first.rows)
    assert actions.revert_mapping(first) == back  # it holds already


@pytest.mark.parametrize(
    ("direction", "kind", "document", "sentence"),
    [
        ("in", "nothing", [], "This connection has no such mapping."),
        ("out", "order", [], "This connection has no such mapping."),
        (
            "in",
            "order",
            [{"target": "order.colour", "source": "a"}],
            "order.colour: There is no such field here.",
        ),
        ("in", "order", totalled("a["), "order.total: “a[” is no path: write it like order.lines[0].sku."),
    ],
)
def test_mapping_that_fits_nowhere_is_refused(
    inbox: Connection, direction: str, kind: str, document: Any, sentence: str
) -> None:
    with pytest.raises(BadMapping) as refused:
        actions.save_mapping(inbox, direction, kind, document)

    assert str(refused.value) == sentence
    assert Mapping.objects.count() == 0


def test_strangers_and_analysts_keep_no_mapping(inbox: Connection, merchant: Any, eve: User) -> None:
    analyst = makers.make_member(merchant, "analyst")
    mapping = save(inbox)

    for person in (eve, analyst):
        with pytest.raises(NotAllowed):
            save(inbox, "other", actor=person)
        with pytest.raises(NotAllowed):
            actions.revert_mapping(mapping, actor=person)
        with pytest.raises(NotAllowed):
            actions.import_mapping(inbox, json.dumps(actions.export_mapping(mapping)), actor=person)

    assert Mapping.objects.count() == 1


def test_what_is_exported_is_taken_by_another_connection(inbox: Connection, stranger: Enrollment) -> None:
    hers = makers.make_connection(stranger.program, connector="inbox", source="hers")
    exported = json.dumps(actions.export_mapping(actions.save_mapping(inbox, "in", "order", ORDER)))

    taken = actions.import_mapping(hers, exported)

    assert (taken.connection, taken.kind, taken.version) == (hers, "order", 1)
    assert taken.rows == actions.current_mapping(inbox, "in", "order").rows  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The message is not whole JSON"),
        ("[]", "The message is JSON, but not an object."),
        ('{"a": 1, "a": 2}', "The message names the same field twice."),
        (
            '{"direction": "in", "kind": "order", "schema": 1, "roes": []}',
            "What is “roes”? It is not known here.",
        ),
        ('{"schema": 1, "rows": []}', "A mapping says its “direction” and its “kind”."),
        ('{"direction": "in", "kind": "order", "rows": []}', "This mapping is of another schema than 1."),
        ('{"direction": "in", "kind": 7, "schema": 1}', "A mapping says its “direction” and its “kind”."),
        ('{"direction": "in", "kind": "deal", "schema": 1}', "This connection has no such mapping."),
        (
            '{"direction": "in", "kind": "order", "schema": 1, "rows": [{"target": "x", "sauce": 1}]}',
            "x: What is “sauce”?",
        ),
        ('{"a": "' + "b" * 200_000 + '"}', "A mapping has at most 200 kB."),
    ],
)
def test_odd_file_is_refused_in_words(inbox: Connection, text: str, sentence: str) -> None:
    with pytest.raises(BadMapping) as refused:
        actions.import_mapping(inbox, text)

    assert str(refused.value).startswith(sentence)
    assert Mapping.objects.count() == 0


def test_decision_is_noted_once_and_again_when_it_differs(inbox: Connection) -> None:
    def note(ours: str, theirs: str, agreed: str = "old") -> FieldDecision | None:
        choice = decide(OURS, ours, theirs, agreed)
        return actions.note_decision(
            inbox, "in", "customer:7", "owner", rule=OURS, choice=choice, ours=ours, theirs=theirs
        )

    first = note("Ann", "Bob")

    assert first is not None
    assert (first.kept, first.ours, first.theirs, first.rule) == ("ours", "Ann", "Bob", "ours")
    assert note("Ann", "Bob") == first
    assert note("Ann", "Cem") != first
    assert FieldDecision.objects.count() == 2


def test_what_is_no_conflict_is_not_noted(inbox: Connection) -> None:
    for ours, theirs, agreed in (("a", "a", None), ("a", "b", "b"), ("", "b", None), ("a", "", None)):
        choice = decide(NEWEST, ours, theirs, agreed)
        noted = actions.note_decision(
            inbox, "in", "customer:7", "owner", rule=NEWEST, choice=choice, ours=ours, theirs=theirs
        )
        assert noted is None
    assert FieldDecision.objects.count() == 0
