"""What is written of reviews: to the affiliate in plain words, to the colleagues who decide what is to be done."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from affiliates.models import Enrollment, Member
from affiliates.roles import MAY
from commissions.models import Commission
from core.models import Event
from core.money import Money
from fraud.models import Case, Hold
from fraud.states import Verdict
from portal.affiliate.earned import REVIEWED
from portal.affiliate.reviewed import Review, reasons_of, reviews_of
from portal.brand_addresses import page_address
from portal.letter import Letter, brand_of, to_affiliate

DECIDERS = ("manager", "reviewer")


def is_told_by_review(event: Event, row: Commission) -> bool:
    """Whether news of one commission comes from a review, which has a letter of its own for all of them."""
    if str(event.data.get("reason", "")).startswith(REVIEWED) or row.reason.startswith(REVIEWED):
        return True
    decided = Q(lifted_at=event.at) | Q(case__decided_at=event.at)
    return Hold.objects.filter(decided, commission=row).exists()


def ends_a_review(event: Event, row: Enrollment) -> bool:
    """Whether a membership was stopped by the decision of a review, which may keep an amount as well."""
    return Case.objects.filter(enrollment=row, decided_at=event.at).exists()


def opened(event: Event, row: Case) -> list[Letter]:
    """An amount of the affiliate's own is looked at; nothing where none is, or where it is decided by now."""
    review = _of(row)
    return [] if review.since > event.at else _new(review)


def grown(event: Event, row: Case) -> list[Letter]:
    """Something is held for the first time only now, so that nothing was told when it was opened."""
    review = _of(row)
    return _new(review) if row.opened_at < event.at == review.since else []


def _new(review: Review) -> list[Letter]:
    if review.case.is_decided or not review.count:
        return []
    subject = _("%(amount)s of your earnings is being looked at")
    first = _(
        "Before it is paid, a person looks at an amount of %(amount)s that you earned in %(program)s. Nothing is "
        "decided yet, and there is often a good explanation."
    )
    return [_waits(review, subject, first)]


def undone(event: Event, row: Case) -> list[Letter]:
    """A decision was taken back, so the affiliate waits again."""
    review = _of(row)
    if row.is_decided or not review.count:
        return []
    subject = _("%(amount)s of your earnings is being looked at again")
    first = _(
        "We have taken the decision back on an amount that you earned in %(program)s: %(amount)s is looked at once "
        "more. Please take no notice of what we wrote before."
    )
    return [_waits(review, subject, first)]


def decided(event: Event, row: Case) -> list[Letter]:
    """What was decided, what becomes of the amount, and what the reviewer wrote."""
    review = _of(row)
    if not row.is_decided or row.decided_at != event.at or not review.count:
        return []
    is_stopped = bool(row.terms.get("enrollment"))  # the letter on the membership has the message already
    if is_stopped and not (review.declined or review.taken or review.held):
        return []
    brand, program = brand_of(row.program), row.program
    values = {"amount": _money(review.amount), "program": program.name}
    first = _("We have looked at the %(amount)s that you earned in %(program)s.")
    facts = [(words, _money(amount)) for _tone, words, amount in review.fates]
    letter = to_affiliate(
        row.enrollment.affiliate,
        brand,
        _("The review of %(amount)s is over") % values,
        first % values,
        *_outcome(row),
        quote="" if is_stopped else row.message,
        facts=tuple(facts),
        button=(_("See the review"), page_address(brand, "affiliate:review", row.pk)),
    )
    return [letter]


def answered(event: Event, row: Case) -> list[Letter]:
    """The affiliate has answered: whoever has the case hears of it, else whoever decides."""
    if row.is_decided:
        return []
    subject = _("%(name)s has answered")
    first = _("%(name)s has answered to a review in %(program)s.")
    people = _members(row, MAY["review_fraud"])
    mine = [member for member in people if member.user_id == row.assignee_id]
    others = [member for member in people if member.role in DECIDERS]
    return _to_colleagues(row, mine or others or people, subject, first)


def escalated(event: Event, row: Case) -> list[Letter]:
    """Nobody has decided in time: owners and managers hear of it."""
    if row.is_decided:
        return []
    subject = _("A review of %(name)s is overdue")
    first = _(
        "A review in %(program)s should have been decided by now. %(name)s waits for an amount meanwhile."
    )
    return _to_colleagues(row, _members(row, MAY["manage_fraud"]), subject, first)


def _of(row: Case) -> Review:
    return reviews_of([row])[0]


def _waits(review: Review, subject: str, first: str) -> Letter:
    case = review.case
    brand, program = brand_of(case.program), case.program
    values = {"amount": _money(review.amount), "program": program.name}
    has_answered = hasattr(case, "answer")
    due = date_format(review.due_on, "j F Y")
    after = [
        _("The amount stays where it is until then. Everything else that you earn goes its usual way."),
    ]
    if not has_answered:
        after.insert(
            0, _("You need not answer, but it often helps. You can answer once, with text and files.")
        )
    return to_affiliate(
        case.enrollment.affiliate,
        brand,
        subject % values,
        first % values,
        points=tuple(reason.text for reason in reasons_of([case])[case.pk]),
        facts=((_("Decision expected by"), due),) if has_answered else ((_("Please answer until"), due),),
        after=tuple(after),
        button=(
            _("See the review") if has_answered else _("Read more and answer"),
            page_address(brand, "affiliate:review", case.pk),
        ),
    )


def _outcome(row: Case) -> list[str]:
    """The decision in a sentence; a membership that ended has a letter of its own, which is not said twice."""
    words = {
        Verdict.CLEAR: _("Everything is in order. Thank you for your patience."),
        Verdict.DECLINE: _("We are sorry: the amount cannot be paid."),
        Verdict.REVERSE: _("We are sorry: the amount was taken back."),
    }
    found = words.get(Verdict(row.verdict))
    return [found] if found else []


def _members(row: Case, roles: Iterable[str]) -> list[Member]:
    people = Member.objects.filter(
        merchant=row.program.merchant_id, is_active=True, user__is_active=True, role__in=roles
    ).exclude(user=row.enrollment.affiliate.user_id)
    return list(people.select_related("user").order_by("pk"))


def _to_colleagues(row: Case, people: Iterable[Member], subject: str, first: str) -> list[Letter]:
    brand = brand_of(row.program)
    values = {"name": row.enrollment.affiliate.name, "program": row.program.name}
    review = _of(row)
    facts = (
        (_("Amount"), _money(review.amount)),
        (_("To be decided until"), date_format(review.due_on, "j F Y")),
    )
    return [
        Letter(
            to=member.user.email,
            brand=brand,
            subject=subject % values,
            paragraphs=(first % values,),
            name=member.user.name,
            facts=facts,
            button=(_("Open the case"), page_address(brand, "admin:fraud_case_change", row.pk)),
        )
        for member in people
    ]


def _money(amount: Money) -> str:
    return amount.display(settings.LANGUAGE_CODE)
