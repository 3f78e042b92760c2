"""The page of a mapping of records: a customer of ours beside their record at the far side, and what a rule does."""

from collections.abc import Iterable, Mapping as Named
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from affiliates.scoped_admin import person
from core.jobs import Failure
from integrations import actions
from integrations.actions import record_fields
from integrations.actions.connections import connector_of
from integrations.actions.records.taking import read_change
from integrations.admin import mapping_form, record_samples
from integrations.admin.mapping_form import Entry, Form
from integrations.admin.record_notes import Noted, heard_notes, in_words, told_notes
from integrations.admin.record_samples import Sample, Seen
from integrations.connectors.base import Unreadable
from integrations.connectors.records import KeepsRecords, RemoteField
from integrations.connectors.shop_orders import ORDER
from integrations.mapping import BadMapping, Sheet, Table, read_sheet
from integrations.mapping.paths import write_path
from integrations.message_words import field_words
from integrations.models import Connection
from integrations.states import Direction

if TYPE_CHECKING:
    from integrations.admin.mappings import MappingPages

MOST_FIELDS, LONGEST_NAME = 100, 120
GUESSES = {bool: "yes_no", int: "number", float: "number"}


def is_of_records(row: Connection, table: Table) -> bool:
    """Whether a table is of records that the far side keeps of our customers."""
    connector = connector_of(row)
    return isinstance(connector, KeepsRecords) and table.kind in connector.RECORDS


def default_of(row: Connection, table: Table) -> Sheet:
    """Return the connector's own mapping, which holds while nobody has saved another."""
    connector = connector_of(row)
    if not isinstance(connector, KeepsRecords):
        return Sheet()
    rows = (connector.OUT if table.direction == Direction.OUT else connector.IN).get(table.kind, ())
    return read_sheet([dict(one) for one in rows])


class RecordPage:
    """One request of the page."""

    def __init__(self, pages: "MappingPages", request: HttpRequest, row: Connection, table: Table) -> None:
        self.pages, self.request, self.row, self.table = pages, request, row, table
        self.is_out = table.direction == Direction.OUT
        self.offered = record_samples.customers_offered(row, table.kind)
        self.sample = self._sample()
        self.seen: Seen | None = record_samples.seen_of(row, table.kind, self.sample)

    def answer(self) -> HttpResponse:
        """Show the mapping that holds, or what was entered; POST tries, asks the far side, makes fields, or saves."""
        if self.request.method != "POST":
            return self._page(self._stored())
        act = self.request.POST.get("act", "try")
        form = mapping_form.entered(self.table, self.request.POST)
        if act == "save" and self.pages.keep_mapping(self.request, self.row, form):
            return HttpResponseRedirect(self.request.path)
        if act == "default":
            form = mapping_form.form_of(self.table, default_of(self.row, self.table), "")
            self._say(_("This is the connector’s own mapping. Nothing is saved yet."), messages.INFO)
        if act == "there":
            self._look(form)
        if act == "make":
            self._make(form)
        return self._page(form)

    # --- what is asked for ---------------------------------------------------------------------------------
    def _sample(self) -> Sample | None:
        """The customer whom a person picked, else the one who ordered last."""
        told = self.request.POST if self.request.method == "POST" else self.request.GET
        words = told.get("who", "") if told.get("act") == "pick" else ""
        customer = record_samples.customer_called(self.row, words) if words.strip() else None
        if words.strip() and customer is None:
            self._say(_("No customer here is called so."), messages.WARNING)
        customer = customer or record_samples.customer_of(self.row, told.get("customer", ""))
        customer = customer or next(iter(self.offered), None)
        return record_samples.sample_of(self.row, self.table.kind, customer) if customer else None

    def _stored(self) -> Form:
        asked = self.request.GET.get("version", "")
        rows = self.row.mappings.filter(direction=self.table.direction, kind=self.table.kind)
        ordered = rows.order_by("-version")
        mapping = ordered.filter(version=asked).first() if asked.isdecimal() else ordered.first()
        try:
            sheet = read_sheet(mapping.rows) if mapping is not None else default_of(self.row, self.table)
        except BadMapping:
            sheet = Sheet()
        return mapping_form.form_of(self.table, sheet, "")

    def _look(self, form: Form) -> None:
        """Ask the far side for its fields and the record: outwards those that are mapped, inwards all."""
        names = _targets(form) if self.is_out else None
        try:
            there = record_fields.look_there(
                self.row,
                self.table.kind,
                self.sample.row if self.sample else None,
                names,
                actor=person(self.request),
            )
        except Failure as trouble:
            self._say(str(trouble), messages.ERROR)
            return
        self.seen = record_samples.keep_seen(self.row, self.table.kind, self.sample, there)

    def _make(self, form: Form) -> None:
        """Make the fields that the mapping fills and that are not there; then look once more."""
        if not self.is_out or self.seen is None:
            return
        wanted = [self._wanted(name, form) for name in self._missing(form)]
        try:
            made = record_fields.make_fields_there(
                self.row, self.table.kind, wanted, actor=person(self.request)
            )
        except Failure as trouble:
            self._say(str(trouble), messages.ERROR)
            return
        said = _("Made there: %(names)s.") % {"names": ", ".join(made)} if made else _("Nothing was made.")
        self._say(said, messages.SUCCESS if made else messages.WARNING)
        self._look(form)

    def _wanted(self, name: str, form: Form) -> RemoteField:
        """The field as the connector itself would make it, else by what our value looks like."""
        default = record_fields.wanted_there(self.row, self.table.kind).get(name)
        if default is not None:
            return default
        values = mapping_form.values_of(form, self.sample.record) if self.sample else {}
        return RemoteField(
            name, name.replace("_", " ").strip().capitalize() or name, _guess(values.get(name))
        )

    def _missing(self, form: Form) -> list[str]:
        """The fields that the mapping fills and that are not there; empty while nobody has looked."""
        if self.seen is None or not self.is_out:
            return []
        links = getattr(connector_of(self.row), "LINKS", ())
        there = {*record_fields.names_there(self.row, self.seen.there.fields), *links}
        return [name for name in _targets(form) if name not in there][:MOST_FIELDS]

    # --- the page ------------------------------------------------------------------------------------------
    def _page(self, form: Form) -> HttpResponse:
        record = self._record()
        sheet = mapping_form.compute(form, record)
        values = mapping_form.values_of(form, record) if record else {}
        self._name_fields(form)
        noted = self._noted(form, sheet, values, record)
        current = actions.current_mapping(self.row, self.table.direction, self.table.kind)
        title = _("%(what)s and “%(name)s”") % {"what": self.table.title, "name": self.row}
        context = {
            **self.pages.editor_context(self.request, self.row, title, form, record),
            "rows": [
                (entry, self._options(record, entry), noted.of.get(entry.target.name, ""))
                for entry in form.entries
            ],
            "current": current,
            "is_default": current is None,
            "is_out": self.is_out,
            "is_order": self.table.kind == ORDER,
            "sample": self.sample,
            "offered": self._choices(),
            "seen": self.seen,
            "there": self._there(),
            "here": [
                (name, in_words(value)) for name, value in (self.sample.facts if self.sample else {}).items()
            ],
            "theirs": self.seen.there.fields if self.seen else (),
            "missing": self._missing(form),
            "outcome": noted.outcome if record else None,
        }
        return TemplateResponse(self.request, "admin/integrations/mapping/records.html", context)

    def _record(self) -> dict[str, Any]:
        """What the mapping reads: our record on the way out; theirs on the way in, as asked for or as told last."""
        if self.is_out:
            return self.sample.record if self.sample else {}
        if self.seen is not None and self.seen.there.found is not None:
            return {name: value for name, value in self.seen.values.items() if value not in (None, "")}
        newest = (
            self.row.inbounds.filter(topic=f"record.{self.table.kind}")
            .order_by("-received_at", "-pk")
            .first()
        )
        try:
            return dict(read_change(bytes(newest.body)).values) if newest is not None else {}
        except Unreadable:
            return {}

    def _noted(self, form: Form, sheet: Sheet, values: Named[str, Any], record: Any) -> Noted:
        if self.is_out:
            missing = frozenset(self._missing(form))
            return told_notes(form, sheet, values, record, self.sample, self.seen, missing)
        return heard_notes(form, sheet, values, record, self.sample)

    def _name_fields(self, form: Form) -> None:
        """Say at each field of theirs what people call it there; until that is known, its name in words."""
        if not self.is_out:
            return
        known = self.seen.fields if self.seen is not None else {}
        for entry in form.entries:
            field = known.get(entry.target.name)
            if field is None:
                entry.target = replace(entry.target, label=field_words(entry.target.name))
            else:
                words = _("Kind: %(kind)s.") % {"kind": record_samples.kind_words(field)}
                entry.target = replace(entry.target, label=field.label or field.name, help=words)

    def _options(self, record: Any, entry: Entry) -> list[tuple[str, str]]:
        """What can fill a field: the values at hand, and inwards all fields of theirs by their labels."""
        found = mapping_form.options(record, entry)
        if self.is_out:  # of our own fields the words do; their path stands in the sample
            return [(path, words.replace(path, field_words(path), 1)) for path, words in found]
        if self.seen is None:
            return found
        labels = {write_path((name,)): field for name, field in self.seen.fields.items()}
        named = [
            (path, f"{labels[path].label} · {words}" if path in labels else words) for path, words in found
        ]
        others = [
            (path, f"{field.label} · {path} · {record_samples.kind_words(field)}")
            for path, field in labels.items()
            if path not in dict(found)
        ]
        return [*named, *others]

    def _choices(self) -> list[tuple[int, str, bool]]:
        """The customers to pick from, the picked one among them."""
        picked = self.sample.customer if self.sample else None
        rows = self.offered if picked is None or picked in self.offered else [picked, *self.offered]
        return [
            (one.pk, f"{one} · customer:{one.pk}", picked is not None and one.pk == picked.pk) for one in rows
        ]

    def _there(self) -> list[tuple[str, str]]:
        """What stands in the record there, by the labels that people see."""
        if self.seen is None:
            return []
        fields = self.seen.fields
        filled: Iterable[tuple[str, Any]] = self.seen.values.items()
        return [
            (fields[name].label if name in fields else name, in_words(value))
            for name, value in filled
            if self.is_out or value not in (None, "")
        ][:MOST_FIELDS]

    def _say(self, words: str, level: int) -> None:
        self.pages.message_user(self.request, words, level)


def _targets(form: Form) -> list[str]:
    """The fields of theirs that the mapping fills."""
    return [
        entry.target.name
        for entry in form.entries
        if entry.target.name and (entry.path or entry.text or entry.default)
    ]


def _guess(value: Any) -> str:
    """What kind of field holds such a value."""
    if isinstance(value, list):
        return "text"
    text = value if isinstance(value, str) else ""
    if len(text) >= len("2026-01-01T00:00") and text[4:5] == "-" and text[10:11] == "T":
        return "time"
    is_amount = text.replace(".", "", 1).lstrip("-").isdigit() and "." in text
    return "number" if is_amount else GUESSES.get(type(value), "text")
