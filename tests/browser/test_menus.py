"""The menu behind “More” of a manager's page, by keyboard alone and by mouse."""

import pytest
from playwright.sync_api import expect

from affiliates.models import Program
from tests import makers
from tests.browser.conftest import MakePerson
from tests.story.processes import House

pytestmark = pytest.mark.browser


def test_menu_closes_by_escape_and_by_a_click_elsewhere(shop: House, make_person: MakePerson) -> None:
    with shop.opened():
        row = makers.make_connection(Program.objects.get(), connector="webhook", source="hear")
    mia = make_person(shop)
    mia.sign_in("mia@northwind.example")
    page = mia.open(f"/admin/integrations/connection/{row.pk}/change/")
    menu, button = page.locator(".more-acts[open]"), page.locator(".more-acts summary")

    button.press("Enter")
    expect(menu).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")

    expect(menu).to_have_count(0)
    expect(button).to_be_focused()

    button.click()
    expect(menu).to_have_count(1)
    page.locator("h1").click()

    expect(menu).to_have_count(0)
