"""What colleagues decided during the year, and what they still have to: applications, holds, refusals, bans."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from affiliates import actions as affiliates
from affiliates.models import Enrollment
from commissions import actions as commissions
from commissions.models import Commission
from portal.demo import arrivals, cast
from tracking.orders import CustomerIn, OrderIn

if TYPE_CHECKING:
    from portal.demo.simulator import Simulator


def write(play: Simulator) -> None:
    """Put the decisions, and what waits for one, down in the agenda."""
    for applied in (*cast.APPLICATIONS, cast.REFUSED):
        play.agenda.put(play.stage.ago(applied[2], 9), partial(_apply, play, applied))
    _memberships(play)
    _holds(play)


def _apply(play: Simulator, applied: tuple[cast.Person, str, int, str, str], at: datetime) -> None:
    """Somebody asks to take part; one was refused long ago, the others wait."""
    who, slug, _days, sponsor, text = applied
    shop = play.stage.shops[slug]
    affiliate = arrivals.register(play.stage, who, at)
    by = cast.Person(who.name, who.site, who.country, sponsor)
    enrollment = arrivals.apply(shop, affiliate, by, text, at + timedelta(minutes=6))
    if applied is cast.REFUSED:
        reason = "We give codes only to people who show our things themselves."
        affiliates.refuse(
            enrollment, reason=reason, actor=play.stage.people["manager"], at=at + timedelta(days=2)
        )


def _memberships(play: Simulator) -> None:
    """One affiliate is suspended, one banned, one has left."""
    shop, manager = play.stage.shops["northwind"], play.stage.people["manager"]

    def enrollment(name: str) -> Enrollment:
        return shop.promoters[name].enrollment

    def suspend(at: datetime) -> None:
        affiliates.suspend(
            enrollment(cast.SUSPENDED), reason="Bids on our name in search ads.", actor=manager, at=at
        )

    def ban(at: datetime) -> None:
        reason = "Clicks came from a rented server farm; asked twice, no answer."
        affiliates.ban(enrollment(cast.BANNED), reason=reason, actor=manager, at=at)

    def leave(at: datetime) -> None:
        affiliates.leave(enrollment(cast.LEAVER), actor=shop.promoters[cast.LEAVER].user, at=at)

    def pause(at: datetime) -> None:
        star = shop.promoters[cast.STAR]
        affiliates.pause_link(star.links.pop(), actor=star.user, at=at)

    for days_ago, act in ((20, suspend), (95, ban), (40, leave), (26, pause)):
        play.agenda.put(play.stage.ago(days_ago, 10), act)


def _holds(play: Simulator) -> None:
    """A reviewer holds, releases and declines; some are still on hold."""
    stage, shop = play.stage, play.stage.shops["northwind"]
    reviewer = stage.people["reviewer"]

    def sell(
        name: str, items: dict[str, int], days_ago: float, reason: str, at: datetime, **fields: Any
    ) -> None:
        order = play.sell(shop, name, items, at, **fields)
        stop = partial(commissions.hold, actor=reviewer, reason=reason)
        stage_at = stage.ago(days_ago, 10)
        play.agenda.put(stage_at, lambda when: stop(_earned(shop.program.pk, order), at=when))

    def own_order(at: datetime) -> None:
        customer = CustomerIn(email=shop.promoters["Bergfieber"].enrollment.affiliate.email)
        play.sell(shop, "Bergfieber", {"JKT-DWN": 1}, at, customer=customer)

    def leaked_code(at: datetime) -> None:
        order = play.sell(shop, cast.STAR, {"PACK-45": 1, "SOCK-M": 2}, at)
        reason = "Your code came from a coupon extension, not from your readers."
        decline = partial(commissions.decline, actor=reviewer, reason=reason)
        put(ago(52), lambda when: [decline(each, at=when) for each in _all(shop.program.pk, order)])

    def cleared(at: datetime) -> None:
        order = play.sell(shop, "Slow Miles", {"TENT-2": 2}, at)
        held = partial(
            commissions.hold, actor=reviewer, reason="Two tents to one address, paid with two cards."
        )
        play.agenda.put(stage.ago(58), lambda when: held(_earned(shop.program.pk, order), at=when))
        free = partial(
            commissions.release, actor=reviewer, reason="A scout group; the customer confirmed it."
        )
        play.agenda.put(stage.ago(55), lambda when: free(_earned(shop.program.pk, order), at=when))

    put, ago = play.agenda.put, stage.ago
    put(ago(70), own_order)
    put(ago(61), leaked_code)
    put(ago(61), cleared)  # the day before sales are looked at
    same = "Four orders from one address within an hour."
    put(ago(5), partial(sell, cast.STAR, {"TENT-2": 1}, 4, "Card and address are of two countries: we ask."))
    put(ago(9), partial(sell, "Diego Fuentes", {"JKT-ALP": 1}, 8, same))
    put(ago(35), partial(sell, cast.HELD, {"TENT-4": 1}, 3, "The shop asks whether this code was given out."))


def _earned(program: int, order: OrderIn) -> Commission:
    """Return what an order earned the affiliate that it was credited to."""
    return _all(program, order)[0]


def _all(program: int, order: OrderIn) -> list[Commission]:
    """Return what an order earned, level by level."""
    rows = Commission.objects.filter(program=program, conversion__external_id=order.external_id)
    return list(rows.order_by("level"))
