"""A review as its affiliate sees it: what is looked at and why, in plain words, and what became of the amount."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.models import Enrollment
from commissions.models import Commission
from commissions.states import CommissionState, ReversalCause
from core.money import Money
from fraud.models import Case, CaseQuerySet, Hold, Signal
from fraud.states import UNDECIDED, Action, CaseState, Cause, Verdict
from portal.affiliate.earned import in_stage, shown

NUMBERS = 6  # orders named beside a reason at most; the table has all
TELLING = (Action.HOLD, Action.DECLINE)
# said where no finding stands any more, or none was ever more than a note
GENERAL = {
    Cause.IDENTITY: gettext_lazy("We check who the customers and accounts concerned are."),
    Cause.ORDERS: gettext_lazy("We look at some of your orders together before they are paid."),
    Cause.TRAFFIC: gettext_lazy("We look at how visitors came to the shop."),
    Cause.STATISTICS: gettext_lazy("Your figures differ from what is usual, and we are looking at why."),
    Cause.COLLUSION: gettext_lazy("We look at how some accounts belong together."),
    Cause.SYSTEMS: gettext_lazy("We wait for what the shop says about some of your orders."),
}
# the same once it is decided
DONE = {
    Cause.IDENTITY: gettext_lazy("We checked who the customers and accounts concerned are."),
    Cause.ORDERS: gettext_lazy("We looked at some of your orders together."),
    Cause.TRAFFIC: gettext_lazy("We looked at how visitors came to the shop."),
    Cause.STATISTICS: gettext_lazy("Your figures differed from what is usual, and we looked at why."),
    Cause.COLLUSION: gettext_lazy("We looked at how some accounts belong together."),
    Cause.SYSTEMS: gettext_lazy("We asked what the shop says about some of your orders."),
}


@dataclass(slots=True)
class Review:
    """A case: the affiliate's own commissions in it, since when they wait, and what became of each part.

    `amount` is what they are worth: while it is undecided of those that it holds, then of all that it had held.
    """

    case: Case
    amount: Money
    released: Money
    declined: Money
    taken: Money
    held: Money
    count: int
    since: datetime

    @property
    def fates(self) -> list[tuple[str, str, Money]]:
        """What became of a decided one's amount: tone, words, how much; nothing of what is zero."""
        parts = [
            ("ok", _("Goes its usual way"), self.released),
            ("wait", _("Still on hold"), self.held),
            ("bad", _("Will not be paid"), self.declined),
            ("bad", _("Taken back"), self.taken),
        ]
        return [part for part in parts if part[2]]

    @property
    def began_on(self) -> date:
        """Since which day it is looked at, by the program's clock."""
        return self.case.program.local(self.since).date()

    @property
    def due_on(self) -> date:
        """By which day a decision is expected."""
        return self.case.program.local(self.case.due_at).date()

    @property
    def is_late(self) -> bool:
        """Whether the decision should have come by now."""
        return not self.case.is_decided and self.case.due_at <= timezone.now()

    @property
    def decided_on(self) -> date | None:
        """On which day it was decided."""
        at = self.case.decided_at
        return self.case.program.local(at).date() if at and self.case.is_decided else None

    @property
    def outcome(self) -> str:
        """What was decided, in plain words; empty while nothing is."""
        return outcome_of(self.case)


@dataclass(frozen=True, slots=True)
class Waits:
    """What is on hold: its worth, the reviews that hold a part of it, and of how many nobody asks the affiliate."""

    amount: Money
    reviews: list[Review]
    others: int

    @property
    def only(self) -> Review | None:
        """The one review that holds all of it."""
        return self.reviews[0] if len(self.reviews) == 1 and not self.others else None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why it is looked at, in a sentence, and the numbers of the affiliate's own orders that it is about."""

    text: str
    numbers: tuple[str, ...] = ()
    more: int = 0


def cases_of(enrollments: Iterable[Enrollment]) -> CaseQuerySet:
    """The cases that an affiliate may see: those that hold, or have held, something of its own."""
    own = Hold.objects.filter(case=OuterRef("pk"), commission__enrollment=OuterRef("enrollment"))
    found: CaseQuerySet = Case.objects.filter(Exists(own), enrollment__in=list(enrollments))
    return found.select_related("program", "enrollment__affiliate", "answer")


def reviews_of(cases: Sequence[Case]) -> list[Review]:
    """What there is to say of cases of one currency each, in their order; two queries."""
    found = {case.pk: _empty(case) for case in cases}
    parts = ("case", "commission__state", "commission__is_held")
    holds = _own_holds(cases)
    sums = holds.values(*parts).annotate(
        sum=Sum("commission__amount"), since=Min("placed_at"), count=Count("pk")
    )
    fraud = Q(commission__reversals__cause=ReversalCause.FRAUD)
    gone = holds.filter(commission__reversals__isnull=False).values(*parts)
    taken = gone.annotate(
        taken=Sum("commission__reversals__amount", filter=fraud, default=0),
        other=Sum("commission__reversals__amount", filter=~fraud, default=0),
    )
    less: dict[tuple[object, ...], tuple[int, int]] = {
        tuple(row[part] for part in parts): (row["taken"], row["other"]) for row in taken
    }
    for row in sums.order_by("since"):
        back, other = less.get(tuple(row[part] for part in parts), (0, 0))
        _add(found[row["case"]], row, row["sum"] - other, back)
    return [found[case.pk] for case in cases]


def worth_of(cases: Sequence[Case]) -> Money:
    """What undecided cases of one affiliate hold together; what several of them hold counts once."""
    held = Commission.objects.filter(pk__in=_own_holds(cases).values("commission")).with_net()
    sums = held.aggregate(worth=Sum("amount", default=0), taken=Sum("reversed_amount", default=0))
    money: Money = cases[0].program.money(sums["worth"] - sums["taken"])
    return money


def looked_at(enrollment: Enrollment) -> list[Review]:
    """The reviews that still hold something of the affiliate's, the most urgent first."""
    cases = list(cases_of([enrollment]).undecided().order_by("due_at", "pk"))
    return [review for review in reviews_of(cases) if review.count] if cases else []


def waits_of(enrollment: Enrollment) -> Waits:
    """All that is on hold, and the reviews that say why."""
    held = in_stage(shown(enrollment), "held")
    sums = held.aggregate(worth=Sum("amount", default=0), taken=Sum("reversed_amount", default=0))
    amount = enrollment.program.money(sums["worth"] - sums["taken"])
    return Waits(amount, looked_at(enrollment), unreviewed(enrollment).count())


def unreviewed(enrollment: Enrollment) -> QuerySet[Commission]:
    """What is on hold without a review of the affiliate's own: the house, a colleague or another's sale is why."""
    own = Hold.objects.filter(case__enrollment=enrollment, case__state__in=UNDECIDED, lifted_at=None)
    return in_stage(shown(enrollment), "held").exclude(pk__in=own.values("commission"))


def is_waiting(enrollment: Enrollment) -> bool:
    """Whether anything is on hold."""
    held = Commission.objects.filter(enrollment=enrollment, is_held=True)
    return bool(held.exclude(state=CommissionState.DECLINED).exists())


def commissions_of(case: Case) -> QuerySet[Commission]:
    """The affiliate's own commissions in a case, as its lists show them."""
    return shown(case.enrollment).filter(pk__in=_own_holds([case]).values("commission"))


def reasons_of(cases: Sequence[Case]) -> dict[int, list[Reason]]:
    """Case id -> why it is, or was, looked at; sentences without figures, each once; two queries."""
    signals = Signal.objects.standing().filter(case__in=cases, action__in=TELLING).order_by("pk")
    orders = dict(
        _own_holds(cases)
        .filter(commission__level=1, commission__conversion__isnull=False)
        .values_list("commission__conversion", "commission__conversion__external_id")
    )
    said: dict[int, dict[str, list[str]]] = {case.pk: defaultdict(list) for case in cases}
    decided = {case.pk: case.is_decided for case in cases}
    for signal in signals.only("case", "check_name", "conversion"):
        if signal.check_itself is not None:
            numbers = said[signal.case_id][signal.check_itself.told(is_decided=decided[signal.case_id])]
            if signal.conversion_id in orders and orders[signal.conversion_id] not in numbers:
                numbers.append(orders[signal.conversion_id])
    return {case.pk: _reasons(said[case.pk]) or [Reason(_general(case))] for case in cases}


def _general(case: Case) -> str:
    return str((DONE if case.is_decided else GENERAL)[Cause(case.cause)])


def outcome_of(case: Case) -> str:
    """What was decided on a case, in plain words; empty while nothing is."""
    words = {
        Verdict.CLEAR: _("Everything is in order."),
        Verdict.DECLINE: _("The amount cannot be paid."),
        Verdict.REVERSE: _("The amount was taken back."),
        Verdict.SUSPEND: _("Your membership is suspended for now."),
        Verdict.BAN: _("Your membership has ended."),
    }
    return words.get(Verdict(case.verdict), "") if case.is_decided else ""


def case_that_holds(commission: Commission) -> Case | None:
    """The undecided review of the affiliate's own that a commission waits for."""
    holds = Hold.objects.filter(
        commission=commission, lifted_at=None, case__enrollment=commission.enrollment_id
    ).exclude(case__state=CaseState.DECIDED)
    hold = holds.select_related("case").order_by("case__due_at", "pk").first()
    return hold.case if hold else None


def _own_holds(cases: Sequence[Case]) -> QuerySet[Hold]:
    """What the cases hold of their own affiliates; of decided ones also what they had held."""
    own = Hold.objects.filter(case__in=cases, commission__enrollment=F("case__enrollment"))
    waits = Q(lifted_at=None) & ~Q(commission__state=CommissionState.DECLINED)
    return own.filter(waits | Q(case__state=CaseState.DECIDED))


def _empty(case: Case) -> Review:
    nothing = case.program.money(0)
    return Review(case, nothing, nothing, nothing, nothing, nothing, 0, case.opened_at)


def _add(review: Review, row: dict[str, Any], worth: int, back: int) -> None:
    """Add commissions of one fate: what they were worth before the review took anything back, and what it took."""
    money = review.case.program.money
    if not review.count:
        review.since = row["since"]
    review.count += row["count"]
    review.amount += money(worth)
    rest = money(worth - back)
    if row["commission__state"] == CommissionState.DECLINED:
        review.declined += rest
    elif row["commission__is_held"]:
        review.held += rest
    else:
        review.released += rest
    review.taken += money(back)


def _reasons(said: dict[str, list[str]]) -> list[Reason]:
    return [
        Reason(text, tuple(numbers[:NUMBERS]), max(0, len(numbers) - NUMBERS))
        for text, numbers in said.items()
    ]
