"""The draft as JSON, for those who read it; and the way out of a draft."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.asked_twice import ask_twice
from affiliates.scoped_admin import ScopedAdmin, person
from commissions import actions
from commissions.actions.drafts import DraftMoved
from commissions.admin.plan_editor.cards import read_body
from commissions.admin.plan_editor.views import address, draft_of
from commissions.models import Draft, Plan
from commissions.plan import PlanError
from commissions.plan_shape import misshapen


class BodyForm(forms.Form):
    """The rules as JSON text; cleaned to a body that is shaped like a plan."""

    body = forms.CharField(
        label=gettext_lazy("Plan"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 28, "class": "code", "spellcheck": "false"}),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, max_value=10**9)

    def clean_body(self) -> dict[str, Any]:
        """Only a JSON object whose lists are lists goes on."""
        try:
            body = json.loads(self.cleaned_data["body"])
        except (ValueError, RecursionError) as wrong:
            raise forms.ValidationError(_("This is not JSON: %(why)s") % {"why": wrong}) from wrong
        if errors := misshapen(body):
            raise forms.ValidationError([f"{place}: {what}" for place, what in errors])
        return dict(body)


def json_page(page: ScopedAdmin, request: HttpRequest, plan: Plan) -> HttpResponse:
    """Show and take the draft as JSON."""
    draft = draft_of(plan)
    if draft is None:
        return HttpResponseRedirect(address("commissions_plan_draft", plan))
    form = BodyForm(request.POST if request.method == "POST" else None, initial=_initial(draft))
    theirs = ""
    if form.is_bound and form.is_valid():
        try:
            actions.edit_draft(
                plan,
                form.cleaned_data["seen"],
                lambda _body: form.cleaned_data["body"],
                actor=person(request),
            )
            return _saved(request, plan)
        except DraftMoved as elsewhere:
            messages.warning(
                request, _("%(why)s Your text is kept; save again to put it in place.") % {"why": elsewhere}
            )
            theirs = _text(elsewhere.draft)
            form = BodyForm(initial={"body": request.POST["body"], "seen": elsewhere.draft.edits})
        except (PlanError, ValueError) as wrong:
            form.add_error("body", str(wrong))
    _parsed, errors = read_body(plan.program, draft.body)
    context = {
        **page.admin_site.each_context(request),
        "title": _("Plan as JSON"),
        "plan": plan,
        "form": form,
        "theirs": theirs,
        "complaints": [] if form.is_bound else errors,
    }
    return TemplateResponse(request, "admin/commissions/plan/json.html", context)


def _saved(request: HttpRequest, plan: Plan) -> HttpResponse:
    messages.success(request, _("The draft is saved."))
    here = "commissions_plan_json" if "stay" in request.POST else "commissions_plan_draft"
    return HttpResponseRedirect(address(here, plan))


def _text(draft: Draft) -> str:
    return json.dumps(draft.body, indent=2, ensure_ascii=False)


def _initial(draft: Draft) -> dict[str, Any]:
    return {"body": _text(draft), "seen": draft.edits}


def discard_page(page: ScopedAdmin, request: HttpRequest, plan: Plan) -> HttpResponse:
    """Ask, then throw the draft away."""
    draft = draft_of(plan)
    if draft is None:
        return HttpResponseRedirect(reverse("admin:commissions_plan_change", args=[plan.pk]))

    def discard(values: dict[str, Any]) -> str:
        actions.discard_draft(plan, actor=person(request))
        messages.success(request, _("The draft is gone; what is published stays as it is."))
        return reverse("admin:commissions_plan_change", args=[plan.pk])

    return ask_twice(
        request,
        page,
        forms.Form(request.POST if request.method == "POST" else {}),
        title=_("Discard the draft of “%(plan)s”") % {"plan": plan},
        button=_("Discard the draft"),
        back=address("commissions_plan_draft", plan),
        meaning=lambda values: [
            _("All that was written in this draft is thrown away, for everybody."),
            _("What is published stays as it is."),
        ],
        act=discard,
    )
