from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from affiliates import actions
from affiliates.models import Enrollment, Link, Program
from commissions import actions as commissions
from core.models import User
from core.money import Money
from portal.affiliate.figures import brought_by
from portal.affiliate.qr_codes import TYPES, drawn
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


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_link_too_many_stays_paused_and_the_page_says_why(
    enter: Enter, ann: Enrollment, brand: Brand, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    link = actions.create_link(ann, ann.program.home_url)
    actions.pause_link(link, actor=ann.affiliate.user)
    monkeypatch.setattr("affiliates.actions.links.MOST_OPEN", 1)
    browser = enter(ann)

    browser.post(f"/links/{link.pk}/state/", {"is_active": "1"}, headers=headers)

    link.refresh_from_db()
    assert link.is_active is False
    assert "1 links are open" in browser.get("/links/").content.decode()


def test_link_of_somebody_else_is_not_found_and_not_changed(
    enter: Enter, ann: Enrollment, bob: Enrollment, brand: Brand
) -> None:
    link, client = bob.links.get(), enter(ann)

    answers = [client.get(f"/links/{link.pk}/"), client.get(f"/links/{link.pk}/qr/")]
    answers.append(client.post(f"/links/{link.pk}/state/", {"is_active": ""}))

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert Link.objects.get(pk=link.pk).is_active is True


def test_qr_code_is_an_svg_drawing(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    answer = enter(ann).get(f"/links/{ann.links.get().pk}/qr/?download=1")

    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Content-Disposition"] == f'attachment; filename="{ann.links.get().code}.svg"'
    assert b"style" not in answer.content


def test_link_opens_as_sheet_and_as_page(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    address, client = f"/links/{ann.links.get().pk}/", enter(ann)

    first = [client.get(address, headers=headers).templates[0].name for headers in (HTMX, {})]

    assert first == ["components/sheet.html", "affiliate/link.html"]


def test_link_counts_clicks_sales_and_net_earnings(ann: Enrollment) -> None:
    link = ann.links.get()
    _, tid = makers.make_click(ann, is_read=True)
    makers.make_click(ann, is_read=False)
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


def more(**fields: object) -> dict[str, object]:
    """What the form with "More choices" open posts."""
    totals = {"rules-TOTAL_FORMS": 3, "rotation-TOTAL_FORMS": 3}
    starts = {"rules-INITIAL_FORMS": 0, "rotation-INITIAL_FORMS": 0}
    return {"destination": "https://shop.example.com/mugs", "name": "Mugs", **totals, **starts, **fields}


def test_more_choices_make_a_link_in_full(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    form = more(code="Winter-Mugs", expires_at="2030-05-01T12:00")
    form |= {"rules-1-countries": "de, AT", "rules-1-destination": "https://shop.example.com/tassen"}
    form |= {"rules-2-devices": ["mobile", "tablet"], "rules-2-destination": "https://shop.example.com/app"}
    form |= {"rotation-0-destination": "https://shop.example.com/cups", "rotation-0-weight": "3"}

    enter(ann).post("/links/", form)

    made = Link.objects.get(code="winter-mugs")
    assert made.rules == [
        {"countries": ["DE", "AT"], "devices": [], "destination": "https://shop.example.com/tassen"},
        {"countries": [], "devices": ["mobile", "tablet"], "destination": "https://shop.example.com/app"},
    ]
    assert made.rotation == [{"destination": "https://shop.example.com/cups", "weight": 3}]
    assert made.expires_at == datetime(2030, 5, 1, 12, tzinfo=UTC)


def test_end_is_read_and_shown_on_the_programs_clock(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    Program.objects.update(time_zone="America/New_York")
    client = enter(ann)

    client.post("/links/", more(expires_at="2030-05-01T12:00"))

    made = Link.objects.get(name="Mugs")
    assert made.expires_at == datetime(2030, 5, 1, 16, tzinfo=UTC)
    form = client.get(f"/links/{made.pk}/").context["form"]
    assert form["expires_at"].value().isoformat() == "2030-05-01T12:00:00"


@pytest.mark.parametrize(
    ("said", "row", "field"),
    [
        ({"rules-2-countries": "XX", "rules-2-destination": "https://shop.example.com/"}, 2, "countries"),
        ({"rules-1-countries": "DE", "rules-1-destination": "https://evil.example/"}, 1, "destination"),
        ({"rules-0-countries": "DE"}, 0, "destination"),
        ({"rules-0-destination": "https://shop.example.com/"}, 0, "destination"),
    ],
)
def test_wrong_rule_is_refused_in_its_own_line(
    enter: Enter, ann: Enrollment, brand: Brand, said: dict[str, str], row: int, field: str
) -> None:
    form = enter(ann).post("/links/", more(**said)).context["form"]

    wrong = {number: list(each.errors) for number, each in enumerate(form.rules.forms) if each.errors}
    assert (wrong, form.has_more, ann.links.count()) == ({row: [field]}, True, 1)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"code": "admin"}, "code"),
        ({"code": "ann-archer"}, "code"),
        ({"code": "zwölf"}, "code"),
        ({"expires_at": "2020-01-01T00:00"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"sub_ids": "x" * 81}, "sub_ids"),
    ],
)
def test_wrong_choice_is_refused_at_its_field(
    enter: Enter, ann: Enrollment, brand: Brand, said: dict[str, str], field: str
) -> None:
    form = enter(ann).post("/links/", more(**said)).context["form"]

    assert (list(form.errors), form.has_more, ann.links.count()) == ([field], True, 1)


@pytest.mark.parametrize("total", ["21", "1000000", "x", ""])
def test_forged_number_of_lines_makes_nothing(
    enter: Enter, ann: Enrollment, brand: Brand, total: str
) -> None:
    answer = enter(ann).post("/links/", more(**{"rules-TOTAL_FORMS": total}))

    assert (answer.status_code, ann.links.count()) == (200, 1)


def test_link_is_changed_on_its_own_page(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    rule = {"countries": ["DE"], "devices": [], "destination": "https://shop.example.com/de"}
    link = actions.create_link(ann, "https://shop.example.com/mugs", code="mugs", rules=[rule])
    form = more(name="Cups", destination="https://shop.example.com/cups", code="other")
    form |= {"rules-INITIAL_FORMS": 1, "rules-0-countries": "", "rules-0-destination": ""}

    answer = enter(ann).post(f"/links/{link.pk}/", form)

    link.refresh_from_db()
    assert answer.url == f"/links/{link.pk}/"
    assert (link.code, link.name, link.rules) == ("mugs", "Cups", [])
    assert link.destination == "https://shop.example.com/cups"


def test_wrong_change_is_shown_and_changes_nothing(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    link = actions.create_link(ann, "https://shop.example.com/mugs")

    answer = enter(ann).post(f"/links/{link.pk}/", more(destination="https://evil.example/"))

    link.refresh_from_db()
    assert list(answer.context["form"].errors) == ["destination"]
    assert link.destination == "https://shop.example.com/mugs"


def test_link_of_somebody_else_is_not_changed(
    enter: Enter, ann: Enrollment, bob: Enrollment, brand: Brand
) -> None:
    link = bob.links.get()

    answer = enter(ann).post(f"/links/{link.pk}/", more(name="Mine"))

    link.refresh_from_db()
    assert (answer.status_code, link.name) == (404, "")


def test_suspended_affiliate_is_told_that_links_stay(
    enter: Enter, ann: Enrollment, brand: Brand, mia: User
) -> None:
    link = actions.create_link(ann, "https://shop.example.com/mugs")
    actions.suspend(ann, reason="Ads on our name.", actor=mia)

    answer = enter(ann).post(f"/links/{link.pk}/", more(name="New"))

    link.refresh_from_db()
    assert (answer.status_code, link.name) == (200, "")


@pytest.mark.parametrize(("query", "kind"), [("", "svg"), ("?kind=png", "png"), ("?kind=exe", "svg")])
def test_qr_code_says_that_the_visitor_came_by_it(
    enter: Enter, ann: Enrollment, brand: Brand, query: str, kind: str
) -> None:
    link = ann.links.get()

    answer = enter(ann).get(f"/links/{link.pk}/qr/{query}")

    assert answer["Content-Type"] == TYPES[kind]
    assert answer.content == drawn(f"http://testserver/r/{link.code}?via=qr", kind)


def test_qr_codes_are_a_drawing_and_a_picture() -> None:
    assert drawn("x", "svg").startswith(b"<?xml")
    assert drawn("x", "png").startswith(b"\x89PNG\r\n\x1a\n")
    assert drawn("x", "png") != drawn("y", "png")


def test_spoken_code_is_shown(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    page = enter(ann).get("/links/").content.decode()

    assert page.count('data-copy="ann-archer"') == 1


def test_link_that_is_over_says_so(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    link = actions.create_link(ann, "https://shop.example.com/mugs")
    Link.objects.filter(pk=link.pk).update(expires_at=makers.NOON - timedelta(days=400))

    row = enter(ann).get(f"/links/{link.pk}/").context["row"]

    assert row["is_over"] is True


def test_everything_that_is_wrong_is_said_at_once(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    said = more(destination="https://evil.example/", code="admin", expires_at="soon")
    said |= {"rules-0-countries": "XX", "rules-0-destination": "https://shop.example.com/"}
    said |= {"rotation-1-destination": "https://evil.example/"}

    form = enter(ann).post("/links/", said).context["form"]

    assert sorted(form.errors) == ["code", "destination", "expires_at"]
    assert (list(form.rules.forms[0].errors), list(form.rotation.forms[1].errors)) == (
        ["countries"],
        ["destination"],
    )
