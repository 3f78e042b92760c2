"""Findings as screening writes them: signals, their case, and what it holds."""

from datetime import datetime
from typing import Any

from affiliates.models import Enrollment
from commissions.models import Commission
from fraud.actions import signals
from fraud.checks import Measure
from fraud.findings import Asked
from fraud.models import Case, Policy
from tests import makers


def asked(
    name: str,
    who: Enrollment,
    *,
    sale: Commission | None = None,
    value: float = 1.0,
    sample: int = 1,
    figures: dict[str, Any] | None = None,
    rows: dict[str, tuple[Any, ...]] | None = None,
) -> Asked:
    """One finding of a check under the program's rules."""
    behind = {"conversions": (sale.conversion_id,)} if sale else {}
    measure = Measure(value, sample, figures or {"marks": ["email"], "count": 1}, behind | (rows or {}))
    policy = Policy.objects.filter(program=who.program).first() or Policy(program=who.program)
    return Asked(policy.rule(name), measure, who.pk, sale.conversion_id if sale else None)


def keep(who: Enrollment, *found: Asked, at: datetime = makers.NOON) -> list[Case]:
    """Write findings on one affiliate; return the cases that they belong to."""
    return signals.keep(who.program, found, policy=1, at=at)


def own_order(who: Enrollment, net: int = 10000, *, at: datetime = makers.NOON, **order: Any) -> Case:
    """The case of an affiliate who bought through the own link, with the commission that it holds."""
    sale = makers.make_commission(who, net, **order)
    (case,) = keep(who, asked("self_referral", who, sale=sale), at=at)
    return case
