from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import get_script_prefix

from affiliates.models import Enrollment, Program
from portal.brands import BrandMiddleware, brand_of, mark_address, stylesheet_address, theme_of
from portal.models import Brand
from portal.public.errors import server_error
from tests import makers

pytestmark = pytest.mark.django_db


def test_host_names_the_brand_whatever_its_port(client: Client, brand: Brand) -> None:
    answer = client.get("/programs/", headers={"host": "TestServer:8000"})

    assert answer.context["brand"] == brand


def test_path_names_the_brand_where_the_host_has_none(client: Client, brand: Brand) -> None:
    answer = client.get(f"/@{brand.slug}/programs/", headers={"host": "localhost"})

    assert answer.context["brand"] == brand
    assert get_script_prefix() == "/"


def test_addresses_keep_the_brands_path(client: Client, brand: Brand, program: Program) -> None:
    answer = client.get(f"/@{brand.slug}/overview/", headers={"host": "localhost"})

    assert answer.url == f"/@{brand.slug}/account/login/?next=/%40{brand.slug}/overview/"


def test_brand_of_a_host_does_not_show_another_one_by_path(
    client: Client, brand: Brand, other: Program
) -> None:
    hidden = makers.make_brand(other.merchant, other, host="partners.elsewhere.example")

    assert client.get(f"/@{hidden.slug}/programs/").status_code == 404


def test_machines_carry_no_brand(brand: Brand) -> None:
    request = RequestFactory().get("/api/v1/me")

    BrandMiddleware(lambda request: HttpResponse())(request)

    assert brand_of(request) is None


def test_our_own_mistakes_carry_the_brand_and_ask_nothing_of_the_database(
    brand: Brand, django_assert_num_queries: Any
) -> None:
    request = RequestFactory().get("/")
    request.brand = brand  # type: ignore[attr-defined]

    with django_assert_num_queries(0):
        answer = server_error(request)

    assert answer.status_code == 500
    assert answer.content.decode().count(stylesheet_address(brand)) == 1


def test_unknown_path_brand_is_not_found(client: Client, brand: Brand) -> None:
    assert client.get("/@nobody/programs/", headers={"host": "localhost"}).status_code == 404


def test_pages_of_a_brand_are_not_found_on_a_host_without_one(client: Client, brand: Brand) -> None:
    assert client.get("/programs/", headers={"host": "localhost"}).status_code == 404


def test_stylesheet_is_css_that_may_be_kept_forever(client: Client, brand: Brand) -> None:
    answer = client.get(stylesheet_address(brand))

    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"


def test_old_stylesheet_address_gets_the_new_one_for_now(client: Client, brand: Brand) -> None:
    old = stylesheet_address(brand)
    brand.colour = "#d9480f"
    brand.save()

    answer = client.get(old)

    assert answer.content.decode() == theme_of(brand).css
    assert answer["Cache-Control"] == "no-cache"


def test_stylesheet_of_another_brand_is_not_found(client: Client, brand: Brand, other: Program) -> None:
    hidden = makers.make_brand(other.merchant, other, host="partners.elsewhere.example")

    assert client.get(stylesheet_address(hidden)).status_code == 404


def test_logo_may_draw_and_nothing_else(client: Client, brand: Brand) -> None:
    brand.logo = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    brand.save()

    answer = client.get(mark_address(brand))

    assert answer["Content-Type"] == "image/svg+xml"
    policy = answer["Content-Security-Policy"].split("; ")
    assert [policy.count(rule) for rule in ("sandbox", "default-src 'none'", "script-src 'self'")] == [
        1,
        1,
        1,
    ]


def test_brand_without_logo_gets_its_letter(client: Client, brand: Brand) -> None:
    answer = client.get(mark_address(brand))

    assert answer.content.decode().count(">N</text>") == 1


@pytest.mark.parametrize(
    ("cookie", "mode"), [("dark", "dark"), ("light", "light"), ("<b>", "auto"), ("", "auto")]
)
def test_theme_cookie_is_one_of_the_known_modes(client: Client, brand: Brand, cookie: str, mode: str) -> None:
    client.cookies["theme"] = cookie

    assert client.get("/programs/").context["theme_mode"] == mode


def test_session_of_one_brand_is_closed_under_another(
    enter: Callable[[Enrollment], Client], ann: Enrollment, brand: Brand, other: Program
) -> None:
    makers.make_brand(other.merchant, other, host="elsewhere.localhost")
    client = enter(ann)
    assert client.get("/overview/").status_code == 200

    answer = client.get("/overview/", headers={"host": "elsewhere.localhost"})

    assert answer.url == "/account/login/?next=/overview/"


def test_pages_never_say_whose_software_this_is(
    enter: Callable[[Enrollment], Client], ann: Enrollment, brand: Brand
) -> None:
    client = enter(ann)
    pages = ("/overview/", "/links/", "/earnings/", "/payouts/", "/profile/", "/programs/", "/nowhere/")

    for page in pages:
        answer = client.get(page)
        said = answer.content.decode() + str(answer.headers) + str(client.cookies)
        assert said.lower().count("tributary") == 0


def test_pages_have_no_inline_script_or_style(
    enter: Callable[[Enrollment], Client], ann: Enrollment, brand: Brand
) -> None:
    makers.make_commission(ann)
    client = enter(ann)

    for page in ("/overview/", "/links/", "/earnings/", "/payouts/", "/profile/"):
        text = client.get(page).content.decode()
        assert [text.count(mark) for mark in (" style=", "<style", "<script>", " onclick=", "hx-on")] == [
            0
        ] * 5
