"""What changes while one types: the open rule in words, and what the example order earns."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from affiliates.scoped_admin import ScopedAdmin
from commissions.admin.plan_editor import example_form, pieces
from commissions.admin.plan_editor.drawing import beside, drawn
from commissions.admin.plan_editor.fitting import fitted
from commissions.admin.plan_editor.memory import Memory
from commissions.admin.plan_editor.sections import SECTIONS
from commissions.admin.plan_editor.views import address, away, draft_of
from commissions.models import Plan

FOLDER = "admin/commissions/plan"


def live_page(page: ScopedAdmin, request: HttpRequest, plan: Plan) -> HttpResponse:
    """The open card's sentence and, beside it, what the example earns with what is typed so far; nothing is saved."""
    draft = draft_of(plan)
    card = pieces.read(request.POST, draft.body) if draft else None
    if draft is None or card is None:
        return away(request, address("commissions_plan_draft", plan))
    return TemplateResponse(request, f"{FOLDER}/live.html", drawn(draft, card, Memory(request, plan)))


def example_page(page: ScopedAdmin, request: HttpRequest, plan: Plan) -> HttpResponse:
    """Take the example order as the form tells it; answer with what it earns, or with a line more or less."""
    draft = draft_of(plan)
    if draft is None or request.method != "POST":
        return away(request, address("commissions_plan_draft", plan))
    memory = Memory(request, plan)
    do, _colon, what = request.POST.get("ex.do", "").partition(":")
    card = pieces.read(request.POST, draft.body)
    told = example_form.reshaped(example_form.told(request.POST), do, what)
    fit = card or pieces.opened(draft.body, what)
    if do == "fit" and fit is not None and fit.key not in SECTIONS:
        told = fitted(told, fit.piece)
    memory.keep_example(told)
    if not request.htmx:  # type: ignore[attr-defined]
        return HttpResponseRedirect(address("commissions_plan_draft", plan) + "#example")
    context = {"plan": plan, "draft": draft, "program": plan.program, "is_part": not do, "open": card}
    context |= beside(draft, card, memory)
    return TemplateResponse(request, f"{FOLDER}/{'example' if do else 'outcome'}.html", context)
