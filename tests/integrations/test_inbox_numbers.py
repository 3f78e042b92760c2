"""What is the same for the door of any system: numbers of sales and leads, messages that come again, long mappings."""

import copy
from typing import Any

import pytest

from affiliates.models import Enrollment
from commissions.models import Commission
from integrations import actions
from integrations.actions.connections import store_of
from integrations.connectors.inbox import doubts
from integrations.mapping import BadMapping, Condition, Row, Sheet, read_sheet
from integrations.models import Connection, Inbound, Mapping
from tests import makers
from tests.integrations.inbox import LEAD, ORDER, PAID, SECRET, mapped, paid, send
from tracking.models import Order

SIGNUP = {"type": "signup", "user": {"id": 5001, "email": "x@example.com", "ref": "anna"}}


@pytest.fixture
def inbox(anna: Enrollment) -> Connection:
    """A system of the house's own making."""
    return makers.make_connection(
        anna.program, connector="inbox", source="own", base_url="", secrets={"webhook_secret": SECRET}
    )


def booked() -> dict[str, tuple[str, int]]:
    """What stands in the books: number -> goal and total."""
    return {order.external_id: (order.snapshot["goal"], order.total) for order in Order.objects.all()}


def earned() -> dict[str, int]:
    return {row.conversion.external_id: row.net.amount for row in Commission.objects.all()}


@pytest.mark.parametrize("messages", [(PAID, SIGNUP), (SIGNUP, PAID)])
def test_sale_and_lead_of_one_number_both_stand(inbox: Connection, messages: tuple[Any, ...]) -> None:
    mapped(inbox, order=ORDER, lead=LEAD)

    states = [send(inbox, message).state for message in messages]

    assert states == ["done", "done"]
    assert booked() == {"5001": ("sale", 12990), "signup:5001": ("signup", 0)}
    assert earned()["5001"] == 1000


def test_same_lead_in_other_words_is_one_and_another_goal_is_another(inbox: Connection) -> None:
    mapped(inbox, lead=LEAD)

    for kind in ("signup", "trial"):
        send(inbox, {**SIGNUP, "type": kind})
        send(inbox, {**SIGNUP, "type": kind, "again": True})

    assert booked() == {"signup:5001": ("signup", 0), "trial:5001": ("trial", 0)}


def test_number_of_a_lead_that_is_too_long_with_its_goal_puts_it_aside(inbox: Connection) -> None:
    mapped(inbox, lead=LEAD)

    inbound = send(inbox, {"type": "signup", "user": {"id": "n" * 120, "ref": "anna"}})

    assert inbound.state == "quarantined"
    assert inbound.note == "“order” is too long: at most 120 letters."


LONG = Condition("type", "is one of", ",".join(f"status_{number}" for number in range(60)))
NUMBER = Row("order.number", source="id")


@pytest.mark.parametrize(
    ("sheet", "sentence"),
    [
        (
            Sheet((NUMBER,), (LONG,)),
            "The value of a condition has at most 500 letters; this one has 589.",
        ),
        (
            Sheet((Row("order.number", constant="x" * 501),)),
            "order.number: The fixed text has at most 500 letters; this one has 501.",
        ),
        (
            Sheet((Row("order.number", source="id", default="x" * 600),)),
            "order.number: What stands there if it is empty has at most 500 letters; this one has 600.",
        ),
        (
            Sheet((Row("order.number", constant="a\0"),)),
            "order.number: The fixed text has a broken character.",
        ),
        (Sheet((Row("order.number", source="a\0"),)), "order.number: The path has a broken character."),
        (
            Sheet((Row("order.number", expression="{a\0} & 'x'"),)),
            "order.number: The formula has a broken character.",
        ),
        (Sheet((NUMBER,), (Condition("a\ud800"),)), "The path has a broken character."),
        (Sheet((NUMBER,), (Condition("a"),) * 21), "A mapping has at most 20 conditions."),
        (Sheet((NUMBER,) * 201), "A mapping fills at most 200 fields."),
    ],
)
def test_mapping_that_could_not_be_read_back_is_not_kept(
    inbox: Connection, sheet: Sheet, sentence: str
) -> None:
    for document in (sheet, sheet.as_json()):
        with pytest.raises(BadMapping) as refused:
            actions.save_mapping(inbox, "in", "order", document)
        assert str(refused.value) == sentence

    assert Mapping.objects.count() == 0


def test_whatever_the_reader_refuses_is_not_kept_as_a_sheet_either(
    inbox: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(document: Any) -> Sheet:
        raise BadMapping({"": f"{document['schema']} is odd."})

    monkeypatch.setattr("integrations.actions.mappings.read_sheet", refuse)

    with pytest.raises(BadMapping, match="1 is odd"):
        actions.save_mapping(inbox, "in", "order", Sheet((NUMBER,)))
    assert Mapping.objects.count() == 0


def test_long_condition_is_refused_and_no_message_is_put_aside_for_it(inbox: Connection) -> None:
    mapped(inbox, order=ORDER)
    words = ",".join(["order.paid"] * 60)
    sheet = Sheet(read_sheet(ORDER).rows, (Condition("type", "is one of", words),))
    with pytest.raises(BadMapping):
        actions.save_mapping(inbox, "in", "order", sheet)

    assert send(inbox, PAID).state == "done"


def test_longest_that_may_be_is_kept_and_read(inbox: Connection) -> None:
    words = ",".join(["order.paid", "y" * 489])
    rows = (*read_sheet(ORDER).rows, Row("order.channel", source="c", default="z" * 40))
    sheet = Sheet(rows, (Condition("type", "is one of", words),) * 20)
    actions.save_mapping(inbox, "in", "order", sheet)

    assert send(inbox, PAID).state == "done"


def told_again(inbox: Connection, **more: str) -> str:
    """Sale, void, and the sale again; returns the state in which the order is left."""
    sheet: dict[str, Any] = copy.deepcopy(ORDER)
    sheet["rows"] += [
        {"target": "order.state", "source": "order.state"},
        *({"target": target.replace("_", ".", 1), "source": path} for target, path in more.items()),
    ]
    mapped(inbox, order=sheet)
    for number, state in enumerate(("sale", "void", "sale")):
        message = paid(state=state)
        if more:
            message["order"]["updated"] = f"2026-11-2{number}T00:00:00Z"
        if inbox.options:
            message["event_id"] = f"evt_{number}"
        send(inbox, message)
    return str(Order.objects.get().state)


def test_where_content_alone_tells_repeats_the_doubt_is_said(inbox: Connection) -> None:
    state = told_again(inbox)

    (doubt,) = doubts(store_of(inbox))
    assert (state, Inbound.objects.count()) == ("void", 2)
    assert "is taken for a repeat and the order stays void" in doubt
    assert "order.changed_at" in doubt
    assert "Path to the message’s id" in doubt


def test_either_of_what_the_doubt_names_mends_it(inbox: Connection) -> None:
    inbox.options = {"message_id": "event_id"}
    inbox.save(update_fields=["options"])

    assert told_again(inbox) == "sale"
    assert doubts(store_of(inbox)) == []


def test_time_of_the_change_mends_it_too(inbox: Connection) -> None:
    assert told_again(inbox, order_changed_at="order.updated") == "sale"
    assert doubts(store_of(inbox)) == []


@pytest.mark.parametrize("options", [{"message_id": ""}, {"message_id": "a["}])
def test_path_that_leads_nowhere_mends_nothing(inbox: Connection, options: dict[str, str]) -> None:
    inbox.options = options
    inbox.save(update_fields=["options"])
    mapped(inbox, order=ORDER)

    assert len(doubts(store_of(inbox))) == 1


def test_leads_and_what_is_not_mapped_raise_no_doubt(inbox: Connection) -> None:
    mapped(inbox, lead=LEAD)

    assert doubts(store_of(inbox)) == []
