"""Dry runs: what other rules would have held in the last days, beside what reviewers decided."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from affiliates.cells import NONE, chip, link, money_cell, money_text, when
from affiliates.scoped_admin import ScopedAdmin
from commissions.states import SimulationState
from core.money import Money
from fraud.actions.dry_runs import OPEN
from fraud.admin.evidence import title_of
from fraud.models import DryRun
from fraud.states import Action


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check in the answer: what it holds today and would hold, and what was decided on the latter."""

    title: str
    now: dict[str, int]
    then: dict[str, int]
    amount: Money
    change: Money


SETTINGS = ("on", "threshold", "sample", "weight", "action")
NOTHING = {"found": 0, "held": 0, "fraud": 0, "cleared": 0, "amount": 0}


@admin.register(DryRun)
class DryRunAdmin(ScopedAdmin):
    """Questions and answers; nothing is held for any of them."""

    can_add = False
    tab_field = "state"
    list_display = ("asked", "program", "span", "state_chip", "would_hold", "asker")
    list_filter = ("program",)
    list_select_related = ("program", "asked_by")
    list_per_page = 25
    ordering = ("-pk",)
    empty_words = gettext_lazy("Change a policy and try it on the last 90 days before it holds anything.")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """An answer is all cards."""
        return []

    def get_urls(self) -> list[URLPattern]:
        """How far a run is has an address of its own."""
        view = self.admin_site.admin_view(self.progress_view)
        return [path("<int:run_id>/progress/", view, name="fraud_dryrun_progress"), *super().get_urls()]

    @admin.display(description=gettext_lazy("asked"), ordering="created_at")
    def asked(self, row: DryRun) -> str:
        """When."""
        return when(row.created_at)

    @admin.display(description=gettext_lazy("days"))
    def span(self, row: DryRun) -> str:
        """Over how many days."""
        return ngettext("%(n)s day", "%(n)s days", row.days) % {"n": row.days}

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_chip(self, row: DryRun) -> str:
        """How far it is."""
        return chip(row.state, row.get_state_display())

    @admin.display(description=gettext_lazy("would hold"))
    def would_hold(self, row: DryRun) -> str:
        """How much it would have held."""
        return money_cell(row.program.money(row.result["then"]["amount"])) if row.result else NONE

    @admin.display(description=gettext_lazy("asked by"))
    def asker(self, row: DryRun) -> str:
        """Who."""
        return str(row.asked_by or "–")

    def page_context(self, request: HttpRequest, row: DryRun) -> dict[str, Any]:
        """The answer by check, or how far it is."""
        context = {
            **super().page_context(request, row),
            "row_title": _("Dry run of %(program)s") % {"program": row.program},
            "state_chip": self.state_chip(row),
            "progress": progress_of(row),
            "rules": _rules(row),
            "policy": link(reverse("admin:fraud_policy_program", args=[row.program_id]), _("To the policy")),
        }
        return context | ({"answer": _answer(row, row.result)} if row.result else {})

    def progress_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """The part of the page that says how far it is; once it is over, the page is asked for anew."""
        row = self.get_object(request, str(run_id))
        if row is None:
            raise Http404
        context = {"original": row, "progress": progress_of(row)}
        answer = TemplateResponse(request, "admin/fraud/dryrun/progress.html", context)
        if row.state not in OPEN:
            answer["HX-Refresh"] = "true"
        return answer


def progress_of(row: DryRun) -> dict[str, Any]:
    """How far a run is: the state, how much of the sales in per cent, and what is said of it.

    The sales are counted; the affiliates that are asked after them are not, so the run is not over when all sales are.
    """
    is_open = row.state in OPEN
    share = (
        min(100, row.done * 100 // row.total) if row.state == SimulationState.RUNNING and row.total else None
    )
    words = row.get_state_display()
    if row.state == SimulationState.WAITING:
        words = _("Waiting for a worker")
    elif is_open and (share is None or share == 100):
        words = _("The sales are worked out; now the affiliates are asked") if share else _("Beginning")
    elif is_open:
        words = _("%(share)s %% of the sales are worked out") % {"share": share}
    return {"is_open": is_open, "share": None if share == 100 else share, "words": words}


def _answer(row: DryRun, result: dict[str, Any]) -> dict[str, Any]:
    """The sums and a line for each check that spoke under either rules, the largest change first."""
    now, then, money = result["now"], result["then"], row.program.money
    names = {*now["checks"], *then["checks"]}
    lines = [
        _line(row, name, now["checks"].get(name, NOTHING), then["checks"].get(name, NOTHING))
        for name in names
    ]
    lines.sort(key=lambda line: (-abs(line.change.amount), -line.amount.amount, line.title))
    told = {"sales": number_format(result["sales"], force_grouping=True), "days": row.days}
    return {
        "headline": _headline(money(now["amount"]), money(then["amount"])),
        "about": _("%(sales)s sales of %(days)s days were asked again.") % told,
        "is_cut": result["of"] > result["sales"],
        "of": result["of"],
        "now": money(now["amount"]),
        "then": money(then["amount"]),
        "now_count": now["commissions"],
        "then_count": then["commissions"],
        "lines": lines,
    }


def _line(row: DryRun, name: str, now: dict[str, int], then: dict[str, int]) -> CheckRow:
    money = row.program.money
    return CheckRow(title_of(name), now, then, money(then["amount"]), money(then["amount"] - now["amount"]))


def _headline(now: Money, then: Money) -> str:
    told = {"then": money_text(then), "by": money_text(Money(abs(then.amount - now.amount), now.currency))}
    if then == now:
        return _("These rules would hold %(then)s, as much as today’s.") % told
    if then.amount > now.amount:
        return _("These rules would hold %(then)s, %(by)s more than today’s.") % told
    return _("These rules would hold %(then)s, %(by)s less than today’s.") % told


def _rules(row: DryRun) -> list[str]:
    """What differs from the defaults in the rules that were tried."""
    return [
        f"{title_of(name)}: " + ", ".join(_rule(what, said[what]) for what in SETTINGS if what in said)
        for name, said in sorted(
            row.checks.items()
        )  # a database keeps the keys of JSON in an order of its own
    ]


def _rule(what: str, value: Any) -> str:
    if what == "on":
        return _("on") if value else _("off")
    if what == "action":
        return _("a finding does: %(action)s") % {"action": dict(Action.choices).get(value, value)}
    number = number_format(int(value) if float(value).is_integer() else value)
    words = {"threshold": _("threshold %(n)s"), "sample": _("of at least %(n)s"), "weight": _("weight %(n)s")}
    return words[what] % {"n": number}
