"""A manager who never saw JSON writes a plan in a real browser: by mouse, by keyboard alone, and without scripts."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from affiliates.models import Program
from commissions.actions import edit_draft, open_draft
from commissions.models import Draft, Plan
from commissions.starters import body_of
from core.models import User
from tests.browser.conftest import MakePerson, Person
from tests.story.processes import House

pytestmark = pytest.mark.browser
STICKS_OUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def started(shop: House) -> int:
    """A draft with one rate for everything; returns the plan's number."""
    with shop.opened():
        plan = Program.objects.get().plans.get()
        open_draft(plan, body_of("flat"), actor=User.objects.get(email="mia@northwind.example"))
        return int(plan.pk)


def stored(shop: House, plan: int) -> Any:
    with shop.opened():
        return Draft.objects.get(plan=plan).body


def draft(mia: Person, plan: int) -> Page:
    return mia.open(f"/admin/commissions/plan/{plan}/draft/")


def test_plan_is_written_tried_and_published(shop: House, make_person: MakePerson) -> None:
    mia = make_person(shop)
    mia.sign_in("mia@northwind.example")
    page = mia.open("/admin/commissions/plan/add/")
    page.get_by_label("Name").fill("Volume")
    page.get_by_text("The more they sell, the more they get").click()
    page.locator("[name=_save]").click()
    page.wait_for_url("**/draft/")
    expect(page.locator("#outcome .earns")).to_contain_text("€12.00")

    page.get_by_role("button", name="a category").click()
    page.get_by_label("Category", exact=True).first.fill("Shoes")
    page.get_by_label("Rate", exact=True).fill("12,5 %")
    expect(page.locator("#live")).to_contain_text("pays 12.5 %")
    expect(page.locator("#outcome .earns")).to_contain_text("€15.00")
    page.get_by_role("button", name="Save the rule").click()
    expect(page.locator("#rule-1 .rule-reward")).to_have_text("12.5 %")

    page.get_by_role("button", name="Review and publish").click()
    page.wait_for_url("**/publish/")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Publish version 1").click()
    page.wait_for_url("**/change/")
    with shop.opened():
        body = Plan.objects.get(name="Volume").versions.get().body
        assert [rule["reward"].get("rate") for rule in body["rules"]] == [None, "12.5"]


def test_keyboard_alone_moves_rules_and_adds_conditions(shop: House, make_person: MakePerson) -> None:
    plan = started(shop)
    mia = make_person(shop)
    mia.sign_in("mia@northwind.example")
    page = draft(mia, plan)

    page.locator("#add-rule").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True).first).to_be_focused()
    page.locator("#add-condition").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the first of the menu: category
    expect(page.locator("#in-when-categories")).to_be_focused()
    page.keyboard.type("Boots")
    page.get_by_label("Rate", exact=True).focus()
    page.keyboard.type("7")
    page.keyboard.press("Enter")

    expect(page.locator("#open-rule-1")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#down-rule-0")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#up-rule-1")).to_be_focused()
    assert [rule["name"] for rule in stored(shop, plan)["rules"]] == ["Every sale", "Boots"]

    page.locator("#rule-1").get_by_role("button", name="Delete").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#rule-1 .conditions")).to_contain_text("Boots")


def test_second_person_loses_nothing(shop: House, make_person: MakePerson) -> None:
    plan = started(shop)
    mia = make_person(shop)
    mia.sign_in("mia@northwind.example")
    page = draft(mia, plan)
    page.locator("#open-rule-0").click()
    expect(page.get_by_label("Name", exact=True).first).to_be_focused()  # the card has settled
    page.get_by_label("Rate", exact=True).fill("11")
    with shop.opened():
        row = Plan.objects.get(pk=plan)
        edit_draft(
            row,
            0,
            lambda body: {**body, "maturity_days": 60},
            actor=User.objects.get(email="olga@northwind.example"),
        )

    page.get_by_role("button", name="Save the rule").click()
    expect(page.get_by_text("changed this draft in the meantime")).to_be_visible()
    expect(page.get_by_label("Rate", exact=True)).to_have_value("11")
    page.get_by_role("button", name="Save the rule").click()
    expect(page.locator("#rule-0 .rule-reward")).to_have_text("11 %")

    body = stored(shop, plan)
    assert (body["maturity_days"], body["rules"][0]["reward"]["rate"]) == (60, "11")


def test_phone_shows_all_of_it_and_scripts_are_not_needed(
    shop: House, make_person: MakePerson, browser: Browser
) -> None:
    plan = started(shop)
    mia = make_person(shop, 390)
    mia.sign_in("mia@northwind.example")
    parts = (
        "change/",
        "draft/",
        "draft/?open=rule-0",
        "draft/?open=levels",
        "draft/json/",
        "publish/",
        "transfers/",
    )
    pages = [f"/admin/commissions/plan/{plan}/{part}" for part in parts]
    assert {page: pixels for page in pages if (pixels := mia.open(page).evaluate(STICKS_OUT)) > 0} == {}

    bare = browser.new_context(java_script_enabled=False, storage_state=mia.context.storage_state())
    page = bare.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{mia.address}/admin/commissions/plan/{plan}/draft/")
    page.locator("#open-rule-0").click()
    page.locator("#add-condition").click()
    page.get_by_role("button", name="Country").click()
    page.get_by_label("Country").first.fill("DE, AT")
    page.locator(".open .acts .default").click()
    expect(page.locator("#rule-0 .conditions")).to_contain_text("Germany")
    bare.close()
    assert stored(shop, plan)["rules"][0]["when"] == {"countries": ["DE", "AT"]}
