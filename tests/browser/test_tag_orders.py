"""The tag in shops' pages: who buys, what was bought, and where the click's id goes on its way to the order."""

import hashlib
import re
from typing import Any

import pytest
from playwright.sync_api import Route

from affiliates.models import Enrollment
from commissions.actions import take_beacons
from commissions.models import Commission
from tests.browser.shops import STRICT, Storefront, Visitor
from tests.browser.street import A, MakeVisitor, follows_link
from tests.house.source import ROOT
from tests.story.processes import House
from tracking.identity import normal_email
from tracking.models import Beacon, Order

pytestmark = pytest.mark.browser
ORDER = {"order": "T-1", "total": "129.90", "tax": "20.74", "currency": "EUR"}
WITHOUT_CRYPTO = "Object.defineProperty(Crypto.prototype, 'subtle', {get: () => undefined})"
ADDRESSES = [
    "grace@example.com",
    "  Grace.Hopper+news@Example.COM ",
    "grace.hopper+shop@googlemail.com",
    "+grace@gmail.com",
    "ＧＲＡＣＥ@example.com",
    "grace@MÜNCHEN.example",
    "groß@straße.example",
    '"a@b"@example.com',
]
GUIDE = ROOT / "docs/integrations/tag.md"


def sha256(address: str) -> str:
    return hashlib.sha256(normal_email(address).encode()).hexdigest()


@pytest.fixture
def agreed(front: Storefront, visitor: Visitor) -> tuple[Visitor, str]:
    """A visitor who came by Ann's link and agreed, and the click's id."""
    front.attributes = 'data-consent="granted"'
    return visitor, follows_link(visitor)


def test_conversion_is_an_order_whose_commission_is_held(agreed: tuple[Visitor, str]) -> None:
    visitor, tid = agreed

    visitor.says("conversion", ORDER)
    visitor.hears("conversion")

    beacon = Beacon.objects.get(kind="conversion", tid=tid)
    assert (beacon.consent, beacon.data) == ("granted", ORDER)
    take_beacons()
    order = Order.objects.get(external_id="T-1")
    assert (order.source, order.total, order.currency) == ("tag", 12990, "EUR")
    commission = Commission.objects.get(conversion__order=order, level=1)
    assert commission.enrollment == Enrollment.objects.get(affiliate__name="Ann Archer")
    assert (commission.amount, commission.is_held) == (1092, True)


def test_conversion_is_told_once_a_page_and_without_its_pages_query(
    front: Storefront, agreed: tuple[Visitor, str]
) -> None:
    visitor, tid = agreed
    visitor.opens(front.at("/thanks?key=secret", A))

    for order in (ORDER, ORDER, {**ORDER, "order": "T-2"}):
        visitor.says("conversion", order)
    visitor.until(lambda: len(_told(visitor, "conversion")) == 2, "both orders are told")

    assert [beacon["d"]["order"] for beacon in _told(visitor, "conversion")] == ["T-1", "T-2"]
    assert {beacon["u"] for beacon in _told(visitor, "conversion")} == {front.at("/thanks", A)}
    assert {beacon["tid"] for beacon in _told(visitor, "conversion")} == {tid}


def _told(visitor: Visitor, kind: str) -> list[dict[str, Any]]:
    return [beacon for beacon in visitor.told if beacon["e"] == kind]


def test_address_leaves_the_browser_as_the_hash_that_the_portal_makes(agreed: tuple[Visitor, str]) -> None:
    visitor, tid = agreed

    for address in ADDRESSES:
        visitor.says("identify", {"customer": "c-77", "email": address})
    visitor.says("conversion", {**ORDER, "order": "T-3", "email": ADDRESSES[0]})
    visitor.until(lambda: len(_told(visitor, "identify")) == len(ADDRESSES), "all are told")

    assert sorted(beacon["d"]["email_sha256"] for beacon in _told(visitor, "identify")) == sorted(
        map(sha256, ADDRESSES)
    )
    assert visitor.hears("conversion")["d"] == {**ORDER, "order": "T-3", "email_sha256": sha256(ADDRESSES[0])}
    assert visitor.hears("identify")["tid"] == tid
    assert "@" not in str(visitor.told)


def test_address_stays_where_it_is_when_the_browser_cannot_hash(
    front: Storefront, make_visitor: MakeVisitor
) -> None:
    front.attributes = 'data-consent="granted"'
    visitor = make_visitor(WITHOUT_CRYPTO)
    follows_link(visitor)

    visitor.says("identify", {"email": "grace@example.com"})
    visitor.says("conversion", {**ORDER, "order": "T-4", "email": "grace@example.com"})

    assert visitor.hears("conversion")["d"] == {**ORDER, "order": "T-4"}
    assert [beacon["e"] for beacon in visitor.told] == ["page", "conversion"]


def test_buyer_is_named_with_consent_only(visitor: Visitor) -> None:
    tid = follows_link(visitor)
    buyer = {"customer": "c-77", "email": "grace@example.com"}

    visitor.says("identify", buyer)
    visitor.says("conversion", {**ORDER, "order": "T-5", **buyer})
    assert visitor.hears("conversion")["d"] == {**ORDER, "order": "T-5"}
    assert visitor.hears("conversion")["tid"] == tid
    assert _told(visitor, "identify") == []

    visitor.says("consent", "granted")
    visitor.hears("identify")
    assert [beacon["d"]["customer"] for beacon in _told(visitor, "identify")] == ["c-77"]


def test_mistake_is_explained_in_the_console(agreed: tuple[Visitor, str]) -> None:
    visitor, _tid = agreed

    visitor.page.evaluate("tributary('conversion', {order: 'x'.repeat(501)})")
    visitor.until(lambda: len(visitor.complaints) == 2, "the portal's sentence is shown")

    assert visitor.complaints[1] == "tributary A text has more than 500 letters."
    visitor.complaints.clear()


def test_nonsense_does_not_reach_the_shop(visitor: Visitor) -> None:
    follows_link(visitor)

    for call in ("tributary()", "tributary('fly', 1)", "tributary('conversion')", "tributary('identify')"):
        visitor.page.evaluate(call)
    visitor.page.evaluate("document.dispatchEvent(new Event('tributary'))")
    visitor.page.evaluate("dataLayer.push(null, ['consent'], {consent: 1})")

    assert visitor.complaints == []


def test_forms_that_ask_for_the_id_are_given_it(front: Storefront, visitor: Visitor) -> None:
    front.pages["/"] = (
        '<form><input name="tid" type="hidden"></form><form data-tid></form><form data-tid="attributes[tid]"></form>'
        '<form id="other"><input name="q"></form>'
    )
    tid = follows_link(visitor)

    fields = "[...document.querySelectorAll('input')].map(each => [each.name, each.type, each.value])"
    assert visitor.page.evaluate(fields) == [
        ["tid", "hidden", tid],
        ["tid", "hidden", tid],
        ["attributes[tid]", "hidden", tid],
        ["q", "text", ""],
    ]


def test_field_that_the_shop_filled_is_left_alone_without_a_click(
    front: Storefront, visitor: Visitor
) -> None:
    front.pages["/"] = '<input name="tid" value="kept by the shop">'

    visitor.opens(front.at("/", A))

    assert visitor.page.input_value("input") == "kept by the shop"


def test_cart_of_shopify_is_given_the_id_once(front: Storefront, visitor: Visitor) -> None:
    front.policy = STRICT.replace("connect-src", "connect-src 'self'").replace(
        "script-src", "script-src 'self'"
    )
    front.scripts["/shopify.js"] = "window.Shopify = {shop: 'northwind'}"
    front.head = '<script src="/shopify.js"></script>'
    tid = follows_link(visitor)
    assert front.posts("/cart/update.js") == []

    visitor.says("consent", "granted")
    visitor.opens(front.at("/shoes", A))
    visitor.opens(front.at("/hats", A))
    assert front.posts("/cart/update.js") == [{"attributes": {"tid": tid}}]

    second = follows_link(visitor)
    assert front.posts("/cart/update.js")[1:] == [{"attributes": {"tid": second}}]

    visitor.says("consent", "denied")
    assert visitor.kept() == []


def test_calls_wait_for_the_script_and_the_function_may_have_another_name(
    front: Storefront, visitor: Visitor
) -> None:
    stub = re.findall(r"```js\n(// calls wait.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[0]
    front.policy = STRICT.replace("script-src", "script-src 'self'")
    front.attributes = 'data-as="partners"'
    calls = "partners('consent', 'granted'); partners('id', id => { window.known = id; });"
    front.scripts["/stub.js"] = stub.replace("tributary", "partners") + calls
    front.head = '<script src="/stub.js"></script>'

    tid = follows_link(visitor)

    assert visitor.page.evaluate("[window.known, partners('id'), typeof tributary]") == [
        tid,
        tid,
        "undefined",
    ]
    assert visitor.keeps(tid)


def test_events_do_without_the_function(front: Storefront, visitor: Visitor) -> None:
    front.policy = STRICT.replace("script-src", "script-src 'self'")
    event = "new CustomEvent('tributary', {detail: ['conversion', {order: 'T-6', total: '1.00', currency: 'EUR'}]})"
    front.scripts["/own.js"] = (
        f"document.addEventListener('tributary:ready', () => document.dispatchEvent({event}))"
    )
    front.head = '<script src="/own.js"></script>'

    tid = follows_link(visitor)

    beacon = visitor.hears("conversion")
    assert (beacon["tid"], beacon["d"]["order"]) == (tid, "T-6")


def test_tag_that_is_pasted_twice_speaks_once(front: Storefront, visitor: Visitor) -> None:
    front.head = front.tag

    follows_link(visitor)
    visitor.says("conversion", {**ORDER, "order": "T-7"})
    visitor.hears("conversion")

    assert [beacon["e"] for beacon in visitor.told] == ["page", "conversion"]


def test_order_is_told_again_after_a_503(front: Storefront, visitor: Visitor) -> None:
    tid = follows_link(visitor)
    answers = [{"status": 503, "json": {"error": "Try again."}}, {"json": {"window": 60}}]
    told: list[Any] = []

    def _answer(route: Route) -> None:
        told.append(route.request.post_data_json)
        route.fulfill(**answers[len(told) - 1], headers={"access-control-allow-origin": "*"})

    visitor.context.route("**/t", _answer)
    visitor.says("conversion", {**ORDER, "order": "T-9"})
    visitor.until(lambda: len(told) == 2, "the order is told again")

    assert [(beacon["tid"], beacon["d"]["order"]) for beacon in told] == [(tid, "T-9")] * 2
    visitor.complaints.clear()


def test_order_is_told_while_the_page_is_left(front: Storefront, portal: House, visitor: Visitor) -> None:
    tid = follows_link(visitor)

    visitor.page.evaluate("""
        tributary('conversion', {order: 'T-8', total: '1.00', currency: 'EUR'});
        location.href = '/gone';
    """)
    visitor.page.wait_for_url("**/gone")

    visitor.until(
        lambda: Beacon.objects.filter(tid=tid, kind="conversion").exists(), "the order is in the database"
    )
