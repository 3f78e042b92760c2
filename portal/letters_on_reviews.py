"""What is written of reviews: to the affiliate in plain words, to the colleagues who decide what is to be done."""

from collections.abc import Iterable

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from affiliates.models import Enrollment, Member
from affiliates.roles import MAY
from core.models import Event
from core.money import Money
from fraud.actions.effects import STOPPING
from fraud.models import Case, Hold
from fraud.states import Verdict
from portal.affiliate.reviewed import Review, reasons_of, reviews_of, worth_of
from portal.brand_addresses import page_address
from portal.letter import Letter, brand_of, to_affiliate

DECIDERS = ("manager", "reviewer")


def ends_a_review(event: Event, row: Enrollment) -> bool:
    """Whether a membership was stopped by the decision of a review, which may keep an amount as well."""
    return Case.objects.filter(enrollment=row, decided_at=event.at).exists()


def opened(event: Event, row: Case) -> list[Letter]:
    """An amount of the affiliate's own is looked at; nothing where none is, or where it is decided by now.

    Cases of several causes that one finding of facts has opened are told together, by the letter of the first.
    """
    cases = _opened_together(event, row)
    if cases[0] != row:
        return []
    return _new([review for review in reviews_of(cases) if review.since <= event.at])


def grown(event: Event, row: Case) -> list[Letter]:
    """Something is held for the first time only now, so that nothing was told when it was opened."""
    review = _of(row)
    return _new([review]) if row.opened_at < event.at == review.since else []


def _opened_together(event: Event, row: Case) -> list[Case]:
    """The case with those of the affiliate's that were opened in one go with it, in their order.

    In one go cases are opened first, and hold something then. Only events say so, which never change: whenever and in
    whatever order the letters are written, the same case has the one for all.
    """
    cases = {
        str(case.pk): case
        for case in Case.objects.filter(enrollment=row.enrollment_id, opened_at=row.opened_at)
    }
    news = Event.objects.filter(
        kind__in=("case.opened", "case.grew"),
        subject_type=event.subject_type,
        subject_id__in=list(cases),
        at=event.at,
    )
    begun: dict[str, int] = {}
    grew: dict[str, int] = {}
    for pk, kind, subject in news.order_by("pk").values_list("pk", "kind", "subject_id"):
        (begun if kind == "case.opened" else grew).setdefault(subject, pk)
    own = begun.get(str(row.pk), event.pk)
    first = next((name for name in begun if begun[name] <= own < grew.get(name, 0)), str(row.pk))
    until = grew.get(first, own)
    return [cases[name] for name in begun if begun[first] <= begun[name] < until] or [row]


def _new(reviews: list[Review]) -> list[Letter]:
    reviews = [review for review in reviews if review.count and not review.case.is_decided]
    if not reviews:
        return []
    subject = _("%(amount)s of your earnings is being looked at")
    first = _(
        "Before it is paid, a person looks at an amount of %(amount)s that you earned in %(program)s. Nothing is "
        "decided yet, and there is often a good explanation."
    )
    return [_waits(reviews, subject, first)]


def undone(event: Event, row: Case) -> list[Letter]:
    """A decision was taken back, so the affiliate waits again; with the reason that the reviewer wrote for it."""
    review = _of(row)
    if row.is_decided:
        return []
    if not review.count:
        return _nothing_waits(event, row)
    subject = _("%(amount)s of your earnings is being looked at again")
    first = _(
        "We have taken the decision back on an amount that you earned in %(program)s: %(amount)s is looked at once "
        "more. Please take no notice of what we wrote before."
    )
    return [_waits([review], subject, first, quote=str(event.data.get("reason", "")))]


def _nothing_waits(event: Event, row: Case) -> list[Letter]:
    """It was taken back and holds nothing now; nothing is said to whom the decision said nothing."""
    own = Hold.objects.filter(case=row, commission__enrollment=row.enrollment_id)
    if event.data.get("verdict") not in STOPPING and not own.exists():
        return []
    values = {"program": row.program.name}
    first = _(
        "We have taken back what we decided after a review in %(program)s. Please take no notice of what we wrote "
        "before."
    )
    subject, brand = _("A decision was taken back"), brand_of(row.program)
    quote = str(event.data.get("reason", ""))
    button = (_("Open my overview"), page_address(brand, "affiliate:overview"))
    return [
        to_affiliate(row.enrollment.affiliate, brand, subject, first % values, quote=quote, button=button)
    ]


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


def _waits(reviews: list[Review], subject: str, first: str, quote: str = "") -> Letter:
    cases = [review.case for review in reviews]
    case, program = cases[0], cases[0].program
    brand = brand_of(program)
    values = {"amount": _money(worth_of(cases)), "program": program.name}
    has_answered = all(hasattr(one, "answer") for one in cases)
    due = date_format(min(review.due_on for review in reviews), "j F Y")
    reasons = reasons_of(cases)
    points = dict.fromkeys(reason.text for one in cases for reason in reasons[one.pk])
    page = ("affiliate:review", case.pk) if len(cases) == 1 else ("affiliate:reviews",)
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
        points=tuple(points),
        quote=quote,
        facts=((_("Decision expected by"), due),) if has_answered else ((_("Please answer until"), due),),
        after=tuple(after),
        button=(
            _("See the review") if has_answered else _("Read more and answer"),
            page_address(brand, *page),
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
