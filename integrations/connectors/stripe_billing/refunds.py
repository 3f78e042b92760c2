"""Refunds and disputes as money that went back; pure."""

from collections.abc import Sequence

from integrations.connectors.body import Fields
from integrations.connectors.stripe_billing.fields import amount_of, currency_of, id_of, moment
from tracking.orders import RefundIn
from tracking.states import RefundKind

OFF = frozenset({"failed", "canceled"})
INQUIRY = "warning_"  # the bank asks, no money has gone
PREVENTED = "prevented"


def refund_in(refund: Fields) -> RefundIn:
    """Return a refund: an amount alone, as Stripe knows no lines of it."""
    return RefundIn(
        external_id=refund.text("id", 120),
        occurred_at=moment(refund, "created"),
        gross=amount_of(refund, "amount", currency_of(refund)),
        final=True,
        reason=refund.text("reason"),
    )


def refunds_in(refunds: Sequence[Fields], disputes: Sequence[Fields]) -> tuple[RefundIn, ...]:
    """Return all that went back of an order, oldest first.

    A dispute that was won gives back what it took. Which of several was won cannot be said so, so of several those
    that were won are left out.
    """
    taken = [one for one in disputes if takes_money(one)]
    lasting = taken if len(taken) == 1 else [one for one in taken if not is_won(one)]
    rows = [refund_in(one) for one in refunds if not is_off(one)]
    rows += [row for one in lasting for row in dispute_in(one)]
    return tuple(sorted(rows, key=lambda row: (str(row.occurred_at), row.external_id)))


def dispute_in(dispute: Fields) -> tuple[RefundIn, ...]:
    """Return what a dispute took, and what it gave back if it was won; nothing for a mere inquiry."""
    if not takes_money(dispute):
        return ()
    number, gross = dispute.text("id", 100), amount_of(dispute, "amount", currency_of(dispute))
    at, reason = moment(dispute, "created"), dispute.text("reason")
    lost = RefundIn(number, RefundKind.CHARGEBACK, at, gross, None, True, reason)
    won = RefundIn(f"{number}-won", RefundKind.CHARGEBACK_WON, at, gross, None, True, reason)
    return (lost, won) if is_won(dispute) else (lost,)


def is_off(refund: Fields) -> bool:
    """Say whether the money never went, or came back to the shop."""
    return refund.text("status", 40) in OFF


def takes_money(dispute: Fields) -> bool:
    """Say whether the bank has drawn the money."""
    status = dispute.text("status", 40)
    return not status.startswith(INQUIRY) and status != PREVENTED


def is_won(dispute: Fields) -> bool:
    """Say whether the bank has given the money back."""
    return dispute.text("status", 40) == "won"


def payment_of(row: Fields) -> str:
    """Return the payment that a charge, a refund or a dispute is of: the intent, or else the charge."""
    charge = row.text("id", 120) if row.values.get("object") == "charge" else id_of(row, "charge")
    return id_of(row, "payment_intent") or charge
