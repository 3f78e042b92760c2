"""Planning: who is told of what, and when nobody is asked at all."""

from typing import Any

import pytest
from django.db import connection as database

from affiliates.actions import create_coupon
from affiliates.models import Enrollment, Program
from core import events, jobs
from core.models import Event, Job, User
from integrations import actions, gate, news
from integrations.actions.deliveries import planning
from integrations.actions.deliveries.planning import PLAN
from integrations.models import Connection, Delivery
from portal.events import NOTICE, ROUTES
from tests import makers
from tests.fakes.receiver import FakeReceiver
from tests.integrations.outgoing import happen, make_hook
from tests.makers import NOON


def told(event: Event) -> list[str]:
    return sorted(Delivery.objects.filter(event=event).values_list("connection__source", flat=True))


def coupon(anna: Enrollment, code: str = "summer") -> Event:
    """Let Anna have another coupon, by the verb."""
    create_coupon(anna, code, at=NOON)
    return Event.objects.filter(kind="coupon.created").latest("id")


def test_every_public_kind_leads_to_planning_and_no_other_does() -> None:
    assert {kind for kind, tasks in ROUTES.items() if PLAN in tasks} == news.PUBLIC
    assert ROUTES["payout.paid"] == (NOTICE, PLAN)


def test_event_becomes_one_message_for_each_connection(anna: Enrollment, receiver: FakeReceiver) -> None:
    make_hook(anna.program, receiver, "/a")
    make_hook(anna.program, receiver, "/b")

    event = coupon(anna)
    jobs.drain()

    assert told(event) == ["hook-a", "hook-b"]
    row = Delivery.objects.filter(event=event).first()
    assert row is not None
    assert (row.kind, row.state, row.attempts, row.occurred_at) == ("coupon.created", "due", 0, NOON)
    assert row.body == news.body_of(event)
    assert row.object_key == news.object_key(event)
    assert len(set(Delivery.objects.values_list("message_id", flat=True))) == 2


def test_planning_twice_makes_nothing_new(anna: Enrollment, hook: Connection) -> None:
    event = coupon(anna)

    assert (actions.plan(event), actions.plan(event)) == (1, 0)
    assert Delivery.objects.count() == 1


def test_kind_that_is_not_wanted_is_not_planned(anna: Enrollment, receiver: FakeReceiver) -> None:
    make_hook(anna.program, receiver, "/a", options={"kinds": ["order.*"]})
    make_hook(
        anna.program, receiver, "/b", options={"kinds": ["coupon.*"], "filter": {"affiliate.code": "bob"}}
    )
    make_hook(
        anna.program, receiver, "/c", options={"kinds": ["coupon.*"], "filter": {"affiliate.code": "anna"}}
    )

    event = coupon(anna)
    actions.plan(event)

    assert told(event) == ["hook-c"]


def test_other_tenants_and_programs_hear_nothing(
    anna: Enrollment, hook: Connection, receiver: FakeReceiver, other: Program
) -> None:
    make_hook(other, receiver, "/eve")
    make_hook(makers.make_program(anna.program.merchant, name="Second"), receiver, "/second")

    event = coupon(anna)
    jobs.drain()

    assert told(event) == ["hook-in"]


def test_event_of_the_company_is_told_in_all_of_its_programs(
    anna: Enrollment, hook: Connection, receiver: FakeReceiver, other: Program
) -> None:
    make_hook(other, receiver, "/eve")
    make_hook(makers.make_program(anna.program.merchant, name="Second"), receiver, "/second")
    event = Event.objects.create(
        kind="affiliate.registered",
        tenant_id=anna.program.merchant_id,
        subject_type="affiliates.affiliate",
        subject_id=str(anna.affiliate_id),
        at=NOON,
    )

    assert actions.plan(event) == 2
    assert told(event) == ["hook-in", "hook-second"]


def test_event_of_nobody_is_told_to_nobody(anna: Enrollment, hook: Connection) -> None:
    event = happen(anna.program)
    nobodys = Event(
        **{**{f.attname: getattr(event, f.attname) for f in Event._meta.fields}, "tenant_id": None}
    )

    assert actions.plan(nobodys) == 0


@pytest.mark.parametrize(("state", "hears"), [("active", 1), ("paused", 1), ("disconnected", 0)])
def test_paused_connection_hears_on_and_a_cut_one_does_not(
    anna: Enrollment, hook: Connection, state: str, hears: int
) -> None:
    Connection.objects.update(state=state)

    assert actions.plan(coupon(anna)) == hears


def test_stores_that_only_send_are_told_nothing(anna: Enrollment, connection: Connection) -> None:
    assert "postback" not in gate.delivering()

    door = makers.make_connection(anna.program, connector="postback", source="tracker")
    event = coupon(anna)
    actions.plan(event)

    assert not Delivery.objects.filter(connection=door).exists()


def test_what_a_dead_worker_left_is_planned_before_later_news_of_the_object(
    anna: Enrollment, hook: Connection
) -> None:
    first, second = happen(anna.program), happen(anna.program)
    Job.objects.create(event=first, task=PLAN, attempts=1)
    Job.objects.create(event=second, task=PLAN)

    actions.plan(second)

    assert list(Delivery.objects.order_by("id").values_list("event", flat=True)) == [first.pk, second.pk]
    actions.plan(first)
    assert Delivery.objects.count() == 2


def test_broken_earlier_event_does_not_hold_up_later_ones(
    anna: Enrollment, hook: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = happen(anna.program), happen(anna.program)
    Job.objects.create(event=first, task=PLAN, attempts=1)
    body_of = news.body_of
    monkeypatch.setattr(news, "body_of", lambda event: 1 / 0 if event == first else body_of(event))

    assert actions.plan(second) == 1
    assert told(second) == ["hook-in"]


def planned() -> int:
    return Job.objects.filter(task=PLAN).count()


def test_company_without_a_listener_gets_no_job(anna: Enrollment, connection: Connection) -> None:
    connection.connector = "postback"
    connection.save()
    coupon(anna)

    assert Event.objects.filter(kind="coupon.created").count() == 2
    assert planned() == 0


def test_listener_of_another_company_makes_no_job_here(
    anna: Enrollment, receiver: FakeReceiver, other: Program
) -> None:
    make_hook(other, receiver)

    coupon(anna)

    assert planned() == 0


def test_gate_is_believed_until_a_connection_is_made(
    anna: Enrollment, receiver: FakeReceiver, mona: User, django_assert_num_queries: Any
) -> None:
    coupon(anna, "one")
    with django_assert_num_queries(0):
        assert gate.is_heard(anna.program.merchant_id, "coupon.created") is False

    made = actions.connect(
        anna.program, connector="webhook", name="R", source="r", base_url=receiver.url(), actor=mona
    )
    coupon(anna, "two")
    assert planned() == 1

    actions.disconnect(made, actor=mona)
    coupon(anna, "three")
    assert planned() == 1


def test_gate_is_asked_again_after_a_second(
    anna: Enrollment, receiver: FakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(gate, "monotonic", lambda: now[0])
    monkeypatch.setattr(gate, "BELIEVED", 1.0)
    gate.believe(frozenset(), 0)
    merchant = anna.program.merchant_id
    assert gate.is_heard(merchant, "coupon.created") is False
    hook = make_hook(anna.program, receiver)
    gate.believe(frozenset(), 1.0)  # as another process still does

    now[0] = 100.99
    assert gate.is_heard(merchant, "coupon.created") is False
    now[0] = 101.0
    assert gate.is_heard(merchant, "coupon.created") is True

    Connection.objects.filter(pk=hook.pk).update(state="disconnected")
    now[0] = 102.0
    assert gate.is_heard(merchant, "coupon.created") is False
    assert gate.is_heard(None, "rates.loaded") is False


def test_other_followers_pass_the_gate(anna: Enrollment, monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"coupon.created": ("core.jobs.drain", PLAN)}
    monkeypatch.setattr(events, "routes", lambda: table)
    monkeypatch.setattr(
        events, "gates", lambda: {PLAN: lambda tenant, kind: (tenant, kind) == (7, "coupon.created")}
    )

    for tenant in (7, 8):
        events.record("coupon.created", anna, tenant=tenant)

    found = Job.objects.filter(event__kind="coupon.created", event__tenant_id__in=[7, 8])
    assert list(found.order_by("id").values_list("event__tenant_id", "task")) == [
        (7, "core.jobs.drain"),
        (7, PLAN),
        (8, "core.jobs.drain"),
    ]


@pytest.mark.django_db(transaction=True)
def test_bell_rings_once_the_plan_is_committed(
    anna: Enrollment, hook: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[list[int]] = []

    def ring(lanes: Any) -> None:
        assert not database.in_atomic_block
        rung.append(list(lanes))

    monkeypatch.setattr(planning.bell, "ring", ring)
    coupon(anna)
    jobs.drain()

    assert rung == [[hook.pk]]
