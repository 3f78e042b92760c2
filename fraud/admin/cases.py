"""The queue: cases that wait for a person, what matters most first, and the page of each."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.cells import NONE, chip, money_cell, when
from affiliates.models import Member
from affiliates.roles import MAY
from affiliates.scoped_admin import merchants_that_let, person
from affiliates.verb_admin import ReasonForm, Verb, VerbAdmin
from core.models import User
from fraud.actions import cases, verdicts
from fraud.actions.effects import STOPPING
from fraud.admin.answers import answer_file
from fraud.admin.case_page import bar, case_context, is_busy, state_chip
from fraud.admin.deciding import verdict_page
from fraud.figures.exposures import FIRST, ranked, stake_of
from fraud.models import Case
from fraud.states import CaseState


class AssignForm(forms.Form):
    """Whose a case is."""

    to = forms.ChoiceField(label=gettext_lazy("Whose it is"), required=False)


def assign_form(merchants: Sequence[int], about: int | None = None) -> type[AssignForm]:
    """The form with the colleagues of companies who may decide, but for the one `about` whom it is; "" is nobody."""
    members = Member.objects.filter(merchant__in=merchants, is_active=True, role__in=MAY["review_fraud"])
    people = members.exclude(user=about).select_related("user").order_by("user__name", "user__email")
    choices = [("", _("nobody")), *{str(row.user_id): str(row.user) for row in people}.items()]
    field = forms.ChoiceField(label=_("Whose it is"), required=False, choices=choices)
    return type("AssignForm", (AssignForm,), {"to": field})


def _assign(row: Case, *, to: str, actor: User) -> Case:
    chosen = User.objects.get(pk=int(to)) if to else None
    return cases.assign(row, chosen, actor=actor)


VERBS = (
    Verb(
        name="assign",
        label=gettext_lazy("Assign"),
        ask=gettext_lazy("Whoever it is assigned to finds it among their own; anybody may still decide it."),
        may="review_fraud",
        run=_assign,
        done=gettext_lazy("Assigned"),
        applies=lambda row: not row.is_decided,
        form=AssignForm,
    ),
    Verb(
        name="take",
        label=gettext_lazy("Start review"),
        ask=gettext_lazy("For ten minutes colleagues see that you work on it, and decide nothing meanwhile."),
        may="review_fraud",
        run=cases.take,
        done=gettext_lazy("Yours for ten minutes"),
        applies=lambda row: not row.is_decided,
        in_bulk=False,
    ),
    Verb(
        name="leave",
        label=gettext_lazy("Stop reviewing"),
        ask=gettext_lazy("Colleagues may go on with it at once."),
        may="review_fraud",
        run=cases.leave,
        done=gettext_lazy("Free for colleagues"),
        applies=lambda row: not row.is_decided,
        in_bulk=False,
    ),
    Verb(
        name="withdraw",
        label=gettext_lazy("Take the proposal back"),
        ask=gettext_lazy("The case is open again, and nothing has moved."),
        may="review_fraud",
        run=verdicts.withdraw,
        done=gettext_lazy("Open again"),
        applies=lambda row: row.state == CaseState.PROPOSED,
        in_bulk=False,
    ),
    Verb(
        name="undo",
        label=gettext_lazy("Undo the verdict"),
        ask=gettext_lazy("Everything that the verdict moved goes back, and the case is open again."),
        may="review_fraud",
        run=verdicts.undo,
        done=gettext_lazy("Undone"),
        applies=lambda row: row.is_decided and not verdicts.why_not_undo(row),
        form=ReasonForm,
        is_danger=True,
        in_bulk=False,
    ),
)


class WhoseFilter(admin.SimpleListFilter):
    """Mine, nobody's, everybody's."""

    title = gettext_lazy("whose")
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Own and free ones."""
        return [("mine", _("mine")), ("nobody", _("nobody’s"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those that are assigned so."""
        if self.value() == "mine":
            return queryset.filter(assignee=request.user)
        return queryset.filter(assignee=None) if self.value() == "nobody" else queryset


@admin.register(Case)
class CaseAdmin(VerbAdmin):
    """Cases: read-only rows, moved by verbs and verdicts."""

    verbs = VERBS
    tab_field = "state"
    confirm_display = ("who", "cause", "held", "assignee")
    list_display = ("who", "cause_chip", "held", "score_bar", "whose", "deadline")
    list_filter = (WhoseFilter, "cause", "verdict", "program")
    list_select_related = ("program", "enrollment__affiliate", "assignee", "locked_by")
    search_fields = ("enrollment__affiliate__name", "enrollment__affiliate__email", "enrollment__code")
    search_help_text = gettext_lazy("Name, e-mail address or code of an affiliate")
    list_per_page = 50
    empty_words = gettext_lazy(
        "Orders are looked at within seconds and affiliates every night. What is doubtful waits here for you, with the "
        "evidence for and against; nothing is declined without a person, unless the policy says so."
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Verdicts change a case, forms do not."""
        return False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """With what is at stake, the most pressing first; a case about the person's own account is for colleagues."""
        rows: Any = super().get_queryset(request)
        rows = rows.not_about(person(request))
        return ranked(rows, timezone.now()).order_by(*FIRST)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, *_args: Any) -> HttpResponse:
        """No such case, one of another company, and one about oneself: one answer."""
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": _("Not here")}
        return TemplateResponse(request, "admin/fraud/case/absent.html", context, status=404)

    def get_urls(self) -> list[URLPattern]:
        """Verdicts and files of answers have addresses of their own."""
        verdict, file = (self.admin_site.admin_view(view) for view in (self.verdict_view, self.file_view))
        return [
            path("<int:case_id>/verdict/<slug:verdict>/", verdict, name="fraud_case_verdict"),
            path("files/<int:file_id>/", file, name="fraud_case_file"),
            *super().get_urls(),
        ]

    # --- the list -----------------------------------------------------------------------------------------
    @admin.display(description=gettext_lazy("affiliate"), ordering="enrollment__affiliate__name")
    def who(self, row: Case) -> str:
        """The affiliate, and the program below."""
        words = '<span class="who-name">{}</span><small>{}</small>'
        return format_html(words, row.enrollment.affiliate.name, row.program.name)

    @admin.display(description=gettext_lazy("cause"), ordering="cause")
    def cause_chip(self, row: Case) -> str:
        """Why, and how far it is."""
        state = "" if row.state == CaseState.OPEN else state_chip(row)
        return format_html('<span class="cause">{}</span>{}', row.get_cause_display(), state)

    @admin.display(description=gettext_lazy("on hold"), ordering="held_amount")
    def held(self, row: Any) -> str:
        """What waits because of it, and when the first of it could be paid."""
        if not getattr(row, "held_amount", 0):
            return NONE
        money = money_cell(stake_of(row))
        if row.payable_from is None:
            return money
        day = date_format(timezone.localtime(row.payable_from), "j M")
        is_ripe = row.payable_from <= timezone.now()
        words = _("payable now") if is_ripe else _("payable from %(day)s") % {"day": day}
        return format_html("{}<small>{}</small>", money, words)

    @admin.display(description=gettext_lazy("score"), ordering="score")
    def score_bar(self, row: Case) -> str:
        """How likely it is fraud, drawn and written."""
        return bar(row.score)

    @admin.display(description=gettext_lazy("whose"), ordering="assignee__name")
    def whose(self, row: Case) -> str:
        """Whose it is, and who looks at it at this moment."""
        if not is_busy(row):
            return str(row.assignee) if row.assignee else NONE
        busy = _("%(name)s works on it") % {"name": row.locked_by}
        return format_html("{}<small>{}</small>", row.assignee or NONE, busy)

    @admin.display(description=gettext_lazy("decide until"), ordering="due_at")
    def deadline(self, row: Case) -> str:
        """How much time there is, or how late it is, and how long it has been open; when it was decided."""
        if row.decided_at:
            return when(row.decided_at, is_short=True)
        now = timezone.now()
        age = _("open for %(time)s") % {"time": timesince(row.opened_at, now, depth=1)}
        if row.due_at <= now:
            late = _("%(time)s late") % {"time": timesince(row.due_at, now, depth=1)}
            return format_html("{}<small>{}</small>", chip("failed", late), age)
        left = _("in %(time)s") % {"time": timeuntil(row.due_at, now, depth=1)}
        return format_html("{}<small>{}</small>", left, age)

    # --- verbs --------------------------------------------------------------------------------------------
    def possible(self, request: HttpRequest, row: Any) -> list[Verb]:
        """Only who has a case can stop; who has it need not start; who may not let people in undoes no ban."""
        has_it = row.locked_by_id == person(request).pk and is_busy(row)
        hidden = {"take"} if has_it else {"leave"}
        if row.verdict in STOPPING and not self.lets(request, "manage_affiliates", row):
            hidden.add("undo")
        return [verb for verb in super().possible(request, row) if verb.name not in hidden]

    def verb_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Lead back into the list that the reviewer came from."""
        answer = super().verb_view(request, object_id, verb)
        if isinstance(answer, HttpResponseRedirect) and request.GET:
            answer["Location"] = f"{answer.url}?{request.GET.urlencode()}"
        return answer

    def form_of(self, verb: Verb, row: Any) -> type[forms.Form]:
        """Colleagues of the case's company are offered."""
        if verb.name != "assign":
            return super().form_of(verb, row)
        return assign_form([row.program.merchant_id], row.enrollment.affiliate.user_id)

    def bulk(self, request: HttpRequest, verb: Verb, queryset: models.QuerySet[Any]) -> HttpResponse | None:
        """Colleagues of all companies where the person may decide are offered."""
        if verb.name == "assign":
            verb = replace(verb, form=assign_form(merchants_that_let(request, verb.may)))
        return super().bulk(request, verb, queryset)

    # --- one case -----------------------------------------------------------------------------------------
    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A case is all cards."""
        return []

    def page_context(self, request: HttpRequest, row: Case) -> dict[str, Any]:
        """Evidence, rows, verdicts, and the neighbors in the queue."""
        return {**super().page_context(request, row), **case_context(self, request, row)}

    def verdict_view(self, request: HttpRequest, case_id: int, verdict: str) -> HttpResponse:
        """Show what a verdict would move, and decide."""
        row = self.get_object(request, str(case_id))
        return (
            self.absent(request, str(case_id)) if row is None else verdict_page(self, request, row, verdict)
        )

    def file_view(self, request: HttpRequest, file_id: int) -> HttpResponseBase:
        """A file that the affiliate sent."""
        return answer_file(self, request, file_id)
