"""The order of a connection's page: the buttons in the bar and behind “More”, and access where it is wanted."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import Program
from core.models import User
from integrations.models import Connection, FieldDecision, Inbound
from tests import makers
from tests.house.markup import inline

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
APP = {"client_id": "app-1", "client_secret": "s3cret"}


def page(row: Connection) -> str:
    return reverse("admin:integrations_connection_change", args=[row.pk])


def shown(client: Client, row: Connection) -> str:
    return client.get(page(row)).content.decode()


def verbs_in(markup: str) -> list[str]:
    return re.findall(r"/do/(\w+)/\"", markup)


def bar_and_menu(text: str) -> tuple[list[str], list[str]]:
    bar, _more, rest = text.partition('<details class="more-acts">')
    return verbs_in(bar), verbs_in(rest.partition("</details>")[0])


def crm(program: Program, **secrets: str) -> Connection:
    return makers.make_connection(program, connector="hubspot", source="crm", base_url="", secrets=secrets)


def test_what_is_done_often_stands_in_the_bar_and_the_rest_behind_more(
    program: Program, mia: User, enter: Enter
) -> None:
    answer = enter(mia).get(page(crm(program, token="pat-1")))
    text = answer.content.decode()

    bar, menu = bar_and_menu(text)

    assert bar == ["test", "webhooks", "pause"]
    assert {"keys", "options", "pace", "everyone", "period"} < set(menu)
    assert menu[-1] == "disconnect"
    assert not set(bar) & set(menu)
    assert inline(text) == []


def test_who_connected_it_stands_there(program: Program, mia: User, enter: Enter) -> None:
    row = makers.make_connection(program, connector="postback", source="own", base_url="")
    nobody = shown(enter(mia), row)
    Connection.objects.filter(pk=row.pk).update(created_by=mia)

    assert "automatically · " in nobody
    assert "Mia · " in shown(enter(mia), row)


def test_few_buttons_need_no_menu(program: Program, mia: User, enter: Enter) -> None:
    row = makers.make_connection(program, connector="postback", source="own", base_url="")

    bar, menu = bar_and_menu(shown(enter(mia), row))

    assert bar == ["pause", "reprocess", "disconnect"]
    assert menu == []


def test_consent_that_nobody_gave_comes_first_unless_a_key_does(
    program: Program, mia: User, enter: Enter
) -> None:
    row, client = crm(program, **APP), enter(mia)

    wanted = shown(client, row)
    row.secrets = {**APP, "token": "pat-1"}
    row.save()
    keyed = shown(client, row)

    for text in (wanted, keyed):
        assert text.count('id="access"') == 1
    assert wanted.index('id="access"') < wanted.index('id="pulse"')
    assert keyed.index('id="access"') > keyed.index('id="pulse"')
    assert "Until then the keys that were entered are used." in keyed
    assert "Until then" not in wanted


def test_form_says_what_is_connected_and_offers_what_can_be_chosen(mia: User, enter: Enter) -> None:
    text = enter(mia).get(reverse("admin:integrations_connection_add"), {"connector": "hubspot"})

    assert "New connection: HubSpot" in text.content.decode()
    assert "one for each customer, of their lifetime value" in text.content.decode()


def test_decision_names_the_rule_in_words(program: Program, mia: User, enter: Enter) -> None:
    row = crm(program, token="pat-1")
    FieldDecision.objects.create(
        connection=row, direction="in", object_key="customer:7", field="owner", rule="newest", kept="theirs"
    )

    text = enter(mia).get(reverse("admin:integrations_connection_mappings", args=[row.pk]))

    assert "<small>the newest wins</small>" in text.content.decode()


@pytest.mark.parametrize(
    ("header", "lines"),
    [
        ("", ["X-Signature: sha256={signature}", "Authorization: Bearer s3cret"]),
        ("X-Mine", ["X-Mine: sha256={signature}", "X-Mine: Bearer s3cret"]),
    ],
)
def test_page_of_the_secret_names_the_header_that_is_looked_at(
    program: Program, mia: User, enter: Enter, header: str, lines: list[str]
) -> None:
    keys = {"webhook_secret": "s3cret", "header": header}
    row = makers.make_connection(program, connector="inbox", base_url="", secrets=keys)

    text = enter(mia).get(reverse("admin:integrations_connection_secret", args=[row.pk])).content.decode()

    assert [line for line in lines if line in text] == lines
    assert ("Authorization" in text) is not bool(header)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"connector": "postback"}, "Connected: the address to call and the secret stand on this page."),
        ({"connector": "folder", "folder": "sales"}, "Connected. Next: “Test” on this page."),
    ],
)
def test_new_connection_says_what_comes_next(
    program: Program, mia: User, enter: Enter, tmp_path: Path, settings: Any, form: dict[str, str], words: str
) -> None:
    settings.FILE_DROP_ROOT = str(tmp_path)
    address = reverse("admin:integrations_connection_add") + f"?connector={form['connector']}"
    named = {"program": program.pk, "name": "Till", "source": "till", "taken": "look", **form}

    answer = enter(mia).post(address, named, follow=True)

    assert [str(message) for message in answer.context["messages"]] == [words]


def test_tab_of_the_browser_names_the_page(program: Program, mia: User, enter: Enter) -> None:
    row, client = makers.make_connection(program, connector="postback", base_url="", name="Till"), enter(mia)

    titles = [
        re.search(r"<title>(.*?)</title>", client.get(address).content.decode(), re.DOTALL)
        for address in (reverse("admin:integrations_connection_changelist"), page(row))
    ]

    assert [title and title[1].partition(" · ")[0].strip() for title in titles] == ["Connections", "Till"]


def test_tabs_count_what_the_other_filters_leave(program: Program, mia: User, enter: Enter) -> None:
    mine, other = (
        makers.make_connection(program, connector="postback", base_url="", source=source)
        for source in ("mine", "other")
    )
    for number, (row, state) in enumerate([(mine, "done"), (mine, "parked"), (other, "done")]):
        Inbound.objects.create(connection=row, dedupe_key=str(number), topic="order", body=b"{}", state=state)
    client, address = enter(mia), reverse("admin:integrations_inbound_changelist")

    mine_only: dict[str, str] = {"connection__id__exact": str(mine.pk)}
    counted = [
        re.findall(r">(\w+) <b>(\d+)</b>", client.get(address, query).content.decode())
        for query in ({}, mine_only, {**mine_only, "state__exact": "done"})
    ]

    assert counted[0] == [("All", "3"), ("Processed", "2"), ("Parked", "1")]
    assert counted[1] == counted[2] == [("All", "2"), ("Processed", "1"), ("Parked", "1")]
