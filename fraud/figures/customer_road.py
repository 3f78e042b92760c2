"""What happened around a customer, the newest first: orders, money that went back, words, cases."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.models import Event, User
from fraud.checks.systems import COLLEAGUE
from fraud.figures.customer_page import orders_of, word_of
from fraud.figures.customers import who_says
from fraud.models import Case, Testimony
from fraud.states import TestimonyKind
from tracking.models import Customer, Refund

STEPS = 30


@dataclass(frozen=True, slots=True)
class Step:
    """One step, as admin/timeline.html shows it; `kind` is "", "now" or "bad"."""

    words: str
    at: datetime
    by: str = ""
    kind: str = ""


def road_of(customer: Customer, cases: Iterable[Case], viewer: User) -> list[Step]:
    """Return the newest STEPS steps, of which each kind gives its own newest; five queries."""
    steps = [*_orders(customer), *_refunds(customer), *_words(customer, viewer), *_cases(cases)]
    return sorted(steps, key=lambda step: step.at, reverse=True)[:STEPS]


def _orders(customer: Customer) -> Iterator[Step]:
    for order in orders_of(customer)[:STEPS]:
        yield Step(_("Ordered: %(number)s") % {"number": order.external_id}, order.occurred_at)


def _refunds(customer: Customer) -> Iterator[Step]:
    rows = Refund.objects.in_force().filter(order__customer=customer).select_related("order")
    for row in rows.order_by("-created_at", "-pk")[:STEPS]:
        told = {"what": row.get_kind_display(), "number": row.order_external_id}
        yield Step(_("%(what)s: order %(number)s") % told, row.occurred_at or row.created_at)


def _words(customer: Customer, viewer: User) -> Iterator[Step]:
    """What was said of the customer itself, every word that was news."""
    ids = Testimony.objects.filter(customer=customer).values_list("pk", "kind")
    kinds = {str(number): kind for number, kind in ids}
    rows: QuerySet[Event] = Event.objects.filter(
        subject_type=Testimony._meta.label_lower, subject_id__in=kinds.keys()
    )
    for row in rows.select_related("actor").order_by("-pk")[:STEPS]:
        kind, by = kinds[row.subject_id], str(row.data.get("by", ""))
        who, reason = who_says(by, row.actor, viewer), str(row.data.get("reason", ""))
        yield Step(
            _words_of(kind, str(row.data.get("word", "")), by),
            row.at,
            f"{who}: {reason}" if reason else who,
            "bad" if kind == TestimonyKind.BLOCKED and row.data.get("word") else "",
        )


def _words_of(kind: str, word: str, by: str) -> str:
    if by == COLLEAGUE:
        return _("Blocked") if word else _("Block taken back")
    label = str(TestimonyKind(kind).label)
    return f"{label}: {word_of(kind, word)}"


def _cases(cases: Iterable[Case]) -> Iterator[Step]:
    for case in cases:
        told = {"name": case.enrollment.affiliate.name, "cause": case.get_cause_display()}
        yield Step(_("Case opened: %(name)s, %(cause)s") % told, case.opened_at, kind="bad")
        if case.decided_at is not None:
            words = _("Case decided: %(name)s, %(verdict)s") % {
                **told,
                "verdict": case.get_verdict_display(),
            }
            yield Step(words, case.decided_at, str(case.decided_by or ""))
