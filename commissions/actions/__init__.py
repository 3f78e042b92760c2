"""The verbs of what is earned; one file per noun."""

from commissions.actions.commissions import (
    adjust,
    approve,
    approve_due,
    decline,
    hold,
    mark_screened,
    release,
)
from commissions.actions.intake import (
    Taken,
    TakenRefund,
    apply_refund,
    apply_waiting_refunds,
    revalue,
    take_orders,
    take_refund_lines,
    take_refunds,
)
from commissions.actions.plans import assign_plan, create_plan, plan_version_for, publish

__all__ = [
    "Taken",
    "TakenRefund",
    "adjust",
    "apply_refund",
    "apply_waiting_refunds",
    "approve",
    "approve_due",
    "assign_plan",
    "create_plan",
    "decline",
    "hold",
    "mark_screened",
    "plan_version_for",
    "publish",
    "release",
    "revalue",
    "take_orders",
    "take_refund_lines",
    "take_refunds",
]
