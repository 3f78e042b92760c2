"""Why the house itself puts a commission on hold: the buyer is the affiliate, or only a browser says it is due.

Fraud review adds its own, `fraud:<cause>`. Pure. Reasons are codes that commissions.words says to people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from affiliates.models import BrowserOrders, Program
from tracking.hearsay import CLAIM
from tracking.models import Decision

if TYPE_CHECKING:
    from commissions.models import Commission

SELF_REFERRAL = "self_referral"
FRAUD = "fraud"  # before the cause of the case that holds it


def reason_to_hold(
    program: Program,
    decision: Decision,
    key: tuple[int, int],
    *,
    partners: Iterable[int] = (),
    compression: bool = False,
) -> str:
    """Return why the commission of (enrollment, level) is to be held, or an empty text.

    Of a shared sale only what derives from the share of whoever bought from himself is held: his own commission, his
    sponsors', and those of the `partners` that the plan gives a part of every share.
    """
    for credit in decision.credits:
        own = _own(credit, decision)
        if own and _derives(credit, key, frozenset(partners), compression):
            return f"{SELF_REFERRAL}:{own}"
    return "" if program.browser_orders == BrowserOrders.ACCEPT else str(decision.trace.get(CLAIM) or "")


def is_of_the_buyer(commission: Commission) -> bool:
    """Say whether a commission held for a self-referral is that of the affiliate who bought.

    The others, of sponsors and of partners of the plan, wait because they are counted from it. Reads the decision only
    where the plan splits what it pays.
    """
    if commission.level > 1 or commission.conversion is None:
        return False
    if commission.enrollment_id not in {part["enrollment"] for part in commission.trace.get("split", ())}:
        return True
    decision = commission.conversion.decision
    if decision is None:
        return False
    own = [credit for credit in decision.credits if credit["enrollment"] == commission.enrollment_id]
    return any(_own(credit, decision) for credit in own)


def _own(credit: Mapping[str, Any], decision: Decision) -> str:
    """By what the buyer is this affiliate; older decisions say it once, of the only one credited."""
    if len(decision.credits) == 1:
        return str(credit.get("own") or decision.trace.get("self_referral") or "")
    return str(credit.get("own") or "")


def _derives(
    credit: Mapping[str, Any], key: tuple[int, int], partners: frozenset[int], compression: bool
) -> bool:
    """Whether a commission is, in part at least, counted from a credit's share."""
    enrollment, level = key
    if level == 1:
        return enrollment == credit["enrollment"] or enrollment in partners
    return any(
        step["enrollment"] == enrollment
        and (step["level"] == level or (compression and step["level"] > level))
        for step in credit["chain"]
    )
