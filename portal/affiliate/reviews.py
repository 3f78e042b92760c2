"""Reviews: what is looked at before it is paid and why, the affiliate's one answer to it, and what was decided."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from affiliates.models import Enrollment
from commissions.states import IllegalMove
from core.scoping import owned_or_404
from fraud.actions.answers import AnswerRefused, answer as give_answer
from fraud.models import AnswerFile, Case
from fraud.states import CaseState
from portal.affiliate.earned import label_all
from portal.affiliate.membership import AffiliateRequest, open_page
from portal.affiliate.review_form import READ, AnswerForm, Bounded, too_large
from portal.affiliate.reviewed import cases_of, commissions_of, reasons_of, reviews_of, unreviewed

PER_PAGE = 25
TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


@require_safe
@open_page
def reviews(request: AffiliateRequest, enrollment: Enrollment) -> HttpResponse:
    """List what is looked at, what else is on hold, then what was decided."""
    cases = cases_of([enrollment])
    waiting = list(cases.undecided().order_by("due_at", "pk"))
    decided = cases.filter(state=CaseState.DECIDED).order_by("-decided_at", "-pk")
    page = Paginator(decided, PER_PAGE).get_page(request.GET.get("page"))
    reasons = reasons_of(waiting) if waiting else {}
    others = list(unreviewed(enrollment)[: PER_PAGE + 1])
    context = {
        "section": "reviews",
        "enrollment": enrollment,
        "rows": label_all(others[:PER_PAGE]),
        "has_more": len(others) > PER_PAGE,
        "waiting": [(review, reasons[review.case.pk]) for review in reviews_of(waiting)] if waiting else [],
        "decided": reviews_of(list(page)) if page else [],
        "page": page,
        "now": timezone.now(),
    }
    return render(request, "affiliate/reviews.html", context)


@require_safe
@open_page
def review(request: AffiliateRequest, enrollment: Enrollment, pk: int) -> HttpResponse:
    """Show one review: why, how much, which orders, until when; and the form, or what was answered and decided."""
    return _page(request, _own(request, pk), AnswerForm())


@csrf_exempt  # the form is read, and its token asked for, only once it is known whose it is and how large
@require_POST
@open_page
def answer(request: AffiliateRequest, enrollment: Enrollment, pk: int) -> HttpResponse:
    """Take the affiliate's one answer."""
    case = _own(request, pk)
    if case.is_decided or hasattr(case, "answer"):
        return _too_late(request, case)
    if _length(request) > READ:
        return _refused(request, case)
    request.upload_handlers = [Bounded(request)]
    try:
        return _taken(request, case)
    except TOO_MUCH:
        return _refused(request, case)


@csrf_protect
def _taken(request: AffiliateRequest, case: Case) -> HttpResponse:
    form = AnswerForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            give_answer(case, form.cleaned_data["text"], form.files_in(), actor=request.user)
        except AnswerRefused as refused:
            form.add_error("attached" if request.FILES else "text", str(refused))
        except IllegalMove:
            return _too_late(request, case)
        else:
            messages.success(request, _("Your answer is sent. We read it before anything is decided."))
            return redirect("affiliate:review", case.pk)
    if request.FILES:
        form.add_error("attached", _("Please choose your files again."))
    return _page(request, case, form)


@require_safe
@open_page
def file(request: AffiliateRequest, enrollment: Enrollment, pk: int) -> HttpResponse:
    """Give a file of the affiliate's own answer back, to be saved and never shown as a page."""
    own = AnswerFile.objects.filter(answer__case__in=cases_of(request.enrollments))
    found = owned_or_404(own, request.user, pk=pk)
    disposition = content_disposition_header(True, found.name) or "attachment"
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(bytes(found.content), content_type=found.kind, headers=headers)


def _own(request: AffiliateRequest, pk: int) -> Case:
    """A review of one of the person's memberships under this brand, whichever of them is looked at."""
    found: Case = owned_or_404(cases_of(request.enrollments), request.user, pk=pk)
    return found


def _page(
    request: AffiliateRequest, case: Case, form: AnswerForm, status: int = 200, said: str = ""
) -> HttpResponse:
    (shown,) = reviews_of([case])
    page = Paginator(commissions_of(case), PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "section": "reviews",
        "enrollment": case.enrollment,
        "review": shown,
        "case": case,
        "reasons": reasons_of([case])[case.pk],
        "page": page,
        "rows": label_all(list(page)),
        "is_late": shown.is_late,
        "form": form,
        "said": said,
        **_answered(case),
    }
    return render(request, "affiliate/review.html", context, status=status)


def _answered(case: Case) -> dict[str, Any]:
    given = getattr(case, "answer", None)
    return {"answer": given, "files": list(given.files.defer("content").order_by("pk")) if given else []}


def _refused(request: AffiliateRequest, case: Case) -> HttpResponse:
    return _page(request, case, AnswerForm(), status=413, said=too_large())


def _too_late(request: AffiliateRequest, case: Case) -> HttpResponse:
    fresh = Case.objects.get(pk=case.pk)
    word = _("This was decided in the meantime.") if fresh.is_decided else _("You have answered already.")
    messages.info(request, word)
    return redirect("affiliate:review", case.pk)


def _length(request: AffiliateRequest) -> int:
    try:
        return int(request.headers.get("Content-Length") or 0)
    except ValueError:
        return 0
