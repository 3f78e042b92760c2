"""The first day: an empty installation is founded once, and only by whom the operator lets."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from affiliates.models import Member, Merchant, Program
from commissions.models import Plan
from core.models import Event, User
from portal.models import Brand
from portal.setup import token

pytestmark = pytest.mark.django_db
FORM = {
    "name": "Olga Owner",
    "email": "Olga@Northwind.example",
    "password": "correct horse battery",
    "company": "Northwind",
    "program_name": "Partner program",
    "currency": "eur",
    "home_url": "https://shop.example.com/",
    "allowed_hosts": "blog.example.com",
    "time_zone": "Europe/Berlin",
    "starter": "everyone",
    "rate": "10",
    "colour": "#14634d",
    "host": "testserver",
}


@pytest.fixture
def production(settings, tmp_path) -> None:
    settings.PRODUCTION = True
    settings.VAR_DIR = tmp_path


def test_first_page_of_an_empty_installation_is_the_first_day(client: Client) -> None:
    response = client.get("/")

    assert (response.status_code, response.url) == (302, "/start/")


def test_founding_makes_everything_and_signs_the_owner_in(client: Client) -> None:
    response = client.post("/start/", FORM)

    program = Program.objects.get()
    assert (response.status_code, response.url) == (302, f"/start/checklist/{program.pk}/")
    member = Member.objects.get()
    assert (member.user.email, member.role, member.merchant.name) == (
        "olga@northwind.example",
        "owner",
        "Northwind",
    )
    assert EmailAddress.objects.filter(email=member.user.email, verified=True, primary=True).count() == 1
    assert (program.currency, program.allowed_hosts) == ("EUR", ["shop.example.com", "blog.example.com"])
    assert (Plan.objects.get().name, Brand.objects.get().host) == ("Standard", "testserver")
    assert client.get(response.url).status_code == 200


def test_founding_is_told_as_events(client: Client) -> None:
    client.post("/start/", FORM)

    kinds = Event.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == [
        "merchant.created", "program.created", "plan.published", "plan.assigned", "brand.changed"
    ]  # fmt: skip


def test_founded_installation_has_no_first_day(client: Client, merchant: Merchant) -> None:
    assert client.get("/start/").status_code == 404
    assert client.post("/start/", FORM).status_code == 404
    assert (Merchant.objects.count(), User.objects.filter(email="olga@northwind.example").count()) == (1, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("password", "olga@northwind.example"),
        ("currency", "XXX"),
        ("host", "elsewhere.example"),
        ("colour", "red"),
        ("email", "nobody"),
        ("time_zone", "Mars/Olympus"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(client: Client, field: str, value: str) -> None:
    response = client.post("/start/", {**FORM, field: value})

    assert list(response.context["form"].errors) == [field]
    assert (Merchant.objects.count(), User.objects.count()) == (0, 0)


def test_production_demands_the_token(client: Client, production: None) -> None:
    answers = [client.get("/start/"), client.post("/start/", {**FORM, "token": "guessed"})]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert Merchant.objects.count() == 0


def test_token_opens_once_and_only_its_hash_is_kept(client: Client, production: None, tmp_path) -> None:
    secret = token.make()
    assert (tmp_path / token.FILE).read_text() != secret

    assert client.get("/start/", {"token": secret}).status_code == 200
    assert client.post("/start/", {**FORM, "token": secret}).status_code == 302
    assert (tmp_path / token.FILE).exists() is False


def test_newer_token_ends_the_older(production: None) -> None:
    old, new = token.make(), token.make()

    assert [token.fits(old), token.fits(new)] == [False, True]


def test_server_prints_a_token_once(client: Client, production: None, caplog) -> None:
    client.get("/start/")
    client.get("/start/")

    assert [
        record.message.count("/start/?token=") for record in caplog.records if record.name == token.__name__
    ] == [1]
