"""What becomes of an order: mostly nothing; else it comes twice, late or out of order, or money goes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from commissions import actions as commissions
from portal.demo.stage import Shop
from tracking.orders import OrderIn, RefundIn, RefundLineIn
from tracking.states import OrderState, RefundKind

if TYPE_CHECKING:
    from portal.demo.simulator import Simulator

Fate = Callable[["Simulator", Shop, OrderIn, datetime], None]
HOUR = timedelta(hours=1)


def befall(play: Simulator, shop: Shop, order: OrderIn, at: datetime) -> None:
    """Draw how the order is told, and what comes after."""
    draw = play.chance.random.random()
    for fate, share in FATES:
        if draw < share:
            fate(play, shop, order, at)
            return
        draw -= share
    play.tell(shop, order, at)


def twice(play: Simulator, shop: Shop, order: OrderIn, at: datetime) -> None:
    """The shop tells the same again."""
    play.tell(shop, order, at)
    play.agenda.put(at + HOUR, partial(play.tell, shop, order))


def reordered(play: Simulator, shop: Shop, order: OrderIn, at: datetime) -> None:
    """A change arrives before the order itself, which is then older than what we know."""
    changed = replace(order, revision_at=at + timedelta(seconds=30), metadata={"status": "completed"})
    play.tell(shop, changed, at)
    play.agenda.put(at + timedelta(minutes=7), partial(play.tell, shop, order))


def late(play: Simulator, shop: Shop, order: OrderIn, at: datetime) -> None:
    """The shop was offline: we learn of the order days later."""
    play.agenda.put(at + play.chance.days(1, 3), partial(play.tell, shop, order))


def refunded_first(play: Simulator, shop: Shop, order: OrderIn, at: datetime) -> None:
    """The refund is here before its order and waits for it."""
    give_back(play, shop, order, at, lines=lines_of(order)[:1])
    play.agenda.put(at + 5 * HOUR, partial(play.tell, shop, order))


def sent_back_in_part(play: Simulator, shop: Shop, order: OrderIn, at: datetime) -> None:
    """One article comes back."""
    play.tell(shop, order, at)
    kept = lines_of(order)[:1]
    play.agenda.put(at + play.chance.days(3, 20), lambda when: give_back(play, shop, order, when, lines=kept))


def sent_back(play: Simulator, shop: Shop, order: OrderIn, at: datetime) -> None:
    """Everything comes back."""
    play.tell(shop, order, at)
    every = lines_of(order)
    play.agenda.put(
        at + play.chance.days(2, 25), lambda when: give_back(play, shop, order, when, lines=every)
    )


def given_back_gross(play: Simulator, shop: Shop, order: OrderIn, at: datetime) -> None:
    """Only an amount is told at first; the next day the shop says of which line."""
    play.tell(shop, order, at)
    gross = order.total // play.chance.one((2, 3, 4))

    def refund(when: datetime) -> None:
        taken = commissions.take_refunds(
            shop.program, order.source, order.external_id, [refund_of(order, when, gross=gross)], at=when
        )
        first = lines_of(order)[:1]
        found = partial(commissions.take_refund_lines, taken[0].refund, first)
        play.agenda.put(when + timedelta(days=1), lambda then: found(at=then))

    play.agenda.put(at + play.chance.days(4, 18), refund)


def cancelled(play: Simulator, shop: Shop, order: OrderIn, at: datetime) -> None:
    """The order is cancelled before it is sent."""
    play.tell(shop, order, at)
    gone = replace(order, state=OrderState.VOID, revision_at=at + 9 * HOUR)
    play.agenda.put(at + 9 * HOUR, partial(play.tell, shop, gone))


def disputed(play: Simulator, shop: Shop, order: OrderIn, at: datetime) -> None:
    """The buyer's bank takes the money back; half of the disputes are won."""
    play.tell(shop, order, at)
    when = at + play.chance.days(35, 70)
    play.agenda.put(when, lambda then: give_back(play, shop, order, then, RefundKind.CHARGEBACK))
    if play.chance.happens(0.5):
        won = when + timedelta(days=28)
        play.agenda.put(won, lambda then: give_back(play, shop, order, then, RefundKind.CHARGEBACK_WON))


def give_back(
    play: Simulator,
    shop: Shop,
    order: OrderIn,
    at: datetime,
    kind: str = RefundKind.REFUND,
    lines: tuple[RefundLineIn, ...] | None = None,
) -> None:
    """Take in a refund of some lines, or a dispute about the whole."""
    refund = refund_of(order, at, kind=kind, lines=lines)
    commissions.take_refunds(shop.program, order.source, order.external_id, [refund], at=at)


def refund_of(order: OrderIn, at: datetime, **fields: Any) -> RefundIn:
    """Return a refund with a number of its own."""
    number = f"{order.external_id}-{at:%m%d%H%M%S}"
    return replace(RefundIn(number, occurred_at=at, reason="Changed my mind"), **fields)


def lines_of(order: OrderIn) -> tuple[RefundLineIn, ...]:
    """Return every line as one that came back whole."""
    return tuple(RefundLineIn(line.external_id, line.quantity, line.net) for line in order.lines)


FATES: tuple[tuple[Fate, float], ...] = (
    (twice, 0.03),
    (reordered, 0.03),
    (late, 0.02),
    (refunded_first, 0.006),
    (sent_back_in_part, 0.045),
    (sent_back, 0.03),
    (given_back_gross, 0.02),
    (cancelled, 0.012),
    (disputed, 0.006),
)
