"""Real processes die at each named point; started again, they lose nothing and do nothing twice."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from affiliates.models import Program
from commissions import actions as commissions
from commissions.models import Commission, Entry
from core import jobs
from core.failpoints import NAMES
from core.models import Job
from integrations import actions as integrations
from integrations.connectors.woocommerce.parse import ENTRY
from integrations.models import Arrival, Inbound, OrderFile
from integrations.presets import mappings_of
from payouts.models import Batch, Payout
from tests import makers
from tests.fakes.woocommerce import KEY, SECRET
from tests.fakes.woocommerce_lists import FIRST, ListingStore
from tests.portal.api.machine import order
from tests.story import books, processes
from tests.story.processes import DIED, House, connection_of_store, wait_for
from tracking import clickid
from tracking.models import Click, Conversion, Order

pytestmark = pytest.mark.processes

IN_JOB = ("job.after_claim", "job.before_done", "job.after_done")
IN_INTAKE = (
    "ledger.inside_posting",
    "ledger.inside_posting:2",  # between the entries of one order
    "intake.before_commit",
    "intake.after_commit",
)
AT_THE_HOOK = ("inbound.before_commit", "inbound.after_commit", "bell.before_ring")
IN_THE_API = ("intake.before_commit", "intake.after_commit")
CONVERSIONS = "/api/v1/conversions"
AT_THE_EDGE = ("click.before_commit", "click.after_commit")
IN_PAYOUTS = ("batch.inside", "payout.after_approve")
IN_FILES = ("order_file.before_commit", "order_file.before_commit:2")  # the second batch of a file
IN_DROPS = ("arrival.before_commit", "arrival.after_commit")  # kept, and not yet put away
IN_READING = ("reconciliation.before_commit", "reconciliation.before_commit:2")  # the second page of a store


@dataclass(frozen=True)
class Facts:
    """How many rows one order of 100.00 leaves behind: Ann's 10.00 and Sue's 5.00."""

    orders: int
    conversions: int
    earned: list[tuple[int, int]]
    entries: int
    left_over: list[tuple[str, str, str]]
    breaches: list[str]


ONE_ORDER = Facts(1, 1, [(1, 1000), (2, 500)], 2, [], [])


def facts() -> Facts:
    return Facts(
        Order.objects.count(),
        Conversion.objects.count(),
        list(Commission.objects.order_by("level").values_list("level", "amount")),
        Entry.objects.count(),
        books.left_over(),
        books.breaches(),
    )


def hand_in(number: int) -> None:
    """Store a delivery as web does, without its process."""
    request = processes.delivery("http://testserver", number)
    integrations.receive(connection_of_store(), request.headers, request.content)


def drain() -> None:
    """Take the dead one's place without waiting 120 seconds for its lease to end."""
    books.forget_leases_of_the_dead()
    jobs.drain()


def test_every_name_has_its_test() -> None:
    at_work = (*IN_JOB, *IN_INTAKE, *IN_PAYOUTS, *IN_FILES, *IN_DROPS, *IN_READING)
    tried = (*at_work, *AT_THE_HOOK, *IN_THE_API, *AT_THE_EDGE)

    assert {name.partition(":")[0] for name in tried} == NAMES


@pytest.mark.parametrize("point", IN_JOB)
def test_worker_that_dies_is_followed_by_one_that_finishes(house: House, point: str) -> None:
    with house.opened():
        hand_in(7001)
        work_until_dead(house, point)

        books.forget_leases_of_the_dead()
        house.worker()
        wait_for(lambda: not books.left_over(), "the next worker finishes")

        assert facts() == ONE_ORDER
        assert Inbound.objects.get().state == "done"
        assert Job.objects.filter(attempts__gt=2).count() == 0


def work_until_dead(house: House, point: str) -> None:
    worker = house.worker(FAILPOINT=point)
    assert worker.wait() == DIED, worker.said()


@pytest.mark.parametrize("point", IN_INTAKE)
def test_order_whose_worker_dies_over_it_is_taken_in_once(house: House, point: str) -> None:
    with house.opened():
        hand_in(7001)
        work_until_dead(house, point)
        assert Order.objects.count() == (1 if point == "intake.after_commit" else 0)

        drain()

        assert facts() == ONE_ORDER


@pytest.mark.parametrize("point", AT_THE_HOOK)
def test_delivery_that_was_not_answered_is_sent_again_and_counts_once(house: House, point: str) -> None:
    web = house.web(FAILPOINT=point)
    with pytest.raises(httpx.TransportError):
        house.deliver(7001)
    assert is_gone(web)

    with house.opened():
        assert deliver_again(7001) == 200
        drain()
        assert facts() == ONE_ORDER
        assert Inbound.objects.get().repeats == (0 if point == "inbound.before_commit" else 1)


def deliver_again(number: int) -> int:
    """Send the same bytes to the same view, served by this process; return the status."""
    request = processes.delivery("http://testserver", number)
    kind, headers = "application/json", dict(request.headers)
    return Client().post(request.url.path, request.content, content_type=kind, headers=headers).status_code


def is_gone(web: processes.Running) -> bool:
    """Say whether granian ended because the process that serves, its child, died."""
    web.wait()
    return "Unexpected exit from worker" in web.said()


@pytest.mark.parametrize("point", IN_THE_API)
def test_api_call_that_was_not_answered_is_made_again_and_counts_once(house: House, point: str) -> None:
    with house.opened():
        headers = {"Authorization": f"Bearer {processes.key_of_machine()}"}
    body = order(total="100.00", tax="0", shipping="0", discount="0")
    body["lines"][0]["net"] = "100.00"
    web = house.web(FAILPOINT=point)
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{house.address}{CONVERSIONS}", json=body, headers=headers, timeout=60)
    assert is_gone(web)

    with house.opened():
        again = Client().post(CONVERSIONS, body, content_type="application/json", headers=headers)
        assert again.status_code == (201 if point == "intake.before_commit" else 200)
        drain()
        assert facts() == ONE_ORDER


@pytest.mark.parametrize("point", AT_THE_EDGE)
def test_click_that_was_answered_is_kept(house: House, point: str) -> None:
    web = house.web(FAILPOINT=f"{point}:4")
    answered = click_until_gone(house)
    assert is_gone(web)

    with house.opened():
        kept = {row.hex for row in Click.objects.values_list("id", flat=True)}
        assert len(answered) == 3
        assert [uuid for uuid in answered if uuid not in kept] == []


def click_until_gone(house: House) -> list[str]:
    """Follow Ann's link, one visitor after another, until nobody answers; return the ids that were answered."""
    answered: list[str] = []
    while len(answered) < 100:
        try:
            answered.append(click(house))
        except httpx.TransportError:
            return answered
    raise AssertionError("the edge did not die")


def click(house: House) -> str:
    answer = httpx.get(f"{house.address}/r/ann-archer", headers={"User-Agent": "Firefox"}, timeout=60)
    named = clickid.read(parse_qs(urlsplit(answer.headers["location"]).query)["tid"][0])
    assert named is not None
    return named.uuid.hex


VERBS = {
    "batch.inside": 'actions.open_batch(Program.objects.get(), actor=who("mia"))',
    "payout.after_approve": 'actions.approve_batch(Batch.objects.get(), actor=who("fin"))',
}
SETTING = """
from affiliates.models import Program
from core.models import User
from payouts import actions
from payouts.models import Batch
who = lambda name: User.objects.get(email=name + "@northwind.example")
"""


@pytest.mark.parametrize("point", IN_PAYOUTS)
def test_verb_of_payouts_that_dies_leaves_nothing_half_done(house: House, point: str) -> None:
    with house.opened():
        make_payable()
        if point == "payout.after_approve":
            exec(SETTING + VERBS["batch.inside"], {})
        before = paid_out()

        shell = house.shell(SETTING + VERBS[point], FAILPOINT=point)
        assert shell.wait() == DIED, shell.said()
        assert paid_out() == before

        exec(SETTING + VERBS[point], {})
        paid = Entry.objects.filter(kind="payout").values_list("amount", flat=True)
        assert (Payout.objects.get().amount, Batch.objects.count()) == (10000, 1)
        assert list(paid) == ([10000] if point == "payout.after_approve" else [])
        assert books.breaches() == []


def paid_out() -> tuple[int, list[str], int]:
    states = list(Payout.objects.values_list("state", flat=True))
    return Batch.objects.count(), states, Entry.objects.count()


def make_payable() -> None:
    """Let an order of 1,000.00 of sixty days ago mature, so that Ann's 100.00 can be paid."""
    request = processes.delivery("", 7001, net="1000.00", at=timezone.now() - timedelta(days=60))
    integrations.receive(connection_of_store(), request.headers, request.content)
    jobs.drain()
    commissions.approve_due()


@pytest.mark.parametrize("point", IN_FILES)
def test_file_whose_worker_dies_over_it_is_taken_in_once(house: House, point: str) -> None:
    rows = "".join(f"{number},2026-11-02 12:00,100.00,ann-archer\n" for number in range(250))
    with house.opened():
        file = makers.make_order_file(Program.objects.get(), "order,date,total,ref\n" + rows)
        integrations.confirm_file(file)
        work_until_dead(house, point)

        books.forget_leases_of_the_dead()
        house.worker()
        wait_for(lambda: not books.left_over(), "the next worker finishes")

        file.refresh_from_db()
        assert (file.state, file.outcome["counts"]["created"]) == ("taken", 250)
        assert (Order.objects.count(), Commission.objects.filter(level=1, amount=1000).count()) == (250, 250)
        assert books.breaches() == []


@pytest.mark.parametrize("point", IN_DROPS)
def test_dropped_file_whose_worker_dies_over_it_is_taken_once(
    house: House, point: str, tmp_path: Path, settings: Any
) -> None:
    settings.FILE_DROP_ROOT = str(tmp_path)
    with house.opened():
        program = Program.objects.get()
        drop = makers.make_connection(
            program,
            connector="folder",
            source="lisbon",
            base_url="",
            secrets={"folder": "in"},
            options={"taking": "at_once"},
        )
        integrations.save_mapping(drop, "in", "order", mappings_of("own-columns")["order"])
        folder = tmp_path / str(program.pk) / "in"
        folder.mkdir(parents=True)
        rows = "".join(f"{number},2026-11-02 12:00,100.00,ann-archer\n" for number in range(20))
        (folder / "sales.csv").write_text("order,date,total,ref\n" + rows)
        integrations.look(drop, at=timezone.now() - timedelta(minutes=2))  # it was seen before
        integrations.ask_for_files()
        worker = house.worker(FAILPOINT=point, FILE_DROP_ROOT=str(tmp_path))
        assert worker.wait() == DIED, worker.said()
        lay_there = (folder / "sales.csv").exists()

        books.forget_leases_of_the_dead()
        house.worker(FILE_DROP_ROOT=str(tmp_path))
        wait_for(lambda: not books.left_over(), "the next worker finishes")

        assert (lay_there, (folder / "sales.csv").exists()) == (True, False)
        assert (Arrival.objects.count(), OrderFile.objects.get().outcome["counts"]["created"]) == (1, 20)
        assert (Order.objects.count(), Commission.objects.filter(level=1, amount=1000).count()) == (20, 20)
        assert books.breaches() == []


@pytest.mark.parametrize("point", IN_READING)
def test_reading_whose_worker_dies_over_it_goes_on_where_it_was(house: House, point: str) -> None:
    with house.opened(), ListingStore() as store:
        for number in range(1, 61):
            store.add(number, meta_data=[{"key": ENTRY, "value": "https://shop.example.com/?ref=ann-archer"}])
        shop = connection_of_store()
        shop.base_url = store.url
        shop.secrets = {**shop.secrets, "consumer_key": KEY, "consumer_secret": SECRET}
        shop.save(update_fields=["base_url", "secrets"])
        reading = integrations.ask_reconciliation(shop, "backfill", FIRST, FIRST + timedelta(days=1))
        worker = house.worker(FAILPOINT=point, OUTBOUND_ALLOWED_HOSTS=store.host)
        assert worker.wait() == DIED, worker.said()

        books.forget_leases_of_the_dead()
        house.worker(OUTBOUND_ALLOWED_HOSTS=store.host)
        wait_for(lambda: not books.left_over(), "the next worker finishes")

        reading.refresh_from_db()
        assert (reading.state, reading.counts["seen"], reading.counts["missing"]) == ("finished", 60, 60)
        assert (Order.objects.count(), Commission.objects.filter(level=1, amount=1000).count()) == (60, 60)
        assert books.breaches() == []
