"""The monitor: every connection at a glance, and the same figures on the page of each."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from affiliates.scoped_admin import merchants_that_let
from affiliates.verb_admin import Verb, VerbAdmin
from integrations.admin.pacing import pace_form
from integrations.connectors import CONNECTORS
from integrations.flows import is_batch
from integrations.gate import is_told
from integrations.models import Connection
from integrations.standing import note_trouble, standing_chip, trouble_of
from integrations.states import ConnectionState
from integrations.watch.columns import Chart, chart_of
from integrations.watch.figures import Figures, figures_of
from integrations.watch.lags import STEPS

MOST = 200
A_MINUTE = timedelta(minutes=1)
CAUSES = {
    "unanswered": gettext_lazy("no answer"),
    "throttled": gettext_lazy("too many calls"),
    "errors": gettext_lazy("errors on its side"),
    "refused": gettext_lazy("refused"),
    "misconfigured": gettext_lazy("keys, rights or address"),
    "broken": gettext_lazy("errors on our side"),
}

QUOTAS = {  # as connectors name what is left of the far side's limits
    "daily": gettext_lazy("today"),
    "minute": gettext_lazy("this minute"),
    "points": gettext_lazy("points"),
}


@dataclass(frozen=True, slots=True)
class Pulse:
    """A connection with its figures, in words."""

    row: Connection
    figures: Figures
    chart: Chart
    system: str
    chip: str
    needs_look: bool
    is_told: bool
    flow: str
    lag: str
    slow: str
    waiting: str
    taken: int
    failed: int
    causes: list[tuple[str, int]]
    calls: str
    quotas: list[str]
    uptime: str
    difference: str


def pulses(connections: "QuerySet[Connection] | list[Connection]", now: datetime) -> list[Pulse]:
    """The connections with their figures: those in trouble first."""
    rows = list(connections)
    found = figures_of(rows, now)
    for row in rows:  # what the figures know already is not asked once more for each
        note_trouble(row, next((each.sentence for each in found[row.pk].troubles), None))
    told = [_pulse(row, found[row.pk], is_told(row)) for row in rows]
    return sorted(told, key=lambda pulse: (not pulse.figures.troubles, not pulse.needs_look))


def _pulse(row: Connection, found: Figures, is_told: bool) -> Pulse:
    return Pulse(
        row=row,
        figures=found,
        chart=chart_of(found.hours),
        system=str(CONNECTORS[row.connector].NAME),
        chip=standing_chip(row),
        needs_look=bool(trouble_of(row)),
        is_told=is_told,
        flow=_flow(row),
        lag=span(found.lag(0.5)),
        slow=span(found.lag(0.95)),
        waiting=_waiting(found),
        taken=found.sums.get("delivered", 0),
        failed=found.sums.get("failures", 0),
        causes=[(str(CAUSES[name]), count) for name, count in found.causes],
        calls=_calls(found),
        quotas=[_quota(each) for each in found.quotas],
        uptime=f"{found.uptime:.1f} %" if found.uptime is not None else "",
        difference=_difference(found),
    )


def _flow(row: Connection) -> str:
    if not is_batch(row.options):
        return _("at once")
    schedule = row.options.get("schedule") or "hourly"
    return _("hourly") if schedule == "hourly" else _("daily at %(time)s") % {"time": schedule}


def span(seconds: float | None) -> str:
    """A time that something took, as people say it; "" for none."""
    if seconds is None:
        return ""
    if seconds >= STEPS[-1]:
        return _("over %(n)s h") % {"n": STEPS[-1] // 3600}
    for size, words in ((3600, _("%(n)s h")), (60, _("%(n)s min"))):
        if seconds >= size:
            return words % {"n": round(seconds / size)}
    return _("%(n)s s") % {"n": f"{seconds:.1f}" if seconds < 10 else round(seconds)}


def _waiting(found: Figures) -> str:
    if not found.waiting or found.oldest is None or timezone.now() - found.oldest < A_MINUTE:
        return ""
    return _("the oldest for %(age)s") % {"age": timesince(found.oldest, depth=1)}


def _calls(found: Figures) -> str:
    used, limit = found.budget.used, found.budget.limit
    if not limit:
        return ngettext("%(n)s call today", "%(n)s calls today", used) % {"n": used}
    return _("%(used)s of %(limit)s calls today") % {"used": _number(used), "limit": _number(limit)}


def _quota(quota: Any) -> str:
    name = QUOTAS.get(quota.name, quota.name.replace("_", " "))
    words = {"name": name, "left": _number(quota.left), "most": _number(quota.most)}
    if not quota.most:
        return _("%(name)s: %(left)s left") % words
    return _("%(name)s: %(left)s of %(most)s left") % words


def _number(count: int) -> str:
    return number_format(count, force_grouping=True)


def _difference(found: Figures) -> str:
    last = found.reconciliation
    if last is None:
        return ""
    count = last.difference
    return ngettext("%(n)s differed", "%(n)s differed", count) % {"n": count} if count else _("no difference")


def pulse_of(row: Connection) -> dict[str, Any]:
    """What a connection's own page says of its last day; nothing of one that is cut."""
    if row.state == ConnectionState.DISCONNECTED:
        return {}
    pulse = pulses([row], timezone.now())[0]
    return {"pulse": pulse, "hero_words": pulse.chip}


class MonitorPages(VerbAdmin):
    """The page of all connections."""

    def get_urls(self) -> list[URLPattern]:
        """The monitor has an address of its own."""
        view = self.admin_site.admin_view(self.monitor_view)
        return [path("monitor/", view, name="integrations_connection_monitor"), *super().get_urls()]

    def form_of(self, verb: Verb, row: Any) -> type[forms.Form]:
        """The pace is asked for with what holds now filled in."""
        return pace_form(row) if verb.name == "pace" else super().form_of(verb, row)

    def monitor_view(self, request: HttpRequest) -> HttpResponse:
        """Every connection of the person's companies that is not cut."""
        rows = Connection.objects.filter(program__merchant__in=merchants_that_let(request, "read"))
        live = rows.exclude(state=ConnectionState.DISCONNECTED).select_related("program")
        found = pulses(live.order_by("name", "pk")[: MOST + 1], timezone.now())
        shown = found[:MOST]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Sync monitor"),
            "opts": self.opts,
            "pulses": shown,
            "is_cut_short": len(found) > MOST,
            "most": MOST,
            "troubled": sum(each.needs_look for each in shown),
            "waiting": sum(each.figures.waiting for each in shown),
            "dead": sum(each.figures.dead for each in shown),
            "taken": sum(each.taken for each in shown),
            "failed": sum(each.failed for each in shown),
        }
        return TemplateResponse(request, "admin/integrations/connection/monitor.html", context)
