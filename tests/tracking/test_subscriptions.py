"""Which payment a conversion is, and how old the relation: a fold over facts, whatever their order of arrival."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, strategies as st

from affiliates.models import Program
from commissions.actions import take_orders
from tests.makers import NOON, make_order, make_program
from tracking.models import Conversion
from tracking.orders import CustomerIn, OrderIn
from tracking.states import OrderState
from tracking.subscriptions import Payment, fold, later_of, months_between, standing, standings

pytestmark = pytest.mark.django_db
CARL = CustomerIn(email="carl@example.net")
DAY = timedelta(days=1)
START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def payment(day: float = 0, subscription: str = "s-1", **fields: object) -> OrderIn:
    """An order of Carl's subscription, `day` days after the first."""
    at = START + day * DAY
    known = {"customer": CARL, "occurred_at": at, "captured_at": at, "revision_at": at}
    return make_order(subscription=subscription, **(known | fields))


def take(program: Program, *orders: OrderIn) -> list[Conversion]:
    conversions = [take_orders(program, [order], at=NOON)[0].conversion for order in orders]
    assert None not in conversions
    return conversions


def numbers(program: Program, *orders: OrderIn) -> list[tuple[int | None, int | None]]:
    """(payment, months) of each order, asked when all of them are known."""
    return [(found.payment, found.months) for found in map(standing, take(program, *orders))]


def cancelled(order: OrderIn) -> OrderIn:
    return replace(order, state=OrderState.VOID, revision_at=NOON)


def test_payments_of_a_subscription_are_counted_from_the_first(program):
    first, second, third = take(program, payment(), payment(28), payment(59))

    assert [standing(row).payment for row in (first, second, third)] == [1, 2, 3]
    assert [standing(row).months for row in (first, second, third)] == [0, 1, 2]
    assert standing(third).root == first


def test_late_arrival_moves_the_later_ones(program):
    third, first = take(program, payment(59), payment())
    assert (standing(first).payment, standing(third).payment) == (1, 2)

    second = take(program, payment(28))[0]

    assert [standing(row).payment for row in (first, second, third)] == [1, 2, 3]
    assert standing(third).root == first
    assert list(later_of(second)) == [third]


def test_payments_of_one_instant_stand_in_the_order_of_their_arrival(program):
    assert numbers(program, payment(), payment()) == [(1, 0), (2, 0)]


def test_start_of_a_trial_is_no_payment(program):
    trial, first, second = take(program, payment(net=0), payment(14), payment(45))

    found = [standing(row) for row in (trial, first, second)]
    assert [(one.payment, one.months) for one in found] == [(0, 0), (1, 0), (2, 1)]
    assert {one.root for one in found} == {trial}


def test_free_month_has_the_number_of_the_payment_before_it(program):
    assert numbers(program, payment(), payment(28, net=0), payment(59)) == [(1, 0), (1, 1), (2, 2)]


def test_cancelled_payment_does_not_count_but_keeps_its_own_number(program):
    orders = [payment(), payment(28), payment(59)]
    first, second, third = take(program, *orders)

    take(program, cancelled(orders[1]))

    rows = [Conversion.objects.get(pk=row.pk) for row in (first, second, third)]
    assert [standing(row).payment for row in rows] == [1, 2, 2]
    assert {key: one.payment for key, one in standings(rows).items()} == {
        first.pk: 1,
        second.pk: 2,
        third.pk: 2,
    }


def test_refunded_payment_was_paid_all_the_same(program):
    orders = [payment(), payment(28)]
    _first, second = take(program, *orders)

    take(program, replace(orders[0], state=OrderState.REFUNDED, revision_at=NOON))

    assert standing(second).payment == 2


def test_proration_told_under_the_number_of_its_period_is_no_payment_more(program):
    orders = [
        payment(payment_number=1),
        payment(10, payment_number=1, net=500),
        payment(28, payment_number=2),
    ]

    assert numbers(program, *orders) == [(1, 0), (1, 0), (2, 1)]


def test_each_captured_payment_counts_where_the_store_does_not_number_them(program):
    assert numbers(program, payment(), payment(10, net=500), payment(28)) == [(1, 0), (2, 0), (3, 1)]


def test_number_is_never_below_the_stores_own(program):
    orders = [payment(payment_number=5), payment(28), payment(59, payment_number=7)]

    assert [found for found, _months in numbers(program, *orders)] == [5, 6, 7]


def test_store_that_counts_back_does_not_lower_the_number(program):
    orders = [payment(payment_number=3), payment(28, payment_number=1), payment(59, payment_number=4)]

    assert [found for found, _months in numbers(program, *orders)] == [3, 3, 4]


def test_upgrade_to_a_new_subscription_goes_on_counting(program):
    assert numbers(program, payment(), payment(28), payment(30, "s-2"), payment(59, "s-2")) == [
        (1, 0),
        (2, 1),
        (3, 1),
        (4, 2),
    ]


@pytest.mark.parametrize(("gap", "expected"), [(90, (3, 3)), (91, (1, 0))])
def test_comeback_continues_the_count_up_to_the_ninetieth_day(program, gap, expected):
    late_that_day = gap + 11.9 / 24  # the calendar decides, not the hour

    _one, _two, back = take(program, payment(), payment(28), payment(28 + late_that_day, "s-2"))

    found = standing(back)
    assert (found.payment, found.months) == expected
    assert (found.root == back) == (gap == 91)


def test_comeback_of_a_store_that_numbers_anew_goes_on_from_the_old_number(program):
    orders = [payment(payment_number=8), payment(40, "s-2", payment_number=1)]
    orders.append(payment(70, "s-2", payment_number=2))

    assert [found for found, _months in numbers(program, *orders)] == [8, 9, 10]


def test_comeback_with_a_trial_continues_from_its_start(program):
    orders = [payment(), payment(85, "s-2", net=0), payment(99, "s-2")]

    assert [found for found, _months in numbers(program, *orders)] == [1, 1, 2]


def test_yearly_payments_of_one_subscription_go_on(program):
    assert numbers(program, payment(-365), payment()) == [(1, 0), (2, 12)]


def test_second_subscription_does_not_disturb_the_number_of_the_first(program):
    orders = [payment(), payment(5, "s-2"), payment(28), payment(35, "s-2")]

    assert [found for found, _months in numbers(program, *orders)] == [1, 2, 2, 3]


def test_comeback_of_another_customer_begins_anew(program):
    other = CustomerIn(email="dora@example.net")

    assert numbers(program, payment(), payment(28, "s-2", customer=other)) == [(1, 0), (1, 0)]


def test_subscription_without_a_customer_is_counted_by_its_id(program):
    nobody = CustomerIn()

    assert numbers(program, payment(customer=nobody), payment(28, customer=nobody)) == [(1, 0), (2, 1)]


def test_subscription_that_changed_hands_stays_one_relation(program):
    dora = CustomerIn(email="dora@example.net")

    first, _second, back = take(
        program, payment(), payment(28, customer=dora), payment(59, "s-2", customer=dora)
    )

    assert (standing(back).payment, standing(back).root) == (3, first)
    assert back in later_of(first)


def test_same_number_of_another_store_is_another_subscription(program):
    orders = [payment(customer=CustomerIn()), payment(28, customer=CustomerIn(), source="shop-us")]

    assert numbers(program, *orders) == [(1, 0), (1, 0)]


def test_other_programs_do_not_count(program, other):
    twin = make_program(program.merchant, name="Second program")
    mine = take(program, payment())[0]
    take(other, payment(-20, external_id="o"))
    take(twin, payment(-20, external_id="t"))

    assert (standing(mine).payment, standing(mine).root) == (1, mine)
    theirs = Conversion.objects.get(program=other)
    assert not later_of(theirs).exists()


def test_months_are_those_of_the_programs_clock(merchant):
    """23:30 on 28 February in Berlin is a day later than 31 January plus a month says in UTC."""
    berlin = make_program(merchant, time_zone="Europe/Berlin")
    tokyo = make_program(merchant, time_zone="Asia/Tokyo")
    first, second = datetime(2026, 1, 27, 16, tzinfo=UTC), datetime(2026, 2, 27, 14, 59, tzinfo=UTC)
    orders = [payment(occurred_at=first), payment(occurred_at=second)]

    assert numbers(berlin, *orders) == [(1, 0), (2, 1)]
    assert numbers(tokyo, *orders) == [(1, 0), (2, 0)]


@pytest.mark.parametrize(
    ("first", "then", "months"),
    [
        (date(2026, 1, 31), date(2026, 2, 27), 0),
        (date(2026, 1, 31), date(2026, 2, 28), 1),
        (date(2026, 1, 31), date(2026, 3, 30), 1),
        (date(2026, 1, 31), date(2026, 3, 31), 2),
        (date(2024, 2, 29), date(2025, 2, 28), 12),
        (date(2025, 12, 15), date(2026, 1, 14), 0),
        (date(2025, 12, 15), date(2026, 1, 15), 1),
    ],
)
def test_whole_calendar_months(first, then, months):
    assert months_between(first, then) == months


def test_order_without_subscription_is_the_nth_of_its_customer(program):
    orders = [payment(number, "") for number in (0, 10, 28)]

    assert numbers(program, *orders) == [(1, 0), (2, 0), (3, 1)]
    assert standing(Conversion.objects.earliest("pk")).root is None


def test_lead_is_no_order_before_the_first_one(program):
    lead = payment(-1, "", goal="lead", net=0, lines=())

    assert numbers(program, lead, payment(0, "")) == [(1, 0), (1, 0)]


def test_cancelled_order_of_a_customer_does_not_count(program):
    orders = [payment(0, ""), payment(10, "")]
    _first, second = take(program, *orders)

    take(program, cancelled(orders[0]))

    assert standing(second).payment == 1


def test_order_of_nobody_has_no_standing(program):
    nobody = take(program, payment(0, "", customer=CustomerIn()))[0]

    found = standing(nobody)
    assert (found.payment, found.months, found.root) == (None, None, None)
    assert not later_of(nobody).exists()


def test_many_are_answered_as_each_alone(program):
    dora = CustomerIn(email="dora@example.net")
    orders = [payment(), payment(28), payment(40, "s-2"), payment(3, ""), payment(9, ""), payment(2, "s-3")]
    orders += [payment(5, "s-9", customer=dora), payment(7, "", customer=dora), payment(8, "", goal="lead")]
    rows = take(program, *orders, payment(1, "", customer=CustomerIn()))

    assert standings(rows) == {row.pk: standing(row) for row in rows}


def test_number_of_questions_does_not_grow(program):
    def asked(rows: list[Conversion]) -> int:
        with CaptureQueriesContext(connection) as queries:
            standings(rows)
        return len(queries)

    people = [CustomerIn(email=f"p{number}@example.net") for number in range(6)]
    rows = [
        take(program, payment(day, f"s-{number}", customer=who), payment(day, "", customer=who))
        for number, who in enumerate(people)
        for day in (0, 28)
    ]

    assert asked(rows[0]) == 3 == asked([row for pair in rows for row in pair])


@st.composite
def histories(draw: st.DrawFn) -> list[Payment]:
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 400),
                st.sampled_from("abc"),
                st.integers(0, 1),
                st.none() | st.integers(0, 9),
                st.booleans(),
            ),
            max_size=12,
        )
    )
    return [
        Payment(START + day * DAY, number, 1, "shop", name, total, told, counts)
        for number, (day, name, total, told, counts) in enumerate(rows, start=1)
    ]


@given(histories(), st.randoms())
def test_order_of_arrival_is_nothing_to_the_fold(payments, random):
    shuffled = random.sample(payments, len(payments))

    assert fold(shuffled, datetime.date) == fold(payments, datetime.date)


@given(histories())
def test_number_of_a_subscription_never_falls_and_no_payment_is_the_zeroth(payments):
    found = fold(payments, datetime.date)

    last: dict[str, int] = {}
    for payment in sorted(payments):
        number, months, _root = found[payment.conversion]
        assert months >= 0
        assert number >= last.get(payment.subscription, 0)
        assert number >= (payment.told or 0) or payment.total == 0
        assert number > 0 or payment.total == 0
        if payment.counts:
            last[payment.subscription] = number
