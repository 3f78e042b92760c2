"""A year of two shops: visitors, orders and what becomes of them, through the real verbs and in order of time."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from affiliates.models import Program
from commissions import actions as commissions
from portal.demo import basket, fates, visits
from portal.demo.agenda import Agenda
from portal.demo.chance import DAYS, Chance, busy
from portal.demo.followers import Followers
from portal.demo.screening import screen_sales
from portal.demo.stage import Shop, Stage
from tracking.models import Click
from tracking.orders import Evidence, OrderIn

BUYS = 0.045  # of the people who followed a link
COUPON = 0.16  # of those also use the affiliate's coupon
LOOKS = 411  # the seed of all that nobody's money hangs on
# sales are looked at every night; of what is long ago nobody sees that it was every so many days
LATELY, SELDOM = 8, 10
REVIEWED = 70  # days ago: since then sales are looked at again where money goes back
GIFTS = 12  # one of so many buyers has it sent to another country
NOTED = timedelta(seconds=40)  # until the shop has told us of an order


class Simulator:
    """Runs the shops; `scale` 1 is a full year's traffic."""

    def __init__(self, stage: Stage, agenda: Agenda, chance: Chance, scale: float) -> None:
        self.stage, self.agenda, self.chance, self.scale = stage, agenda, chance, scale
        self.looks = Chance(LOOKS)
        self.followers = Followers(stage.ago(REVIEWED))

    @property
    def programs(self) -> list[Program]:
        """Those of all shops."""
        return [shop.program for shop in self.stage.shops.values()]

    def plan_year(self) -> None:
        """Put down every day of the year."""
        for days_ago in range(DAYS, -1, -1):
            self.agenda.put(self.stage.ago(days_ago, 0), partial(self.open_day, days_ago))

    def open_day(self, days_ago: int, at: datetime) -> None:
        """Approve what has matured, let visitors come, and plan what they buy."""
        commissions.close_periods(at=at)
        self.followers.catch_up()
        if days_ago <= LATELY or days_ago % SELDOM == 0:
            screen_sales(self.programs, at)
        commissions.approve_due(at=at)
        clicks: list[Click] = []
        for shop in self.stage.shops.values():
            weight = busy(at, days_ago) * self.scale
            number = self.chance.count(shop.plan.visits * weight)
            drawn, people = visits.draw(self.chance, self.looks, shop, number, at, self.agenda.end)
            clicks += drawn
            for visit in people:
                self._consider(shop, visit)
            for _stray in range(self.chance.count(shop.plan.strays * weight)):
                self.agenda.put(self.chance.moment(at), partial(self.stray, shop))
        self.keep(clicks)

    def keep(self, clicks: list[Click]) -> None:
        """Store clicks, as the edge would have."""
        Click.objects.bulk_create(clicks, batch_size=500)

    def _consider(self, shop: Shop, visit: visits.Visit) -> None:
        """Some visitors buy, most of them soon."""
        if not self.chance.happens(BUYS):
            return
        coupon = visit.promoter.coupon if self.chance.happens(COUPON) else None
        evidence = Evidence(tid=visit.tid, coupons=(coupon.code.upper(),) if coupon else ())
        lives = visit.click.country
        self.agenda.put(
            visit.click.at + self.chance.soon(1.6), partial(self.buy, shop, evidence, lives=lives)
        )

    def stray(self, shop: Shop, at: datetime) -> None:
        """Somebody buys without a click that we know: by a code heard somewhere, or by nobody's doing."""
        able = [one for one in shop.promoters.values() if one.weight]
        if not able:
            return
        promoter = self.chance.weighted(able, [one.weight for one in able], 1)[0]
        kind = self.chance.weighted(("coupon", "ref", "shared", "nobody"), (0.28, 0.14, 0.1, 0.48), 1)[0]
        if kind == "coupon" and promoter.coupon:
            self.buy(shop, Evidence(coupons=(promoter.coupon.code,)), at)
        elif kind == "ref":
            self.buy(shop, Evidence(ref=promoter.enrollment.code), at)
        else:
            self.buy(shop, Evidence(coupons=("TRAIL5",) if kind == "shared" else ()), at)

    def buy(self, shop: Shop, evidence: Evidence, at: datetime, lives: str = "") -> None:
        """Fill a basket, pay, and leave what follows to fate; goods go where the visitor `lives`, gifts elsewhere."""
        discount = (
            10 if evidence.coupons and evidence.coupons != ("TRAIL5",) else 5 if evidence.coupons else 0
        )
        lines = basket.lines_of(self.chance, shop.plan.products, discount)
        customer = basket.buyer(self.chance, shop)
        if lives and basket.hash_of(customer.email) % GIFTS:
            customer = replace(customer, country=lives)
        order = basket.order_of(shop, lines, customer, evidence, at, discount=discount)
        fates.befall(self, shop, order, at)

    def tell(self, shop: Shop, order: OrderIn, at: datetime) -> None:
        """The shop tells us of an order, or of its newest state."""
        commissions.take_orders(shop.program, [order], at=min(at + NOTED, self.agenda.end))

    def sell(self, shop: Shop, by: str, items: dict[str, int], at: datetime, **fields: Any) -> OrderIn:
        """Record an order that the story needs: SKU -> quantity, by an affiliate's code unless fields say otherwise."""
        lines = basket.picked(shop, items)
        evidence = Evidence(ref=shop.promoters[by].enrollment.code)
        order = basket.order_of(shop, lines, basket.newcomer(self.chance, shop), evidence, at)
        order = replace(order, **fields)
        self.tell(shop, order, at)
        return order
