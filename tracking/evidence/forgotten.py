"""Whether what a decision rests on can still be read: clicks lose their visitor in time, and views go."""

from tracking.attribution.eligible import OUT
from tracking.attribution.touches import CLICK
from tracking.models import Click, Decision, Impression


def is_forgotten(decision: Decision) -> bool:
    """Say whether an eligible touch of the decision can no longer be found by its visitor, or is gone.

    What is left would then be weighed as if the others had never been. A click that counted by its id alone, for its
    row had not come, is not missed.
    """
    rows = [row for row in decision.trace.get("touches", ()) if row["click"] and row["why"] not in OUT]
    clicks = {row["click"] for row in rows if row.get("kind", CLICK) == CLICK}
    clicks.discard(str(decision.awaits))
    views = {row["click"] for row in rows if row.get("kind", CLICK) != CLICK}
    if clicks:
        known = Click.objects.filter(pk__in=clicks).exclude(is_bare=True, visitor=None)
        if known.count() < len(clicks):
            return True
    return bool(views) and Impression.objects.filter(pk__in=views).count() < len(views)
