"""The affiliate's page about pages of its own."""

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from affiliates import actions
from affiliates.models import DirectLink, Enrollment
from core.models import Event, User
from portal import notices
from portal.models import Brand

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]


def ask(enrollment: Enrollment, page: str = "https://blog.example/") -> DirectLink:
    return actions.ask_direct_link(enrollment.links.get(is_default=True), page)


def told(kind: str) -> mail.EmailMultiAlternatives:
    notices.send(Event.objects.get(kind=kind))
    return mail.outbox[-1]


def test_page_is_asked_for(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    link = ann.links.get()

    answer = enter(ann).post("/links/direct/", {"page": "www.blog.example", "link": link.pk})

    row = DirectLink.objects.get()
    assert (answer.url, str(row), row.link, row.state) == ("/links/direct/", "blog.example/", link, "asked")


@pytest.mark.parametrize("page", ["", "https://shop.example.com/", "youtube.com", "127.0.0.1"])
def test_page_that_cannot_count_is_refused_at_the_field(
    enter: Enter, ann: Enrollment, brand: Brand, page: str
) -> None:
    answer = enter(ann).post("/links/direct/", {"page": page, "link": ann.links.get().pk})

    assert list(answer.context["form"].errors) == ["page"]
    assert DirectLink.objects.count() == 0


def test_link_of_somebody_else_cannot_be_counted_to(
    enter: Enter, ann: Enrollment, bob: Enrollment, brand: Brand
) -> None:
    answer = enter(ann).post("/links/direct/", {"page": "blog.example", "link": bob.links.get().pk})

    assert list(answer.context["form"].errors) == ["link"]
    assert DirectLink.objects.count() == 0


def test_page_is_taken_back(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    row = ask(ann)

    enter(ann).post(f"/links/direct/{row.pk}/closure/")

    row.refresh_from_db()
    assert row.state == "ended"


def test_page_of_somebody_else_is_not_found_and_not_ended(
    enter: Enter, ann: Enrollment, bob: Enrollment, brand: Brand
) -> None:
    row, client = ask(bob), enter(ann)

    answer = client.post(f"/links/direct/{row.pk}/closure/")

    row.refresh_from_db()
    assert (answer.status_code, row.state) == (404, "asked")
    assert client.get("/links/direct/").context["rows"] == []


def test_reason_of_a_refusal_is_shown_and_told(
    enter: Enter, ann: Enrollment, brand: Brand, mia: User
) -> None:
    actions.refuse_direct_link(ask(ann), reason="The page is not yours.", actor=mia)

    letter = told("directlink.refused")

    assert enter(ann).get("/links/direct/").content.decode().count("The page is not yours.") == 1
    assert (letter.to, letter.subject) == (
        ["ann@partner.example"],
        "Your page blog.example/ was not accepted",
    )
    assert str(letter.body).count("The page is not yours.") == 1


def test_approval_is_told_while_it_holds(ann: Enrollment, brand: Brand, mia: User) -> None:
    row = actions.approve_direct_link(ask(ann), actor=mia)
    assert told("directlink.approved").subject == "Visitors from blog.example/ count for you"

    actions.end_direct_link(row, actor=mia)
    mail.outbox.clear()
    notices.send(Event.objects.get(kind="directlink.approved"))

    assert mail.outbox == []


def test_suspended_affiliate_gets_no_form(enter: Enter, ann: Enrollment, brand: Brand, mia: User) -> None:
    actions.suspend(ann, reason="Ads on our name.", actor=mia)
    client = enter(ann)

    client.post("/links/direct/", {"page": "blog.example", "link": ann.links.get().pk})

    assert client.get("/links/direct/").content.decode().count('name="page"') == 0
    assert DirectLink.objects.count() == 0
