"""Traffic: where the clicks of the last days came from, with what devices, from where, to which pages."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from babel import Locale
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_safe

from affiliates.models import Enrollment
from portal.affiliate.membership import AffiliateRequest, affiliate_page
from portal.count_charts import count_chart
from reports.traffic import Line, Traffic, traffic
from tracking.states import Device, TrafficSource

SPANS = (7, 30, 90)
USUAL = 30


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table, in words; `part` is per cent of all clicks."""

    words: str
    detail: str
    clicks: int
    sales: int
    part: str


@dataclass(frozen=True, slots=True)
class Table:
    """What one table tells clicks apart by; `about` is said where there is nothing to tell yet."""

    key: str
    title: str
    head: str
    rows: list[Row]
    about: str = ""


@require_safe
@affiliate_page
def show(request: AffiliateRequest, enrollment: Enrollment) -> HttpResponse:
    """The last 7, 30 or 90 days; any other number means 30."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, SPANS) else USUAL
    found = traffic(enrollment, timezone.now(), days)
    context = {
        "section": "traffic",
        "enrollment": enrollment,
        "spans": [(span, _("%(n)s days") % {"n": span}) for span in SPANS],
        "days": days,
        "traffic": found,
        "per_hundred": found.sales * 100 / found.clicks if found.clicks else None,
        "chart": count_chart([(day.day, day.clicks, day.repeats) for day in found.days]),
        "tables": tables(found),
    }
    return render(request, "affiliate/traffic.html", context)


def tables(found: Traffic) -> list[Table]:
    """All tables in the order in which they are read."""
    sub_ids = _("Give a link sub ids, or add ?s1=newsletter to its address, and each mark is counted here.")
    kinds: tuple[tuple[str, str, str, Callable[[str], str], str], ...] = (
        ("source", _("Where from"), _("Source"), _source, ""),
        ("country", _("Countries"), _("Country"), _country, ""),
        ("device", _("Devices"), _("Device"), _device, ""),
        ("browser", _("Browsers"), _("Browser"), str, ""),
        ("page", _("Pages they came to"), _("Page"), _page_in(found.tables["page"]), ""),
        ("sub_ids", _("Sub ids"), _("Mark"), str, sub_ids),
    )
    return [
        Table(key, title, head, [_row(line, found.clicks, words) for line in found.tables[key]], about)
        for key, title, head, words, about in kinds
    ]


def _row(line: Line, clicks: int, words: Callable[[str], str]) -> Row:
    named = _("All others") if line.name is None else words(line.name) if line.name else _("Not known")
    detail = f"s{line.place}" if line.place else ""
    return Row(named, detail, line.clicks, line.sales, f"{line.clicks * 100 / clicks if clicks else 0:.0f}")


def _source(name: str) -> str:
    return str(capfirst(dict(TrafficSource.choices).get(name, name)))


def _device(name: str) -> str:
    return str(capfirst(dict(Device.choices).get(name, name)))


def _country(code: str) -> str:
    language = (get_language() or "en").replace("-", "_")
    return str(Locale.parse(language).territories.get(code, code))


def _page_in(lines: list[Line]) -> Callable[[str], str]:
    """Say a page by its path; by its host, too, where they stand on several."""
    is_one_host = len({_parts(line.name)[0] for line in lines if line.name}) == 1

    def words(address: str) -> str:
        host, path = _parts(address)
        return (path or "/") if is_one_host else f"{host}{path}".removesuffix("/") or address

    return words


def _parts(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", address
    return parts.netloc, parts.path
