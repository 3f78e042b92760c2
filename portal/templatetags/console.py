"""Parts of the managers' pages: their icons, the tabs over a list, how a figure moved."""

from copy import copy
from typing import Any

from django import template
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, F, Model, QuerySet
from django.http import HttpRequest
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from affiliates.cells import chip, money_cell
from affiliates.models import Enrollment
from commissions.models import Commission
from core.models import Event
from core.money import Money
from fraud.admin.case_page import state_chip as chip_of_case
from fraud.figures.exposures import stake_of, with_stakes
from fraud.models import Case
from portal.console_icons import CONSOLE_ICONS
from portal.event_words import in_words
from portal.icons import ICONS
from reports import click_roads, roads
from reports.roads import Step
from tracking.models import Click, Conversion

register = template.Library()


@register.simple_tag
def console_icon(name: str) -> SafeString:
    """An inline outline icon; decoration only, the words stand beside it."""
    svg = (
        '<svg class="icon" viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor"'
        ' stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="{}"/></svg>'
    )
    return format_html(svg, CONSOLE_ICONS.get(name) or ICONS[name])


@register.simple_tag(takes_context=True)
def state_tabs(context: Context, cl: ChangeList) -> list[dict[str, Any]]:
    """One tab per state among what search and filters leave, with its count, for pages that name a `tab_field`."""
    name = getattr(cl.model_admin, "tab_field", "")
    if not name:
        return []
    key = f"{name}__exact"
    rows = _in_any_state(context["request"], cl, key).order_by().values(name).annotate(count=Count("pk"))
    counts = {row[name]: row["count"] for row in rows}
    here = str(cl.get_filters_params().get(key, [""])[-1])
    tabs = [_tab(cl, key, "", _("all"), sum(counts.values()), here)]
    choices = cl.model._meta.get_field(name).flatchoices  # type: ignore[union-attr]  # a column, not a relation
    return tabs + [
        _tab(cl, key, value, label, counts.get(value, 0), here)
        for value, label in choices
        if value in counts or here == str(value)
    ]


def _in_any_state(request: HttpRequest, cl: ChangeList, key: str) -> QuerySet[Any]:
    """What the search and every filter but the tab leave."""
    others = {name: values for name, values in cl.filter_params.items() if name != key}
    if not others and not cl.query:
        return cl.root_queryset
    copied = copy(cl)  # it notes its filters while it asks; the page's own stay as they are
    copied.filter_params = others
    return copied.get_queryset(request)


def _tab(cl: ChangeList, key: str, value: Any, label: Any, count: int, here: str) -> dict[str, Any]:
    query = cl.get_query_string({key: value}, ["p"]) if value else cl.get_query_string(remove=[key, "p"])
    return {"title": label, "count": count, "address": query, "is_here": here == str(value)}


@register.simple_tag
def change(now: Money | int, before: Money | int) -> dict[str, str] | None:
    """How a figure moved against the week before: words and a direction; None where there is nothing to compare."""
    new, old = (value.amount if isinstance(value, Money) else value for value in (now, before))
    if old <= 0:
        return None
    per_cent = round((new - old) * 100 / old)
    sign = "+" if per_cent > 0 else "\N{MINUS SIGN}" if per_cent < 0 else ""
    words = _("%(sign)s%(n)s%% on last week") % {"sign": sign, "n": abs(per_cent)}
    return {"words": words, "kind": "up" if per_cent > 0 else "down" if per_cent < 0 else ""}


STEPS = 30


@register.simple_tag
def state_chip(row: Any) -> SafeString:
    """A row's state, colored; a commission on hold says so."""
    return (
        chip("held", _("on hold"))
        if getattr(row, "is_held", False)
        else chip(row.state, row.get_state_display())
    )


@register.simple_tag
def tone_chip(tone: str, words: Any) -> SafeString:
    """Words in one of the fixed hues: ok, wait, info, bad."""
    return format_html('<span class="chip chip-{}">{}</span>', tone, words)


@register.simple_tag
def minus(value: Money) -> SafeString | str:
    """An amount that is taken away."""
    return money_cell(-value)


@register.simple_tag
def audit_steps(row: Model) -> list[Step]:
    """What happened to a row, by whom, the newest first."""
    events = Event.objects.filter(subject_type=row._meta.label_lower, subject_id=str(row.pk)).select_related(
        "actor"
    )
    return [
        Step(in_words(event.kind).capitalize(), event.at, "now" if index == 0 else "", _by(event))
        for index, event in enumerate(events.order_by("-pk")[:STEPS])
    ]


def _by(event: Event) -> str:
    who = str(event.actor) if event.actor else _("automatically")
    reason = event.data.get("reason") or event.data.get("reference") or ""
    return f"{who}: {reason}" if reason else who


@register.simple_tag
def road_of_commission(row: Commission) -> list[Step]:
    """From click to payout."""
    return roads.of_commission(row)


@register.simple_tag
def road_of_conversion(row: Conversion) -> list[Step]:
    """From click to payout, for everybody who earned."""
    return roads.of_conversion(row)


@register.simple_tag
def road_of_click(row: Click) -> click_roads.ClickRoad:
    """What the visitor did around a click, and the orders it led to."""
    return click_roads.of_click(row)


@register.simple_tag
def order_money(row: Conversion) -> Money:
    """What the buyer paid."""
    return Money(row.order.total, row.order.currency)


@register.simple_tag
def commissions_of(row: Conversion) -> list[Commission]:
    """What a conversion earned, level by level."""
    rows = row.commissions.select_related("enrollment__affiliate").prefetch_related("reversals")
    return list(rows.order_by("level", "pk"))


CASES = 10


@register.simple_tag(takes_context=True)
def cases_about(context: Context, enrollment: Enrollment) -> list[dict[str, Any]]:
    """What fraud review asks, or has last decided, of a member; undecided cases first, none about the reader.

    Each with its `row`, a `chip` of what became of it, and the `stake` that it holds.
    """
    rows = Case.objects.filter(enrollment=enrollment).not_about(context["request"].user)
    latest = F("decided_at").desc(nulls_first=True)
    shown = with_stakes(rows.select_related("program")).order_by(latest, "-pk")[:CASES]
    return [{"row": row, "chip": chip_of_case(row), "stake": stake_of(row)} for row in shown]
