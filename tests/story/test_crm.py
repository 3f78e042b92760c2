"""A CRM that fails and workers that die: each customer is one contact there, and none is lost."""

import os
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from affiliates.models import Program
from integrations import actions
from integrations.models import Delivery, RemoteRecord
from tests.integrations.fake_hubspot import KEY, FakeHubSpot, opened
from tests.integrations.record_keeping import CLOCK, NOON, buy, keep_at, settle, stopped
from tests.story.conftest import MakeHouse
from tests.story.processes import wait_for
from tests.story.test_deliveries import forget_the_dead, is_over, is_somebody_at_it, seeded
from tracking.models import Customer
from tracking.orders import CustomerIn

CUSTOMERS = 2000 if os.environ.get("EXAMPLES") == "thorough" else 600
TURNS, WORKERS = 2, 2
DAY = timedelta(days=1)


def contacts(account: FakeHubSpot) -> list[dict[str, str]]:
    return [one.values for one in account.objects["contacts"].values()]


@pytest.mark.processes
@pytest.mark.slow
def test_customers_reach_a_crm_once_though_workers_are_killed(make_house: MakeHouse, settings: Any) -> None:
    chance = seeded()
    with opened(settings, is_made=False) as account:
        account.is_lax = True  # a contract check of each batch would take longer than the story
        house = make_house()
        with house.opened():
            program = Program.objects.get()
            Customer.objects.bulk_create(
                Customer(
                    program=program, source="shop", external_id=f"k{number}", email=f"k{number}@example.net"
                )
                for number in range(CUSTOMERS)
            )
            known = Customer.objects.filter(program=program).count()
            actions.tell_everyone(keep_at(account, program))
            start = partial(house.worker, OUTBOUND_ALLOWED_HOSTS=account.host)
            for moment in sorted(chance.sample(range(1, CUSTOMERS - 150), TURNS)):
                workers = [start() for _worker in range(WORKERS)]
                wait_for(lambda: len(contacts(account)) >= moment, f"{moment} contacts", seconds=120)  # noqa: B023
                wait_for(lambda: is_somebody_at_it() or is_over(), "somebody sends")
                for worker in workers:
                    worker.kill()
                forget_the_dead()
            for _worker in range(WORKERS):
                start()
            wait_for(is_over, "everybody is told of", seconds=240)
            assert Delivery.objects.exclude(state="done").count() == 0
            assert RemoteRecord.objects.count() == known
        keys = Counter(one[KEY] for one in contacts(account))
        emails = Counter(one["email"] for one in contacts(account))
        assert len(keys) == known
        assert max(keys.values()) == max(emails.values()) == 1


def test_crm_that_is_down_for_five_days_hears_the_last_word_of_everybody_afterwards(
    program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(monkeypatch)
    with opened(settings, is_made=False) as account:
        keep_at(account, program)
        account.is_down = True
        for day in range(5):
            at = NOON + day * DAY
            for number in range(4):
                customer = CustomerIn(email=f"n{number}@example.net")
                buy(None, program, f"{day}-{number}", at, customer=customer, net=1000)
            for hour in range(24):
                settle(at + timedelta(hours=hour))
        tries = len(account.asked)
        assert contacts(account) == []
        assert tries <= 5 * 48 + 10  # once in half an hour at most

        account.is_down = False
        for _hour in range(30):
            settle(CLOCK[0] + timedelta(hours=1))

        assert Counter(one["affiliate_orders_count"] for one in contacts(account)) == {"5": 4}
        assert not Delivery.objects.exclude(state="done").exists()
