"""The tag in shops' pages: what it keeps of a click, with whose consent, and where it follows the visitor."""

import json
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from affiliates.actions import approve_direct_link, ask_direct_link
from affiliates.models import Enrollment, Link
from core.models import User
from tests.browser.shops import Storefront, Visitor
from tests.browser.street import PAYMENT, WINDOW, A, B, MakeVisitor, follows_link
from tests.house.source import ROOT
from tests.story.processes import House
from tracking import clickid
from tracking.clickid import read
from tracking.models import Beacon, Click

pytestmark = pytest.mark.browser
GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
PRIVATE = """
for (const name of ['localStorage', 'sessionStorage'])
  Object.defineProperty(window, name, {get() { throw new DOMException('no', 'SecurityError'); }});
Object.defineProperty(Document.prototype, 'cookie', {
  get() { throw new DOMException('no', 'SecurityError'); }, set() { throw new DOMException('no', 'SecurityError'); },
});
"""


def test_landing_is_told_with_its_address_and_referrer(
    front: Storefront, portal: House, visitor: Visitor
) -> None:
    front.pages["/blog"] = f'<a href="{front.portal}/r/ann-archer">shoes</a>'
    visitor.page.goto(front.at("/blog", PAYMENT))
    visitor.page.get_by_text("shoes").click()
    beacon = visitor.hears("page")

    tid = beacon["tid"]
    row = Beacon.objects.get(tid=tid)
    assert (row.kind, row.consent, row.page) == ("page", "unknown", front.at(f"/?tid={tid}", A))
    assert row.referrer == front.at("/", PAYMENT)
    assert visitor.page.url == front.at(f"/?tid={tid}", A)


def test_without_consent_nothing_is_stored_and_addresses_carry_the_id(
    front: Storefront, visitor: Visitor
) -> None:
    front.pages["/"] = '<a href="/shoes?size=9#top">shoes</a><a href="#top">up</a>'
    front.pages["/shoes"] = (
        '<form method="post" action="/cart"><input name="action"><button>buy</button></form>'
    )
    front.pages["/cart"] = "/checkout"
    tid = follows_link(visitor)

    visitor.page.get_by_text("up").click()
    assert visitor.page.url == front.at(f"/?tid={tid}#top", A)
    visitor.page.get_by_text("shoes").click()
    assert visitor.page.url == front.at(f"/shoes?size=9&tid={tid}#top", A)
    visitor.page.get_by_text("buy").click()

    visitor.page.wait_for_url("**/checkout")
    assert visitor.says("id") == tid
    assert [sent.body for sent in front.sent if sent.path == "/cart"] == [f"action=&tid={tid}"]
    assert visitor.kept() == []
    assert [beacon["e"] for beacon in visitor.told] == ["page"]


def test_addresses_that_are_not_the_shops_stay_as_they_are(front: Storefront, visitor: Visitor) -> None:
    others = ["#top", "mailto:help@shop.example", "tel:+49301234", "https://elsewhere.example/?a=1"]
    front.pages["/"] = "".join(f'<a href="{address}">go</a>' for address in others)
    follows_link(visitor)

    for link in visitor.page.get_by_text("go").all():
        link.dispatch_event("mousedown")

    assert [link.get_attribute("href") for link in visitor.page.get_by_text("go").all()] == others


def test_with_consent_the_id_is_kept_for_the_programs_window(front: Storefront, visitor: Visitor) -> None:
    tid = follows_link(visitor)
    visitor.says("consent", "granted")
    visitor.until(lambda: _expiry(visitor) < time.time() + WINDOW + 60, "the program's window is known")

    [cookie] = visitor.cookies()
    assert abs(cookie.pop("expires") - time.time() - WINDOW) < 60
    assert cookie == {
        "name": "_tid",
        "value": tid,
        "domain": ".shop.localhost",
        "path": "/",
        "httpOnly": False,
        "secure": False,
        "sameSite": "Lax",
    }
    name, until = visitor.page.evaluate("localStorage._tid").split(".")
    assert name == tid
    assert abs(int(until) / 1000 - time.time() - WINDOW) < 60
    assert [beacon["c"] for beacon in visitor.told] == ["unknown", "granted"]


def _expiry(visitor: Visitor) -> float:
    return max((cookie["expires"] for cookie in visitor.cookies()), default=float("inf"))


def test_with_consent_addresses_stay_as_they_are(front: Storefront, visitor: Visitor) -> None:
    front.pages["/"] = '<a href="/shoes">shoes</a>'
    front.attributes = 'data-consent="granted"'
    tid = follows_link(visitor)

    visitor.page.get_by_text("shoes").click()

    visitor.page.wait_for_url("**/shoes")
    assert visitor.says("id") == tid


def test_denied_then_granted_then_withdrawn(visitor: Visitor, front: Storefront) -> None:
    tid = follows_link(visitor)

    visitor.says("consent", "denied")
    assert (visitor.says("id"), visitor.kept()) == (tid, [])

    visitor.says("consent", "granted")
    assert visitor.keeps(tid)
    visitor.opens(front.at("/shoes", A))
    assert visitor.says("id") == tid  # agreed to on the page before

    visitor.says("consent", "denied")
    assert (visitor.says("id"), visitor.kept()) == ("", [])
    assert [beacon["c"] for beacon in visitor.told] == ["unknown", "denied", "granted"]


def test_id_is_not_read_before_consent_but_is_while_the_landing_page_stands(
    front: Storefront, visitor: Visitor
) -> None:
    follows_link(visitor)

    visitor.opens(front.at("/", A))  # typed in: no address carries it here

    assert (visitor.says("id"), visitor.kept()) == ("", [])


def test_global_privacy_control_is_a_no_until_the_shop_has_a_yes(
    front: Storefront, make_visitor: MakeVisitor
) -> None:
    front.attributes = 'data-consent="granted"'
    visitor = make_visitor(GPC)
    tid = follows_link(visitor)
    assert (visitor.says("id"), visitor.kept(), visitor.told[0]["c"]) == (tid, [], "denied")

    visitor.says("consent", "granted")

    assert visitor.keeps(tid)


@pytest.mark.parametrize(
    ("defaults", "update", "kept"),
    [
        ([{"ad_storage": "denied"}], None, 0),
        ([{"ad_storage": "denied"}], {"ad_storage": "granted"}, 2),
        ([{"ad_storage": "granted"}], None, 2),
        ([{"ad_storage": "granted"}], {"ad_storage": "denied"}, 0),
        ([{"ad_storage": "denied", "region": ["DE"]}, {"ad_storage": "granted"}], None, 0),
        ([], {"analytics_storage": "granted"}, 0),
    ],
)
def test_consent_mode_decides_by_ad_storage(
    make_visitor: MakeVisitor, defaults: list[object], update: object, kept: int
) -> None:
    gtag = "window.dataLayer = [{event: 'early'}]; window.gtag = function () { return dataLayer.push(arguments); };"
    visitor = make_visitor(
        gtag + f"{json.dumps(defaults)}.forEach(each => gtag('consent', 'default', each));"
    )
    follows_link(visitor)

    length = visitor.page.evaluate(
        "update => update ? gtag('consent', 'update', update) : dataLayer.push(1, 2)", update
    )

    visitor.until(lambda: len(visitor.kept()) == kept, "what consent allows is kept")
    assert len(visitor.kept()) == kept
    assert length == visitor.page.evaluate("dataLayer.length")
    assert length == 1 + len(defaults) + (1 if update else 2)


def test_id_survives_a_payment_page_and_a_checkout_on_a_subdomain(
    front: Storefront, visitor: Visitor
) -> None:
    front.attributes = 'data-consent="granted"'
    front.pages["/pay"] = front.at("/bank", PAYMENT)
    front.pages["/bank"] = f'<a href="{front.at("/thanks", B)}">paid</a>'
    tid = follows_link(visitor)

    visitor.opens(front.at("/pay", A))
    assert (urlsplit(visitor.page.url).hostname, visitor.says("id")) == (PAYMENT, "")
    visitor.page.get_by_text("paid").click()

    visitor.page.wait_for_url("**/thanks")
    assert (urlsplit(visitor.page.url).hostname, visitor.says("id")) == (B, tid)


def test_other_hosts_of_the_shop_are_handed_the_id_where_it_names_them(
    front: Storefront, visitor: Visitor
) -> None:
    front.attributes = f'data-consent="granted" data-hosts="{PAYMENT}:{front.port}"'
    front.pages["/"] = f'<a href="{front.at("/cart", PAYMENT)}">cart</a><a href="{front.at("/x", B)}">x</a>'
    tid = follows_link(visitor)

    visitor.page.get_by_text("cart").click()
    visitor.page.wait_for_url(f"**/cart?tid={tid}")
    visitor.until(lambda: len(visitor.cookies()) > 1, "the payment page keeps the id")
    assert [cookie["domain"] for cookie in visitor.cookies()] == [".shop.localhost", PAYMENT]

    visitor.opens(front.at("/", A))
    visitor.page.get_by_text("x", exact=True).click()
    visitor.page.wait_for_url("**/x")


def test_storage_brings_a_lost_cookie_back_until_the_window_ends(front: Storefront, visitor: Visitor) -> None:
    front.attributes = 'data-consent="granted"'
    tid = follows_link(visitor)
    visitor.until(lambda: _expiry(visitor) < time.time() + WINDOW + 60, "the program's window is known")
    expires = _expiry(visitor)

    visitor.context.clear_cookies()
    visitor.opens(front.at("/", A))
    assert visitor.keeps(tid)
    assert abs(_expiry(visitor) - expires) < 2

    visitor.context.clear_cookies()
    visitor.page.evaluate("localStorage._tid = localStorage._tid.slice(0, 33) + (Date.now() - 1)")
    visitor.opens(front.at("/", A))
    assert (visitor.says("id"), visitor.cookies()) == ("", [])


def test_newer_click_replaces_the_older(front: Storefront, visitor: Visitor) -> None:
    front.attributes = 'data-consent="granted"'
    first, second = follows_link(visitor), follows_link(visitor)

    visitor.opens(front.at("/", A))

    assert first != second
    assert visitor.says("id") == second
    assert visitor.keeps(second)
    assert Beacon.objects.get(tid=second, kind="page").data == {"was": first}


@pytest.mark.parametrize("consent", ["granted", "wait"])
def test_older_click_replaces_no_newer_one(
    front: Storefront, make_visitor: MakeVisitor, consent: str
) -> None:
    front.attributes = 'data-consent="granted"'
    older, visitor = follows_link(make_visitor()), make_visitor()
    newer = follows_link(visitor)
    front.attributes = f'data-consent="{consent}"'

    visitor.opens(front.at(f"/?tid={older}", A))

    assert visitor.says("id") == newer
    assert visitor.keeps(newer)


def test_id_that_nobody_issued_is_dropped_for_the_kept_one(front: Storefront, visitor: Visitor) -> None:
    front.attributes = 'data-consent="granted"'
    tid = follows_link(visitor)
    forged = clickid.make(1, timezone.now() + timedelta(minutes=1))[:-4] + "AAAA"

    visitor.opens(front.at(f"/?tid={forged}", A))
    visitor.until(lambda: visitor.says("id") == tid, "the portal has said that it is not genuine")

    assert visitor.keeps(tid)
    assert visitor.page.evaluate("localStorage._tid.slice(0, 32)") == tid


def test_id_that_nobody_issued_is_dropped_where_nothing_is_kept(front: Storefront, visitor: Visitor) -> None:
    front.attributes = 'data-consent="granted"'

    visitor.opens(front.at(f"/?tid={'a' * 32}", A))
    visitor.until(lambda: visitor.says("id") == "", "the portal has said that it is not genuine")

    assert visitor.kept() == []


def test_id_may_stand_in_a_fragment_and_must_have_its_shape(front: Storefront, visitor: Visitor) -> None:
    tid = follows_link(visitor)
    visitor.opens(front.at(f"/#/shoes?tid={tid}", A))
    assert visitor.says("id") == tid

    visitor.opens(front.at(f"/?tid={'a' * 33}&x=%3Cscript%3E", A))
    assert visitor.says("id") == ""


def test_cookie_is_secure_on_https_and_as_wide_as_the_shops_domain(visitor: Visitor) -> None:
    tag = '<script async src="https://portal.example/static/js/track.js" data-consent="granted"></script>'
    anybody = {"access-control-allow-origin": "*"}
    serve(visitor, "https://www.shop.example.co.uk/**", body=tag, content_type="text/html")
    serve(visitor, "https://portal.example/static/js/track.js", path=ROOT / "static/js/track.js")
    serve(visitor, "https://portal.example/t", json={"window": WINDOW}, headers=anybody)

    visitor.page.goto(f"https://www.shop.example.co.uk/?tid={'a' * 32}")

    assert visitor.keeps("a" * 32)
    [cookie] = visitor.cookies()
    assert (cookie["domain"], cookie["secure"], cookie["sameSite"]) == (".example.co.uk", True, "Lax")


def serve(visitor: Visitor, address: str, **answer: Any) -> None:
    visitor.context.route(address, lambda route: route.fulfill(**answer))


def test_where_nothing_can_be_stored_addresses_carry_the_id(
    front: Storefront, make_visitor: MakeVisitor
) -> None:
    front.attributes = 'data-consent="granted"'
    front.pages["/"] = '<a href="/shoes">shoes</a>'
    visitor = make_visitor(PRIVATE)
    tid = follows_link(visitor)

    visitor.page.get_by_text("shoes").click()

    visitor.page.wait_for_url(f"**/shoes?tid={tid}")
    assert visitor.says("id") == tid


def test_page_of_an_affiliate_counts_without_a_parameter(
    front: Storefront, portal: House, visitor: Visitor
) -> None:
    ann = Enrollment.objects.get(affiliate__name="Ann Archer")
    page = ask_direct_link(Link.objects.get(enrollment=ann, is_default=True), "https://ann.localhost/")
    approve_direct_link(page, actor=User.objects.get(email="mia@northwind.example"))
    front.attributes = 'data-consent="granted"'
    front.pages["/review"] = f'<a href="{front.at("/shoes", A)}">shoes</a>'

    def follows_the_review() -> Any:
        visitor.told.clear()
        visitor.page.goto(front.at("/review", "ann.localhost"))
        visitor.page.get_by_text("shoes").click()
        visitor.page.wait_for_url("**/shoes")
        visitor.hears("page")
        return visitor.says(
            "id"
        )  # none as long as the edge, which asks once a second, does not know the page

    visitor.until(follows_the_review, "the portal has answered with an id")

    tid = visitor.says("id")
    named = read(tid)
    assert named
    assert Click.objects.get(pk=named.uuid).enrollment == ann
    visitor.until(
        lambda: (
            [cookie["value"] for cookie in visitor.cookies() if cookie["domain"] == ".shop.localhost"]
            == [tid]
        ),
        "the shop keeps the id",
    )


def test_policy_of_the_shop_would_refuse_anything_else(front: Storefront, visitor: Visitor) -> None:
    front.head = "<script>window.inline = 1</script>"

    follows_link(visitor)

    assert len(visitor.complaints) == 1
    assert visitor.page.evaluate("window.inline") is None
    visitor.complaints.clear()
