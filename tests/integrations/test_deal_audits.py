"""Audits of deals: won there and no order here, an order here whose deal is lost or gone there; and their mends."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from affiliates.roles import NotAllowed
from integrations import actions, connectors
from integrations.actions import deal_audits
from integrations.models import Audit, Connection, Finding, Inbound, RemoteRecord
from integrations.states import AuditState, FindingKind, FindingState
from tests import makers
from tests.integrations.auditing import NEXT, NIGHT, look, open_one
from tests.integrations.fake_hubspot import FakeHubSpot, opened
from tests.integrations.record_keeping import DAY, NOON, buy, keep_at, listen, settle, stopped
from tracking.models import Order
from tracking.states import OrderState

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(monkeypatch)


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    with opened(settings, is_made=False) as running:
        running.at = NOON
        yield running


@pytest.fixture
def hubspot(anna: Enrollment, account: FakeHubSpot) -> Connection:
    return keep_at(account, anna.program, won_deals=True)


def won(account: FakeHubSpot, at: datetime = NOON + MINUTE, **values: str) -> Any:
    told = {
        "dealname": "100 mugs",
        "amount": "1200.50",
        "deal_currency_code": "EUR",
        "closedate": at.isoformat(),
        "hs_is_closed_won": "true",
    }
    return account.add("deals", **(told | values))


def taken(account: FakeHubSpot, hubspot: Connection) -> Any:
    """A deal that is an order here."""
    deal = won(account)
    listen(hubspot, NOON + MINUTE)
    assert Order.objects.get().state == OrderState.SALE
    return deal


def missed(account: FakeHubSpot, deal: Any, **values: str) -> None:
    """It changes there an hour later, and no word of it comes."""
    account.at = NOON + timedelta(hours=1)
    account.edit(deal, **values)


# --- what is found ----------------------------------------------------------------------------------------------
def test_where_orders_and_deals_agree_nothing_is_found(hubspot: Connection, account: FakeHubSpot) -> None:
    taken(account, hubspot)
    account.add("deals", dealname="open", hs_is_closed_won="false")

    row = look(hubspot)

    assert (row.state, row.counts["found"], row.counts["deals"]) == (
        AuditState.FINISHED,
        0,
        {"is_done": True},
    )
    assert not Finding.objects.exists()


def test_won_deal_that_was_missed_is_found_and_taken(hubspot: Connection, account: FakeHubSpot) -> None:
    deal = won(account)

    look(hubspot)

    one = open_one(hubspot)
    assert (one.kind, one.remote_id, one.theirs) == (FindingKind.WON_THERE, deal.id, "1200.50 EUR")
    assert actions.proposal_of(one) == "theirs"
    assert not Order.objects.exists()

    actions.mend_as_proposed(one, at=NIGHT)
    settle(NIGHT)

    order = Order.objects.get()
    assert (order.external_id, order.total, order.state) == (deal.id, 120050, OrderState.SALE)
    look(hubspot, NEXT)
    one.refresh_from_db()
    assert one.state == FindingState.CLOSED


@pytest.mark.parametrize("values", [{"hs_is_closed_won": "false"}, {}])
def test_order_whose_deal_is_lost_or_deleted_is_found_and_taken_back(
    hubspot: Connection, account: FakeHubSpot, values: dict[str, str]
) -> None:
    deal = taken(account, hubspot)
    if values:
        missed(account, deal, **values)
    else:
        del account.objects["deals"][deal.id]

    look(hubspot)

    one = open_one(hubspot)
    assert (one.kind, one.ours) == (FindingKind.LOST_THERE, "1200.50 EUR")
    assert one.theirs == ("not won" if values else "deleted")
    assert Order.objects.get().state == OrderState.SALE

    actions.mend_as_proposed(one, at=NIGHT)
    settle(NIGHT)

    assert Order.objects.get().state == OrderState.VOID
    look(hubspot, NEXT)
    one.refresh_from_db()
    assert one.state == FindingState.CLOSED


def test_deal_that_was_told_of_since_is_not_taken_as_the_audit_saw_it(
    hubspot: Connection, account: FakeHubSpot
) -> None:
    deal = taken(account, hubspot)
    missed(account, deal, hs_is_closed_won="false")
    look(hubspot)
    one = open_one(hubspot)
    account.at = NIGHT + MINUTE
    account.edit(deal, hs_is_closed_won="true", amount="1300.00")
    listen(hubspot, NIGHT + 2 * MINUTE)

    with pytest.raises(actions.CannotMend, match="told of this deal since"):
        actions.take_theirs(one, at=NIGHT + 3 * MINUTE)
    settle(NIGHT + 3 * MINUTE)

    order = Order.objects.get()
    assert (order.total, order.state) == (130000, OrderState.SALE)
    look(hubspot, NEXT)
    one.refresh_from_db()
    assert one.state == FindingState.CLOSED


def test_order_that_was_taken_back_by_mistake_counts_again(hubspot: Connection, account: FakeHubSpot) -> None:
    deal = taken(account, hubspot)
    account.at = NOON + 2 * MINUTE
    account.edit(deal, hs_is_closed_won="false")
    listen(hubspot, NOON + 3 * MINUTE)
    assert Order.objects.get().state == OrderState.VOID
    account.objects["deals"][deal.id].values["hs_is_closed_won"] = (
        "true"  # without a word, and without a later time
    )

    look(hubspot)
    actions.mend_as_proposed(open_one(hubspot), at=NIGHT)
    settle(NIGHT)

    assert Order.objects.get().state == OrderState.SALE


def test_deal_that_could_not_be_read_says_why_and_is_read_again(
    hubspot: Connection, account: FakeHubSpot
) -> None:
    won(account, amount="")
    listen(hubspot, NOON + MINUTE)
    look(hubspot)
    one = open_one(hubspot)

    actions.mend_as_proposed(one, at=NIGHT)
    settle(NIGHT)

    assert (one.kind, one.theirs) == (
        FindingKind.WON_THERE,
        "The deal is won and has no amount: enter one there.",
    )
    assert [row.state for row in Inbound.objects.all()] == ["quarantined"]
    look(hubspot, NEXT)
    one.refresh_from_db()
    assert one.state == FindingState.OPEN


def test_what_is_left_so_is_not_asked_about_again(hubspot: Connection, account: FakeHubSpot) -> None:
    won(account)
    look(hubspot)
    one = open_one(hubspot)
    actions.leave_finding(one, at=NIGHT)

    look(hubspot, NEXT)

    one.refresh_from_db()
    assert one.state == FindingState.LEFT


# --- what is not looked at ----------------------------------------------------------------------------------------
def test_deals_are_looked_at_only_where_won_deals_count(anna: Enrollment, account: FakeHubSpot) -> None:
    plain = keep_at(account, anna.program)
    won(account)

    row = look(plain)

    assert (row.state, row.counts.get("deals")) == (AuditState.FINISHED, None)
    assert not Finding.objects.exists()


def test_deals_of_before_the_connection_and_our_own_are_none(
    anna: Enrollment, hubspot: Connection, account: FakeHubSpot
) -> None:
    won(account, at=NOON - 900 * DAY)
    own = won(account)
    RemoteRecord.objects.create(
        connection=hubspot, kind="deal", local_key="order:1", remote_id=own.id, offered={"amount": "1"}
    )

    look(hubspot)

    assert not Finding.objects.exists()


def test_what_changed_a_moment_ago_is_on_its_way(hubspot: Connection, account: FakeHubSpot) -> None:
    account.at = NIGHT - MINUTE
    won(account)

    look(hubspot)
    assert not Finding.objects.exists()

    look(hubspot, NEXT)
    assert open_one(hubspot).kind == FindingKind.WON_THERE


def test_system_that_knows_none_of_many_deals_is_doubted(hubspot: Connection, account: FakeHubSpot) -> None:
    for _deal in range(deal_audits.DELETED):
        won(account)
    listen(hubspot, NOON + MINUTE)
    assert Order.objects.count() == deal_audits.DELETED
    account.objects["deals"].clear()

    look(hubspot)

    assert not Finding.objects.exists()


def test_orders_of_other_systems_are_no_deals(anna: Enrollment, hubspot: Connection) -> None:
    buy(anna, anna.program, "1")

    look(hubspot)

    assert not Finding.objects.filter(kind=FindingKind.LOST_THERE).exists()


def test_orders_of_another_program_are_not_looked_at(
    other: Program, hubspot: Connection, account: FakeHubSpot
) -> None:
    deal = taken(account, hubspot)
    Order.objects.update(program=other)

    look(hubspot)

    one = open_one(hubspot)
    assert (one.kind, one.remote_id) == (FindingKind.WON_THERE, deal.id)


# --- how far it goes ----------------------------------------------------------------------------------------------
def test_audit_of_deals_keeps_its_place(
    hubspot: Connection, account: FakeHubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connectors.hubspot, "BATCH", 2)
    deals = [won(account) for _deal in range(5)]
    listen(hubspot, NOON + MINUTE)
    missed(account, deals[4], hs_is_closed_won="false")
    monkeypatch.setattr("integrations.actions.auditing.PAGES", 1)

    row = look(hubspot)

    assert row.state == AuditState.FINISHED
    assert open_one(hubspot).remote_id == deals[4].id


def test_second_worker_does_not_count_a_page_twice(hubspot: Connection, account: FakeHubSpot) -> None:
    won(account)
    row = actions.ask_audit(hubspot, at=NIGHT)
    late = Audit.objects.select_related("connection__program").get(pk=row.pk)
    actions.audit(row, at=NIGHT)

    with pytest.raises(deal_audits.Temporary):
        deal_audits.look_at_deals(late, NIGHT)


def test_audit_rests_when_its_calls_are_used_up(
    hubspot: Connection, account: FakeHubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    won(account)
    monkeypatch.setattr("integrations.actions.auditing.MOST_CALLS", 1)

    row = look(hubspot)
    assert (row.state, Finding.objects.count()) == (AuditState.RESTING, 1)

    monkeypatch.undo()
    stopped(monkeypatch)
    assert look(hubspot, NEXT).state == AuditState.FINISHED


def test_only_those_who_may_take_a_deal_in(hubspot: Connection, account: FakeHubSpot) -> None:
    won(account)
    look(hubspot)
    eve = makers.make_member(makers.make_merchant("Eve"), "owner")

    with pytest.raises(NotAllowed):
        actions.take_theirs(open_one(hubspot), actor=eve)

    assert not Order.objects.exists()


def test_hostile_values_are_kept_harmlessly(hubspot: Connection, account: FakeHubSpot) -> None:
    won(account, dealname="<script>\0\ud800", amount="9" * 400)

    look(hubspot)

    assert open_one(hubspot).theirs.startswith("The deal’s amount cannot be read")
    assert "\0" not in str(open_one(hubspot).seen_values)
