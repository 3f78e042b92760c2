"""Mappings of a connection: their versions, and the page on which fields are pointed at in a sample."""

from dataclasses import replace
from itertools import zip_longest
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from affiliates.cells import money_text
from affiliates.scoped_admin import person
from affiliates.verb_admin import VerbAdmin
from core.money import Money
from integrations import actions
from integrations.actions.connections import connector_of, store_of
from integrations.admin import mapping_form, row_samples
from integrations.admin.mapping_form import Form
from integrations.admin.record_mappings import RecordPage, default_of, is_of_records
from integrations.connectors import inbox
from integrations.connectors.base import Reading, Unreadable
from integrations.connectors.inbox.body import record_of
from integrations.connectors.inbox.tables import NOTE
from integrations.mapping import RULES, BadMapping, Sheet, Table, read_sheet, suggest
from integrations.mapping.conversions import CONVERSIONS
from integrations.mapping.expressions import FUNCTIONS
from integrations.mapping.rows import TESTS
from integrations.models import Connection, Inbound, Mapping
from integrations.states import Direction, InboundState
from tracking.orders import OrderIn

MESSAGES, VERSIONS, DECISIONS, FOUND = 10, 20, 20, 200
MOST_FIELDS = 200
MOST_SAMPLE = 200_000
MANAGE = "manage_integrations"


class MappingPages(VerbAdmin):
    """The pages of a connection's mappings."""

    def get_urls(self) -> list[URLPattern]:
        """All versions, one mapping, one version as a file."""
        view, named = self.admin_site.admin_view, "integrations_connection_mapping"
        one = "<int:connection_id>/mappings/<slug:direction>/<slug:kind>/"
        return [
            path("<int:connection_id>/mappings/", view(self.mappings_view), name=f"{named}s"),
            path(one, view(self.mapping_view), name=named),
            path(f"{one}<int:version>.json", view(self.mapping_file_view), name=f"{named}_file"),
            *super().get_urls(),
        ]

    def mappings_view(self, request: HttpRequest, connection_id: int) -> HttpResponse:
        """What is mapped, all versions of it, and what rules decided; POST puts a version back or takes a file."""
        row = self.get_object(request, str(connection_id))
        if row is None or not actions.tables_of(row):
            return self.absent(request, str(connection_id))
        if request.method == "POST":
            return self._change(request, row)
        tables = [
            (table, self._versions(row, table), len(default_of(row, table).rows))
            for table in actions.tables_of(row)
        ]
        context = {
            **self._context(request, row, _("Fields of “%(name)s”") % {"name": row}),
            "tables": tables,
            **decisions_of(row, request.GET),
            "presets": row_samples.presets_for(row),
        }
        return TemplateResponse(request, "admin/integrations/mapping/list.html", context)

    def mapping_view(
        self, request: HttpRequest, connection_id: int, direction: str, kind: str
    ) -> HttpResponse:
        """A sample beside the fields; POST tries, suggests, takes another sample, or saves a new version."""
        row = self.get_object(request, str(connection_id))
        table = actions.table_of(row, direction, kind) if row is not None else None
        if row is None or table is None:
            return self.absent(request, str(connection_id))
        if not self.lets(request, MANAGE, row):
            raise PermissionDenied
        if is_of_records(row, table):
            return RecordPage(self, request, row, table).answer()
        act = request.POST.get("act", "try")
        form = (
            self._entered(request, row, table)
            if request.method == "POST"
            else self._stored(request, row, table)
        )
        if request.method == "POST" and act == "save" and self.keep_mapping(request, row, form):
            return HttpResponseRedirect(request.path)
        return self._page(request, row, form)

    def mapping_file_view(
        self, request: HttpRequest, connection_id: int, direction: str, kind: str, version: int
    ) -> HttpResponse:
        """One version as JSON, to be taken elsewhere."""
        row: Connection | None = self.get_object(request, str(connection_id))
        if row is None:
            return self.absent(request, str(connection_id))
        mapping = row.mappings.filter(direction=direction, kind=kind, version=version).first()
        if mapping is None:
            return self.absent(request, str(connection_id))
        name = f"{slugify(row.source)}-{kind}-v{version}.json"
        return JsonResponse(
            actions.export_mapping(mapping),
            json_dumps_params={"indent": 2, "ensure_ascii": False},
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def _change(self, request: HttpRequest, row: Connection) -> HttpResponse:
        if not self.lets(request, MANAGE, row):
            raise PermissionDenied
        try:
            if request.POST.get("act") == "preset":
                said = row_samples.take_preset(row, request.POST.get("preset", ""), person(request))
                self.message_user(request, said)
                return HttpResponseRedirect(request.path)
            if request.POST.get("act") == "revert":
                mapping = _made(actions.revert_mapping(self._version(request, row), actor=person(request)))
            else:
                mapping = _made(actions.import_mapping(row, _uploaded(request), actor=person(request)))
            self.message_user(request, mapping)
        except BadMapping as refused:
            self.message_user(request, str(refused), messages.ERROR)
        return HttpResponseRedirect(request.path)

    def _version(self, request: HttpRequest, row: Connection) -> Mapping:
        number = request.POST.get("mapping", "")
        mapping: Mapping | None = row.mappings.filter(pk=number).first() if number.isdecimal() else None
        if mapping is None:
            raise Http404
        return mapping

    def _versions(self, row: Connection, table: Table) -> list[Mapping]:
        rows = row.mappings.filter(direction=table.direction, kind=table.kind)
        return list(rows.select_related("created_by").order_by("-version")[:VERSIONS])

    def _stored(self, request: HttpRequest, row: Connection, table: Table) -> Form:
        """The version that holds (or the one asked for), with the message asked for or the newest as the sample."""
        sample = self._message(row, request.GET.get("message", "")) or self._newest(row)
        asked = request.GET.get("version", "")
        versions = row.mappings.filter(direction=table.direction, kind=table.kind).order_by("-version")
        mapping = versions.filter(version=asked).first() if asked.isdecimal() else versions.first()
        if mapping is None and sample:
            return _suggested(mapping_form.form_of(table, Sheet(), sample), request, self)
        return mapping_form.form_of(table, _readable(mapping), sample)

    def _entered(self, request: HttpRequest, row: Connection, table: Table) -> Form:
        form = mapping_form.entered(table, request.POST)
        form.sample_text = form.sample_text[:MOST_SAMPLE]
        if request.POST.get("act") == "load":
            form.sample_text = self._message(row, request.POST.get("message", "")) or form.sample_text
        if request.POST.get("act") == "suggest":
            return _suggested(form, request, self)
        return form

    def _message(self, row: Connection, number: str) -> str:
        """The body of one of this connection's messages."""
        inbound = row.inbounds.filter(pk=number).first() if number.isdecimal() else None
        return _text(inbound) if inbound is not None else ""

    def _newest(self, row: Connection) -> str:
        newest = row.inbounds.order_by("-received_at", "-pk").first()
        return _text(newest) if newest is not None else row_samples.newest_sample(row)

    def keep_mapping(self, request: HttpRequest, row: Connection, form: Form) -> bool:
        """Keep what was entered as a new version; say whether it could be kept."""
        table = form.table
        try:
            mapping = actions.save_mapping(
                row, table.direction, table.kind, form.sheet(), actor=person(request)
            )
        except BadMapping as refused:
            self.message_user(request, _("Not saved. %(why)s") % {"why": refused}, messages.ERROR)
            return False
        self.message_user(request, _made(mapping))
        return True

    def _page(self, request: HttpRequest, row: Connection, form: Form) -> HttpResponse:
        act, found = request.POST.get("act", ""), None
        if act.startswith(row_samples.ACT) and row_samples.has_rows(row):
            found = row_samples.rows_of(row, form.table.kind)
            form.sample_text = found.sample(act) or form.sample_text
        table, record = form.table, _record(form)
        sheet = mapping_form.compute(form, record)
        title = _("%(what)s from “%(name)s”") % {"what": table.title, "name": row}
        context = {
            **self.editor_context(request, row, title, form, record),
            "rows": [(entry, mapping_form.options(record, entry), "") for entry in form.entries],
            "doubts": doubts_of(row, {(table.direction, table.kind): sheet.as_json()}),
            "has_rows": row_samples.has_rows(row),
            "found_rows": found,
            "inbounds": row.inbounds.defer("body", "headers").order_by("-received_at", "-pk")[:MESSAGES],
            "aside": row.inbounds.filter(state=InboundState.QUARANTINED).count(),
            "current": actions.current_mapping(row, table.direction, table.kind),
            "outcome": outcome_of(row, table, sheet, form) if record else None,
        }
        return TemplateResponse(request, "admin/integrations/mapping/edit.html", context)

    def editor_context(
        self, request: HttpRequest, row: Connection, title: str, form: Form, record: Any
    ) -> dict[str, Any]:
        """What every page of a mapping shows: the form, the sample as a tree, the helps."""
        first = mapping_form.Entry(form.table.targets[0])
        return {
            **self._context(request, row, title),
            "table": form.table,
            "form": form,
            "conditions": list(zip_longest([*form.conditions, None], form.condition_problems, fillvalue="")),
            "paths": [leaf for leaf, _words in mapping_form.options(record, first)],
            "nodes": mapping_form.nodes(record),
            "tests": TESTS.items(),
            "rules": RULES.items(),
            "conversions": [(name, conversion.words) for name, conversion in CONVERSIONS.items()],
            "functions": ", ".join(FUNCTIONS),
        }

    def _context(self, request: HttpRequest, row: Connection, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "connection": row,
            "manages": self.lets(request, MANAGE, row),
        }


def decisions_of(row: Connection, asked: QueryDict) -> dict[str, Any]:
    """Return what rules decided last, of the field and the record that a person asks for, if they ask for any."""
    field, about = (asked.get(name, "").replace("\0", "").strip()[:120] for name in ("field", "about"))
    rows = row.field_decisions.order_by("-at", "-pk")
    fields = list(rows.order_by("field").values_list("field", flat=True).distinct()[:MOST_FIELDS])
    if field:
        rows = rows.filter(field=field)
    if about:
        rows = rows.filter(object_key=f"customer:{about}" if about.isdecimal() else about)
    most = FOUND if field or about else DECISIONS
    return {
        "decisions": [(one, RULES.get(one.rule, one.rule)) for one in rows[:most]],
        "decided_fields": fields,
        "decided": {"field": field, "about": about, "is_asked": bool(field or about), "most": most},
    }


def mapped_of(row: Connection, manages: bool = False) -> dict[str, Any]:
    """Return what the page of a connection shows of its mappings, and how messages to it are signed."""
    mapped = [
        (table, actions.current_mapping(row, table.direction, table.kind), len(default_of(row, table).rows))
        for table in actions.tables_of(row)
    ]
    return {"mapped": mapped, "maps": manages, "senders": senders_of(row), "doubts": doubts_of(row)}


def senders_of(row: Connection, secret: str = "") -> list[tuple[str, str]]:
    """Return the ways in which messages can be sent, title and text; without the secret it is masked."""
    return inbox.senders(store_of(row), actions.delivery_url(row), secret) if row.connector == "inbox" else []


def doubts_of(row: Connection, mappings: dict[tuple[str, str], Any] | None = None) -> list[str]:
    """Return where messages that are news may be taken for repeats, by the mappings that hold or by others."""
    if row.connector != "inbox":
        return []
    store = store_of(row)
    return inbox.doubts(store if mappings is None else replace(store, mappings=mappings))


def outcome_of(row: Connection, table: Table, sheet: Sheet, form: Form) -> dict[str, Any] | None:
    """Return what the sample would become, in words, or the sentence why it would become nothing."""
    if table.direction != Direction.IN:
        return None
    document = {(table.direction, table.kind): sheet.as_json()}
    said = [f"{entry.target.label}: {entry.problem}" for entry in form.entries if entry.problem]
    problem = next(iter([*said, *filter(None, form.condition_problems)]), "")
    if problem or not sheet.rows:
        return {"trouble": problem or _("No field is filled yet.")}
    try:
        store, headers = replace(store_of(row), mappings=document), {"received": timezone.now().isoformat()}
        reading = connector_of(row).read(store, "", form.sample_text.encode(errors="replace"), headers)
    except Unreadable as trouble:
        return {"trouble": str(trouble)}
    if table is NOTE and reading.note:
        return {"title": _("It would be kept with this note"), "facts": [(_("Sentence"), reading.note)]}
    return _in_words(reading, row)


def _in_words(reading: Reading, row: Connection) -> dict[str, Any]:
    if reading.order is not None:
        return {"title": _("This order would be taken"), "facts": _order_facts(reading.order)}
    if reading.refund is not None:
        amount = Money(reading.refund.gross or 0, reading.currency or row.program.currency)
        facts = [
            (_("Refund"), reading.refund.external_id),
            (_("Of order"), reading.of),
            (_("Amount"), money_text(amount)),
        ]
        return {"title": _("This refund would be taken"), "facts": facts}
    return {"trouble": reading.note}


def _order_facts(order: OrderIn) -> list[tuple[str, str]]:
    lines = ", ".join(
        f"{line.quantity} × {line.sku or line.name} {money_text(Money(line.net, order.currency))}"
        for line in order.lines[:5]
    )
    buyer = order.customer
    facts = [
        (_("Number"), order.external_id),
        (_("Goal and state"), f"{order.goal}, {order.state}"),
        (_("Total"), money_text(Money(order.total, order.currency))),
        (_("Ordered at"), f"{timezone.localtime(order.occurred_at):%Y-%m-%d %H:%M %Z}"),
        (
            _("Customer"),
            " · ".join(filter(None, (buyer.external_id, buyer.email, buyer.country, buyer.phone))),
        ),
        (
            _("Evidence"),
            " · ".join(filter(None, (order.evidence.tid, order.evidence.ref, *order.evidence.coupons))),
        ),
        (_("Lines"), lines),
    ]
    return [(name, value or "–") for name, value in facts]


def _suggested(form: Form, request: HttpRequest, page: MappingPages) -> Form:
    """Fill what is empty with what the names of the sample's fields suggest."""
    found = suggest(form.table, _record(form))
    count = 0
    for entry in form.entries:
        row = found.row_of(entry.target.name)
        if row is not None and not (entry.filled_from or entry.default):
            entry.filled_from = mapping_form.PATH + row.source
            count += 1
    words = _("%(count)s fields were filled by their names: look at each. Nothing is saved yet.")
    page.message_user(request, words % {"count": count}, messages.WARNING if count else messages.INFO)
    return form


def _record(form: Form) -> dict[str, Any]:
    """The sample as a record; what is none is said on the page."""
    text = form.sample_text.strip()
    if not text:
        return {}
    try:
        return record_of(text.encode(errors="replace"))
    except Unreadable as trouble:
        form.problems = [_("The sample cannot be read: %(why)s") % {"why": trouble}]
        return {}


def _readable(mapping: Mapping | None) -> Sheet:
    try:
        return read_sheet(mapping.rows) if mapping is not None else Sheet()
    except BadMapping:
        return Sheet()


def _made(mapping: Mapping) -> str:
    words = {"kind": mapping.kind, "version": mapping.version}
    return _("Version %(version)s of the mapping “%(kind)s” holds from now on.") % words


def _text(inbound: Inbound) -> str:
    return bytes(inbound.body)[:MOST_SAMPLE].decode("utf-8", "replace")


def _uploaded(request: HttpRequest) -> str:
    file = request.FILES.get("file")
    if file is None:
        return str(request.POST.get("text", ""))
    return bytes(file.read(actions.mappings.MOST_BYTES + 1)).decode("utf-8", "replace")
