import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from affiliates.models import Enrollment, Program
from core.models import User
from portal.models import Brand
from tests import makers

pytestmark = pytest.mark.django_db
SIGN_IN = ("/account/login/", "/account/signup/", "/account/password/reset/", "/account/confirm-email/")


def test_start_page_shows_the_open_programs(client: Client, brand: Brand, program: Program) -> None:
    closed = makers.make_program(program.merchant, is_open=False)
    brand.programs.add(closed)

    assert [offer.program for offer in client.get("/").context["offers"]] == [program]


def test_start_page_leads_an_affiliate_to_the_overview(client: Client, brand: Brand, ann: Enrollment) -> None:
    client.force_login(ann.affiliate.user, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get("/").url == "/overview/"


def test_start_page_leads_a_manager_to_the_managers_place(client: Client, brand: Brand, mia: User) -> None:
    client.force_login(mia, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get("/").url == "/admin/"


def test_start_page_leads_an_affiliate_of_another_company_to_the_programs(
    client: Client, brand: Brand, stranger: Enrollment
) -> None:
    client.force_login(stranger.affiliate.user, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get("/").url == "/programs/"


def test_program_page_says_in_words_what_it_pays(client: Client, brand: Brand, program: Program) -> None:
    offer = client.get(f"/programs/{program.slug}/").context["offer"]

    assert offer.rules[0] == "“Everyone” pays 10 % of each line after discounts and before tax."
    assert (offer.window_days, offer.pays_recruiters) == (30, True)


def test_program_without_a_plan_has_a_page_all_the_same(
    client: Client, brand: Brand, program: Program
) -> None:
    bare = makers.make_program(program.merchant, plan={})
    brand.programs.add(bare)

    assert client.get(f"/programs/{bare.slug}/").context["offer"].rules == []


def test_program_of_another_brand_is_not_found(client: Client, brand: Brand, other: Program) -> None:
    for tail in ("", "apply/", "applied/"):
        assert client.get(f"/programs/{other.slug}/{tail}").status_code == 404


def test_queries_do_not_grow_with_programs(client: Client, brand: Brand, program: Program) -> None:
    client.get("/programs/")
    with CaptureQueriesContext(connection) as one:
        client.get("/programs/")
    for _ in range(2):
        brand.programs.add(makers.make_program(program.merchant))

    with CaptureQueriesContext(connection) as three:
        client.get("/programs/")

    assert len(three) == len(one)


@pytest.mark.parametrize("page", SIGN_IN)
def test_sign_in_pages_carry_the_brand(client: Client, brand: Brand, page: str) -> None:
    answer = client.get(page)

    assert answer.context["brand"] == brand
    assert [template.name for template in answer.templates].count("layouts/plain.html") == 1


@pytest.mark.parametrize("page", SIGN_IN[:3])
def test_sign_in_pages_have_no_inline_script_or_style(client: Client, brand: Brand, page: str) -> None:
    text = client.get(page).content.decode()

    assert [text.count(mark) for mark in (" style=", "<style", "<script>", " onclick=")] == [0] * 4


def test_missing_page_carries_the_brand(client: Client, brand: Brand) -> None:
    answer = client.get("/nowhere/")

    assert (answer.status_code, answer.context["brand"]) == (404, brand)
