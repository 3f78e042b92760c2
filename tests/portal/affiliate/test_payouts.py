import csv
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from affiliates.models import Enrollment
from commissions import actions as commissions
from core.models import User
from core.money import Money
from payouts import actions
from payouts.models import Payout
from portal.affiliate.earned import shown, stage_of
from portal.affiliate.payouts import lines
from portal.models import Brand
from tests import makers

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]
LATER = makers.NOON + timedelta(days=60)


def make_payout(enrollment: Enrollment, fin: User, *, nets: tuple[int, ...] = (100000,)) -> Payout:
    makers.make_payee(enrollment)
    for net in nets:
        makers.make_payable(enrollment, net)
    return approve(enrollment, fin)


def approve(enrollment: Enrollment, fin: User) -> Payout:
    batch = actions.open_batch(enrollment.program, at=LATER)
    actions.approve_batch(batch, actor=fin, at=LATER)
    return Payout.objects.get(batch=batch, enrollment=enrollment)


def test_draft_is_not_shown(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    makers.make_payee(ann)
    makers.make_payable(ann, 100000)
    draft = actions.open_batch(ann.program, at=LATER).payouts.get(enrollment=ann)
    client = enter(ann)

    assert client.get("/payouts/").context["rows"] == []
    assert client.get(f"/payouts/{draft.pk}/").status_code == 404


def test_approved_payout_is_on_its_way_everywhere(
    enter: Enter, ann: Enrollment, brand: Brand, fin: User
) -> None:
    payout = make_payout(ann, fin)
    client = enter(ann)

    assert [(row.pk, stage.word) for row, stage in client.get("/payouts/").context["rows"]] == [
        (payout.pk, "Approved")
    ]
    assert client.get("/overview/").context["balances"].in_transit == Money(10000, "EUR")
    assert stage_of(shown(ann).get()).word == "On its way"


def test_paid_payout_makes_its_commissions_paid(ann: Enrollment, fin: User) -> None:
    actions.mark_paid(make_payout(ann, fin), reference="SEPA 1", actor=fin, at=LATER)

    assert stage_of(shown(ann).get()).word == "Paid"


def test_failed_payout_says_why_and_frees_its_commissions(
    enter: Enter, ann: Enrollment, brand: Brand, fin: User
) -> None:
    payout = make_payout(ann, fin)
    actions.mark_failed(payout, reason="Unknown account.", actor=fin, at=LATER)

    text = enter(ann).get(f"/payouts/{payout.pk}/").content.decode()

    assert text.count("Unknown account.") >= 1
    assert stage_of(shown(ann).get()).word == "Ready to pay"


def test_statement_adds_up_to_the_payout(enter: Enter, ann: Enrollment, brand: Brand, fin: User) -> None:
    payout = make_payout(ann, fin, nets=(60000, 40000))

    shown_lines = enter(ann).get(f"/payouts/{payout.pk}/").context["lines"]

    assert [line.amount.amount for line in shown_lines] == [6000, 4000]
    assert sum(line.amount.amount for line in shown_lines) == payout.amount


def test_what_was_taken_back_is_shown_without_what_the_shop_noted_of_the_buyer(
    enter: Enter, ann: Enrollment, brand: Brand, fin: User
) -> None:
    makers.make_payee(ann)
    commission = makers.make_payable(ann, 100000, external_id="31")
    refund = makers.make_refund(gross=20000, reason="Mrs Weber says it did not fit")
    commissions.take_refunds(ann.program, "shop", "31", [refund], at=makers.NOON + timedelta(days=40))

    found = [(line.reason, line.amount.amount) for line in lines(approve(ann, fin))]
    sheet = enter(ann).get(f"/earnings/{commission.pk}/").content.decode()

    assert found[-1] == ("Refund", -2000)
    assert "Refund, " in sheet
    assert "Weber" not in sheet


def test_csv_holds_the_same_entries(enter: Enter, ann: Enrollment, brand: Brand, fin: User) -> None:
    payout = make_payout(ann, fin, nets=(60000, 40000))

    answer = enter(ann).get(f"/payouts/{payout.pk}/statement.csv")

    rows = list(csv.reader(answer.content.decode().splitlines()))
    assert [row[-2:] for row in rows[1:]] == [["60.00", "EUR"], ["40.00", "EUR"]]
    assert answer["Content-Disposition"] == f'attachment; filename="{payout.number}.csv"'


def test_csv_cell_is_never_a_formula(enter: Enter, ann: Enrollment, brand: Brand, fin: User) -> None:
    makers.make_payee(ann)
    makers.make_payable(ann, 100000, external_id="=1+1")
    payout = approve(ann, fin)

    rows = list(
        csv.reader(enter(ann).get(f"/payouts/{payout.pk}/statement.csv").content.decode().splitlines())
    )

    assert rows[1][1] == "'=1+1"


def test_payout_of_somebody_else_is_not_found(
    enter: Enter, ann: Enrollment, bob: Enrollment, brand: Brand, fin: User
) -> None:
    payout = make_payout(bob, fin)
    client = enter(ann)

    answers = [client.get(f"/payouts/{payout.pk}/{tail}").status_code for tail in ("", "statement.csv")]

    assert answers == [404, 404]


@pytest.mark.parametrize("page", ["", "statement.csv"])
def test_queries_do_not_grow_with_entries(
    enter: Enter, ann: Enrollment, bob: Enrollment, brand: Brand, fin: User, page: str
) -> None:
    makers.make_payee(bob)
    for net in (60000, 60000, 60000):
        makers.make_payable(bob, net)
    short = make_payout(ann, fin)
    long = Payout.objects.get(enrollment=bob)

    counts = []
    for who, payout in ((ann, short), (bob, long)):
        client = enter(who)
        client.get("/payouts/")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/payouts/{payout.pk}/{page}")
        counts.append(len(queries))

    assert counts[0] == counts[1]
