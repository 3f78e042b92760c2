"""Migration 0005: orders taken in before there were counters are counted by a worker."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps

from commissions import actions
from commissions.models import Commission, Volume
from core.models import Event, Job
from tests.commissions.test_brackets import brackets
from tests.commissions.test_volumes import order, run_jobs, take, worth
from tests.makers import NOON, make_order
from tests.story.books import breaches

pytestmark = pytest.mark.django_db
METRICS = ("enrollment", "conversion__external_id", "base", "conversions", "commission", "spent")


def counted():
    return list(Volume.objects.order_by("conversion", "enrollment").values_list(*METRICS))


@pytest.fixture
def ask(monkeypatch):
    """The migration's own function, two orders at a time."""
    migration = import_module("commissions.migrations.0005_count_what_was")
    monkeypatch.setattr(migration, "PART", 2)
    return lambda: migration.ask(apps, None)


@pytest.fixture
def sold(program, ann):
    """Three orders that two levels earn from and one that nobody brought, as they stood before the counters."""
    orders = [order(str(number), 40000, ann, number) for number in (1, 2, 3)]
    take(program, *orders, make_order("4", net=40000))
    was = counted()
    Volume.objects.all().delete()
    return was


def test_each_order_with_commissions_is_settled_once_more(program, sold, ask):
    ask()

    due = Job.objects.filter(state="due")
    told = due.order_by("pk").values_list("task", "event__kind", "event__tenant_id", "event__scope_id")
    assert (
        list(told)
        == [("commissions.tasks.settle_moved", "conversion.moved", program.merchant_id, program.pk)] * 3
    )
    with_commissions = {str(number) for number in Commission.objects.values_list("conversion", flat=True)}
    assert set(due.values_list("event__subject_id", flat=True)) == with_commissions


def test_old_orders_count_what_they_would_have_and_earn_the_same(program, ann, sue, sold, ask):
    before = (worth(ann), Commission.objects.filter(enrollment=sue).count())

    ask()
    run_jobs()

    assert (counted(), breaches()) == (sold, [])
    assert (worth(ann), Commission.objects.filter(enrollment=sue).count()) == before
    assert not Job.objects.exclude(state="done").exists()


def test_brackets_that_begin_later_know_of_old_orders(program, ann, sold, ask):
    ask()
    run_jobs()
    body = {"schema": 2, "rules": [brackets()]}
    actions.publish(program.plans.get(), body, effective_at=NOON + timedelta(hours=1), at=NOON)

    take(program, order("5", 10000, ann, 90))

    assert (worth(ann)["5"], breaches()) == (1500, [])


def test_without_orders_nothing_is_asked(program, ask):
    before = (Event.objects.count(), Job.objects.count())

    ask()

    assert (Event.objects.count(), Job.objects.count()) == before
