"""What the clock starts."""

from datetime import timedelta

from core.periods import Every

SCHEDULE = (
    Every("commissions.tasks.approve_due", timedelta(hours=1)),
    Every("commissions.tasks.close_periods", timedelta(hours=1)),
    Every("tracking.tasks.read_clicks", timedelta(seconds=10)),
    Every("tracking.tasks.forget_raw", timedelta(days=1)),
    Every("tracking.tasks.ask_studies", timedelta(days=1)),
    Every("commissions.tasks.take_clicks", timedelta(hours=1)),
    Every("commissions.tasks.take_late_clicks", timedelta(minutes=1)),
    Every("commissions.tasks.take_beacons", timedelta(seconds=5)),
    Every("tracking.tasks.forget_beacons", timedelta(days=1)),
    Every("commissions.tasks.apply_waiting_refunds", timedelta(minutes=5)),
    Every("commissions.tasks.refresh_rates", timedelta(hours=1)),
    Every("integrations.tasks.ask_again", timedelta(minutes=5)),
    Every("integrations.tasks.forget_files", timedelta(days=1)),
    Every("integrations.tasks.end_hooks", timedelta(hours=1)),
    Every("integrations.tasks.look_at_webhooks", timedelta(hours=1)),
    Every("integrations.tasks.forget_deliveries", timedelta(days=1)),
    Every("integrations.tasks.look_after_credits", timedelta(minutes=5)),
    Every("integrations.tasks.watch", timedelta(minutes=1)),
    Every("integrations.tasks.forget_hours", timedelta(days=1)),
    Every("integrations.tasks.audit_nightly", timedelta(days=1)),
    Every("integrations.tasks.tend_dictionary", timedelta(hours=1)),
    Every("integrations.tasks.poll", timedelta(minutes=1)),
    Every("integrations.tasks.ask_for_files", timedelta(minutes=1)),
    Every("integrations.tasks.ask_changes", timedelta(minutes=1)),
    Every("integrations.tasks.tell_again", timedelta(hours=1)),
    Every("integrations.tasks.reconcile_lately", timedelta(minutes=5)),
    Every("integrations.tasks.reconcile_nightly", timedelta(days=1)),
    Every("integrations.tasks.forget_reconciliations", timedelta(days=1)),
    Every("portal.tasks.forget_answers", timedelta(days=1)),
    Every("portal.tasks.forget_rounds", timedelta(days=1)),
    Every("portal.tasks.forget_sessions", timedelta(days=1)),
    Every("portal.tasks.look_at_tables", timedelta(days=1)),
)
