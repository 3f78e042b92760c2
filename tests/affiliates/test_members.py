"""Colleagues: offers of a role, and who stays."""

import pytest

from affiliates import actions
from affiliates.models import Member, Merchant
from affiliates.roles import NotAllowed
from core.models import User
from tests.makers import make_user

pytestmark = pytest.mark.django_db


def test_last_owner_stays_one_whatever_an_invitation_offers(merchant: Merchant, olga: User) -> None:
    invitation = actions.invite_member(merchant, olga.email, "analyst", actor=olga)

    assert actions.accept_invitation(invitation.token, olga).role == "owner"


def test_owner_of_two_may_accept_a_lower_role(merchant: Merchant, olga: User) -> None:
    otto = make_user("otto@northwind.example")
    for role in ("owner", "analyst"):
        invitation = actions.invite_member(merchant, otto.email, role, actor=olga)
        actions.accept_invitation(invitation.token, otto)

    assert Member.objects.get(user=otto).role == "analyst"


def test_older_invitation_does_not_give_back_what_was_taken(merchant: Merchant, olga: User) -> None:
    otto = make_user("otto@northwind.example")
    first, second = (actions.invite_member(merchant, otto.email, "owner", actor=olga) for _n in range(2))
    member = actions.accept_invitation(first.token, otto)
    actions.change_member(member, actor=olga, is_active=False)

    with pytest.raises(NotAllowed):
        actions.accept_invitation(second.token, otto)

    member.refresh_from_db()
    assert member.is_active is False


def test_new_invitation_lets_a_former_colleague_in_again(merchant: Merchant, olga: User) -> None:
    otto = make_user("otto@northwind.example")
    offer = actions.invite_member(merchant, otto.email, "finance", actor=olga)
    member = actions.accept_invitation(offer.token, otto)
    actions.change_member(member, actor=olga, is_active=False)

    again = actions.invite_member(merchant, otto.email, "analyst", actor=olga)

    assert actions.accept_invitation(again.token, otto).is_active is True
