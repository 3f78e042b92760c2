"""Customers: what each has bought by whom, what was found on it, who says what of it; blocked and let go by hand."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from affiliates.cells import NONE, chip, when
from affiliates.scoped_admin import person
from affiliates.verb_admin import Verb, VerbAdmin
from fraud.actions import customers
from fraud.actions.policies import policy_of
from fraud.admin.case_page import state_chip
from fraud.admin.evidence import findings
from fraud.checks.systems import COLLEAGUE
from fraud.figures.customer_page import bought, kin_of, orders_of, said_of
from fraud.figures.customer_road import road_of
from fraud.figures.customers import Record, blocks, findings_for, records_of
from fraud.models import Case
from tracking.identity import normal_email
from tracking.models import Customer

PER_PAGE = 25  # orders of one customer
MOST_FOUND = 200  # findings that are read for a page
NAMED = 2  # affiliates in a cell


class BlockForm(forms.Form):
    """Why: for colleagues only."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=customers.LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "Colleagues read it in the time line. Affiliates never learn who was blocked, or why."
        ),
    )


VERBS = (
    Verb(
        name="block",
        label=gettext_lazy("Block"),
        ask=gettext_lazy(
            "All that this customer buys is looked at, whoever is credited: later orders, and those of the last half "
            "year. What the program’s policy says of blocked customers is done: usually they wait until their case is "
            "decided."
        ),
        may="manage_fraud",
        run=customers.block,
        done=gettext_lazy("Blocked"),
        applies=lambda row: not row.is_ours,
        form=BlockForm,
        is_danger=True,
    ),
    Verb(
        name="unblock",
        label=gettext_lazy("Unblock"),
        ask=gettext_lazy(
            "What was found because of your block is withdrawn. What is on hold stays so until its case is decided. "
            "A shop or CRM that has blocked the customer is still heard."
        ),
        may="manage_fraud",
        run=customers.unblock,
        done=gettext_lazy("Unblocked"),
        applies=lambda row: row.is_ours,
        form=BlockForm,
    ),
)


class BlockedFilter(admin.SimpleListFilter):
    """Who is blocked, and by whom."""

    title = gettext_lazy("blocked")
    parameter_name = "blocked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """By anybody, by hand, by a system."""
        return [("yes", _("blocked")), ("us", _("by hand")), ("system", _("by a shop or CRM"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Customers of whom it is said."""
        rows = blocks()
        if self.value() == "us":
            rows = rows.filter(by=COLLEAGUE)
        elif self.value() == "system":
            rows = rows.exclude(by=COLLEAGUE)
        elif self.value() != "yes":
            return queryset
        return queryset.filter(pk__in=rows.values("customer"))


class FoundFilter(admin.SimpleListFilter):
    """On whose orders something was found."""

    title = gettext_lazy("findings")
    parameter_name = "found"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Any finding, and those that a person has yet to decide."""
        return [("yes", _("with findings")), ("open", _("in an open case"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Customers of orders with such findings."""
        rows = findings_for(person(request)).standing().filter(conversion__customer__isnull=False)
        if self.value() == "open":
            rows = rows.filter(case__in=Case.objects.undecided())
        elif self.value() != "yes":
            return queryset
        return queryset.filter(pk__in=rows.values("conversion__customer"))


@admin.register(Customer)
class CustomerAdmin(VerbAdmin):
    """Buyers, whoever is credited for them: read-only rows with two verbs."""

    verbs = VERBS
    change_form_template = "admin/fraud/customer/change_form.html"
    change_list_template = "admin/fraud/customer/change_list.html"
    confirm_display = ("__str__", "program", "source", "since")
    list_display = ("who", "orders", "credited", "back", "found", "blocked", "latest")
    list_filter = (BlockedFilter, FoundFilter, "program")
    list_select_related = ("program",)
    search_fields = ("email", "external_id")
    search_help_text = gettext_lazy("E-mail address or the shop’s number of a customer")
    ordering = ("-pk",)
    show_facets = admin.ShowFacets.NEVER  # each would ask about all customers once more
    fields = (("address", "number"), ("phone", "country"), ("source", "program"), "since")
    readonly_fields = ("address", "number", "since")
    empty_words = gettext_lazy("Whoever buys something that your shop tells of is listed here.")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Each row knows whether it is blocked by hand."""
        ours = blocks().filter(by=COLLEAGUE, customer=models.OuterRef("pk"))
        rows: models.QuerySet[Any] = super().get_queryset(request).annotate(is_ours=models.Exists(ours))
        return rows

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """An address is looked for in the spelling in which it is kept: without dots of Gmail and +tags."""
        return super().get_search_results(request, queryset, normal_email(search_term) or search_term)

    # --- the list -----------------------------------------------------------------------------------------
    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The rows of one page know their records, by a fixed number of queries."""
        found = super().get_changelist_instance(request)
        found.result_list = list(found.result_list)
        records = records_of(found.result_list, person(request))
        for row in found.result_list:
            row.record = records[row.pk]
        return found

    @admin.display(description=gettext_lazy("customer"), ordering="email")
    def who(self, row: Customer) -> str:
        """As the shop told it, and where it comes from."""
        below = " · ".join(filter(None, (row.external_id if row.email else "", row.source)))
        return format_html('<span class="who-name">{}</span><small>{}</small>', str(row), below)

    @admin.display(description=gettext_lazy("bought"))
    def orders(self, row: Any) -> str:
        """How many orders were told."""
        count = _record(row).orders
        return ngettext("%(n)s order", "%(n)s orders", count) % {"n": count} if count else NONE

    @admin.display(description=gettext_lazy("credited to"))
    def credited(self, row: Any) -> str:
        """The affiliates who were credited for them."""
        names = _record(row).affiliates
        more = len(names) - NAMED
        shown = ", ".join(names[:NAMED])
        if more <= 0:
            return shown or NONE
        words = ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more}
        return format_html("{}<small>{}</small>", shown, words)

    @admin.display(description=gettext_lazy("went back"))
    def back(self, row: Any) -> str:
        """How many of the orders came back, and their share."""
        record = _record(row)
        if not record.back:
            return NONE
        share = _("%(n)s %% back") % {"n": record.back_percent}
        return format_html("{}<small>{}</small>", share, back_words(record))

    @admin.display(description=gettext_lazy("found"))
    def found(self, row: Any) -> str:
        """How many stand."""
        count = _record(row).findings
        words = ngettext("%(n)s finding", "%(n)s findings", count) % {"n": count}
        return chip("held", words) if count else NONE

    @admin.display(description=gettext_lazy("blocked"))
    def blocked(self, row: Any) -> str:
        """Who says that it is blocked."""
        names = _record(row).blocked_by
        if not names:
            return NONE
        return format_html("{}<small>{}</small>", chip("banned", _("blocked")), ", ".join(names))

    @admin.display(description=gettext_lazy("last order"))
    def latest(self, row: Any) -> str:
        """When."""
        last = _record(row).last
        return when(last, is_short=True) if last else NONE

    @admin.display(description=gettext_lazy("known since"), ordering="created_at")
    def since(self, row: Customer) -> str:
        """When the first word of it came."""
        return when(row.created_at)

    @admin.display(description=gettext_lazy("e-mail address"))
    def address(self, row: Customer) -> str:
        """In the spelling in which it is compared."""
        return row.email or "–"

    @admin.display(description=gettext_lazy("number in the shop"))
    def number(self, row: Customer) -> str:
        """Its id there; none for a guest."""
        return row.external_id or "–"

    # --- one customer -------------------------------------------------------------------------------------
    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Orders, findings, cases, words of others, who is known by the same marks, and what happened."""
        viewer = person(request)
        record = records_of([row], viewer)[row.pk]
        page = Paginator(orders_of(row), PER_PAGE).get_page(request.GET.get("p"))
        on_orders = findings_for(viewer).filter(conversion__customer=row).order_by("-pk")
        signals = list(on_orders.standing().select_related("conversion")[:MOST_FOUND])
        numbers = on_orders.filter(case__isnull=False).order_by().values("case")
        cases = list(
            Case.objects.filter(pk__in=numbers)
            .select_related("enrollment__affiliate", "decided_by")
            .order_by("-opened_at", "-pk")[:PER_PAGE]
        )
        kin, more_kin = kin_of(row)
        rule = policy_of(row.program).rule("blocked_customer")
        return {
            **super().page_context(request, row),
            "record": record,
            "back_words": back_words(record),
            "page": page,
            "bought": bought(page.object_list, viewer),
            "findings": findings(signals),
            "cases": [(case, state_chip(case)) for case in cases],
            "said": said_of(row, viewer),
            "kin": kin,
            "more_kin": more_kin,
            "rule": rule,
            "steps": road_of(row, cases, viewer),
            "now": timezone.now(),
        }


def back_words(record: Record) -> str:
    """Return how many of the orders came back, as "2 of 9"."""
    return _("%(back)s of %(orders)s") % {"back": record.back, "orders": record.orders}


def _record(row: Any) -> Record:
    found: Record = row.record
    return found
