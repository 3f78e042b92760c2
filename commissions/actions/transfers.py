"""Customers of one version of a plan are moved to another: their subscriptions earn by it from a date on."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.roles import demand
from commissions.models import Plan, PlanVersion, Transfer
from commissions.states import IllegalMove
from core import events
from core.models import User


@transaction.atomic
def transfer_customers(
    plan: Plan,
    from_version: PlanVersion,
    to_version: PlanVersion,
    effective_at: datetime | None = None,
    *,
    actor: User | None = None,
    at: datetime | None = None,
) -> Transfer:
    """Let subscriptions that earn by one version earn by another from `effective_at` (now or later) on.

    What was earned before stays. Raise IllegalMove for versions of another plan, a date in the past, or one before the
    other version begins; the same transfer asked for twice is made once.
    """
    plan = Plan.objects.select_for_update(of=("self",)).select_related("program").get(pk=plan.pk)
    program, now = plan.program, at or timezone.now()
    if actor is not None:
        demand(actor, "manage_plans", program.merchant_id)
    begins = effective_at or now
    _guard(plan, from_version, to_version, begins, now)
    same = Transfer.objects.filter(plan=plan, from_version=from_version, to_version=to_version)
    found: Transfer | None = same.filter(effective_at=begins).first()
    if found is not None:
        return found
    transfer: Transfer = Transfer.objects.create(
        plan=plan,
        from_version=from_version,
        to_version=to_version,
        effective_at=begins,
        made_by=actor,
        made_at=now,
    )
    data = {
        "plan": plan.pk,
        "from": from_version.number,
        "to": to_version.number,
        "effective_at": begins.isoformat(),
    }
    events.record(
        "plan.transferred",
        transfer,
        tenant=program.merchant_id,
        scope=program.pk,
        actor=actor,
        at=now,
        data=data,
    )
    return transfer


def _guard(
    plan: Plan, from_version: PlanVersion, to_version: PlanVersion, begins: datetime, now: datetime
) -> None:
    if {from_version.plan_id, to_version.plan_id} != {plan.pk}:
        raise IllegalMove(_("The version belongs to another plan."))
    if from_version.pk == to_version.pk:
        raise IllegalMove(_("Choose two different versions."))
    if begins < now:
        raise IllegalMove(_("Customers are moved now or later: what was earned before stays as it is."))
    if begins < to_version.effective_at:
        values = {"number": to_version.number}
        raise IllegalMove(_("Version %(number)s begins later than that.") % values)
