"""The affiliate's own terms: what holds, what will, what did, how far it is; and whether it agrees to new ones."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from affiliates import actions
from affiliates.models import Enrollment
from affiliates.states import EnrollmentState, IllegalMove
from commissions.actions.acceptances import accept_version, agreed_to, asked_of
from commissions.models import Acceptance, Assignment, PlanVersion
from commissions.standing.milestones import Progress
from commissions.standing.progress import progress_of
from commissions.standing.seen import Reader
from commissions.standing.tenure import Tenure, joined_at, tenures_of
from commissions.states import IllegalMove as NotTheirs
from portal.affiliate.membership import AffiliateRequest, choose, open_page
from portal.changes import Change, Wording, change_to, in_words, reader_of


@dataclass(frozen=True, slots=True)
class Held:
    """A version that holds or did: its days, what it says, whom it was made for, and when the affiliate agreed."""

    tenure: Tenure
    since: str
    until: str
    wording: Wording
    made_for: str
    agreed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recruits:
    """How many partners somebody recruited, and how many of them are active."""

    count: int
    active: int


@require_safe
@open_page
def terms(request: AffiliateRequest, enrollment: Enrollment) -> HttpResponse:
    """Show by which terms the affiliate earns, with what comes and what was, and its way to the next bracket."""
    asked = request.GET.get("program")
    if asked:
        return _look_at(request, asked)
    now = timezone.now()
    tenures, joined = tenures_of(enrollment), joined_at(enrollment)
    reader = reader_of(enrollment, [tenure.version for tenure in tenures])
    told = dict(Acceptance.objects.filter(enrollment=enrollment).values_list("version", "at"))
    held = [
        _held(enrollment, tenure, reader, joined, told.get(tenure.version.pk))
        for tenure in tenures
        if tenure.starts_at <= now and not tenure.is_over(joined)
    ]
    current = held.pop() if held and held[-1].tenure.covers(now) else None
    context = {
        "section": "terms",
        "enrollment": enrollment,
        "current": current,
        "coming": [
            (change.day(enrollment.program, now), change, told.get(change.version.pk))
            for change in coming(enrollment, tenures, reader, now)
        ],
        "earlier": held[::-1],
        "progress": _progress(enrollment, current, now),
        "recruits": _recruits(enrollment, current),
        "asked": asked_of(enrollment, now),
    }
    return render(request, "affiliate/terms.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@open_page
def acceptance(request: AffiliateRequest, enrollment: Enrollment) -> HttpResponse:
    """Ask whether the affiliate agrees to its new terms, and take the answer."""
    onward = _onward(request)
    asked = asked_of(enrollment)
    if asked is None:
        return redirect(onward)
    if request.method == "POST":
        return _agree(request, enrollment, onward)
    now = timezone.now()
    changes = unagreed(enrollment, asked, now)
    program = enrollment.program
    context = {
        "section": "terms",
        "enrollment": enrollment,
        "version": asked,
        "changes": [(change.day(program, now), change.starts_at > now, change) for change in changes],
        "wording": in_words(asked, reader_of(enrollment, [asked]), program.currency),
        "onward": onward,
    }
    return render(request, "affiliate/acceptance.html", context)


@require_POST
@open_page
def departure(request: AffiliateRequest, enrollment: Enrollment) -> HttpResponse:
    """Leave the program, if the person means it."""
    if not request.POST.get("is_meant"):
        messages.warning(request, _("Tick the box if you really want to leave."))
        return redirect("affiliate:acceptance")
    try:
        actions.leave(enrollment, actor=request.user)
    except IllegalMove as refused:
        messages.error(request, str(refused))
    return redirect("affiliate:overview")


def coming(enrollment: Enrollment, tenures: list[Tenure], reader: Reader, now: datetime) -> list[Change]:
    """The changes that are announced, each beside what holds before it."""
    currency = enrollment.program.currency
    return [
        change_to(after, before.version if before else None, reader, currency)
        for before, after in zip([None, *tenures], tenures, strict=False)
        if after.starts_at > now
    ]


def unagreed(enrollment: Enrollment, asked: PlanVersion, now: datetime) -> list[Change]:
    """What is different from the terms agreed to last: what holds already, then each change until the version asked."""
    tenures, known = tenures_of(enrollment), agreed_to(enrollment)
    place = next(index for index, one in enumerate(tenures) if one.version.pk == asked.pk)
    versions = [known, *(one.version for one in tenures)]
    reader = reader_of(enrollment, [version for version in versions if version])
    steps: list[tuple[Tenure, PlanVersion | None]] = []
    for index, tenure in enumerate(tenures[: place + 1]):
        before = tenures[index - 1].version if index else None
        if tenure.covers(now) and known != tenure.version:
            steps.append((tenure, known or before))
        elif tenure.starts_at > now:
            steps.append((tenure, before))
    currency = enrollment.program.currency
    found = [change_to(tenure, before, reader, currency) for tenure, before in steps]
    return [change for change in found if change.points]


def made_for(assignment: Assignment) -> str:
    """Whom a plan was assigned to, as somebody reads it for whom it holds."""
    if assignment.enrollment_id is not None:
        return _("You alone")
    if assignment.group is not None:
        return _("Your group “%(group)s”") % {"group": assignment.group.name}
    return _("Everybody in the program")


def _look_at(request: AffiliateRequest, slug: str) -> HttpResponse:
    """A letter leads here by the program it is about."""
    named = next((one for one in request.enrollments if one.program.slug == slug), None)
    if named is not None and named.state not in (EnrollmentState.APPLIED, EnrollmentState.REFUSED):
        choose(request, named)
    return redirect("affiliate:terms")


def _held(
    enrollment: Enrollment, tenure: Tenure, reader: Reader, joined: datetime, agreed_at: datetime | None
) -> Held:
    program = enrollment.program
    return Held(
        tenure,
        date_format(program.local(max(tenure.starts_at, joined)), "j F Y"),
        date_format(program.local(tenure.ends_at), "j F Y") if tenure.ends_at else "",
        in_words(tenure.version, reader, program.currency),
        made_for(tenure.assignment),
        agreed_at,
    )


def _progress(enrollment: Enrollment, current: Held | None, now: datetime) -> list[Progress]:
    if current is None or not enrollment.is_active:
        return []
    return progress_of(enrollment, now, current.tenure.version.body)


def _recruits(enrollment: Enrollment, current: Held | None) -> Recruits | None:
    """Only where partners who were recruited earn something."""
    if current is None or not current.tenure.version.body.get("levels"):
        return None
    active = Count("pk", filter=Q(state=EnrollmentState.ACTIVE))
    row = Enrollment.objects.filter(sponsor=enrollment).aggregate(count=Count("pk"), active=active)
    return Recruits(row["count"], row["active"])


def _agree(request: AffiliateRequest, enrollment: Enrollment, onward: str) -> HttpResponse:
    read = request.POST.get("version")
    version = next((one.version for one in tenures_of(enrollment) if str(one.version.pk) == read), None)
    try:
        if version is None:
            raise NotTheirs(_("These terms do not hold for you any more; please read the newest ones."))
        accept_version(enrollment, version, actor=request.user)
    except NotTheirs as refused:
        messages.warning(request, str(refused))
        return redirect("affiliate:acceptance")
    messages.success(request, _("Thank you. You have agreed to the new terms."))
    return redirect(onward)


def _onward(request: AffiliateRequest) -> str:
    """Where the person was going; the overview if that was nowhere, or on another host."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else reverse("affiliate:overview")
