"""The managers' pages of access by consent: out to the vendor, back again, and what stands on the connection's page."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from affiliates.models import Program
from core.models import Event, User
from integrations.models import Connection
from tests import makers
from tests.fakes.oauth_server import REDIRECT, FakeAuthorization, callback_of
from tests.house.markup import inline
from tests.integrations.oauth_life import make_hubspot, vendor

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
CALLBACK = "/oauth/callback"


@pytest.fixture
def server(settings: Any) -> Iterator[FakeAuthorization]:
    with vendor(settings) as running:
        yield running


@pytest.fixture
def row(program: Program, server: FakeAuthorization) -> Connection:
    return make_hubspot(program, server, name="Sales")


def page(row: Connection) -> str:
    return reverse("admin:integrations_connection_change", args=[row.pk])


def access(row: Connection) -> str:
    return reverse("admin:integrations_connection_access", args=[row.pk])


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]*>", " ", answer.content.decode())))


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def led_to(answer: Any) -> str:
    """The address to which the page leads on, which its link and its refresh must agree on."""
    plain = answer.content.decode()
    by_itself = re.findall(r'<meta http-equiv="refresh" content="0; url=([^"]+)">', plain)
    by_hand = re.findall(r'<a class="button default" href="([^"]+)" rel="noreferrer">', plain)
    assert by_itself == by_hand
    return unescape(by_itself[0])


def test_person_goes_out_and_comes_back_connected(
    enter: Enter, mia: User, row: Connection, server: FakeAuthorization
) -> None:
    client = enter(mia)
    asked = client.get(access(row))
    away = client.post(access(row))
    back = client.get(callback_of(server.consent(led_to(away))))
    shown = client.get(page(row))

    assert REDIRECT in text_of(asked)
    assert "crm.objects.contacts.read" in text_of(asked)
    assert (back.status_code, back["Location"]) == (302, page(row))
    assert said(back) == ["Connected. Press “Test”: it says what is left to do."]
    assert "Given by Mia Manager" in text_of(shown)
    assert "9 · all that are needed" in text_of(shown)
    assert "renewed by itself" in text_of(shown)
    assert Event.objects.get(kind="connection.changed").actor == mia


def test_pages_have_nothing_inline_and_show_no_secret(
    enter: Enter, mia: User, row: Connection, server: FakeAuthorization
) -> None:
    client = enter(mia)
    away = client.post(access(row))
    client.get(callback_of(server.consent(led_to(away))))
    row.refresh_from_db()

    for answer in (client.get(access(row)), client.get(page(row)), away):
        assert inline(answer.content.decode()) == []
        for name in ("client_secret", "refresh_token"):
            assert row.secrets[name] not in answer.content.decode()


def test_page_leads_by_itself_and_not_by_a_redirect(enter: Enter, mia: User, row: Connection) -> None:
    """A form of ours may lead to our own pages only; a redirect after it would be stopped by the browser."""
    away = enter(mia).post(access(row))

    assert away.status_code == 200
    assert "form-action 'self'" in away["Content-Security-Policy"]
    assert away["Referrer-Policy"] == "same-origin"
    assert "no-store" in away["Cache-Control"]


def test_looking_begins_nothing(enter: Enter, mia: User, row: Connection) -> None:
    enter(mia).get(access(row))

    row.refresh_from_db()
    assert "consent_begun" not in row.secrets


def test_without_the_apps_keys_there_is_the_way_to_them(enter: Enter, mia: User, row: Connection) -> None:
    row.secrets = {}
    row.save(update_fields=["secrets"])
    client = enter(mia)

    shown, pressed = client.get(access(row)), client.post(access(row))

    assert "Connect with" not in re.findall(r"<form.*?</form>", shown.content.decode(), re.DOTALL)[-1]
    assert "client id and client secret are missing" in text_of(shown)
    assert pressed["Location"] == access(row)
    assert "Enter the app’s client id" in said(pressed)[0]


def test_new_connection_says_what_comes_next(enter: Enter, mia: User, program: Program) -> None:
    address = reverse("admin:integrations_connection_add")
    values = {"connector": "hubspot", "program": program.pk, "name": "Sales", "source": "hubspot"}

    made = enter(mia).post(address, values)

    assert said(made) == ["Made. Next: “Connect with HubSpot” on this page, or “Test” if you entered a key."]
    assert "Nobody has given access at HubSpot yet." in text_of(enter(mia).get(made["Location"]))


@pytest.mark.parametrize("who", ["fin", "rita", "ada"])
def test_who_may_not_manage_sees_how_access_stands_and_no_button(
    request: pytest.FixtureRequest, enter: Enter, row: Connection, who: str
) -> None:
    client = enter(request.getfixturevalue(who))

    assert "Nobody has given access at HubSpot yet." in text_of(client.get(page(row)))
    assert access(row) not in client.get(page(row)).content.decode()
    assert [client.get(access(row)).status_code, client.post(access(row)).status_code] == [403, 403]


def test_person_of_another_company_finds_no_such_page(
    enter: Enter, eve: User, other: Program, row: Connection
) -> None:
    client = enter(eve)

    for answer in (client.get(access(row)), client.post(access(row))):
        assert answer.status_code == 302
        assert "Sales" not in " ".join(said(answer))
    row.refresh_from_db()
    assert "consent_begun" not in row.secrets


def test_button_needs_its_token(mia: User, row: Connection) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(mia, backend="django.contrib.auth.backends.ModelBackend")

    assert client.post(access(row)).status_code == 403


def test_other_host_cannot_begin(enter: Enter, mia: User, row: Connection, settings: Any) -> None:
    settings.PUBLIC_URL = "https://partners.example.com"

    pressed = enter(mia).post(access(row))

    assert said(pressed) == ["Log in at https://partners.example.com to connect: vendors lead back there."]


# --- the way back --------------------------------------------------------------------------------------------
def test_way_back_counts_once(enter: Enter, mia: User, row: Connection, server: FakeAuthorization) -> None:
    client = enter(mia)
    address = callback_of(server.consent(led_to(client.post(access(row)))))
    client.get(address)

    again = client.get(address)

    assert again["Location"] == page(row)
    assert "used already" in said(again)[-1]
    assert len(server.calls()) == 1


def test_way_back_in_another_browser_is_refused(
    enter: Enter, mia: User, row: Connection, server: FakeAuthorization
) -> None:
    address = callback_of(server.consent(led_to(enter(mia).post(access(row)))))
    other = Client()
    other.force_login(mia, backend="django.contrib.auth.backends.ModelBackend")

    back = other.get(address)

    assert "begun by somebody else" in said(back)[0]
    assert server.calls() == []


def test_way_back_of_an_attackers_consent_is_refused(
    enter: Enter, mia: User, eve: User, other: Program, row: Connection, server: FakeAuthorization
) -> None:
    """Eve lures Mia to the end of a consent that she began: neither company is connected by it."""
    hers = make_hubspot(other, server)
    attacker = Client()
    attacker.force_login(eve, backend="django.contrib.auth.backends.ModelBackend")
    address = callback_of(server.consent(led_to(attacker.post(access(hers)))))

    back = enter(mia).get(address)

    assert back["Location"] == reverse("admin:integrations_connection_changelist")
    assert "begun by somebody else" in said(back)[0]
    assert server.calls() == []


def test_who_is_logged_out_meanwhile_logs_in_and_begins_anew(
    enter: Enter, mia: User, row: Connection, server: FakeAuthorization, client: Client
) -> None:
    address = callback_of(server.consent(led_to(enter(mia).post(access(row)))))
    client.logout()

    back = client.get(address)

    assert back["Location"].startswith(f"{reverse('account_login')}?next=/admin/")
    assert "code" not in back["Location"]
    assert server.calls() == []


def test_stranger_who_is_logged_in_finds_nothing(enter: Enter, ann: Any) -> None:
    assert enter(ann).get(CALLBACK).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=x&code=y",
        "state=x&state=y",
        "next=https://evil.example&redirect_uri=https://evil.example&state=//evil.example",
        "state=%00&code=%00",
        "state=" + "9" * 3000,
        "state=%F0%9F%A6%8A&code=%ED%A0%80",
    ],
)
def test_nobody_is_led_elsewhere(enter: Enter, mia: User, row: Connection, query: str) -> None:
    back = enter(mia).get(f"{CALLBACK}?{query}")

    assert back.status_code == 302
    assert back["Location"] == reverse("admin:integrations_connection_changelist")
    assert len(said(back)) == 1


def test_name_that_stands_twice_is_refused(
    enter: Enter, mia: User, row: Connection, server: FakeAuthorization
) -> None:
    client = enter(mia)
    address = callback_of(server.consent(led_to(client.post(access(row)))))

    back = client.get(address + "&code=another")

    assert "not of the vendor’s making" in said(back)[0]
    assert back["Location"] == page(row)
    assert server.calls() == []


def test_refusal_is_a_sentence_on_the_page(
    enter: Enter, mia: User, row: Connection, server: FakeAuthorization
) -> None:
    client = enter(mia)
    back = client.get(callback_of(server.decline(led_to(client.post(access(row))))), follow=True)

    assert "Not connected: access was declined at HubSpot." in text_of(back)
    assert "<b>no</b>" not in back.content.decode()


def test_vendor_that_does_not_answer_is_a_sentence_on_the_page(
    enter: Enter, mia: User, row: Connection, server: FakeAuthorization
) -> None:
    client = enter(mia)
    address = callback_of(server.consent(led_to(client.post(access(row)))))
    server.failures = [(503, b"<html>", {})]

    assert "HubSpot is busy or has an error (503)." in text_of(client.get(address, follow=True))


@pytest.mark.parametrize("method", ["post", "delete", "head", "options"])
def test_way_back_is_only_read(enter: Enter, mia: User, method: str) -> None:
    assert getattr(enter(mia), method)(CALLBACK).status_code == 405


def test_disconnecting_says_what_came_of_it(
    enter: Enter, mia: User, row: Connection, server: FakeAuthorization
) -> None:
    client = enter(mia)
    client.get(callback_of(server.consent(led_to(client.post(access(row))))))
    verb = reverse("admin:integrations_connection_verb", args=[row.pk, "disconnect"])

    told = client.post(verb, follow=True)

    assert "Disconnected: “Sales”" in text_of(told)
    assert "HubSpot was told, and our access there has ended." in text_of(told)
    assert "Nobody has given access" not in text_of(told)
    assert server.refresh == {}
    assert client.get(access(row)).status_code == 302


def test_withdrawn_access_stands_on_the_page(enter: Enter, mia: User, row: Connection) -> None:
    sealed = {
        "refresh_token": "r",
        "grant": {"by": "Olga", "at": makers.NOON.isoformat(), "scopes": ["oauth"]},
        "token_trouble": {"words": "HubSpot accepts our access no more."},
    }
    row.secrets = {**row.secrets, **sealed}
    row.save(update_fields=["secrets"])
    client = enter(mia)

    shown = text_of(client.get(page(row)))

    assert "HubSpot accepts our access no more." in shown
    assert "missing: crm.objects.contacts.read, crm.objects.contacts.write" in shown
    assert "missing" in text_of(client.get(access(row)))
