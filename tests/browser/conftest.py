"""A real browser before a real server: granian with the edge in it, a worker, and a database of their own."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from affiliates.models import Merchant, Program
from tests import makers
from tests.browser.street import front, make_visitor, open_front, portal, visitor  # noqa: F401 - fixtures
from tests.story import processes
from tests.story.conftest import built, make_house  # noqa: F401 - fixtures
from tests.story.processes import House

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    expect.set_options(timeout=20_000)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
        "1"  # the browser's loop stands in this thread; our queries may too
    )
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-sync"])
        yield started
        started.close()


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.address = context, address
        self.page: Page = context.new_page()
        self.page.set_default_timeout(20_000)
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.hear(message.type, message.text))
        self.page.on("pageerror", lambda error: self.hear("error", str(error)))

    def hear(self, kind: str, text: str) -> None:
        """Keep what the browser complains of: refused scripts and styles, errors."""
        if kind == "error":
            self.complaints.append(text)

    def open(self, path: str) -> Page:
        """Open a page of the portal."""
        self.page.goto(path if path.startswith("http") else self.address + path)
        return self.page

    def sign_in(self, email: str, password: str = makers.PASSWORD) -> Page:
        """Sign in through the page."""
        page = self.open("/account/login/")
        page.get_by_label("Email").or_(page.get_by_label("E-mail")).first.fill(email)
        page.locator("input[name=password]").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/account/login" not in url)
        return page


MakePerson = Callable[..., Person]


@pytest.fixture
def make_person(browser: Browser) -> Iterator[MakePerson]:
    """Give somebody a browser; whatever it complained of fails the test."""
    people: list[Person] = []

    def _make(shop: House, width: int = 1280) -> Person:
        address = f"http://localhost:{shop.port}"
        people.append(Person(browser.new_context(viewport={"width": width, "height": 900}), address))
        return people[-1]

    yield _make
    for person in people:
        person.context.close()
    assert [complaint for person in people for complaint in person.complaints] == []


@pytest.fixture
def shop(make_house: Callable[[], House]) -> House:  # noqa: F811 - the fixture above
    """Northwind on the host localhost, with web and worker running."""
    shop = make_house()
    with shop.opened():
        program = Program.objects.get()
        program.name, program.slug = "Partner program", "partners"
        program.save()
        makers.make_brand(Merchant.objects.get(), program, host="localhost")
    return open_doors(shop)


def open_doors(shop: House) -> House:
    """Start web and worker; mail goes to their logs."""
    said = {"EMAIL_URL": "console:", "PUBLIC_URL": f"http://localhost:{shop.port}"}
    shop.web(**said)
    shop.worker(**said)
    return shop


def mailed(shop: House, pattern: str) -> str:
    """Return the first thing in the mails sent so far that fits the pattern; waits for it."""

    def find() -> re.Match[str] | None:
        said = "".join(running.log.read_text(errors="replace") for running in shop.running)
        return re.search(pattern, said.replace("=\n", "").replace("=3D", "="))

    processes.wait_for(find, f"a mail with {pattern}")
    found = find()
    assert found
    return found[0]
