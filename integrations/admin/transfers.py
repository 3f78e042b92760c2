"""The log of transfers: what crossed the border, about whom, with whom, when and how it went; as a page and a file."""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.cells import chip, when
from affiliates.scoped_admin import merchants_that_let
from affiliates.verb_admin import VerbAdmin
from core.csv_cells import MARK, Line, plain
from integrations.about import about, names_of
from integrations.message_words import NOUNS, about_words, kind_words, topic_words
from integrations.models import Connection
from integrations.states import DeliveryState
from integrations.transfers import IN, OUT, Place, Search, Transfer, all_of, page_of

AT_ONCE = 50
MOST_LINES = 200_000
DIRECTIONS = (("", gettext_lazy("Both ways")), (OUT, gettext_lazy("Out")), (IN, gettext_lazy("In")))
OUTCOMES = (
    ("", gettext_lazy("Any")),
    ("done", gettext_lazy("Arrived")),
    ("waiting", gettext_lazy("Waiting")),
    ("failed", gettext_lazy("Failed")),
    ("left", gettext_lazy("Not needed")),
)


class DayInput(forms.DateInput):
    """A day, with the browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class SearchForm(forms.Form):
    """What is looked for."""

    about = forms.CharField(
        label=gettext_lazy("About whom or what"),
        required=False,
        max_length=254,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": gettext_lazy("E-mail, order, affiliate, coupon")}
        ),
    )
    kind = forms.CharField(label=gettext_lazy("What"), required=False, max_length=60, widget=forms.Select)
    connection = forms.ModelChoiceField(
        label=gettext_lazy("With"),
        required=False,
        queryset=Connection.objects.none(),
        empty_label=gettext_lazy("Any connection"),
    )
    direction = forms.ChoiceField(label=gettext_lazy("Way"), required=False, choices=DIRECTIONS)
    outcome = forms.ChoiceField(label=gettext_lazy("How it went"), required=False, choices=OUTCOMES)
    first = forms.DateField(label=gettext_lazy("From"), required=False, widget=DayInput)
    last = forms.DateField(label=gettext_lazy("Up to and with"), required=False, widget=DayInput)

    def __init__(self, merchants: Sequence[int], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merchants = merchants
        mine = Connection.objects.filter(program__merchant__in=merchants).select_related("program")
        self.mine = list(mine.order_by("name", "pk"))
        self.fields["kind"].widget.choices = _kinds(str(self.data.get("kind", "")))
        self.fields["connection"].queryset = mine.order_by("name", "pk")  # type: ignore[attr-defined]

    def search(self) -> Search:
        """Return what is looked for; days are those of the program, where there is one, else UTC's."""
        values = self.cleaned_data
        chosen: Connection | None = values["connection"]
        rows = [chosen] if chosen is not None else self.mine
        zones = {row.program.time_zone for row in rows}
        zone = ZoneInfo(zones.pop()) if len(zones) == 1 else UTC
        word = values["about"].strip()
        return Search(
            [row.pk for row in rows],
            kind=values["kind"].strip(),
            about=about(self.merchants, word) if word else None,
            direction=values["direction"],
            outcome=values["outcome"],
            since=_begin(values["first"], zone),
            until=_begin(values["last"], zone, timedelta(days=1)),
        )


def _kinds(asked: str) -> list[tuple[str, Any]]:
    """What may be looked for: all of a noun, both ways; and what the address asks for besides ("order.rec*")."""
    nouns = [noun for noun in NOUNS if noun not in ("profile", "direct_link")]
    found = [("", _("Anything")), *((f"{noun}*", NOUNS[noun]) for noun in nouns)]
    return found if asked in dict(found) else [*found, (asked, asked)]


def _begin(day: date | None, zone: Any, later: timedelta = timedelta()) -> datetime | None:
    if day is None or not 2000 <= day.year <= 2200:
        return None
    return datetime.combine(day + later, datetime.min.time(), zone)


class TransferPages(VerbAdmin):
    """The log, beside the list of deliveries."""

    def get_urls(self) -> list[URLPattern]:
        """The log and its file have addresses of their own."""
        wrap, name = self.admin_site.admin_view, "integrations_delivery_transfers"
        return [
            path("transfers/", wrap(self.transfers_view), name=name),
            path("transfers/file.csv", wrap(self.transfers_file), name=f"{name}_file"),
            *super().get_urls(),
        ]

    def transfers_view(self, request: HttpRequest) -> HttpResponse:
        """The newest transfers that were looked for; older ones behind a link."""
        merchants = merchants_that_let(request, "read")
        form = SearchForm(merchants, _clean(request))
        is_clear = form.is_valid()
        place = Place.read(request.GET.get("after", ""))
        page = page_of(form.search(), place, AT_ONCE) if is_clear else None
        rows = page.rows if page else []
        names = names_of(merchants, (row.about for row in rows if row.direction == OUT))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Transfers"),
            "opts": self.opts,
            "form": form,
            "rows": [_line(row, names) for row in rows],
            "has_connections": bool(form.mine),
            "is_narrowed": any(request.GET.get(name) for name in form.fields),
            "later": _address(request, after=str(page.place)) if page and page.place else "",
            "first": _address(request, after="") if request.GET.get("after") else "",
            "file": reverse("admin:integrations_delivery_transfers_file") + _address(request, after=""),
        }
        return TemplateResponse(request, "admin/integrations/delivery/transfers.html", context)

    def transfers_file(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """The same as a file, all pages of it."""
        merchants = merchants_that_let(request, "read")
        form = SearchForm(merchants, _clean(request))
        if not form.is_valid():
            return HttpResponse(_("There is no such list."), status=400, content_type="text/plain")
        lines = transfers_csv(all_of(form.search(), MOST_LINES), merchants)
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="transfers-{timezone.now():%Y-%m-%d}.csv"'
        return answer


def _clean(request: HttpRequest) -> dict[str, str]:
    """What the address asks for, without signs that no database takes."""
    return {name: str(value).replace("\0", "") for name, value in request.GET.items()}


def _address(request: HttpRequest, **changes: str) -> str:
    asked = request.GET.copy()
    for name, value in changes.items():
        asked[name] = value
        if not value:
            del asked[name]
    return f"?{asked.urlencode()}"


def _line(row: Transfer, names: dict[str, str]) -> dict[str, Any]:
    """A row of the page."""
    model = "delivery" if row.direction == OUT else "inbound"
    failed = row.state == DeliveryState.DEAD
    return {
        "at": when(row.at),
        "is_out": row.direction == OUT,
        "connection": row.connection,
        "kind": row.kind,
        "words": kind_words(row.kind) if row.direction == OUT else topic_words(row.kind),
        "about": row.about,
        "name": about_words(row.about, names.get(row.about, "")) if row.direction == OUT else row.about,
        "chip": chip("failed" if failed else row.state, row.state_words),
        "note": row.note,
        "times": row.times,
        "address": reverse(f"admin:integrations_{model}_change", args=[row.number]),
    }


def transfers_csv(rows: Iterator[Transfer], merchants: Sequence[int], step: int = 1000) -> Iterator[str]:
    """Yield a head and one line per transfer; times in UTC, texts that a spreadsheet would run made plain."""
    writer = csv.writer(Line())
    yield MARK + writer.writerow(_head())
    some: list[Transfer] = []
    for row in rows:
        some.append(row)
        if len(some) == step:
            yield from _written(writer, some, merchants)
            some = []
    yield from _written(writer, some, merchants)


def _written(writer: Any, rows: list[Transfer], merchants: Sequence[int]) -> Iterator[str]:
    names = names_of(merchants, (row.about for row in rows if row.direction == OUT))
    for row in rows:
        name = names.get(row.about, "") if row.direction == OUT else ""
        texts = [row.connection.name, row.connection.source, row.kind, row.about, name]
        way = _("out") if row.direction == OUT else _("in")
        moment = row.at.astimezone(UTC).isoformat(timespec="seconds")
        ends = [row.state_words, row.note, str(row.times)]
        yield writer.writerow([moment, way, *map(plain, texts), *map(plain, ends)])


def _head() -> list[str]:
    return [
        _("time (UTC)"),
        _("way"),
        _("with"),
        _("source"),
        _("what"),
        _("about"),
        _("called"),
        _("how it went"),
        _("note"),
        _("times"),
    ]
