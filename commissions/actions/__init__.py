"""The verbs of what is earned; one file per noun."""

from commissions.actions.beacons import take_beacons
from commissions.actions.clicks import take_clicks, take_recent_clicks
from commissions.actions.commissions import (
    adjust,
    approve,
    approve_due,
    count_look,
    hold,
    let_go,
    mark_screened,
    release,
    wait_for_screening,
)
from commissions.actions.drafts import (
    begin_plan,
    discard_draft,
    edit_draft,
    open_draft,
    publish_draft,
)
from commissions.actions.exchange import exchange_for, rate_at, rates_for
from commissions.actions.intake import (
    Taken,
    TakenRefund,
    apply_refund,
    apply_waiting_refunds,
    follow_volume,
    revalue,
    settle_moved,
    take_orders,
    take_refund_lines,
    take_refunds,
)
from commissions.actions.late_clicks import take_late_clicks
from commissions.actions.periods import close_periods, pay_joining, settle_true_ups
from commissions.actions.plans import assign_plan, create_plan, plan_version_for, publish
from commissions.actions.rates import (
    enter_rates,
    fetch_rates,
    load_rates,
    rates_are_wanted,
    refresh_rates,
    release_parked,
)
from commissions.actions.settling import lock_all
from commissions.actions.simulations import cancel_simulation, run_simulation, start_simulation
from commissions.actions.taking_back import decline, reinstate, take_back
from commissions.actions.transfers import transfer_customers

__all__ = [
    "Taken",
    "TakenRefund",
    "adjust",
    "apply_refund",
    "apply_waiting_refunds",
    "approve",
    "approve_due",
    "assign_plan",
    "begin_plan",
    "cancel_simulation",
    "close_periods",
    "count_look",
    "create_plan",
    "decline",
    "discard_draft",
    "edit_draft",
    "enter_rates",
    "exchange_for",
    "fetch_rates",
    "follow_volume",
    "hold",
    "let_go",
    "load_rates",
    "lock_all",
    "mark_screened",
    "open_draft",
    "pay_joining",
    "plan_version_for",
    "publish",
    "publish_draft",
    "rate_at",
    "rates_are_wanted",
    "rates_for",
    "refresh_rates",
    "reinstate",
    "release",
    "release_parked",
    "revalue",
    "run_simulation",
    "settle_moved",
    "settle_true_ups",
    "start_simulation",
    "take_back",
    "take_beacons",
    "take_clicks",
    "take_late_clicks",
    "take_orders",
    "take_recent_clicks",
    "take_refund_lines",
    "take_refunds",
    "transfer_customers",
    "wait_for_screening",
]
