"""Turns rows into the values that the pure engine takes: a sale, its refunds, and what is due of each commission."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from affiliates.models import Program
from commissions.earned import Earned
from commissions.exchange import convert
from commissions.refunds import RefundFact, due, fractions, quantities
from commissions.sale import EXTRA, WHOLE, Credit, Earner, Line, Sale
from tracking.models import Decision, Refund
from tracking.orders import LineIn, OrderIn
from tracking.states import RefundKind, Vocabulary
from tracking.vocabulary import UNIT, Words, in_our_words

NO_WORDS: Words = {}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a sale beside the order itself.

    `rate` turns the order's currency into the program's; `partners` are active enrollments by their code; `words` are
    what the store's words are called here.
    """

    new_customer: bool | None = None
    payment: int | None = None
    months: int | None = None
    occurred_at: datetime | None = None
    rate: Decimal | None = None
    partners: Mapping[str, int] = field(default_factory=dict)
    words: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refunded:
    """How much of each line went back, from 0 to 1, and how many units of it, by line key."""

    parts: Mapping[str, Fraction] = field(default_factory=dict)
    units: Mapping[str, int] = field(default_factory=dict)


def sale_of(program: Program, value: OrderIn, decision: Decision, known: Known) -> Sale:
    """Return the order as the plan sees it: in the program's currency, credited as the decision says."""
    lines, extra = _converted(program, value, known, extra_of(program, value, decision))
    trace = decision.trace
    return Sale(
        goal=value.goal,
        currency=program.currency,
        lines=lines,
        credits=tuple(_credit(credit) for credit in decision.credits),
        extra_base=extra,
        new_customer=known.new_customer,
        country=_country(value, known.words),
        coupons=value.evidence.coupons,
        sub_ids=tuple(trace.get("sub_ids", ())),
        channel=value.channel,
        payment=known.payment,
        months=known.months,
        at=program.local(known.occurred_at or value.occurred_at).replace(tzinfo=None),
        order_currency=value.currency,
        metadata=_metadata(value, known.words),
        partners=known.partners,
    )


def extra_of(program: Program, value: OrderIn, decision: Decision) -> int:
    """Return the shipping and tax that earn, in minor units of the order's currency."""
    switches = {"shipping": program.includes_shipping, "tax": program.includes_tax}
    includes = decision.trace.get("includes", switches)
    return includes["shipping"] * value.shipping + includes["tax"] * value.tax  # type: ignore[no-any-return]


def lines_of(value: OrderIn, words: Words = NO_WORDS) -> tuple[Line, ...]:
    """Return the order's lines, their categories in our words.

    An order without lines is one line of total less tax and shipping.
    """
    if not value.lines:
        return (Line(WHOLE, "", "", (), 1, max(value.total - value.tax - value.shipping, 0)),)
    return tuple(_line_of(line, words.get(Vocabulary.CATEGORY, {})) for line in value.lines)


def _line_of(line: LineIn, words: Mapping[str, str | None]) -> Line:
    categories, called = in_our_words(line.categories, words)
    return Line(
        key=line.external_id,
        sku=line.sku,
        product=line.product,
        categories=categories,
        quantity=line.quantity,
        net=line.net,
        excluded=line.excluded,
        name=line.name,
        brand=line.brand,
        called=called,
    )


def _country(value: OrderIn, words: Words) -> str:
    told = value.customer.country
    return words.get(Vocabulary.COUNTRY, {}).get(told.strip()) or told.upper()


def _metadata(value: OrderIn, words: Words) -> dict[str, Any]:
    """The store's own notes on the order; its unit in our word."""
    ours = words.get(Vocabulary.UNIT, {}).get(str(value.metadata.get(UNIT, "")))
    return {**value.metadata, UNIT: ours} if ours else value.metadata


def _converted(program: Program, value: OrderIn, known: Known, extra: int) -> tuple[tuple[Line, ...], int]:
    """All of an order is converted once; its lines get their parts of the one rounded sum."""
    lines, rate = lines_of(value, known.words), known.rate
    if rate is None or value.currency == program.currency:
        return lines, extra
    nets = convert([*(line.net for line in lines), extra], rate, value.currency, program.currency)
    return tuple(replace(line, net=net) for line, net in zip(lines, nets, strict=False)), nets[-1]


def _credit(plain: dict[str, Any]) -> Credit:
    chain = tuple(
        Earner(step["level"], step["enrollment"], step["active"], group=step.get("group", ""))
        for step in plain["chain"]
    )
    return Credit(plain["enrollment"], Fraction(plain["share"]), chain, group=plain.get("group", ""))


def refunded_of(value: OrderIn, extra: int, refunds: list[Refund]) -> Refunded:
    """Return what went back in all, counted in the order's own currency; the order of the refunds does not matter."""
    if not refunds:
        return Refunded()
    lines = lines_of(value)
    if extra:
        lines = (*lines, Line(EXTRA, "", "", (), 0, extra))
    facts = _facts(refunds, lines)
    return Refunded(fractions(lines, value.total, facts), quantities(lines, value.total, facts))


def dues(earned: tuple[Earned, ...], refunded: Refunded) -> dict[tuple[int, int], int]:
    """Return (enrollment, level) -> minor units still due after all refunds."""
    return {(one.enrollment_id, one.level): due(one, refunded.parts, refunded.units) for one in earned}


def _facts(refunds: list[Refund], lines: tuple[Line, ...]) -> list[RefundFact]:
    """Return the refunds as facts; the first dispute won is that of the first chargeback, and so on."""
    told = sorted(refunds, key=lambda refund: (str(refund.occurred_at or ""), refund.external_id))
    lost = [refund.external_id for refund in told if refund.kind == RefundKind.CHARGEBACK]
    won = [refund.external_id for refund in told if refund.kind == RefundKind.CHARGEBACK_WON]
    wins = dict(zip(won, lost, strict=False))
    return [_fact(refund, lines, wins.get(refund.external_id)) for refund in told]


def _fact(refund: Refund, lines: tuple[Line, ...], wins: str | None) -> RefundFact:
    told = refund.lines and tuple(_line(line, lines) for line in refund.lines)
    gross = refund.gross if refund.gross is not None or told or refund.kind != RefundKind.REFUND else 0
    return RefundFact(refund.external_id, refund.kind, told or None, gross, wins)


def _line(plain: dict[str, Any], lines: tuple[Line, ...]) -> tuple[str, int, int]:
    """A refunded line whose amount is not told went back at its own unit price."""
    net = plain["net"]
    if net is None:
        of = next((line for line in lines if line.key == plain["external_id"]), None)
        net = of.net * min(plain["quantity"], of.quantity) // of.quantity if of and of.quantity else 0
    return plain["external_id"], plain["quantity"], net
