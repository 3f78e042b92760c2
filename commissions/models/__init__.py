"""Plans, what was earned, what was taken back, and the books; one file per noun."""

from commissions.models.books import Account, Entry
from commissions.models.closing import Closing
from commissions.models.commission import Commission, CommissionQuerySet, Reversal
from commissions.models.draft import Acceptance, Draft, Transfer
from commissions.models.exchange import Exchange, ExchangeRate
from commissions.models.plan import Assignment, Plan, PlanVersion
from commissions.models.simulation import Simulation
from commissions.models.volume import Volume

__all__ = [
    "Acceptance",
    "Account",
    "Assignment",
    "Closing",
    "Commission",
    "CommissionQuerySet",
    "Draft",
    "Entry",
    "Exchange",
    "ExchangeRate",
    "Plan",
    "PlanVersion",
    "Reversal",
    "Simulation",
    "Transfer",
    "Volume",
]
