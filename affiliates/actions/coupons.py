"""Discount codes of the store that name an affiliate."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Coupon, CouponKind, CouponPolicy, Enrollment
from affiliates.roles import demand
from affiliates.states import IllegalMove
from core import events
from core.models import User

COUPON_LETTERS = 80


@transaction.atomic
def create_coupon(
    enrollment: Enrollment,
    code: str,
    *,
    kind: str = CouponKind.PERSONAL,
    policy: str = CouponPolicy.ALWAYS,
    note: str = "",
    is_offline: bool = False,
    actor: User | None = None,
    at: datetime | None = None,
) -> Coupon:
    """Give a discount code of the store to an affiliate; a code that is taken raises IllegalMove."""
    program = enrollment.program
    if actor is not None:
        demand(actor, "manage_affiliates", program.merchant_id)
    if not 0 < len(Coupon.normal(code)) <= COUPON_LETTERS:
        raise IllegalMove(_("The coupon needs a code of at most 80 letters."))
    try:
        with transaction.atomic():
            coupon: Coupon = Coupon.objects.create(
                program=program,
                enrollment=enrollment,
                code=Coupon.normal(code),
                kind=kind,
                policy=policy,
                note=note,
                is_offline=is_offline,
            )
    except IntegrityError as taken:
        raise IllegalMove(_("This coupon belongs to somebody already.")) from taken
    events.record("coupon.created", coupon, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at)
    return coupon


@transaction.atomic
def mark_offline(
    coupon: Coupon, is_offline: bool = True, *, actor: User | None = None, at: datetime | None = None
) -> Coupon:
    """Say that a code is read out or printed, so that nobody clicks before using it; or that it is not.

    It changes nobody's credit: fraud review alone expects other traffic of such a code.
    """
    if actor is not None:
        demand(actor, "manage_affiliates", coupon.program.merchant_id)
    row: Coupon = Coupon.objects.select_for_update(of=("self",)).select_related("program").get(pk=coupon.pk)
    if row.is_offline == is_offline:
        return row
    row.is_offline = is_offline
    row.save(update_fields=["is_offline"])
    program, data = row.program, {"is_offline": [not is_offline, is_offline]}
    events.record(
        "coupon.changed", row, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data
    )
    return row


@transaction.atomic
def retire_coupon(coupon: Coupon, *, actor: User | None = None, at: datetime | None = None) -> Coupon:
    """Stop crediting a code for orders from now on; those from before keep it, also if they come later."""
    if actor is not None:
        demand(actor, "manage_affiliates", coupon.program.merchant_id)
    row: Coupon = Coupon.objects.select_for_update(of=("self",)).select_related("program").get(pk=coupon.pk)
    if not row.is_active:
        return row
    row.is_active, row.retired_at = False, at or timezone.now()
    row.save(update_fields=["is_active", "retired_at"])
    program = row.program
    events.record("coupon.retired", row, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at)
    return row
