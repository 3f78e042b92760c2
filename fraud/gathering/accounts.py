"""Gathers what is known of a program's affiliates beside each other, and of the buyers they brought; seven queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.fields.json import KeyTransform
from django.utils import timezone

from affiliates.models import Enrollment, Program
from fraud.checks.accounts import AccountFacts, Twin
from fraud.checks.facts import Mark, Marks, shared
from fraud.checks.identity import CROWD
from fraud.gathering.lists import Lists
from fraud.gathering.marks import marks_of_enrollments
from fraud.gathering.sales import let_through
from fraud.lists import emails
from fraud.models import Relation
from fraud.partners import WINDOW
from tracking.models import Decision

Holders = Mapping[tuple[Mark, str], set[int]]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is compared: ids are enrollments."""

    marks: Mapping[int, Marks]
    holders: Holders
    addresses: Mapping[int, str]
    related: frozenset[tuple[int, int]]


def account_facts(
    program: Program, enrollments: Iterable[int] | None = None, *, at: datetime | None = None
) -> list[AccountFacts]:
    """Return the facts of all memberships of a program, or of those whose ids are given, in the order of their ids.

    They are compared with all others of the program, whatever became of them. A mark of a crowd (CROWD) makes nobody a
    twin, or an office's network would make a million of them; twins by another mark are told how many have it. Buyers
    are those of the WINDOW days before `at`, default now.
    """
    lists = Lists.of(program)
    known = _known(program, lists)
    chosen = sorted(known.marks if enrollments is None else known.marks.keys() & set(enrollments))
    buyers = _buyers(program, chosen if enrollments is not None else None, at or timezone.now())
    return [_account(one, known, buyers.get(one, set()), lists) for one in chosen]


def _known(program: Program, lists: Lists) -> _Known:
    marks = {one: let_through(said, lists) for one, said in marks_of_enrollments(program).items()}
    holders: dict[tuple[Mark, str], set[int]] = defaultdict(set)
    for enrollment, said in marks.items():
        for kind, digests in said.items():
            for digest in digests:
                holders[kind, digest].add(enrollment)
    addresses = Enrollment.objects.filter(program=program).values_list("pk", "affiliate__email")
    pairs = Relation.objects.filter(program=program).values_list("one", "other")
    return _Known(marks, holders, dict(addresses), frozenset(pairs))


def _account(own: int, known: _Known, buyers: set[str], lists: Lists) -> AccountFacts:
    address = known.addresses[own]
    return AccountFacts(
        enrollment=own,
        twins=_twins(own, known) if known.marks[own] else None,
        is_disposable=None
        if lists.allows_domain(emails.domain_of(address))
        else emails.is_disposable(address),
        buyers=len(buyers),
        in_series=emails.in_series(buyers),
    )


def _twins(own: int, known: _Known) -> tuple[Twin, ...]:
    groups = [known.holders[kind, digest] for kind, digests in known.marks[own].items() for digest in digests]
    others = {other for group in groups if len(group) <= CROWD for other in group} - {own}
    return tuple(_twin(own, other, known) for other in sorted(others))


def _twin(own: int, other: int, known: _Known) -> Twin:
    """Of several marks of a kind that they share, the one that the most have is counted, which says the least."""
    ours, theirs = known.marks[own], known.marks[other]
    marks = {
        kind: max(len(known.holders[kind, digest]) for digest in ours[kind] & theirs[kind])
        for kind in shared(ours, theirs)
    }
    return Twin(
        enrollment=other,
        marks=marks,
        likeness=emails.likeness(known.addresses[own], known.addresses[other]),
        is_related=(min(own, other), max(own, other)) in known.related,
    )


def _buyers(program: Program, enrollments: Iterable[int] | None, at: datetime) -> Mapping[int, set[str]]:
    """Enrollment -> addresses of the buyers it brought within the window; whom a digest alone tells is left out."""
    told = KeyTransform("email", KeyTransform("customer", "conversion__order__snapshot"))
    rows = Decision.objects.filter(
        program=program,
        is_current=True,
        enrollment__isnull=False,
        conversion__occurred_at__range=(at - timedelta(days=WINDOW), at),
    )
    if enrollments is not None:
        rows = rows.filter(enrollment__in=list(enrollments))
    found: dict[int, set[str]] = defaultdict(set)
    columns = rows.annotate(told=told).values_list("enrollment", "told", "conversion__customer__email")
    for enrollment, email, known in columns.iterator():
        if address := email or known:
            found[enrollment].add(address)
    return found
