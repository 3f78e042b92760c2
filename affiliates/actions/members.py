"""A company and its people."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Invitation, Member, Merchant, Role
from affiliates.roles import NotAllowed, demand
from core import events
from core.models import User

INVITATION_LIFE = timedelta(days=14)


@transaction.atomic
def create_merchant(name: str, slug: str, owner: User, *, at: datetime | None = None) -> Merchant:
    """Found a company with its first owner."""
    merchant = Merchant.objects.create(name=name, slug=slug, created_at=at or timezone.now())
    Member.objects.create(merchant=merchant, user=owner, role=Role.OWNER)
    events.record("merchant.created", merchant, tenant=merchant.pk, actor=owner, at=at)
    return merchant


@transaction.atomic
def invite_member(
    merchant: Merchant, email: str, role: str, *, actor: User, at: datetime | None = None
) -> Invitation:
    """Offer a role to an address; the mail that follows carries the invitation's token."""
    demand(actor, "manage_members", merchant)
    now = at or timezone.now()
    invitation = Invitation.objects.create(
        merchant=merchant,
        email=email.strip().lower(),
        role=role,
        invited_by=actor,
        created_at=now,
        expires_at=now + INVITATION_LIFE,
    )
    data = {"email": invitation.email, "role": role}
    events.record("member.invited", invitation, tenant=merchant.pk, actor=actor, at=at, data=data)
    return invitation


@transaction.atomic
def accept_invitation(token: str, user: User, *, at: datetime | None = None) -> Member:
    """Join by a token; the last owner stays one, whatever the token offers.

    Raises NotAllowed if it is unknown, used, too old or was sent to another address.
    """
    now = at or timezone.now()
    invitation = _invitation(token)
    if invitation is None or invitation.expires_at < now or invitation.email != user.email:
        raise NotAllowed(_("This invitation is not valid (any more). Ask for a new one."))
    member: Member | None = Member.objects.filter(merchant=invitation.merchant, user=user).first()
    if invitation.accepted_at is not None:
        if member is None:
            raise NotAllowed(_("This invitation was used already. Ask for a new one."))
        return member
    _one_at_a_time(invitation.merchant_id)
    role = Role.OWNER if _is_last_owner(invitation.merchant_id, user) else invitation.role
    joined: Member
    joined, _made = Member.objects.update_or_create(
        merchant=invitation.merchant, user=user, defaults={"role": role, "is_active": True}
    )
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    events.record(
        "member.joined", joined, tenant=joined.merchant_id, actor=user, at=at, data={"role": joined.role}
    )
    return joined


@transaction.atomic
def change_member(
    member: Member,
    *,
    actor: User,
    role: str | None = None,
    is_active: bool | None = None,
    at: datetime | None = None,
) -> Member:
    """Give a colleague another role, or close or open the door; the last active owner stays."""
    _one_at_a_time(member.merchant_id)
    member = Member.objects.select_for_update(of=("self",)).select_related("user").get(pk=member.pk)
    demand(actor, "manage_members", member.merchant_id)
    old = {"role": member.role, "is_active": member.is_active}
    member.role = role or member.role
    member.is_active = member.is_active if is_active is None else is_active
    new = {"role": member.role, "is_active": member.is_active}
    if new == old:
        return member
    member.save(update_fields=["role", "is_active"])
    if not _owners(member.merchant_id):
        raise NotAllowed(_("A company needs at least one active owner."))
    # an older offer, to them or by them, must not give back what was just taken
    own = Q(email=member.user.email) | Q(invited_by=member.user)
    offers = Invitation.objects.filter(own, merchant=member.merchant_id, accepted_at=None)
    offers.update(expires_at=at or timezone.now())
    events.record(
        "member.changed", member, tenant=member.merchant_id, actor=actor, at=at, data={"from": old, "to": new}
    )
    return member


def _one_at_a_time(merchant: int) -> None:
    """Let changes of a company's people follow each other: two owners could else dismiss one another."""
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant)


def _owners(merchant: int) -> list[int]:
    owners = Member.objects.filter(merchant=merchant, role=Role.OWNER, is_active=True)
    return list(owners.values_list("user_id", flat=True))


def _is_last_owner(merchant: int, user: User) -> bool:
    return _owners(merchant) == [user.pk]


def _invitation(token: str) -> Invitation | None:
    """Return the invitation, locked, if the token is the one that was derived for it."""
    number = token.partition(".")[0]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    found: Invitation | None = Invitation.objects.select_for_update().filter(pk=int(number)).first()
    return found if found and secrets.compare_digest(found.token.encode(), token.encode()) else None
