"""Programs and their dated terms."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from affiliates.models import AttributionTerms, Group, Merchant, Program
from affiliates.roles import demand
from affiliates.states import IllegalMove
from core import events
from core.models import Event, User

FURTHEST = timedelta(days=92)  # a planned change cannot be taken back, so a slip of the year must not last


@transaction.atomic
def create_program(
    merchant: Merchant, *, actor: User | None = None, at: datetime | None = None, **fields: Any
) -> Program:
    """Open a program with the default attribution terms (`fields`: those of Program)."""
    if actor is not None:
        demand(actor, "manage_programs", merchant)
    now = at or timezone.now()
    program: Program = Program.objects.create(merchant=merchant, created_at=now, **fields)
    AttributionTerms.objects.create(program=program, effective_at=now, created_by=actor)
    events.record("program.created", program, tenant=merchant.pk, scope=program.pk, actor=actor, at=at)
    return program


@transaction.atomic
def change_program(program: Program, *, actor: User, at: datetime | None = None, **fields: Any) -> Program:
    """Change a program's settings and say in the audit trail what changed."""
    demand(actor, "manage_programs", program.merchant_id)
    program = Program.objects.select_for_update().get(pk=program.pk)
    changed = {name: value for name, value in fields.items() if getattr(program, name) != value}
    if not changed:
        return program
    if "time_zone" in changed and _has_counted(program):
        raise IllegalMove(
            _("The time zone is fixed since the first conversion: days and months would shift.")
        )
    data = {name: [str(getattr(program, name)), str(value)] for name, value in changed.items()}
    for name, value in changed.items():
        setattr(program, name, value)
    program.full_clean()
    program.save(update_fields=list(changed))
    events.record(
        "program.changed",
        program,
        tenant=program.merchant_id,
        scope=program.pk,
        actor=actor,
        at=at,
        data=data,
    )
    return program


def _has_counted(program: Program) -> bool:
    """Whether a conversion of the program was ever counted, by the audit trail."""
    told = Event.objects.filter(tenant_id=program.merchant_id, scope_id=program.pk)
    return bool(told.filter(kind="conversion.counted").exists())


@transaction.atomic
def change_terms(
    program: Program,
    *,
    window_hours: int,
    bound_days: int,
    model: str | None = None,
    view_hours: int | None = None,
    half_life_hours: int | None = None,
    fallback: str | None = None,
    effective_at: datetime | None = None,
    actor: User,
    at: datetime | None = None,
) -> AttributionTerms:
    """Give the program new attribution terms, from now on or from a later time; clicks made before keep the old ones.

    What is not said stays as the newest terms have it. A time in the past, or before other terms that are planned,
    raises IllegalMove; a value out of its range ValidationError.
    """
    demand(actor, "manage_programs", program.merchant_id)
    program = Program.objects.select_for_update(no_key=True).get(pk=program.pk)
    now = at or timezone.now()
    newest = program.attribution_terms.latest("effective_at")
    starts = _start_of_terms(newest, effective_at, now)
    said = {"window_hours": window_hours, "bound_days": bound_days, "model": model, "view_hours": view_hours}
    said |= {"half_life_hours": half_life_hours, "fallback": fallback}
    values = {name: getattr(newest, name) if value is None else value for name, value in said.items()}
    if values["fallback"] not in AttributionTerms.RULES:
        raise IllegalMove(_("The rule while data is scarce must be one that needs no data."))
    terms = AttributionTerms(program=program, effective_at=starts, created_by=actor, **values)
    terms.full_clean()
    terms.save()
    data = {**values, "effective_at": starts.isoformat()}
    events.record(
        "terms.changed", terms, tenant=program.merchant_id, scope=program.pk, actor=actor, at=now, data=data
    )
    return terms


def _start_of_terms(newest: AttributionTerms, wanted: datetime | None, now: datetime) -> datetime:
    """When new terms begin: now or within a quarter, and after all others."""
    starts = wanted or now
    if starts < now:
        raise IllegalMove(_("Terms cannot begin in the past: what was clicked then keeps its terms."))
    if starts > now + FURTHEST:
        raise IllegalMove(_("Terms can be planned for the next %(days)s days.") % {"days": FURTHEST.days})
    if starts <= newest.effective_at:
        day = date_format(newest.program.local(newest.effective_at), "j F Y, H:i T")
        words = _("Other terms begin on %(day)s; new ones begin after them.")
        raise IllegalMove(words % {"day": day})
    return starts


@transaction.atomic
def create_group(
    program: Program, name: str, *, actor: User | None = None, at: datetime | None = None
) -> Group:
    """Make a group of affiliates."""
    if actor is not None:
        demand(actor, "manage_affiliates", program.merchant_id)
    group: Group = Group.objects.create(program=program, name=name)
    events.record("group.changed", group, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at)
    return group
