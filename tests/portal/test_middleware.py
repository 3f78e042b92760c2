"""What every request passes: the session's host, second factors, answers that nobody keeps, no log-in in a part."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from affiliates.models import Enrollment, Member
from core.models import User
from portal.models import Brand
from tests import makers

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]


def test_session_is_bound_to_its_host_from_the_sign_in_on(
    client: Client, brand: Brand, ann: Enrollment
) -> None:
    client.post("/account/login/", {"login": "ann@partner.example", "password": makers.PASSWORD})

    assert client.session["place"] == "testserver"


@pytest.mark.parametrize("page", ["/overview/", "/earnings/", "/payouts/", "/profile/", "/account/email/"])
def test_private_pages_are_kept_by_nobody(enter: Enter, ann: Enrollment, brand: Brand, page: str) -> None:
    assert enter(ann).get(page).headers["Cache-Control"] == "private, no-store"


def test_brands_files_are_kept_also_by_who_is_signed_in(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    page = enter(ann).get("/overview/")

    answer = enter(ann).get(str(page.context["brand_css"]))

    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_machine_without_a_key_is_told_so(client: Client) -> None:
    assert client.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("page", ["/admin/", "/admin/payouts/batch/open/", "/start/checklist/", "//admin/"])
def test_demanded_second_factor_comes_before_everything(
    settings: Any, enter: Enter, olga: User, brand: Brand, page: str
) -> None:
    settings.MFA_DEMANDED_ROLES = ["owner"]

    answer = enter(olga).get(page)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/2fa/")


def test_second_factor_is_not_demanded_of_other_roles(
    settings: Any, enter: Enter, mia: User, brand: Brand
) -> None:
    settings.MFA_DEMANDED_ROLES = ["owner"]

    assert enter(mia).get("/admin/").status_code == 200


def test_new_address_asks_for_the_password_again(client: Client, brand: Brand, ann: Enrollment) -> None:
    client.post("/account/login/", {"login": "ann@partner.example", "password": makers.PASSWORD})
    session = client.session
    session["account_authentication_methods"] = []
    session.save()

    answer = client.post("/account/email/", {"email": "thief@example.com", "action_add": ""})

    assert answer.headers["Location"].startswith("/account/reauthenticate/") is True
    assert ann.affiliate.user.emailaddress_set.count() == 1


@pytest.mark.parametrize("page", ["/overview/", "/earnings/", "/admin/", "/start/checklist/"])
def test_part_that_is_asked_for_after_the_session_is_over_reloads_the_page(
    client: Client, brand: Brand, page: str
) -> None:
    part = client.get(page, headers={"HX-Request": "true"}, follow=True)  # as a browser follows

    assert (part.status_code, part["HX-Refresh"], part.content) == (200, "true", b"")
    assert "HX-Refresh" not in client.get(page, follow=True)


def test_part_that_is_asked_for_without_the_second_factor_reloads_the_page(
    settings: Any, enter: Enter, olga: User, brand: Brand
) -> None:
    settings.MFA_DEMANDED_ROLES = ["owner"]

    assert enter(olga).get("/admin/", headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_part_that_is_asked_for_by_who_works_there_no_more_reloads_the_page(
    enter: Enter, mia: User, brand: Brand
) -> None:
    client = enter(mia)
    Member.objects.filter(user=mia).update(is_active=False)

    part = client.get("/admin/", headers={"HX-Request": "true"})

    assert (part["HX-Refresh"], part["Cache-Control"]) == ("true", "no-store")
    assert client.get("/admin/", follow=True).status_code == 404


def test_part_that_leads_elsewhere_is_followed(enter: Enter, mia: User, brand: Brand) -> None:
    led = enter(mia).get("/start/checklist/", headers={"HX-Request": "true"})

    assert (led.status_code, "HX-Refresh" in led) == (302, False)
