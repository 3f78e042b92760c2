"""From the application form to a paid payout, in a real browser."""

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from affiliates.models import Enrollment
from commissions.models import Commission
from payouts.models import Batch
from tests.browser.conftest import MakePerson, Person, mailed
from tests.makers import PASSWORD
from tests.story import books
from tests.story.processes import House, key_of_machine, wait_for

pytestmark = pytest.mark.browser
IBAN = "DE02120300000000202051"  # nobody else's here: two who are paid to one account would wait for a review


def test_from_the_application_to_a_paid_payout(shop: House, make_person: MakePerson) -> None:
    with shop.opened():
        key = key_of_machine()

    nora = make_person(shop)
    apply(nora)
    confirm(nora, shop)
    accept(make_person(shop), shop)
    link = enter_details(nora)

    tid = follow(link)
    order(shop, key, "W-1", tid=tid, days=0)
    order(shop, key, "W-2", ref="nora-north", days=45)
    read_why(nora)

    batch = open_batch(make_person(shop), shop)
    pay(make_person(shop), batch)

    page = nora.open("/payouts/")
    expect(page.get_by_text("Paid", exact=True).first).to_be_visible()
    page.get_by_role("link", name="PO-").first.click()
    expect(page.get_by_text("SEPA-4711")).to_be_visible()
    with shop.opened():
        assert books.breaches() == []


def apply(nora: Person) -> None:
    page = nora.open("/programs/partners/")
    page.get_by_role("link", name="Apply").first.click()
    page.get_by_label("Your name").fill("Nora North")
    page.get_by_label("E-mail").fill("nora@partner.example")
    page.locator("input[name=password1]").fill(PASSWORD)
    page.locator("input[name=password2]").fill(PASSWORD)
    page.get_by_label("How would you promote us?").fill("A newsletter on hiking.")
    page.get_by_label("I have read and accept").check()
    page.get_by_role("button", name="Send the application").click()
    page.wait_for_url("**/applied/")


def confirm(nora: Person, shop: House) -> None:
    address = mailed(shop, r"http://localhost:\d+/account/confirm-email/[^\s/]+/")
    page = nora.open(address)
    if page.get_by_role("button", name="Confirm").count():
        page.get_by_role("button", name="Confirm").click()
    nora.sign_in("nora@partner.example")
    expect(page.get_by_role("heading").first).to_be_visible()


def accept(mia: Person, shop: House) -> None:
    mia.sign_in("mia@northwind.example")
    with shop.opened():
        enrollment = Enrollment.objects.get(affiliate__email="nora@partner.example")
    page = mia.open(f"/admin/affiliates/enrollment/{enrollment.pk}/change/")
    expect(page.get_by_text("A newsletter on hiking.").first).to_be_visible()
    press_verb(page, "Approve")
    with shop.opened():
        wait_for(
            lambda: Enrollment.objects.active().filter(pk=enrollment.pk).exists(), "the enrollment is active"
        )


def press_verb(page: Page, name: str) -> None:
    """Follow the button to its page of confirmation, and confirm."""
    page.get_by_role("link", name=name, exact=True).first.click()
    for tick in page.get_by_role("checkbox").all():
        tick.check()
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_url("**/change/")


def enter_details(nora: Person) -> str:
    page = nora.open("/overview/")
    link = page.locator("#share-link").input_value()
    page.goto(nora.address + "/profile/payee/")
    if "reauthenticate" in page.url:  # she came in by the mail's link, so the password is asked for once
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
    page.locator("input[name=holder]").fill("Nora North")
    page.locator("input[name=account]").fill(IBAN)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("DE•• 2051").first).to_be_visible()
    return link


def follow(link: str) -> str:
    """Return the click id that the shop is given."""
    answer = httpx.get(link)
    assert answer.status_code == 302
    target = httpx.URL(answer.headers["location"])
    assert target.host == "shop.example.com"
    return target.params["tid"]


def order(shop: House, key: str, number: str, *, days: int, tid: str = "", ref: str = "") -> None:
    when = (timezone.now() - timedelta(days=days)).isoformat()
    body = {
        "source": "shop",
        "external_id": number,
        "occurred_at": when,
        "captured_at": when,
        "currency": "EUR",
        "total": "899.00",
        "evidence": {"tid": tid, "ref": ref},
    }
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx.post(f"{shop.address}/api/v1/conversions", json=body, headers=headers, timeout=30)
    assert answer.status_code == 201, answer.text


def read_why(nora: Person) -> None:
    page = nora.open("/earnings/")
    page.get_by_role("link", name="€89.90").first.click()
    expect(page.get_by_text("pays 10 %").first).to_be_visible()
    expect(page.get_by_text("From click to payout").first).to_be_visible()


def open_batch(mia: Person, shop: House) -> int:
    mia.sign_in("mia@northwind.example")
    with shop.opened():
        from commissions.actions import approve_due  # the clock's turn of this hour is over already

        wait_for(lambda: not Commission.objects.filter(screening="waiting").exists(), "all are screened")
        approve_due()
    page = mia.open("/admin/payouts/batch/")
    page.get_by_role("link", name="Open a batch").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Open the batch").click()
    page.wait_for_url("**/change/")
    with shop.opened():
        return Batch.objects.get().pk


def pay(fin: Person, batch: int) -> None:
    fin.sign_in("fin@northwind.example")
    page = fin.open(f"/admin/payouts/batch/{batch}/change/")
    expect(page.get_by_text("Nora North").first).to_be_visible()
    expect(page.get_by_text("first payout").first).to_be_visible()
    press_verb(page, "Approve")
    page.get_by_role("link", name="Nora North").first.click()
    page.get_by_role("link", name="Mark as paid", exact=True).click()
    page.get_by_label("Reference").fill("SEPA-4711")
    page.get_by_role("button", name="Mark as paid", exact=True).click()
    page.wait_for_url("**/change/")
