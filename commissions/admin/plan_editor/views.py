"""The editor's page: shows the draft as cards, takes what its buttons and fields send, and answers with the cards."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _, ngettext

from affiliates.scoped_admin import ScopedAdmin, person
from commissions import actions
from commissions.actions.drafts import DraftGone, DraftMoved
from commissions.admin.plan_editor import pieces
from commissions.admin.plan_editor.changes import rules_of
from commissions.admin.plan_editor.drawing import drawn
from commissions.admin.plan_editor.memory import Memory
from commissions.admin.plan_editor.pieces import SHAPES, Open
from commissions.models import Draft, Plan
from commissions.plan import PlanError
from commissions.starters import STARTERS, body_of
from core.models import User

EDITOR, PAGE = "admin/commissions/plan/editor.html", "admin/commissions/plan/draft.html"
LEAVES = {"publish": "commissions_plan_publish", "json": "commissions_plan_json"}


def address(name: str, plan: Plan) -> str:
    """Where one of the editor's pages of a plan stands."""
    return reverse(f"admin:{name}", args=[plan.pk])


def draft_of(plan: Plan) -> Draft | None:
    """The plan's draft."""
    found: Draft | None = Draft.objects.select_related("updated_by").filter(plan=plan).first()
    return found


def draft_page(page: ScopedAdmin, request: HttpRequest, plan: Plan) -> HttpResponse:
    """The cards of the draft, or the choice of what the next version begins with."""
    draft = draft_of(plan)
    if request.method == "POST" and "begin" in request.POST:
        return _begin(page, request, plan)
    if draft is None:
        is_part = request.htmx  # type: ignore[attr-defined]
        return away(request, request.path) if is_part else _beginning(page, request, plan)
    if request.method == "POST":
        return _edit(page, request, plan, draft)
    key, condition = request.GET.get("open", ""), request.GET.get("with", "")
    focus = f"with:{condition}" if condition else ""
    return show(page, request, draft, pieces.opened(draft.body, key, condition), focus=focus)


def _beginning(page: ScopedAdmin, request: HttpRequest, plan: Plan) -> HttpResponse:
    newest = plan.versions.order_by("number").last()
    context = {
        **page.admin_site.each_context(request),
        "plan": plan,
        "title": _("Next version"),
        "newest": newest,
        "starters": STARTERS.items(),
    }
    return TemplateResponse(request, "admin/commissions/plan/begin.html", context)


def _begin(page: ScopedAdmin, request: HttpRequest, plan: Plan) -> HttpResponse:
    chosen = request.POST["begin"]
    body = body_of(chosen) if chosen in STARTERS else None
    actions.open_draft(plan, body, actor=person(request))
    return HttpResponseRedirect(address("commissions_plan_draft", plan))


def show(
    page: ScopedAdmin, request: HttpRequest, draft: Draft, card: Open | None = None, *, focus: str = ""
) -> HttpResponse:
    """Draw the editor: all of its page, or the part alone for htmx."""
    memory = Memory(request, draft.plan)
    context = {
        **drawn(draft, card, memory),
        "focus": focus,
        "focused_key": focus.removeprefix("with:") if focus.startswith("with:") else "",
        "edited": edited_in_words(draft, person(request)),
        "undo": memory.undo(draft),
        "rehearse_at": rehearse_at(draft.plan),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return TemplateResponse(request, EDITOR, context)
    context |= {**page.admin_site.each_context(request), "title": draft.plan.name, "opts": page.opts}
    return TemplateResponse(request, PAGE, context)


def rehearse_at(plan: Plan) -> str:
    """Where a plan is tried on real orders; nothing where that page is not installed."""
    try:
        return f"{reverse('admin:commissions_simulation_add')}?plan={plan.pk}"
    except NoReverseMatch:
        return ""


def _edit(page: ScopedAdmin, request: HttpRequest, plan: Plan, draft: Draft) -> HttpResponse:
    """Do one thing: change the shape of the open form, or save it and do what the button says."""
    post = request.POST
    do, _colon, what = post.get("do", "save").partition(":")
    card = pieces.read(post, draft.body)
    if card is not None and do in SHAPES:
        return _reshape(page, request, draft, pieces.reshaped(card, do, what))
    memory = Memory(request, plan)
    undo = memory.undo(draft)
    try:
        after = actions.edit_draft(
            plan, _seen(request), lambda body: _changed(body, card, do, what, undo), actor=person(request)
        )
    except DraftMoved as elsewhere:
        return _moved(page, request, elsewhere, card)
    except DraftGone as gone:
        messages.warning(request, str(gone))
        return away(request, reverse("admin:commissions_plan_change", args=[plan.pk]))
    except PlanError as wrong:
        messages.error(request, "; ".join(f"{place} {what}" for place, what in wrong.errors[:5]))
        return show(page, request, draft, card)
    memory.keep_undo(after, _taken_out(draft.body, do, what))
    return _answer(page, request, after, card, do, what)


def _changed(
    body: dict[str, Any], card: Open | None, do: str, what: str, undo: dict[str, Any] | None
) -> dict[str, Any]:
    if do == "starter" and what in STARTERS:
        return body_of(what)
    return pieces.act(pieces.put(body, card), do, what, undo)


def _seen(request: HttpRequest) -> int:
    text = request.POST.get("seen", "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def _taken_out(body: dict[str, Any], do: str, what: str) -> dict[str, Any] | None:
    place, rules = pieces.place_of(what), rules_of(body)
    if do != "remove" or place is None or place >= len(rules):
        return None
    return {"place": place, "rule": rules[place]}


def _reshape(page: ScopedAdmin, request: HttpRequest, draft: Draft, card: Open) -> HttpResponse:
    if draft.edits != _seen(request):
        return _moved(page, request, DraftMoved(draft), card)
    return show(page, request, draft, card, focus=request.POST.get("do", ""))


def _moved(page: ScopedAdmin, request: HttpRequest, elsewhere: DraftMoved, card: Open | None) -> HttpResponse:
    """The fresh cards, and what this person had typed still in its form."""
    kept = pieces.moved(elsewhere.draft.body, card) if card else None
    rest = (
        _("Your entries are still in the form below: look at the cards and save again.")
        if kept
        else _("Look at the cards and press once more.")
    )
    messages.warning(request, f"{elsewhere} {rest}")
    return show(page, request, elsewhere.draft, kept)


def _answer(
    page: ScopedAdmin, request: HttpRequest, draft: Draft, card: Open | None, do: str, what: str
) -> HttpResponse:
    if do == "go" and what in LEAVES:
        return away(request, address(LEAVES[what], draft.plan))
    following, focus = _following(draft, card, do, what)
    if request.htmx:  # type: ignore[attr-defined]
        return show(page, request, draft, following, focus=focus)
    query = f"?{urlencode({'open': following.key, 'with': focus.removeprefix('with:')})}" if following else ""
    anchor = f"#{following.key if following else focus or 'cards'}"
    return HttpResponseRedirect(address("commissions_plan_draft", draft.plan) + query + anchor)


def _following(draft: Draft, card: Open | None, do: str, what: str) -> tuple[Open | None, str]:
    """The card that is open afterwards, and the id of what the keyboard stands on."""
    if do == "open":
        key, _plus, condition = what.partition("+")
        return pieces.opened(draft.body, key, condition), f"with:{condition}" if condition else ""
    if do == "save" and card is not None:
        return _saved(draft, card)
    place = pieces.place_of(what)
    if place is not None and do in ("up", "down"):
        last = len(rules_of(draft.body)) - 1
        there = min(max(place + (-1 if do == "up" else 1), 0), last)
        turned = {("up", 0): "down", ("down", last): "up"}.get(
            (do, there), do
        )  # the other one is switched off
        return None, f"{turned}-rule-{there}"
    if place is not None and do == "copy":
        return pieces.opened(draft.body, f"rule-{place + 1}"), ""
    return None, "undo" if do == "remove" else "add-rule"


def _saved(draft: Draft, card: Open) -> tuple[Open | None, str]:
    """A card that is finished closes; one that is not stays open and says what is missing."""
    key = card.key if card.key != pieces.NEW else f"rule-{len(rules_of(draft.body)) - 1}"
    again = pieces.opened(draft.body, key)
    missing = drawn(draft, again, None)["missing"] if again else 0
    if not missing:
        return None, f"open-{key}"
    return again, ""


def away(request: HttpRequest, to: str) -> HttpResponse:
    """Lead to another page, also where htmx asked."""
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(headers={"HX-Redirect": to})
    return HttpResponseRedirect(to)


def edited_in_words(draft: Draft, user: User) -> str:
    """Who wrote in the draft last."""
    if not draft.edits:
        return _("nothing is changed yet")
    changes = ngettext("%(count)s change", "%(count)s changes", draft.edits) % {"count": draft.edits}
    if draft.updated_by is None:
        return changes
    who = _("you") if draft.updated_by_id == user.pk else str(draft.updated_by)
    return _("%(changes)s, the last by %(who)s") % {"changes": changes, "who": who}
