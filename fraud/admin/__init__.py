"""The managers' pages of fraud review: cases, customers, the policy, dry runs, lists, exemptions, relations."""

from fraud.admin import cases, customers, dry_runs, lists, policies

__all__ = ["cases", "customers", "dry_runs", "lists", "policies"]
