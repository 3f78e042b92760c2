"""The managers' list of clicks, and the page of one: read-only, quick however many there are."""

import re
from datetime import date, datetime, time
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from affiliates.cells import chip, when
from affiliates.scoped_admin import ScopedAdmin
from tracking.models import Click
from tracking.states import Device, TrafficSource
from tracking.visits.networks import Kind

COUNTED = 10_000  # clicks are counted so far; nobody turns two hundred pages
MONTHS = 12
NETWORKS = {
    Kind.DATA_CENTER: _("data center"),
    Kind.VPN: _("VPN"),
    Kind.TOR: _("Tor"),
    Kind.MOBILE: _("mobile carrier"),
}
PERIOD = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?", re.ASCII)


class NearPaginator(Paginator):  # type: ignore[type-arg]  # stubs are generic, Django's class is not
    """Pages of a list whose end is too far away to count to."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, up to COUNTED."""
        rows: Any = self.object_list
        return int(rows.order_by()[:COUNTED].count())


class WhenFilter(admin.SimpleListFilter):
    """The last months, and in a month its days; no question to the database is needed for the choices."""

    title = _("time")
    parameter_name = "on"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Months, or the days of the month that was chosen."""
        today = timezone.localdate()
        found = PERIOD.fullmatch(self.value() or "")
        if found is None:
            months = [_months_before(today, ago) for ago in range(MONTHS)]
            return [(f"{first:%Y-%m}", date_format(first, "F Y")) for first in months]
        month = date(int(found[1]), int(found[2]), 1)
        days = [month.replace(day=number) for number in range(1, (_after(month) - month).days + 1)]
        whole = (f"{month:%Y-%m}", date_format(month, "F Y"))
        return [
            whole,
            *((f"{day:%Y-%m-%d}", date_format(day, "D j")) for day in reversed(days) if day <= today),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the month or day on the reader's clock; ValueError for what is neither."""
        if not self.value():
            return queryset
        found = PERIOD.fullmatch(self.value() or "")
        if found is None:
            raise ValueError(self.value())
        first = date(int(found[1]), int(found[2]), int(found[3] or 1))
        last = date.fromordinal(first.toordinal() + 1) if found[3] else _after(first)
        begins, ends = (timezone.make_aware(datetime.combine(one, time.min)) for one in (first, last))
        return queryset.filter(at__gte=begins, at__lt=ends)


def _months_before(day: date, ago: int) -> date:
    months = day.year * 12 + day.month - 1 - ago
    return date(months // 12, months % 12 + 1, 1)


def _after(month: date) -> date:
    return _months_before(month, -1)


class WhoFilter(admin.SimpleListFilter):
    """People, repeats, machines: each click is one of the three."""

    title = _("who")
    parameter_name = "who"
    KINDS: ClassVar = {
        "people": {"is_bot": False, "is_duplicate": False},
        "repeats": {"is_bot": False, "is_duplicate": True},
        "machines": {"is_bot": True},
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """All three."""
        return [("people", _("people")), ("repeats", _("repeats")), ("machines", _("machines"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of one kind; a word that is none of them leaves all."""
        return queryset.filter(**self.KINDS.get(self.value() or "", {}))


class SourceFilter(admin.SimpleListFilter):
    """By traffic source."""

    title = _("source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Every source."""
        return list(TrafficSource.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of one source."""
        return queryset.filter(source=self.value()) if self.value() else queryset


class DeviceFilter(admin.SimpleListFilter):
    """By kind of device."""

    title = _("device")
    parameter_name = "device"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Every kind."""
        return list(Device.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of one kind."""
        return queryset.filter(device=self.value()) if self.value() else queryset


@admin.register(Click)
class ClickAdmin(ScopedAdmin):
    """Who followed which link, from where, with what; the newest first, in the order of their ids."""

    list_display = ("moment", "whose", "came_from", "with_what", "country_code", "page", "marks")
    list_filter = (WhenFilter, "program", WhoFilter, SourceFilter, DeviceFilter)
    list_select_related = ("enrollment__affiliate", "link", "program")
    ordering = ("-id",)
    paginator = NearPaginator
    show_facets = admin.ShowFacets.NEVER  # each would count all clicks once more
    fields = (
        ("moment", "marks"),
        ("affiliate", "program"),
        ("link_code", "via_words"),
        ("source_word", "before"),
        ("landed", "led_to"),
        ("device_word", "browser_and_os"),
        ("country_code", "network"),
        ("sub_id_words", "utm_words"),
        ("loaded_as", "consent_word"),
        ("kept",),
    )
    readonly_fields = tuple(name for row in fields for name in row if name != "program")
    empty_words = _("Every click on an affiliate’s link shows up here within seconds.")

    @admin.display(description=_("time"), ordering="id")
    def moment(self, row: Click) -> SafeString | str:
        """When it was."""
        return when(row.at, is_short=True)

    @admin.display(description=_("affiliate"))
    def affiliate(self, row: Click) -> str:
        """Whose link it was."""
        return str(row.enrollment.affiliate.name)

    @admin.display(description=_("link"))
    def link_code(self, row: Click) -> str:
        """Which link."""
        return str(row.link.code)

    @admin.display(description=_("affiliate"))
    def whose(self, row: Click) -> SafeString | str:
        """The affiliate and its link."""
        return two_lines(row.enrollment.affiliate.name, row.link.code)

    @admin.display(description=_("came from"), ordering="source")
    def came_from(self, row: Click) -> SafeString | str:
        """The source in a word, and the host of the page before."""
        host = host_of(row.referrer)
        shown = format_html('<span class="clip" title="{0}">{0}</span>', host) if host else ""
        return two_lines(row.get_source_display(), shown)

    @admin.display(description=_("device"), ordering="device")
    def with_what(self, row: Click) -> SafeString | str:
        """Device and browser."""
        return two_lines(row.get_device_display(), row.browser)

    @admin.display(description=_("source"))
    def source_word(self, row: Click) -> str:
        """By what the link was marked with, else by the page before."""
        return str(row.get_source_display() or "–")

    @admin.display(description=_("device"))
    def device_word(self, row: Click) -> str:
        """What kind of thing it was."""
        return str(row.get_device_display() or "–")

    @admin.display(description=_("browser and system"))
    def browser_and_os(self, row: Click) -> str:
        """Names without versions."""
        return ", ".join(filter(None, (row.browser, row.os))) or "–"

    @admin.display(description=_("country"), ordering="country")
    def country_code(self, row: Click) -> str:
        """As the edge knew it."""
        return row.country or "–"

    @admin.display(description=_("page"))
    def page(self, row: Click) -> SafeString | str:
        """The page they came to, without host and query."""
        path = urlsplit_or_none(row.landing or row.destination)
        return format_html('<span class="clip" title="{0}">{0}</span>', path.path or "/") if path else "–"

    @admin.display(description=_("marks"))
    def marks(self, row: Click) -> SafeString | str:
        """What is special about it."""
        if row.is_bot:
            return chip("", _("machine"))
        return chip("waiting", _("repeat")) if row.is_duplicate else str(_("person"))

    @admin.display(description=_("page before"))
    def before(self, row: Click) -> str:
        """The referrer, as text: it is a stranger's."""
        return row.referrer or "–"

    @admin.display(description=_("page they came to"))
    def landed(self, row: Click) -> str:
        """As the tag told."""
        return row.landing or "–"

    @admin.display(description=_("link led to"))
    def led_to(self, row: Click) -> str:
        """Where the link sent them."""
        return row.destination or "–"

    @admin.display(description=_("network"))
    def network(self, row: Click) -> str:
        """The address as far as the program keeps it, and what the list of networks said of the whole one."""
        kind = NETWORKS.get(row.network_kind or "", row.network_kind)
        return ", ".join(str(word) for word in (row.ip, kind) if word) or "–"

    @admin.display(description=_("how the browser asked"))
    def loaded_as(self, row: Click) -> str:
        """As a page that a person opens, or as a part of one, by the browser's own word."""
        if not row.fetch_dest:
            return "–"
        if row.fetch_user is None:
            return row.fetch_dest
        said = _("%(kind)s, a person asked") if row.fetch_user else _("%(kind)s, nobody asked")
        return str(said) % {"kind": row.fetch_dest}

    @admin.display(description=_("sub ids"))
    def sub_id_words(self, row: Click) -> str:
        """The affiliate's own marks."""
        return ", ".join(row.sub_ids) or "–"

    @admin.display(description=_("campaign"))
    def utm_words(self, row: Click) -> str:
        """What the link was marked with."""
        return ", ".join(f"{name}: {value}" for name, value in sorted(row.utm.items())) or "–"

    @admin.display(description=_("how the link traveled"))
    def via_words(self, row: Click) -> str:
        """QR code, app, direct link; an ordinary one has nothing to say."""
        return row.via or "–"

    @admin.display(description=_("consent"))
    def consent_word(self, row: Click) -> str:
        """What the visitor allowed."""
        return str(row.get_consent_display())

    @admin.display(description=_("raw data"))
    def kept(self, row: Click) -> str:
        """Whether address, browser text and referrer are still kept."""
        return str(_("forgotten, as the program says") if row.is_bare else _("kept"))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say how far the list goes."""
        most = number_format(COUNTED, force_grouping=True)
        lead = _("The newest %(n)s that match; choose a month or a day to see older ones.") % {"n": most}
        return super().changelist_view(request, {"lead": lead, **(extra_context or {})})

    def page_context(self, request: HttpRequest, row: Click) -> dict[str, Any]:
        """A click has no name but its time."""
        title = f"{row.link.code}, {date_format(timezone.localtime(row.at), 'j M Y, H:i')}"
        return {**super().page_context(request, row), "row_title": title}


def two_lines(first: Any, second: str) -> SafeString | str:
    """A word with a smaller one below; a dash where there is neither."""
    if not second:
        return str(first or "–")
    return format_html("{}<small>{}</small>", first or "–", second)


def host_of(address: str) -> str:
    """The host of an address that a stranger sent, or nothing."""
    parts = urlsplit_or_none(address)
    return (parts.hostname or "") if parts else ""


def urlsplit_or_none(address: str) -> Any:
    """Take an address apart; None for what is none."""
    try:
        return urlsplit(address) if address else None
    except ValueError:
        return None
