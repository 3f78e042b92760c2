from collections.abc import Callable

import pytest
from django.test import Client

from affiliates.models import Affiliate, Enrollment, Payee
from core.models import User
from portal.models import Brand
from tests import makers

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]
BANK = {"method": "bank", "holder": "Ann Archer", "account": "NL91 ABNA 0417 1643 00"}


@pytest.fixture
def signed_in(client: Client, ann: Enrollment, brand: Brand) -> Client:
    """Ann, who has just typed her password."""
    return _signed_in(client, ann)


def _signed_in(client: Client, who: Enrollment) -> Client:
    client.post("/account/login/", {"login": who.affiliate.email, "password": makers.PASSWORD})
    client.post("/account/reauthenticate/", {"password": makers.PASSWORD})
    return client


def test_profile_is_changed(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    enter(ann).post("/profile/", {"name": "Ann A. Archer", "country": "NL", "website": "ann.example"})

    changed = Affiliate.objects.get(pk=ann.affiliate_id)
    assert (changed.name, changed.country, changed.website) == ("Ann A. Archer", "NL", "https://ann.example")


def test_unknown_country_is_refused(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    answer = enter(ann).post("/profile/", {"name": "Ann", "country": "QO"})

    assert list(answer.context["form"].errors) == ["country"]


def test_payout_details_need_the_password_first(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    answer = enter(ann).post("/profile/payee/", BANK)

    assert answer.url.partition("?")[0] == "/account/reauthenticate/"
    assert Payee.objects.count() == 0


def test_bank_account_is_stored_and_only_its_end_is_shown(signed_in: Client, ann: Enrollment) -> None:
    signed_in.post("/profile/payee/", BANK)

    text = signed_in.get("/profile/").content.decode() + signed_in.get("/profile/payee/").content.decode()

    assert Payee.objects.get().details == {"account": "NL91ABNA0417164300"}
    assert [text.count(account) for account in ("0417164300", "NL91")] == [0, 0]
    assert (text.count("NL•• 4300") >= 2) is True


@pytest.mark.parametrize("account", ["NL91 ABNA 0417 1643 01", "ann@example.com", ""])
def test_wrong_iban_is_refused(signed_in: Client, account: str) -> None:
    answer = signed_in.post("/profile/payee/", {**BANK, "account": account})

    assert list(answer.context["form"].errors) == ["account"]
    assert Payee.objects.count() == 0


def test_paypal_address_is_masked(signed_in: Client) -> None:
    signed_in.post("/profile/payee/", {"method": "paypal", "holder": "Ann", "account": "Ann@Mail.example"})

    assert Payee.objects.get().label == "a•••@mail.example"


def test_applicant_may_enter_payout_details_already(client: Client, brand: Brand, ann: Enrollment) -> None:
    waiting = makers.make_enrollment(ann.program, "Wim Waits", active=False)

    _signed_in(client, waiting).post("/profile/payee/", BANK)

    assert Payee.objects.get().affiliate == waiting.affiliate


@pytest.mark.parametrize("page", ["/account/email/", "/account/2fa/", "/account/password/change/"])
def test_account_pages_stand_in_the_portal(signed_in: Client, page: str) -> None:
    answer = signed_in.get(page)

    assert [template.name for template in answer.templates].count("layouts/portal.html") == 1


def test_account_pages_of_a_manager_stand_alone(enter: Enter, brand: Brand, mia: User) -> None:
    answer = enter(mia).get("/account/2fa/")

    assert [template.name for template in answer.templates].count("layouts/plain.html") == 1
