"""Who has agreed to the newest version of a plan, where the program asks for it."""

from typing import Any

from commissions.actions.acceptances import waiting_for
from commissions.models import Plan

MOST_NAMED = 12


def consent(plan: Plan) -> dict[str, Any] | None:
    """Who has agreed to the newest version, and the first of those who have not; None where nobody is asked."""
    newest = plan.versions.order_by("number").last()
    if newest is None or not plan.program.asks_acceptance:
        return None
    waiting = waiting_for(newest).select_related("affiliate").order_by("affiliate__name")
    return {
        "version": newest,
        "agreed": newest.acceptances.count(),
        "waiting": waiting.count(),
        "first": waiting[:MOST_NAMED],
    }
