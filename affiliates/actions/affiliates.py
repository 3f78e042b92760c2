"""The person or firm itself: registered once per company, kept up to date by itself."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Affiliate, Merchant
from affiliates.roles import demand
from affiliates.states import IllegalMove
from core import events
from core.models import User

OWN = ("name", "company", "website", "country", "phone")


@transaction.atomic
def register_affiliate(
    merchant: Merchant, user: User, *, name: str, website: str = "", at: datetime | None = None
) -> Affiliate:
    """Make a person an affiliate of a company, once; a row that waits for this address becomes theirs.

    Somebody without a name gets this one.
    Raises IllegalMove if somebody else of the company holds the address.
    """
    # two requests of one person at once make one row
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not user.name:
        user.name = name
        user.save(update_fields=["name"])
    known: Affiliate | None = Affiliate.objects.filter(merchant=merchant, user=user).first()
    if known is not None:
        return known
    affiliate = Affiliate.objects.select_for_update().filter(merchant=merchant, email=user.email).first()
    if affiliate is not None and affiliate.user_id is not None:
        raise IllegalMove(_("This address belongs to another partner. Please write to us."))
    if affiliate is None:
        affiliate = Affiliate(merchant=merchant, email=user.email, created_at=at or timezone.now())
        affiliate.name, affiliate.website = name, website
    # safe before the address is confirmed: nobody signs in with an unconfirmed one
    affiliate.user = user
    affiliate.save()
    events.record("affiliate.registered", affiliate, tenant=merchant.pk, actor=user, at=at)
    return affiliate


@transaction.atomic
def change_affiliate(
    affiliate: Affiliate, *, actor: User, at: datetime | None = None, **fields: str
) -> Affiliate:
    """Change what an affiliate says of itself (the fields in OWN); an unknown field raises TypeError."""
    if unknown := set(fields) - set(OWN):
        raise TypeError(f"not the affiliate's to change: {', '.join(sorted(unknown))}")
    locked: Affiliate = Affiliate.objects.select_for_update().get(pk=affiliate.pk)
    if locked.user_id != actor.pk:
        demand(actor, "manage_affiliates", locked.merchant_id)
    changed = [name for name, value in fields.items() if getattr(locked, name) != value]
    if not changed:
        return locked
    for name in changed:
        setattr(locked, name, fields[name])
    locked.save(update_fields=changed)
    events.record(
        "affiliate.changed", locked, tenant=locked.merchant_id, actor=actor, at=at, data={"fields": changed}
    )
    return locked
