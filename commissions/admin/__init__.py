"""The managers' pages about plans, what was earned, and the books."""

from commissions.admin import commissions, conversions, ledger, plans

__all__ = ["commissions", "conversions", "ledger", "plans"]
