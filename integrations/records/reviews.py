"""What fraud review came to, in a word: of orders and of affiliates, for whoever is told of them."""

from collections import defaultdict
from collections.abc import Collection

from fraud.models import Case, Hold, Signal
from fraud.states import GUILTY, UNDECIDED, Action, SignalState, Verdict

CLEAR, FRAUD, WAITS = "clear", "fraud", "under review"
GRAVITY = (FRAUD, WAITS, CLEAR)  # the gravest first
# where the words stand in a customer's record, and in an order's
OF_ORDER = frozenset({"order.review", "order.review_of"})
OF_ORDERS = frozenset({"orders.review", "deal.review"}) | OF_ORDER
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
    found = gravest_review(conversions)
    return found[0] if found else None


def gravest_review(conversions: Collection[int]) -> tuple[str, str] | None:
    """Return the gravest word on these conversions' orders, and the code of the affiliate whom its case is about."""
    if not conversions:
        return None
    odd = Signal.objects.filter(conversion__in=conversions, action__in=HOLDING, case__isnull=False)
    held = Hold.objects.filter(commission__conversion__in=conversions)
    cases = (
        rows.values_list("case", "case__state", "case__verdict", "case__enrollment__code")
        for rows in (held, odd.exclude(state=SignalState.WITHDRAWN))
    )
    words = sorted(
        (GRAVITY.index(word_of(state, verdict)), number, code)
        for number, state, verdict, code in next(cases).union(*cases)
    )
    return (GRAVITY[words[0][0]], words[0][2]) if words else None


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
