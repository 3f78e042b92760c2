"""A case from hold to answer to release in real browsers; the manager's half by keyboard, and without scripts."""

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.models import Commission
from core.models import Event
from fraud.models import Case, ListEntry, Policy
from tests import makers
from tests.browser.conftest import MakePerson, Person
from tests.fraud.admin.found import own_order
from tests.story.processes import House, wait_for
from tracking.orders import CustomerIn

pytestmark = pytest.mark.browser
STICKS_OUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PDF = {"name": "bill.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 paid by my brother"}


def bought_by_ann(shop: House) -> int:
    """Ann's own order, as a shop tells it, and the number of the case that the screening opens on it."""
    with shop.opened():
        now = timezone.now()
        told: dict[str, Any] = {"occurred_at": now, "revision_at": now, "captured_at": now}
        own = CustomerIn(email="ann@partner.example")
        order = makers.make_order("W-1", net=20000, ref="ann-archer", customer=own, **told)
        commissions.take_orders(Program.objects.get(), [order])
        wait_for(lambda: Case.objects.filter(cause="identity").exists(), "the screening opens a case")
        return int(Case.objects.get(cause="identity").pk)


def found_on_ann(shop: House, count: int = 1) -> list[int]:
    """Cases on Ann and others, as the screening writes them."""
    with shop.opened():
        program = Program.objects.get()
        people = [Enrollment.objects.get(code="ann-archer")]
        people += [makers.make_enrollment(program, f"Person {number}") for number in range(1, count)]
        return [int(own_order(who, 10000 * (count - place)).pk) for place, who in enumerate(people)]


def case_page(mia: Person, number: int) -> Page:
    return mia.open(f"/admin/fraud/case/{number}/change/")


def stand(shop: House, number: int) -> tuple[str, str]:
    with shop.opened():
        case = Case.objects.get(pk=number)
        return str(case.state), str(case.verdict)


def test_case_from_hold_to_answer_to_release(shop: House, make_person: MakePerson) -> None:
    number = bought_by_ann(shop)
    with shop.opened():
        assert set(Commission.objects.values_list("is_held", flat=True)) == {True}

    ann = make_person(shop, 390)
    page = ann.sign_in("ann@partner.example")
    page = ann.open(f"/reviews/{number}/")
    expect(page.get_by_text("looks like a purchase of your own").first).to_be_visible()
    page.locator("textarea").fill("My brother bought it. We share a mailbox.")
    page.locator("input[type=file]").set_input_files(PDF)
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("It is read before anything is decided")).to_be_visible()

    mia = make_person(shop)
    page = mia.sign_in("mia@northwind.example")
    page = mia.open("/admin/")
    page.get_by_role("link", name="1 case to review").click()
    page.wait_for_url("**/fraud/case/")
    page.keyboard.press("j")  # to the first line
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/**")
    expect(page.get_by_role("heading", name="What speaks for fraud")).to_be_visible()
    expect(page.locator(".for")).to_contain_text("Buyer and affiliate have the same")
    expect(page.locator(".against")).to_contain_text("The affiliate has answered.")
    expect(page.locator(".answer")).to_contain_text("My brother bought it.")
    with page.expect_download() as saved:
        page.get_by_role("link", name="bill.pdf").click()
    assert saved.value.path().read_bytes() == PDF["buffer"]
    page.get_by_role("button", name="Start review").click()
    expect(page.get_by_text("You work on it until")).to_be_visible()

    page.keyboard.press("c")
    dialog = page.locator("#verdict-dialog")
    expect(dialog).to_contain_text("Released")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    assert stand(shop, number) == ("open", "")
    page.keyboard.type("A brother, and the bill says so.")
    dialog.get_by_label("Message to the affiliate").fill("All is well, thank you for the bill.")
    dialog.get_by_role("button", name="Decide: clear").click()
    expect(page.get_by_text("It can be undone until the next payout")).to_be_visible()

    assert stand(shop, number) == ("decided", "clear")
    with shop.opened():
        assert set(Commission.objects.values_list("is_held", flat=True)) == {False}
    page = ann.open(f"/reviews/{number}/")
    expect(page.get_by_text("All is well, thank you for the bill.")).to_be_visible()


def test_keys_move_and_open_and_never_decide(shop: House, make_person: MakePerson) -> None:
    first, second = found_on_ann(shop, 2)
    mia = make_person(shop)
    mia.sign_in("mia@northwind.example")
    page = case_page(mia, first)

    page.keyboard.press("j")
    page.wait_for_url(f"**/case/{second}/change/")
    page.keyboard.press("k")
    page.wait_for_url(f"**/case/{first}/change/")
    page.keyboard.press("k")  # there is none before
    for key, words in (
        ("c", "Clear: Ann Archer"),
        ("h", "Hold longer: Ann Archer"),
        ("r", "Reverse: Ann Archer"),
    ):
        page.keyboard.press(key)
        expect(page.locator("#verdict-dialog[open] h1")).to_have_text(words)
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.locator("#keys-dialog[open]")).to_contain_text("No key decides by itself")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.keyboard.press("j")  # too early for the reason, and no reason to leave
    expect(page.locator("#verdict-dialog").get_by_label("Reason")).to_be_focused()
    page.keyboard.type("crjk?")  # letters of a reason are letters
    expect(page.locator("#verdict-dialog").get_by_label("Reason")).to_have_value("crjk?")
    page.locator("#verdict-dialog [data-close]").click()

    assert [stand(shop, number) for number in (first, second)] == [("open", ""), ("open", "")]
    with shop.opened():
        assert Event.objects.filter(kind__in=["case.decided", "case.proposed"]).count() == 0


def test_everything_works_without_scripts(shop: House, make_person: MakePerson, browser: Browser) -> None:
    (number,) = found_on_ann(shop)
    mia = make_person(shop)
    mia.sign_in("mia@northwind.example")
    bare = browser.new_context(java_script_enabled=False, storage_state=mia.context.storage_state())
    page = bare.new_page()
    page.set_default_timeout(20_000)

    page.goto(f"{mia.address}/admin/fraud/case/{number}/change/")
    page.get_by_role("button", name="Start review").click()
    expect(page.get_by_text("You work on it until")).to_be_visible()
    page.locator(".verdicts").get_by_role("link", name="Decline").click()
    expect(page.get_by_role("heading", name="Decline: Ann Archer")).to_be_visible()
    page.get_by_label("Reason").fill("His own order.")
    page.get_by_role("button", name="Decide: decline").click()
    expect(page.get_by_text("It can be undone until the next payout")).to_be_visible()
    page.get_by_role("link", name="Undo the verdict").click()
    page.get_by_label("Reason").fill("It was his brother.")
    page.get_by_role("button", name="Undo the verdict").click()
    bare.close()

    assert stand(shop, number) == ("open", "")
    with shop.opened():
        kinds = Event.objects.filter(kind__in=["case.decided", "case.undone"]).order_by("pk")
        assert list(kinds.values_list("kind", flat=True)) == ["case.decided", "case.undone"]


def test_policy_and_lists_by_hand_and_on_a_phone(shop: House, make_person: MakePerson) -> None:
    (number,) = found_on_ann(shop)
    mia = make_person(shop, 390)
    mia.sign_in("mia@northwind.example")
    with shop.opened():
        program = int(Program.objects.get().pk)
    address = f"/admin/fraud/policy/program/{program}/"

    page = mia.open(address)
    page.get_by_label("Days for a review").fill("7")
    page.get_by_label("The buyer’s e-mail address looks like the affiliate’s: threshold").fill("0.9")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The policy is changed.")).to_be_visible()
    page = mia.open("/admin/fraud/listentry/add/")
    page.get_by_label("Kind").select_option("country")
    page.get_by_label("Entries").fill("de")
    page.get_by_label("allow: always let through").check()
    page.locator("[name=_save]").click()
    expect(page.locator("#result_list")).to_contain_text("DE")

    with shop.opened():
        policy = Policy.objects.get()
        assert (policy.review_days, policy.checks) == (7, {"lookalike_buyer": {"threshold": 0.9}})
        assert ListEntry.objects.filter(text="DE", is_allowed=True).count() == 1
    pages = [
        address,
        "/admin/fraud/policy/",
        "/admin/fraud/case/",
        f"/admin/fraud/case/{number}/change/",
        f"/admin/fraud/case/{number}/verdict/ban/",
        "/admin/fraud/listentry/",
        "/admin/fraud/exemption/add/",
        "/admin/fraud/relation/add/",
        "/admin/fraud/dryrun/",
    ]
    assert {page: pixels for page in pages if (pixels := mia.open(page).evaluate(STICKS_OUT)) > 0} == {}
