"""A company with something in every list: orders, commissions, batches, messages, keys, events."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from affiliates import actions as affiliates
from affiliates.models import Program
from commissions import actions as commissions
from core.models import Event, Job, JobState, User
from fraud.actions import dry_runs, lists, policies
from fraud.states import ListKind
from integrations.actions.findings import note_findings
from integrations.audits import Fault
from integrations.models import Audit, Inbound
from integrations.states import FindingKind
from payouts import actions as payouts
from portal import keys
from tests import kept, makers
from tests.portal.affiliate.under_review import find, open_case
from tracking import actions as tracking

# the people whom a test with `busy` meets: those that `busy` was made with
PEOPLE = ("olga", "merchant", "program", "brand", "mia", "fin", "sue", "ann")


def _same_as_of_busy(name: str) -> Any:
    @pytest.fixture(name=name)
    def person(request: pytest.FixtureRequest) -> Any:
        """Somebody of Northwind, as everywhere; beside `busy`, of its Northwind."""
        if "busy" in request.fixturenames:
            return getattr(request.getfixturevalue("busy").cast, name)
        return request.getfixturevalue(name)

    return person


olga, merchant, program, brand, mia, fin, sue, ann = map(_same_as_of_busy, PEOPLE)


@pytest.fixture(scope="module")
def made_busy(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[SimpleNamespace]:
    """The company of all tests of a file that ask for `busy`, before any of them."""
    yield from kept.rows(lambda: made(northwind()), django_db_blocker)


@pytest.fixture
def busy(made_busy: SimpleNamespace, db: None) -> SimpleNamespace:
    """Rows of every kind, by name; in such a file every test that makes people asks for them."""
    return deepcopy(made_busy)


def northwind() -> SimpleNamespace:
    """The people of tests/conftest.py who are always there, by name."""
    olga = makers.make_user("olga@northwind.example", name="Olga Owner")
    merchant = makers.make_merchant("Northwind", olga)
    program = makers.make_program(merchant, plan=makers.TWO_LEVELS)
    sue = makers.make_enrollment(program, "Sue Sponsor", email="sue@partner.example")
    return SimpleNamespace(
        olga=olga,
        merchant=merchant,
        program=program,
        sue=sue,
        ann=makers.make_enrollment(program, "Ann Archer", email="ann@partner.example", sponsor=sue),
        mia=makers.make_member(merchant, "manager", "mia@northwind.example", "Mia Manager"),
        fin=makers.make_member(merchant, "finance", "fin@northwind.example", "Fin Finance"),
        brand=makers.make_brand(merchant, program),
    )


def made(cast: SimpleNamespace) -> SimpleNamespace:
    """What they did until today."""
    merchant, program, ann, mia, olga = cast.merchant, cast.program, cast.ann, cast.mia, cast.olga
    makers.make_payee(ann)
    makers.make_payee(cast.sue)
    click, tid = makers.make_click(ann, makers.NOON - timedelta(days=1))
    order = makers.make_order(net=100000, evidence=makers.Evidence(tid=tid))
    taken = commissions.take_orders(program, [order], at=makers.NOON)[0]
    assert taken.conversion
    commissions.approve_due(at=makers.NOON + timedelta(days=31))
    late = makers.NOON + timedelta(days=32)
    pending = makers.make_commission(ann, 5000)
    invitation = affiliates.invite_member(merchant, "new@northwind.example", "reviewer", actor=olga)
    applied = makers.make_enrollment(program, "Zoe Zander", active=False)
    batch = payouts.open_batch(program, cut_off=late, actor=mia, at=late)
    return SimpleNamespace(
        cast=cast,
        affiliate=ann.affiliate,
        enrollment=applied,
        link=ann.links.get(is_default=True),
        directlink=affiliates.ask_direct_link(ann.links.get(is_default=True), "https://ann.blog.example/"),
        coupon=affiliates.create_coupon(ann, "ANN10", actor=mia),
        group=affiliates.create_group(program, "Gold", actor=mia),
        program=program,
        attributionterms=program.attribution_terms.get(),
        member=merchant.members.get(user=mia),
        invitation=invitation,
        click=click,
        beacon=makers.make_beacon(program, tid=tid),
        conversion=taken.conversion,
        order=taken.conversion.order,
        customer=taken.conversion.customer,
        commission=pending,
        entry=program.entries.latest("pk"),
        plan=program.plans.get(),
        assignment=program.assignments.get(),
        exchangerate=commissions.enter_rates(merchant, {"AED": Decimal("3.9821")}, actor=mia)[0],
        simulation=answered(program, mia),
        study=compared(program, mia),
        batch=batch,
        payout=batch.payouts.first(),
        brand=cast.brand,
        **machines(program, mia),
        **said(program, taken.conversion.order.customer),
        **doubted(program, cast),
    )


def doubted(program: Program, cast: SimpleNamespace) -> dict[str, Any]:
    """What fraud review has to do with them."""
    mia, until = cast.mia, timezone.now() + timedelta(days=30)
    case = open_case(cast.sue)
    find(case, "several_accounts", figures={"count": 2, "marks": ["email", "phone"]})
    return {
        "case": case,
        "policy": policies.set_check(program, "near_duplicate", actor=mia, on=False),
        "listentry": lists.add_entry(program, ListKind.COUNTRY, "KP", actor=mia),
        "exemption": lists.grant(cast.ann, "far_away", reason="Travels", until=until, actor=mia),
        "relation": lists.declare(cast.ann, cast.sue, reason="Agency and client", actor=mia),
        "dryrun": dry_runs.start(program, {}, actor=mia),
    }


def answered(program: Program, mia: User) -> Any:
    """A simulation that has been worked out."""
    plan, late = program.plans.get(), makers.NOON + timedelta(days=40)
    between = makers.NOON - timedelta(days=30), makers.NOON + timedelta(days=1)
    simulation = commissions.start_simulation(plan, makers.TEN_PERCENT, *between, actor=mia, at=late)
    commissions.run_simulation(simulation, at=late)
    return simulation


def compared(program: Program, mia: User) -> Any:
    """A model comparison that has been worked out."""
    late = makers.NOON + timedelta(days=40)
    between = makers.NOON - timedelta(days=30), makers.NOON + timedelta(days=1)
    study = tracking.ask_study(program, *between, actor=mia, at=late)
    tracking.run_study(study, at=late)
    study.refresh_from_db()
    return study


def said(program: Program, customer: Any) -> dict[str, Any]:
    """A word of a store that has no other here, an audit, and a customer whose record is gone there."""
    tracking.note_terms(program, "shop", [("category", "Footwear > Men")], at=makers.NOON)
    crm = makers.make_connection(program, connector="hubspot", source="crm", secrets={})
    key = f"customer:{customer.pk}"
    note_findings(crm, {key: [Fault(FindingKind.GONE, key, "101")]}, {}, makers.NOON)
    audit = Audit.objects.create(connection=crm, state="finished", finished_at=makers.NOON)
    return {"term": program.store_words.get(), "finding": crm.findings.get(), "audit": audit}


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
    hook = makers.make_connection(
        program, connector="webhook", source="hook", base_url="https://hooks.example.com/in?token=t0p"
    )
    delivery = makers.make_delivery(hook)
    reconciliation = makers.make_reconciliation(connection)
    key, _secret = keys.create_key(program, "Shop", ["conversions:read"], actor=mia)
    event = Event.objects.filter(tenant_id=program.merchant_id).latest("pk")
    job = Job.objects.create(
        event=event, task="portal.tasks.nothing", state=JobState.QUARANTINED, next_at=timezone.now()
    )
    file = makers.make_order_file(program, actor=mia)
    return {
        "orderfile": file,
        "connection": connection,
        "inbound": inbound,
        "delivery": delivery,
        "reconciliation": reconciliation,
        "apikey": key,
        "event": event,
        "job": job,
    }
