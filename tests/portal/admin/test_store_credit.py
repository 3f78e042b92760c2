"""A payout in store credit in the console: nobody is asked to pay it by hand, unless it is in doubt."""

import csv
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.actions import set_payee
from affiliates.models import Enrollment
from core.models import User
from payouts import actions as payouts
from payouts.models import Payout
from tests import makers
from tests.makers import NOON

Enter = Callable[[Any], Client]
pytestmark = pytest.mark.django_db
LATER = NOON.replace(month=12)


@pytest.fixture
def payout(ann: Enrollment, mia: User, fin: User) -> Payout:
    """Ann's payout, approved, which a shop is to give."""
    user = ann.affiliate.user
    assert user is not None
    set_payee(
        ann.affiliate, "store_credit", "ann@shopper.example", holder="Ann", shop=(7, "Casa Clara"), actor=user
    )
    makers.make_payable(ann)
    batch = payouts.open_batch(ann.program, actor=mia, at=LATER)
    payouts.approve_batch(batch, actor=fin, at=LATER)
    return batch.payouts.get(enrollment=ann)


def offered(enter: Enter, who: User, payout: Payout) -> list[str]:
    page = enter(who).get(reverse("admin:payouts_payout_change", args=[payout.pk]))
    return [verb.name for verb in page.context["verbs"]]


def test_only_failing_is_offered_before_it_is_begun_and_nothing_while_it_may_leave(
    payout: Payout, fin: User, enter: Enter
) -> None:
    before = offered(enter, fin, payout)
    payouts.begin_sending(payout, shop="s", account="7001", seen=None, at=LATER)

    assert (before, offered(enter, fin, payout)) == (["failed"], [])


def test_in_doubt_a_person_says_what_became_of_it(payout: Payout, fin: User, enter: Enter) -> None:
    payouts.begin_sending(payout, shop="s", account="7001", seen=None, at=LATER)
    payouts.give_up(payout, reason="", doubt="Look in the shop.", at=LATER)

    page = enter(fin).get(reverse("admin:payouts_payout_change", args=[payout.pk]))

    assert page.content.decode().count("Look in the shop.") == 1
    assert [verb.name for verb in page.context["verbs"]] == ["paid", "failed"]


def test_marking_it_as_sent_is_refused(payout: Payout, fin: User, enter: Enter) -> None:
    enter(fin).post(reverse("admin:payouts_payout_verb", args=[payout.pk, "sent"]), {"reference": "SEPA-7"})

    payout.refresh_from_db()
    assert (payout.state, payout.reference) == ("approved", "")


def test_file_to_pay_from_names_no_account_for_it(payout: Payout, fin: User, enter: Enter) -> None:
    answer = enter(fin).get(reverse("admin:payouts_batch_file", args=[payout.batch_id]))

    head, row = csv.reader(answer.content.decode().splitlines())
    cells = dict(zip(head, row, strict=True))
    assert (cells["method"], cells["account"]) == ("store_credit", "nothing to pay: the shop gives it")
    assert "shopper.example" not in answer.content.decode()


def test_doubt_stands_under_what_needs_somebody(payout: Payout, fin: User, enter: Enter) -> None:
    payouts.begin_sending(payout, shop="s", account="7001", seen=None, at=LATER)
    calm = enter(fin).get(reverse("admin:index")).content.decode()
    payouts.give_up(payout, reason="", doubt="Look in the shop.", at=LATER)

    text = enter(fin).get(reverse("admin:index")).content.decode()
    listed = enter(fin).get(reverse("admin:payouts_payout_changelist") + "?doubt__isempty=0")

    assert ("payout in doubt" in calm, text.count("1 payout in doubt")) == (False, 1)
    assert payout.number in listed.content.decode()
