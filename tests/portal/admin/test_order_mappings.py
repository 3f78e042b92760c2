"""The managers' page of a shop's orders: the mapping that holds, and the order that it is tried on."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from affiliates.models import Enrollment
from commissions.models import Commission
from core.models import User
from fraud.actions.cases import case_for
from fraud.actions.holds import place
from fraud.states import Cause
from integrations.models import Connection
from tests import makers
from tests.fakes.shopify_orders import OrderShop
from tests.house.markup import inline
from tests.integrations.fake_shopify import CLIENT_SECRET, ENTERED
from tests.makers import NOON
from tests.portal.admin.record_pages import buy, editor, pages, text_of

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]


@pytest.fixture
def shop(settings: Any) -> Iterator[OrderShop]:
    with OrderShop() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        running.tagged = {"1": ["wholesale", "affiliate:old"], "2": []}
        yield running


@pytest.fixture
def shopify(ann: Enrollment, shop: OrderShop) -> Connection:
    keys = {"access_token": ENTERED, "client_secret": CLIENT_SECRET}
    options = {"tells_orders": True}
    return makers.make_connection(
        ann.program, connector="shopify", base_url=shop.url, secrets=keys, options=options
    )


def test_order_in_doubt_is_what_the_mapping_is_tried_on(
    enter: Enter, mia: User, ann: Enrollment, shopify: Connection
) -> None:
    buy(ann, "1", "first@example.net")
    buy(ann, "2", "second@example.net", days=1)
    place(
        case_for(ann, Cause.ORDERS, at=NOON), Commission.objects.filter(conversion__external_id="1"), at=NOON
    )
    client = enter(mia)

    listed, shown = client.get(pages(shopify)), client.get(editor(shopify, kind="order"))

    assert "What of an order fills which field there" in text_of(listed)
    assert "Order 1 of this customer" in text_of(shown)
    assert "affiliate:review:under review" in text_of(shown)
    assert inline(shown.content.decode()) == inline(listed.content.decode()) == []


def test_record_there_is_shown_with_our_tags_alone(
    enter: Enter, mia: User, ann: Enrollment, shopify: Connection, shop: OrderShop
) -> None:
    buy(ann, "1", "first@example.net")
    client = enter(mia)

    shown = client.post(editor(shopify, kind="order"), {"act": "there", "count": "0"})
    gone = client.post(editor(shopify, kind="order"), {"act": "there", "count": "0", "customer": last(ann)})

    assert "Its number there is 1." in text_of(shown)
    assert "The shop has no such order: nothing is written." in text_of(gone)
    assert shop.calls["AddTags"] == 0


def last(ann: Enrollment) -> str:
    """A buyer whose order the shop has deleted."""
    return str(buy(ann, "9", "ninth@example.net").pk)


def test_without_orders_the_page_says_so(enter: Enter, mia: User, shopify: Connection) -> None:
    shown = enter(mia).get(editor(shopify, kind="order"))

    assert "No customer has ordered yet: with the first order there is a sample." in text_of(shown)
