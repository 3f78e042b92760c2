"""An invitation is accepted by the person it was sent to, once."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from affiliates import actions as affiliates
from affiliates.models import Invitation, Member, Merchant
from core.models import User
from tests.makers import make_user

pytestmark = pytest.mark.django_db
NEW = {"name": "Nina New", "password": "correct horse battery"}


@pytest.fixture
def invitation(merchant: Merchant, olga: User) -> Invitation:
    return affiliates.invite_member(merchant, "nina@northwind.example", "finance", actor=olga)


def address(invitation: Invitation) -> str:
    return f"/join/{invitation.token}/"


def test_new_person_makes_an_account_and_is_in(client: Client, invitation: Invitation) -> None:
    answer = client.post(address(invitation), NEW)

    member = Member.objects.get(user__email="nina@northwind.example")
    assert (answer.status_code, answer.url) == (302, "/admin/")
    assert (member.role, member.user.name) == ("finance", "Nina New")
    assert EmailAddress.objects.get(user=member.user).verified is True
    assert client.session["_auth_user_id"] == str(member.user_id)


def test_weak_password_is_refused(client: Client, invitation: Invitation) -> None:
    answer = client.post(address(invitation), {"name": "Nina", "password": "nina@northwind.example"})

    assert list(answer.context["form"].errors) == ["password"]
    assert User.objects.filter(email="nina@northwind.example").exists() is False


def test_known_person_signs_in_first(client: Client, invitation: Invitation) -> None:
    make_user("nina@northwind.example")
    page = client.post(address(invitation), NEW)

    assert page.context["is_known"] is True
    assert Member.objects.filter(user__email="nina@northwind.example").count() == 0


def test_known_person_accepts_with_one_button(enter, invitation: Invitation) -> None:
    nina = make_user("nina@northwind.example")
    answer = enter(nina).post(address(invitation))

    assert (answer.url, Member.objects.get(user=nina).role) == ("/admin/", "finance")


def test_somebody_else_cannot_use_it(enter, invitation: Invitation, eve: User) -> None:
    client = enter(eve)

    assert client.get(address(invitation)).context["is_meant"] is False
    assert client.post(address(invitation)).status_code == 403
    assert Member.objects.filter(user=eve).count() == 0


@pytest.mark.parametrize("token", ["0.x", "x", "99999999999999999999.x", "1.é"])
def test_wrong_token_finds_nothing(client: Client, invitation: Invitation, token: str) -> None:
    assert client.get(f"/join/{token}/").status_code == 404
    assert client.get(f"/join/{invitation.pk}.{'0' * 64}/").status_code == 404


@pytest.mark.parametrize("field", ["accepted_at", "expires_at"])
def test_used_or_old_invitation_is_over(client: Client, invitation: Invitation, field: str) -> None:
    setattr(invitation, field, timezone.now() - timedelta(seconds=1))
    invitation.save()

    assert client.post(address(invitation), NEW).status_code == 404
    assert Member.objects.count() == 1
