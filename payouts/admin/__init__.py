"""The managers' pages about what leaves the house."""

from payouts.admin import batches, payouts

__all__ = ["batches", "payouts"]
