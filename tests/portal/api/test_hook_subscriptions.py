"""REST hooks: subscribed, listed and ended by a key, within its program and its scopes."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from affiliates.models import Enrollment, Program
from core import jobs
from core.models import Event
from integrations.actions import hooks, serve
from integrations.actions.connections import connect, disconnect, pause
from integrations.connectors import webhook
from integrations.connectors.webhook.sign import secret_text
from integrations.models import Connection, Delivery
from integrations.states import ConnectionState
from portal.api import examples
from portal.keys import SCOPES
from portal.models import Answer
from tests import makers
from tests.fakes.receiver import FakeReceiver
from tests.portal.api.conftest import Made
from tests.portal.api.machine import Machine, order, pointers

pytestmark = pytest.mark.django_db
TARGET = "http://127.0.0.1:9/catch/1"
HOOKS = "/hook-subscriptions"


@pytest.fixture(autouse=True)
def far_side(settings: Any) -> None:
    """An address that may be called, where nobody is."""
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1:9"]


def said(**fields: Any) -> dict[str, Any]:
    return {"target_url": TARGET, "event": "commission.approved", **fields}


def test_a_subscription_is_a_connection_that_wants_this_kind(machine: Machine, program: Program) -> None:
    answer = machine.post(HOOKS, said(filters={"affiliate.code": "anna", "commission.level": 1}))

    made, row = answer.json(), Connection.objects.get()
    assert answer.status_code == 201
    assert made == {
        "id": row.pk,
        "target_url": TARGET,
        "event": "commission.approved",
        "filters": {"affiliate.code": "anna", "commission.level": "1"},
        "expires": None,
        "state": "active",
        "trouble": "",
        "created_at": made["created_at"],
        "secret": secret_text(row.secrets["webhook_secret"]),
    }
    assert (row.program, row.connector, row.base_url) == (program, "webhook", TARGET)
    assert row.options == {
        "kinds": ["commission.approved"],
        "filter": {"affiliate.code": "anna", "commission.level": "1"},
        "origin": "rest hook",
        "key": machine.key.prefix,
        "expires": "",
    }
    assert Event.objects.filter(kind="connection.created", scope_id=program.pk).count() == 1


def test_what_was_subscribed_to_is_wanted_by_the_connector(machine: Machine, ann: Enrollment) -> None:
    machine.post(HOOKS, said(event="order.*", filters={"order.source": "shop-eu"}))
    machine.post("/conversions", order())

    options = Connection.objects.get().options
    body = machine.get("/events/order.recorded/samples").json()[0]["data"]

    assert webhook.wants(options, "order.recorded", body)
    assert not webhook.wants(options, "refund.recorded", body)
    assert not webhook.wants({**options, "filter": {"order.source": "other"}}, "order.recorded", body)


def test_the_secret_is_shown_once(machine: Machine) -> None:
    made = machine.post(HOOKS, said()).json()

    read, page = machine.get(f"{HOOKS}/{made['id']}").json(), machine.get(HOOKS).json()

    del made["secret"]
    assert (read, page) == (made, {"items": [made], "next": None})


def test_unsubscribing_ends_it_and_may_be_repeated(machine: Machine) -> None:
    path = f"{HOOKS}/{machine.post(HOOKS, said()).json()['id']}"

    codes = [machine.ask("delete", path).status_code for _turn in range(2)]

    assert codes == [204, 204]
    assert machine.get(path).json()["state"] == "disconnected"
    assert machine.get(HOOKS).json()["items"] == []
    assert len(machine.get(f"{HOOKS}?state=disconnected").json()["items"]) == 1
    assert Event.objects.filter(kind="connection.changed").count() == 1


def test_an_ended_subscription_is_made_anew(machine: Machine) -> None:
    first = machine.post(HOOKS, said()).json()
    machine.ask("delete", f"{HOOKS}/{first['id']}")

    again = machine.post(HOOKS, said())

    assert (again.status_code, again.json()["id"] != first["id"]) == (201, True)


def test_the_same_again_is_the_same_subscription(machine: Machine) -> None:
    first, again = machine.post(HOOKS, said()), machine.post(HOOKS, said())

    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    assert Connection.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [{"event": "commission.*"}, {"filters": {"commission.level": "1"}}, {"target_url": f"{TARGET}2"}],
)
def test_another_wish_is_another_subscription(machine: Machine, fields: dict[str, Any]) -> None:
    machine.post(HOOKS, said())

    assert machine.post(HOOKS, said(**fields)).status_code == 201
    assert Connection.objects.count() == 2


def test_another_key_never_learns_the_secret_by_asking_for_the_same(
    machine: Machine, make_machine: Made
) -> None:
    first, other = machine.post(HOOKS, said()).json(), make_machine().post(HOOKS, said()).json()

    assert first["id"] != other["id"]
    assert first["secret"] != other["secret"]


def test_an_idempotency_key_gives_the_first_answer_and_keeps_no_secret(machine: Machine) -> None:
    first = machine.post(HOOKS, said(), Idempotency_Key="k1")
    again = machine.post(HOOKS, said(), Idempotency_Key="k1")

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    kept = json.dumps(Answer.objects.get().body)
    assert "secret" not in kept
    assert first.json()["secret"] not in kept
    assert machine.post(HOOKS, said(event="order.*"), Idempotency_Key="k1").status_code == 422


def test_an_idempotency_key_of_an_ended_subscription_has_no_secret_to_show(machine: Machine) -> None:
    first = machine.post(HOOKS, said(), Idempotency_Key="k1").json()
    machine.ask("delete", f"{HOOKS}/{first['id']}")

    again = machine.post(HOOKS, said(), Idempotency_Key="k1")

    assert (again.status_code, again.json()) == (201, {**first, "secret": ""})


def test_a_later_end_is_taken_over(machine: Machine) -> None:
    soon, later = (timezone.now() + timedelta(days=days) for days in (1, 2))
    machine.post(HOOKS, said(expires=soon.isoformat()))

    again = machine.post(HOOKS, said(expires=later.isoformat()))

    assert again.status_code == 200
    assert datetime.fromisoformat(again.json()["expires"]) == later
    assert Connection.objects.count() == 1


def test_what_has_expired_is_disconnected(machine: Machine) -> None:
    ends = timezone.now() + timedelta(hours=1)
    machine.post(HOOKS, said(expires=ends.isoformat()))
    forever = machine.post(HOOKS, said(event="order.*")).json()["id"]

    early, late, again = (hooks.end_hooks(at=ends + timedelta(seconds=seconds)) for seconds in (-1, 0, 1))

    assert (early, late, again) == (0, 1, 0)
    live = Connection.objects.exclude(state=ConnectionState.DISCONNECTED)
    assert list(live.values_list("pk", flat=True)) == [forever]


@pytest.mark.django_db(transaction=True)
def test_what_is_gone_at_the_far_side_is_disconnected(
    make_machine: Made, ann: Enrollment, settings: Any
) -> None:
    machine = make_machine()
    with FakeReceiver() as receiver:
        settings.OUTBOUND_ALLOWED_HOSTS = [receiver.host]
        gone, alive, by_hand = (
            machine.post(HOOKS, said(target_url=receiver.url(path), event="order.*")).json()["id"]
            for path in ("/gone", "/alive", "/by-hand")
        )
        receiver.rule = lambda path, body: (410 if path == "/gone" else 200, b"", {})
        machine.post("/conversions", order())
        jobs.drain()
        for number in (gone, alive, by_hand):
            serve(number)
    pause(Connection.objects.get(pk=by_hand))

    ended = hooks.end_hooks()

    assert ended == 1
    states = dict(Connection.objects.values_list("pk", "state"))
    assert states == {gone: "disconnected", alive: "active", by_hand: "paused"}
    assert Delivery.objects.filter(state="due").count() == 0


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"target_url": "http://127.0.0.1:8/x"}, "/target_url"),
        ({"target_url": "http://169.254.169.254/latest/meta-data"}, "/target_url"),
        ({"target_url": "https://10.0.0.1/"}, "/target_url"),
        ({"target_url": "https://[::1]/"}, "/target_url"),
        ({"target_url": "https://localhost/"}, "/target_url"),
        ({"target_url": "https://me:pw@127.0.0.1:9/"}, "/target_url"),
        ({"target_url": "file:///etc/passwd"}, "/target_url"),
        ({"target_url": "ftp://127.0.0.1:9/"}, "/target_url"),
        ({"target_url": "no address"}, "/target_url"),
        ({"target_url": f"{TARGET}?{'x' * 200}"}, "/target_url"),
        ({"target_url": ""}, "/target_url"),
        ({"target_url": None}, "/target_url"),
        ({"event": "payee.changed"}, "/event"),
        ({"event": "key.*"}, "/event"),
        ({"event": "affiliate.*"}, "/event"),
        ({"event": "affiliate.changed"}, "/event"),
        ({"event": "*"}, "/event"),
        ({"event": "order"}, "/event"),
        ({"event": ""}, "/event"),
        ({"event": ["order.recorded"]}, "/event"),
        ({"filters": []}, "/filters"),
        ({"filters": {"commission.levle": "1"}}, "/filters/commission.levle"),
        ({"filters": {"order.source": "x"}}, "/filters/order.source"),
        ({"filters": {"a b": "1"}}, "/filters/a b"),
        ({"filters": {"": "1"}}, "/filters/"),
        ({"filters": {"commission.level": None}}, "/filters/commission.level"),
        ({"filters": {"commission.level": [1]}}, "/filters/commission.level"),
        ({"filters": {"commission.level": 1.5}}, "/filters/commission.level"),
        ({"filters": {"commission.level": "1,2"}}, "/filters/commission.level"),
        ({"filters": {"commission.level": 10**30}}, "/filters/commission.level"),
        ({"filters": {f"a{'b' * number}": "1" for number in range(11)}}, "/filters"),
        ({"expires": "2020-01-01T00:00:00Z"}, "/expires"),
        ({"expires": "9999-12-31T23:59:59-14:00"}, "/expires"),
        ({"expires": "2030-01-01"}, "/expires"),
        ({"hookUrl": TARGET}, "/hookUrl"),
    ],
)
def test_what_is_wrong_is_pointed_at(machine: Machine, fields: dict[str, Any], pointer: str) -> None:
    answer = machine.post(HOOKS, said(**fields))

    assert (answer.status_code, pointers(answer)) == (422, [pointer])
    assert all(error["detail"] for error in answer.json()["errors"])
    assert Connection.objects.count() == 0


def test_a_program_has_a_limit_and_other_programs_do_not_count(
    machine: Machine, eves: Machine, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "MOST_HOOKS", 2)
    eves.post(HOOKS, said())
    made = [machine.post(HOOKS, said(target_url=f"{TARGET}?{number}")).json() for number in range(2)]

    refused = machine.post(HOOKS, said())
    known = machine.post(HOOKS, said(target_url=f"{TARGET}?0"))

    assert (refused.status_code, refused.json()["type"]) == (409, "/api/v1/docs/#problem-conflict")
    assert known.status_code == 200
    machine.ask("delete", f"{HOOKS}/{made[0]['id']}")
    assert machine.post(HOOKS, said()).status_code == 201
    assert hooks.hooks_of(program).count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_pass_the_limit(make_machine: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "MOST_HOOKS", 1)
    machines = [make_machine(), make_machine()]
    barrier = Barrier(len(machines))

    def ask(machine: Machine) -> int:
        try:
            barrier.wait()
            return machine.post(HOOKS, said()).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(machines)) as pool:
        codes = list(pool.map(ask, machines))

    assert sorted(codes) == [201, 409]
    assert Connection.objects.count() == 1


def test_the_limit_is_a_hundred() -> None:
    assert hooks.MOST_HOOKS == 100


def test_another_programs_subscriptions_do_not_exist(machine: Machine, eves: Machine) -> None:
    made = machine.post(HOOKS, said()).json()["id"]

    codes = [eves.ask(method, f"{HOOKS}/{made}").status_code for method in ("get", "delete")]

    assert codes == [404, 404]
    assert eves.get(HOOKS).json()["items"] == []
    assert Connection.objects.get().state == "active"


@pytest.mark.parametrize("method", ["get", "delete"])
def test_connections_that_people_made_are_out_of_reach(
    machine: Machine, program: Program, method: str
) -> None:
    by_hand = connect(
        program, connector="webhook", name="Ours", source="ours", base_url=TARGET, options={"kinds": ["*"]}
    )
    store = makers.make_connection(program)

    codes = [machine.ask(method, f"{HOOKS}/{row.pk}").status_code for row in (by_hand, store)]

    assert codes == [404, 404]
    assert set(Connection.objects.values_list("state", flat=True)) == {"active"}
    assert machine.get(HOOKS).json()["items"] == []


def test_a_paused_one_is_shown_as_it_is(machine: Machine) -> None:
    made = machine.post(HOOKS, said()).json()["id"]
    pause(Connection.objects.get())

    assert machine.get(f"{HOOKS}/{made}").json()["state"] == "paused"
    disconnect(Connection.objects.get())
    assert machine.get(f"{HOOKS}/{made}").json()["state"] == "disconnected"


def test_without_the_scope_nothing_is_done(make_machine: Made) -> None:
    machine = make_machine(scopes=[scope for scope in SCOPES if scope != "hooks"])

    codes = [
        machine.get(HOOKS).status_code,
        machine.post(HOOKS, said()).status_code,
        machine.get(f"{HOOKS}/1").status_code,
        machine.ask("delete", f"{HOOKS}/1").status_code,
        machine.get("/events").status_code,
        machine.get("/events/order.recorded/samples").status_code,
    ]

    assert codes == [403] * 6
    assert Connection.objects.count() == 0


@pytest.mark.parametrize(
    ("event", "scope"),
    [
        ("commission.approved", "commissions:read"),
        ("payout.*", "payouts:read"),
        ("order.recorded", "conversions:read"),
        ("refund.recorded", "refunds:read"),
        ("enrollment.*", "affiliates:read"),
        ("link.created", "links:read"),
    ],
)
def test_hearing_is_reading(make_machine: Made, event: str, scope: str) -> None:
    may = make_machine(scopes=["hooks", scope])
    may_not = make_machine(scopes=[name for name in SCOPES if name != scope])

    refused = may_not.post(HOOKS, said(event=event))

    assert refused.status_code == 403
    assert scope in refused.json()["detail"]
    assert may_not.get(f"/events/{event.replace('*', 'applied')}/samples").status_code in (403, 404)
    assert Connection.objects.count() == 0
    assert may.post(HOOKS, said(event=event)).status_code == 201


def test_the_examples_are_taken(machine: Machine) -> None:
    for example in (examples.HOOK, examples.HOOK_IN_FULL):
        assert machine.post(HOOKS, {**example, "target_url": TARGET}).status_code == 201


def test_no_connection_is_made_without_a_key(machine: Machine) -> None:
    answer = Client().post("/api/v1/hook-subscriptions", said(), content_type="application/json")

    assert (answer.status_code, Connection.objects.count()) == (401, 0)
