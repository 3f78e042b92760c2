from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from affiliates import actions
from affiliates.models import Enrollment, Link
from commissions import actions as commissions
from core.models import User
from core.money import Money
from portal.affiliate.figures import brought_by
from portal.models import Brand
from tests import makers
from tracking.orders import Evidence

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]
HTMX = {"HX-Request": "true"}


def test_posted_page_becomes_a_link_with_sub_ids(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    form = {"destination": "https://shop.example.com/mugs", "name": "Mugs", "sub_ids": "blog, , header"}

    answer = enter(ann).post("/links/", form)

    made = Link.objects.get(name="Mugs")
    assert answer.url == "/links/"
    assert (made.destination, made.sub_ids, made.enrollment) == (
        "https://shop.example.com/mugs",
        ["blog", "header"],
        ann,
    )


def test_htmx_gets_the_part_with_the_new_link_in_it(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    answer = enter(ann).post("/links/", {"destination": "https://shop.example.com/mugs"}, headers=HTMX)

    assert answer.templates[0].name == "affiliate/links_work.html"
    assert answer.context["created"]["link"].destination == "https://shop.example.com/mugs"


@pytest.mark.parametrize(
    "page", ["https://evil.example/", "javascript:alert(1)", "https://shop.example.com@evil.example/", ""]
)
def test_page_outside_the_program_is_refused(enter: Enter, ann: Enrollment, brand: Brand, page: str) -> None:
    answer = enter(ann).post("/links/", {"destination": page})

    assert list(answer.context["form"].errors) == ["destination"]
    assert Link.objects.filter(enrollment=ann).count() == 1


def test_six_sub_ids_are_too_many(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    answer = enter(ann).post(
        "/links/", {"destination": "https://shop.example.com/", "sub_ids": "1,2,3,4,5,6"}
    )

    assert answer.context["form"].errors == {"sub_ids": ["At most five."]}


def test_too_long_sub_id_is_an_error_of_the_form(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    answer = enter(ann).post("/links/", {"destination": "https://shop.example.com/", "sub_ids": "x" * 81})

    assert answer.context["form"].is_valid() is False


def test_link_is_paused_and_works_again(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    link = ann.links.get()
    client = enter(ann)

    client.post(f"/links/{link.pk}/state/", {"is_active": ""})
    paused = Link.objects.get(pk=link.pk).is_active
    client.post(f"/links/{link.pk}/state/", {"is_active": "1"})

    assert (paused, Link.objects.get(pk=link.pk).is_active) == (False, True)


def test_link_of_somebody_else_is_not_found_and_not_changed(
    enter: Enter, ann: Enrollment, bob: Enrollment, brand: Brand
) -> None:
    link, client = bob.links.get(), enter(ann)

    answers = [client.get(f"/links/{link.pk}/"), client.get(f"/links/{link.pk}/qr.svg")]
    answers.append(client.post(f"/links/{link.pk}/state/", {"is_active": ""}))

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert Link.objects.get(pk=link.pk).is_active is True


def test_qr_code_is_an_svg_drawing(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    answer = enter(ann).get(f"/links/{ann.links.get().pk}/qr.svg?download=1")

    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Content-Disposition"] == f'attachment; filename="{ann.links.get().code}.svg"'
    assert b"style" not in answer.content


def test_link_opens_as_sheet_and_as_page(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    address, client = f"/links/{ann.links.get().pk}/", enter(ann)

    first = [client.get(address, headers=headers).templates[0].name for headers in (HTMX, {})]

    assert first == ["components/sheet.html", "affiliate/link.html"]


def test_link_counts_clicks_sales_and_net_earnings(ann: Enrollment) -> None:
    link = ann.links.get()
    _, tid = makers.make_click(ann)
    order = makers.make_order("5", net=20000, evidence=Evidence(tid=tid))
    commissions.take_orders(ann.program, [order], at=makers.NOON)
    commissions.take_refunds(ann.program, "shop", "5", [makers.make_refund(gross=5000)], at=makers.NOON)

    brought = brought_by(ann, [link.pk])[link.pk]

    assert (brought.clicks, brought.sales, Money(brought.earned, "EUR")) == (1, 1, Money(1500, "EUR"))


def test_queries_do_not_grow_with_links(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    client = enter(ann)
    client.get("/links/")
    with CaptureQueriesContext(connection) as one:
        client.get("/links/")
    for number in range(2):
        actions.create_link(ann, f"https://shop.example.com/{number}")

    with CaptureQueriesContext(connection) as three:
        client.get("/links/")

    assert len(three) == len(one)


def test_recruiting_address_is_shown_where_recruiters_are_paid(
    enter: Enter, ann: Enrollment, brand: Brand
) -> None:
    answer = enter(ann).get("/links/")

    assert answer.context["recruiting"] == f"http://testserver/programs/{ann.program.slug}/?via={ann.code}"


def test_suspended_affiliate_gets_no_form(enter: Enter, ann: Enrollment, brand: Brand, mia: User) -> None:
    actions.suspend(ann, reason="Ads on our name.", actor=mia)
    client = enter(ann)

    client.post("/links/", {"destination": "https://shop.example.com/"})

    assert client.get("/links/").content.decode().count('id="new"') == 0
    assert Link.objects.filter(enrollment=ann).count() == 1
