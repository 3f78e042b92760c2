"""What docs/integrations/tag.md tells shop owners to paste works as it is written there."""

import re

import pytest

from commissions.actions import take_beacons
from tests.browser.shops import STRICT, Storefront, Visitor
from tests.browser.street import PAYMENT, A, follows_link
from tests.house.source import ROOT
from tests.story.processes import House
from tracking.models import Beacon, Order

pytestmark = pytest.mark.browser
BLOCKS: list[tuple[str, str]] = re.findall(
    r"```(\w*)\n(.*?)```", (ROOT / "docs/integrations/tag.md").read_text(encoding="utf-8"), re.DOTALL
)


def block(begins: str, front: Storefront) -> str:
    """Return the guide's one block with these words, with this portal's address and key in it."""
    [text] = [text for _kind, text in BLOCKS if begins in text]
    return text.replace("https://portal.example.com", front.portal).replace("KEY", front.key)


def test_snippet_policy_consent_order_and_customer(front: Storefront, visitor: Visitor) -> None:
    front.policy = "default-src 'none'; " + block("connect-src", front).strip()
    front.snippet = block("<script async", front)
    tid = follows_link(visitor)
    assert visitor.kept() == []

    visitor.page.evaluate(block("'granted')   // or", front))
    assert visitor.keeps(tid)

    visitor.page.evaluate(block("tributary('identify'", front))
    visitor.page.evaluate(block("lines: [", front))
    visitor.hears("identify")
    visitor.hears("conversion")
    take_beacons()
    assert set(Beacon.objects.filter(tid=tid).values_list("kind", "state")) == {
        ("page", "taken"),
        ("identify", "taken"),
        ("conversion", "taken"),
    }
    order = Order.objects.get(external_id="1001")
    assert (order.total, order.snapshot["evidence"]["tid"]) == (12990, tid)


def test_stub_and_event(front: Storefront, visitor: Visitor) -> None:
    front.policy = STRICT.replace("script-src", "script-src 'self'")
    front.scripts["/own.js"] = block("// calls wait here", front) + block("tributary:ready", front)
    front.head = '<script src="/own.js"></script>'

    tid = follows_link(visitor)

    assert visitor.keeps(tid)


@pytest.mark.parametrize(("purpose", "kept"), [("true", 2), ("false", 0)])
def test_banner_of_the_iab(front: Storefront, visitor: Visitor, purpose: str, kept: int) -> None:
    front.policy = STRICT.replace("script-src", "script-src 'self'")
    data = f"{{gdprApplies: true, eventStatus: 'tcloaded', purpose: {{consents: {{1: {purpose}}}}}}}"
    banner = f"window.__tcfapi = function (command, version, answer) {{ answer({data}, true); }};"
    front.scripts["/own.js"] = (
        banner + block("// calls wait here", front) + block("// a banner of the IAB", front)
    )
    front.head = '<script src="/own.js"></script>'

    follows_link(visitor)

    visitor.until(lambda: len(visitor.kept()) == kept, "what consent allows is kept")
    assert len(visitor.kept()) == kept


def test_tag_manager(front: Storefront, visitor: Visitor) -> None:
    front.policy, front.snippet = "", block("document.createElement('script')", front)
    visitor.page.goto(f"{front.portal}/r/ann-archer")

    visitor.hears("page")

    assert len(visitor.says("id")) == 32


def test_picture_without_a_script(front: Storefront, portal: House, visitor: Visitor) -> None:
    tid = follows_link(visitor)
    front.policy, front.snippet = "", ""
    front.pages["/thanks"] = block("<img", front).replace("THE_ID", tid).replace("order=1001", "order=1002")

    visitor.page.goto(front.at("/thanks", PAYMENT))

    take_beacons()
    assert Order.objects.get(external_id="1002").snapshot["evidence"]["tid"] == tid
    assert visitor.page.evaluate("document.images[0].complete && document.images[0].naturalWidth") == 1


def test_shopify_form_without_consent(front: Storefront, visitor: Visitor) -> None:
    front.pages["/"] = (
        '<form data-tid="attributes[tid]" action="/cart" method="post"><button>check out</button></form>'
    )
    tid = follows_link(visitor)

    visitor.page.get_by_role("button").click()

    visitor.page.wait_for_url("**/cart*")
    [sent] = [sent.body for sent in front.sent if sent.method == "POST"]
    assert sent.split("&")[0] == f"attributes%5Btid%5D={tid}"
    assert visitor.page.url.startswith(front.at("/cart", A))
