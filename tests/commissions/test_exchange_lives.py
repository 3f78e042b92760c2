"""Orders in other currencies, from their parking place to their last refund."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from commissions import actions
from commissions.ledger import balances
from commissions.models import Exchange
from commissions.words import explain
from core import jobs
from core.models import Event
from tests.makers import NOON, make_enrollment, make_order, make_program, make_refund
from tests.story.books import breaches
from tracking.models import Conversion, Order
from tracking.orders import LineIn
from tracking.states import OrderState

pytestmark = pytest.mark.django_db
ECB = Path(__file__).parent.parent / "payloads" / "ecb"
DAILY = (ECB / "eurofxref-daily.xml").read_bytes()
HISTORY = (ECB / "eurofxref-hist-90d.xml").read_bytes()
EVENING = NOON + timedelta(hours=8)


def take(program, *orders):
    return actions.take_orders(program, orders, at=NOON)


def load(content=DAILY):
    return actions.load_rates(content, at=EVENING)


def pending(enrollment) -> int:
    return balances(enrollment)["pending"]


def dollars(ann, number="1", **fields):
    return make_order(number, ref=ann.code, currency="USD", **fields)


def test_order_waits_for_its_rate_and_is_released_when_it_comes(program, ann, sue) -> None:
    conversion = take(program, dollars(ann))[0].conversion
    assert (conversion.state, pending(ann)) == ("parked", 0)
    assert conversion.parked_reason.startswith(
        "The order is in USD, commissions are in EUR: no exchange rate within 72 hours of 2026-11-02"
    )

    load()
    jobs.drain()

    conversion.refresh_from_db()
    assert (conversion.state, conversion.parked_reason) == ("counted", "")
    assert (pending(ann), pending(sue)) == (922, 461)  # 100.00 USD at 1.0843 are 92.23 EUR
    assert breaches() == []


def test_refunds_are_counted_at_the_original_rate(program, ann, sue) -> None:
    order = dollars(ann)
    take(program, order)
    load()
    actions.release_parked(at=NOON)

    load(HISTORY)  # another rate stands nearer now
    actions.take_refunds(program, "shop", "1", [make_refund(gross=5000)], at=NOON)

    assert (pending(ann), pending(sue)) == (461, 230)  # what is reversed is rounded, 461.15 and 230.58
    actions.take_refunds(program, "shop", "1", [make_refund(gross=5000)], at=NOON)
    assert (pending(ann), pending(sue)) == (0, 0)
    assert Exchange.objects.get().rate == Decimal("0.922253988748501")
    assert breaches() == []


def test_revision_is_counted_at_the_original_rate(program, ann) -> None:
    order = dollars(ann)
    take(program, order)
    load()
    actions.release_parked(at=NOON)

    load(HISTORY)
    bigger = replace(order, total=20000, lines=(LineIn("1", 20000),), revision_at=NOON + timedelta(hours=1))
    take(program, bigger)

    assert pending(ann) == 1845  # 184.45 EUR
    assert breaches() == []


def test_revision_into_another_currency_and_back_ends_where_it_began(program, ann) -> None:
    load()
    order = dollars(ann)
    take(program, order)
    assert pending(ann) == 922
    load(HISTORY)
    steps = []

    for hours, currency in enumerate(("GBP", "EUR", "USD"), start=1):
        take(program, replace(order, currency=currency, revision_at=NOON + timedelta(hours=hours)))
        steps.append(pending(ann))

    assert steps == [1186, 1000, 922]
    assert breaches() == []


def test_currencies_without_decimals_and_with_three(merchant) -> None:
    load()
    yen = make_program(merchant, currency="JPY", name="Yen")
    ann = make_enrollment(yen)
    take(yen, dollars(ann))
    assert pending(ann) == 1523  # 100.00 USD are 15228 JPY

    euro = make_program(merchant, name="Euro")
    bea = make_enrollment(euro, "Bea")
    take(euro, make_order("2", ref=bea.code, currency="JPY", net=7500))

    assert pending(bea) == 454  # 7500 JPY are 45.42 EUR
    assert breaches() == []


def test_every_cent_of_the_converted_sum_stands_on_a_line(program, ann) -> None:
    load()
    lines = tuple(LineIn(str(number), 3333) for number in range(1, 4))

    conversion = take(program, dollars(ann, net=9999, lines=lines))[0].conversion

    trace = conversion.commissions.get(level=1).trace
    assert sum(line["base"] for line in trace["lines"]) == 9222  # 99.99 USD are 92.216… EUR
    assert pending(ann) == 922


def test_order_that_is_no_more_needs_no_rate(program, ann) -> None:
    order = dollars(ann)
    load()
    take(program, order)

    cancelled = replace(order, state=OrderState.VOID, revision_at=NOON + timedelta(hours=1))
    take(program, cancelled)

    assert pending(ann) == 0
    assert breaches() == []


def test_rate_that_a_company_enters_releases_its_own_orders_only(program, ann, mia, other, stranger) -> None:
    for owner, enrollment in ((program, ann), (other, stranger)):
        take(owner, make_order("1", ref=enrollment.code, currency="AED"))

    actions.enter_rates(program.merchant, {"AED": Decimal(4)}, actor=mia, at=NOON)
    jobs.drain()

    assert (pending(ann), pending(stranger)) == (250, 0)
    assert [row.program for row in Conversion.objects.parked()] == [other]


def test_one_order_that_cannot_be_valued_holds_up_no_other(program, ann, other, stranger, caplog) -> None:
    take(other, dollars(stranger, occurred_at=NOON - timedelta(hours=1)))
    take(program, dollars(ann))
    Order.objects.filter(program=other).update(snapshot={"lines": "unreadable"})
    load()

    released = actions.release_parked(at=NOON)

    assert (released, pending(ann), pending(stranger)) == (1, 922, 0)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        f"conversion {Conversion.objects.parked().get().pk} could not be valued"
    ]


def test_order_that_stays_parked_is_told_once(program, ann) -> None:
    take(program, dollars(ann))
    load(b"Date, GBP\n2026-11-02, 0.8\n")

    assert (actions.release_parked(at=NOON), actions.release_parked(at=NOON)) == (0, 0)
    assert Event.objects.filter(kind="conversion.parked").count() == 1


def test_affiliate_reads_the_rate(program, ann, sue) -> None:
    load()

    conversion = take(program, dollars(ann))[0].conversion

    mine = conversion.commissions.get(level=1)
    first = explain(mine.trace, ann.pk, 1)[0].text
    assert first.startswith("The order was paid in USD. One USD counted as 0.92225")
    assert first.endswith("EUR (European Central Bank, 2026-11-02).")
