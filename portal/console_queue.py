"""What waits for a manager: the counts beside the navigation and the list on the overview."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _, ngettext

from affiliates.cells import chip, money_text
from affiliates.models import DirectLink, DirectLinkState, Enrollment
from affiliates.scoped_admin import memberships, merchants_that_let
from commissions.models import Commission
from commissions.states import CommissionState
from core.models import Job, JobState
from integrations.models import Connection, Delivery, Inbound
from integrations.states import ConnectionState, DeliveryState, InboundState
from payouts.models import Batch, Payout
from payouts.states import BatchState, PayoutState
from reports import queries
from tracking.models import Conversion

STUCK = [InboundState.PARKED, InboundState.QUARANTINED]
OPEN_BATCHES = [BatchState.DRAFT, BatchState.HALF]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of "needs you"."""

    title: str
    detail: str
    icon: str
    address: str
    act: str
    is_urgent: bool = False


def waiting_counts(request: HttpRequest) -> dict[str, int]:
    """How much of what waits in the person's merchants; asked once a request."""
    known: dict[str, int] | None = getattr(request, "_waiting_counts", None)
    if known is None:
        known = _count(list(memberships(request)))
        request._waiting_counts = known  # type: ignore[attr-defined]
    return known


def _count(merchants: list[int]) -> dict[str, int]:
    of_program = {"program__merchant__in": merchants}
    applied = Enrollment.objects.applied().filter(**of_program)
    held = Commission.objects.filter(**of_program, is_held=True).exclude(state=CommissionState.DECLINED)
    connections = Connection.objects.filter(**of_program, state=ConnectionState.ACTIVE)
    stuck = Inbound.objects.filter(connection__program__merchant__in=merchants, state__in=STUCK)
    jobs = Job.objects.filter(event__tenant_id__in=merchants, state=JobState.QUARANTINED)
    return {
        "applications": applied.count(),
        "direct_links": DirectLink.objects.filter(**of_program, state=DirectLinkState.ASKED).count(),
        "batches": Batch.objects.filter(**of_program, state__in=OPEN_BATCHES).count(),
        "failed_payouts": _unpaid_failures(merchants).count(),
        "held": held.count(),
        "parked": Conversion.objects.parked().filter(**of_program).count(),
        "troubled": connections.exclude(last_error="").count(),
        "stuck": stuck.count(),
        "undelivered": Delivery.objects.filter(
            connection__program__merchant__in=merchants, state=DeliveryState.DEAD
        ).count(),
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
    lines = [*_money_lines(request, counts), *_people_lines(request, counts), *_trouble_lines(counts)]
    return [line for line in lines if line is not None]


def _money_lines(request: HttpRequest, counts: dict[str, int]) -> list[Waiting | None]:
    return [*_batch_lines(request), _failed(counts["failed_payouts"]), _held(request, counts["held"])]


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


def _failed(count: int) -> Waiting | None:
    if not count:
        return None
    title = ngettext("%(n)s payout failed", "%(n)s payouts failed", count) % {"n": count}
    address = reverse("admin:payouts_payout_changelist") + "?state__exact=failed"
    detail = _("The amounts are payable again; ask for new payment details.")
    return Waiting(title, detail, "bank", address, _("see why"), is_urgent=True)


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


def _trouble_lines(counts: dict[str, int]) -> list[Waiting | None]:
    return [
        _line(
            counts["parked"],
            ngettext("%(n)s parked conversion", "%(n)s parked conversions", counts["parked"]),
            _("They cannot be valued yet; each says why."),
            "chart",
            reverse("admin:tracking_conversion_changelist") + "?state__exact=parked",
        ),
        _line(
            counts["stuck"],
            ngettext(
                "%(n)s message could not be processed",
                "%(n)s messages could not be processed",
                counts["stuck"],
            ),
            _("Nothing is lost: look at the note, then process it again."),
            "envelope",
            reverse("admin:integrations_inbound_changelist") + "?stuck=yes",
        ),
        _line(
            counts["quarantined"],
            ngettext("%(n)s task in quarantine", "%(n)s tasks in quarantine", counts["quarantined"]),
            _("It failed three times and waits for a person."),
            "warning",
            reverse("admin:core_job_changelist"),
        ),
    ]


def _line(count: int, title: str, detail: str, icon: str, address: str) -> Waiting | None:
    return Waiting(title % {"n": count}, detail, icon, address, _("look"), is_urgent=True) if count else None


def is_new(merchants: list[int]) -> bool:
    """Whether nothing was ever collected for a payout: then the first steps are still worth a link."""
    return not Batch.objects.filter(program__merchant__in=merchants).exists()


def connections(merchants: list[int]) -> list[dict[str, Any]]:
    """The stores we are connected with, and when we last heard of each."""
    rows = Connection.objects.filter(program__merchant__in=merchants).select_related("program")[:8]
    return [
        {
            "name": row.name,
            "program": row.program,
            "address": reverse("admin:integrations_connection_change", args=[row.pk]),
            "heard": _("%(time)s ago") % {"time": timesince(row.last_received_at, depth=1)}
            if row.last_received_at
            else _("nothing yet"),
            "chip": chip("failed", _("needs a look"))
            if row.last_error
            else chip(row.state, row.get_state_display()),
        }
        for row in rows
    ]
