"""Every page of the portal on a phone and on a desk: nothing sticks out, nothing is refused, keys suffice."""

import pytest
from django.utils import timezone

from affiliates.models import Enrollment, Program
from commissions.actions import take_orders
from tests.browser.conftest import MakePerson
from tests.makers import make_order
from tests.story.processes import House

pytestmark = pytest.mark.browser

PUBLIC = [
    "/programs/",
    "/programs/partners/",
    "/programs/partners/apply/",
    "/account/login/",
    "/account/password/reset/",
]
OWN = [
    "/overview/",
    "/links/",
    "/links/direct/",
    "/traffic/",
    "/earnings/",
    "/payouts/",
    "/terms/",
    "/profile/",
    "/account/2fa/",
    "/account/email/",
    "/nowhere/",
]
MANAGERS = [
    "/admin/",
    "/admin/affiliates/enrollment/",
    "/admin/affiliates/program/",
    "/admin/affiliates/link/add/",
    "/admin/affiliates/directlink/",
    "/admin/affiliates/attributionterms/add/",
    "/admin/commissions/commission/",
    "/admin/commissions/plan/",
    "/admin/commissions/entry/",
    "/admin/payouts/batch/",
    "/admin/integrations/inbound/",
    "/admin/core/event/",
]
STICKS_OUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_sticks_out(shop: House, make_person: MakePerson, width: int) -> None:
    with shop.opened():
        ann = Enrollment.objects.get(code="ann-archer")
        take_orders(Program.objects.get(), [make_order("1", ref=ann.code, occurred_at=timezone.now())])
        links = [f"/links/{link.pk}/" for link in ann.links.all()]
    stranger, ann, mia = (make_person(shop, width) for _person in range(3))
    ann.sign_in("ann@partner.example")
    mia.sign_in("mia@northwind.example")

    found = {}
    for person, paths in ((stranger, PUBLIC), (ann, [*OWN, *links]), (mia, MANAGERS)):
        for path in paths:
            found[path] = person.open(path).evaluate(STICKS_OUT)
        person.complaints = [line for line in person.complaints if "404" not in line]  # /nowhere/ is meant

    assert {path: pixels for path, pixels in found.items() if pixels > 0} == {}


def test_explanation_opens_and_closes_by_keyboard(shop: House, make_person: MakePerson) -> None:
    with shop.opened():
        take_orders(Program.objects.get(), [make_order("1", ref="ann-archer", occurred_at=timezone.now())])
    ann = make_person(shop)
    ann.sign_in("ann@partner.example")
    page = ann.open("/earnings/")

    page.get_by_role("link", name="€10.00").first.focus()
    page.keyboard.press("Enter")
    sheet = page.locator("dialog[open]")
    sheet.get_by_text("pays 10 %").first.wait_for()
    page.keyboard.press("Escape")

    sheet.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.textContent.trim()")[:6] == "€10.00"
