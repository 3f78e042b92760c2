"""What each kind of news says to whom. A letter is written only while its row still is as the event left it."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from affiliates.models import DirectLink, Enrollment, Invitation, Member, Payee, Program
from affiliates.roles import MAY
from affiliates.states import EnrollmentState
from commissions.models import Commission
from commissions.states import CommissionState
from commissions.words import reason_in_words
from core.models import Event
from core.money import Money
from fraud.models import Case
from integrations.models import Connection
from payouts.models import Payout
from payouts.states import PayoutState
from portal import letters_on_connections, letters_on_reviews
from portal.affiliate.earned import SELF_REFERRAL, buyer_in_words, is_of_a_period, source_of, why_declined
from portal.brand_addresses import base_address, page_address
from portal.letter import Letter, brand_of, to_affiliate
from portal.letters_on_holds import (
    is_held_by_a_case,
    is_told_by_review,
    opens_a_review,
    wait_for_screening,
)
from portal.letters_on_links import page_approved, page_refused
from portal.letters_on_reviews import ends_a_review
from portal.letters_on_terms import new_terms
from portal.models import Brand


def letters_of(event: Event) -> list[Letter]:
    """Return the letters that an event asks for now; none if its row is gone or has moved on."""
    model, write = WRITERS[event.kind]
    row = model.objects.filter(pk=event.subject_id).first()
    return write(event, row) if row is not None else []


# --- membership --------------------------------------------------------------------------------------------
def _applied(event: Event, row: Enrollment) -> list[Letter]:
    if row.state != EnrollmentState.APPLIED:
        return []
    brand = brand_of(row.program)
    program = row.program.name
    own = to_affiliate(
        row.affiliate,
        brand,
        _("We have your application to %(program)s") % {"program": program},
        _("Thank you for applying to %(program)s.") % {"program": program},
        _(
            "Somebody reads your application and you get the answer by e-mail. There is nothing else to do for now."
        ),
    )
    return [own, *_to_managers(row, brand)]


def _to_managers(row: Enrollment, brand: Brand | None) -> list[Letter]:
    """One letter to each person who may answer the application."""
    roles = MAY["manage_affiliates"]
    people = Member.objects.filter(
        merchant=row.program.merchant_id, is_active=True, user__is_active=True, role__in=roles
    )
    values = {"name": row.affiliate.name, "program": row.program.name}
    facts = [
        (_("Name"), row.affiliate.name),
        (_("E-mail"), row.affiliate.email),
        (_("Website"), row.affiliate.website),
    ]
    return [
        Letter(
            to=member.user.email,
            brand=brand,
            subject=_("%(name)s applied to %(program)s") % values,
            paragraphs=(_("A new affiliate would like to take part in %(program)s.") % values,),
            name=member.user.name,
            facts=tuple((label, value) for label, value in facts if value),
            quote=row.application,
            button=(
                _("Answer the application"),
                page_address(brand, "admin:affiliates_enrollment_change", row.pk),
            ),
        )
        for member in people.select_related("user").order_by("pk")
    ]


def _activated(event: Event, row: Enrollment) -> list[Letter]:
    if row.state != EnrollmentState.ACTIVE:
        return []
    brand, values = brand_of(row.program), {"program": row.program.name}
    link = row.links.filter(is_default=True).first()
    stops = ["enrollment.suspended", "enrollment.banned", "enrollment.left"]
    before = Event.objects.filter(
        subject_type=event.subject_type, subject_id=event.subject_id, id__lt=event.pk
    )
    again = before.filter(kind__in=stops).exists()
    first = (
        _("You can promote %(program)s again.")
        if again
        else _("Your application to %(program)s was accepted.")
    )
    own = f"{base_address(brand)}/r/{link.code}" if link else ""
    letter = to_affiliate(
        row.affiliate,
        brand,
        (_("You can promote %(program)s again") if again else _("Welcome to %(program)s")) % values,
        first % values,
        _("Share this link: whoever follows it and buys is counted as sent by you."),
        facts=((_("Your link"), own),) if own else (),
        button=(_("Open my overview"), page_address(brand, "affiliate:overview")),
    )
    return [letter]


def _refused(event: Event, row: Enrollment) -> list[Letter]:
    subject = _("Your application to %(program)s")
    first = _("Thank you for applying to %(program)s. We cannot accept your application at the moment.")
    return _stopped(event, row, EnrollmentState.REFUSED, subject, first)


def _suspended(event: Event, row: Enrollment) -> list[Letter]:
    subject = _("Your membership in %(program)s is suspended")
    first = _(
        "Your membership in %(program)s is suspended for now: your links earn nothing until it is lifted."
    )
    kept = () if ends_a_review(event, row) else (_("What you have earned so far stays yours."),)
    return _stopped(event, row, EnrollmentState.SUSPENDED, subject, first, *kept)


def _banned(event: Event, row: Enrollment) -> list[Letter]:
    subject = _("Your membership in %(program)s has ended")
    first = _("Your membership in %(program)s has ended: your links earn nothing any more.")
    return _stopped(event, row, EnrollmentState.BANNED, subject, first)


def _stopped(event: Event, row: Enrollment, state: str, subject: str, first: str, *more: str) -> list[Letter]:
    """A letter with the reason that a person wrote."""
    if row.state != state or row.reason != event.data.get("reason", ""):
        return []
    values, brand = {"program": row.program.name}, brand_of(row.program)
    return [to_affiliate(row.affiliate, brand, subject % values, first % values, *more, quote=row.reason)]


# --- where an affiliate is paid ----------------------------------------------------------------------------
def _payee_changed(event: Event, row: Payee) -> list[Letter]:
    """Every change is told, also one that was changed again: a thief must not cover it by a second one."""
    affiliate = row.affiliate
    programs = Program.objects.filter(enrollments__affiliate=affiliate).order_by("pk")
    program = programs.first()
    brand = brand_of(program) if program else affiliate.merchant.brands.order_by("pk").first()
    by = _("you") if row.changed_by_id == affiliate.user_id else _("the program’s finance team")
    letter = to_affiliate(
        affiliate,
        brand,
        _("Your payment details were changed"),
        _("From now on you are paid here:"),
        facts=(
            (row.get_method_display(), row.label),
            (_("Changed by"), by),
            (_("When"), _moment(row.changed_at, program)),
        ),
        after=(
            _("If this was not you, change your password at once and write to us before the next payout."),
        ),
        button=(_("Check my payment details"), page_address(brand, "affiliate:payee")),
    )
    return [letter]


# --- what was earned ---------------------------------------------------------------------------------------
def _held(event: Event, row: Commission) -> list[Letter]:
    if not row.is_held or row.reason != event.data.get("reason") or is_told_by_review(event, row):
        return []
    if opens_a_review(row):
        return []
    if event.actor_id is None:
        wait_for_screening(event, row)
    is_of_a_buyer = row.reason.startswith(SELF_REFERRAL)
    why = buyer_in_words(row) if is_of_a_buyer else reason_in_words(row.reason)
    first = _("A commission of %(amount)s is on hold: somebody looks at it before it is paid.")
    return [_about(row, _("A commission is on hold"), first, row.net, quote=why)]


def _released(event: Event, row: Commission) -> list[Letter]:
    if row.is_held or row.state == CommissionState.DECLINED or is_told_by_review(event, row):
        return []
    if is_held_by_a_case(row):  # it puts its brake on in a moment
        return []
    first = _("The commission of %(amount)s that was on hold is released and goes its usual way.")
    return [_about(row, _("A commission was released"), first, row.net, quote=event.data.get("reason", ""))]


def _declined(event: Event, row: Commission) -> list[Letter]:
    if row.state != CommissionState.DECLINED or is_told_by_review(event, row):
        return []
    first = _("A commission of %(amount)s was declined and will not be paid.")
    return [_about(row, _("A commission was declined"), first, row.net, quote=why_declined(row))]


def _adjusted(event: Event, row: Commission) -> list[Letter]:
    added = row.amount > 0
    first = (
        _("%(amount)s were added to your earnings.")
        if added
        else _("%(amount)s were taken from your earnings.")
    )
    subject = _("Something was added to your earnings") if added else _("Your earnings were corrected")
    return [_about(row, subject, first, Money(abs(row.amount), row.currency), quote=row.reason)]


def _about(row: Commission, subject: str, first: str, amount: Money, *, quote: str) -> Letter:
    brand = brand_of(row.program)
    facts = [(_("Program"), row.program.name)]
    if row.conversion is not None and row.level == 1:
        facts.append((_("Order"), row.conversion.external_id))
    elif row.level > 1 or is_of_a_period(row):
        facts.append((_("For"), source_of(row)))
    return to_affiliate(
        row.enrollment.affiliate,
        brand,
        subject,
        first % {"amount": _money(amount)},
        facts=tuple(facts),
        quote=quote,
        button=(_("See how it came about"), page_address(brand, "affiliate:commission", row.pk)),
    )


# --- what is paid ------------------------------------------------------------------------------------------
def _sent(event: Event, row: Payout) -> list[Letter]:
    first = _("Your payout of %(amount)s is on its way.")
    return _payout(row, PayoutState.SENT, _("Your payout is on its way"), first)


def _paid(event: Event, row: Payout) -> list[Letter]:
    first = _("Your payout of %(amount)s was paid.")
    return _payout(row, PayoutState.PAID, _("You were paid"), first)


def _failed(event: Event, row: Payout) -> list[Letter]:
    first = _("Your payout of %(amount)s did not arrive. The amount is safe and goes into the next payout.")
    after = _("Please check your payment details.")
    return _payout(
        row, PayoutState.FAILED, _("Your payout did not arrive"), first, quote=row.failure, after=(after,)
    )


def _payout(row: Payout, state: str, subject: str, first: str, **more: Any) -> list[Letter]:
    if row.state != state:
        return []
    brand = brand_of(row.program)
    facts = [(_("Number"), row.number), (_("To"), row.payee.label), (_("Reference"), row.told_reference)]
    letter = to_affiliate(
        row.enrollment.affiliate,
        brand,
        subject,
        first % {"amount": _money(row.money)},
        facts=tuple((label, value) for label, value in facts if value),
        button=(_("See the statement"), page_address(brand, "affiliate:payout", row.pk)),
        **more,
    )
    return [letter]


# --- colleagues --------------------------------------------------------------------------------------------
def _invited(event: Event, row: Invitation) -> list[Letter]:
    if row.accepted_at is not None or row.expires_at <= timezone.now():
        return []
    brand = row.merchant.brands.order_by("pk").first()
    by = str(row.invited_by) if row.invited_by else row.merchant.name
    values = {"by": by, "company": row.merchant.name, "role": row.get_role_display()}
    letter = Letter(
        to=row.email,
        brand=brand,
        subject=_("%(by)s invites you to %(company)s") % values,
        paragraphs=(_("%(by)s invites you to work with %(company)s as %(role)s.") % values,),
        button=(_("Accept the invitation"), page_address(brand, "setup:join", row.token)),
        after=(_("The invitation is good until %(date)s.") % {"date": date_format(row.expires_at, "j F Y")},),
    )
    return [letter]


def _money(amount: Money) -> str:
    return amount.display(settings.LANGUAGE_CODE)


def _moment(at: Any, program: Program | None) -> str:
    """A time on the program's own clock, with its zone."""
    return date_format(program.local(at) if program else at, "j F Y, H:i T")


WRITERS: dict[str, tuple[Any, Callable[[Event, Any], list[Letter]]]] = {
    "member.invited": (Invitation, _invited),
    "enrollment.applied": (Enrollment, _applied),
    "enrollment.activated": (Enrollment, _activated),
    "enrollment.refused": (Enrollment, _refused),
    "enrollment.suspended": (Enrollment, _suspended),
    "enrollment.banned": (Enrollment, _banned),
    "terms.announced": (Enrollment, new_terms),
    "directlink.approved": (DirectLink, page_approved),
    "directlink.refused": (DirectLink, page_refused),
    "payee.changed": (Payee, _payee_changed),
    "commission.held": (Commission, _held),
    "commission.released": (Commission, _released),
    "commission.declined": (Commission, _declined),
    "commission.adjusted": (Commission, _adjusted),
    "case.opened": (Case, letters_on_reviews.opened),
    "case.grew": (Case, letters_on_reviews.grown),
    "case.answered": (Case, letters_on_reviews.answered),
    "case.escalated": (Case, letters_on_reviews.escalated),
    "case.decided": (Case, letters_on_reviews.decided),
    "case.undone": (Case, letters_on_reviews.undone),
    "payout.sent": (Payout, _sent),
    "payout.paid": (Payout, _paid),
    "payout.failed": (Payout, _failed),
    "connection.troubled": (Connection, letters_on_connections.troubled),
    "connection.recovered": (Connection, letters_on_connections.recovered),
}
