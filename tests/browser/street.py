"""A portal and a shop that a whole module of tests shares; whoever comes by is another visitor."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser
from pytest_django.plugin import DjangoDbBlocker

from affiliates.models import AttributionTerms, Link, Program
from tests.browser.shops import STRICT, Storefront, Visitor, opened
from tests.story import databases
from tests.story.processes import House

WINDOW = 10 * 86_400  # seconds: not the tag's own assumption
A, B, PAYMENT = "a.shop.localhost", "b.shop.localhost", "127.0.0.1"
MakeVisitor = Callable[..., Visitor]


@pytest.fixture(scope="module")
def portal(
    built: str, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[House]:
    """Northwind's portal on the host localhost; its database can be read."""
    folder = tmp_path_factory.mktemp("house")
    house = House(folder, databases.copy(built, folder))
    with django_db_blocker.unblock(), house.opened():
        yield house
    house.end()
    databases.drop(house.name)


@pytest.fixture(scope="module")
def open_front(portal: House) -> Iterator[Storefront]:
    """The shop, on three hosts to which the program's links may lead."""
    with opened(Storefront(f"http://localhost:{portal.port}", "")) as front:
        program = Program.objects.get()
        program.home_url = front.at("/", A)
        program.allowed_hosts = ["shop.example.com", *(f"{host}:{front.port}" for host in (A, B, PAYMENT))]
        program.save()
        Link.objects.update(destination=program.home_url)
        AttributionTerms.objects.update(window_hours=WINDOW // 3600)
        front.key = program.tag_key
        portal.web()
        yield front


@pytest.fixture
def front(open_front: Storefront) -> Storefront:
    """The shop with nothing but its home page, and a policy that allows the tag and nothing else."""
    open_front.pages, open_front.scripts, open_front.sent = {}, {}, []
    open_front.policy, open_front.head, open_front.attributes, open_front.snippet = STRICT, "", "", None
    return open_front


@pytest.fixture
def make_visitor(browser: Browser, front: Storefront) -> Iterator[MakeVisitor]:
    """Give somebody a browser; whatever it complained of, a refused script too, fails the test."""
    visitors: list[Visitor] = []

    def _make(script: str = "") -> Visitor:
        visitors.append(Visitor(browser, front))
        if script:
            visitors[-1].context.add_init_script(script)
        return visitors[-1]

    yield _make
    for visitor in visitors:
        visitor.context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


@pytest.fixture
def visitor(make_visitor: MakeVisitor) -> Visitor:
    """Somebody with an ordinary browser."""
    return make_visitor()


def follows_link(visitor: Visitor, code: str = "ann-archer") -> str:
    """Follow an affiliate's link to the shop; return the click's id."""
    visitor.opens(f"{visitor.front.portal}/r/{code}")
    return visitor.page.url.partition("tid=")[2][:32]
