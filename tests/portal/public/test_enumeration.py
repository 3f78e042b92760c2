"""Nobody learns which addresses are known: not by the answer, not by the work that it takes."""

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.test import Client

from affiliates.models import Affiliate, Enrollment, Program
from core.models import User
from portal.models import Brand
from tests import makers
from tests.portal.public.test_apply import FORM

pytestmark = pytest.mark.django_db


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One item per password that is hashed, which is what takes the time."""
    done: list[int] = []
    real = MD5PasswordHasher.encode

    def counted(self: Any, *args: Any, **kwargs: Any) -> str:
        done.append(1)
        return str(real(self, *args, **kwargs))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return done


def tell(path: str, fields: dict[str, str], hashed: list[int]) -> tuple[Any, ...]:
    """Everything that a stranger could tell two answers apart by."""
    client, before = Client(), (len(hashed), len(mail.outbox))
    answer = client.post(path, fields)
    work = (len(hashed) - before[0], len(mail.outbox) - before[1])
    return answer.status_code, answer.headers.get("Location"), sorted(client.cookies), work


def test_application_does_not_tell(
    brand: Brand, program: Program, ann: Enrollment, hashed: list[int]
) -> None:
    page = f"/programs/{program.slug}/apply/"

    known = tell(page, {**FORM, "email": "ann@partner.example"}, hashed)

    assert known == tell(page, FORM, hashed)


def test_sign_up_does_not_tell(brand: Brand, ann: Enrollment, hashed: list[int]) -> None:
    fields = {"password1": FORM["password1"], "password2": FORM["password2"]}

    known = tell("/account/signup/", {**fields, "email": "ann@partner.example"}, hashed)

    assert known == tell("/account/signup/", {**fields, "email": "nobody@example.com"}, hashed)


def test_password_reset_does_not_tell(brand: Brand, ann: Enrollment, hashed: list[int]) -> None:
    known = tell("/account/password/reset/", {"email": "ann@partner.example"}, hashed)

    assert known == tell("/account/password/reset/", {"email": "nobody@example.com"}, hashed)


def test_log_in_does_not_tell(brand: Brand, ann: Enrollment, hashed: list[int]) -> None:
    known = tell("/account/login/", {"login": "ann@partner.example", "password": "wrong"}, hashed)

    assert known == tell("/account/login/", {"login": "nobody@example.com", "password": "wrong"}, hashed)


def held(program: Program) -> None:
    """An affiliate row of FORM's address that belongs to somebody whose account has another one by now."""
    user = makers.make_user("moved@example.com")
    Affiliate.objects.create(merchant=program.merchant, user=user, name="Nora", email=FORM["email"])


def test_held_address_does_not_tell_a_stranger(
    client: Client, brand: Brand, program: Program, hashed: list[int]
) -> None:
    held(program)

    answer = client.post(f"/programs/{program.slug}/apply/", FORM)

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/programs/{program.slug}/applied/")
    assert (User.objects.filter(email=FORM["email"]).count(), Enrollment.objects.count()) == (1, 0)


def test_held_address_is_explained_to_its_owner(client: Client, brand: Brand, program: Program) -> None:
    held(program)
    client.force_login(makers.make_user(FORM["email"]), backend="django.contrib.auth.backends.ModelBackend")

    answer = client.post(f"/programs/{program.slug}/apply/", FORM)

    refusal = "This address belongs to another partner. Please write to us."
    assert answer.context["form"].non_field_errors() == [refusal]


def test_code_that_no_database_keeps_recruits_nobody(client: Client, brand: Brand, program: Program) -> None:
    client.get(f"/programs/{program.slug}/?via=%00x")

    assert client.post(f"/programs/{program.slug}/apply/", FORM).status_code == 302
    assert Enrollment.objects.get().sponsor is None
