"""Affiliates of another platform, taken over: each keeps the code by which its sales are known there."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.actions.links import create_default_link
from affiliates.codes import chosen_code
from affiliates.models import Affiliate, Enrollment, Link, Program
from affiliates.roles import demand
from affiliates.states import EnrollmentState, IllegalMove
from core import events
from core.models import User


def imported_code(text: str) -> str:
    """Return another platform's code as it is written here: small letters, and hyphens for underscores.

    Raises CodeRefused.
    """
    return chosen_code(text.replace("_", "-"))


@transaction.atomic
def import_affiliate(
    program: Program,
    *,
    name: str,
    email: str,
    code: str,
    actor: User | None = None,
    at: datetime | None = None,
) -> Enrollment:
    """Make somebody an active affiliate under a code, once; whoever signs up with the address later finds it theirs.

    Nobody is written to, and no bonus for joining is paid. Raises CodeRefused, and IllegalMove for a code or an address
    that means somebody else here.
    """
    if actor is not None:
        demand(actor, "manage_affiliates", program.merchant_id)
    wanted, address = imported_code(code), email.strip().lower()
    Program.objects.select_for_update(no_key=True).get(pk=program.pk)
    now = at or timezone.now()
    affiliate, _is_new = Affiliate.objects.get_or_create(
        merchant=program.merchant, email=address, defaults={"name": name.strip()[:120], "created_at": now}
    )
    known: Enrollment | None = Enrollment.objects.filter(program=program, affiliate=affiliate).first()
    if known is not None and known.code == wanted:
        return known
    if known is not None:
        told = {"email": address, "code": known.code}
        raise IllegalMove(_("%(email)s takes part already, with the code “%(code)s”.") % told)
    if _is_taken(program, wanted):
        raise IllegalMove(_("The code “%(code)s” is somebody else’s.") % {"code": wanted})
    enrollment = _enroll(program, affiliate, wanted, now)
    create_default_link(enrollment, at=at)
    events.record(
        "enrollment.imported", enrollment, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at
    )
    return enrollment


def _is_taken(program: Program, code: str) -> bool:
    of_others = Link.objects.filter(enrollment__program=program, code=code).exists()
    return of_others or Enrollment.objects.filter(program=program, code=code).exists()


def _enroll(program: Program, affiliate: Affiliate, code: str, now: datetime) -> Enrollment:
    try:
        with transaction.atomic():
            made: Enrollment = Enrollment.objects.create(
                program=program,
                affiliate=affiliate,
                code=code,
                state=EnrollmentState.ACTIVE,
                applied_at=now,
                decided_at=now,
            )
            return made
    except IntegrityError:
        raise IllegalMove(_("The code “%(code)s” is somebody else’s.") % {"code": code}) from None
