"""The managers' list of beacons: what the tag told, why it was refused, and reading it once more."""

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from affiliates.models import Program
from core.models import Event, User
from tests import makers
from tracking.models import Beacon

Enter = Callable[[Any], Client]


def refused(program: Program, **fields: Any) -> Beacon:
    fields = {"kind": "conversion", "data": {"order": "1001"}} | fields
    return makers.make_beacon(program, state="refused", reason="The amount is not one.", **fields)


def test_list_says_why_a_beacon_was_refused(program: Program, mia: User, enter: Enter) -> None:
    refused(program)

    page = enter(mia).get(reverse("admin:tracking_beacon_changelist")).content.decode()

    assert page.count("The amount is not one.") == 1


def test_page_shows_what_was_said_as_text(program: Program, mia: User, enter: Enter) -> None:
    beacon = refused(program, data={"order": "<script>alert(1)</script>"})

    page = enter(mia).get(reverse("admin:tracking_beacon_change", args=[beacon.pk])).content.decode()

    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 1
    assert "<script>alert" not in page


def test_a_refused_beacon_is_read_once_more(program: Program, mia: User, enter: Enter) -> None:
    beacon = refused(program)

    enter(mia).post(reverse("admin:tracking_beacon_verb", args=[beacon.pk, "retry"]))

    beacon.refresh_from_db()
    assert beacon.state == "waiting"
    assert Event.objects.get(kind="beacon.retried").data == {"reason": "The amount is not one."}


def test_a_taken_beacon_is_not_read_again(program: Program, mia: User, enter: Enter) -> None:
    beacon = makers.make_beacon(program, state="taken")

    enter(mia).post(reverse("admin:tracking_beacon_verb", args=[beacon.pk, "retry"]))

    beacon.refresh_from_db()
    assert beacon.state == "taken"
    assert not Event.objects.filter(kind="beacon.retried").exists()


def test_an_analyst_may_read_but_not_retry(program: Program, ada: User, enter: Enter) -> None:
    beacon = refused(program)

    answer = enter(ada).post(reverse("admin:tracking_beacon_verb", args=[beacon.pk, "retry"]))

    beacon.refresh_from_db()
    assert (answer.status_code, beacon.state) == (403, "refused")


def test_another_company_does_not_see_it(program: Program, eve: User, enter: Enter) -> None:
    beacon = refused(program)

    answer = enter(eve).get(reverse("admin:tracking_beacon_change", args=[beacon.pk]))

    assert answer.status_code in {302, 404}
