"""The life of a membership: applied, active, suspended, banned, left."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.actions.links import create_default_link
from affiliates.codes import from_name, random_code
from affiliates.models import Affiliate, Enrollment, Group, Program
from affiliates.roles import demand
from affiliates.states import UNDONE, EnrollmentState, IllegalMove, guard
from core import events
from core.models import User


class SponsorRefused(ValueError):
    """The sponsor would close a circle or stands in another program."""


@transaction.atomic
def apply(
    program: Program,
    affiliate: Affiliate,
    *,
    application: str = "",
    sponsor: Enrollment | None = None,
    actor: User | None = None,
    at: datetime | None = None,
) -> Enrollment:
    """Ask to take part; answered at once where the program approves automatically. Asking twice changes nothing."""
    existing: Enrollment | None = Enrollment.objects.filter(program=program, affiliate=affiliate).first()
    if existing is not None:
        return existing
    if affiliate.merchant_id != program.merchant_id:
        raise IllegalMove(_("The affiliate belongs to another company."))
    if not program.is_open:
        raise IllegalMove(_("The program is closed for applications."))
    if sponsor is not None and (sponsor.program_id != program.pk or not sponsor.is_active):
        sponsor = None
    enrollment = _enroll(program, affiliate, application, sponsor, at or timezone.now())
    _record("enrollment.applied", enrollment, actor, at)
    if program.approval == Program.Approval.AUTOMATIC:
        return _move(enrollment, EnrollmentState.ACTIVE, "enrollment.activated", "", actor, at)
    return enrollment


def _enroll(
    program: Program, affiliate: Affiliate, application: str, sponsor: Enrollment | None, at: datetime
) -> Enrollment:
    """Insert the membership under the first code that is free."""
    for code in (
        from_name(affiliate.name),
        *(f"{from_name(affiliate.name)}-{random_code(4)}" for _n in range(5)),
    ):
        try:
            with transaction.atomic():
                enrollment: Enrollment = Enrollment.objects.create(
                    program=program,
                    affiliate=affiliate,
                    code=code,
                    application=application,
                    sponsor=sponsor,
                    applied_at=at,
                )
                return enrollment
        except IntegrityError:
            if Enrollment.objects.filter(program=program, affiliate=affiliate).exists():
                return Enrollment.objects.get(program=program, affiliate=affiliate)
    raise IllegalMove(_("No free code was found; choose another name."))


def activate(enrollment: Enrollment, *, actor: User | None = None, at: datetime | None = None) -> Enrollment:
    """Accept an application, or let a suspended or former affiliate promote again."""
    return _decide(enrollment, EnrollmentState.ACTIVE, "enrollment.activated", "", actor, at)


def refuse(enrollment: Enrollment, *, reason: str, actor: User, at: datetime | None = None) -> Enrollment:
    """Decline an application; the affiliate reads the reason."""
    return _decide(enrollment, EnrollmentState.REFUSED, "enrollment.refused", reason, actor, at)


def suspend(enrollment: Enrollment, *, reason: str, actor: User, at: datetime | None = None) -> Enrollment:
    """Stop an affiliate for a while: links lead home, no new credit; what was earned stays."""
    return _decide(enrollment, EnrollmentState.SUSPENDED, "enrollment.suspended", reason, actor, at)


def ban(enrollment: Enrollment, *, reason: str, actor: User, at: datetime | None = None) -> Enrollment:
    """Stop an affiliate for good."""
    return _decide(enrollment, EnrollmentState.BANNED, "enrollment.banned", reason, actor, at)


@transaction.atomic
def restore(
    enrollment: Enrollment, state: str, *, reason: str = "", actor: User, at: datetime | None = None
) -> Enrollment:
    """Let a stopped affiliate be what it was before, with the reason of then: it was wrong to stop it."""
    locked: Enrollment = Enrollment.objects.select_for_update(no_key=True).get(pk=enrollment.pk)
    demand(actor, "manage_affiliates", locked.program.merchant_id)
    if locked.state == state:
        return locked
    if state not in UNDONE.get(locked.state, ()):
        raise IllegalMove(_("It was not stopped, or was something else before."))
    kind = "enrollment.activated" if state == EnrollmentState.ACTIVE else "enrollment.suspended"
    return _moved(locked, state, kind, reason, actor, at)


def leave(enrollment: Enrollment, *, actor: User, at: datetime | None = None) -> Enrollment:
    """The affiliate leaves by itself."""
    with transaction.atomic():
        locked = Enrollment.objects.select_for_update(no_key=True).get(pk=enrollment.pk)
        if locked.affiliate.user_id != actor.pk:
            demand(actor, "manage_affiliates", locked.program.merchant_id)
        return _move(locked, EnrollmentState.LEFT, "enrollment.left", "", actor, at)


@transaction.atomic
def _decide(
    enrollment: Enrollment, state: str, kind: str, reason: str, actor: User | None, at: datetime | None
) -> Enrollment:
    """Move by a manager's (or, without actor, the program's own) decision."""
    locked = Enrollment.objects.select_for_update(no_key=True).get(pk=enrollment.pk)
    if actor is not None:
        demand(actor, "manage_affiliates", locked.program.merchant_id)
    if (
        state in {EnrollmentState.REFUSED, EnrollmentState.SUSPENDED, EnrollmentState.BANNED}
        and not reason.strip()
    ):
        raise IllegalMove(_("Say why: the affiliate reads the reason."))
    return _move(locked, state, kind, reason, actor, at)


def _move(
    enrollment: Enrollment, state: str, kind: str, reason: str, actor: User | None, at: datetime | None
) -> Enrollment:
    if enrollment.state == state:
        return enrollment
    guard(enrollment.state, state)
    return _moved(enrollment, state, kind, reason, actor, at)


def _moved(
    enrollment: Enrollment, state: str, kind: str, reason: str, actor: User | None, at: datetime | None
) -> Enrollment:
    enrollment.state, enrollment.reason, enrollment.decided_at = state, reason, at or timezone.now()
    enrollment.save(update_fields=["state", "reason", "decided_at"])
    if state == EnrollmentState.ACTIVE:
        create_default_link(enrollment, at=at)
    _record(kind, enrollment, actor, at, {"reason": reason} if reason else None)
    return enrollment


@transaction.atomic
def set_sponsor(
    enrollment: Enrollment, sponsor: Enrollment | None, *, actor: User, at: datetime | None = None
) -> Enrollment:
    """Change who recruited an affiliate, for conversions from now on; raise SponsorRefused on a circle."""
    locked = list(
        # no_key: an order that credits somebody here need not wait, nor hold this up
        Enrollment.objects.select_for_update(no_key=True).filter(program=enrollment.program_id).order_by("pk")
    )
    rows = {row.pk: row for row in locked}
    enrollment = rows[enrollment.pk]
    demand(actor, "manage_affiliates", enrollment.program.merchant_id)
    above = sponsor.pk if sponsor else None
    while above is not None:
        if above == enrollment.pk:
            raise SponsorRefused(_("This would make a circle of sponsors."))
        if above not in rows:
            raise SponsorRefused(_("The sponsor takes part in another program."))
        above = rows[above].sponsor_id
    old, enrollment.sponsor = enrollment.sponsor_id, sponsor
    enrollment.save(update_fields=["sponsor"])
    data: dict[str, object] = {"from": old, "to": sponsor.pk if sponsor else None}
    _record("enrollment.sponsored", enrollment, actor, at, data)
    return enrollment


@transaction.atomic
def assign_group(
    enrollment: Enrollment, group: Group | None, *, actor: User, at: datetime | None = None
) -> Enrollment:
    """Put an affiliate into a group of its program, or into none."""
    locked: Enrollment = Enrollment.objects.select_for_update(no_key=True).get(pk=enrollment.pk)
    demand(actor, "manage_affiliates", locked.program.merchant_id)
    if group is not None and group.program_id != locked.program_id:
        raise IllegalMove(_("The group belongs to another program."))
    locked.group = group
    locked.save(update_fields=["group"])
    _record("group.changed", locked, actor, at, {"group": group.pk if group else None})
    return locked


def _record(
    kind: str,
    enrollment: Enrollment,
    actor: User | None,
    at: datetime | None,
    data: dict[str, object] | None = None,
) -> None:
    program = enrollment.program
    events.record(
        kind, enrollment, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data
    )
