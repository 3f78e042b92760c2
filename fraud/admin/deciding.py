"""A verdict in two steps: what it would move is shown first, and only a form that is sent decides."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.scoped_admin import person, refused_in_words
from commissions.states import IllegalMove
from core.models import Event, User
from fraud.actions.policies import policy_of
from fraud.actions.previews import Preview, preview
from fraud.actions.verdicts import LONGEST_MESSAGE, LONGEST_REASON, MOST_DAYS, decide
from fraud.admin.case_page import MEANINGS
from fraud.messages import message_for
from fraud.models import Case
from fraud.states import CaseState, Verdict

if TYPE_CHECKING:
    from fraud.admin.cases import CaseAdmin

HARSH = frozenset({Verdict.DECLINE, Verdict.REVERSE, Verdict.SUSPEND, Verdict.BAN})


class VerdictForm(forms.Form):
    """Why, for colleagues, and what the affiliate is told."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2, "autofocus": True}),
        help_text=gettext_lazy("For your colleagues and the audit trail. The affiliate does not read it."),
    )
    message = forms.CharField(
        label=gettext_lazy("Message to the affiliate"),
        max_length=LONGEST_MESSAGE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy(
            "Change it as you like; the letter greets by name before it. Say no limits and nothing of others. Leave it "
            "empty and only the state is told."
        ),
    )


class ExtensionForm(VerdictForm):
    """More time: nothing is told, so there is no message."""

    message = None  # type: ignore[assignment]  # takes the field out
    days = forms.IntegerField(label=gettext_lazy("Days from now"), min_value=1, max_value=MOST_DAYS)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)  # until when it was to be decided
    field_order = ("days", "reason")


def verdict_page(page: "CaseAdmin", request: HttpRequest, case: Case, name: str) -> HttpResponse:
    """Ask for reason and message beside the preview, and decide what is sent."""
    if name not in Verdict.values:
        raise Http404
    if not page.lets(request, "review_fraud", case):
        raise PermissionDenied
    verdict = Verdict(name)
    form = _form(request, case, verdict)
    if request.method == "POST" and form.is_valid():
        try:
            after = _decided(case, verdict, person(request), form.cleaned_data)
        except (ValueError, PermissionError) as refused:
            form.add_error(None, refused_in_words(refused))
            _see_anew(form, case)
        else:
            messages.success(request, _done(after, verdict))
            return _led_back(request, case)
    return _show(page, request, case, verdict, form)


def _decided(case: Case, verdict: Verdict, actor: User, values: dict[str, Any]) -> Case:
    """Decide; what arrives twice (a double click, an answer that was lost on the way) is done once."""
    seen = values.pop("seen", None)
    if seen and not case.is_decided and seen != case.due_at.isoformat():
        _is_own(case, actor)
        return case
    try:
        return decide(case, verdict, actor=actor, **values)
    except IllegalMove:
        fresh = Case.objects.get(pk=case.pk)
        if not fresh.is_decided or (fresh.verdict, fresh.decided_by_id) != (verdict, actor.pk):
            raise
        return fresh


def _is_own(case: Case, actor: User) -> None:
    """Raise IllegalMove unless the case stands as it does because this person took more time for it."""
    told = Event.objects.filter(
        kind="case.extended", subject_type=case._meta.label_lower, subject_id=str(case.pk)
    )
    last = told.order_by("-pk").first()
    if last is None or (last.actor_id, last.data.get("until")) != (actor.pk, case.due_at.isoformat()):
        day = date_format(localtime(case.due_at), "j F Y")
        sentence = _(
            "It was changed meanwhile: it is to be decided until %(day)s. Send it again to change that."
        )
        raise IllegalMove(sentence % {"day": day})


def _see_anew(form: forms.Form, case: Case) -> None:
    """Whoever was told how the case stands by now, and sends the form once more, means it."""
    sent: Any = form.data
    data = sent.copy()  # what a browser sends cannot be changed
    data["seen"] = case.due_at.isoformat()
    form.data = data


def _led_back(request: HttpRequest, case: Case) -> HttpResponse:
    """To the case; a script, which cannot see where it is sent, is told the address."""
    address = back_to(request, case)
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204, headers={"Location": address})
    return HttpResponseRedirect(address)


def _form(request: HttpRequest, case: Case, verdict: Verdict) -> forms.Form:
    kind = ExtensionForm if verdict == Verdict.EXTEND else VerdictForm
    is_proposed = case.state == CaseState.PROPOSED and case.verdict == verdict
    if is_proposed:
        initial: dict[str, Any] = {"reason": case.reason, "message": case.message}
    else:
        days, seen = policy_of(case.program).review_days, case.due_at.isoformat()
        initial = {"message": message_for(case, verdict), "days": days, "seen": seen}
    return kind(request.POST if request.method == "POST" else None, initial=initial)


def _show(
    page: "CaseAdmin", request: HttpRequest, case: Case, verdict: Verdict, form: forms.Form
) -> HttpResponse:
    actor = person(request)
    found = preview(case, verdict, actor=actor)
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": verdict.label,
        "case": case,
        "meaning": MEANINGS[verdict],
        "preview": found,
        "sums": _sums(found),
        "has_others": len({line.affiliate for line in (*found.lines, *found.others)}) > 1,
        "form": form,
        "button": _button(case, verdict, found, actor),
        "is_harsh": verdict in HARSH,
        "is_extension": verdict == Verdict.EXTEND,
        "back": back_to(request, case),
    }
    return TemplateResponse(request, "admin/fraud/case/verdict.html", context)


def _sums(found: Preview) -> list[tuple[Any, Any, str]]:
    """What becomes of the amount, without what is nothing: words, money and a tone."""
    parts = (
        (_("released"), found.released, "ok"),
        (_("declined"), found.declined, "bad"),
        (_("taken back"), found.taken, "bad"),
        (_("stays on hold"), found.held, "wait"),
    )
    return [part for part in parts if part[1]]


def _button(case: Case, verdict: Verdict, found: Preview, actor: User) -> str:
    """What the button says: deciding, proposing, or seconding a colleague."""
    words = {"verdict": verdict.label}
    if found.needs_second:
        return _("Propose: %(verdict)s") % words
    if case.state == CaseState.PROPOSED and case.verdict == verdict and case.proposed_by_id != actor.pk:
        return _("Confirm: %(verdict)s") % words
    return _("Decide: %(verdict)s") % words


def _done(case: Case, verdict: Verdict) -> str:
    if case.state == CaseState.PROPOSED:
        return _("Proposed. It takes effect when a colleague confirms it.")
    if verdict == Verdict.EXTEND:
        day = date_format(localtime(case.due_at), "j F Y")
        return _("It stays on hold, to be decided until %(day)s.") % {"day": day}
    return _("Decided: %(verdict)s. It can be undone until the next payout.") % {"verdict": verdict.label}


def back_to(request: HttpRequest, case: Case) -> str:
    """The page of the case, in the list that the reviewer came from."""
    address = reverse("admin:fraud_case_change", args=[case.pk])
    query = request.GET.urlencode()
    return f"{address}?{query}" if query else address
