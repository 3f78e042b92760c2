"""Verdicts on a shop's own orders: told once a case opens, is decided or undone; what is the merchant's stays."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment
from core.models import Event, User
from fraud.actions.verdicts import undo
from fraud.states import Verdict
from integrations import actions
from integrations.actions.records import everyone, own_orders, verdicts
from integrations.models import Delivery, RemoteRecord
from tests.fakes.magento_orders import OrderMagento
from tests.fakes.shopify_orders import OrderShop
from tests.fakes.woocommerce_orders import OrderStore
from tests.integrations.record_keeping import CLOCK, DAY, NOON, buy, settle, stopped
from tests.integrations.verdicts import doubted, its_reviewer, judge, shop_at  # noqa: F401 - a fixture
from tracking.orders import CustomerIn

HOUR = timedelta(hours=1)
FRAUD = ["affiliate:anna", "affiliate:review:fraud"]
WAITS = ["affiliate:anna", "affiliate:review:under review"]
WAITED, JUDGED = "affiliate:review:under review (anna)", "affiliate:review:fraud (anna)"
CLEAR = ["affiliate:anna", "affiliate:review:clear"]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(monkeypatch)


@pytest.fixture
def shop(settings: Any) -> Iterator[OrderShop]:
    """A shop at Shopify in which order 1 is tagged by the merchant."""
    with OrderShop() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        running.tagged = {"1": ["wholesale", "review:done"], "2": []}
        yield running


@pytest.fixture
def woo(settings: Any) -> Iterator[OrderStore]:
    """A WooCommerce store with one order."""
    with OrderStore() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        running.sell("1", gift_wrap="red")
        yield running


@pytest.fixture
def mage(settings: Any) -> Iterator[OrderMagento]:
    """A Magento store with one order."""
    with OrderMagento() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        running.sell(1)
        yield running


def notes(connection: Any) -> list[str]:
    """What became of the messages about orders."""
    rows = Delivery.objects.filter(connection=connection, kind="record.order").order_by("pk")
    return [f"{row.state}: {row.note}" for row in rows]


# --- Shopify -----------------------------------------------------------------------------------------------------
def test_order_carries_the_verdict_and_the_merchants_tags_stay(
    anna: Enrollment, shop: OrderShop, rita: User
) -> None:
    shop_at(anna, "shopify", shop.url, tells_orders=True)
    buy(anna, anna.program, "1")
    buy(anna, anna.program, "2")
    seen = [sorted(shop.tagged["1"])]

    case = doubted(anna, "1")
    settle()
    seen.append(sorted(shop.tagged["1"]))
    judge(case, Verdict.DECLINE, rita)
    seen.append(sorted(shop.tagged["1"]))
    case.refresh_from_db()
    undo(case, reason="It was another one.", actor=rita, at=NOON + DAY)
    settle(NOON + DAY)
    seen.append(sorted(shop.tagged["1"]))
    case.refresh_from_db()
    judge(case, Verdict.CLEAR, rita, NOON + 2 * DAY)
    seen.append(sorted(shop.tagged["1"]))

    own = ["review:done", "wholesale"]
    assert seen == [own, *(sorted([*tags, *own]) for tags in (WAITS, FRAUD, WAITS, CLEAR))]
    assert shop.tagged["2"] == []
    assert shop.calls["Customers"] == 0  # customers are told of by a setting of their own


def test_repeated_news_makes_one_call(anna: Enrollment, shop: OrderShop, rita: User) -> None:
    shopify = shop_at(anna, "shopify", shop.url, tells_orders=True)
    buy(anna, anna.program, "1")
    case = judge(doubted(anna, "1"), Verdict.DECLINE, rita)
    calls = dict(shop.calls)
    event = Event.objects.get(kind="case.decided")

    told = [verdicts.tell_verdict(event), verdicts.tell_verdict(event)]
    waiting = Delivery.objects.filter(connection=shopify, kind="record.order", state="due").count()
    settle(NOON + DAY)

    assert (told, waiting) == ([1, 0], 1)
    assert dict(shop.calls) == calls  # it is read when it is sent, and says nothing new
    assert case.is_decided


def test_tags_that_stand_there_already_stay_where_the_answer_was_never_kept(
    anna: Enrollment, shop: OrderShop, rita: User
) -> None:
    shopify = shop_at(anna, "shopify", shop.url, tells_orders=True)
    buy(anna, anna.program, "1")
    judge(doubted(anna), Verdict.DECLINE, rita)
    before = list(shop.tagged["1"])

    RemoteRecord.objects.filter(connection=shopify).delete()
    verdicts.tell_verdict(Event.objects.get(kind="case.decided"))
    settle(NOON + DAY)

    assert shop.tagged["1"] == before
    assert RemoteRecord.objects.get(connection=shopify).remote_id == "1"


def test_it_is_off_by_default(anna: Enrollment, shop: OrderShop, rita: User) -> None:
    shopify = shop_at(anna, "shopify", shop.url)
    shop_at(anna, "shopify", shop.url, source="other", tells_customers=True)
    buy(anna, anna.program, "1")

    judge(doubted(anna), Verdict.DECLINE, rita)

    assert shop.tagged["1"] == ["wholesale", "review:done"]
    assert notes(shopify) == []
    assert not everyone.tells_many(shopify)


def test_order_without_a_buyer_is_tagged_as_well(anna: Enrollment, shop: OrderShop, rita: User) -> None:
    shop_at(anna, "shopify", shop.url, tells_orders=True)
    buy(anna, anna.program, "2", customer=CustomerIn())

    judge(doubted(anna), Verdict.DECLINE, rita)

    assert shop.tagged["2"] == FRAUD


def test_order_that_was_deleted_there_is_refused_and_none_is_made(
    anna: Enrollment, shop: OrderShop, rita: User
) -> None:
    shopify = shop_at(anna, "shopify", shop.url, tells_orders=True)
    buy(anna, anna.program, "77")

    judge(doubted(anna), Verdict.DECLINE, rita)

    assert set(notes(shopify)) == {"dead: The shop has no order 77 any more."}
    assert set(shop.tagged) == {"1", "2"}
    assert not RemoteRecord.objects.filter(connection=shopify).exists()


def test_without_one_scope_old_orders_are_not_called_deleted(
    anna: Enrollment, shop: OrderShop, rita: User
) -> None:
    shopify = shop_at(anna, "shopify", shop.url, tells_orders=True)
    shop.scopes.remove("read_all_orders")
    shop.hidden.add("1")
    buy(anna, anna.program, "1")

    judge(doubted(anna), Verdict.DECLINE, rita)

    assert "older than 60 days, and for those the app needs the scope read_all_orders" in notes(shopify)[-1]


def test_missing_scope_is_said_and_stops_no_customer(anna: Enrollment, shop: OrderShop, rita: User) -> None:
    shopify = shop_at(anna, "shopify", shop.url, tells_orders=True, tells_customers=True)
    tag = {"target": "tags", "expression": '"affiliate:" & {affiliate.first.code}', "conflict": "ours"}
    actions.save_mapping(shopify, "out", "customer", [tag])
    shop.scopes.remove("write_orders")
    shop.add("7")
    buy(anna, anna.program, "1", customer=CustomerIn(external_id="7", email="buyer@example.net"))

    judge(doubted(anna), Verdict.DECLINE, rita)
    shopify.refresh_from_db()
    before, trouble = list(shop.tagged["1"]), shopify.last_error
    shop.add("8")
    buy(anna, anna.program, "2", NOON + DAY, customer=CustomerIn(external_id="8", email="b8@example.net"))
    customers = [shop.customers[number]["tags"] for number in ("7", "8")]
    shop.scopes.append("write_orders")
    CLOCK[0] = NOON + DAY + 2 * HOUR
    settle(CLOCK[0])
    shopify.refresh_from_db()

    assert before == ["wholesale", "review:done"]
    assert trouble.startswith("The app may not tag orders: give it the scope write_orders.")
    assert customers == [["affiliate:anna"], ["affiliate:anna"]]
    assert sorted(shop.tagged["1"]) == sorted(["wholesale", "review:done", *FRAUD])
    assert shopify.last_error == ""


def test_busy_shop_is_told_later(anna: Enrollment, shop: OrderShop, rita: User) -> None:
    shopify = shop_at(anna, "shopify", shop.url, tells_orders=True)
    buy(anna, anna.program, "1")
    throttled = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}
    shop.fail(200, throttled)

    judge(doubted(anna), Verdict.DECLINE, rita)
    before = (list(shop.tagged["1"]), notes(shopify)[-1])
    settle(NOON + DAY + HOUR)

    assert before == (
        ["wholesale", "review:done"],
        "due: Shopify asks for a pause: too much was asked at once.",
    )
    assert sorted(shop.tagged["1"]) == sorted(["wholesale", "review:done", *FRAUD])


def test_only_the_shop_that_told_of_the_order_hears_of_it(
    anna: Enrollment, stranger: Enrollment, shop: OrderShop, rita: User
) -> None:
    own = shop_at(anna, "shopify", shop.url, source="elsewhere", tells_orders=True)
    foreign = shop_at(stranger, "shopify", shop.url, tells_orders=True)
    buy(anna, anna.program, "1")
    buy(stranger, stranger.program, "1")

    judge(doubted(anna), Verdict.DECLINE, rita)

    assert (notes(own), notes(foreign)) == ([], [])
    assert shop.tagged["1"] == ["wholesale", "review:done"]


def test_message_that_names_an_order_of_another_company_says_nothing(
    anna: Enrollment, stranger: Enrollment, shop: OrderShop, rita: User
) -> None:
    foreign = shop_at(stranger, "shopify", shop.url, tells_orders=True)
    buy(anna, anna.program, "1")
    judge(doubted(anna), Verdict.DECLINE, rita)
    key = f"order:{anna.program.orders.get().pk}"

    about = {"kind": "record.order", "object_key": key, "occurred_at": NOON, "next_at": NOON}
    Delivery.objects.create(connection=foreign, **about)
    settle(NOON + DAY)

    assert notes(foreign) == ["done: There is nothing to tell here."]
    assert shop.calls["OrderTags"] == 0


def test_who_connects_late_tells_of_all_that_is_in_doubt(
    anna: Enrollment, shop: OrderShop, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everyone, "AT_ONCE", 1)
    for number in ("1", "2", "3"):
        buy(anna, anna.program, number)
    judge(doubted(anna, "1", "2"), Verdict.DECLINE, rita)
    shopify = shop_at(anna, "shopify", shop.url, tells_orders=True)

    actions.tell_everyone(shopify, at=NOON + DAY)
    settle(NOON + DAY)

    assert [sorted(set(shop.tagged[number]) & set(FRAUD)) for number in ("1", "2")] == [FRAUD, FRAUD]
    assert len(notes(shopify)) == 2


def test_mapping_that_says_more_tells_of_every_order(anna: Enrollment, shop: OrderShop) -> None:
    shopify = shop_at(anna, "shopify", shop.url, tells_orders=True)
    row = {"target": "tags", "expression": '"affiliate:by:" & {affiliate.code}', "conflict": "ours"}
    actions.save_mapping(shopify, "out", "order", [row])

    buy(anna, anna.program, "2")
    buy(None, anna.program, "1")

    assert (shop.tagged["2"], shop.tagged["1"]) == (
        ["affiliate:by:anna"],
        ["wholesale", "review:done", "affiliate:by:"],
    )


def test_orders_of_a_case_are_lined_up_some_at_a_time(
    anna: Enrollment, shop: OrderShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_orders, "AT_ONCE", 2)
    shopify = shop_at(anna, "shopify", shop.url, tells_orders=True)
    for number in range(5):
        buy(anna, anna.program, str(number))

    found = list(own_orders.pairs_of_case(shopify, doubted(anna)))

    numbers = [f"order:{pk}" for pk in anna.program.orders.order_by("pk").values_list("pk", flat=True)]
    assert [[key for _kind, key in some] for some in found] == [numbers[:2], numbers[2:4], numbers[4:]]


# --- WooCommerce -------------------------------------------------------------------------------------------------
def test_order_of_a_store_gets_fields_and_one_note_for_each_word(
    anna: Enrollment, woo: OrderStore, rita: User
) -> None:
    store = shop_at(anna, "woocommerce", woo.url, tells_orders=True)
    buy(anna, anna.program, "1")

    case = judge(doubted(anna), Verdict.DECLINE, rita)
    metas = woo.said_of("1")
    undo(case, reason="It was another one.", actor=rita, at=NOON + DAY)
    settle(NOON + DAY)
    RemoteRecord.objects.filter(connection=store).delete()  # as if the answer had never been kept
    verdicts.tell_verdict(Event.objects.get(kind="case.undone"))
    settle(NOON + 2 * DAY)

    assert metas == {"gift_wrap": "red", "affiliate_review": "fraud", "affiliate_code": "anna"}
    assert woo.said_of("1") == {**metas, "affiliate_review": "under review"}
    assert woo.noted("1")[0] == "Payment complete."
    assert woo.noted("1")[1:] == [JUDGED, WAITED]


def test_store_that_lost_an_order_says_so(anna: Enrollment, woo: OrderStore, rita: User) -> None:
    store = shop_at(anna, "woocommerce", woo.url, tells_orders=True)
    buy(anna, anna.program, "9")

    judge(doubted(anna), Verdict.DECLINE, rita)

    assert set(notes(store)) == {"dead: The shop has no order 9 any more."}


def test_keys_that_only_read_are_named_and_the_order_waits(
    anna: Enrollment, woo: OrderStore, rita: User
) -> None:
    store = shop_at(anna, "woocommerce", woo.url, tells_orders=True)
    woo.is_read_only = True
    buy(anna, anna.program, "1")

    judge(doubted(anna), Verdict.DECLINE, rita)
    store.refresh_from_db()
    before, trouble = woo.said_of("1"), store.last_error
    woo.is_read_only = False
    settle(NOON + DAY + 2 * HOUR)

    assert before == {"gift_wrap": "red"}
    assert trouble.startswith("The API keys may not write orders")
    assert woo.said_of("1")["affiliate_review"] == "fraud"


# --- Magento -----------------------------------------------------------------------------------------------------
def test_order_of_a_magento_store_gets_one_comment_for_each_word(
    anna: Enrollment, mage: OrderMagento, rita: User
) -> None:
    store = shop_at(anna, "magento", mage.url, tells_orders=True)
    buy(anna, anna.program, "1")
    doubt = doubted(anna)
    settle()
    mage.orders[1]["status"] = "complete"  # somebody has shipped it meanwhile

    case = judge(doubt, Verdict.DECLINE, rita)
    RemoteRecord.objects.filter(connection=store).delete()  # as if the answer had never been kept
    verdicts.tell_verdict(Event.objects.get(kind="case.decided"))
    settle(NOON + DAY)
    undo(case, reason="It was another one.", actor=rita, at=NOON + 2 * DAY)
    settle(NOON + 2 * DAY)

    assert mage.said(1) == ["Captured amount of 10.", WAITED, JUDGED, WAITED]
    assert mage.orders[1]["status"] == "complete"


def test_integration_that_may_not_comment_is_told_what_to_tick(
    anna: Enrollment, mage: OrderMagento, rita: User
) -> None:
    store = shop_at(anna, "magento", mage.url, tells_orders=True)
    mage.may_comment = False
    buy(anna, anna.program, "1")

    judge(doubted(anna), Verdict.DECLINE, rita)
    store.refresh_from_db()
    trouble = store.last_error
    mage.may_comment = True
    settle(NOON + DAY + 2 * HOUR)

    assert "Orders > Actions > Comment" in trouble
    assert mage.said(1) == ["Captured amount of 10.", JUDGED]


def test_magento_order_that_is_gone_is_refused(anna: Enrollment, mage: OrderMagento, rita: User) -> None:
    store = shop_at(anna, "magento", mage.url, tells_orders=True)
    buy(anna, anna.program, "5")

    judge(doubted(anna), Verdict.DECLINE, rita)

    assert set(notes(store)) == {"dead: The shop has no order 5 any more."}
