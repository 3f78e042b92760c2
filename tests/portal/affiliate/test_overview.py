from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from affiliates import actions
from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from core.models import User
from core.money import Money
from portal.affiliate.figures import last_month
from portal.models import Brand
from tests import makers

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]


def test_balances_stand_by_stage(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    makers.make_commission(ann, 10000)
    makers.make_payable(ann, 60000)

    balances = enter(ann).get("/overview/").context["balances"]

    assert (balances.pending, balances.payable) == (Money(1000, "EUR"), Money(6000, "EUR"))


def test_missing_payout_details_are_named_first(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    makers.make_payable(ann, 100000)

    following = enter(ann).get("/overview/").context["next"]

    assert (following.needs_payee, following.is_due) == (True, False)


def test_what_is_missing_to_the_minimum_is_said(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    makers.make_payee(ann)
    makers.make_payable(ann, 30000)

    following = enter(ann).get("/overview/").context["next"]

    assert (following.missing, following.is_due) == (Money(2000, "EUR"), False)


def test_payable_above_the_minimum_is_due(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    makers.make_payee(ann)
    makers.make_payable(ann, 100000)

    assert enter(ann).get("/overview/").context["next"].is_due is True


def test_month_counts_net_earnings_clicks_and_sales(ann: Enrollment) -> None:
    makers.make_click(ann, is_read=True)
    makers.make_click(ann, is_read=False)
    makers.make_commission(ann, 10000)
    makers.make_commission(ann, 20000)

    month = last_month(ann, makers.NOON + timedelta(days=3))

    assert (month.earned, month.clicks, month.sales) == (Money(3000, "EUR"), 1, 2)
    assert month.per_click == Money(3000, "EUR")


def test_month_leaves_out_what_was_declined_and_taken_back(ann: Enrollment, mia: User) -> None:
    commissions.decline(makers.make_commission(ann, 10000), reason="A test order.", actor=mia)
    order = makers.make_order("77", net=20000, ref=ann.code)
    commissions.take_orders(ann.program, [order], at=makers.NOON)
    commissions.take_refunds(ann.program, "shop", "77", [makers.make_refund(gross=20000)], at=makers.NOON)

    assert last_month(ann, makers.NOON + timedelta(days=1)).earned == Money(0, "EUR")


def test_month_leaves_out_older_days(ann: Enrollment) -> None:
    makers.make_commission(ann, 10000)

    assert last_month(ann, makers.NOON + timedelta(days=30)).earned == Money(0, "EUR")


def test_queries_do_not_grow_with_rows(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    client = enter(ann)
    makers.make_commission(ann)
    client.get("/overview/")
    with CaptureQueriesContext(connection) as one:
        client.get("/overview/")
    for number in range(2):
        makers.make_commission(ann)
        actions.create_link(ann, f"https://shop.example.com/{number}")

    with CaptureQueriesContext(connection) as three:
        client.get("/overview/")

    assert len(three) == len(one)


def test_suspended_affiliate_sees_the_reason_and_no_link(
    enter: Enter, ann: Enrollment, brand: Brand, mia: User
) -> None:
    actions.suspend(ann, reason="Ads on our name.", actor=mia)

    answer = enter(ann).get("/overview/")

    assert answer.content.decode().count("Ads on our name.") == 1
    assert answer.content.decode().count('id="share-link"') == 0


def test_reason_of_a_stop_keeps_its_paragraphs(
    enter: Enter, ann: Enrollment, brand: Brand, mia: User
) -> None:
    actions.ban(ann, reason="The first.\n\n- One.\n- Two.", actor=mia)

    said = enter(ann).get("/overview/").content.decode()

    assert said.count("<p>The first.</p>\n\n<p>- One.<br>- Two.</p>") == 1


def test_applicant_sees_what_happens_next(enter: Enter, program: Program, brand: Brand) -> None:
    waiting = makers.make_enrollment(program, "Wim", active=False)

    for page in ("/overview/", "/links/", "/earnings/", "/payouts/"):
        assert enter(waiting).get(page).templates[0].name == "affiliate/waiting.html"


def test_person_without_membership_is_led_to_the_programs(enter: Enter, brand: Brand) -> None:
    answer = enter(makers.make_user()).get("/overview/")

    assert answer.templates[0].name == "affiliate/none.html"


def test_manager_is_led_to_the_managers_place(enter: Enter, brand: Brand, mia: User) -> None:
    assert enter(mia).get("/overview/").url == "/admin/"


def test_member_of_two_programs_may_change_between_them(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    second = makers.make_program(ann.program.merchant, name="Second")
    brand.programs.add(second)
    enrolled = makers.make_enrollment(second, affiliate=ann.affiliate)
    client = enter(ann)

    client.post("/program/", {"enrollment": enrolled.pk})

    assert client.get("/overview/").context["enrollment"] == enrolled


def test_program_of_somebody_else_cannot_be_chosen(
    enter: Enter, ann: Enrollment, bob: Enrollment, brand: Brand
) -> None:
    client = enter(ann)

    assert client.post("/program/", {"enrollment": bob.pk}).status_code == 404
    assert client.get("/overview/").context["enrollment"] == ann


def test_today_is_the_programs_own(ann: Enrollment) -> None:
    ann.program.time_zone = "Pacific/Auckland"
    late = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)

    assert last_month(ann, late).today.isoformat() == "2026-11-21"
