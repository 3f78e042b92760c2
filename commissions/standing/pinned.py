"""Subscriptions that keep the version of the plan they began under, and what another one would have paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils import timezone

from affiliates.models import Enrollment
from commissions.actions.facts import Facts, due_by, facts_of, plan_of
from commissions.actions.volumes import counters_before
from commissions.models import Commission, Plan, PlanVersion, Transfer
from core.money import Money
from tracking.models import Conversion
from tracking.subscriptions import standings

CHUNK = 500
PREVIEW_DAYS = 90
MOST_PREVIEWED = 500


@dataclass(frozen=True, slots=True)
class Pinned:
    """A subscription by its newest conversion: the store's name of it, and who pays."""

    source: str
    subscription: str
    customer: int | None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What payments of the last days earned, all levels together, and would have earned under the other version.

    `skipped` could not be valued; `is_cut` says that only the newest payments were looked at.
    """

    payments: int
    old: Money
    new: Money
    skipped: int
    is_cut: bool


def count_subscriptions(plan: Plan) -> int:
    """Return how many subscriptions the plan ever paid for: so many keep the version they began under."""
    return int(_paid(plan).values("source", "order__subscription").distinct().count())


def subscriptions_pinned(version: PlanVersion, at: datetime | None = None) -> list[Pinned]:
    """Return the subscriptions that earn by the version because they began under it, or were moved to it."""
    return pinned_by_version(version.plan, at).get(version.pk, [])


def pinned_by_version(plan: Plan, at: datetime | None = None) -> dict[int, list[Pinned]]:
    """Return version id -> subscriptions that earn by it from `at` (now) on; those of other plans are not asked for."""
    moves = _moves(plan, at or timezone.now())
    found: dict[int, list[Pinned]] = defaultdict(list)
    for rows in _newest_conversions(plan):
        roots = {key: one.root for key, one in standings(rows).items() if one.root is not None}
        began = _began_under(plan, [root.pk for root in roots.values()])
        for row in rows:
            root = roots.get(row.pk)
            version = began.get(root.pk) if root else None
            if version is not None:
                own = Pinned(row.source, row.order.subscription, row.customer_id)
                found[_followed(version, moves)].append(own)
    return dict(found)


def _newest_conversions(plan: Plan) -> Iterator[list[Conversion]]:
    """The newest conversion of every subscription that the plan ever paid for, in chunks."""
    newest = _paid(plan).values("source", "order__subscription")
    ids = sorted(newest.annotate(newest=Max("pk")).values_list("newest", flat=True))
    for start in range(0, len(ids), CHUNK):
        rows = Conversion.objects.filter(pk__in=ids[start : start + CHUNK]).select_related("program", "order")
        yield list(rows.defer("order__snapshot").order_by("pk"))


def _paid(plan: Plan) -> Any:
    rows = Conversion.objects.filter(program=plan.program_id, commissions__plan_version__plan=plan)
    return rows.exclude(order__subscription="").order_by()


def _began_under(plan: Plan, roots: Sequence[int]) -> dict[int, int]:
    """Conversion -> version of the plan by which its level 1 was first valued."""
    rows = Commission.objects.filter(conversion__in=roots, level=1, plan_version__plan=plan)
    return dict(rows.order_by("-pk").values_list("conversion", "plan_version"))


def _moves(plan: Plan, at: datetime) -> list[tuple[int, int]]:
    rows = Transfer.objects.filter(plan=plan, effective_at__lte=at).order_by("effective_at", "pk")
    return list(rows.values_list("from_version", "to_version"))


def _followed(version: int, moves: Iterable[tuple[int, int]]) -> int:
    for left, reached in moves:
        version = reached if version == left else version
    return version


def rehearse_transfer(
    pinned: Sequence[Pinned], to_version: PlanVersion, at: datetime | None = None
) -> Rehearsal:
    """Value the last 90 days of payments of these subscriptions once more, by another version; nothing is written."""
    program = to_version.plan.program
    rows = _recent(to_version.plan, pinned, at or timezone.now())
    old = new = skipped = 0
    for conversion in rows[:MOST_PREVIEWED]:
        facts = facts_of(conversion)
        other = _under(facts, to_version)
        now, then = due_by(facts, counters_before(facts)), due_by(other, counters_before(other))
        if facts.sale is None or facts.plan is None or now is None or then is None:
            skipped += 1
            continue
        old += sum(now.left.values())
        new += sum(then.left.values())
    return Rehearsal(
        payments=min(len(rows), MOST_PREVIEWED) - skipped,
        old=program.money(old),
        new=program.money(new),
        skipped=skipped,
        is_cut=len(rows) > MOST_PREVIEWED,
    )


def _recent(plan: Plan, pinned: Sequence[Pinned], at: datetime) -> list[Conversion]:
    """The payments of the last days, the newest first; one more than is looked at."""
    wanted = {(one.source, one.subscription) for one in pinned}
    since = at - timedelta(days=PREVIEW_DAYS)
    rows = Conversion.objects.filter(program=plan.program_id, occurred_at__gte=since, occurred_at__lte=at)
    of_subscriptions: Any = rows.exclude(order__subscription="").order_by("-occurred_at", "-pk")
    found = []
    for row in of_subscriptions.select_related("program", "order").iterator(chunk_size=CHUNK):
        if (row.source, row.order.subscription) in wanted:
            found.append(row)
        if len(found) > MOST_PREVIEWED:
            break
    return found


def _under(facts: Facts, version: PlanVersion) -> Facts:
    """The same facts, to be valued by another version."""
    program = facts.conversion.program
    plan = plan_of(version, program.currency)
    codes = [split.affiliate for split in plan.split]
    active = Enrollment.objects.active().filter(program=program, code__in=codes) if codes else ()
    partners = {row.code: row.pk for row in active}
    sale = replace(facts.sale, partners=partners) if facts.sale else None
    return replace(facts, version=version, plan=plan, sale=sale)
