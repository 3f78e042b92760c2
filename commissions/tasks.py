"""What news and the clock start here."""

from affiliates.models import Enrollment
from commissions import actions
from commissions.actions import announcing
from commissions.models import Assignment, PlanVersion, Simulation
from core.jobs import external
from core.models import Event
from tracking.models import Conversion, Refund


def approve_due() -> None:
    """Approve what has matured (hourly)."""
    actions.approve_due()


def apply_waiting_refunds() -> None:
    """Apply refunds that were told while their order was being taken in (every five minutes)."""
    actions.apply_waiting_refunds()


def apply_refund(event: Event) -> None:
    """Let a refund meet its order (follows refund.recorded)."""
    actions.apply_refund(Refund.objects.get(pk=event.subject_id))


def settle_moved(event: Event) -> None:
    """Value a conversion again that another one moved (follows conversion.moved)."""
    actions.settle_moved(Conversion.objects.get(pk=event.subject_id), at=event.at)


def follow_volume(event: Event) -> None:
    """See to what a changed volume concerns (follows volume.changed)."""
    conversion = Conversion.objects.get(pk=event.subject_id)
    actions.follow_volume(conversion, event.data["enrollments"], at=event.at)


def pay_joining(event: Event) -> None:
    """Pay what the plan gives for joining (follows enrollment.activated)."""
    enrollment = Enrollment.objects.get(pk=event.subject_id)
    actions.pay_joining(enrollment, activated_at=event.at, at=event.at)


def close_periods() -> None:
    """Close months, quarters and years that are over (hourly)."""
    actions.close_periods()


def settle_true_ups(event: Event) -> None:
    """Count what a period that is over still owes an affiliate (follows period.closed)."""
    actions.settle_true_ups(Enrollment.objects.get(pk=event.subject_id), event.data["period"], at=event.at)


def take_clicks() -> None:
    """Pay for the clicks of the days that are over, late ones included (hourly)."""
    actions.take_recent_clicks()


def take_late_clicks() -> None:
    """Look again at orders that were told before the row of their click had come (each minute)."""
    actions.take_late_clicks()


def take_beacons() -> None:
    """Make facts of what the tag and the pixel told (every five seconds)."""
    actions.take_beacons()


def refresh_rates() -> None:
    """Fetch exchange rates where a program met a foreign currency, and value what waited for one (hourly)."""
    actions.refresh_rates()


@external
def release_parked(event: Event) -> None:
    """Value what waited for an exchange rate (follows rates.loaded and rates.entered)."""
    actions.release_parked()  # each order in a transaction of its own, so that one that fails holds up no other


def announce_terms(event: Event) -> None:
    """Tell whom new terms concern, some at a time (follows plan.published, plan.assigned, terms.announcing)."""
    after = int(event.data.get("after", 0))
    if event.subject_type == Assignment._meta.label_lower:
        announcing.announce_assignment(Assignment.objects.get(pk=event.subject_id), after=after)
    else:
        announcing.announce_version(PlanVersion.objects.get(pk=event.subject_id), after=after)


def announce_group(event: Event) -> None:
    """Tell an affiliate whose change of group gave it another plan (follows group.changed)."""
    if event.subject_type == Enrollment._meta.label_lower:
        announcing.announce_group(Enrollment.objects.get(pk=event.subject_id), event.at)


@external
def run_simulation(event: Event) -> None:
    """Work out what a plan would have cost (follows simulation.asked)."""
    actions.run_simulation(Simulation.objects.get(pk=event.subject_id), event=event)
