"""Reviewing by hand: keys that can be switched off, a phone, and what goes wrong while one decides."""

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from affiliates.models import Member
from core.models import Event, User
from fraud.actions import verdicts
from fraud.models import Case
from tests import makers
from tests.browser.conftest import MakePerson, Person
from tests.browser.test_review import case_page, found_on_ann, stand
from tests.story.processes import House

pytestmark = pytest.mark.browser
MIA = "mia@northwind.example"
OPENED = "#verdict-dialog[open]"


def decided(shop: House) -> int:
    with shop.opened():
        return Event.objects.filter(kind="case.decided").count()


def forgiven(person: Person, *words: str) -> None:
    """Take the complaints off that a test provoked; there must be some, and no others."""
    assert person.complaints
    assert [said for said in person.complaints if not any(word in said for word in words)] == []
    person.complaints.clear()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def declining(shop: House, make_person: MakePerson) -> tuple[Person, Page, int]:
    """Mia, who is about to decline the case with that number: the reason is written, nothing is sent."""
    (number,) = found_on_ann(shop)
    mia = make_person(shop)
    mia.sign_in(MIA)
    page = case_page(mia, number)
    page.locator(".verdicts").get_by_role("link", name="Decline").click()
    page.locator(OPENED).get_by_label("Reason").fill("A long story.")
    return mia, page, number


def test_keys_can_be_switched_off_and_stay_so(shop: House, make_person: MakePerson) -> None:
    first, _second = found_on_ann(shop, 2)
    mia = make_person(shop)
    mia.sign_in(MIA)
    page = case_page(mia, first)
    here = page.url
    switch = page.locator(".keys-switch").get_by_label("Single keys act")

    press(page, "Control+c", "Alt+r", "Meta+h")
    page.get_by_role("button", name="Which keys").click()
    expect(page.locator("#keys-dialog[open]")).to_contain_text("Next case")
    press(page, "j", "c")  # while the sheet is open
    press(page, "Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    press(page, "k")
    expect(page.get_by_role("status")).to_have_text("This is the first case.")

    switch.uncheck()
    press(page, "c", "h", "r", "j", "?")
    page.reload()
    expect(switch).not_to_be_checked()
    expect(page.locator("[aria-keyshortcuts]")).to_have_count(0)
    press(page, "c", "j", "?")
    page.wait_for_timeout(300)
    assert (page.url, page.locator("dialog[open]").count()) == (here, 0)

    page = mia.open("/admin/fraud/case/")
    press(page, "j")
    expect(page.locator("#result_list th a:focus")).to_have_count(0)
    page.get_by_role("button", name="Which keys").click()
    page.locator("#keys-dialog").get_by_label("Single keys act").check()
    page.get_by_role("button", name="Close").click()
    press(page, "j", "j", "j", "k")  # two lines: the last, and back
    expect(page.locator("#result_list tbody tr").first.locator("th a")).to_be_focused()
    page.locator("#searchbar").press_sequentially("jk?")
    expect(page.locator("#searchbar")).to_have_value("jk?")


def test_verdicts_stand_at_the_bottom_of_a_phone(shop: House, make_person: MakePerson) -> None:
    (number,) = found_on_ann(shop)
    mia = make_person(shop, 390)
    mia.sign_in(MIA)
    page = case_page(mia, number)
    bar = page.get_by_role("navigation", name="Verdict")

    for link in bar.locator("a, button").all():
        box = link.bounding_box()
        assert box
        assert box["height"] >= 44
        assert box["y"] + box["height"] <= 900
    widths = "tables => tables.filter(one => one.scrollWidth > one.parentElement.clientWidth).length"
    assert page.eval_on_selector_all(".folds", widths) == 0
    bar.get_by_role("button", name="All verdicts").click()
    page.locator("#verdicts").get_by_role("link", name="Ban").click()
    expect(page.locator(f"{OPENED} h1")).to_have_text("Ban: Ann Archer")
    press(page, "Escape")
    bar.get_by_role("link", name="Clear").click()
    page.locator(OPENED).get_by_label("Reason").fill("A gift.")
    page.locator(OPENED).get_by_role("button", name="Decide: clear").click()
    expect(page.get_by_text("It can be undone until the next payout")).to_be_visible()
    expect(bar).to_have_count(0)

    assert stand(shop, number) == ("decided", "clear")


def test_without_network_or_session_nothing_is_lost_and_nothing_done_twice(
    shop: House, make_person: MakePerson
) -> None:
    (number,) = found_on_ann(shop)
    mia = make_person(shop)
    mia.sign_in(MIA)
    page = case_page(mia, number)
    mia.context.set_offline(True)
    page.locator(".verdicts").get_by_role("link", name="Decline").click()
    expect(page.get_by_role("status")).to_contain_text("No connection.")
    mia.context.set_offline(False)
    page.locator(".verdicts").get_by_role("link", name="Decline").click()
    dialog = page.locator(OPENED)
    dialog.get_by_label("Reason").fill("A long story.")

    mia.context.set_offline(True)
    dialog.get_by_role("button", name="Decide: decline").click()
    expect(dialog.get_by_role("alert")).to_contain_text("No connection")
    mia.context.set_offline(False)
    mia.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog.get_by_role("alert")).to_contain_text("You are signed out, and nothing was decided.")
    assert decided(shop) == 0
    with mia.context.expect_page() as opened:
        dialog.get_by_role("link", name="Sign in in another tab").click()
    tab = opened.value
    tab.get_by_label("E-mail").or_(tab.get_by_label("Email")).first.fill(MIA)
    tab.locator("input[name=password]").fill(makers.PASSWORD)
    tab.get_by_role("button", name="Sign in", exact=True).click()
    tab.wait_for_url("**/change/**")
    tab.close()
    expect(dialog.get_by_label("Reason")).to_have_value("A long story.")
    dialog.get_by_role("button", name="Try again").dblclick()
    expect(page.get_by_text("It can be undone until the next payout")).to_be_visible()

    assert (stand(shop, number), decided(shop)) == (("decided", "decline"), 1)
    forgiven(mia, "ERR_INTERNET_DISCONNECTED", "403")


def test_who_lost_the_role_meanwhile_is_told_so(shop: House, make_person: MakePerson) -> None:
    mia, page, _number = declining(shop, make_person)
    with shop.opened():
        Member.objects.filter(user__email=MIA).update(role="analyst")

    page.locator(OPENED).get_by_role("button", name="Decide: decline").click()
    expect(page.locator(OPENED).get_by_role("alert")).to_contain_text("You may not decide this any more")
    expect(page.locator(OPENED).get_by_label("Reason")).to_have_value("A long story.")

    assert decided(shop) == 0
    forgiven(mia, "403")


def test_double_click_decides_once_and_back_leads_to_the_list(shop: House, make_person: MakePerson) -> None:
    (number,) = found_on_ann(shop)
    mia = make_person(shop)
    mia.sign_in(MIA)
    page = mia.open("/admin/fraud/case/")
    page.locator("#result_list tbody th a").click()
    page.locator(".verdicts").get_by_role("link", name="Clear").click()
    page.locator(OPENED).get_by_label("Reason").fill("A gift.")

    page.locator(OPENED).get_by_role("button", name="Decide: clear").dblclick()
    expect(page.get_by_text("It can be undone until the next payout")).to_be_visible()
    page.go_back()

    expect(page.locator("#result_list")).to_contain_text("clear")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert (stand(shop, number), decided(shop)) == (("decided", "clear"), 1)


def test_colleague_who_decides_meanwhile_is_told_in_the_dialog(shop: House, make_person: MakePerson) -> None:
    _mia, page, number = declining(shop, make_person)
    with shop.opened():
        olga = User.objects.get(email="olga@northwind.example")
        verdicts.decide(Case.objects.get(pk=number), "clear", reason="a gift", actor=olga)

    page.locator(OPENED).get_by_role("button", name="Decide: decline").click()
    expect(page.locator(OPENED)).to_contain_text("It is decided already.")
    expect(page.locator(OPENED)).to_contain_text("A long story.")
    page.locator(OPENED).get_by_role("link", name="Back to the case").click()

    expect(page.locator("#case")).to_contain_text("“a gift”")
    expect(page.locator(".verdicts")).to_have_count(0)
    assert (stand(shop, number), decided(shop)) == (("decided", "clear"), 1)
