"""What a visitor did around one click, and which orders it led to."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from reports.roads import Step
from tracking.models import Click, Conversion, Decision

MOST = 20
AROUND = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class ClickRoad:
    """The visitor's clicks and orders in order of time, and the orders as rows."""

    steps: list[Step]
    conversions: list[Conversion]


def of_click(click: Click) -> ClickRoad:
    """Follow the visitor through the program; without a visitor's id only the click's own orders are known."""
    clicks = _clicks(click)
    decisions = Decision.objects.filter(
        program=click.program_id, is_current=True, click_id__in=[row.pk for row in clicks]
    ).select_related("conversion__order", "enrollment__affiliate")
    found = list(decisions.order_by("conversion__occurred_at", "pk")[:MOST])
    steps = [_clicked(row, click) for row in clicks]
    steps += [_ordered(decision) for decision in found]
    return ClickRoad(sorted(steps, key=_when), [decision.conversion for decision in found])


def _clicks(click: Click) -> list[Any]:
    """The visitor's clicks nearest in time, this one among them."""
    rows = Click.objects.filter(program=click.program_id).select_related("enrollment__affiliate", "link")
    if click.visitor is None:
        return list(rows.filter(pk=click.pk))
    same = rows.filter(visitor=click.visitor)
    before = same.filter(at__lte=click.at, at__gt=click.at - AROUND).order_by("-at", "-pk")[:MOST]
    after = same.filter(at__gt=click.at, at__lt=click.at + AROUND).order_by("at", "pk")[:MOST]
    return [*before, *after]


def _clicked(row: Any, here: Click) -> Step:
    words = _("Clicked the link %(link)s") % {"link": row.link.code}
    kind = "now" if row.pk == here.pk else ""
    return Step(words, row.at, kind, row.enrollment.affiliate.name)


def _ordered(decision: Decision) -> Step:
    conversion = decision.conversion
    by = decision.enrollment.affiliate.name if decision.enrollment else ""
    credited = _("credited to %(name)s") % {"name": by} if by else ""
    return Step(
        _("Ordered: %(number)s") % {"number": conversion.external_id}, conversion.occurred_at, "", credited
    )


def _when(step: Step) -> float:
    return step.at.timestamp() if step.at else 0.0
