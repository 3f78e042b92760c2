"""What the clock starts."""

from datetime import timedelta

from core.periods import Every

SCHEDULE = (
    Every("commissions.tasks.approve_due", timedelta(hours=1)),
    Every("commissions.tasks.close_periods", timedelta(hours=1)),
    Every("commissions.tasks.take_clicks", timedelta(hours=1)),
    Every("commissions.tasks.apply_waiting_refunds", timedelta(minutes=5)),
    Every("commissions.tasks.refresh_rates", timedelta(hours=1)),
    Every("integrations.tasks.ask_again", timedelta(minutes=5)),
    Every("portal.tasks.forget_answers", timedelta(days=1)),
    Every("portal.tasks.forget_sessions", timedelta(days=1)),
)
