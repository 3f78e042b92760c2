"""What CRMs and shops are told of a customer."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, strategies as st

from affiliates.models import Enrollment, Program
from commissions import actions
from commissions.models import Exchange, ExchangeRate
from integrations.records import Segment, customer_record
from integrations.records.profiles import Purchase, profile_of
from tests import makers
from tests.makers import NOON
from tracking.models import Conversion, Customer
from tracking.orders import CustomerIn, Evidence, LineIn, OrderIn, RefundIn, RefundLineIn
from tracking.states import OrderState

DAY = timedelta(days=1)
BUYER = CustomerIn(external_id="c-7", email="buyer@example.net", country="DE", phone="+4930123")


def bought(*days: float, paid: int = 1000, returned: int = 0) -> list[Purchase]:
    return [Purchase(str(place), NOON - day * DAY, paid, returned) for place, day in enumerate(days)]


# --- figures, pure ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("purchases", "segment"),
    [
        ([], Segment.LEAD),
        (bought(1, returned=1000), Segment.LEAD),
        (bought(1), Segment.NEW),
        (bought(180), Segment.NEW),
        (bought(181), Segment.LAPSED),
        (bought(30, 1), Segment.REPEAT),
        (bought(30, 1, returned=1000), Segment.LEAD),
        (bought(60, 40, 20, 0), Segment.LOYAL),
        (bought(60, 40, 20), Segment.REPEAT),
        (bought(281, 181), Segment.REPEAT),  # it comes each hundred days: three times that is its patience
        (bought(401, 301), Segment.LAPSED),
        (bought(190, 181), Segment.LAPSED),
    ],
)
def test_each_customer_is_in_one_segment(purchases: list[Purchase], segment: Segment) -> None:
    assert profile_of(purchases, NOON).segment == segment


def test_figures_of_a_customer_without_orders_are_empty() -> None:
    figures = profile_of([], NOON)

    assert (figures.orders, figures.lifetime, figures.average) == (0, 0, 0)
    assert (figures.first, figures.last, figures.recency_days, figures.pause_days) == (None, None, None, None)


def test_what_went_back_is_no_value() -> None:
    figures = profile_of(
        [*bought(9, paid=1001), Purchase("b", NOON, 1000, 400), Purchase("c", NOON, 500, 900)], NOON
    )

    assert (figures.lifetime, figures.returned, figures.average) == (1601, 1300, 801)
    assert (figures.orders, figures.kept_orders) == (3, 2)


def test_favourites_are_what_most_was_paid_for() -> None:
    rows = [
        Purchase("1", NOON, 900, 0, {"tea": 300, "cups": 500, "free": 0}),
        Purchase("2", NOON, 900, 0, {"tea": 300, "books": 100, "beans": 100}),
        Purchase("3", NOON, 9000, 9000, {"sofas": 9000}),
    ]

    assert profile_of(rows, NOON).favourites == ("tea", "cups", "beans")


PURCHASES = st.builds(
    Purchase,
    st.text(max_size=3),
    st.integers(0, 900).map(lambda day: NOON - day * DAY),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)


@given(st.lists(PURCHASES, max_size=6), st.randoms())
def test_order_of_telling_changes_nothing(rows: list[Purchase], chance: Any) -> None:
    shuffled = sorted(rows, key=lambda _row: chance.random())
    figures, again = profile_of(rows, NOON), profile_of(shuffled, NOON)

    assert (figures.lifetime, figures.segment, figures.pause_days) == (
        again.lifetime,
        again.segment,
        again.pause_days,
    )
    assert 0 <= figures.lifetime <= sum(row.paid for row in rows)
    assert figures.kept_orders <= figures.orders == len(rows)


# --- read from the rows -------------------------------------------------------------------------------------
def order(number: str, days: float = 0, **fields: Any) -> OrderIn:
    return makers.make_order(
        number, **{"customer": BUYER, "occurred_at": NOON - days * DAY, "captured_at": None, **fields}
    )


def take(program: Program, *orders: OrderIn) -> Customer:
    actions.take_orders(program, orders, at=NOON)
    return Customer.objects.get()


@pytest.mark.django_db
def test_record_says_who_bought_what_and_who_brought_them(
    program: Program, ann: Enrollment, bob: Enrollment
) -> None:
    _click, tid = makers.make_click(ann, NOON - 41 * DAY)
    first = order("1", 40, net=10000, evidence=Evidence(tid=tid))
    customer = take(program, first, order("2", 10, net=5000, evidence=Evidence(ref=bob.code)))

    record = customer_record(customer, NOON)

    assert record["customer"]["email"] == "buyer@example.net"
    assert record["customer"]["external_id"] == "c-7"
    assert (record["orders"]["count"], record["orders"]["first_number"], record["orders"]["last_number"]) == (
        2,
        "1",
        "2",
    )
    assert record["pattern"]["segment"] == "repeat"
    assert record["pattern"]["recency_days"] == 10
    assert record["affiliate"]["first"]["code"] == ann.code
    assert record["affiliate"]["first"]["by"] == "click"
    assert record["affiliate"]["is_referred"]
    totals = sum(Decimal(row.total) for row in customer.orders.all())
    assert Decimal(record["value"]["lifetime"]) * 100 == totals
    assert Decimal(record["commission"]["total"]) > 0


@pytest.mark.django_db
def test_refunds_take_value_away_however_they_are_told(program: Program) -> None:
    customer = take(program, order("1", net=10000), order("2", net=10000), order("3", net=10000))
    total = customer.orders.first().total
    by_line = (
        RefundLineIn(customer.orders.get(external_id="2").snapshot["lines"][0]["external_id"], 1, 2500),
    )
    for number, refund in (
        ("1", makers.make_refund(gross=total // 4)),
        ("2", RefundIn("r-2", lines=by_line)),
        ("3", RefundIn("r-3", kind="cancellation")),
    ):
        actions.take_refunds(program, "shop", number, [replace(refund, external_id=f"r-{number}")], at=NOON)

    record = customer_record(customer, NOON)

    assert Decimal(record["value"]["lifetime"]) * 100 == total * 3 // 2
    assert Decimal(record["value"]["returned"]) * 100 == total * 3 // 2
    assert (record["orders"]["count"], record["orders"]["kept"]) == (3, 2)


@pytest.mark.django_db
def test_order_that_is_none_any_more_is_not_told(program: Program) -> None:
    customer = take(program, order("1"), order("2"))
    gone = replace(order("2"), state=OrderState.VOID, revision_at=NOON + DAY)
    actions.take_orders(program, [gone], at=NOON + DAY)

    assert customer_record(customer, NOON + DAY)["orders"]["count"] == 1


@pytest.mark.django_db
def test_order_in_a_currency_without_a_rate_has_no_value_yet(program: Program) -> None:
    lines = (LineIn("1", 5000, categories=("tea",)),)
    customer = take(program, order("1"), replace(order("2"), currency="USD", total=5000, lines=lines))

    record = customer_record(customer, NOON)

    assert record["value"]["currency"] == program.currency
    assert (record["orders"]["count"], record["value"]["unvalued_orders"]) == (2, 1)
    assert record["value"]["last_order"] is None  # the foreign one, of the same moment
    assert record["value"]["lifetime"] == record["value"]["average_order"]

    told = {"currency": "USD", "into": program.currency, "as_of": NOON, "source": "ECB"}
    Exchange.objects.create(conversion=Conversion.objects.get(external_id="2"), rate=Decimal("0.9"), **told)
    record = customer_record(customer, NOON)

    assert (record["orders"]["count"], record["value"]["unvalued_orders"]) == (2, 0)
    assert record["value"]["last_order"] == "45.00"
    assert record["pattern"]["favourite_categories"] == ["tea"]


@pytest.mark.django_db
def test_foreign_order_of_nobody_is_valued_by_the_rate_of_its_day(program: Program) -> None:
    ExchangeRate.objects.create(currency="USD", rate=Decimal("1.25"), as_of=NOON, source="ECB")
    customer = take(program, replace(order("2"), currency="USD", total=5000))

    assert customer_record(customer, NOON)["value"]["lifetime"] == "40.00"


@pytest.mark.django_db
def test_referred_order_that_waits_for_a_rate_says_that_the_customer_came(
    program: Program, ann: Enrollment
) -> None:
    foreign = replace(order("2", evidence=Evidence(ref=ann.code)), currency="SEK", total=5000)
    customer = take(program, order("1", 200), foreign)

    record = customer_record(customer, NOON)

    assert (record["orders"]["count"], record["value"]["unvalued_orders"]) == (2, 1)
    assert (record["pattern"]["segment"], record["pattern"]["recency_days"]) == ("repeat", 0)


@pytest.mark.django_db
def test_questions_do_not_grow_with_the_orders(program: Program, ann: Enrollment) -> None:
    def asked(customer: Customer) -> int:
        fresh = Customer.objects.select_related("program").get(pk=customer.pk)
        with CaptureQueriesContext(connection) as queries:
            customer_record(fresh, NOON)
        return len(queries)

    customer = take(program, order("1", 9, evidence=Evidence(ref=ann.code)))
    once = asked(customer)
    take(program, *(order(str(number), 8, evidence=Evidence(ref=ann.code)) for number in range(2, 8)))

    assert asked(customer) == once <= 13
