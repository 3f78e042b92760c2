"""The managers' pages of fraud review: cases, the policy, dry runs, lists, exemptions, relations."""

from fraud.admin import cases, dry_runs, lists, policies

__all__ = ["cases", "dry_runs", "lists", "policies"]
