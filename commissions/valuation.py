"""Turns rows into the values that the pure engine takes: a sale, its refunds, and what is due of each commission."""

from fractions import Fraction
from typing import Any

from affiliates.models import Program
from commissions.earned import Earned
from commissions.refunds import RefundFact, due, fractions, quantities
from commissions.sale import WHOLE, Credit, Earner, Line, Sale
from tracking.models import Decision, Refund
from tracking.orders import OrderIn
from tracking.states import RefundKind


def sale_of(program: Program, value: OrderIn, decision: Decision, new_customer: bool | None) -> Sale:
    """Return the order as the plan sees it, credited as the decision says."""
    switches = {"shipping": program.includes_shipping, "tax": program.includes_tax}
    includes = decision.trace.get("includes", switches)
    extra = includes["shipping"] * value.shipping + includes["tax"] * value.tax
    return Sale(
        goal=value.goal,
        currency=value.currency,
        lines=lines_of(value),
        credits=tuple(_credit(credit) for credit in decision.credits),
        extra_base=extra,
        new_customer=new_customer,
    )


def lines_of(value: OrderIn) -> tuple[Line, ...]:
    """Return the order's lines; an order without lines is one line of total less tax and shipping."""
    if not value.lines:
        return (Line(WHOLE, "", "", (), 1, max(value.total - value.tax - value.shipping, 0)),)
    return tuple(
        Line(
            key=line.external_id,
            sku=line.sku,
            product=line.product,
            categories=line.categories,
            quantity=line.quantity,
            net=line.net,
            excluded=line.excluded,
            name=line.name,
        )
        for line in value.lines
    )


def _credit(plain: dict[str, Any]) -> Credit:
    chain = tuple(Earner(step["level"], step["enrollment"], step["active"]) for step in plain["chain"])
    return Credit(plain["enrollment"], Fraction(plain["share"]), chain)


def dues(
    sale: Sale, value: OrderIn, earned: tuple[Earned, ...], refunds: list[Refund]
) -> dict[tuple[int, int], int]:
    """Return (enrollment, level) -> minor units still due after all refunds; their order does not matter."""
    facts = _facts(refunds, sale)
    parts = fractions(sale.all_lines, value.total, facts)
    units = quantities(sale.all_lines, value.total, facts)
    return {(one.enrollment_id, one.level): due(one, parts, units) for one in earned}


def _facts(refunds: list[Refund], sale: Sale) -> list[RefundFact]:
    """Return the refunds as facts; the first dispute won is that of the first chargeback, and so on."""
    told = sorted(refunds, key=lambda refund: (str(refund.occurred_at or ""), refund.external_id))
    lost = [refund.external_id for refund in told if refund.kind == RefundKind.CHARGEBACK]
    won = [refund.external_id for refund in told if refund.kind == RefundKind.CHARGEBACK_WON]
    wins = dict(zip(won, lost, strict=False))
    return [_fact(refund, sale, wins.get(refund.external_id)) for refund in told]


def _fact(refund: Refund, sale: Sale, wins: str | None) -> RefundFact:
    lines = refund.lines and tuple(_line(line, sale) for line in refund.lines)
    gross = refund.gross if refund.gross is not None or lines or refund.kind != RefundKind.REFUND else 0
    return RefundFact(refund.external_id, refund.kind, lines or None, gross, wins)


def _line(plain: dict[str, Any], sale: Sale) -> tuple[str, int, int]:
    """A refunded line whose amount is not told went back at its own unit price."""
    net = plain["net"]
    if net is None:
        of = next((line for line in sale.all_lines if line.key == plain["external_id"]), None)
        net = of.net * min(plain["quantity"], of.quantity) // of.quantity if of and of.quantity else 0
    return plain["external_id"], plain["quantity"], net
