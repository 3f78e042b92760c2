"""A shop that pays affiliates in its credit, and Bob, who is paid so."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from affiliates.actions import set_payee
from affiliates.models import Enrollment, Merchant, Program
from core import jobs
from core.models import Job, User
from integrations import actions
from integrations.connectors.shopify import read_options
from integrations.models import Connection
from payouts import actions as payouts
from payouts.models import Batch, Payout
from tests import makers
from tests.fakes.shopify_credit import CreditShop
from tests.integrations.fake_shopify import CLIENT_SECRET, ENTERED
from tests.makers import NOON

LATER = NOON + timedelta(days=31)
ADDRESS = "bob@shopper.example"
OFFERED = {"store_credit": "yes", "store_credit_name": "Casa Clara"}
KEYS = {"access_token": ENTERED, "client_secret": CLIENT_SECRET}


@pytest.fixture(name="shop")
def its_shop(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[CreditShop]:
    """A shop that knows Bob; the machine's own clock shows the day before he is paid, whatever day a test runs."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: LATER - timedelta(days=1))
    with CreditShop() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        running.clock = LATER
        running.add(ADDRESS)
        yield running


@pytest.fixture(name="program")
def its_program(merchant: Merchant) -> Program:
    """Northwind's program: its people open and approve batches."""
    return makers.make_program(merchant)


@pytest.fixture(name="connection")
def its_connection(program: Program, shop: CreditShop) -> Connection:
    """The shop, connected; it offers store credit."""
    return connect(program, shop)


def connect(program: Program, shop: CreditShop, **fields: Any) -> Connection:
    """Connect the shop to a program."""
    defaults = {"options": read_options(OFFERED), "base_url": shop.url, "secrets": KEYS}
    return makers.make_connection(program, connector="shopify", **(defaults | fields))


@pytest.fixture(name="payee")
def its_payee(bob: Enrollment, connection: Connection) -> Enrollment:
    """Bob, who chose store credit."""
    choose(bob, connection.pk)
    return bob


def choose(who: Enrollment, connection: int, address: str = ADDRESS) -> None:
    """Choose store credit at a shop."""
    affiliate = who.affiliate
    assert affiliate.user is not None
    set_payee(
        affiliate,
        "store_credit",
        address,
        holder=affiliate.name,
        shop=(connection, "Casa Clara"),
        actor=affiliate.user,
        at=makers.FOUNDED,
    )


@pytest.fixture(name="payout")
def its_payout(payee: Enrollment, mia: User, fin: User) -> Payout:
    """What Bob is paid, 100.00: approved, and lined up at the shop."""
    makers.make_payable(payee)
    return approve(payee.program, mia, fin).payouts.get()


def approve(program: Program, opens: User, approves: User, at: datetime = LATER) -> Batch:
    """Open a batch, approve it, and line up what follows."""
    batch = payouts.open_batch(program, actor=opens, at=at)
    payouts.approve_batch(batch, actor=approves, at=at)
    work(at)
    return batch


def work(at: datetime = LATER) -> None:
    """Do what is due of this app; the notices are another's."""
    Job.objects.exclude(task__startswith="integrations.").delete()
    jobs.drain(at=at + timedelta(minutes=1))


def send(connection: Connection, minutes: int = 1) -> None:
    """Tell the shop what is due some minutes after the approval."""
    actions.serve(connection.pk, at=LATER + timedelta(minutes=minutes))


def told(connection: Connection) -> tuple[str, str]:
    """State and note of the one message."""
    row = connection.deliveries.get()
    return row.state, row.note


def now(payout: Payout) -> tuple[str, str]:
    """State and reference of a payout."""
    payout.refresh_from_db()
    return payout.state, payout.reference
