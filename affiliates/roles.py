"""Who may what: the one table, and the questions asked of it."""

from typing import Any

from affiliates.models import Member, Merchant, Role

READ = frozenset(Role.values)
MAY: dict[str, frozenset[str]] = {
    "read": READ,
    "manage_members": frozenset({"owner"}),
    "manage_brand": frozenset({"owner", "manager"}),
    "manage_programs": frozenset({"owner", "manager"}),
    "manage_plans": frozenset({"owner", "manager"}),
    "manage_affiliates": frozenset({"owner", "manager"}),
    "manage_integrations": frozenset({"owner", "manager"}),
    "hold_commissions": frozenset({"owner", "manager", "finance", "reviewer"}),
    "decline_commissions": frozenset({"owner", "manager", "reviewer"}),
    "review_fraud": frozenset({"owner", "manager", "reviewer"}),
    "manage_fraud": frozenset({"owner", "manager"}),
    "adjust_commissions": frozenset({"owner", "finance"}),
    "open_batch": frozenset({"owner", "manager", "finance"}),
    "approve_batch": frozenset({"owner", "finance"}),
    "settle_payouts": frozenset({"owner", "finance"}),
    "see_payees": frozenset({"owner", "finance"}),
}


class NotAllowed(PermissionError):
    """The person's role does not allow the verb."""


def merchants_of(user: Any) -> list[int]:
    """Return the ids of the merchants whose active member `user` is."""
    if not user.is_authenticated or not user.is_active:
        return []
    return list(Member.objects.filter(user=user, is_active=True).values_list("merchant_id", flat=True))


def role_in(user: Any, merchant: Merchant | int) -> str | None:
    """Return the person's role in the merchant, or None."""
    merchant_id = merchant if isinstance(merchant, int) else merchant.pk
    member = Member.objects.filter(user=user, merchant_id=merchant_id, is_active=True).first()
    return member.role if member and user.is_active else None


def may(user: Any, verb: str, merchant: Merchant | int) -> bool:
    """Say whether the person's role in the merchant allows the verb (a key of MAY)."""
    return role_in(user, merchant) in MAY[verb]


def demand(user: Any, verb: str, merchant: Merchant | int) -> None:
    """Raise NotAllowed, naming the roles that may, unless the person's role allows the verb."""
    if not may(user, verb, merchant):
        raise NotAllowed(f"{verb.replace('_', ' ')} is for: {', '.join(sorted(MAY[verb]))}.")
