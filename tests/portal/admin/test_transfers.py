"""The page and the file of all transfers."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from affiliates.models import Enrollment
from core.models import User
from integrations.admin import transfers
from tests import makers
from tests.house.markup import inline

Enter = Callable[[Any], Client]
PAGE = "/admin/integrations/delivery/transfers/"
FILE = f"{PAGE}file.csv"


def shown(client: Client, **asked: str) -> list[str]:
    return [row["about"] for row in client.get(PAGE, asked).context["rows"]]


def file_of(client: Client, **asked: str) -> list[str]:
    answer = client.get(FILE, asked)
    assert answer["Content-Disposition"].startswith('attachment; filename="transfers-')
    return b"".join(answer.streaming_content).decode().splitlines()


def test_page_shows_both_ways_with_links_to_each(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    answer = enter(mia).get(PAGE)
    text = answer.content.decode()

    assert {row["about"] for row in answer.context["rows"]} == {"order:1", "7"}
    assert f"/admin/integrations/delivery/{busy.delivery.pk}/change/" in text
    assert f"/admin/integrations/inbound/{busy.inbound.pk}/change/" in text
    assert inline(text) == []


def test_transfers_of_a_buyer_are_found_by_her_address(
    busy: SimpleNamespace, mia: User, enter: Enter
) -> None:
    key = f"order:{busy.order.pk}"
    busy.connection.inbounds.create(dedupe_key="2", subject=busy.order.external_id, body=b"")
    makers.make_delivery(busy.delivery.connection, object_key="order:999999")
    busy.delivery.object_key = key
    busy.delivery.save()
    client = enter(mia)

    answer = client.get(PAGE, {"about": busy.order.customer.email.upper()})

    number = busy.order.external_id
    called = {(row["about"], row["name"]) for row in answer.context["rows"]}
    assert called == {(key, f"Order {number}"), (number, number)}
    assert shown(client, about="nobody@home.example") == []
    assert shown(client, about="ann-archer", direction="out") == [key]


def test_search_by_connection_way_and_outcome(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    client = enter(mia)

    assert shown(client, direction="in") == ["7"]
    assert shown(client, outcome="failed") == ["order:1"]
    assert shown(client, connection=str(busy.connection.pk)) == ["7"]
    assert shown(client, kind="order.rec*") == ["order:1"]
    assert shown(client, last="2020-01-01") == []


def test_pages_lead_on_and_keep_what_was_asked(
    busy: SimpleNamespace, mia: User, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "AT_ONCE", 2)
    for number in range(2, 6):
        at = busy.delivery.created_at + timedelta(minutes=number)
        makers.make_delivery(busy.delivery.connection, object_key=f"order:{number}", created_at=at)
    client, seen, path = enter(mia), [], f"{PAGE}?direction=out"

    while path:
        context = client.get(path).context
        seen += [row["about"] for row in context["rows"]]
        path = context["later"] and PAGE + context["later"]
        assert not path or "direction=out" in path

    assert seen == ["order:5", "order:4", "order:3", "order:2", "order:1"]


@pytest.mark.parametrize(
    "asked",
    [
        {"connection": "x"},
        {"connection": "999999"},
        {"direction": "sideways"},
        {"outcome": "?"},
        {"first": "yesterday"},
        {"kind": "x" * 61},
    ],
)
def test_senseless_question_is_explained(
    busy: SimpleNamespace, mia: User, enter: Enter, asked: dict[str, str]
) -> None:
    client = enter(mia)
    answer = client.get(PAGE, asked)

    assert (answer.status_code, answer.context["rows"]) == (200, [])
    assert '<small class="bad">' in answer.content.decode()
    assert client.get(FILE, asked).status_code == 400


@pytest.mark.parametrize(
    "asked", [{"about": "a\0b"}, {"after": "\0"}, {"first": "9999-12-31"}, {"last": "0001-01-01"}]
)
def test_odd_question_is_answered(
    busy: SimpleNamespace, mia: User, enter: Enter, asked: dict[str, str]
) -> None:
    assert enter(mia).get(PAGE, asked).status_code == 200


def test_file_is_what_the_page_asks_for(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    client = enter(mia)

    assert len(file_of(client)) == 3
    lines = file_of(client, direction="in")
    assert len(lines) == 2
    assert ",in,Shop,shop,order.created,7,," in lines[1]


def test_other_companies_see_nothing_of_it(
    busy: SimpleNamespace, stranger: Enrollment, eve: User, enter: Enter
) -> None:
    client = enter(eve)

    assert shown(client) == []
    assert client.get(PAGE, {"connection": str(busy.connection.pk)}).context["rows"] == []
    assert len(file_of(client)) == 1
    assert shown(client, about=busy.order.customer.email) == []


def test_affiliates_and_visitors_do_not_come_in(busy: SimpleNamespace, enter: Enter) -> None:
    assert Client().get(PAGE).status_code == 302
    for path in (PAGE, FILE):
        answer = enter(busy.cast.ann).get(path)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/admin/login/")


def test_number_of_queries_does_not_grow(
    busy: SimpleNamespace, mia: User, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    client = enter(mia)
    client.get(PAGE)
    with django_assert_max_num_queries(200) as few:
        client.get(PAGE)
    for number in range(8):
        hook = makers.make_connection(busy.program, connector="webhook", source=f"hook-{number}")
        makers.make_delivery(hook, object_key=f"order:{number}")

    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(PAGE)
