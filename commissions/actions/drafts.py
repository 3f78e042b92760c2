"""The next version of a plan while it is written: opened, edited by several people, published or thrown away."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Program
from affiliates.roles import demand
from commissions.actions.plans import publish
from commissions.models import Draft, Plan, PlanVersion
from commissions.plan import SCHEMA, PlanError
from commissions.plan_shape import misshapen
from commissions.states import IllegalMove
from core import events
from core.models import User

Body = dict[str, Any]
Change = Callable[[Body], Body]


class DraftMoved(IllegalMove):
    """Somebody else changed the draft since it was seen; nothing was written, `draft` is as it stands."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        who = draft.updated_by or _("Somebody else")
        super().__init__(_("%(who)s changed this draft in the meantime.") % {"who": who})


class DraftGone(IllegalMove):
    """The draft was published or thrown away in the meantime."""

    def __init__(self) -> None:
        super().__init__(_("This draft was published or discarded in the meantime."))


@transaction.atomic
def begin_plan(
    program: Program, name: str, body: Body, *, actor: User | None = None, at: datetime | None = None
) -> Plan:
    """Make a plan that is only a draft: nothing is earned by it until its first version is published."""
    if actor is not None:
        demand(actor, "manage_plans", program.merchant_id)
    plan: Plan = Plan.objects.create(program=program, name=name, created_at=at or timezone.now())
    open_draft(plan, body, actor=actor, at=at)
    return plan


@transaction.atomic
def open_draft(
    plan: Plan, body: Body | None = None, *, actor: User | None = None, at: datetime | None = None
) -> Draft:
    """Begin the next version with a copy of `body`, else of the newest version; return the draft there is already."""
    plan = _locked(plan, actor)
    found: Draft | None = Draft.objects.filter(plan=plan).first()
    if found is not None:
        return found
    newest = plan.versions.order_by("number").last()
    begun = deepcopy(body if body is not None else newest.body if newest else {"rules": []})
    draft: Draft = Draft.objects.create(
        plan=plan,
        body=_checked({**begun, "schema": SCHEMA}),
        updated_by=actor,
        updated_at=at or timezone.now(),
    )
    _record("plan.drafted", draft, actor, at, {"from": newest.number if newest and body is None else None})
    return draft


@transaction.atomic
def edit_draft(
    plan: Plan, edits_seen: int, change: Change, *, actor: User | None = None, at: datetime | None = None
) -> Draft:
    """Store what `change` makes of the body; raise DraftMoved unless it still stands at the number of edits seen.

    The body may be unfinished, but keeps a plan's shape: PlanError names the places where it does not.
    """
    draft = _draft(_locked(plan, actor))
    if draft.edits != edits_seen:
        raise DraftMoved(draft)
    body = _checked(change(deepcopy(draft.body)))
    if body == draft.body:
        return draft
    draft.body, draft.edits = body, draft.edits + 1
    draft.updated_by, draft.updated_at = actor, at or timezone.now()
    draft.save(update_fields=["body", "edits", "updated_by", "updated_at"])
    _record("plan.edited", draft, actor, at, {"edits": draft.edits})
    return draft


@transaction.atomic
def discard_draft(plan: Plan, *, actor: User | None = None, at: datetime | None = None) -> None:
    """Throw the draft away, with all that was written in it; without one there is nothing to do."""
    plan = _locked(plan, actor)
    draft = Draft.objects.filter(plan=plan).first()
    if draft is None:
        return
    _record("plan.discarded", draft, actor, at, {"edits": draft.edits})
    draft.delete()


@transaction.atomic
def publish_draft(
    plan: Plan,
    effective_at: datetime | None = None,
    *,
    edits_seen: int | None = None,
    actor: User | None = None,
    at: datetime | None = None,
) -> PlanVersion:
    """Make the draft the next version, in force from `effective_at` (now or later) on; the draft is no more.

    Raises PlanError while it is unfinished, and DraftMoved if somebody changed what was read at `edits_seen`.
    """
    draft = _draft(_locked(plan, actor))
    if edits_seen is not None and draft.edits != edits_seen:
        raise DraftMoved(draft)
    version = publish(plan, draft.body, effective_at=effective_at, actor=actor, at=at)
    draft.delete()
    return version


def _locked(plan: Plan, actor: User | None) -> Plan:
    """Whoever writes at a plan's draft waits for whoever else does: the plan's row is the lock."""
    plan = Plan.objects.select_for_update(of=("self",)).select_related("program").get(pk=plan.pk)
    if actor is not None:
        demand(actor, "manage_plans", plan.program.merchant_id)
    return plan


def _draft(plan: Plan) -> Draft:
    draft: Draft | None = Draft.objects.select_related("updated_by").filter(plan=plan).first()
    if draft is None:
        raise DraftGone
    draft.plan = plan
    return draft


def _checked(body: Body) -> Body:
    errors = misshapen(body)
    if errors:
        raise PlanError(errors)
    return body


def _record(
    kind: str, draft: Draft, actor: User | None, at: datetime | None, data: dict[str, object]
) -> None:
    program = draft.plan.program
    events.record(
        kind, draft.plan, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data
    )
