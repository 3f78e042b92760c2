"""The engine's fold in memory against the naive model: plans, refunds, cancellations, refusals, in no order.

NAIVE_EXAMPLES asks for more lives than a normal run tries.
"""

import os
from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, given, settings

from commissions.counters import Tally
from commissions.counting import counted_of
from commissions.plan import Plan, parse_plan
from commissions.rates import evaluate
from commissions.refunds import RefundFact, due, fractions, quantities
from commissions.sale import Credit, Earner, Line, Sale
from tests.commissions.deals import Back, Deal
from tests.commissions.lives import lives
from tests.commissions.naive import books

EXAMPLES = int(os.environ.get("NAIVE_EXAMPLES", "150"))
PEOPLE = {"ann": 1, "bob": 2, "sue": 3}
NOON = datetime(2026, 11, 2, 12)  # noqa: DTZ001 - the program's clock
Held = dict[tuple[int, int], int]


def by_engine(body: dict[str, Any], deals: list[Deal]) -> Held:
    """Go through the deals with the real evaluate(), counters that run along, and the real refunds."""
    plan, held = parse_plan(body, "EUR"), {}
    tally = Tally(plan.windows)
    for deal in sorted(deals, key=lambda one: (one.at, one.number)):
        held |= settle(plan, tally, deal)
    return held


def settle(plan: Plan, tally: Tally, deal: Deal) -> Held:
    """Value one deal and let it count."""
    who, sale = PEOPLE[deal.seller], sale_of(deal)
    evaluation = evaluate(plan, sale, tally.before([who], deal.at))
    facts = [fact_of(back) for back in deal.backs]
    parts = fractions(sale.all_lines, deal.total, facts)
    units = quantities(sale.all_lines, deal.total, facts)
    left = {(one.enrollment_id, one.level): due(one, parts, units) for one in evaluation.commissions}
    left = left if deal.is_sale else {}
    declined = {key for key in left if key[1] in deal.declined}
    for one in counted_of("sale", evaluation.credited if deal.is_sale else (), parts, left, declined):
        tally.add(
            deal.at,
            one.enrollment_id,
            base=one.base,
            conversions=one.conversions,
            commission=one.commission,
            spent=one.spent,
        )
    return {(deal.number, level): amount for (_who, level), amount in left.items()}


def sale_of(deal: Deal) -> Sale:
    chain = tuple(Earner(level, PEOPLE[name]) for level, name in enumerate(deal.sponsors, 2))
    lines = tuple(
        Line(item.key, "", "", (item.category,) if item.category else (), item.quantity, item.net)
        for item in deal.items
    )
    return Sale("sale", "EUR", lines, (Credit(PEOPLE[deal.seller], chain=chain),), at=deal.at)


def fact_of(back: Back) -> RefundFact:
    lines = ((back.line, back.quantity, back.amount or 0),) if back.line else None
    return RefundFact(back.number, back.kind, lines, None if lines else back.amount)


def standing(held: Held) -> Held:
    return {key: amount for key, amount in held.items() if amount}


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives())
def test_engine_and_naive_model_agree(life: tuple[dict[str, Any], list[Deal]]) -> None:
    body, deals = life
    deals = [with_chargeback_named(deal) for deal in deals]

    assert standing(by_engine(body, deals)) == standing(books(body, deals).deals)


def with_chargeback_named(deal: Deal) -> Deal:
    """A dispute that was won carries the number of its chargeback, as a fact names it."""
    lost = next((back.number for back in deal.backs if back.kind == "chargeback"), "")
    backs = tuple(
        replace(back, number=lost) if back.kind == "chargeback_won" else back for back in deal.backs
    )
    return replace(deal, backs=backs)
