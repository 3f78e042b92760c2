"""The sidebar of the managers' place: what people do, in groups, with the count of what waits."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.console_queue import waiting_counts


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the sidebar."""

    title: Any
    icon: str
    address: str
    is_here: bool
    count: int
    is_urgent: bool


# title, icon, model (or model/page), what of waiting_counts() stands beside it, whether that is trouble
GROUPS: tuple[tuple[Any, tuple[tuple[Any, str, str, str, bool], ...]], ...] = (
    (
        _("Money"),
        (
            (_("Payout batches"), "banknotes", "payouts.batch", "batches", False),
            (_("Payouts"), "bank", "payouts.payout", "failed_payouts", True),
            (_("Commissions"), "receipt", "commissions.commission", "held", False),
            (_("Ledger"), "scale", "commissions.entry", "", False),
        ),
    ),
    (
        _("Fraud review"),
        (
            (_("Cases"), "shield", "fraud.case", "cases", False),
            (_("Customers"), "people", "tracking.customer", "", False),
            (_("Policies"), "cog", "fraud.policy", "", False),
            (_("Dry runs"), "clock", "fraud.dryrun", "", False),
            (_("Allow and block lists"), "list", "fraud.listentry", "", False),
            (_("Exemptions"), "pause", "fraud.exemption", "", False),
            (_("Relations"), "link", "fraud.relation", "", False),
        ),
    ),
    (
        _("Partners"),
        (
            (_("Enrollments"), "inbox", "affiliates.enrollment", "applications", False),
            (_("Affiliates"), "people", "affiliates.affiliate", "", False),
            (_("Links"), "link", "affiliates.link", "", False),
            (_("Direct links"), "external", "affiliates.directlink", "direct_links", False),
            (_("Coupons"), "tag", "affiliates.coupon", "", False),
            (_("Groups"), "squares", "affiliates.group", "", False),
        ),
    ),
    (
        _("Sales"),
        (
            (_("Conversions"), "chart", "tracking.conversion", "parked", True),
            (_("Orders"), "cart", "tracking.order", "", False),
            (_("Files of sales"), "inbox", "integrations.orderfile", "", False),
            (_("Clicks"), "cursor", "tracking.click", "", False),
        ),
    ),
    (
        _("Terms"),
        (
            (_("Programs"), "megaphone", "affiliates.program", "", False),
            (_("Attribution terms"), "clock", "affiliates.attributionterms", "", False),
            (_("Model comparisons"), "columns", "tracking.study", "", False),
            (_("Plans"), "document", "commissions.plan", "", False),
            (_("Dictionary"), "list", "tracking.term", "", False),
            (_("Simulations"), "chart", "commissions.simulation", "", False),
            (_("Who earns by which plan"), "updown", "commissions.assignment", "", False),
            (_("Exchange rates"), "exchange", "commissions.exchangerate", "", False),
            (_("Brands"), "swatch", "portal.brand", "", False),
        ),
    ),
    (
        _("System"),
        (
            (_("Connections"), "puzzle", "integrations.connection", "troubled", True),
            (_("Sync monitor"), "chart", "integrations.connection/monitor", "", False),
            (_("Transfers"), "updown", "integrations.delivery/transfers", "", False),
            (_("Received messages"), "envelope", "integrations.inbound", "stuck", True),
            (_("Reconciliations"), "scale", "integrations.reconciliation", "", False),
            (_("Findings of audits"), "people", "integrations.finding", "findings", False),
            (_("Deliveries"), "megaphone", "integrations.delivery", "undelivered", True),
            (_("Beacons of the tag"), "tag", "tracking.beacon", "", False),
            (_("API keys"), "key", "portal.apikey", "", False),
            (_("Colleagues"), "person", "affiliates.member", "", False),
            (_("Invitations"), "envelope", "affiliates.invitation", "", False),
            (_("Audit trail"), "list", "core.event", "", False),
            (_("Quarantine"), "warning", "core.job", "quarantined", True),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of items that this person may open."""
    counts = waiting_counts(request)
    home = reverse("admin:index")
    first = Item(_("Overview"), "home", home, request.path == home, 0, False)
    groups: list[dict[str, Any]] = [{"title": "", "items": [first]}]
    for title, entries in GROUPS:
        items = [_item(request, counts, *entry) for entry in entries if _is_open(request, entry[2])]
        if items:
            groups.append({"title": title, "items": items})
    return groups


def _is_open(request: HttpRequest, model: str) -> bool:
    model = model.partition("/")[0]
    page = next(
        (page for known, page in admin.site._registry.items() if known._meta.label_lower == model), None
    )
    return page is not None and page.has_view_permission(request)


def _item(
    request: HttpRequest,
    counts: dict[str, int],
    title: Any,
    icon: str,
    model: str,
    counted: str,
    urgent: bool,
) -> Item:
    address = _address(model)
    is_here = request.path.startswith(address) and not _is_deeper(request.path, address)
    return Item(title, icon, address, is_here, counts.get(counted, 0), urgent)


def _address(model: str) -> str:
    name, _slash, page = model.partition("/")
    return reverse(f"admin:{name.replace('.', '_')}_{page or 'changelist'}")


def _is_deeper(path: str, address: str) -> bool:
    """Whether another item of the sidebar is nearer to the page: one that stands below the list of its model."""
    below = (entry[2] for _title, entries in GROUPS for entry in entries if "/" in entry[2])
    return any(path.startswith(each) and len(each) > len(address) for each in map(_address, below))
