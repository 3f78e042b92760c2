"""Which touches may be credited at all: not a machine's, of an active membership, in time, and no repeat."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tracking.attribution.touches import CODE, REFERRER, SKEW, VIEW, Judged, Terms, Touch

OUT = frozenset(
    {"no_views", "bot", "inactive", "after_order", "window", "repeat", "code", "referrer"}
)  # why one is not eligible
WEAKER = {CODE: "code", REFERRER: "referrer"}  # why what only the order says is out beside something better


def in_order(touches: Iterable[Touch]) -> list[Touch]:
    """Return the touches, the oldest first; at one instant the lower enrollment, then the lower click id, is later."""
    by_click = sorted(touches, key=lambda touch: (touch.click, touch.kind), reverse=True)
    return sorted(by_click, key=lambda touch: (touch.at, -touch.enrollment))


def judge(at: datetime, touches: Iterable[Touch], terms: Terms) -> list[Judged]:
    """Return each touch, the oldest first, with why it is out of the question, or an empty text.

    A referral code counts only where there is no click, and the page that the order says the buyer came from only where
    there is no code either: they are the weakest evidence of a click.
    """
    judged = [(touch, _why_not(touch, at, terms)) for touch in in_order(touches)]
    judged = _without_repeats(judged, terms.repeat)
    counted = [touch for touch, why in judged if not why and touch.kind != VIEW]
    weaker = set()
    if any(not touch.is_hint for touch in counted):
        weaker = {CODE, REFERRER}
    elif any(touch.via == CODE for touch in counted):
        weaker = {REFERRER}
    # a hint that loses is out for what it is: its way of being found names the reason
    return [(touch, why or (WEAKER[touch.via] if touch.via in weaker else "")) for touch, why in judged]


def _why_not(touch: Touch, at: datetime, terms: Terms) -> str:
    if touch.kind == VIEW and not terms.views:
        return "no_views"
    if touch.is_bot:
        return "bot"
    if not touch.is_active:
        return "inactive"
    if touch.at > at + SKEW:
        return "after_order"
    if touch.at < at - touch.window:
        return "window"
    return ""


def _without_repeats(judged: list[Judged], within: timedelta) -> list[Judged]:
    """Mark a click for the same partner as the visitor's last click that counts, soon after it, as a repeat of that.

    By whichever of its links: else it would add to its share by alternating two. Only clicks that count are looked back
    at: what is out of the question must not change what is in it.
    """
    last: dict[str, Touch] = {}
    found = []
    for touch, why in judged:
        if why or touch.kind == VIEW or not touch.visitor:
            found.append((touch, why))
            continue
        before = last.get(touch.visitor)
        if before is not None and before.enrollment == touch.enrollment and touch.at - before.at <= within:
            found.append((touch, "repeat"))
            continue
        last[touch.visitor] = touch
        found.append((touch, ""))
    return found
