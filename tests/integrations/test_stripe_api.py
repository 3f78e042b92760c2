"""What Stripe answers: its faults, its lists, the endpoint and the key."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.actions import (
    ask_reconciliation,
    ask_store,
    connect,
    register_webhooks,
    test_connection as try_connection,
)
from integrations.actions.connections import store_of
from integrations.connectors import stripe_billing
from integrations.connectors.base import ListsOrders, OrderPage, Store
from integrations.connectors.stripe_billing.reading import EVENTS
from integrations.models import Connection, Inbound
from tests.integrations.fake_stripe import (
    KEY,
    SOLD,
    FakeStripe,
    Row,
    dispute,
    event,
    intent,
    invoice,
    paid_by,
    refund,
    renewal,
    session,
)
from tests.integrations.stripe_life import tell, work
from tracking.models import Order

DOOR = "https://partners.example.com/hooks/1"
SINCE = datetime.fromtimestamp(SOLD, UTC) - timedelta(days=1)


@pytest.fixture
def far(stripe_api: FakeStripe) -> Store:
    """The account as the connector sees it."""
    return Store(stripe_api.url, "stripe", {"api_key": KEY, "signing_secret": "whsec_lab"}, "EUR")


def test_number_cannot_leave_its_place_in_the_address(stripe_api: FakeStripe, far: Store) -> None:
    with pytest.raises(Misconfigured):
        stripe_billing.fetch_order(far, "in_1/../../events?limit=5")

    assert stripe_api.asked[0].path == "/v1/invoices/in_1%2F..%2F..%2Fevents%3Flimit%3D5"


# --- faults ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "sentence", "wait"),
    [
        (401, {}, {}, Misconfigured, "Stripe refuses the API key", 3600),
        (
            403,
            {"error": {"code": "more_permissions_required"}},
            {},
            Misconfigured,
            "(more_permissions_",
            3600,
        ),
        (404, {"error": {"code": "resource_missing"}}, {}, Misconfigured, "another account or mode", 3600),
        (429, {}, {"Retry-After": "7"}, Temporary, "busy or has an error (429)", 7),
        (429, {}, {"Retry-After": "99999"}, Temporary, "(429)", 3600),
        (503, b"<html>", {"Retry-After": "soon"}, Temporary, "(503)", None),
        (409, {}, {}, Temporary, "(409)", None),
        (200, b"<html>Maintenance</html>", {}, Temporary, "something else than data", None),
        (200, b"[]", {}, Temporary, "something else than data", None),
        (301, b"", {"Location": "https://elsewhere.example"}, Permanent, "(301 301)", None),
        (400, {"error": {"code": "parameter_unknown"}}, {}, Permanent, "(400 parameter_unknown)", None),
    ],
)
def test_fault_is_told_for_what_it_is(
    stripe_api: FakeStripe,
    far: Store,
    status: int,
    body: Any,
    headers: dict[str, str],
    kind: type[Failure],
    sentence: str,
    wait: float | None,
) -> None:
    stripe_api.fail(status, body, **headers)

    with pytest.raises(kind, match=re.escape(sentence)) as raised:
        stripe_billing.fetch_order(far, "in_lab1")

    assert type(raised.value) is kind
    assert getattr(raised.value, "retry_after", None) == wait


def test_key_that_cannot_be_sent_is_a_sentence(far: Store) -> None:
    with pytest.raises(Misconfigured, match="enter it anew") as raised:
        stripe_billing.fetch_order(replace(far, keys={"api_key": "rk_test_\n1"}), "in_lab1")

    assert "rk_test" not in str(raised.value)


def test_silence_is_temporary_and_the_message_waits(stripe: Connection, stripe_api: FakeStripe) -> None:
    stripe_api.fail(503)
    row = tell(stripe, event("invoice.paid", invoice()))
    stripe_api.server.shutdown()
    stripe_api.server.server_close()

    with pytest.raises(Temporary):
        ask_store(row)

    row.refresh_from_db()
    assert (row.state, Order.objects.count()) == ("parked", 0)


def test_refund_in_another_currency_is_put_aside(stripe: Connection, stripe_api: FakeStripe) -> None:
    stripe_api.keep(invoice(), intent(refunded=100), refund(currency="usd"))

    row = tell(stripe, event("invoice.paid", invoice()))

    assert (row.state, row.note) == ("quarantined", "A refund is in another currency than its order.")


# --- lists -------------------------------------------------------------------------------------------------
def pages(far: Store, since: datetime, until: datetime) -> list[OrderPage]:
    found = [stripe_billing.list_orders(far, since, until, None)]
    while found[-1].cursor:
        found.append(stripe_billing.list_orders(far, since, until, found[-1].cursor))
    return found


def test_connector_lists_orders() -> None:
    assert isinstance(stripe_billing, ListsOrders)
    assert stripe_billing.count_orders(Store("", "stripe", {}), SINCE, SINCE) is None


def test_recent_period_is_read_from_events_oldest_first(
    stripe_api: FakeStripe, far: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.connectors.stripe_billing.listing.PER_PAGE", 3)
    start = int(timezone.now().timestamp()) - 5 * 86400
    bills = [renewal(f"in_{day}{turn}", start + day * 86400) for day in range(4) for turn in "abcd"]
    news = [event("invoice.paid", one, created=one["created"] + 1) for one in bills]
    stripe_api.keep(*bills, *news, intent(at=start), event("charge.expired", refund(), created=start))

    found = pages(far, timezone.now() - timedelta(days=7), timezone.now())

    told = [order for page in found for order in page.orders]
    assert [order.external_id for order in told] == [one["id"] for one in bills]
    assert [order.revision_at for order in told] == sorted(order.revision_at for order in told)
    assert len(found) > 2


def test_order_that_changed_again_is_told_where_it_changed_last(
    stripe_api: FakeStripe, far: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.connectors.stripe_billing.listing.PER_PAGE", 1)
    start = int(timezone.now().timestamp()) - 5 * 86400
    one, two = renewal("in_1", start), renewal("in_2", start + 86400)
    two["payments"]["data"] = []
    back = refund(amount=100, created=start + 2 * 86400)
    stripe_api.keep(one, two, back, intent(refunded=100, at=start), paid_by("in_1"))
    stripe_api.keep(*(event("invoice.paid", each, created=each["created"] + 1) for each in (one, two)))
    stripe_api.keep(event("refund.created", back, created=start + 2 * 86400))

    told = [
        order.external_id
        for page in pages(far, timezone.now() - timedelta(days=7), timezone.now())
        for order in page.orders
    ]

    assert told == ["in_2", "in_1"]


def test_older_period_is_read_from_invoices_and_checkouts(
    stripe_api: FakeStripe, far: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.connectors.stripe_billing.listing.PER_PAGE", 2)
    start = int(timezone.now().timestamp()) - 200 * 86400
    bills = [renewal(f"in_{turn}", start) for turn in "abc"]
    once = session("cs_test_1", created=start + 9, payment_intent="pi_once")
    of_bill = session("cs_test_2", created=start + 9, invoice="in_a")
    open_one = session("cs_test_3", created=start + 9, status="open")
    unpaid = renewal("in_open", start, status="open")
    stripe_api.keep(*bills, once, of_bill, open_one, unpaid, intent(at=start), intent("pi_once", at=start))

    since = datetime.fromtimestamp(start - 86400, UTC)
    told = [row.external_id for page in pages(far, since, since + timedelta(days=9)) for row in page.orders]

    assert sorted(set(told)) == ["in_a", "in_b", "in_c", "pi_once"]
    assert pages(far, since - timedelta(days=9), since) == [OrderPage(())]


def test_order_that_cannot_be_read_is_named_with_the_reason(stripe_api: FakeStripe, far: Store) -> None:
    at = int(timezone.now().timestamp()) - 60
    odd = renewal("in_odd", at, currency="xxx")
    stripe_api.keep(odd, event("invoice.paid", odd, created=at))

    page = stripe_billing.list_orders(far, timezone.now() - timedelta(days=1), timezone.now(), None)

    assert page.refused == (("in_odd", "'XXX' is not a currency code of ISO 4217, like EUR."),)


def revisions(stripe_api: FakeStripe, far: Store, *states: tuple[Row, ...]) -> list[str]:
    """The order's revision in each of these states of the account, asked at any time."""
    keys = []
    for rows in states:
        stripe_api.keep(*rows)
        order = stripe_billing.fetch_order(far, "in_lab1")
        again = stripe_billing.fetch_order(far, "in_lab1")
        assert order is not None
        assert order == again
        keys.append(order.revision_key())
    return keys


def test_each_change_is_a_newer_revision_and_asking_is_none(stripe_api: FakeStripe, far: Store) -> None:
    failed, lost = refund(status="failed"), dispute(amount=10000, created=SOLD + 9 * 86400)

    keys = revisions(
        stripe_api,
        far,
        (invoice(status="open", status_transitions={}, payments=None), intent()),
        (invoice(),),
        (intent(refunded=9000), refund()),
        (intent(), failed),
        (intent(disputed=True), {**lost, "status": "warning_needs_response"}),
        (lost,),
        ({**lost, "status": "won"},),
        (dispute("dp_2", 5000, created=SOLD + 19 * 86400),),
        (dispute("dp_2", 5000, created=SOLD + 19 * 86400, status="won"),),
    )

    assert keys == sorted(set(keys))


def test_checkout_that_is_paid_at_last_is_a_newer_revision(stripe_api: FakeStripe, far: Store) -> None:
    keys = []
    for status in ("unpaid", "paid"):
        stripe_api.keep(session(payment_status=status), intent())
        order = stripe_billing.fetch_order(far, "cs_test_lab1")
        assert order is not None
        keys.append((order.revision_at, order.state))

    assert keys[0][0] < keys[1][0]
    assert [state for _at, state in keys] == ["open", "sale"]


def test_nightly_reading_finds_what_was_never_told_and_takes_nothing_away(
    stripe: Connection, stripe_api: FakeStripe
) -> None:
    at = int(timezone.now().timestamp()) - 2 * 86400
    one, two = renewal("in_1", at), renewal("in_2", at + 60)
    news = [event("invoice.paid", each, created=each["created"] + 1) for each in (one, two)]
    stripe_api.keep(one, two, *news, intent(at=at))
    tell(stripe, news[0])
    now = timezone.now()

    asked = ask_reconciliation(stripe, "nightly", now - timedelta(days=7), now)
    work()

    asked.refresh_from_db()
    assert (asked.state, asked.difference) == ("finished", 1)
    assert list(Order.objects.order_by("external_id").values_list("external_id", "state")) == [
        ("in_1", "sale"),
        ("in_2", "sale"),
    ]


# --- the endpoint and the key ------------------------------------------------------------------------------
def test_endpoint_is_made_and_its_secret_is_shown_once(stripe: Connection, stripe_api: FakeStripe) -> None:
    left = register_webhooks(stripe)

    assert left == [
        "The endpoint is made. Stripe shows its signing secret only now: enter it with “Change keys”: whsec_new"
    ]
    made = stripe_api.endpoints[0]
    assert made["url"] == f"https://partners.example.com/hooks/{stripe.public_id}"
    assert made["enabled_events"] == list(EVENTS)
    assert ("api_version", "2026-10-28.endive") in stripe_api.asked[-1].form


def test_endpoint_that_stands_is_mended_not_doubled(stripe_api: FakeStripe, far: Store) -> None:
    other = {"id": "we_1", "object": "webhook_endpoint", "url": "https://other.example", "enabled_events": []}
    ours = {**other, "id": "we_2", "url": DOOR, "status": "disabled", "enabled_events": ["invoice.paid"]}
    stripe_api.endpoints = [dict(other), dict(ours)]

    assert stripe_billing.register(far, DOOR) == []

    assert stripe_api.endpoints == [other, {**ours, "status": "enabled", "enabled_events": list(EVENTS)}]
    assert ("disabled", "false") in stripe_api.asked[-1].form


@pytest.mark.parametrize("may", [True, False])
def test_without_the_right_it_is_said_by_hand(stripe_api: FakeStripe, far: Store, may: bool) -> None:
    stripe_api.hidden = set() if may else {"webhook_endpoints"}
    store = replace(far, keys={"mode": "test"}) if may else far

    left = stripe_billing.register(store, DOOR)

    assert DOOR in left[0]
    assert "refund.failed" in left[1]
    assert len(left) == (3 if may else 2)


@pytest.mark.parametrize(
    ("keys", "hidden", "sentence"),
    [
        ({"api_key": KEY}, set(), "The signing secret is missing"),
        ({"signing_secret": "whsec_lab"}, set(), "No API key is set"),
        ({}, {"disputes", "events"}, "the API key may not read: disputes, events."),
        ({}, {"webhook_endpoints"}, "Stripe answers in test mode"),
        ({}, set(), "the webhook endpoint is missing, switched off or lacks events."),
    ],
)
def test_check_says_what_is_missing(
    stripe_api: FakeStripe, far: Store, keys: Row, hidden: set[str], sentence: str
) -> None:
    stripe_api.hidden = hidden

    assert sentence in stripe_billing.check(replace(far, keys=keys or far.keys), DOOR)


def test_check_is_content_with_an_endpoint_that_brings_all(stripe_api: FakeStripe, far: Store) -> None:
    stripe_billing.register(far, DOOR)

    assert stripe_billing.check(far, DOOR) == "Stripe answers in test mode: live payments do not count here."


def test_wrong_key_is_shown_on_the_connection(stripe: Connection) -> None:
    stripe.secrets = {**stripe.secrets, "api_key": "rk_test_former"}
    stripe.save(update_fields=["secrets"])

    assert try_connection(stripe) == "Stripe refuses the API key: enter one that is in force."
    stripe.refresh_from_db()
    assert stripe.last_error.startswith("Stripe refuses the API key")


def test_connection_has_no_address_that_a_person_could_turn(anna: Any) -> None:
    keys = {"api_key": KEY, "signing_secret": "whsec_lab", "mode": ""}

    made = connect(anna.program, connector="stripe", name="Stripe", source="billing", base_url="", keys=keys)

    assert made.base_url == ""
    assert store_of(made).keys["api_key"] == KEY
    assert Inbound.objects.count() == 0
