"""The pages of comparisons with stores, and the way to a backfill."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from affiliates.actions import create_coupon
from affiliates.models import Enrollment
from core import jobs
from core.models import Job, User
from integrations.models import Connection, Reconciliation
from tests import makers
from tests.fakes.woocommerce import KEY, SECRET
from tests.fakes.woocommerce_lists import ListingStore
from tests.house.markup import inline
from tracking.models import Order

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
LIST = "/admin/integrations/reconciliation/"


@pytest.fixture
def store(settings: Any) -> Iterator[ListingStore]:
    """A store that lists its orders."""
    with ListingStore() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture
def shop(ann: Enrollment, store: ListingStore) -> Connection:
    """Its connection."""
    create_coupon(ann, "anna15", at=makers.FOUNDED)
    secrets = {"webhook_secret": "s3cret", "consumer_key": KEY, "consumer_secret": SECRET}
    return makers.make_connection(ann.program, base_url=store.url, secrets=secrets)


def backfill(shop: Connection) -> str:
    return reverse("admin:integrations_reconciliation_backfill", args=[shop.pk])


def page(row: Any, kind: str = "change", *more: str) -> str:
    return reverse(f"admin:integrations_{row._meta.model_name}_{kind}", args=[row.pk, *more])


def period(**fields: Any) -> dict[str, Any]:
    today = timezone.now().date()
    return {"begins_on": f"{today - timedelta(days=10)}", "ends_on": f"{today}", **fields}


def sell(store: ListingStore, number: int, **fields: Any) -> None:
    store.add(number, at=timezone.now() - timedelta(days=3), **fields)


def work() -> None:
    Job.objects.exclude(task__startswith="integrations.").delete()
    jobs.drain()


def test_backfill_is_chosen_estimated_confirmed_and_read(
    shop: Connection, store: ListingStore, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    for number in (1, 2):
        sell(store, number)
    sell(store, 3, status="beamed")

    connection = client.get(page(shop)).content.decode()
    asked = client.get(backfill(shop)).content.decode()
    read_out = client.post(backfill(shop), period()).content.decode()
    made_before = Reconciliation.objects.count()
    answer = client.post(backfill(shop), period(confirm="1"))
    row = Reconciliation.objects.get()
    going = client.get(page(row)).content.decode()
    work()
    done = client.get(page(row)).content.decode()

    assert backfill(shop) in connection
    assert "Orders of a time before the connection" in asked
    assert "The store has 3 orders that were last changed in this period." in read_out
    assert (made_before, answer.url) == (0, page(row))
    assert (row.kind, row.estimate, row.created_by) == ("backfill", 3, mia)
    assert "0 of about 3 orders read" in going
    assert "The store’s status “beamed”" in done or "The store&#x27;s status “beamed”" in done
    assert Order.objects.count() == 2
    assert sum(map(inline, (connection, asked, read_out, going, done)), []) == []  # noqa: RUF017 - five pages


def test_store_that_does_not_answer_is_said_so(
    shop: Connection, store: ListingStore, mia: User, enter: Enter
) -> None:
    store.fail(503)

    read_out = enter(mia).post(backfill(shop), period()).content.decode()

    assert "How many orders that is cannot be told: The store is busy or has an error (503)." in read_out


@pytest.mark.parametrize(
    "days",
    [
        {"begins_on": "2026-11-03", "ends_on": "2026-11-02"},
        {"begins_on": "2999-01-01", "ends_on": "2999-01-02"},
        {"begins_on": "soon"},
        {"begins_on": ""},
    ],
)
def test_odd_period_is_asked_again(
    shop: Connection, store: ListingStore, mia: User, enter: Enter, days: dict[str, str]
) -> None:
    answer = enter(mia).post(backfill(shop), period(confirm="1", **days))

    assert answer.status_code == 200
    assert (Reconciliation.objects.count(), store.asked) == (0, [])


def test_second_backfill_beside_the_first_is_refused(
    shop: Connection, store: ListingStore, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    client.post(backfill(shop), period(confirm="1"))

    answer = client.post(backfill(shop), period(confirm="1", begins_on="2026-11-01"))

    assert "One of that kind is not finished yet" in answer.content.decode()
    assert Reconciliation.objects.count() == 1


def test_connection_without_keys_has_no_backfill(shop: Connection, mia: User, enter: Enter) -> None:
    shop.secrets = {"webhook_secret": "s3cret"}
    shop.save(update_fields=["secrets"])
    client = enter(mia)

    answer = client.post(backfill(shop), period(confirm="1"))

    assert (answer.status_code, answer.url) == (302, page(shop))
    assert backfill(shop) not in client.get(page(shop)).content.decode()
    assert Reconciliation.objects.count() == 0


def test_only_who_manages_integrations_begins_one(
    shop: Connection, store: ListingStore, ada: User, eve: User, other: Any, enter: Enter
) -> None:
    for somebody, status in ((ada, 403), (eve, 404)):
        assert enter(somebody).post(backfill(shop), period(confirm="1")).status_code == status

    assert (Reconciliation.objects.count(), store.asked) == (0, [])


def test_pause_resume_and_cancel_by_buttons(
    shop: Connection, store: ListingStore, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    client.post(backfill(shop), period(confirm="1"))
    row = Reconciliation.objects.get()

    states = []
    for verb in ("pause", "resume", "cancel"):
        assert page(row, "verb", verb) in client.get(page(row)).content.decode()
        client.post(page(row, "verb", verb), {"confirm": "1"})
        row.refresh_from_db()
        states.append(row.state)

    assert states == ["paused", "running", "cancelled"]
    assert "/do/" not in client.get(page(row)).content.decode()


def test_progress_asks_for_the_page_anew_once_it_is_over(
    shop: Connection, mia: User, eve: User, other: Any, enter: Enter
) -> None:
    going = makers.make_reconciliation(shop, state="running", estimate=10, finished_at=None)
    over = makers.make_reconciliation(shop)
    client = enter(mia)

    first, second = client.get(page(going, "progress")), client.get(page(over, "progress"))

    assert "3 of about 10 orders read" in first.content.decode()
    assert ("HX-Refresh" in first.headers, second.headers.get("HX-Refresh")) == (False, "true")
    assert enter(eve).get(page(going, "progress")).status_code == 404


def test_difference_stands_in_the_list_and_on_the_connection(
    shop: Connection, mia: User, enter: Enter
) -> None:
    row = makers.make_reconciliation(shop)
    makers.make_reconciliation(shop, kind="overlap", counts={}, state="asked")
    client = enter(mia)

    listed = client.get(LIST).content.decode()
    connection = client.get(page(shop)).content.decode()

    assert '<td class="field-differs">1 differs</td>' in listed
    assert page(row) in connection
    assert "1 difference<" in connection


def test_failed_one_says_why(shop: Connection, mia: User, enter: Enter) -> None:
    row = makers.make_reconciliation(shop, state="failed", note="The store repeats <itself>.")

    shown = enter(mia).get(page(row)).content.decode()

    assert "The store repeats &lt;itself&gt;." in shown
    assert "The status is odd." in shown


def test_orders_that_are_gone_are_confirmed_by_a_button(
    shop: Connection, store: ListingStore, mia: User, ada: User, enter: Enter
) -> None:
    for number in range(1, 5):
        sell(store, number)
    client = enter(mia)
    client.post(backfill(shop), period(confirm="1"))
    work()
    store.orders = {}
    client.post(backfill(shop), period(confirm="1"))
    work()
    row = Reconciliation.objects.latest("pk")

    shown = client.get(page(row)).content.decode()
    assert "The store no longer knows 4 of the 4 orders known here" in shown
    assert "Yes, these orders are gone" in shown
    assert "The store no longer knows 4 of the 4" in client.get(page(shop)).content.decode()
    assert page(row, "verb", "confirm") not in enter(ada).get(page(row)).content.decode()
    enter(mia).post(page(row, "verb", "confirm"), {"confirm": "1"})
    work()

    assert set(Order.objects.values_list("state", flat=True)) == {"gone"}
    assert "/do/" not in client.get(page(row)).content.decode()
