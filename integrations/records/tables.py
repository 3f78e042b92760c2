"""What people can map of a CRM's or shop's records: the fields on our side, and how the tables are called."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.mapping import Table, Target
from integrations.states import Direction

TITLES = {
    "contact": _("Contacts"),
    "deal": _("Deals"),
    "customer": _("Customers"),
    "profile": _("Profiles"),
    "order": _("Orders"),
}
TOLD = _("What of a customer fills which field there.")
TOLD_OF_ORDERS = _("What of an order fills which field there; only where the settings have orders told of.")
HEARD = _("What people enter there, and we take in.")
FACTS = {
    "contact": (
        Target("crm.lead_status", _("Lead status")),
        Target("crm.lifecycle", _("Lifecycle stage")),
        Target("crm.owner", _("Owner")),
        Target("crm.segment", _("Segment")),
        Target(
            "crm.blocked", _("Is blocked"), _("True where the customer is blocked. Fraud review sees it.")
        ),
    ),
    "deal": (
        Target("deal.number", _("Deal’s number"), _("Empty is the number that it has there.")),
        Target("deal.name", _("Deal’s name")),
        Target("deal.stage", _("Stage")),
        Target("deal.pipeline", _("Pipeline")),
        Target("deal.owner", _("Owner")),
        Target("deal.amount", _("Amount"), _("As 129.90.")),
        Target("deal.currency", _("Currency"), _("Empty is the program’s.")),
        Target("deal.is_won", _("Is won"), _("True where the deal is won.")),
        Target("deal.closed_at", _("Closed at")),
        Target(
            "customer.number",
            _("Customer’s number"),
            _("As the shop calls the customer. It is looked at where no person we know belongs to the deal."),
        ),
        Target("customer.email", _("Customer’s e-mail"), _("Empty is that of the deal’s person.")),
        Target("customer.phone", _("Customer’s phone")),
        Target("evidence.tid", _("Click id"), _("Credits a won deal to its affiliate.")),
        Target("evidence.ref", _("Affiliate’s code")),
        Target("evidence.coupon", _("Coupons")),
    ),
}


def tables_of_records(
    out: Mapping[str, Sequence[Mapping[str, Any]]], into: Mapping[str, Sequence[Mapping[str, Any]]]
) -> tuple[Table, ...]:
    """Return the tables of a connector with these default mappings: any field of theirs may be named besides."""
    told = (
        Table(
            Direction.OUT,
            kind,
            TITLES[kind],
            TOLD_OF_ORDERS if kind == "order" else TOLD,
            tuple(Target(str(row["target"]), str(row["target"])) for row in rows),
            has_conflicts=True,
            is_open=True,
        )
        for kind, rows in out.items()
    )
    heard = (
        Table(
            Direction.IN,
            kind,
            TITLES[kind],
            HEARD,
            FACTS.get(kind, FACTS["contact"]),
            has_conflicts=True,
            is_open=True,
        )
        for kind in into
    )
    return (*told, *heard)
