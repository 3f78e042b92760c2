"""Direct links: an affiliate's own page that links to the shop without any parameter."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.destinations import LinkRefused
from affiliates.models import DirectLink, DirectLinkState, Enrollment, Link
from affiliates.own_pages import read_page
from affiliates.roles import demand
from affiliates.states import DIRECT_LINK_MOVES, IllegalMove
from core import events
from core.models import User

MOST = 50
OPEN = (DirectLinkState.ASKED, DirectLinkState.ACTIVE)


@transaction.atomic
def ask_direct_link(
    link: Link, page: str, *, actor: User | None = None, at: datetime | None = None
) -> DirectLink:
    """Ask that visitors of a page of one's own count to a link; raise LinkRefused or IllegalMove.

    `page` is the address of the page; its path is a beginning. Asking twice changes nothing.
    """
    enrollment = Enrollment.objects.select_for_update(no_key=True).get(pk=link.enrollment_id)
    _demand_own(enrollment, actor)
    if not enrollment.is_active or not link.is_active:
        raise IllegalMove(_("Only an active enrollment, with a link that works, may ask for direct links."))
    program, now = enrollment.program, at or timezone.now()
    host, path = read_page(program, page)
    own = DirectLink.objects.filter(enrollment=enrollment)
    existing: DirectLink | None = own.filter(host=host, path=path, link=link, state__in=OPEN).first()
    if existing is not None:
        return existing
    if own.filter(host=host, path=path, state__in=OPEN).exists():
        raise LinkRefused(_("This page counts to another link of yours; end that one first."), "page")
    _demand_room(own, now)
    row: DirectLink = DirectLink.objects.create(
        enrollment=enrollment, link=link, program=program, host=host, path=path, created_at=now
    )
    _record("directlink.asked", row, actor, at)
    return row


def _demand_room(own: Any, now: datetime) -> None:
    """At most 50 that are open, and 50 that were asked for within a day."""
    if own.filter(state__in=OPEN).count() >= MOST:
        raise IllegalMove(
            _("You have %(most)s direct links; end one that you no longer need.") % {"most": MOST}
        )
    if own.filter(created_at__gt=now - timedelta(days=1)).count() >= MOST:
        raise IllegalMove(_("You asked for many pages today; ask for the next one tomorrow."))


@transaction.atomic
def approve_direct_link(row: DirectLink, *, actor: User, at: datetime | None = None) -> DirectLink:
    """Let a page's visitors count from now on; a page that counts to somebody already raises IllegalMove."""
    row = _locked(row)
    demand(actor, "manage_affiliates", row.program.merchant_id)
    if row.state == DirectLinkState.ACTIVE:
        return row
    if not row.enrollment.is_active:
        raise IllegalMove(_("The affiliate is not active."))
    _demand_free(row)
    try:
        with transaction.atomic():
            _move(row, DirectLinkState.ACTIVE, "", at)
    except IntegrityError as taken:
        raise IllegalMove(_("This page was given to somebody else at this moment.")) from taken
    _record("directlink.approved", row, actor, at)
    return row


def _demand_free(row: DirectLink) -> None:
    """Name the other affiliate: only managers approve, and they have to know with whom to talk."""
    others = DirectLink.objects.filter(program=row.program_id, state=DirectLinkState.ACTIVE)
    other = others.filter(host=row.host, path=row.path).select_related("enrollment__affiliate").first()
    if other is not None:
        words = _("%(page)s counts to %(name)s already; end that direct link first.")
        raise IllegalMove(words % {"page": row, "name": other.enrollment.affiliate.name})


@transaction.atomic
def refuse_direct_link(
    row: DirectLink, *, reason: str, actor: User, at: datetime | None = None
) -> DirectLink:
    """Decline a page; the affiliate reads the reason."""
    row = _locked(row)
    demand(actor, "manage_affiliates", row.program.merchant_id)
    if row.state == DirectLinkState.REFUSED:
        return row
    if not reason.strip():
        raise IllegalMove(_("Say why: the affiliate reads the reason."))
    _move(row, DirectLinkState.REFUSED, reason.strip(), at)
    _record("directlink.refused", row, actor, at)
    return row


@transaction.atomic
def end_direct_link(
    row: DirectLink, *, reason: str = "", actor: User, at: datetime | None = None
) -> DirectLink:
    """Stop counting a page's visitors, or take back the question; by its affiliate or a manager."""
    row = _locked(row)
    _demand_own(row.enrollment, actor)
    if row.state == DirectLinkState.ENDED:
        return row
    _move(row, DirectLinkState.ENDED, reason.strip(), at)
    _record("directlink.ended", row, actor, at)
    return row


def _locked(row: DirectLink) -> DirectLink:
    locked: DirectLink = DirectLink.objects.select_for_update().get(pk=row.pk)
    return locked


def _move(row: DirectLink, state: DirectLinkState, reason: str, at: datetime | None) -> None:
    if state not in DIRECT_LINK_MOVES[row.state]:
        words = _("A direct link that is %(old)s cannot become %(new)s.")
        raise IllegalMove(words % {"old": row.get_state_display(), "new": state.label})
    row.state, row.reason, row.decided_at = state, reason, at or timezone.now()
    row.save(update_fields=["state", "reason", "decided_at"])


def _demand_own(enrollment: Enrollment, actor: User | None) -> None:
    if actor is not None and enrollment.affiliate.user_id != actor.pk:
        demand(actor, "manage_affiliates", enrollment.program.merchant_id)


def _record(kind: str, row: DirectLink, actor: User | None, at: datetime | None) -> None:
    data = {"page": str(row)} | ({"reason": row.reason} if row.reason else {})
    tenant = row.program.merchant_id
    events.record(kind, row, tenant=tenant, scope=row.program_id, actor=actor, at=at, data=data)
