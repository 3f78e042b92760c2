"""What waits for a manager: the counts beside the navigation and the list on the overview."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _, ngettext

from affiliates.cells import money_text
from affiliates.models import DirectLink, DirectLinkState, Enrollment
from affiliates.scoped_admin import memberships, merchants_that_let, person
from commissions.models import Commission
from commissions.states import CommissionState
from core.models import Job, JobState, User
from fraud.figures.exposures import stakes_by_currency
from fraud.models import Case
from integrations import standing
from integrations.connectors import CONNECTORS
from integrations.models import Connection, Delivery, Finding, Inbound
from integrations.states import ConnectionState, DeliveryState, InboundState
from payouts.models import Batch, Payout
from payouts.states import BatchState, PayoutState
from portal.console_waiting import Waiting, troubles
from reports import queries
from tracking.models import Conversion

STUCK = [InboundState.PARKED, InboundState.QUARANTINED]
SHOWN = 8  # connections on the overview
OPEN_BATCHES = [BatchState.DRAFT, BatchState.HALF]


def waiting_counts(request: HttpRequest) -> dict[str, int]:
    """How much of what waits in the person's merchants; asked once a request."""
    known: dict[str, int] | None = getattr(request, "_waiting_counts", None)
    if known is None:
        known = _count(list(memberships(request)), person(request))
        request._waiting_counts = known  # type: ignore[attr-defined]
    return known


def _count(merchants: list[int], user: User) -> dict[str, int]:
    of_program = {"program__merchant__in": merchants}
    applied = Enrollment.objects.applied().filter(**of_program)
    held = Commission.objects.filter(**of_program, is_held=True).exclude(state=CommissionState.DECLINED)
    stuck = Inbound.objects.filter(connection__program__merchant__in=merchants, state__in=STUCK)
    jobs = Job.objects.filter(event__tenant_id__in=merchants, state=JobState.QUARANTINED)
    cases = Case.objects.undecided().not_about(user).filter(**of_program)
    return {
        "applications": applied.count(),
        "direct_links": DirectLink.objects.filter(**of_program, state=DirectLinkState.ASKED).count(),
        "batches": Batch.objects.filter(**of_program, state__in=OPEN_BATCHES).count(),
        "failed_payouts": _unpaid_failures(merchants).count(),
        "doubted_payouts": Payout.objects.filter(**of_program).exclude(doubt="").count(),
        "held": held.count(),
        "cases": cases.count(),
        "late_cases": cases.filter(due_at__lte=timezone.now()).count(),
        "parked": Conversion.objects.parked().filter(**of_program).count(),
        "troubled": standing.needing_look(Connection.objects.filter(**of_program)).count(),
        "stuck": stuck.count(),
        "undelivered": Delivery.objects.filter(
            connection__program__merchant__in=merchants, state=DeliveryState.DEAD
        ).count(),
        "findings": Finding.objects.open().filter(connection__program__merchant__in=merchants).count(),
        "quarantined": jobs.count(),
    }


def _unpaid_failures(merchants: list[int]) -> Any:
    """Failed payouts whose affiliate has not been paid by a later one."""
    failed = Payout.objects.filter(program__merchant__in=merchants, state=PayoutState.FAILED)
    return failed.exclude(
        enrollment__payouts__state__in=[PayoutState.APPROVED, PayoutState.SENT, PayoutState.PAID]
    )


def queue(request: HttpRequest) -> list[Waiting]:
    """What needs a decision, the most pressing first; each line leads to where it is made."""
    counts = waiting_counts(request)
    merchants = list(memberships(request))
    lines = [*_money_lines(request, counts), *_people_lines(request, counts), *troubles(merchants, counts)]
    return [line for line in lines if line is not None]


def _money_lines(request: HttpRequest, counts: dict[str, int]) -> list[Waiting | None]:
    payouts = [_doubted(counts["doubted_payouts"]), _failed(counts["failed_payouts"])]
    return [*_batch_lines(request), *payouts, _cases(request, counts), _held(request, counts["held"])]


def _batch_lines(request: HttpRequest) -> list[Waiting]:
    rows = Batch.objects.filter(program__merchant__in=list(memberships(request)), state__in=OPEN_BATCHES)
    approvers = merchants_that_let(request, "approve_batch")
    lines = []
    for batch in rows.select_related("program").prefetch_related("payouts")[:5]:
        title = _("Payout batch of %(program)s: %(total)s") % {
            "program": batch.program,
            "total": money_text(batch.total),
        }
        act = _("approve") if batch.program.merchant_id in approvers else _("look")
        address = reverse("admin:payouts_batch_change", args=[batch.pk])
        lines.append(Waiting(title, batch.get_state_display(), "banknotes", address, act))
    return lines


def _doubted(count: int) -> Waiting | None:
    """Payouts of which only a person can say whether they arrived."""
    if not count:
        return None
    title = ngettext("%(n)s payout in doubt", "%(n)s payouts in doubt", count) % {"n": count}
    address = reverse("admin:payouts_payout_changelist") + "?doubt__isempty=0"
    detail = _("Look in the shop whether the credit is there, and say so.")
    return Waiting(title, detail, "bank", address, _("look"), is_urgent=True)


def _failed(count: int) -> Waiting | None:
    if not count:
        return None
    title = ngettext("%(n)s payout failed", "%(n)s payouts failed", count) % {"n": count}
    address = reverse("admin:payouts_payout_changelist") + "?state__exact=failed"
    detail = _("The amounts are payable again; ask for new payment details.")
    return Waiting(title, detail, "bank", address, _("see why"), is_urgent=True)


def _cases(request: HttpRequest, counts: dict[str, int]) -> Waiting | None:
    """Cases that somebody has to decide; overdue ones press."""
    count, late = counts["cases"], counts["late_cases"]
    if not count:
        return None
    title = ngettext("%(n)s case to review", "%(n)s cases to review", count) % {"n": count}
    seen = Case.objects.undecided().not_about(person(request))
    mine = seen.filter(program__merchant__in=list(memberships(request)))
    detail = ", ".join(money_text(total) for total in stakes_by_currency(mine))
    if late:
        overdue = ngettext("%(n)s is overdue", "%(n)s are overdue", late) % {"n": late}
        detail = f"{detail} · {overdue}" if detail else overdue
    act = _("review") if merchants_that_let(request, "review_fraud") else _("look")
    address = reverse("admin:fraud_case_changelist")
    return Waiting(title, detail, "shield", address, act, is_urgent=bool(late))


def _held(request: HttpRequest, count: int) -> Waiting | None:
    if not count:
        return None
    title = ngettext("%(n)s commission on hold", "%(n)s commissions on hold", count) % {"n": count}
    sums = ", ".join(money_text(total) for total in queries.held(list(memberships(request))))
    address = reverse("admin:commissions_commission_changelist") + "?is_held__exact=1"
    return Waiting(title, sums, "pause", address, _("decide"))


def _people_lines(request: HttpRequest, counts: dict[str, int]) -> list[Waiting | None]:
    return [_applications(request, counts["applications"]), _pages(counts["direct_links"])]


def _pages(count: int) -> Waiting | None:
    """Pages of affiliates that are to count without a link."""
    if not count:
        return None
    title = ngettext("%(n)s direct link asked for", "%(n)s direct links asked for", count) % {"n": count}
    address = reverse("admin:affiliates_directlink_changelist") + "?state__exact=asked"
    return Waiting(title, _("Look at the page before it counts."), "external", address, _("answer"))


def _applications(request: HttpRequest, count: int) -> Waiting | None:
    if not count:
        return None
    title = ngettext("%(n)s application", "%(n)s applications", count) % {"n": count}
    oldest = Enrollment.objects.applied().filter(program__merchant__in=list(memberships(request)))
    first = oldest.order_by("applied_at").first()
    detail = (
        _("The oldest has waited for %(time)s.") % {"time": timesince(first.applied_at, depth=1)}
        if first
        else ""
    )
    address = reverse("admin:affiliates_enrollment_changelist") + "?state__exact=applied"
    return Waiting(title, detail, "inbox", address, _("answer"))


def is_new(merchants: list[int]) -> bool:
    """Whether nothing was ever collected for a payout: then the first steps are still worth a link."""
    return not Batch.objects.filter(program__merchant__in=merchants).exists()


def connections(merchants: list[int]) -> list[dict[str, Any]]:
    """The systems we are connected with, those that need a look first, and when we last heard of each."""
    live = Connection.objects.filter(program__merchant__in=merchants).exclude(
        state=ConnectionState.DISCONNECTED
    )
    rows = standing.with_trouble(live.select_related("program").order_by("name", "pk"))
    shown = sorted(rows, key=lambda row: not standing.trouble_of(row))[:SHOWN]
    return [
        {
            "name": row.name,
            "program": row.program,
            "address": reverse("admin:integrations_connection_change", args=[row.pk]),
            "heard": _heard(row),
            "chip": standing.standing_chip(row),
        }
        for row in shown
    ]


def _heard(row: Connection) -> str:
    """When it last sent something; of one that is only told our news, nothing."""
    if row.last_received_at:
        return _("%(time)s ago") % {"time": timesince(row.last_received_at, depth=1)}
    return _("nothing yet") if CONNECTORS[row.connector].ROUTE else ""
