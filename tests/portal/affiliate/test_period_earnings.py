"""What is paid for a whole period, and what a changed volume did, read well wherever an affiliate meets them."""

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from affiliates.models import Enrollment, Program
from commissions import actions
from commissions.actions.periods import close_periods, pay_joining, settle_bonuses, settle_true_ups
from commissions.models import Commission
from commissions.states import ReversalCause
from commissions.words import explain
from core import jobs
from core.models import Event, User
from core.money import Money
from payouts import actions as payouts
from payouts.models import Payout
from portal import notices
from portal.affiliate.earned import cause_of, shown, source_of, stage_of
from portal.affiliate.payouts import lines
from portal.affiliate.road import road
from portal.api import shapes
from portal.models import Brand
from tests import makers
from tests.makers import NOON

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]
DAY = timedelta(days=1)
OCTOBER = NOON - 20 * DAY
STEPS = [{"from": "0", "rate": "10"}, {"from": "1000.00", "rate": "15"}]


def paying(mode: str = "retroactive", **more: Any) -> dict[str, Any]:
    reward = {"type": "brackets", "metric": "base", "period": "month", "mode": mode, "steps": STEPS}
    levels = [{"level": 2, "rate": "10", "basis": "level_1"}]
    rule = {"id": "all", "name": "Every sale", "reward": reward}
    return {"schema": 2, "rules": [rule], "levels": levels, **more}


GOLD = {
    "id": "g",
    "name": "Gold target",
    "amount": "25.00",
    "metric": "base",
    "period": "month",
    "target": "900.00",
}
WELCOME = {"id": "w", "name": "Welcome", "amount": "5.00", "metric": "joining"}


@pytest.fixture
def program(merchant) -> Program:
    """Northwind's program, with brackets that count for the whole month, a target and a welcome."""
    return makers.make_program(merchant, plan=paying(bonuses=[GOLD, WELCOME]))


def sell(enrollment: Enrollment, number: str, net: int, at: datetime = OCTOBER) -> Commission:
    commission = makers.make_commission(enrollment, net, external_id=number, occurred_at=at, captured_at=at)
    settle_bonuses(enrollment, at, at=at)
    return commission


@pytest.fixture
def october(ann: Enrollment) -> None:
    """Two sales of 800 and 700 in October, which is over: 175.00 meanwhile, 225.00 at the end."""
    sell(ann, "A-1", 80000)
    sell(ann, "A-2", 70000, OCTOBER + DAY)
    close_periods(at=NOON)
    settle_true_ups(ann, "2026-10", at=NOON)


def one(enrollment: Enrollment, **wanted: Any) -> Commission:
    return shown(enrollment).prefetch_related("reversals__refund").get(**wanted)


def test_true_up_and_bonus_are_called_by_what_they_are_for(
    ann: Enrollment, sue: Enrollment, october: None
) -> None:
    pay_joining(ann, at=NOON)

    assert sorted(source_of(commission) for commission in shown(ann).exclude(kind="earned")) == [
        "Bonus “Gold target”, October 2026",
        "Bonus “Welcome”",
        "Bracket reached, October 2026",
    ]
    assert source_of(one(sue, kind="true_up")) == "Bracket reached by partners you recruited, October 2026"


def test_what_was_given_by_hand_is_called_as_before(ann: Enrollment, fin: User) -> None:
    actions.adjust(ann, 500, reason="For the talk.", actor=fin)

    assert source_of(one(ann, kind="correction")) == "Correction"


def test_true_up_opens_with_its_explanation(
    enter: Enter, ann: Enrollment, october: None, brand: Brand
) -> None:
    true_up = one(ann, kind="true_up")

    answer = enter(ann).get(f"/earnings/{true_up.pk}/")

    assert answer.context["sentences"] == explain(true_up.trace, ann.pk, 1)
    assert "50.00 EUR" in answer.context["sentences"][-1].text
    text = answer.content.decode()
    assert (text.count("true_up:"), text.count("On its way to you"), text.count("From click")) == (0, 1, 0)


def test_road_of_a_bonus_begins_with_what_it_is_for(
    ann: Enrollment, october: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    steps = road(one(ann, kind="bonus"))

    assert [(step.state, step.title) for step in steps] == [
        ("done", "Bonus “Gold target”, October 2026"),
        ("now", "Return window"),
        ("next", "Ready to pay"),
        ("next", "Paid"),
    ]


def test_lists_show_no_code(
    enter: Enter, ann: Enrollment, sue: Enrollment, october: None, brand: Brand
) -> None:
    for who in (ann, sue):
        for path in ("/earnings/", "/overview/"):
            text = enter(who).get(path).content.decode()
            assert [text.count(code) for code in ("true_up", "bonus:", "True-up", "“Every")] == [0, 0, 0, 0]
            assert text.count("October 2026") > 0


def test_refund_in_a_closed_period_corrects_the_true_up_and_says_why(
    enter: Enter, ann: Enrollment, october: None, brand: Brand
) -> None:
    actions.take_refunds(ann.program, "shop", "A-2", [makers.make_refund(gross=70000)], at=NOON + DAY)
    settle_true_ups(ann, "2026-10", at=NOON + DAY)
    true_up = one(ann, kind="true_up")

    answer = enter(ann).get(f"/earnings/{true_up.pk}/")

    assert (true_up.net, stage_of(true_up).word) == (Money(0, "EUR"), "Reversed")
    assert [cause for _reversal, cause in answer.context["reversals"]] == ["Difference for the period"]
    last = true_up.reversals.get()
    assert answer.context["now"] == explain(last.trace, ann.pk, 1)
    assert answer.context["now"] != answer.context["sentences"]


def test_later_sale_that_falls_back_a_bracket_says_why(
    enter: Enter, program: Program, ann: Enrollment, sue: Enrollment, brand: Brand
) -> None:
    actions.publish(program.plans.get(), paying("marginal"), effective_at=OCTOBER, at=OCTOBER)
    sell(ann, "A-1", 90000)
    later = sell(ann, "A-2", 20000, OCTOBER + DAY)
    actions.take_refunds(program, "shop", "A-1", [makers.make_refund(gross=90000)], at=NOON)
    jobs.drain()

    own, sponsors = one(ann, pk=later.pk), one(sue, conversion=later.conversion)
    answer = enter(ann).get(f"/earnings/{own.pk}/")

    assert (own.money, own.net) == (Money(2500, "EUR"), Money(2000, "EUR"))
    assert [cause_of(row) for found in (own, sponsors) for row in found.reversals.all()] == [
        "Your volume changed",
        "The volume of the partner changed",
    ]
    assert [step.title for step in road(own)].count("Your volume changed") == 1
    assert answer.context["now"][-1].text == "Together 20.00 EUR."
    assert answer.context["sentences"][-1].text == "Together 25.00 EUR."


def test_commission_that_only_later_comes_to_something_is_not_said_to_earn_nothing(
    ann: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    commission = makers.make_commission(ann, 0)
    commission.reversals.create(number=1, cause=ReversalCause.VOLUME, amount=-500, at=NOON)

    monkeypatch.setattr(timezone, "now", lambda: NOON)
    assert stage_of(one(ann, pk=commission.pk)).word == "Clears 2 Dec"


def test_statement_tells_what_each_amount_is_for(
    enter: Enter, ann: Enrollment, mia: User, fin: User, october: None, brand: Brand
) -> None:
    pay_joining(ann, at=NOON)
    makers.make_payee(ann)
    actions.approve_due(at=NOON + 40 * DAY)
    batch = payouts.open_batch(ann.program, cut_off=NOON + 60 * DAY, actor=mia, at=NOON + 41 * DAY)
    payouts.approve_batch(batch, actor=fin, at=NOON + 41 * DAY)
    payout = Payout.objects.get(enrollment=ann)

    told = {line.source: line.reason for line in lines(payout)}
    rows = list(csv.reader(StringIO(enter(ann).get(f"/payouts/{payout.pk}/statement.csv").content.decode())))

    for kind, name in (
        ("bonus:", "Bonus “Gold target”, October 2026"),
        ("true_up:", "Bracket reached, October 2026"),
    ):
        commission = Commission.objects.get(
            enrollment=ann, source__startswith=kind, source__contains="2026-10"
        )
        assert told[name] == " ".join(one.text for one in explain(commission.trace, ann.pk, 1))
    assert "5.00 EUR" in told["Bonus “Welcome”"]
    assert ["", "Bracket reached, October 2026"] in [row[1:3] for row in rows]
    assert "true_up:" not in str(rows) + str(told)


def test_letter_on_a_held_true_up_says_what_it_is_for(
    ann: Enrollment, mia: User, october: None, brand: Brand
) -> None:
    actions.hold(one(ann, kind="true_up"), reason="We look at October.", actor=mia)

    notices.send(Event.objects.filter(kind="commission.held").latest("pk"))

    assert "For: Bracket reached, October 2026\n" in mail.outbox[-1].body
    assert "    We look at October.\n" in mail.outbox[-1].body


def test_machines_read_them_as_commissions_without_a_conversion(ann: Enrollment, october: None) -> None:
    told = shapes.commission(one(ann, kind="true_up"))

    assert (told["kind"], told["conversion"], told["amount"], told["level"]) == ("true_up", None, "50.00", 1)
    assert "50.00 EUR" in told["explanation"][-1]
