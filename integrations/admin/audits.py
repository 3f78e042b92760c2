"""Audits: when the customers were held against a system's records, what was found, and what can be done about it."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import BigIntegerField, Case, OuterRef, Subquery, When
from django.db.models.functions import Cast, Substr
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from affiliates.cells import chip, link, when
from affiliates.scoped_admin import ScopedAdmin
from affiliates.verb_admin import Verb, VerbAdmin
from integrations import actions
from integrations.audits import DEALS, LEAVE, MERGE, TELL, THEIRS, ways_of
from integrations.audits.links import page_of
from integrations.message_words import field_words
from integrations.models import Audit, Connection, Finding
from integrations.states import AuditState, FindingKind, FindingState
from tracking.models import Customer

NUMBER = len("customer:") + 1  # where the number begins in our key
LONGEST = 60
WORDS = {
    TELL: gettext_lazy("Tell ours again"),
    THEIRS: gettext_lazy("Take theirs"),
    MERGE: gettext_lazy("Merge by hand"),
    LEAVE: gettext_lazy("Leave it"),
}
TONES = {
    AuditState.ASKED: "waiting",
    AuditState.RUNNING: "sent",
    AuditState.RESTING: "paused",
    AuditState.FINISHED: "done",
    AuditState.FAILED: "failed",
}


def _is_open_to(way: str) -> Callable[[Finding], bool]:
    return lambda row: row.state == FindingState.OPEN and way in ways_of(row.kind)


AUDIT = Verb(
    name="audit",
    label=gettext_lazy("Audit the customers"),
    ask=gettext_lazy(
        "Every customer is held against the record there: what is there twice, what is empty, what differs from what "
        "was agreed on. Nothing is changed; it keeps to the system’s limits and goes on tomorrow if they are used up."
    ),
    may="manage_integrations",
    run=actions.ask_audit,
    done=gettext_lazy("The audit has begun"),
    applies=actions.can_audit,
    in_bulk=False,
)
VERBS = (
    Verb(
        name="mend",
        label=gettext_lazy("Do what is proposed"),
        ask=gettext_lazy("Ours is told again where the mapping lets ours win; else theirs is taken."),
        may="manage_integrations",
        run=actions.mend_as_proposed,
        done=gettext_lazy("Seen to"),
        applies=lambda row: row.state == FindingState.OPEN and MERGE not in ways_of(row.kind),
    ),
    Verb(
        name="tell",
        label=WORDS[TELL],
        ask=gettext_lazy("Our value, or the whole record where it is gone, is written there again."),
        may="manage_integrations",
        run=actions.tell_ours,
        done=gettext_lazy("On its way"),
        applies=lambda row: _is_open_to(TELL)(row) and actions.can_tell(row),
    ),
    Verb(
        name="theirs",
        label=WORDS[THEIRS],
        ask=gettext_lazy(
            "What stands there is agreed on from now on; ours is not told again until it changes. A deal is taken in "
            "as it stands there: it becomes an order, or is one no more."
        ),
        may="manage_integrations",
        run=actions.take_theirs,
        done=gettext_lazy("Taken"),
        applies=_is_open_to(THEIRS),
    ),
    Verb(
        name="leave",
        label=WORDS[LEAVE],
        ask=gettext_lazy("It is not asked about again until another value stands there."),
        may="manage_integrations",
        run=actions.leave_finding,
        done=gettext_lazy("Left so"),
        applies=_is_open_to(LEAVE),
    ),
)


class FieldFilter(admin.SimpleListFilter):
    """Fields that differ somewhere, as people read them."""

    title = gettext_lazy("field")
    parameter_name = "field"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Those of open findings."""
        rows = model_admin.get_queryset(request).filter(state=FindingState.OPEN).exclude(field="")
        names = rows.order_by().values_list("field", flat=True).distinct()
        return sorted(((name, field_words(name)) for name in names), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """All findings of a field."""
        return queryset.filter(field=self.value()) if self.value() else queryset


@admin.register(Finding)
class FindingAdmin(VerbAdmin):
    """What audits found, the open ones first."""

    verbs = VERBS
    tab_field = "state"
    confirm_display = ("who", "what", "our_value", "their_value")
    list_display = (
        "who",
        "what",
        "our_value",
        "their_value",
        "proposal",
        "connection",
        "state_chip",
    )
    list_filter = ("kind", "connection__program", "connection", FieldFilter)
    list_select_related = ("connection__program",)
    search_fields = ("local_key", "remote_id", "other", "field")
    ordering = ("-last_seen_at", "-pk")
    fields = (
        ("who", "what"),
        ("our_value", "their_value"),
        ("connection", "there"),
        ("first_seen", "last_seen"),
    )
    readonly_fields = ("who", "what", "our_value", "their_value", "there", "first_seen", "last_seen")
    empty_words = gettext_lazy(
        "Connect a CRM, or a shop that is told of customers: every night its records are held against ours."
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the address of the customer; of the finding's own program, whatever the key says."""
        own = Cast(Substr("local_key", NUMBER), BigIntegerField())
        number = Case(When(local_key__startswith="customer:", then=own), output_field=BigIntegerField())
        rows = super().get_queryset(request).annotate(number=number)
        customers = Customer.objects.filter(pk=OuterRef("number"), program=OuterRef("connection__program"))
        return rows.annotate(email=Subquery(customers.values("email")[:1]))

    def get_list_display(self, request: HttpRequest) -> Any:
        """What is proposed hangs on the mapping, which is read once for all rows of a connection."""
        return [_proposal(actions.Rules()) if name == "proposal" else name for name in self.list_display]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Audits find them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only verbs change one."""
        return False

    @admin.display(description=gettext_lazy("customer"), ordering="number")
    def who(self, row: Finding) -> str:
        """Whose record it is."""
        if row.kind in DEALS:
            return format_html("<bdi>{}</bdi>", _("Deal %(number)s") % {"number": row.remote_id})
        name = _address(row) or _("Customer %(number)s") % {"number": row.local_key.partition(":")[2]}
        return format_html("<bdi>{}</bdi>", name)

    @admin.display(description=gettext_lazy("what is wrong"), ordering="kind")
    def what(self, row: Finding) -> str:
        """The fault, and of which field."""
        field = field_words(row.field) if row.field else _other(row)
        return format_html("{} <small>{}</small>", row.get_kind_display(), field)

    @admin.display(description=gettext_lazy("ours"))
    def our_value(self, row: Finding) -> str:
        """What was agreed on."""
        return _shown(row.ours)

    @admin.display(description=gettext_lazy("theirs"))
    def their_value(self, row: Finding) -> str:
        """What stands there."""
        return _shown(row.theirs)

    @admin.display(description=gettext_lazy("proposed"))
    def proposal(self, row: Finding) -> str:
        """What is proposed."""
        return str(WORDS[actions.proposal_of(row)])

    @admin.display(description=gettext_lazy("record there"))
    def there(self, row: Finding) -> str:
        """The record, with a way to its page where that is known."""
        return _record(row, row.remote_id)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_chip(self, row: Finding) -> str:
        """Whether somebody has seen to it."""
        tone = {FindingState.OPEN: "waiting", FindingState.MENDED: "sent", FindingState.CLOSED: "done"}
        return chip(tone.get(FindingState(row.state), ""), row.get_state_display())

    @admin.display(description=gettext_lazy("first seen"), ordering="first_seen_at")
    def first_seen(self, row: Finding) -> str:
        """When it was found."""
        return when(row.first_seen_at)

    @admin.display(description=gettext_lazy("last seen"), ordering="last_seen_at")
    def last_seen(self, row: Finding) -> str:
        """When it was found last."""
        return when(row.last_seen_at)

    def page_context(self, request: HttpRequest, row: Finding) -> dict[str, Any]:
        """What is proposed, and where to merge what only a person can."""
        is_double = MERGE in ways_of(row.kind)
        return {
            **super().page_context(request, row),
            "row_title": f"{capfirst(row.get_kind_display())}: {_address(row) or row.local_key}",
            "hero_words": self.state_chip(row),
            "proposal": WORDS[actions.proposal_of(row)] if row.state == FindingState.OPEN else "",
            "pages": [_record(row, number) for number in _numbers(row)] if is_double else [],
            "is_here": row.kind == FindingKind.TWICE_HERE,
        }


@admin.register(Audit)
class AuditAdmin(ScopedAdmin):
    """The audits that were made."""

    tab_field = "state"
    list_display = ("asked", "connection", "state_chip", "seen", "faults", "calls", "finished")
    list_filter = ("connection__program", "connection")
    list_select_related = ("connection__program",)
    ordering = ("-created_at", "-pk")
    fields = (("connection", "state_chip"), ("seen", "faults"), ("calls", "note"), ("asked", "finished"))
    readonly_fields = ("state_chip", "seen", "faults", "calls", "asked", "finished")
    can_add = False
    empty_words = gettext_lazy(
        "Connect a CRM, or a shop that is told of customers: every night its records are held against ours."
    )

    @admin.display(description=gettext_lazy("asked at"), ordering="created_at")
    def asked(self, row: Audit) -> str:
        """When it was asked for."""
        return when(row.created_at)

    @admin.display(description=gettext_lazy("finished at"), ordering="finished_at")
    def finished(self, row: Audit) -> str:
        """When it was over."""
        return when(row.finished_at)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_chip(self, row: Audit) -> str:
        """Where it stands."""
        return chip(TONES[AuditState(row.state)], row.get_state_display())

    @admin.display(description=gettext_lazy("customers"))
    def seen(self, row: Audit) -> str:
        """How many were looked at."""
        return _("%(count)s looked at") % {"count": row.counts.get("seen", 0)}

    @admin.display(description=gettext_lazy("findings"))
    def faults(self, row: Audit) -> str:
        """How much was wrong, with the way to what still is."""
        address = reverse("admin:integrations_finding_changelist")
        count = int(row.counts.get("found", 0))
        page = f"{address}?connection__id__exact={row.connection_id}&state__exact=open"
        return link(page, count) if count else "0"

    def page_context(self, request: HttpRequest, row: Audit) -> dict[str, Any]:
        """Its title says what it is."""
        told = {"name": row.connection, "day": date_format(localtime(row.created_at), "j M Y")}
        return {**super().page_context(request, row), "row_title": _("Audit of %(name)s, %(day)s") % told}

    @admin.display(description=gettext_lazy("calls"))
    def calls(self, row: Audit) -> int:
        """How many calls it took."""
        return int(row.counts.get("calls", 0))


def audits_of(row: Connection) -> dict[str, Any]:
    """What the connection's page says of it: the number of open findings, and the last audit."""
    if not actions.keeps_records(row):
        return {}
    address = reverse("admin:integrations_finding_changelist")
    count = row.findings.open().count()
    words = ngettext("%(count)s open finding", "%(count)s open findings", count) % {"count": count}
    return {
        "audited": True,
        "open_findings": link(f"{address}?connection__id__exact={row.pk}&state__exact=open", words),
        "findings_count": count,
        "last_audit": row.audits.order_by("-pk").first(),
    }


def _proposal(rules: "actions.Rules") -> Callable[[Finding], str]:
    def proposal(row: Finding) -> str:
        return str(WORDS[rules.proposal_of(row)]) if row.state == FindingState.OPEN else "–"

    proposal.short_description = gettext_lazy("proposed")  # type: ignore[attr-defined]
    return proposal


def _address(row: Any) -> str:
    """The customer's address, as the list has it joined."""
    return str(row.email or "")


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "–"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return format_html("<bdi>{}</bdi>", text if len(text) <= LONGEST else f"{text[:LONGEST]}…")


def _other(row: Finding) -> str:
    if not row.other:
        return ""
    words = {"number": row.other.removeprefix("customer:")}
    return _("and %(number)s") % words


def _numbers(row: Finding) -> list[str]:
    return [number for number in (row.remote_id, row.other) if number and not number.startswith("customer:")]


def _record(row: Finding, number: str) -> str:
    if not number:
        return "–"
    connection, is_deal = row.connection, row.kind in DEALS
    page = page_of(connection.connector, connection.base_url, number, is_deal=is_deal)
    return link(page, number) if page else format_html("<bdi>{}</bdi>", number)
