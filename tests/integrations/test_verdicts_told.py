"""Verdicts of fraud review go back to CRMs and shops, where a mapping asks for them, each once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment
from core.models import Event, User
from fraud.actions.verdicts import decide, undo
from fraud.states import Verdict
from integrations import actions
from integrations.actions.records import verdicts
from integrations.models import Connection, Delivery
from integrations.records import customer_record
from tests.fakes.shopify_customers import CustomerShop
from tests.fakes.woocommerce_customers import CustomerStore
from tests.integrations.fake_hubspot import FakeHubSpot, Record, opened
from tests.integrations.record_keeping import (
    DAY,
    NOON,
    buy,
    contact_of,
    customer,
    keep_at,
    settle,
    stopped,
)
from tests.integrations.store_customers import its_shop, its_woo  # noqa: F401 - fixtures
from tests.integrations.verdicts import doubted, its_reviewer, judge, shop_at  # noqa: F401 - a fixture
from tracking.orders import CustomerIn

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(monkeypatch)


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    with opened(settings, is_made=False) as running:
        running.at = NOON
        yield running


def told_of(hubspot: Connection, kind: str, *sources: str, target: str = "hs_lead_status") -> None:
    """Have the mapping of a kind fill one field with what these say."""
    row = {"target": target, "expression": " & ".join(f"{{{one}}}" for one in sources), "conflict": "ours"}
    actions.save_mapping(hubspot, "out", kind, [row])


def deals_of(account: FakeHubSpot) -> list[Record]:
    return list(account.objects["deals"].values())


# --- CRMs --------------------------------------------------------------------------------------------------------
def test_deal_of_an_order_gets_the_verdict_once(anna: Enrollment, account: FakeHubSpot, rita: User) -> None:
    hubspot = keep_at(account, anna.program, deals="order")
    told_of(hubspot, "deal", "deal.review", target="dealname")
    buy(anna, anna.program, "1")
    buy(anna, anna.program, "2", NOON + MINUTE)
    before = [deal.values.get("dealname") for deal in deals_of(account)]

    case = judge(doubted(anna, "1"), Verdict.DECLINE, rita)
    again = verdicts.tell_verdict(Event.objects.filter(kind="case.decided").get())
    settle(NOON + DAY)

    assert before == [None, None]
    assert sorted(deal.values.get("dealname") or "-" for deal in deals_of(account)) == ["-", "fraud"]
    assert sum(len(deal.history.get("dealname", ())) for deal in deals_of(account)) == 1
    assert (case.is_decided, again) == (True, 1)  # it is read when it is sent, and then says nothing new


def test_contact_hears_the_gravest_word_and_what_undoing_makes_of_it(
    anna: Enrollment, account: FakeHubSpot, rita: User
) -> None:
    hubspot = keep_at(account, anna.program)
    told_of(hubspot, "contact", "orders.review")
    buy(anna, anna.program, "1")
    heard = []

    case = judge(doubted(anna), Verdict.DECLINE, rita)
    heard.append(contact_of(account).values.get("hs_lead_status"))
    undo(case, reason="It was another one.", actor=rita, at=NOON + DAY)
    settle(NOON + DAY)
    heard.append(contact_of(account).values.get("hs_lead_status"))
    case.refresh_from_db()
    judge(case, Verdict.CLEAR, rita, NOON + 2 * DAY)
    heard.append(contact_of(account).values.get("hs_lead_status"))

    assert heard == ["fraud", "under review", "clear"]


def test_without_a_mapping_nobody_is_told(anna: Enrollment, account: FakeHubSpot, rita: User) -> None:
    hubspot = keep_at(account, anna.program, deals="order")
    buy(anna, anna.program, "1")
    case, before = doubted(anna), Delivery.objects.count()
    account.asked.clear()

    decide(case, Verdict.CLEAR, reason="We looked.", actor=rita, at=NOON + DAY)
    event = Event.objects.get(kind="case.decided")

    assert verdicts.tell_verdict(event) == 0
    assert Delivery.objects.count() == before
    assert not Event.objects.filter(kind="connection.telling", subject_id=str(hubspot.pk)).exists()


def test_customers_of_an_affiliate_hear_of_the_affiliate(
    anna: Enrollment, account: FakeHubSpot, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "AT_ONCE", 2)
    hubspot = keep_at(account, anna.program)
    told_of(hubspot, "contact", "affiliate.first.review")
    for number in range(5):
        buy(anna, anna.program, str(number), customer=CustomerIn(email=f"n{number}@example.net"))
    buy(None, anna.program, "9", customer=CustomerIn(email="alone@example.net"))

    judge(doubted(anna, "3"), Verdict.BAN, rita)

    told = [one.values.get("hs_lead_status") for one in account.objects["contacts"].values()]
    assert (told.count("fraud"), len(told)) == (5, 6)


def test_affiliate_who_is_asked_about_again_is_under_review(anna: Enrollment, rita: User) -> None:
    buy(anna, anna.program, "1")
    buy(anna, anna.program, "2", NOON + MINUTE)
    words = [customer_record(customer(), NOON)["affiliate"]["first"]["review"]]

    for verdict in (Verdict.DECLINE, Verdict.CLEAR):
        case = doubted(anna, "1" if verdict == Verdict.DECLINE else "2")
        words.append(customer_record(customer(), NOON)["affiliate"]["first"]["review"])
        judge(case, verdict, rita)
        words.append(customer_record(customer(), NOON)["affiliate"]["last"]["review"])

    assert words == [None, "under review", "fraud", "under review", "clear"]
    assert customer_record(customer(), NOON)["orders"]["review"] == "fraud"  # of its orders the gravest


def test_case_held_longer_stays_under_review(anna: Enrollment, rita: User) -> None:
    buy(anna, anna.program, "1")

    decide(doubted(anna), Verdict.EXTEND, reason="The bank asks.", actor=rita, at=NOON, days=5)

    assert customer_record(customer(), NOON)["orders"]["review"] == "under review"


def test_nobody_is_made_there_because_of_a_verdict(
    anna: Enrollment, account: FakeHubSpot, rita: User
) -> None:
    buy(anna, anna.program, "1")
    judge(doubted(anna), Verdict.DECLINE, rita)
    hubspot = keep_at(account, anna.program)
    told_of(hubspot, "contact", "orders.review", "affiliate.first.review")

    lined_up = verdicts.tell_verdict(Event.objects.get(kind="case.decided"))
    settle(NOON + 2 * DAY)

    assert (lined_up, account.objects["contacts"]) == (0, {})


def test_other_companies_hear_nothing(
    anna: Enrollment, stranger: Enrollment, account: FakeHubSpot, rita: User
) -> None:
    elsewhere = keep_at(account, stranger.program)
    told_of(elsewhere, "contact", "orders.review", "affiliate.first.review")
    buy(stranger, stranger.program, "1")
    buy(anna, anna.program, "1")
    before = Delivery.objects.filter(connection=elsewhere).count()

    judge(doubted(anna), Verdict.DECLINE, rita)

    assert Delivery.objects.filter(connection=elsewhere).count() == before
    assert "hs_lead_status" not in contact_of(account).values


# --- shops -------------------------------------------------------------------------------------------------------
TAG = '"affiliate:review:" & {orders.review}'


def test_customer_of_a_shop_gets_the_verdict_as_a_tag(
    anna: Enrollment, shop: CustomerShop, rita: User
) -> None:
    shop.add("7", "VIP")
    shopify = shop_at(anna, "shopify", shop.url, tells_customers=True)
    tag = {"target": "tags", "expression": f'{TAG} if {{orders.review}} else ""', "conflict": "ours"}
    actions.save_mapping(shopify, "out", "customer", [tag])
    buy(anna, anna.program, "1", customer=CustomerIn(external_id="7", email="buyer@example.net"))
    before = list(shop.customers["7"]["tags"])

    judge(doubted(anna), Verdict.REVERSE, rita)

    assert before == ["VIP"]
    assert shop.customers["7"]["tags"] == ["VIP", "affiliate:review:fraud"]
    assert shop.calls["AddTags"] == 1


def test_customer_of_a_store_gets_the_verdict_as_a_field(
    anna: Enrollment, woo: CustomerStore, rita: User
) -> None:
    woo.add("7")
    store = shop_at(anna, "woocommerce", woo.url, tells_customers=True)
    row = {"target": "affiliate_review", "source": "orders.review", "conflict": "ours"}
    actions.save_mapping(store, "out", "customer", [row])
    buy(anna, anna.program, "1", customer=CustomerIn(external_id="7", email="buyer@example.net"))

    judge(doubted(anna), Verdict.CLEAR, rita)

    assert woo.metas("7") == {"affiliate_review": "clear"}
