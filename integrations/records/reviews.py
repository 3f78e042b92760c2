"""What fraud review came to, in a word: of orders and of affiliates, for whoever is told of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from fraud.models import Case, Hold, Signal
from fraud.states import GUILTY, UNDECIDED, Action, SignalState, Verdict

CLEAR, FRAUD, WAITS = "clear", "fraud", "under review"
OF_ORDERS = frozenset({"orders.review", "deal.review"})  # where the words stand in a customer's record
OF_AFFILIATES = frozenset({"affiliate.first.review", "affiliate.last.review"})
HOLDING = (Action.HOLD, Action.DECLINE)
Life = tuple[str, str]  # a case's state and verdict


def word_of(state: str, verdict: str) -> str:
    """Return what a case says: under review until it is decided, and while it is only held longer."""
    if state in UNDECIDED or verdict == Verdict.EXTEND:
        return WAITS
    return FRAUD if verdict in GUILTY else CLEAR


def review_of_orders(conversions: Collection[int]) -> str | None:
    """Return the gravest word on these conversions' orders: fraud, under review, clear; None if nobody asked."""
    if not conversions:
        return None
    odd = Signal.objects.filter(conversion__in=conversions, action__in=HOLDING, case__isnull=False)
    held = Hold.objects.filter(commission__conversion__in=conversions)
    lives = (
        rows.values_list("case__state", "case__verdict")
        for rows in (held, odd.exclude(state=SignalState.WITHDRAWN))
    )
    return _gravest(next(lives).union(*lives))


def _gravest(cases: Iterable[Life]) -> str | None:
    words = {word_of(state, verdict) for state, verdict in cases}
    return next((word for word in (FRAUD, WAITS, CLEAR) if word in words), None)


def reviews_of_affiliates(enrollments: Collection[int]) -> dict[int, str]:
    """Return enrollment -> under review while any of its cases waits, else what was decided last."""
    cases: dict[int, list[Life]] = defaultdict(list)
    rows = Case.objects.filter(enrollment__in=enrollments).order_by("decided_at", "pk")
    for number, state, verdict in rows.values_list("enrollment", "state", "verdict") if enrollments else ():
        cases[number].append((state, verdict))
    return {
        number: WAITS if any(state in UNDECIDED for state, _verdict in lives) else word_of(*lives[-1])
        for number, lives in cases.items()
    }
