"""`manage.py start` founds by flags or by asking, and prints the way in."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from affiliates.models import Member, Merchant, Program
from commissions.models import PlanVersion
from portal.models import Brand
from portal.setup import token

pytestmark = pytest.mark.django_db
FLAGS = {
    "name": "Olga Owner",
    "email": "olga@northwind.example",
    "company": "Northwind",
    "home_url": "https://shop.example.com/",
    "host": "partners.localhost",
}


@pytest.fixture
def password(tmp_path: Path) -> str:
    path = tmp_path / "password"
    path.write_text("correct horse battery\n")
    return str(path)


def test_flags_alone_found_the_installation(password: str) -> None:
    out = StringIO()

    call_command("start", no_input=True, password_file=password, **FLAGS, rate="12.5", stdout=out)

    owner = Member.objects.get().user
    assert (owner.email, owner.check_password("correct horse battery")) == ("olga@northwind.example", True)
    assert (Program.objects.get().name, Brand.objects.get().host) == ("Partner program", "partners.localhost")
    assert PlanVersion.objects.get().body["rules"][0]["reward"] == {"type": "percent", "rate": "12.5"}
    assert out.getvalue() == "Partner program of Northwind is set up; olga@northwind.example may sign in.\n"


def test_missing_answers_are_named_and_nothing_is_made() -> None:
    with pytest.raises(CommandError) as refused:
        call_command("start", no_input=True, **{**FLAGS, "email": "", "host": "elsewhere.example"})

    named = [line.partition(":")[0] for line in str(refused.value).splitlines()]
    assert named == ["email", "password", "host"]
    assert Merchant.objects.count() == 0


def test_what_no_flag_says_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "")
    monkeypatch.setattr("portal.management.commands.start.getpass", lambda _question: "correct horse battery")

    call_command("start", **FLAGS, stdout=StringIO())

    assert asked[0] == "Program [Partner program]: "
    assert (len(asked), Merchant.objects.count()) == (9, 1)


def test_passwords_that_differ_found_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["correct horse battery", "correct horse batter"])
    monkeypatch.setattr("builtins.input", lambda _question: "")
    monkeypatch.setattr("portal.management.commands.start.getpass", lambda _question: next(typed))

    with pytest.raises(CommandError, match=r"^The passwords differ\.$"):
        call_command("start", **FLAGS)

    assert Merchant.objects.count() == 0


def test_token_is_printed_as_an_address(settings, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.PRODUCTION = tmp_path, True
    out = StringIO()

    call_command("start", token=True, stdout=out)

    address, _, secret = out.getvalue().strip().partition("?token=")
    assert (address, token.fits(secret)) == (f"{settings.PUBLIC_URL}/start/", True)


def test_founded_installation_is_not_founded_again(merchant: Merchant, password: str) -> None:
    with pytest.raises(CommandError, match=r"^This installation was founded already\.$"):
        call_command("start", no_input=True, password_file=password, **FLAGS)

    assert Merchant.objects.count() == 1
