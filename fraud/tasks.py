"""What news and the clock start here."""

from django.utils import timezone

from affiliates.models import Affiliate, Enrollment, Payee, Program
from commissions.models import Commission
from core.jobs import external
from core.models import Event
from fraud.actions import cases, days, dry_runs, holds, learning, marks, rescreening, screening, signals
from fraud.models import DryRun, Testimony
from tracking.models import Order, Refund


def screen(event: Event) -> None:
    """Look at a sale, and at others that wait (follows what made somebody earn by a conversion)."""
    screening.screen_sale(int(event.subject_id))


def screen_waiting() -> None:
    """Screen what has waited for longer than a moment (each minute)."""
    screening.screen_waiting()


def hold_again(event: Event) -> None:
    """Keep the brake on where a case is undecided (follows commission.released and commission.reinstated)."""
    holds.hold_again(Commission.objects.get(pk=event.subject_id), at=event.at)


def screen_affiliate(event: Event) -> None:
    """Ask who an affiliate is that changed something (follows affiliate.changed and payee.changed)."""
    if event.kind == "payee.changed":
        affiliate = Payee.objects.select_related("affiliate").get(pk=event.subject_id).affiliate
    else:
        affiliate = Affiliate.objects.get(pk=event.subject_id)
    for enrollment in affiliate.enrollments.active().select_related("program"):
        screening.screen_account(enrollment, at=event.at)


def screen_enrollment(event: Event) -> None:
    """Ask who it is that may promote from now on (follows enrollment.activated)."""
    enrollment = Enrollment.objects.select_related("program").get(pk=event.subject_id)
    screening.screen_account(enrollment, at=event.at)


def rescreen_refunded(event: Event) -> None:
    """Look again at a sale whose money went back, and at later ones of its buyer.

    Follows refund.recorded and refund.withdrawn.
    """
    rescreening.rescreen_refunded(Refund.objects.get(pk=event.subject_id), at=event.at)


def rescreen_revised(event: Event) -> None:
    """Look again at a sale of which the store says something else (follows order.revised)."""
    rescreening.rescreen_revised(Order.objects.get(pk=event.subject_id), at=event.at)


def rescreen_testified(event: Event) -> None:
    """Look again at the sales that a system has said something of (follows testimony.heard)."""
    rescreening.rescreen_testified(Testimony.objects.get(pk=event.subject_id), at=event.at)


def rescreen_listed(event: Event) -> None:
    """Look again at unpaid sales after a list changed (follows fraudlist.changed and fraudlist.rescreening)."""
    program = Program.objects.get(pk=event.scope_id or 0)
    rescreening.rescreen_listed(program, after=int(event.data.get("after", 0)), at=event.at)


def count_days() -> None:
    """Count the days of affiliates on which something came (every ten minutes)."""
    days.count_all(at=timezone.now())


def screen_partners() -> None:
    """Ask what each affiliate's clicks and orders look like beside its peers' (daily)."""
    screening.screen_partners(at=timezone.now())


def expire_signals() -> None:
    """Let go of what was not seen again for a month (daily)."""
    signals.expire(at=timezone.now())


def forget_marks() -> None:
    """Forget browsers and networks that were seen longer ago than programs keep raw data of clicks (daily)."""
    marks.forget(at=timezone.now())


def escalate() -> None:
    """Tell owners and managers of cases that nobody decided in time (hourly)."""
    cases.escalate(at=timezone.now())


def learn() -> None:
    """Learn scores from what was decided (daily)."""
    learning.learn_all(at=timezone.now())


@external
def run_dry_run(event: Event) -> None:
    """Work out what other rules would have held (follows dryrun.asked)."""
    dry_runs.run(DryRun.objects.get(pk=event.subject_id), event=event)
