"""An empty installation becomes a company with a program, in the browser."""

import pytest
from playwright.sync_api import expect

from affiliates.models import Merchant, Program
from tests.browser.conftest import MakePerson, open_doors
from tests.makers import PASSWORD
from tests.story import books, databases
from tests.story.processes import House

pytestmark = pytest.mark.browser


@pytest.fixture
def empty(tmp_path, django_db_blocker):
    house = House(tmp_path, databases.copy("", tmp_path))
    with django_db_blocker.unblock():
        assert house.start("migrate", ["manage.py", "migrate", "-v0"]).wait() == 0
        yield open_doors(house)
    house.end()
    databases.drop(house.name)


def test_first_page_founds_the_company_and_leads_on(empty: House, make_person: MakePerson) -> None:
    owner = make_person(empty)
    page = owner.open("/")
    page.wait_for_url("**/start/**")
    answers = {
        "name": "Olga Owner",
        "email": "olga@northwind.example",
        "password": PASSWORD,
        "company": "Northwind",
        "program_name": "Partners",
        "home_url": "https://shop.example.com/",
    }
    for name, answer in answers.items():
        page.locator(f"[name={name}]").fill(answer)
    page.locator("form button[type=submit]").last.click()
    page.wait_for_url("**/start/checklist/**")

    page.get_by_role("button", name="Send a test order").click()
    expect(page.get_by_text("pays").first).to_be_visible()
    with empty.opened():
        assert (Merchant.objects.get().name, Program.objects.get().name) == ("Northwind", "Partners")
        assert books.breaches() == []
