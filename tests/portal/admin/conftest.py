"""A company with something in every list: orders, commissions, batches, messages, keys, events."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Merchant, Program
from commissions import actions as commissions
from core.models import Event, Job, JobState, User
from integrations.models import Inbound
from payouts import actions as payouts
from portal import keys
from portal.models import Brand
from tests import makers


@pytest.fixture
def busy(
    merchant: Merchant,
    program: Program,
    ann: Enrollment,
    sue: Enrollment,
    mia: User,
    fin: User,
    brand: Brand,
    olga: User,
) -> SimpleNamespace:
    """Rows of every kind, by name."""
    makers.make_payee(ann)
    makers.make_payee(sue)
    _click, tid = makers.make_click(ann, makers.NOON - timedelta(days=1))
    order = makers.make_order(net=100000, evidence=makers.Evidence(tid=tid))
    taken = commissions.take_orders(program, [order], at=makers.NOON)[0]
    assert taken.conversion
    commissions.approve_due(at=makers.NOON + timedelta(days=31))
    late = makers.NOON + timedelta(days=32)
    pending = makers.make_commission(ann, 5000)
    group = affiliates.create_group(program, "Gold", actor=mia)
    coupon = affiliates.create_coupon(ann, "ANN10", actor=mia)
    invitation = affiliates.invite_member(merchant, "new@northwind.example", "reviewer", actor=olga)
    applied = makers.make_enrollment(program, "Zoe Zander", active=False)
    batch = payouts.open_batch(program, cut_off=late, actor=mia, at=late)
    return SimpleNamespace(
        affiliate=ann.affiliate,
        enrollment=applied,
        link=ann.links.get(is_default=True),
        coupon=coupon,
        group=group,
        program=program,
        attributionterms=program.attribution_terms.get(),
        member=merchant.members.get(user=mia),
        invitation=invitation,
        conversion=taken.conversion,
        order=taken.conversion.order,
        commission=pending,
        entry=program.entries.latest("pk"),
        plan=program.plans.get(),
        assignment=program.assignments.get(),
        exchangerate=commissions.enter_rates(merchant, {"AED": Decimal("3.9821")}, actor=mia)[0],
        simulation=answered(program, mia),
        batch=batch,
        payout=batch.payouts.first(),
        brand=brand,
        **machines(program, mia),
    )


def answered(program: Program, mia: User) -> Any:
    """A simulation that has been worked out."""
    plan, late = program.plans.get(), makers.NOON + timedelta(days=40)
    between = makers.NOON - timedelta(days=30), makers.NOON + timedelta(days=1)
    simulation = commissions.start_simulation(plan, makers.TEN_PERCENT, *between, actor=mia, at=late)
    commissions.run_simulation(simulation, at=late)
    return simulation


def machines(program: Program, mia: User) -> dict[str, Any]:
    """A connection, what it sent, a key, the newest event and a task in quarantine."""
    connection = makers.make_connection(program)
    inbound = Inbound.objects.create(
        connection=connection,
        dedupe_key="1",
        topic="order.created",
        subject="7",
        body=b'{"id": 7}',
        state="parked",
    )
    key, _secret = keys.create_key(program, "Shop", ["conversions:read"], actor=mia)
    event = Event.objects.filter(tenant_id=program.merchant_id).latest("pk")
    job = Job.objects.create(
        event=event, task="portal.tasks.nothing", state=JobState.QUARANTINED, next_at=timezone.now()
    )
    return {"connection": connection, "inbound": inbound, "apikey": key, "event": event, "job": job}
