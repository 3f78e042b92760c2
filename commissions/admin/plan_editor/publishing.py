"""From the draft to the next version: what changes, whom it holds for, from when; read twice, then published."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from affiliates.models import Program
from affiliates.scoped_admin import ScopedAdmin, person
from commissions import actions
from commissions.actions.drafts import DraftMoved
from commissions.admin.plan_editor.cards import read_body
from commissions.admin.plan_editor.clock import begins_in_words, moment, read_moment
from commissions.admin.plan_editor.reach import Reach, reach
from commissions.admin.plan_editor.views import address, draft_of, rehearse_at
from commissions.models import Draft, Plan, PlanVersion
from commissions.plan import PlanError
from commissions.standing.pinned import count_subscriptions
from commissions.states import IllegalMove
from commissions.words import changes_in_words, plan_in_words

NOW, LATER = "now", "later"


class WhenForm(forms.Form):
    """From when the next version holds, on the program's clock."""

    when = forms.ChoiceField(
        label=gettext_lazy("In force"),
        choices=((NOW, gettext_lazy("at once")), (LATER, gettext_lazy("from a later moment"))),
        initial=NOW,
    )
    effective_at = forms.CharField(label=gettext_lazy("From"), required=False, max_length=40)

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.program = program

    def clean(self) -> dict[str, Any]:
        """The moment becomes `at`: None for at once."""
        values: dict[str, Any] = super().clean() or {}
        values["at"] = None
        if values.get("when") == LATER:
            try:
                values["at"] = read_moment(self.program, values.get("effective_at", ""))
            except forms.ValidationError as wrong:
                self.add_error("effective_at", wrong)
        return values


def publish_page(page: ScopedAdmin, request: HttpRequest, plan: Plan) -> HttpResponse:
    """Show what publishing would do, ask once more, do it."""
    draft = draft_of(plan)
    if draft is None:
        return HttpResponseRedirect(address("commissions_plan_draft", plan))
    _parsed, errors = read_body(plan.program, draft.body)
    form = WhenForm(request.POST if "when" in request.POST else None, program=plan.program)
    is_asked = not errors and form.is_bound and form.is_valid()
    if is_asked and "confirm" in request.POST:
        return _publish(request, plan, form.cleaned_data["at"])
    context = {
        **page.admin_site.each_context(request),
        "title": _("Publish"),
        "plan": plan,
        "program": plan.program,
        "draft": draft,
        "form": form,
        "problems": len(errors),
        "is_asked": is_asked,
        **(_preview(plan, draft, form) if not errors else {}),
    }
    return TemplateResponse(request, "admin/commissions/plan/publish.html", context)


def _preview(plan: Plan, draft: Draft, form: WhenForm) -> dict[str, Any]:
    at = form.cleaned_data.get("at") if form.is_bound and form.is_valid() else None
    now = timezone.now()
    old = in_force(plan, at or now)
    currency = plan.program.currency
    held = reach(plan, at or now)
    changes = changes_in_words(old.body, draft.body, currency) if old else []
    return {
        "old": old,
        "changes": changes,
        "words": plan_in_words(draft.body, currency),
        "reach": held,
        "number": (plan.versions.order_by("-number").values_list("number", flat=True).first() or 0) + 1,
        "later_ones": [
            (version.number, moment(plan, version.effective_at))
            for version in plan.versions.filter(effective_at__gt=at or now).order_by("effective_at", "number")
        ],
        "pinned": count_subscriptions(plan),
        "rehearse_at": rehearse_at(plan),
        "sentences": _sentences(plan, at, held),
        "begins": begins_in_words(plan, at),
        "soonest": plan.program.local(now).strftime("%Y-%m-%dT%H:%M"),
    }


def in_force(plan: Plan, at: datetime) -> PlanVersion | None:
    """The plan's version in force at a time, else the newest one."""
    rows = plan.versions.order_by("effective_at", "number")
    found: PlanVersion | None = rows.filter(effective_at__lte=at).last() or rows.last()
    return found


def _sentences(plan: Plan, at: datetime | None, held: Reach) -> list[str]:
    whom = ngettext("%(count)s affiliate", "%(count)s affiliates", held.affiliates) % {
        "count": held.affiliates
    }
    values = {"begins": begins_in_words(plan, at), "whom": whom}
    first = _("The new version holds %(begins)s, for %(whom)s.") % values
    if held.is_nobody:
        first = _("The new version holds %(begins)s, for nobody until it is assigned.") % values
    return [
        first,
        _("Orders from before keep the version they were made under; nothing already earned changes."),
        _("A published version never changes. To take it back, publish another one."),
    ]


def _publish(request: HttpRequest, plan: Plan, at: datetime | None) -> HttpResponse:
    seen = request.POST.get("seen", "")
    edits = int(seen) if seen.isdecimal() and len(seen) < 10 else -1
    try:
        version = actions.publish_draft(plan, at, edits_seen=edits, actor=person(request))
    except DraftMoved as elsewhere:
        messages.warning(request, _("%(why)s Read it once more.") % {"why": elsewhere})
        return HttpResponseRedirect(address("commissions_plan_publish", plan))
    except (IllegalMove, PlanError) as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(address("commissions_plan_draft", plan))
    messages.success(request, _("Published: version %(number)s") % {"number": version.number})
    return HttpResponseRedirect(reverse("admin:commissions_plan_change", args=[plan.pk]))
