"""Charts and QR codes as server-rendered SVG: no library, no inline style."""

from datetime import date
from typing import Any

from django import template

from core.money import Money
from portal.charts import BarChart

register = template.Library()


@register.inclusion_tag("components/chart.html")
def bars(chart: BarChart, title: str, today: date | None = None) -> dict[str, Any]:
    """Daily amounts as bars, with the same figures in a table for those who cannot see them."""
    return {"chart": chart, "title": title, "today": today, "bottom": chart.lines[-1] if chart.lines else 0}


@register.simple_tag
def share_of(value: Money | int, most: Money | int) -> str:
    """A part of the greatest value as per cent for the width of a bar: "63.5%"."""
    part, whole = (item.amount if isinstance(item, Money) else item for item in (value, most))
    return f"{max(0, part) * 100 / whole:.1f}%" if whole > 0 else "0%"
