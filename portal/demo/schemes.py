"""Schemes among the honest affiliates, and one club that only looks like one; the review finds them, or it does not.

Nothing is marked here as found: clicks and orders come as anybody's do. Dice of their own, so that the rest of the year
stays as it is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from commissions import actions as commissions
from fraud.actions import policies
from portal.demo import basket, cast, fates, origins, visits
from portal.demo.chance import Chance
from portal.demo.stage import Shop
from tracking.buyers import ADDRESS_MARK, address_mark
from tracking.orders import CustomerIn, Evidence, OrderIn

if TYPE_CHECKING:
    from portal.demo.simulator import Simulator

SEED = 1878
SECOND_ABOVE = 10_000  # cents: a verdict on more needs two people


def write(play: Simulator) -> None:
    """Put the rules of the review and every scheme down in the agenda."""
    shop = play.stage.shops["northwind"]
    chance = Chance(SEED)
    play.agenda.put(play.stage.ago(380, 9), partial(_set_rules, play, shop))
    for scheme in (_load_pictures, _send_back, _order_for_a_club):
        scheme(play, shop, chance)


def _set_rules(play: Simulator, shop: Shop, at: datetime) -> None:
    manager = play.stage.people["manager"]
    words = ["northwind", "northwind outfitters"]
    policies.set_policy(shop.program, actor=manager, at=at, brand_terms=words, second_above=SECOND_ABOVE)


# --- links that are loaded as pictures -----------------------------------------------------------------------
def _load_pictures(play: Simulator, shop: Shop, chance: Chance) -> None:
    """Whoever reads the forum has "clicked", without a word in the shop's tag; some buy there one day anyway."""
    for days_ago in range(20, 5, -1):
        play.agenda.put(play.stage.ago(days_ago, 3), partial(_unseen, play, shop, chance))


def _unseen(play: Simulator, shop: Shop, chance: Chance, at: datetime) -> None:
    """A day of it: eight pictures, and now and then an order of somebody who saw one."""
    hidden: dict[str, Any] = {
        "fetch_dest": "image",
        "fetch_user": None,
        "landing": "",
        "utm": {},
        "referrer": "https://forum.example/",
    }
    tids = [
        _click(play, shop, cast.HIDING, chance, at + timedelta(hours=hour), **hidden)
        for hour in range(6, 22, 2)
    ]
    if at.day % 2 == 0:
        evidence = Evidence(tid=chance.one(tids))
        later = at + chance.days(1, 3)
        play.agenda.put(later, partial(_sell, play, shop, {"TENT-2": 1}, chance, evidence))


# --- orders that go back once they are paid for --------------------------------------------------------------
def _send_back(play: Simulator, shop: Shop, chance: Chance) -> None:
    """Two people buy every other week, and send all of it back once the commission is approved."""
    for name, first in (("r.sauer84", 62), ("m.keil.privat", 55)):
        customer = CustomerIn(email=f"{name}@post.example", country="DE")
        for days_ago in range(first, 10, -15):
            buy = partial(_buy_for_show, play, shop, chance, customer)
            play.agenda.put(play.stage.ago(days_ago, 20), buy)


def _buy_for_show(play: Simulator, shop: Shop, chance: Chance, customer: CustomerIn, at: datetime) -> None:
    evidence = Evidence(tid=_click(play, shop, cast.RETURNING, chance, at - timedelta(minutes=9)))
    order = _sell(play, shop, {"JKT-DWN": 1}, chance, evidence, at, customer=customer)
    play.agenda.put(at + timedelta(days=34), partial(_give_all_back, shop, order))


def _give_all_back(shop: Shop, order: OrderIn, at: datetime) -> None:
    refund = fates.refund_of(order, at, lines=fates.lines_of(order), gross=order.total)
    commissions.take_refunds(shop.program, order.source, order.external_id, [refund], at=at)


# --- a club that orders together, and is honest --------------------------------------------------------------
def _order_for_a_club(play: Simulator, shop: Shop, chance: Chance) -> None:
    """Five members of a scout group order within an afternoon, all to the group's house."""
    house = {ADDRESS_MARK: address_mark("Am Lagerplatz 3", "80331", "DE")}
    day = play.stage.ago(3, 13)
    for place, items in enumerate(({"BAG-0": 1}, {"PACK-45": 1}, {"BAG-0": 1}, {"STOVE": 1}, {"PACK-45": 1})):
        at = day + timedelta(minutes=40 * place)
        play.agenda.put(at, partial(_for_member, play, shop, chance, items, house))


def _for_member(
    play: Simulator,
    shop: Shop,
    chance: Chance,
    items: dict[str, int],
    house: dict[str, str],
    at: datetime,
) -> None:
    evidence = Evidence(tid=_click(play, shop, cast.STAR, chance, at - timedelta(minutes=25)))
    _sell(play, shop, items, chance, evidence, at, metadata=house)


# --- how all of them click and buy ---------------------------------------------------------------------------
def _click(play: Simulator, shop: Shop, name: str, chance: Chance, at: datetime, **fields: Any) -> str:
    """Store a click of somebody who came by an affiliate's link; return what the shop is given for it."""
    who = visits.Somebody(chance, chance.uuid(), origins.person(chance))
    click, tid = visits.follow(chance, shop, shop.promoters[name], at, who, **fields)
    play.keep([click])
    return tid


def _sell(
    play: Simulator,
    shop: Shop,
    items: dict[str, int],
    chance: Chance,
    evidence: Evidence,
    at: datetime,
    **fields: Any,
) -> OrderIn:
    """Tell of an order with this evidence, by somebody new unless `fields` say otherwise."""
    customer = fields.pop("customer", None) or basket.newcomer(chance, shop)
    order = replace(basket.order_of(shop, basket.picked(shop, items), customer, evidence, at), **fields)
    play.tell(shop, order, at)
    return order
