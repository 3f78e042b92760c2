"""Customers kept at a CRM: told when something happened, decided field by field, each once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from commissions.actions import take_refunds
from core.models import Event
from integrations import actions
from integrations.actions.records.planning import line_up, wanted
from integrations.models import Delivery, FieldDecision, Lane, RemoteRecord
from tests.integrations.fake_hubspot import KEY, FakeHubSpot, opened
from tests.integrations.record_keeping import (
    DAY,
    NOON,
    buy,
    contact_of,
    customer,
    keep_at,
    sent,
    settle,
    stopped,
)
from tracking.orders import CustomerIn, RefundIn
from tracking.states import OrderState

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(monkeypatch)


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    with opened(settings, is_made=False) as running:
        running.at = NOON
        yield running


# --- out --------------------------------------------------------------------------------------------------------
def test_an_order_makes_a_contact_and_the_next_one_updates_it(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)

    buy(anna, anna.program, "1", net=10000)
    first = dict(contact_of(account).values)
    buy(anna, anna.program, "2", NOON + DAY, net=5000)

    values = contact_of(account).values
    assert (first["affiliate_orders_count"], values["affiliate_orders_count"]) == ("1", "2")
    assert (values["affiliate_lead_source"], values["affiliate_lifetime_value"]) == ("Anna", "150.00")
    assert values[KEY] == f"customer:{customer().pk}"
    assert "affiliate_lead_source" not in sent(hubspot)[1]  # only what changed goes there
    record = RemoteRecord.objects.get(connection=hubspot)
    assert record.remote_id == contact_of(account).id
    assert record.agreed["affiliate_orders_count"] == 2


def test_many_events_of_one_order_are_few_messages(anna: Enrollment, account: FakeHubSpot) -> None:
    keep_at(account, anna.program)

    buy(anna, anna.program, "1")

    heard = Event.objects.filter(kind__in=["order.recorded", "conversion.counted", "commission.accrued"])
    assert heard.count() == 3
    assert Delivery.objects.filter(kind="record.contact").count() == 1


def test_what_was_told_is_not_told_again(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    account.asked.clear()

    actions.tell_everyone(hubspot, at=NOON)
    settle(NOON + MINUTE)

    assert account.calls == ["batch/read"]  # compared with what stands there, and found the same
    assert (
        Delivery.objects.order_by("pk").last().note
        == "Nothing was written: what stands there stays by the rules of the mapping."
    )
    account.asked.clear()

    actions.line_up_customers(hubspot, at=NOON + 2 * MINUTE)
    settle(NOON + 2 * MINUTE)

    assert account.asked == []
    assert Delivery.objects.order_by("pk").last().note == "Nothing new: all this was told before."


def test_a_new_system_is_told_of_all_customers_of_its_program(
    anna: Enrollment, other: Program, account: FakeHubSpot
) -> None:
    for number in range(3):
        buy(anna, anna.program, str(number), customer=CustomerIn(email=f"n{number}@example.net"))
    buy(None, other, "9", customer=CustomerIn(email="stranger@example.net"))
    hubspot = keep_at(account, anna.program)

    actions.tell_everyone(hubspot, at=NOON)
    settle()

    assert {one.values["email"] for one in account.objects["contacts"].values()} == {
        f"n{number}@example.net" for number in range(3)
    }
    assert account.calls.count("batch/create") == 1  # together


def test_a_contact_that_is_there_already_is_updated_by_the_rules_and_the_log_says_so(
    anna: Enrollment, account: FakeHubSpot
) -> None:
    hubspot = keep_at(account, anna.program)
    theirs = account.add(
        email="buyer@example.net", phone="+49 30 999", affiliate_lead_source="Trade fair", country="DE"
    )

    buy(anna, anna.program, "1")

    assert contact_of(account) is theirs
    assert (theirs.values["affiliate_lead_source"], theirs.values["phone"]) == ("Trade fair", "+49 30 999")
    assert theirs.values["affiliate_first_name"] == "Anna"
    log = {row.field: row for row in FieldDecision.objects.filter(connection=hubspot)}
    assert set(log) == {"affiliate_lead_source", "phone"}
    assert (log["affiliate_lead_source"].ours, log["affiliate_lead_source"].theirs) == ("Anna", "Trade fair")
    assert (log["affiliate_lead_source"].rule, log["affiliate_lead_source"].kept) == ("filled", "theirs")


def test_a_mapping_that_lets_ours_win_overwrites(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    theirs = account.add(email="buyer@example.net", affiliate_lead_source="Trade fair")
    row = {"target": "affiliate_lead_source", "source": "affiliate.first.name", "conflict": "ours"}
    actions.save_mapping(hubspot, "out", "contact", [row])

    buy(anna, anna.program, "1")

    assert theirs.values["affiliate_lead_source"] == "Anna"
    assert FieldDecision.objects.get().kept == "ours"
    assert "affiliate_orders_count" not in theirs.values


def test_a_failure_of_the_whole_call_is_tried_again_and_counts_once(
    anna: Enrollment, account: FakeHubSpot
) -> None:
    hubspot = keep_at(account, anna.program)
    account.fail(503)
    for number in range(3):
        buy(None, anna.program, str(number), customer=CustomerIn(email=f"n{number}@example.net"))
    actions.serve(hubspot.pk, at=NOON + 10 * MINUTE)

    assert len(account.objects["contacts"]) == 3
    assert Lane.objects.get(pk=hubspot.pk).failures == 0


def test_trouble_of_a_batch_counts_once_against_the_far_side(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    for number in range(4):
        buy(None, anna.program, str(number), customer=CustomerIn(email=f"n{number}@example.net"))
    Delivery.objects.update(state="due", attempts=0, next_at=NOON)
    RemoteRecord.objects.all().delete()
    account.fail(503)

    assert actions.serve(hubspot.pk, at=NOON + MINUTE) == 4
    assert Lane.objects.get(pk=hubspot.pk).failures == 1


def test_one_bad_record_fails_no_other(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    buy(None, anna.program, "1", customer=CustomerIn(email="good@example.net"))
    buy(None, anna.program, "2", customer=CustomerIn(external_id="c-9"))  # neither address nor name

    bad = Delivery.objects.get(connection=hubspot, state="dead")
    assert "without an e-mail address" in bad.note
    assert bad.tries.get().request.startswith('{\n "key": "customer:')
    assert {one.values["email"] for one in account.objects["contacts"].values()} == {"good@example.net"}


def test_nobody_of_another_program_is_told_of(anna: Enrollment, other: Program, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    buy(None, other, "1")
    Delivery.objects.create(
        connection=hubspot,
        kind="record.contact",
        object_key=f"customer:{customer().pk}",
        occurred_at=NOON,
        next_at=NOON,
    )
    settle()

    assert account.objects["contacts"] == {}
    assert Delivery.objects.get().note == "There is nothing to tell here."


def test_deal_per_order_grows_with_each_order(anna: Enrollment, account: FakeHubSpot) -> None:
    keep_at(account, anna.program, deals="order")

    buy(anna, anna.program, "1", net=10000)
    buy(anna, anna.program, "2", NOON + DAY, net=5000)

    deals = sorted(one.values["amount"] for one in account.objects["deals"].values())
    assert deals == ["100.00", "50.00"]
    assert {contact for _deal, contact in account.joined} == {contact_of(account).id}
    assert len(account.joined) == 2


def test_deal_per_customer_is_one(anna: Enrollment, account: FakeHubSpot) -> None:
    keep_at(account, anna.program, deals="customer")

    buy(anna, anna.program, "1", net=10000)
    buy(anna, anna.program, "2", NOON + DAY, net=5000)

    (deal,) = account.objects["deals"].values()
    assert deal.values["amount"] == "150.00"


def test_refund_takes_the_value_back(anna: Enrollment, account: FakeHubSpot) -> None:
    keep_at(account, anna.program)
    buy(anna, anna.program, "1", net=10000)

    take_refunds(anna.program, "shop", "1", [RefundIn("r1", gross=4000, final=True)], at=NOON + DAY)
    settle(NOON + DAY)

    assert contact_of(account).values["affiliate_lifetime_value"] == "60.00"


def test_the_clock_moves_a_customer_to_the_lapsed_ones(anna: Enrollment, account: FakeHubSpot) -> None:
    keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    later = NOON + 181 * DAY

    assert actions.tell_again(at=NOON + 179 * DAY) == 0
    assert actions.tell_again(at=later) == 1
    settle(later)

    assert contact_of(account).values["affiliate_segment"] == "lapsed"
    assert actions.tell_again(at=later + DAY) == 0


def test_paused_connection_tells_later(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    actions.pause(hubspot)
    buy(anna, anna.program, "1")
    buy(anna, anna.program, "2", NOON + DAY)
    assert account.objects["contacts"] == {}

    actions.resume(hubspot)
    settle(NOON + DAY)

    assert contact_of(account).values["affiliate_orders_count"] == "2"


def test_theirs_wins_protects_what_a_person_wrote_each_time(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    rows = [{"target": "affiliate_orders_count", "source": "orders.count", "conflict": "theirs"}]
    actions.save_mapping(hubspot, "out", "contact", [*rows, {"target": "email", "source": "customer.email"}])
    buy(anna, anna.program, "1")
    account.edit(contact_of(account), affiliate_orders_count="99")

    for number in range(2, 5):
        buy(anna, anna.program, str(number), NOON + number * DAY)

    assert contact_of(account).values["affiliate_orders_count"] == "99"


def test_the_newest_wins_by_the_time_of_the_change_there(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    rows = [{"target": "affiliate_orders_count", "source": "orders.count", "conflict": "newest"}]
    actions.save_mapping(hubspot, "out", "contact", [*rows, {"target": "email", "source": "customer.email"}])
    buy(anna, anna.program, "1")
    account.at = NOON + 5 * DAY
    account.edit(contact_of(account), affiliate_orders_count="99")

    buy(anna, anna.program, "2", NOON + DAY)
    assert contact_of(account).values["affiliate_orders_count"] == "99"


def test_deal_of_an_order_is_in_the_programs_money_less_what_went_back(
    anna: Enrollment, account: FakeHubSpot
) -> None:
    keep_at(account, anna.program, deals="order")
    buy(anna, anna.program, "1", net=10000)
    take_refunds(anna.program, "shop", "1", [RefundIn("r1", gross=10000, final=True)], at=NOON + DAY)
    settle(NOON + DAY)
    buy(anna, anna.program, "2", NOON + DAY, state=OrderState.OPEN)

    (deal,) = account.objects["deals"].values()
    assert deal.values["amount"] == "0.00"


def test_a_message_of_another_kind_about_the_same_customer_is_not_in_the_way(
    anna: Enrollment, account: FakeHubSpot
) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    Delivery.objects.create(
        connection=hubspot,
        kind="customer.status_changed",
        object_key=f"customer:{customer().pk}",
        occurred_at=NOON,
        next_at=NOON,
    )

    assert line_up(hubspot, wanted(hubspot, customer().pk), NOON, NOON) == 1
