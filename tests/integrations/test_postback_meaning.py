"""What postbacks mean: orders, their end, refunds, installs; the same books in whatever order they come."""

import hashlib
import hmac
from datetime import timedelta

import pytest
from django.utils import timezone

from affiliates.models import Enrollment
from integrations.models import Connection, Inbound
from tests import makers
from tests.integrations.postbacks import SALE, SECRET, earned, get, seconds, send, signed, work
from tracking.models import Conversion, Order, Refund


def test_replay_is_counted_and_does_nothing(door: Connection) -> None:
    query = signed(**SALE)

    for _ in range(3):
        get(door, query)
    work()

    assert Inbound.objects.get().repeats == 2
    assert earned() == 1000


def test_order_told_again_later_is_nothing_new(door: Connection) -> None:
    send(door, ago=300, **SALE)
    again = send(door, ago=0, **SALE)

    assert again.note == "Order 1001: nothing new."
    assert Order.objects.get().revision == 1


def test_end_of_an_order_needs_only_its_number(door: Connection) -> None:
    send(door, ago=60, **SALE, customer="c-1")
    send(door, order="1001", status="void")

    order = Order.objects.get()
    assert (order.state, order.total, order.snapshot["customer"]["external_id"]) == ("void", 10000, "c-1")
    assert earned() == 0


@pytest.mark.parametrize("places", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0), (2, 0, 1), (0, 2, 1)])
def test_messages_in_any_order_end_alike(door: Connection, places: tuple[int, ...]) -> None:
    told = [
        signed(ago=120, **SALE),
        signed(ago=90, order="1001", status="void"),
        signed(ago=60, **{**SALE, "total": "70.00"}),
    ]

    for place in places:
        get(door, told[place])
        work()

    assert Order.objects.get().total == 7000
    assert earned() == 700


def test_end_that_comes_before_its_sale_holds(door: Connection) -> None:
    send(door, ago=0, order="1001", status="void")
    send(door, ago=60, **SALE)

    assert Order.objects.get().state == "void"
    assert Conversion.objects.count() == 0


@pytest.mark.parametrize("total", ["100.00", "70.00", "12.34", "99.99"])  # other contents, other digests
@pytest.mark.parametrize("is_first", [True, False])
def test_of_two_in_one_second_the_end_holds(door: Connection, total: str, is_first: bool) -> None:
    told = [
        signed(ago=60, **{**SALE, "total": total}),
        signed(ago=60, **{**SALE, "total": total, "status": "void"}),
    ]

    for message in told if is_first else reversed(told):
        get(door, message)
        work()

    assert (Order.objects.get().state, earned()) == ("void", 0)


def test_refund_takes_its_part_back_once(door: Connection) -> None:
    send(door, ago=60, **SALE)
    for ago in (30, 0):
        send(door, ago=ago, event="refund", order="1001", refund="r-1", amount="40.00")

    assert Refund.objects.get().gross == 4000
    assert earned() == 600


def test_refund_before_its_order_waits(door: Connection) -> None:
    waiting = send(door, event="refund", order="1001", refund="r-1", amount="40.00")
    send(door, **SALE)

    assert waiting.note == "Refund r-1 is kept and waits for order 1001."
    assert earned() == 600


def test_refund_in_another_currency_than_its_order_is_put_aside(door: Connection) -> None:
    send(door, **{**SALE, "currency": "JPY", "total": "7500"})

    inbound = send(door, event="refund", order="1001", refund="r-1", amount="75.00")

    assert (inbound.state, inbound.note) == (
        "quarantined",
        "Order 1001 is in JPY: say so with the refund's amount.",
    )
    assert Refund.objects.count() == 0


def test_foreign_refund_before_its_order_is_not_taken_for_the_orders_money(door: Connection) -> None:
    early = send(door, event="refund", order="1001", refund="r-1", amount="5000", currency="JPY")
    assert (early.state, Refund.objects.count()) == ("quarantined", 0)
    assert "process this again once it is here" in early.note

    send(door, **SALE)

    assert earned() == 1000


def test_other_amount_under_a_known_refund_is_put_aside(door: Connection) -> None:
    send(door, **SALE)
    send(door, event="refund", order="1001", refund="r-1", amount="40.00")

    inbound = send(door, event="refund", order="1001", refund="r-1", amount="50.00")

    assert inbound.state == "quarantined"
    assert earned() == 600


def test_install_is_named_by_its_click(door: Connection, anna: Enrollment) -> None:
    _click, tid = makers.make_click(anna, timezone.now() - timedelta(hours=1))

    for ago in (5, 0):
        send(door, ago=ago, goal="install", tid=tid)

    conversion = Conversion.objects.get()
    assert (conversion.goal, conversion.external_id) == ("install", f"install:{tid}")
    assert conversion.decision.enrollment == anna  # type: ignore[union-attr]


def test_unknown_rate_is_kept_and_waits(door: Connection) -> None:
    inbound = send(door, **{**SALE, "currency": "JPY", "total": "7500"})

    assert inbound.state == "done"
    assert inbound.note.startswith("Order 1001 is kept and waits:")


@pytest.mark.parametrize(
    "wrong",
    [
        {"total": "NaN"},
        {"total": "-1.00"},
        {"total": "9" * 20},
        {"total": "1,00"},
        {"currency": "QQQ"},
        {"currency": ""},
        {"order": ""},
        {"order": "\0"},
        {"status": "lost"},
        {"lines": "[1"},
        {"lines": '[{"net":"1.00"}],"total":[]'},
        {"event": "refund"},
        {"event": "refund", "refund": "r", "amount": "x"},
        {"event": "refund", "refund": "r", "amount": "1.00", "kind": "gift"},
        {"occurred_at": "yesterday"},
    ],
)
def test_signed_nonsense_is_kept_and_put_aside_with_a_sentence(
    door: Connection, wrong: dict[str, str]
) -> None:
    inbound = send(door, **{**SALE, **wrong})

    assert inbound.state == "quarantined"
    assert inbound.note[-1] in ".]"
    assert (Order.objects.count(), Refund.objects.count()) == (0, 0)


def test_text_that_is_no_utf8_is_kept_and_put_aside(door: Connection) -> None:
    line = f"currency=EUR&customer=%FF%FE&order=1&total=1.00&ts={seconds()}"
    sig = hmac.new(SECRET.encode(), line.encode(), hashlib.sha256).hexdigest()

    answer = get(door, f"{line}&sig={sig}")
    work()

    assert answer.status_code == 200
    assert Inbound.objects.get().note == "The message is not text in UTF-8."


def test_news_of_another_kind_is_not_needed(door: Connection) -> None:
    assert send(door, event="click", order="1").state == "ignored"
