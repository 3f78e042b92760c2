"""What the demo needs to have happened, whatever the dice say: one scene for every thing to see or to decide."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from affiliates import actions as affiliates
from commissions import actions as commissions
from commissions.states import CommissionKind
from portal.demo import arrivals, cast, decisions, fair, schemes, verdicts, ways
from portal.demo.catalog import CLIMBING, CLIMBING_HIGHER, STANDARD_RAISED
from portal.demo.fates import give_back, lines_of, refund_of
from portal.demo.simulator import Simulator
from tracking.orders import CustomerIn, RefundIn
from tracking.states import RefundKind

Items = dict[str, int]

# affiliate, days ago, what was bought: earned, approved and paid in their time
SALES: tuple[tuple[str, str, int, Items], ...] = (
    ("northwind", cast.STAR, 75, {"TENT-2": 1, "PACK-45": 1}),
    ("northwind", cast.STAR, 52, {"TENT-2": 1, "JKT-ALP": 1}),
    ("northwind", cast.STAR, 34, {"TENT-4": 1, "SOCK-M": 2}),
    ("northwind", cast.STAR, 29, {"BAG-0": 1}),
    ("northwind", cast.STAR, 4, {"PACK-45": 1, "MUG-E": 2}),
    ("northwind", "Jonas Weber", 60, {"TENT-2": 1}),
    ("northwind", "Jonas Weber", 33, {"JKT-DWN": 1, "BOOT-T": 1}),
    ("northwind", "Hollow Oak", 3, {"TENT-2": 1}),
    ("ember", cast.STAR, 40, {"ESP-1K": 1}),
    ("ember", cast.STAR, 27, {"FLT-1K": 1}),
    ("ember", cast.STAR, 5, {"ESP-1K": 1, "DRIP": 1}),
    ("ember", "Peak Weekly", 31, {"MACH-1": 12}),
    ("northwind", cast.UNPAID, 90, {"TENT-4": 1, "JKT-ALP": 1}),
    ("northwind", cast.FIRST, 70, {"TENT-4": 1}),
    ("northwind", cast.FIRST, 55, {"BOOT-W": 2}),
    ("northwind", cast.FAILING, 75, {"TENT-4": 1, "STOVE": 1}),
    ("northwind", cast.SUSPENDED, 45, {"TENT-4": 1, "TENT-2": 1}),
    ("northwind", cast.BANNED, 120, {"SOCK-M": 3}),
)


def write(play: Simulator) -> None:
    """Put every scene down in the agenda."""
    for scene in (
        _people,
        _sales,
        _rules,
        _returns,
        _disputes,
        _odd_orders,
        decisions.write,
        ways.write,
        fair.write,
        schemes.write,
        verdicts.write,
    ):
        scene(play)


def later(play: Simulator, days_ago: float, act: Callable[[datetime], object], hour: float = 11) -> None:
    """Put one act down."""
    play.agenda.put(play.stage.ago(days_ago, hour), act)


def _people(play: Simulator) -> None:
    """Affiliates join over the years; some enter bank details late, or new ones."""
    stage = play.stage
    for rank, who in enumerate(cast.AFFILIATES, start=1):
        later(play, who.joined, partial(arrivals.join, stage, who, rank), 6 + rank / 10)
    for name, days_ago, number in ((cast.FAILING, 12, 301), (cast.FIRST, 2, 302), (cast.MOVED, 5, 303)):
        later(play, days_ago, partial(_enter_details, play, name, number))
    shop, manager = stage.shops["northwind"], stage.people["manager"]
    later(play, 360, lambda at: arrivals.share_coupon(shop, cast.HELD, "TRAIL5", manager, at))


def _enter_details(play: Simulator, name: str, number: int, at: datetime) -> None:
    affiliate = play.stage.shops["northwind"].promoters[name].enrollment.affiliate
    arrivals.set_payee(affiliate, number, "bank", at)


def _sales(play: Simulator) -> None:
    for slug, name, days_ago, items in SALES:
        later(play, days_ago, partial(play.sell, play.stage.shops[slug], name, items), 15)


def _rules(play: Simulator) -> None:
    """The terms and the plan change during the year; bonuses and corrections are given by hand."""
    stage, shop = play.stage, play.stage.shops["northwind"]
    manager, finance = stage.people["manager"], stage.people["finance"]

    def longer_window(at: datetime) -> None:
        shop.terms = affiliates.change_terms(
            shop.program, window_hours=1080, bound_days=365, actor=manager, at=at
        )

    def raise_rate(at: datetime) -> None:
        commissions.publish(shop.program.plans.get(name="Standard"), STANDARD_RAISED, actor=manager, at=at)

    def publish(body: dict[str, Any], days_ahead: int, at: datetime) -> None:
        plan = shop.program.plans.get(name="Standard")
        commissions.publish(plan, body, effective_at=at + timedelta(days=days_ahead), actor=manager, at=at)

    def adjust(name: str, amount: int, reason: str, kind: CommissionKind, at: datetime) -> None:
        commissions.adjust(
            shop.promoters[name].enrollment, amount, reason=reason, kind=kind, actor=finance, at=at
        )

    bonus, correction = CommissionKind.BONUS, CommissionKind.CORRECTION
    later(play, 240, raise_rate)
    later(play, 130, partial(publish, CLIMBING, 7))
    later(play, 2, partial(publish, CLIMBING_HIGHER, 12))
    later(play, 200, longer_window)
    later(play, 150, partial(adjust, cast.STAR, 5000, "Thank you for the hut guide.", bonus))
    later(play, 44, partial(adjust, "Two Tents", -1200, "A test order was paid out in spring.", correction))
    later(play, 3, partial(adjust, cast.OUTLIER, 65000, "Hut tour, as agreed in the campaign.", bonus))


def _returns(play: Simulator) -> None:
    """The demo affiliate has just had money go back: once by lines, once as an amount whose lines are not known."""
    shop = play.stage.shops["northwind"]

    def by_lines(at: datetime) -> None:
        order = play.sell(shop, cast.STAR, {"JKT-ALP": 1, "SOCK-M": 2}, at)
        back = lines_of(order)[1:]
        later(play, 2, lambda when: give_back(play, shop, order, when, lines=back), 10)

    def by_amount(at: datetime) -> None:
        order = play.sell(shop, cast.STAR, {"BOOT-W": 1, "BASE-M": 1}, at)
        refund = refund_of(order, play.stage.ago(1, 16), gross=4000)
        taken = partial(commissions.take_refunds, shop.program, order.source, order.external_id, [refund])
        later(play, 1, lambda when: taken(at=when), 16)

    later(play, 10, by_lines)
    later(play, 16, by_amount)


def _disputes(play: Simulator) -> None:
    """One chargeback leaves a debt; another one is won."""
    shop = play.stage.shops["northwind"]

    def disputed(name: str, lost: int, won: int, at: datetime) -> None:
        order = play.sell(shop, name, {"TENT-4": 2, "JKT-ALP": 1}, at)
        later(play, lost, lambda when: give_back(play, shop, order, when, RefundKind.CHARGEBACK))
        if won:
            later(play, won, lambda when: give_back(play, shop, order, when, RefundKind.CHARGEBACK_WON))

    later(play, 110, partial(disputed, cast.DEBTOR, 12, 0))
    later(play, 100, partial(disputed, "Elif Aydin", 60, 25))


def _odd_orders(play: Simulator) -> None:
    """Orders in other currencies wait for a rate; one is changed later; a refund waits for its order; leads come."""
    northwind, ember = play.stage.shops["northwind"], play.stage.shops["ember"]
    foreign = (("Peak Weekly", 13, "USD"), ("Lukas Steiner", 7, "CHF"), (cast.STAR, 2, "USD"))
    for name, days_ago, currency in foreign:
        sell = partial(play.sell, northwind, name, {"BOOT-T": 1, "MUG-E": 1}, currency=currency)
        later(play, days_ago, sell, 18)

    def changed(at: datetime) -> None:
        order = play.sell(northwind, "Gearkompass", {"TENT-2": 1, "STOVE": 1, "SOCK-M": 2}, at)
        less = replace(order, lines=order.lines[:2], revision_at=at + timedelta(hours=4))
        play.agenda.put(at + timedelta(hours=4), partial(play.tell, northwind, less))

    def too_early(at: datetime) -> None:
        refund = RefundIn("early-1", occurred_at=at, gross=2990, reason="Wrong size")
        commissions.take_refunds(northwind.program, northwind.plan.source, "19977", [refund], at=at)

    def lead(at: datetime) -> None:
        nothing = {"goal": "lead", "total": 0, "tax": 0, "shipping": 0}
        play.sell(ember, "Café Notes", {}, at, **nothing)

    def own(slug: str, name: str, at: datetime) -> None:
        shop = play.stage.shops[slug]
        customer = CustomerIn(email=shop.promoters[name].enrollment.affiliate.email)
        play.sell(shop, name, {shop.plan.products[0].sku: 1}, at, customer=customer)

    later(play, 21, changed)
    later(play, 1, too_early, 12)
    for days_ago in (50, 20, 8, 2):
        later(play, days_ago, lead, 17)
    for slug, name, days_ago in (
        ("northwind", "Tom Okafor", 15),
        ("northwind", "The Gear Shelf", 6),
        ("ember", "Amélie Roux", 3),
    ):
        later(play, days_ago, partial(own, slug, name), 20)
