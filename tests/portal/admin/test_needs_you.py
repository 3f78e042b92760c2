"""What waits for a manager, and that every page says the same of one connection."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from affiliates.models import Enrollment, Program
from core.models import User
from fraud.models import Case
from integrations.models import Connection, Trouble
from integrations.standing import needing_look, trouble_of
from tests import makers
from tests.fraud.admin.found import own_order

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
LIST, MONITOR, INDEX = "/admin/integrations/connection/", "/admin/integrations/connection/monitor/", "/admin/"
LOOK = "needs a look"


@pytest.fixture
def shop(program: Program) -> Connection:
    return makers.make_connection(program, name="Shop")


def lines(client: Client) -> dict[str, Any]:
    """The lines of "needs you" by their icon."""
    return {line.icon: line for line in client.get(INDEX).context["queue"]}


def say(client: Client, row: Connection) -> list[bool]:
    """Whether overview, list, monitor and its own page say that a connection needs a look."""
    told = next(
        each for each in client.get(INDEX).context["connections"] if f"/{row.pk}/change/" in each["address"]
    )
    listed = client.get(LIST, {"look": "yes"}).context["cl"].result_list
    pulse = next(each for each in client.get(MONITOR).context["pulses"] if each.row.pk == row.pk)
    own = client.get(f"{LIST}{row.pk}/change/").context["hero_words"]
    return [LOOK in told["chip"], row in listed, LOOK in pulse.chip, LOOK in own]


@pytest.mark.parametrize(
    ("error", "trouble", "state", "needs"),
    [
        ("", "", "active", False),
        ("The keys are refused.", "", "active", True),
        ("", "The oldest message has waited for 20 minutes.", "active", True),
        ("The keys are refused.", "It is late.", "paused", False),
    ],
)
def test_one_state_is_told_everywhere_alike(
    shop: Connection, mia: User, enter: Enter, error: str, trouble: str, state: str, needs: bool
) -> None:
    Connection.objects.filter(pk=shop.pk).update(last_error=error, state=state)
    if trouble:
        Trouble.objects.create(connection=shop, kind="lag", sentence=trouble)
    client = enter(mia)

    assert say(client, shop) == [needs] * 4
    assert client.get(INDEX).context["console_nav"][-1]["items"][0].count == int(needs)


def test_trouble_that_is_over_is_none(shop: Connection) -> None:
    Trouble.objects.create(connection=shop, kind="lag", sentence="It was late.", ended_at=makers.NOON)

    assert (trouble_of(shop), list(needing_look(Connection.objects.all()))) == ("", [])


def test_one_connection_leads_to_its_page_and_several_to_their_list(
    shop: Connection, program: Program, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    Connection.objects.update(last_error="The keys are refused.")
    one = lines(client)["puzzle"]
    for number in range(4):
        makers.make_connection(program, name=f"Shop {number}", source=f"s{number}", last_error="No answer.")
    several = lines(client)["puzzle"]

    assert (one.title, one.detail) == ("Shop needs a look", "The keys are refused.")
    assert one.address == f"{LIST}{shop.pk}/change/"
    assert (several.title, several.address) == ("5 connections need a look", f"{LIST}?look=yes")
    assert several.detail == "Shop, Shop 0, Shop 1 and 2 others"


def test_given_up_messages_and_findings_wait_for_a_person(shop: Connection, mia: User, enter: Enter) -> None:
    makers.make_delivery(shop)
    shop.findings.create(kind="gone", local_key="customer:1")
    shop.findings.create(kind="gone", local_key="customer:2", state="left")
    shop.inbounds.create(dedupe_key="1", body=b"", state="quarantined")

    found = lines(enter(mia))

    assert found["megaphone"].title == "1 message was given up"
    assert found["megaphone"].detail == "To Shop: look at the answer, then try again or skip."
    assert found["megaphone"].address == "/admin/integrations/delivery/?state__exact=dead"
    assert found["people"].title == "1 customer’s record differs"
    assert found["envelope"].title == "1 message could not be processed"


def test_another_companys_troubles_are_not_told(shop: Connection, eve: User, enter: Enter) -> None:
    Connection.objects.update(last_error="The keys are refused.")
    makers.make_delivery(shop)
    shop.findings.create(kind="gone", local_key="customer:1")

    other = makers.make_merchant("Other", eve)
    makers.make_program(other)

    assert lines(enter(eve)) == {}


def test_pages_ask_no_more_for_more_connections(
    shop: Connection, program: Program, mia: User, enter: Enter
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(database) as seen:
            for page in (INDEX, LIST, MONITOR):
                client.get(page)
        return len(seen)

    client = enter(mia)
    client.get(LIST)
    one = queries()
    for number in range(10):
        makers.make_connection(program, name=f"Shop {number}", source=f"s{number}")

    assert queries() == one


def test_cases_wait_and_press_once_they_are_late(
    program: Program, bob: Enrollment, mia: User, ada: User, enter: Enter
) -> None:
    assert "shield" not in lines(enter(mia))
    case = own_order(bob, at=timezone.now())
    calm = lines(enter(mia))["shield"]
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now())

    pressing = lines(enter(mia))["shield"]

    assert (calm.title, calm.detail, calm.act, calm.is_urgent) == (
        "1 case to review",
        "€10.00",
        "review",
        False,
    )
    assert (pressing.detail, pressing.is_urgent) == ("€10.00 · 1 is overdue", True)
    assert lines(enter(ada))["shield"].act == "look"
    assert "Fraud review" in enter(mia).get(INDEX).content.decode()


def test_cases_of_others_do_not_wait_for_me(
    program: Program, stranger: Enrollment, mia: User, enter: Enter
) -> None:
    own_order(stranger, at=timezone.now())

    assert "shield" not in lines(enter(mia))
