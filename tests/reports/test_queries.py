"""The overview's figures: right, per currency, of the own companies only, and in a fixed number of queries."""

from datetime import timedelta
from typing import Any

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from core.money import Money
from reports import queries, roads
from tests import makers

LATER = makers.NOON + timedelta(days=1)


def test_week_counts_sales_and_commission(program: Program, ann: Enrollment) -> None:
    makers.make_commission(ann, 10000)

    week = queries.week([program.merchant_id], LATER)

    purse = week.purses[0]
    assert (purse.orders, purse.sales, purse.earned) == (1, Money(10000, "EUR"), Money(1500, "EUR"))
    assert (purse.owed, purse.payable) == (Money(1500, "EUR"), Money(0, "EUR"))


def test_week_before_is_kept_apart(program: Program, ann: Enrollment) -> None:
    makers.make_commission(ann, 10000)

    purse = queries.week([program.merchant_id], makers.NOON + timedelta(days=8)).purses[0]

    assert (purse.sales, purse.sales_before) == (Money(0, "EUR"), Money(10000, "EUR"))


def test_another_company_sees_none_of_it(program: Program, ann: Enrollment, other: Program) -> None:
    makers.make_commission(ann, 10000)

    week = queries.week([other.merchant_id], LATER)

    assert (week.clicks, week.purses, queries.commission_by_week([other.merchant_id], LATER)) == (0, [], [])


def test_sales_in_currencies_of_no_program_stand_apart(program: Program, ann: Enrollment) -> None:
    makers.make_commission(ann, 10000)
    commissions.take_orders(program, [makers.make_order(net=7000, currency="USD")], at=makers.NOON)

    week = queries.week([program.merchant_id], LATER)

    assert [purse.currency for purse in week.purses] == ["EUR"]
    assert week.elsewhere == [Money(7000, "USD")]


def test_approved_amounts_are_payable(program: Program, ann: Enrollment) -> None:
    commission = makers.make_payable(ann, 10000)

    purse = queries.week([program.merchant_id], commission.matures_at).purses[0]

    assert purse.payable == Money(1000, "EUR")


def test_queries_stay_the_same_with_more_rows(
    program: Program, ann: Enrollment, django_assert_num_queries: Any
) -> None:
    for _order in range(3):
        makers.make_commission(ann)

    with django_assert_num_queries(5):
        queries.week([program.merchant_id], LATER)
    with django_assert_num_queries(1):
        queries.commission_by_week([program.merchant_id], LATER)


def test_chart_puts_each_amount_into_its_week(program: Program, ann: Enrollment) -> None:
    makers.make_commission(ann, 10000)

    chart = queries.commission_by_week([program.merchant_id], LATER)[0]

    assert [bar.earned.amount for bar in chart.bars] == [0] * 11 + [1500]
    assert (chart.bars[-1].y, chart.bars[-1].height) == (0, 100)


def test_held_amounts_are_summed_per_currency(program: Program, ann: Enrollment) -> None:
    commissions.hold(makers.make_commission(ann, 10000), reason="Look.")

    assert queries.held([program.merchant_id]) == [Money(1000, "EUR")]


def test_road_leads_from_click_to_what_comes_next(program: Program, ann: Enrollment) -> None:
    _click, tid = makers.make_click(ann, makers.NOON - timedelta(hours=1))
    order = makers.make_order(evidence=makers.Evidence(tid=tid))
    taken = commissions.take_orders(program, [order], at=makers.NOON)[0]
    assert taken.conversion

    steps = roads.of_commission(taken.conversion.commissions.get(level=1))

    words = ["Clicked the link ann-archer", f"Ordered: {order.external_id}", "Paid by the buyer"]
    credited = ["Credited to Ann Archer: click", "commission earned", "may be approved"]
    assert [step.words for step in steps] == words + credited
    assert steps[-1].kind == "ahead"
