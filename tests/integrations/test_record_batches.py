"""Records go together: who takes whom along, who waits for whom, and what is left when the account is another one."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from affiliates.models import Enrollment, Program
from integrations import actions
from integrations.actions.deliveries import lanes, sending
from integrations.models import Attempt, Connection, CustomerFact, Delivery, Lane, RemoteRecord
from tests.integrations import record_keeping
from tests.integrations.fake_hubspot import FakeHubSpot, opened
from tests.integrations.record_keeping import (
    DAY,
    NOON,
    buy,
    contact_of,
    customer,
    keep_at,
    listen,
    settle,
    stopped,
)
from tracking.models import Customer, Order
from tracking.orders import CustomerIn

MINUTE = timedelta(minutes=1)
Tell = Callable[[Connection, Sequence[Delivery], datetime], list[Any]]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(monkeypatch)


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    with opened(settings, is_made=False) as running:
        running.at = NOON
        yield running


def people(program: Program, count: int) -> None:
    """Let so many people buy for the first time."""
    for number in range(count):
        buy(None, program, str(number), customer=CustomerIn(email=f"n{number}@example.net"))


def waiting(account: FakeHubSpot, program: Program, count: int, **options: Any) -> Connection:
    """Connect an account for which so many people wait."""
    hubspot = keep_at(account, program, **options)
    actions.pause(hubspot)
    people(program, count)
    hubspot.refresh_from_db()
    account.asked.clear()
    return actions.resume(hubspot)


def telling(monkeypatch: pytest.MonkeyPatch, then: Callable[[Tell, Sequence[Delivery]], None]) -> list[int]:
    """Have something happen before each telling; return how many messages went in each call."""
    sizes: list[int] = []
    tell = sending.tell

    def told(connection: Connection, rows: Sequence[Delivery], now: datetime) -> list[Any]:
        sizes.append(len(rows))
        then(tell, rows)
        return tell(connection, rows, now)

    monkeypatch.setattr(sending, "tell", told)
    return sizes


def serve_later(hubspot: Connection) -> None:
    """Serve when every lease is over; a worker that is killed does so silently."""
    record_keeping.CLOCK[0] += timedelta(minutes=30)
    try:
        actions.serve(hubspot.pk)
    except KeyboardInterrupt:  # what no worker catches
        Lane.objects.filter(pk=hubspot.pk).update(lease_token=uuid4())


# --- a worker that dies, a lane that is lost --------------------------------------------------------------------
def test_a_record_that_kills_its_worker_takes_no_other_along(
    anna: Enrollment, account: FakeHubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubspot = waiting(account, anna.program, 5)
    poison = f"customer:{Customer.objects.get(email='n3@example.net').pk}"

    def kill(_tell: Tell, rows: Sequence[Delivery]) -> None:
        if any(row.object_key == poison for row in rows):
            raise KeyboardInterrupt

    sizes = telling(monkeypatch, kill)
    for _time in range(4):
        serve_later(hubspot)

    states = dict(Delivery.objects.values_list("object_key", "state"))
    assert states.pop(poison) == "dead"
    assert set(states.values()) == {"done"}
    assert sizes == [5, 1, 1, 1, 1, 1, 1]  # all, then each alone, the deadly one twice more
    assert len(account.objects["contacts"]) == 4


def test_a_record_that_was_tried_alone_goes_with_the_others_again(
    anna: Enrollment, account: FakeHubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubspot = waiting(account, anna.program, 3)
    for row in Delivery.objects.all():
        Attempt.objects.create(delivery=row, number=1, at=NOON, outcome="…")
        Attempt.objects.create(delivery=row, number=2, at=NOON, outcome="HubSpot is down.")
    sizes = telling(monkeypatch, lambda _tell, _rows: None)

    actions.serve(hubspot.pk)

    assert sizes == [3]


def test_lane_that_was_lost_during_a_batch_looks_like_nobodys_death(
    anna: Enrollment, account: FakeHubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubspot = waiting(account, anna.program, 4)
    telling(monkeypatch, lambda _tell, _rows: Lane.objects.update(lease_token=uuid4()) and None)

    for _time in range(3):
        record_keeping.CLOCK[0] += timedelta(minutes=30)
        actions.serve(hubspot.pk)

    assert "…" not in set(Attempt.objects.values_list("outcome", flat=True))
    assert Attempt.objects.count() == 12
    assert set(Delivery.objects.values_list("state", flat=True)) == {"due"}


def test_batch_that_is_stopped_while_it_begins_counts_no_try(
    anna: Enrollment, account: FakeHubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubspot = waiting(account, anna.program, 4)
    count, begun = sending._count, []

    def pause_at_the_third(number: int, now: datetime) -> Any:
        begun.append(number)
        if len(begun) == 3:
            Connection.objects.update(state="paused")
        return count(number, now)

    monkeypatch.setattr(sending, "_count", pause_at_the_third)
    actions.serve(hubspot.pk)

    assert len(begun) == 3
    assert Attempt.objects.count() == 0
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {0}


def test_what_cannot_be_written_of_one_is_written_of_the_others(
    anna: Enrollment, account: FakeHubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubspot = waiting(account, anna.program, 3)
    log, logged = sending._log, []

    def broken(begun: Any, *told: Any) -> None:
        logged.append(begun)
        if len(logged) == 1:
            raise ZeroDivisionError
        log(begun, *told)

    monkeypatch.setattr(sending, "_log", broken)
    with pytest.raises(ZeroDivisionError):
        actions.serve(hubspot.pk)

    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == ["due", "done", "done"]


@pytest.mark.parametrize(("count", "seconds"), [(1, 120), (4, 180)])
def test_lease_is_as_long_as_the_batch_may_take(
    anna: Enrollment, account: FakeHubSpot, monkeypatch: pytest.MonkeyPatch, count: int, seconds: int
) -> None:
    hubspot = waiting(account, anna.program, count)
    left = []
    telling(
        monkeypatch,
        lambda _tell, _rows: left.append(Lane.objects.get().lease_until - record_keeping.CLOCK[0]),
    )

    actions.serve(hubspot.pk)

    assert left == [timedelta(seconds=seconds)]


def test_no_batch_holds_a_lane_for_hours(anna: Enrollment, account: FakeHubSpot) -> None:
    hold = lanes.take(keep_at(account, anna.program).pk, NOON)
    assert hold is not None

    lanes.keep(hold, NOON, 5000)

    assert Lane.objects.get().lease_until == NOON + timedelta(minutes=20)


# --- contacts, then deals ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("deals", ["order", "customer"])
def test_contacts_go_together_and_then_their_deals(
    anna: Enrollment, account: FakeHubSpot, monkeypatch: pytest.MonkeyPatch, deals: str
) -> None:
    hubspot = waiting(account, anna.program, 5, deals=deals)
    sizes = telling(monkeypatch, lambda _tell, _rows: None)

    actions.serve(hubspot.pk)

    assert sizes == [5, 5]
    assert (len(account.objects["contacts"]), len(account.objects["deals"])) == (5, 5)
    assert len(account.joined) == 5
    assert account.calls.count("batch/create") == 2  # of all contacts, and of all deals


def test_deals_wait_for_a_contact_that_fails(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = waiting(account, anna.program, 2, deals="order")
    late = f"customer:{Customer.objects.get(email='n0@example.net').pk}"
    contact = Delivery.objects.get(object_key=late)
    Delivery.objects.filter(pk=contact.pk).update(next_at=NOON + DAY)

    actions.serve(hubspot.pk)

    of_late = f"deal:order:{Order.objects.get(customer__email='n0@example.net').pk}"
    due = Delivery.objects.filter(state="due").order_by("pk")
    assert list(due.values_list("object_key", flat=True)) == [late, of_late]
    assert len(account.joined) == 1  # the other one's

    record_keeping.CLOCK[0] = NOON + 2 * DAY
    actions.serve(hubspot.pk)

    assert not Delivery.objects.filter(state="due").exists()
    assert len(account.joined) == 2


def test_deal_does_not_wait_for_a_contact_that_was_given_up(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = waiting(account, anna.program, 1, deals="customer")
    Delivery.objects.filter(kind="record.contact").update(state="dead")

    actions.serve(hubspot.pk)

    assert Delivery.objects.get(kind="record.deal").state == "done"


def test_deal_does_not_wait_for_the_contact_at_another_connection(
    anna: Enrollment, account: FakeHubSpot
) -> None:
    other = keep_at(account, anna.program, "other")
    hubspot = waiting(account, anna.program, 1, deals="order")
    Delivery.objects.filter(connection=other).update(state="due", next_at=NOON + DAY)

    actions.serve(hubspot.pk)

    assert Delivery.objects.get(kind="record.deal").state == "done"


def test_no_message_passes_an_older_one_of_its_object(anna: Enrollment, account: FakeHubSpot) -> None:
    line = sending.deque(
        [
            (1, "customer:1", "record.contact"),
            (2, "customer:2", "record.note"),
            (3, "customer:2", "record.contact"),
            (4, "customer:1", "record.contact"),
            (5, "customer:3", "record.contact"),
            (6, "customer:4", "record.contact"),
            (7, "customer:5", "record.contact"),
        ]
    )

    together = sending.take_together(line, {"customer:5"}, 9, {6})

    assert [number for number, _about, _kind in together] == [1, 5]
    assert [number for number, _about, _kind in line] == [2, 3, 4, 6]


# --- signs of life ----------------------------------------------------------------------------------------------
def test_where_nobody_was_asked_the_far_side_showed_no_life(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    Lane.objects.filter(pk=hubspot.pk).update(failures=7, open_until=NOON - MINUTE)
    Connection.objects.filter(pk=hubspot.pk).update(last_error="It is down.")
    account.asked.clear()

    actions.line_up_customers(hubspot)
    settle(NOON + MINUTE)

    assert (account.asked, Delivery.objects.order_by("pk").last().state) == ([], "done")
    assert Lane.objects.get().failures == 7
    assert Connection.objects.get(pk=hubspot.pk).last_error == "It is down."

    buy(anna, anna.program, "2", NOON + 2 * MINUTE)  # now it is asked

    assert Lane.objects.get().failures == 0
    assert Connection.objects.get(pk=hubspot.pk).last_error == ""


# --- another account --------------------------------------------------------------------------------------------
def _moved(hubspot: Connection, how: str) -> Connection:
    if how == "cut":
        actions.disconnect(hubspot)
        return actions.connect(
            hubspot.program, connector="hubspot", name="H", source="hubspot", keys={"token": "pat-eu1-lab"}
        )
    if how == "address":
        with pytest.MonkeyPatch.context() as patched:  # of the systems that have one
            patched.setattr("integrations.connectors.hubspot.HAS_ADDRESS", True)
            return actions.change_keys(hubspot, base_url=f"{hubspot.base_url}/other")
    given = {"app": {"client_id": "other-app"}, "key": {"token": "pat-eu1-other"}}
    return actions.change_keys(hubspot, **given[how])


@pytest.mark.parametrize("how", ["cut", "address", "app", "key"])
def test_nothing_that_was_agreed_outlives_the_account(
    anna: Enrollment, account: FakeHubSpot, how: str
) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    account.edit(contact_of(account), hs_lead_status="OPEN")
    listen(hubspot, NOON + MINUTE)
    hubspot.refresh_from_db()
    hubspot.cursor = {**hubspot.cursor, "seen": {"a.csv": 1}}
    hubspot.save(update_fields=["cursor"])

    same = _moved(hubspot, how)

    assert same.pk == hubspot.pk
    assert RemoteRecord.objects.count() == 0
    assert Connection.objects.get(pk=hubspot.pk).cursor == {"seen": {"a.csv": 1}}
    assert CustomerFact.objects.get().value == "OPEN"  # what was said stays said


@pytest.mark.parametrize(
    "given", [{"pipeline": "sales"}, {"client_secret": "new"}, {"token": ""}, {"token": "pat-eu1-lab"}]
)
def test_other_keys_leave_what_was_agreed(
    anna: Enrollment, account: FakeHubSpot, given: dict[str, str]
) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    listen(hubspot, NOON + MINUTE)
    hubspot.refresh_from_db()

    actions.change_keys(hubspot, **given)
    actions.rotate_secret(hubspot)

    assert RemoteRecord.objects.count() == 1
    assert "changes" in Connection.objects.get(pk=hubspot.pk).cursor


def test_the_new_account_is_filled(
    anna: Enrollment, account: FakeHubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    hubspot.refresh_from_db()
    former = contact_of(account).id
    account.objects["contacts"].clear()
    monkeypatch.setattr("tests.integrations.fake_hubspot.TOKEN", "pat-eu1-other")

    actions.change_keys(hubspot, token="pat-eu1-other")
    actions.tell_everyone(hubspot, at=NOON + MINUTE)
    settle(NOON + MINUTE)

    assert contact_of(account).values["email"] == "buyer@example.net"
    assert RemoteRecord.objects.get().remote_id == contact_of(account).id != former


def test_telling_of_everybody_finds_what_is_missing_there(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    people(anna.program, 3)
    (record,) = account.by_email("n1@example.net")
    del account.objects["contacts"][record.id]
    account.asked.clear()

    actions.tell_everyone(hubspot, at=NOON + MINUTE)
    settle(NOON + MINUTE)

    assert len(account.by_email("n1@example.net")) == 1
    assert "batch/update" not in account.calls  # the others are as they should be
    (made,) = [body["inputs"] for _method, path, body in account.asked if path.endswith("batch/create")]
    assert len(made) == 1


# --- the clock --------------------------------------------------------------------------------------------------
def test_the_clock_lines_each_record_up_once(anna: Enrollment, account: FakeHubSpot) -> None:
    keep_at(account, anna.program, deals="customer")
    buy(anna, anna.program, "1")
    later = NOON + 181 * DAY

    assert actions.tell_again(at=later) == 2

    due = Delivery.objects.filter(state="due").order_by("pk").values_list("object_key", flat=True)
    assert list(due) == [f"customer:{customer().pk}", f"deal:customer:{customer().pk}"]
