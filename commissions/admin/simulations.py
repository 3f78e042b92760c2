"""Simulations: a plan tried on the real conversions of a period, before it costs anything."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.cells import chip, money_text, when
from affiliates.scoped_admin import merchants_that_let, person, refused_in_words
from affiliates.verb_admin import Verb, VerbAdmin
from commissions import actions
from commissions.actions.simulations import OPEN
from commissions.admin.simulation_form import SimulationForm
from commissions.admin.simulation_page import Answer, people_of
from commissions.models import Plan, Simulation
from commissions.plan import parse_plan
from commissions.rehearsal.file import simulation_csv
from commissions.rehearsal.strides import DAY
from commissions.states import SimulationState
from core.money import Money

VERBS = (
    Verb(
        name="cancel",
        label=gettext_lazy("Cancel"),
        ask=gettext_lazy("The question is given up. Nothing was changed by it, and it can be asked again."),
        may="manage_plans",
        run=actions.cancel_simulation,
        done=gettext_lazy("Cancelled"),
        applies=lambda row: row.state in OPEN,
        is_danger=True,
        in_bulk=False,
    ),
)


@admin.register(Simulation)
class SimulationAdmin(VerbAdmin):
    """What plans would have cost."""

    verbs = VERBS
    can_add = False
    tab_field = "state"
    list_display = ("title", "stretch", "state_chip", "cost", "change_in_cost", "asker", "asked")
    list_filter = ("plan__program", "plan")
    list_per_page = 25
    ordering = ("-pk",)
    fields = ("plan",)
    empty_words = gettext_lazy("Try a plan on last month’s sales before it costs anything.")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Of the answers, which may be large, only the sums."""
        rows = super().get_queryset(request).select_related("plan__program", "created_by")
        return rows.defer("result").annotate(
            then_total=_total("then"),
            now_total=_total("now"),
            in_currency=KeyTextTransform("currency", "result"),
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An answer never changes."""
        return False

    @admin.display(description=gettext_lazy("plan"), ordering="plan__name")
    def title(self, row: Simulation) -> str:
        """Which plan."""
        return str(row.plan)

    @admin.display(description=gettext_lazy("asked by"), ordering="created_by__name")
    def asker(self, row: Simulation) -> str:
        """Who wanted to know."""
        return str(row.created_by or "–")

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_chip(self, row: Simulation) -> str:
        """Where it stands."""
        return chip(row.state, row.get_state_display())

    @admin.display(description=gettext_lazy("period"), ordering="starts_at")
    def stretch(self, row: Simulation) -> str:
        """Its first and its last day, on the program's clock."""
        return days_of(row).replace(" ", "\N{NO-BREAK SPACE}")

    @admin.display(description=gettext_lazy("by this plan"))
    def cost(self, row: Simulation) -> str:
        """What it would have cost."""
        return _sum(row, row.then_total)  # type: ignore[attr-defined]  # see get_queryset

    @admin.display(description=gettext_lazy("difference"))
    def change_in_cost(self, row: Simulation) -> str:
        """How much more, or less, that is than what was earned."""
        return _sum(row, row.then_total, row.now_total, "+")  # type: ignore[attr-defined]  # see get_queryset

    @admin.display(description=gettext_lazy("asked at"), ordering="created_at")
    def asked(self, row: Simulation) -> str:
        """When."""
        return when(row.created_at)

    def get_urls(self) -> list[URLPattern]:
        """Asking, the progress and the file have addresses of their own."""
        wrap = self.admin_site.admin_view
        return [
            path("start/", wrap(self.start_view), name="commissions_simulation_start"),
            path(
                "<int:simulation_id>/progress/",
                wrap(self.progress_view),
                name="commissions_simulation_progress",
            ),
            path("<int:simulation_id>/file.csv", wrap(self.file_view), name="commissions_simulation_file"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A button leads to the question."""
        tools = []
        if self.lets(request, "manage_plans"):
            tools.append((reverse("admin:commissions_simulation_start"), _("Try a plan")))
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    def page_context(self, request: HttpRequest, row: Simulation) -> dict[str, Any]:
        """How far it is; or the answer."""
        context = {
            **super().page_context(request, row),
            "row_title": _("%(plan)s, %(days)s") % {"plan": row.plan, "days": days_of(row)},
            "hero_chip": self.state_chip(row),
            "days": days_of(row),
            "sentences": parse_plan(row.body, row.plan.program.currency).rules_in_words(),
            "progress": progress_of(row),
            "start_at": f"{reverse('admin:commissions_simulation_start')}?plan={row.plan_id}"
            if self.lets(request, "manage_plans", row)
            else "",
        }
        if row.state == SimulationState.DONE:
            answer = Answer(row)
            order = request.GET.get("o", "")
            page = answer.table(order, request.GET.get("p", ""))
            context |= {"answer": answer, "table": page, "order": order}
        return context

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A simulation is made by asking."""
        return self.start_view(request)

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Ask: which plan, then which of its rules and which period."""
        merchants = merchants_that_let(request, "manage_plans")
        if not merchants:
            raise PermissionDenied
        plans = Plan.objects.filter(program__merchant__in=merchants).select_related("program")
        plan = _chosen(plans, (request.POST or request.GET).get("plan", ""))
        asked = {key: request.GET[key] for key in ("what", "period") if key in request.GET}
        form = SimulationForm(plan, request.POST or None, initial=asked) if plan else None
        if form and form.is_bound and form.is_valid():
            try:
                row = actions.start_simulation(form.plan, form.body, *form.between, actor=person(request))
                return HttpResponseRedirect(reverse("admin:commissions_simulation_change", args=[row.pk]))
            except (ValueError, PermissionError) as refusal:
                form.add_error(None, refused_in_words(refusal))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Try a plan"),
            "opts": self.opts,
            "plans": plans.order_by("program__name", "name"),
            "plan": plan,
            "form": form,
            "back": reverse("admin:commissions_simulation_changelist"),
        }
        return TemplateResponse(request, "admin/commissions/simulation/start.html", context)

    def progress_view(self, request: HttpRequest, simulation_id: int) -> HttpResponse:
        """The part of the page that says how far it is; once it is over, the page is asked for anew."""
        row = self._row(request, simulation_id)
        context = {"original": row, "progress": progress_of(row)}
        answer = TemplateResponse(request, "admin/commissions/simulation/progress.html", context)
        if row.state not in OPEN:
            answer["HX-Refresh"] = "true"
        return answer

    def file_view(self, request: HttpRequest, simulation_id: int) -> HttpResponseBase:
        """Everybody's sums as CSV."""
        row = self._row(request, simulation_id)
        if row.result is None:
            raise Http404
        lines = simulation_csv(row, people_of(row, row.result))
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="simulation-{row.pk}.csv"'
        return answer

    def _row(self, request: HttpRequest, simulation_id: int) -> Simulation:
        """A row of the person's own merchants; any other answers like one that does not exist."""
        row = self.get_object(request, str(simulation_id))
        if row is None:
            raise Http404
        return row  # type: ignore[no-any-return]


def _total(name: str) -> KeyTransform:
    return KeyTransform("total", KeyTransform(name, "result"))


def _sum(row: Any, amount: int | None, less: int | None = 0, sign: str = "") -> str:
    """An amount of a list, with the sign if it is above 0; a dash until there is one."""
    if amount is None or less is None:
        return "–"
    words = money_text(Money(amount - less, row.in_currency))
    return f"{sign}{words}" if amount > less else words


def _chosen(plans: Any, number: str) -> Plan | None:
    """The plan asked for; the only one without asking."""
    if number:
        plan: Plan | None = (
            plans.filter(pk=number).first() if number.isdecimal() and len(number) < 19 else None
        )
        if plan is None:
            raise Http404
        return plan
    only = list(plans[:2])
    return only[0] if len(only) == 1 else None


def progress_of(row: Simulation) -> dict[str, Any]:
    """How far a run is, in per cent; None while nobody has taken it up."""
    share = min(100, row.done * 100 // row.total) if row.total else None
    return {"is_open": row.state in OPEN, "share": share, "state": row.state}


def days_of(row: Simulation) -> str:
    """The first and the last day of a stretch, on the program's clock."""
    program = row.plan.program
    first, last = program.local(row.starts_at).date(), program.local(row.ends_at - DAY / 86400).date()
    return f"{date_format(first, 'j M Y')} – {date_format(last, 'j M Y')}"
