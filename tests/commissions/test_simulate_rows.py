"""A plan that is tried on what it really paid comes to what it really paid, cent for cent; and what else is read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Merchant, Program
from commissions import actions
from commissions.actions import case_rows
from commissions.actions.case_rows import CaseRows
from commissions.actions.questions import question_for, scope_of
from commissions.models import Commission, Plan
from commissions.plan import parse_plan
from commissions.states import SimulationState
from core import jobs
from core.models import User
from tests.makers import make_enrollment, make_order, make_plan, make_program, make_refund
from tracking.orders import CustomerIn, LineIn, RefundLineIn

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER, DECEMBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (10, 11, 12))
NOW = DECEMBER + timedelta(days=5)
DAY = timedelta(days=1)
STEPS = [{"from": "0", "rate": "10"}, {"from": "1000.00", "rate": "15"}, {"from": "5000.00", "rate": "20"}]


def plan(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"schema": 2, "maturity_days": 30, "max_total_rate": "50", "rules": list(rules), **more}


def brackets(mode: str = "marginal", **when: Any) -> dict[str, Any]:
    reward = {"type": "brackets", "metric": "base", "period": "month", "mode": mode, "steps": STEPS}
    return {"id": "volume", "name": "Volume", "when": when, "reward": reward}


def percent(rate: str, **when: Any) -> dict[str, Any]:
    return {
        "id": f"p{rate}",
        "name": f"{rate} per cent",
        "when": when,
        "reward": {"type": "percent", "rate": rate},
    }


BRACKETS = plan(brackets())
FULL = plan(
    brackets("retroactive"),
    percent("8", categories=["shoes"]),
    {"id": "new", "name": "New", "stackable": True, "when": {"customer": "new"},
     "reward": {"type": "fixed_per_order", "amount": "2.00"}},
    levels=[{"level": 2, "rate": "5", "basis": "level_1"}],
    bonuses=[{"id": "gold", "name": "Gold", "amount": "50.00", "metric": "base", "period": "month",
              "target": "2000.00"}],
    caps=[{"of": "conversion", "amount": "400.00"}, {"of": "program", "period": "month", "amount": "900.00"}],
)  # fmt: skip


def sell(enrollment: Enrollment, at: datetime, *nets: int, number: str = "", **fields: Any) -> None:
    """An order with a line for each net, the second of them shoes; and whatever follows from it."""
    order = make_order(number, ref=enrollment.code, occurred_at=at, revision_at=at, captured_at=at)
    lines = tuple(
        LineIn(str(place), net, quantity=2, sku=f"S{place}", categories=("shoes",) if place == 1 else ())
        for place, net in enumerate(nets)
    )
    order = replace(order, lines=lines, total=sum(nets), **fields)
    taken = actions.take_orders(enrollment.program, [order], at=at)[0]
    assert taken.conversion


def ask(
    row: Plan, body: dict[str, Any], starts: datetime = OCTOBER, ends: datetime = DECEMBER
) -> dict[str, Any]:
    """The answer to what a plan would have cost."""
    simulation = actions.start_simulation(row, body, starts, ends, at=NOW)
    actions.run_simulation(simulation)
    simulation.refresh_from_db()
    assert simulation.state == SimulationState.DONE, simulation.error
    return simulation.result  # type: ignore[no-any-return]


def by_code(found: dict[str, Any], key: str = "difference") -> dict[str, Any]:
    codes = dict(Enrollment.objects.values_list("pk", "code"))
    return {codes[row["enrollment"]]: row[key] for row in found["affiliates"]}


def live(program: Program, ann: Enrollment, bob: Enrollment, mia: User) -> None:
    """Two months with everything in them: refunds, a late order, one that is cancelled, one that is declined."""
    for day in range(0, 60, 6):
        sell(ann, OCTOBER + day * DAY, 60000 + day * 1000, 5000, number=f"a{day}")
        sell(bob, OCTOBER + day * DAY, 9000, number=f"b{day}", customer=CustomerIn(email="same@example.net"))
    sell(ann, OCTOBER + 2 * DAY, 90000, number="late")
    actions.take_refunds(program, "shop", "b12", [make_refund(lines=(RefundLineIn("0", 1, 4000),))], at=NOW)
    actions.take_refunds(program, "shop", "late", [make_refund(gross=30000)], at=NOW)
    actions.take_refunds(program, "shop", "b18", [make_refund(kind="cancellation")], at=NOW)
    actions.decline(
        Commission.objects.get(conversion__external_id="b24", level=1), reason="Own order", actor=mia
    )
    actions.decline(
        Commission.objects.get(conversion__external_id="a24", level=1), reason="Checked", actor=mia
    )
    jobs.drain(at=NOW)
    sell(bob, OCTOBER + 30 * DAY, 9000, number="b30", state="void", revision_at=NOW)
    jobs.drain(at=NOW)
    actions.close_periods(at=NOW)
    jobs.drain(at=NOW)


@pytest.mark.parametrize("body", [BRACKETS, FULL, plan(percent("10"), percent("8", categories=["shoes"]))])
def test_plan_that_really_paid_costs_what_was_paid(
    merchant: Merchant, mia: User, body: dict[str, Any]
) -> None:
    program = make_program(merchant, plan=body)
    sue = make_enrollment(program, "Sue Sponsor")
    ann, bob = make_enrollment(program, "Ann Archer", sponsor=sue), make_enrollment(program, "Bob Baker")
    live(program, ann, bob, mia)

    found = ask(program.plans.get(), body)

    standing = Commission.objects.exclude(state="declined").with_net()
    assert found["now"]["total"] == sum(row.net.amount for row in standing) > 0
    assert found["then"] == found["now"]
    assert set(by_code(found).values()) == {0}
    assert by_code(found, "step_then") == by_code(found, "step_now")


def test_half_of_a_life_continues_the_counters_of_the_other_half(merchant: Merchant, mia: User) -> None:
    quarterly = plan({**brackets(), "reward": {**brackets()["reward"], "period": "quarter"}})
    program = make_program(merchant, plan=quarterly)
    ann, bob = make_enrollment(program, "Ann Archer"), make_enrollment(program, "Bob Baker")
    live(program, ann, bob, mia)

    found = ask(program.plans.get(), quarterly, NOVEMBER)

    assert found["then"] == found["now"]
    assert found["conversions"] < Commission.objects.filter(level=1).count()


@pytest.mark.parametrize("period", ["days:20", "all_time", "year"])
def test_every_kind_of_period_continues(merchant: Merchant, mia: User, period: str) -> None:
    body = plan({**brackets(), "reward": {**brackets()["reward"], "period": period}})
    program = make_program(merchant, plan=body)
    ann = make_enrollment(program, "Ann Archer")
    for day in range(0, 60, 10):
        sell(ann, OCTOBER + day * DAY, 60000)
    jobs.drain(at=NOW)

    found = ask(program.plans.get(), body, NOVEMBER + DAY)

    assert found["then"] == found["now"]
    assert found["affiliates"][0]["step_then"]["rate"] != "10"


def test_periods_of_different_length_continue_each_for_itself(merchant: Merchant) -> None:
    reward = {**brackets()["reward"], "period": "year"}
    shoes = {"id": "shoes", "name": "Shoes", "when": {"categories": ["shoes"]}, "reward": reward}
    body = plan(brackets(), shoes)
    program = make_program(merchant, plan=body)
    ann = make_enrollment(program, "Ann Archer")
    for day in range(0, 60, 5):
        sell(ann, OCTOBER + day * DAY, 30000, 30000)
    jobs.drain(at=NOW)

    found = ask(program.plans.get(), body, NOVEMBER + 8 * DAY)

    assert found["then"] == found["now"]
    assert found["conversions"] == 4


def test_plan_of_a_group_is_tried_on_the_group_alone(
    program: Program, ann: Enrollment, bob: Enrollment, mia: User
) -> None:
    gold, row = affiliates.create_group(program, "Gold", actor=mia), make_plan(program, "Gold")
    affiliates.assign_group(ann, gold, actor=mia)
    actions.assign_plan(row, group=gold, actor=mia, at=NOVEMBER)
    sell(ann, OCTOBER, 10000)
    sell(bob, OCTOBER, 10000)

    found, whole = ask(row, plan(percent("20"))), ask(program.plans.get(name="Standard"), plan(percent("20")))

    assert by_code(found, "then") == {"ann-archer": 2000, "sue-sponsor": 0}
    assert by_code(whole, "then") == {"bob-baker": 2000}
    assert (found["everybody"], found["scope"], whole["scope"]) == (False, 1, 2)


def test_plan_that_nobody_earns_by_is_tried_on_everybody(
    program: Program, ann: Enrollment, bob: Enrollment
) -> None:
    sell(ann, OCTOBER, 10000)
    sell(bob, OCTOBER, 10000)

    found = ask(make_plan(program), plan(percent("20")))

    assert found["everybody"]
    assert {code: then for code, then in by_code(found, "then").items() if then} == {
        "ann-archer": 2000,
        "bob-baker": 2000,
    }


def test_affiliates_own_plan_goes_before_its_groups(program: Program, ann: Enrollment, mia: User) -> None:
    own, gold = make_plan(program, "Own"), make_plan(program, "Gold")
    group = affiliates.create_group(program, "Gold", actor=mia)
    affiliates.assign_group(ann, group, actor=mia)
    actions.assign_plan(gold, group=group, actor=mia, at=OCTOBER)
    actions.assign_plan(own, enrollment=ann, actor=mia, at=OCTOBER)

    assert (scope_of(own, NOW), scope_of(gold, NOW)) == (frozenset({ann.pk}), frozenset())
    assert scope_of(own, OCTOBER - DAY) is None


def test_foreign_currency_is_valued_by_the_rate_it_was_counted_with(
    program: Program, ann: Enrollment, mia: User
) -> None:
    actions.enter_rates(program.merchant, {"USD": Decimal("1.25")}, as_of=OCTOBER, actor=mia)
    sell(ann, OCTOBER, 12500, currency="USD")
    sell(ann, NOVEMBER, 12500, currency="USD")
    sell(ann, NOVEMBER, 5000, currency="GBP")

    found = ask(program.plans.get(), plan(percent("20")))

    assert (found["revenue"], found["then"]["total"]) == (10000, 2000)
    assert found["unvalued"] == [
        {"reason": "no_rate:USD", "conversions": 1},
        {"reason": "no_rate:GBP", "conversions": 1},
    ]


def test_number_of_the_payment_is_known(program: Program, ann: Enrollment) -> None:
    for month in range(3):
        sell(ann, OCTOBER + 28 * month * DAY, 10000, subscription="s1", number=f"s{month}")

    found = ask(program.plans.get(), plan(percent("20", payment={"from": 2})), OCTOBER)

    assert by_code(found, "then")["ann-archer"] == 4000


def test_split_goes_to_the_partner(program: Program, ann: Enrollment, bob: Enrollment) -> None:
    sell(ann, OCTOBER, 10000)

    found = ask(program.plans.get(), plan(percent("10"), split=[{"affiliate": "bob-baker", "share": "30"}]))

    assert {code: then for code, then in by_code(found, "then").items() if then} == {
        "ann-archer": 700,
        "bob-baker": 300,
    }


def test_joining_in_the_stretch_is_paid_once(program: Program, ann: Enrollment, mia: User) -> None:
    late = affiliates.apply(
        program, make_enrollment(program, "Zoe Zander", active=False).affiliate, at=OCTOBER
    )
    affiliates.activate(late, at=NOVEMBER)
    affiliates.suspend(late, reason="A while", actor=mia, at=NOVEMBER + DAY)
    affiliates.activate(late, at=NOVEMBER + 2 * DAY)
    affiliates.suspend(ann, reason="A while", actor=mia, at=NOVEMBER)
    affiliates.activate(ann, at=NOVEMBER + DAY)
    bonus = {"id": "hello", "name": "Welcome", "amount": "20.00", "metric": "joining"}

    found = ask(program.plans.get(), plan(percent("10"), bonuses=[bonus]))

    assert {code: gained for code, gained in by_code(found).items() if gained} == {"zoe-zander": 2000}


def test_order_credited_to_nobody_and_other_programs_are_left_out(
    program: Program, ann: Enrollment, stranger: Enrollment
) -> None:
    sell(ann, OCTOBER, 10000)
    sell(stranger, OCTOBER, 10000)
    actions.take_orders(program, [make_order("organic", occurred_at=OCTOBER)], at=NOW)

    found = ask(program.plans.get(), BRACKETS)

    assert (found["conversions"], found["revenue"]) == (1, 10000)


def test_stretch_begins_with_its_first_instant_and_ends_before_its_last(
    program: Program, ann: Enrollment
) -> None:
    for at in (OCTOBER, NOVEMBER - timedelta(microseconds=1), NOVEMBER):
        sell(ann, at, 10000)

    assert ask(program.plans.get(), BRACKETS, OCTOBER, NOVEMBER)["conversions"] == 2


def test_number_of_questions_does_not_grow_with_the_conversions(
    program: Program, ann: Enrollment, bob: Enrollment
) -> None:
    parsed = parse_plan(FULL, "EUR")
    asked = []
    for _time in range(2):
        for number in range(3):
            sell(ann, OCTOBER + number * DAY, 10000)
            sell(bob, OCTOBER + number * DAY, 10000)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = list(CaseRows(program, parsed, (OCTOBER, DECEMBER), counts=True))
        asked.append((len(found), len(queries)))

    assert asked == [(6, 5), (12, 5)]


def test_chunks_come_in_the_order_of_time(
    program: Program, ann: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_rows, "CHUNK", 2)
    for day in (4, 1, 3, 0, 2):
        sell(ann, OCTOBER + day * DAY, 10000 + day)
    heard: list[int] = []

    rows = CaseRows(program, parse_plan(BRACKETS, "EUR"), (OCTOBER, DECEMBER), beat=heard.append)

    assert [case.revenue for case in rows] == [10000, 10001, 10002, 10003, 10004]
    assert (len(rows), heard) == (5, [2, 2, 1])


def test_program_has_a_clock_of_its_own(program: Program, ann: Enrollment) -> None:
    program.time_zone = "America/New_York"
    program.save(update_fields=["time_zone"])
    sell(ann, NOVEMBER, 100000)  # still October in New York
    sell(ann, NOVEMBER + DAY, 10000)
    row = program.plans.get()

    found = ask(row, BRACKETS, OCTOBER, NOVEMBER + 3 * DAY)

    first = next(iter(CaseRows(program, parse_plan(BRACKETS, "EUR"), (OCTOBER, DECEMBER))))
    assert first.at.month == 10
    assert by_code(found, "then")["ann-archer"] == 10000 + 1000
    assert question_for(row, parse_plan(BRACKETS, "EUR"), (OCTOBER, NOVEMBER)).starts.day == 30
