"""What people do with messages: again, never, all of a period; and what is forgotten."""

from datetime import timedelta

import pytest

from affiliates.models import Program
from affiliates.roles import NotAllowed
from core.models import Event, User
from integrations import actions
from integrations.models import Attempt, Connection, Delivery, Lane
from tests.fakes.receiver import FakeReceiver
from tests.integrations.outgoing import make_delivery, make_hook, serve
from tests.makers import NOON

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def test_given_up_message_is_sent_again_with_its_id(
    hook: Connection, receiver: FakeReceiver, mona: User
) -> None:
    row = make_delivery(hook, 1, state="dead", attempts=11, done_at=NOON)
    Attempt.objects.create(delivery=row, number=11, at=NOON, outcome="It failed.")

    actions.replay_delivery(row, actor=mona, at=NOON)
    serve(hook, NOON)

    row.refresh_from_db()
    assert (row.state, row.attempts) == ("done", 1)
    assert [each.id for each in receiver.taken()] == [str(row.message_id)]
    assert list(row.tries.order_by("number").values_list("number", flat=True)) == [11, 12]
    assert Event.objects.get(kind="delivery.replayed").actor == mona


def test_delivered_message_is_sent_again_only_where_that_is_said(
    hook: Connection, receiver: FakeReceiver
) -> None:
    row = make_delivery(hook, 1)
    serve(hook, NOON)

    with pytest.raises(actions.CannotReplay):
        actions.replay_delivery(row)
    row.refresh_from_db()
    assert row.state == "done"

    actions.replay_delivery(row, again=True, at=NOON)
    serve(hook, NOON)
    assert [each.id for each in receiver.taken()] == [str(row.message_id)] * 2
    assert len({each.body for each in receiver.taken()}) == 1


def test_replay_of_what_waits_changes_nothing(hook: Connection) -> None:
    row = make_delivery(hook, 1, attempts=4)

    actions.replay_delivery(row)

    row.refresh_from_db()
    assert (row.attempts, Event.objects.filter(kind="delivery.replayed").count()) == (4, 0)


def test_messages_of_a_period_are_sent_again(
    hook: Connection, receiver: FakeReceiver, program: Program
) -> None:
    late = {"occurred_at": NOON + DAY}
    rows = {
        "dead": make_delivery(hook, 1, state="dead", attempts=11),
        "other kind": make_delivery(hook, 2, state="dead", kind="payout.paid"),
        "too late": make_delivery(hook, 3, state="dead", **late),
        "done": make_delivery(hook, 4, state="done"),
        "elsewhere": make_delivery(make_hook(program, receiver, "/b"), 5, state="dead"),
    }

    count = actions.replay_period(hook, since=NOON, until=NOON + DAY, kind="order.recorded", at=NOON)

    states = {name: Delivery.objects.get(pk=row.pk).state for name, row in rows.items()}
    assert count == 1
    assert states == {
        "dead": "due",
        "other kind": "dead",
        "too late": "dead",
        "done": "done",
        "elsewhere": "dead",
    }
    event = Event.objects.get(kind="connection.replayed")
    assert event.data["messages"] == 1
    assert actions.replay_period(hook, since=NOON, until=NOON + DAY, states=["done", "dead"], at=NOON) == 2


def test_skipped_message_lets_the_later_ones_go(hook: Connection, receiver: FakeReceiver, mona: User) -> None:
    row = make_delivery(hook, 1, "order:a")
    make_delivery(hook, 2, "order:a")
    receiver.fail(500)
    serve(hook, NOON)

    actions.skip_delivery(row, actor=mona, at=NOON)
    serve(hook, NOON)

    row.refresh_from_db()
    assert (row.state, row.done_at) == ("skipped", NOON)
    assert [each.key for each in receiver.taken()] == [2]


def test_delivered_message_cannot_be_skipped(hook: Connection) -> None:
    row = make_delivery(hook, 1, state="done")

    actions.skip_delivery(row)

    row.refresh_from_db()
    assert row.state == "done"


@pytest.mark.parametrize("verb", ["replay_delivery", "skip_delivery"])
def test_strangers_may_nothing(hook: Connection, eve: User, verb: str) -> None:
    row = make_delivery(hook, 1, state="dead")

    with pytest.raises(NotAllowed):
        getattr(actions, verb)(row, actor=eve)
    with pytest.raises(NotAllowed):
        actions.replay_period(hook, since=NOON, until=NOON + DAY, actor=eve)
    with pytest.raises(NotAllowed):
        actions.disconnect(hook, actor=eve)
    with pytest.raises(NotAllowed):
        actions.change_options(hook, options={"kinds": []}, actor=eve)

    row.refresh_from_db()
    hook.refresh_from_db()
    assert (row.state, hook.state, hook.options) == ("dead", "active", {})


def test_paused_connection_keeps_its_queue_and_goes_on(hook: Connection, receiver: FakeReceiver) -> None:
    make_delivery(hook, 1)
    actions.pause(hook)

    assert serve(hook, NOON) == 0

    actions.resume(hook, at=NOON)
    assert serve(hook, NOON) == 1
    assert [each.key for each in receiver.taken()] == [1]


def test_cut_connection_drops_its_queue_and_forgets_its_secrets(
    hook: Connection, receiver: FakeReceiver, mona: User
) -> None:
    waits, done = make_delivery(hook, 1), make_delivery(hook, 2, state="done")
    dead = make_delivery(hook, 3, state="dead")

    actions.disconnect(actions.disconnect(hook, actor=mona, at=NOON), actor=mona)

    for row in (waits, done, dead, hook):
        row.refresh_from_db()
    assert (waits.state, waits.note) == ("skipped", "The connection was cut before this was sent.")
    assert (done.state, dead.state) == ("done", "dead")
    assert (hook.state, hook.secrets) == ("disconnected", {})
    assert serve(hook, NOON) == 0
    assert Event.objects.filter(kind="connection.changed", data__state="disconnected").count() == 1


def test_cut_connection_can_only_be_connected_again(
    hook: Connection, receiver: FakeReceiver, program: Program
) -> None:
    dead = make_delivery(hook, 1, state="dead")
    actions.disconnect(hook)

    for verb in (actions.resume, actions.pause):
        with pytest.raises(ValueError, match="connect the system again"):
            verb(hook)
    with pytest.raises(actions.CannotReplay):
        actions.replay_delivery(dead)
    with pytest.raises(actions.CannotReplay):
        actions.replay_period(hook, since=NOON, until=NOON + DAY)

    again = actions.connect(
        program, connector="webhook", name="Back", source=hook.source, base_url=receiver.url("/new")
    )
    assert (again.pk, again.state, again.base_url) == (hook.pk, "active", receiver.url("/new"))
    assert len(again.secrets["webhook_secret"]) == 43
    with pytest.raises(actions.AlreadyConnected):
        actions.connect(program, connector="webhook", name="X", source=hook.source, base_url=receiver.url())


def test_other_kind_of_system_cannot_take_the_name_of_a_cut_one(hook: Connection, program: Program) -> None:
    actions.disconnect(hook)

    with pytest.raises(actions.AlreadyConnected):
        actions.connect(program, connector="postback", name="X", source=hook.source)


def test_cut_store_is_not_listened_to(connection: Connection) -> None:
    from tests.integrations.deliveries import deliver  # the store's, not ours

    actions.disconnect(connection)

    assert deliver(connection, "028-order.updated") == 404


def test_mended_setting_is_tried_at_once(hook: Connection, receiver: FakeReceiver) -> None:
    make_delivery(hook, 1, next_at=NOON + HOUR)
    Lane.objects.create(connection=hook, failures=9, open_until=NOON + HOUR)

    actions.change_keys(hook, base_url=receiver.url("/mended"))

    lane, row = Lane.objects.get(), Delivery.objects.get()
    assert (lane.failures, lane.open_until) == (0, None)
    assert serve(hook, max(row.next_at, NOON)) == 1
    assert [each.path for each in receiver.taken()] == ["/mended"]


@pytest.mark.parametrize(
    ("state", "days", "stays"),
    [
        ("dead", 90, True),
        ("dead", 91, False),
        ("done", 30, True),
        ("done", 31, False),
        ("skipped", 31, False),
        ("due", 400, True),
    ],
)
def test_old_messages_are_forgotten_with_their_tries(
    hook: Connection, state: str, days: int, stays: bool
) -> None:
    row = make_delivery(hook, 1, state=state, done_at=None if state == "due" else NOON)
    Attempt.objects.create(delivery=row, number=1, at=NOON, outcome="It failed.")

    forgotten = actions.forget_deliveries(NOON + days * DAY)

    assert (forgotten, Delivery.objects.count(), Attempt.objects.count()) == (1 - stays, stays, stays)


def test_queue_of_a_paused_connection_does_not_grow_for_ever(hook: Connection) -> None:
    old = make_delivery(hook, 1)
    young = make_delivery(hook, 2, created_at=NOON + 2 * DAY)
    actions.pause(hook)

    actions.forget_deliveries(NOON + 15 * DAY)

    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.state, old.note) == ("dead", "The connection was not active for too long.")
    assert young.state == "due"


def test_options_are_changed_one_by_one(hook: Connection, mona: User) -> None:
    actions.change_options(hook, options={"kinds": ["order.*"]}, actor=mona)
    row = actions.change_options(hook, options={"filter": {"program": "3"}}, actor=mona)

    assert row.options == {"kinds": ["order.*"], "filter": {"program": "3"}}
    actions.change_options(row, options={"filter": {"program": "3"}}, actor=mona)
    assert Event.objects.filter(kind="connection.changed").count() == 2
