"""What the managers' place says of its company, of its first steps, and of an order that waits."""

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from core.models import User
from core.money import Money
from payouts import actions as payouts
from tests import makers

Enter = Callable[[Any], Client]


def test_first_steps_are_offered_until_the_first_payout_batch(
    program: Program, ann: Enrollment, mia: User, olga: User, enter: Enter
) -> None:
    index, steps = reverse("admin:index"), reverse("setup:checklist")
    client = enter(olga)
    before = client.get(index).content.decode().count(steps)

    makers.make_payee(ann)
    late = makers.make_payable(ann).matures_at
    payouts.open_batch(program, cut_off=late, actor=mia, at=late)

    assert (before, client.get(index).content.decode().count(steps)) == (1, 0)


def test_parked_conversion_says_its_worth_and_the_reason(
    program: Program, ann: Enrollment, olga: User, enter: Enter
) -> None:
    order = makers.make_order(net=7000, currency="USD", ref=ann.code)
    parked = commissions.take_orders(program, [order], at=makers.NOON)[0].conversion
    assert parked

    answer = enter(olga).get(reverse("admin:tracking_conversion_change", args=[parked.pk]))

    assert answer.context["hero_money"] == Money(7000, "USD")
    assert answer.content.decode().count(f'<p class="why">{parked.parked_reason}</p>') == 1


def test_company_of_the_person_names_the_place(program: Program, olga: User, enter: Enter) -> None:
    answer = enter(olga).get(reverse("admin:index"))

    assert answer.context["console_company"] == program.merchant.name
