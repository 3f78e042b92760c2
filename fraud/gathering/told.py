"""What other systems say of sales and their buyers, and which sales a browser alone has told of."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from affiliates.models import Program
from core.models import Event
from fraud.checks.facts import Told, Unconfirmed
from fraud.checks.systems import COLLEAGUE, DISPUTED, risk_of
from fraud.gathering.orders import Sold
from fraud.models import Policy, Testimony
from fraud.states import TestimonyKind
from tracking.buyers import RISK, RISK_BY
from tracking.hearsay import BROWSER, BY, EVIDENCE_BY
from tracking.models import Conversion

YES, NO = frozenset({"yes", "true", "1", "blocked"}), frozenset({"", "no", "false", "0", "unblocked"})
SAME_TIME = timedelta(days=3)  # after an order, in which a store that works tells of others as well
MOST_OTHERS, RECENT = (
    5000,
    1000,
)  # confirmed orders that are counted; newest orders among which a store's is looked for

Word = tuple[str, str]  # what is said, and by whom
CONFIRMED = "conversion.confirmed"


# --- what is said --------------------------------------------------------------------------------------------
def told_of(program: Program, sold: Collection[Sold], policy: Policy) -> dict[int, Told]:
    """Return conversion -> what systems say of it and of its buyer; one query.

    Where several speak of one thing the gravest word counts, for one of them is enough; of equal ones those about the
    order before those about the buyer, the newest first.
    """
    words = _words(program, sold)
    return {one.conversion.pk: _told(one, words, frozenset(map(str, policy.bad_statuses))) for one in sold}


def _words(program: Program, sold: Collection[Sold]) -> dict[tuple[str, int], dict[str, list[Word]]]:
    """("sale" or "buyer", number) -> kind -> words, the newest first."""
    sales = [one.conversion.pk for one in sold]
    buyers = {one.customer.pk for one in sold if one.customer is not None}
    rows = Testimony.objects.filter(program=program)
    rows = rows.filter(Q(conversion__in=sales) | Q(customer__in=buyers)).order_by("-at", "-pk")
    found: dict[tuple[str, int], dict[str, list[Word]]] = defaultdict(lambda: defaultdict(list))
    for kind, word, by, sale, buyer in rows.values_list("kind", "word", "by", "conversion", "customer"):
        found[("sale", sale) if sale is not None else ("buyer", buyer)][kind].append((word, by))
    return found


def _told(sold: Sold, words: Mapping[tuple[str, int], Mapping[str, list[Word]]], bad: frozenset[str]) -> Told:
    about = [("sale", sold.conversion.pk)]
    if sold.customer is not None:
        about.append(("buyer", sold.customer.pk))
    said: dict[str, list[Word]] = {
        kind: [word for one in about for word in words.get(one, {}).get(kind, ())]
        for kind in TestimonyKind.values
    }
    metadata = sold.value.metadata
    if isinstance(metadata.get(RISK), str):
        said[TestimonyKind.RISK].append((metadata[RISK], str(metadata.get(RISK_BY) or "")))
    listed = {one.strip().casefold() for one in bad}
    risk = _gravest(said[TestimonyKind.RISK], lambda word: _or_less(risk_of(word)))
    dispute = _gravest(said[TestimonyKind.DISPUTE], lambda word: DISPUTED.get(word.strip().casefold(), -1))
    blocked = max(said[TestimonyKind.BLOCKED], key=_block, default=None)
    status = _gravest(said[TestimonyKind.STATUS], lambda word: int(word.strip().casefold() in listed))
    return Told(
        risk=risk[0] if risk else "",
        risk_by=risk[1] if risk else "",
        dispute=dispute[0].strip().casefold() if dispute else None,
        dispute_by=dispute[1] if dispute else "",
        is_blocked=is_yes(blocked[0]) if blocked else None,
        blocked_by=blocked[1] if blocked else "",
        crm_status=status[0] if status else "",
        crm=status[1] if status else "",
        bad_statuses=bad,
    )


def _gravest(words: list[Word], grave: Any) -> Word | None:
    """The first of those that weigh most: words come the newest first, the order's own last."""
    return max(words, key=lambda one: grave(one[0]), default=None)


def _or_less(level: int | None) -> int:
    return -1 if level is None else level


def _block(word: Word) -> tuple[int, bool]:
    """How much a word weighs that blocks; of those that do, a colleague's own comes first."""
    return _or_less(is_yes(word[0])), word[1] == COLLEAGUE


def is_yes(word: str) -> bool | None:
    """Return whether a word says that a buyer is blocked, None for one that says neither."""
    said = word.strip().casefold()
    return True if said in YES else False if said in NO else None


# --- what a browser alone says -------------------------------------------------------------------------------
def unconfirmed(program: Program, sold: Collection[Sold], at: datetime) -> dict[int, Unconfirmed]:
    """Return conversion -> for how long only a browser has told of it, of those; at most three queries.

    Others are those with the same goal that the store confirmed within SAME_TIME after the order: no store tells of
    sign-ups. A program in which no store tells such orders at all has none that is unconfirmed.
    """
    waiting = [one for one in sold if one.is_hearsay]
    if not waiting:
        return {}
    others, goals = _confirmed(program, waiting), _goals_of_stores(program)
    found = {}
    for one in waiting:
        goal, since = one.conversion.goal, one.conversion.occurred_at
        count = bisect_right(others[goal], since + SAME_TIME) - bisect_left(others[goal], since)
        if count or goal in goals:
            hours = (at - one.conversion.order.created_at).total_seconds() / 3600
            found[one.conversion.pk] = Unconfirmed(max(hours, 0.0), count)
    return found


def _confirmed(program: Program, waiting: Collection[Sold]) -> dict[str, list[datetime]]:
    """Goal -> when orders were made of which browser and store have told, in order."""
    times = [one.conversion.occurred_at for one in waiting]
    span = (min(times), max(times) + SAME_TIME)
    told = Event.objects.filter(
        tenant_id=program.merchant_id, scope_id=program.pk, kind=CONFIRMED, at__range=span
    )
    numbers = [int(number) for number in told.values_list("subject_id", flat=True)[:MOST_OTHERS]]
    both = Q(occurred_at__range=span, order__snapshot__metadata__has_key=EVIDENCE_BY)
    rows = Conversion.objects.filter(Q(pk__in=numbers) | both, program=program).order_by("occurred_at")
    found: dict[str, list[datetime]] = defaultdict(list)
    for goal, when in rows.values_list("goal", "occurred_at")[:MOST_OTHERS]:
        found[goal].append(when)
    return found


def _goals_of_stores(program: Program) -> frozenset[str]:
    """Of what stores have told lately."""
    by = f"order__snapshot__metadata__{BY}"
    newest = Conversion.objects.filter(program=program).order_by("-occurred_at").values("pk")[:RECENT]
    rows = Conversion.objects.filter(Q(**{f"{by}__isnull": True}) | ~Q(**{by: BROWSER}), pk__in=newest)
    return frozenset(rows.values_list("goal", flat=True).distinct())
