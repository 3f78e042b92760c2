from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from affiliates.models import Enrollment
from commissions import actions as commissions
from commissions.models import Commission
from core.models import User
from core.money import Money
from portal.affiliate.earned import masked, shown, stage_of
from portal.affiliate.road import road
from portal.models import Brand
from tests import makers
from tests.makers import NOON
from tracking.orders import Evidence

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]


def one(enrollment: Enrollment) -> Commission:
    return shown(enrollment).prefetch_related("reversals", "conversion__decisions__coupon").get()


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the day on which orders are made."""
    monkeypatch.setattr(timezone, "now", lambda: NOON)


def test_pending_commission_says_when_it_clears(ann: Enrollment, at_noon: None) -> None:
    makers.make_commission(ann)

    assert stage_of(one(ann)).word == "Clears 2 Dec"
    assert [(step.state, step.title, step.about) for step in road(one(ann))][-3:-1] == [
        ("now", "Return window", "Clears on 2 Dec if nothing is returned."),
        ("next", "Ready to pay", ""),
    ]


def test_day_that_is_past_is_not_promised(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    commission = makers.make_commission(ann)
    Commission.objects.update(matures_at=timezone.now() - timedelta(minutes=1))
    past = one(ann)

    assert stage_of(past).word == "Clears soon"
    assert [(step.state, step.title) for step in road(past)][-3:-1] == [
        ("done", "Return window"),
        ("now", "Ready to pay"),
    ]
    client = enter(ann)
    for page in ("/overview/", "/earnings/", f"/earnings/{commission.pk}/"):
        assert [client.get(page).content.decode().count(f"clears on{more}") for more in ("", " ")] == [0, 0]


def test_what_is_held_has_no_day(ann: Enrollment, at_noon: None, mia: User) -> None:
    commissions.hold(makers.make_commission(ann), reason="The shop checks the order.", actor=mia)

    steps = road(one(ann))

    assert [(step.title, step.about) for step in steps[-3:-1]] == [
        ("Return window", ""),
        ("Ready to pay", ""),
    ]


def test_approved_commission_is_ready_to_pay(ann: Enrollment) -> None:
    makers.make_payable(ann)

    assert stage_of(one(ann)).word == "Ready to pay"


def test_held_commission_says_why(ann: Enrollment, mia: User) -> None:
    commissions.hold(makers.make_commission(ann), reason="The shop checks the order.", actor=mia)

    assert (stage_of(one(ann)).word, stage_of(one(ann)).about) == ("On hold", "The shop checks the order.")


def test_self_referral_is_said_in_words(ann: Enrollment) -> None:
    makers.make_commission(ann)
    Commission.objects.update(is_held=True, reason="self_referral:email")

    assert (
        stage_of(one(ann)).about
        == "The buyer seems to be yourself. Somebody looks at it before it is approved."
    )


def test_declined_commission_says_why(ann: Enrollment, mia: User) -> None:
    commissions.decline(makers.make_commission(ann), reason="A test order.", actor=mia)

    assert (stage_of(one(ann)).word, stage_of(one(ann)).about) == ("Declined", "A test order.")


def test_full_refund_reads_reversed(ann: Enrollment) -> None:
    makers.make_commission(ann, external_id="9")
    commissions.take_refunds(ann.program, "shop", "9", [makers.make_refund(gross=10000)], at=makers.NOON)

    assert (stage_of(one(ann)).word, one(ann).net) == ("Reversed", Money(0, "EUR"))


def test_road_leads_from_the_click_to_the_payout(ann: Enrollment, at_noon: None) -> None:
    _, tid = makers.make_click(ann, makers.NOON - timedelta(hours=1))
    order = makers.make_order(evidence=Evidence(tid=tid))
    commissions.take_orders(ann.program, [order], at=makers.NOON)

    assert [(step.state, step.title) for step in road(one(ann))] == [
        ("done", f"Your link was followed: {ann.links.get().code}"),
        ("done", "The customer bought"),
        ("now", "Return window"),
        ("next", "Ready to pay"),
        ("next", "Paid"),
    ]


def test_sponsor_learns_nothing_about_the_customer(
    enter: Enter, ann: Enrollment, sue: Enrollment, brand: Brand
) -> None:
    makers.make_commission(ann, external_id="secret-7")
    earned = Commission.objects.get(enrollment=sue)

    text = enter(sue).get(f"/earnings/{earned.pk}/").content.decode()

    assert [text.count(secret) for secret in ("secret-7", "buyer", "ann-archer", "Ann Archer")] == [
        0,
        0,
        0,
        0,
    ]


@pytest.mark.parametrize(
    ("email", "shown_as"), [("maria@example.com", "m•••@example.com"), ("nonsense", "•••")]
)
def test_customer_address_is_masked(email: str, shown_as: str) -> None:
    assert masked(email) == shown_as


def test_commission_is_explained_in_words(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    commission = makers.make_commission(ann, 10000)

    answer = enter(ann).get(f"/earnings/{commission.pk}/")

    assert [sentence.text for sentence in answer.context["sentences"]] == [
        "1 x Enamel mug, 100.00 EUR after discounts and before tax. Rule “Everyone” pays 10 %: 10.00 EUR.",
        "Together 10.00 EUR.",
    ]


def test_commission_opens_as_sheet_and_as_page(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    address, client = f"/earnings/{makers.make_commission(ann).pk}/", enter(ann)

    first = [
        client.get(address, headers=headers).templates[0].name for headers in ({"HX-Request": "true"}, {})
    ]

    assert first == ["components/sheet.html", "affiliate/commission.html"]


def test_commission_of_somebody_else_is_not_found(
    enter: Enter, ann: Enrollment, bob: Enrollment, brand: Brand
) -> None:
    assert enter(ann).get(f"/earnings/{makers.make_commission(bob).pk}/").status_code == 404


def test_list_is_filtered_by_state_and_month(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    pending, payable = makers.make_commission(ann), makers.make_payable(ann)
    client = enter(ann)

    found = {
        query: [row[0] for row in client.get(f"/earnings/?{query}").context["rows"]]
        for query in ("state=pending", "state=payable", "month=2026-11", "month=2026-10", "month=nonsense")
    }

    assert found["state=pending"] == [pending]
    assert found["state=payable"] == [payable]
    assert [len(found[f"month={month}"]) for month in ("2026-11", "2026-10", "nonsense")] == [2, 0, 2]


def test_months_offered_are_those_of_the_programs_clock(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    type(ann.program).objects.update(time_zone="Asia/Tokyo")
    makers.make_commission(ann)

    page = enter(ann).get("/earnings/").content.decode()

    assert '<option value="2026-11">November 2026</option>' in page
    assert "October 2026" not in page


@pytest.mark.parametrize("month", ["9999-12", "0001-01", "2026-99", "-1", "\0"])
def test_month_that_is_none_leaves_the_whole_list(
    enter: Enter, ann: Enrollment, brand: Brand, month: str
) -> None:
    type(ann.program).objects.update(time_zone="Asia/Tokyo")

    assert enter(ann).get("/earnings/", {"month": month}).status_code == 200


def test_long_list_has_pages(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    orders = [makers.make_order(ref=ann.code) for _ in range(26)]
    commissions.take_orders(ann.program, orders, at=makers.NOON)
    client = enter(ann)

    assert [len(client.get(f"/earnings/?page={page}").context["rows"]) for page in (1, 2)] == [25, 1]


def test_queries_do_not_grow_with_commissions(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    client = enter(ann)
    makers.make_commission(ann)
    client.get("/earnings/")
    with CaptureQueriesContext(connection) as first:
        client.get("/earnings/")
    makers.make_commission(ann)
    makers.make_commission(ann)

    with CaptureQueriesContext(connection) as three:
        client.get("/earnings/")

    assert len(three) == len(first)
