"""Plans, what was earned, what was taken back, and the books; one file per noun."""

from commissions.models.books import Account, Entry
from commissions.models.commission import Commission, CommissionQuerySet, Reversal
from commissions.models.plan import Assignment, Plan, PlanVersion

__all__ = [
    "Account",
    "Assignment",
    "Commission",
    "CommissionQuerySet",
    "Entry",
    "Plan",
    "PlanVersion",
    "Reversal",
]
