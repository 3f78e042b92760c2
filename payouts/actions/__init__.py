"""The verbs of what leaves the house; one file per noun."""

from payouts.actions.batches import (
    ApprovalRefused,
    approve_batch,
    cancel_batch,
    content_hash,
    open_batch,
    who_may_not_approve,
)
from payouts.actions.carried import begin_sending, give_up, refuse, settle
from payouts.actions.payouts import mark_failed, mark_paid, mark_sent

__all__ = [
    "ApprovalRefused",
    "approve_batch",
    "begin_sending",
    "cancel_batch",
    "content_hash",
    "give_up",
    "mark_failed",
    "mark_paid",
    "mark_sent",
    "open_batch",
    "refuse",
    "settle",
    "who_may_not_approve",
]
