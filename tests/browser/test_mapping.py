"""A manager points at the fields of a sample in a real browser: by mouse, by keyboard alone, and without scripts."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from affiliates.models import Program
from integrations.models import Connection, Inbound, Mapping
from tests import makers
from tests.browser.conftest import MakePerson, Person
from tests.integrations.inbox import PAID
from tests.story.processes import House

pytestmark = pytest.mark.browser
STICKS_OUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LOOK = os.environ.get("LOOK")  # a folder for pictures, to look at the pages


def connected(shop: House, message: Any = None) -> int:
    """A connection to a system of the house's own, which has sent a message; returns its number."""
    with shop.opened():
        inbox = makers.make_connection(Program.objects.get(), connector="inbox", name="Own", source="own")
        if message is not None:
            body = json.dumps(message).encode()
            Inbound.objects.create(
                connection=inbox, dedupe_key="1", topic="order.paid", body=body, state="done"
            )
        return int(inbox.pk)


def saved(shop: House, inbox: int) -> dict[str, str]:
    """What the newest version says: field -> path."""
    with shop.opened():
        newest = Mapping.objects.filter(connection=Connection.objects.get(pk=inbox)).latest("version")
        return {row["target"]: row.get("source", "") for row in newest.rows["rows"]}


def picture(page: Page, name: str) -> None:
    if LOOK:
        page.screenshot(path=Path(LOOK) / f"{name}.png", full_page=True)


def open_editor(mia: Person, inbox: int) -> Page:
    mia.sign_in("mia@northwind.example")
    return mia.open(f"/admin/integrations/connection/{inbox}/mappings/in/order/")


def test_fields_are_pointed_at_and_the_order_is_seen_before_it_is_saved(
    shop: House, make_person: MakePerson
) -> None:
    inbox = connected(shop)
    page = open_editor(make_person(shop), inbox)
    picture(page, "empty")
    page.locator("#sample").fill(json.dumps(PAID))
    page.get_by_role("button", name="Try", exact=True).last.click()
    expect(page.locator("#pointing-at")).to_have_text("Order’s number")

    page.locator('.leaf[data-path="order.id"]').click()
    expect(page.locator("#pointing-at")).to_have_text("Total")
    page.locator('.leaf[data-path="order.total_price"]').click()
    page.locator('.leaf[data-path="order.currency"]').click()
    expect(page.locator("#outcome")).to_contain_text("This order would be taken")
    expect(page.locator("#outcome")).to_contain_text("€129.90")
    page.get_by_label("What fills “Line: SKU”").focus()
    page.locator('.leaf[data-path="order.line_items[0].sku"]').click()
    expect(page.get_by_label("What fills “Line: SKU”")).to_have_value("path:order.line_items[].sku")
    page.get_by_label("What fills “Line: net amount”").select_option("formula")
    page.get_by_label("Text or formula of “Line: net amount”").fill(
        "{order.line_items[].price} * {order.line_items[].quantity}"
    )
    expect(page.locator("#outcome")).to_contain_text("1 × MUG €80.00")
    picture(page, "desktop")
    page.get_by_role("button", name="Save as a new version").click()

    expect(page.get_by_text("Version 1 of the mapping “order” holds from now on.")).to_be_visible()
    assert saved(shop, inbox) == {
        "order.number": "order.id",
        "order.total": "order.total_price",
        "order.currency": "order.currency",
        "lines[].sku": "order.line_items[].sku",
        "lines[].net": "",
    }


def test_keyboard_alone_points_and_saves(shop: House, make_person: MakePerson) -> None:
    inbox = connected(shop, {"nr": "A1", "sum": "5.00", "cur": "EUR"})
    page = open_editor(make_person(shop), inbox)
    page.get_by_label("What fills “Order’s number”").focus()
    page.locator('.leaf[data-path="nr"]').focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # the next value; the next needed field is chosen for by itself
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#outcome")).to_contain_text("€5.00")
    page.get_by_role("button", name="Save as a new version").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Version 1 of the mapping")).to_be_visible()

    assert saved(shop, inbox) == {"order.number": "nr", "order.total": "sum", "order.currency": "cur"}


def test_phone_shows_all_of_it_in_the_dark(shop: House, make_person: MakePerson) -> None:
    inbox = connected(shop, PAID)
    mia = make_person(shop, 390)
    page = open_editor(mia, inbox)
    assert page.evaluate(STICKS_OUT) == 0
    page.emulate_media(color_scheme="dark")
    picture(page, "phone")
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_text("Version 1 of the mapping")).to_be_visible()
    for address in ("mappings/", "change/"):
        page = mia.open(f"/admin/integrations/connection/{inbox}/{address}")
        assert page.evaluate(STICKS_OUT) == 0
        picture(page, "phone-" + address.strip("/"))
    page.set_viewport_size({"width": 1280, "height": 900})
    picture(page, "desktop-connection-dark")
    picture(mia.open(f"/admin/integrations/connection/{inbox}/mappings/"), "desktop-list-dark")
    picture(mia.open(f"/admin/integrations/connection/{inbox}/mappings/in/order/"), "desktop-dark")


def test_without_scripts_the_lists_of_paths_do_it(
    shop: House, make_person: MakePerson, browser: Browser
) -> None:
    inbox = connected(shop, {"nr": "A1", "sum": "5.00", "cur": "EUR"})
    mia = make_person(shop)
    mia.sign_in("mia@northwind.example")
    cookies = mia.context.storage_state()
    context = browser.new_context(storage_state=cookies, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{mia.address}/admin/integrations/connection/{inbox}/mappings/in/order/")

    page.get_by_label("What fills “Order’s number”").select_option("path:nr")
    page.get_by_label("What fills “Total”").select_option("path:sum")
    page.get_by_label("What fills “Currency”").select_option("text")
    page.get_by_label("Text or formula of “Currency”").fill("EUR")
    page.get_by_role("button", name="Try", exact=True).last.click()
    expect(page.locator("#outcome")).to_contain_text("€5.00")
    page.get_by_role("button", name="Save as a new version").click()

    assert saved(shop, inbox) == {"order.number": "nr", "order.total": "sum", "order.currency": ""}
    context.close()
