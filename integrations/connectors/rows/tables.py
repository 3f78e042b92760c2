"""The fields of an order, a refund and a lead that a row may fill: those of messages, in words for rows."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from integrations.connectors.inbox import tables as messages
from integrations.mapping import Table

NEEDED = frozenset({"order.occurred_at", "refund.occurred_at", "lead.occurred_at"})
HELP = {
    "order.occurred_at": _("As 2026-11-20 14:02, in the program’s time zone unless it says another."),
    "order.changed_at": _(
        "If it is filled, a later row corrects what an earlier one said; else it is put aside."
    ),
    "order.currency": _("Empty is the program’s currency."),
    "order.channel": _("How it was sold; that of the connection if it is empty."),
    "evidence.ref": _("A code that no affiliate has puts the row aside."),
    "refund.order": _("The number of the order that it is for."),
}


def _worded(table: Table, about: object) -> Table:
    targets = tuple(
        replace(
            target,
            help=HELP.get(target.name, target.help),
            is_required=target.name in NEEDED or (target.is_required and target.name != "order.currency"),
        )
        for target in table.targets
    )
    return replace(table, about=about, targets=targets)


ORDER = _worded(messages.ORDER, _("A row becomes an order that is credited and counted once."))
REFUND = _worded(messages.REFUND, _("A row says that money went back for an order."))
LEAD = _worded(messages.LEAD, _("A row says that somebody asked, signed up or became a customer."))
TABLES = (ORDER, REFUND, LEAD)
