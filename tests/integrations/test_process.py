"""What messages become: orders, notes, and the same books whatever their order and number."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings, strategies as st

from affiliates.models import Enrollment
from affiliates.roles import NotAllowed
from commissions.models import Commission
from core import jobs
from core.models import Event, Job, User
from core.money import Money, round_half_up
from integrations.actions import pause, process, replay, resume
from integrations.models import Connection, Inbound
from tests.fakes.woocommerce import EXPECTED
from tests.integrations.deliveries import NAMES, changed, deliver, send
from tracking.models import Conversion, Order, Refund

ESTIMATED = {"22": 418, "36": 569, "37": 841, "40": 0}  # what is left of anna's commissions, in cents
EXACT = {**ESTIMATED, "22": 403}
few = settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def receive_all(connection: Connection, names: list[str]) -> None:
    """Deliver and understand one message after another."""
    for name in names:
        assert deliver(connection, name) == 200
        work()


def work() -> None:
    """Do what is due of this app; the notices are another's."""
    Job.objects.exclude(task__startswith="integrations.").delete()
    jobs.drain()


def left() -> dict[str, int]:
    """Return what each order still earns anna, in cents."""
    return {row.conversion.external_id: row.net.amount for row in Commission.objects.all()}


def earning() -> dict[str, int]:
    """Return the same without those that earn nothing (an order first seen cancelled never was a sale)."""
    return {number: amount for number, amount in left().items() if amount}


@contextmanager
def undone() -> Iterator[None]:
    """Leave no trace: one example of a property must not see another's rows."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_recorded_store_earns_what_its_own_books_say(connection: Connection) -> None:
    receive_all(connection, NAMES)

    assert left() == ESTIMATED
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}
    assert Inbound.objects.filter(state="quarantined").count() == 0


def test_commissions_before_refunds_are_ten_per_cent_of_the_items(connection: Connection) -> None:
    receive_all(connection, NAMES)

    known = {str(each["order_id"]): each for each in EXPECTED}
    for row in Commission.objects.exclude(conversion__external_id="36"):
        items = Money.parse(known[row.conversion.external_id]["items_net"], "EUR").decimal
        assert row.amount == round_half_up(items * 10)


def test_with_api_keys_the_refunds_are_exact(asked: Connection) -> None:
    receive_all(asked, NAMES)

    assert left() == EXACT
    assert Refund.objects.get(external_id="25").lines == [{"external_id": "3", "quantity": 1, "net": 3564}]
    assert Refund.objects.get(external_id="26").lines is None
    assert Refund.objects.filter(is_final=False).count() == 0


def test_everything_twice_is_the_same_as_once(asked: Connection) -> None:
    receive_all(asked, NAMES)
    kept = Inbound.objects.count()

    receive_all(asked, NAMES)

    assert left() == EXACT
    assert Inbound.objects.exclude(topic="order.deleted").exclude(topic__startswith="action").count() < kept


@pytest.mark.slow
@few
@given(names=st.permutations(NAMES))
def test_order_of_arrival_does_not_matter(connection: Connection, names: list[str]) -> None:
    with undone():
        receive_all(connection, names)
        assert earning() == {number: amount for number, amount in ESTIMATED.items() if amount}


@pytest.mark.slow
@few
@given(names=st.permutations(NAMES + NAMES[::3]))
def test_order_of_arrival_does_not_matter_where_the_store_is_asked(
    asked: Connection, names: list[str]
) -> None:
    with undone():
        receive_all(asked, names)
        assert earning() == {number: amount for number, amount in EXACT.items() if amount}


def test_order_in_another_currency_is_kept_and_waits(connection: Connection) -> None:
    receive_all(connection, ["058-order.created"])

    reason = Conversion.objects.get(external_id="31").parked_reason
    assert reason.startswith(
        "The order is in USD, commissions are in EUR: no exchange rate within 72 hours of"
    )
    assert Inbound.objects.get().note == f"Order 31 is kept and waits: {reason}"


@pytest.mark.parametrize("status", ["checkout-draft", "pending", "on-hold", "failed"])
def test_order_that_is_no_sale_yet_earns_nothing(connection: Connection, status: str) -> None:
    send(connection, "order.updated", changed("028-order.updated", status=status))
    work()

    assert (Order.objects.get().state, Conversion.objects.count()) == ("open", 0)


def test_failed_order_that_is_paid_in_the_end_is_a_sale(connection: Connection) -> None:
    receive_all(connection, ["069-order.created", "071-order.updated", "072-order.updated"])

    assert Conversion.objects.get().external_id == "35"


def test_completed_order_set_back_to_pending_is_reversed(connection: Connection, anna: Enrollment) -> None:
    receive_all(connection, ["038-order.updated"])
    back = changed("038-order.updated", status="pending", date_modified_gmt="2026-11-22T00:00:00")

    send(connection, "order.updated", back)
    work()

    assert left() == {"22": 0}


def test_refund_that_is_no_longer_listed_is_taken_back(connection: Connection) -> None:
    receive_all(connection, ["042-order.updated"])
    one_less = changed("042-order.updated", date_modified_gmt="2026-11-22T00:00:00")
    one_less["refunds"] = [{"id": 25, "reason": "one mug broken", "total": "-42.41"}]

    send(connection, "order.updated", one_less)
    work()

    assert left() == {"22": 498}
    assert Refund.objects.get(external_id="26").is_withdrawn


def test_later_total_and_address_are_a_revision(connection: Connection) -> None:
    receive_all(connection, ["074-order.updated", "077-order.updated", "078-order.updated"])

    assert Order.objects.get().revision == 3
    assert left() == {"36": 569}


def test_older_state_that_comes_late_changes_nothing(connection: Connection) -> None:
    receive_all(connection, ["042-order.updated", "028-order.updated"])

    assert left() == {"22": 418}
    assert Inbound.objects.get(topic="order.updated", note__contains="newer").note == (
        "Order 22: a newer state of it is known already."
    )


def test_what_the_engine_refuses_is_put_aside(connection: Connection) -> None:
    lines = [{"id": 1, "quantity": 1, "total": "5.00"}, {"id": 1, "quantity": 1, "total": "6.00"}]
    send(connection, "order.updated", changed("028-order.updated", line_items=lines))

    row = process(Inbound.objects.get())

    assert (row.state, row.note) == ("quarantined", "Every line of a sale has its own key.")
    assert Order.objects.count() == 0


def test_message_is_processed_once(connection: Connection) -> None:
    receive_all(connection, ["028-order.updated"])

    row = process(Inbound.objects.get())

    assert row.note == "Order 22 was taken (sale)."
    assert Event.objects.filter(kind="order.recorded").count() == 1


def test_replay_books_nothing_twice(connection: Connection) -> None:
    receive_all(connection, ["028-order.updated"])

    row = replay(Inbound.objects.get())

    assert (row.state, row.note) == ("done", "Order 22: nothing new.")
    assert left() == {"22": 840}


def test_replay_is_for_owners_and_managers(connection: Connection, eve: User) -> None:
    receive_all(connection, ["028-order.updated"])

    with pytest.raises(NotAllowed):
        replay(Inbound.objects.get(), actor=eve)

    assert Event.objects.filter(kind="inbound.replayed").count() == 0


def test_resumed_connection_takes_what_came_meanwhile(connection: Connection) -> None:
    paused = pause(connection)
    receive_all(connection, ["028-order.updated"])
    assert Order.objects.count() == 0

    resume(paused)
    work()

    assert left() == {"22": 840}
