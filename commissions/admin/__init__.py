"""The managers' pages about plans, what was earned, and the books."""

from commissions.admin import commissions, conversions, exchange, ledger, plans, simulations

__all__ = ["commissions", "conversions", "exchange", "ledger", "plans", "simulations"]
