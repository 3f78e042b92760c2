"""The ways that lead to the shop: a page that links directly, a link that rotates, touches shared by position."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from affiliates import actions as affiliates
from affiliates.actions.direct_links import approve_direct_link, ask_direct_link
from affiliates.models import AttributionTerms
from portal.demo import cast, origins, visits
from tracking.models import Click
from tracking.orders import Evidence

if TYPE_CHECKING:
    from portal.demo.simulator import Simulator

SHARED_SINCE = 92  # days ago: since then touches share by position
# who was clicked how many days before the order, how many days ago it was made, what was bought
JOURNEYS: tuple[tuple[tuple[tuple[str, float], ...], int, dict[str, int]], ...] = (
    ((("Peak Weekly", 9), (cast.STAR, 4), ("Trail & Tarn", 2), (cast.STAR, 0.1)), 46, {"TENT-2": 1}),
    (((cast.STAR, 12), ("Gearkompass", 0.2)), 28, {"PACK-45": 1, "SOCK-M": 2}),
    ((("Tom Okafor", 6), ("Slow Miles", 3), (cast.STAR, 1)), 12, {"JKT-ALP": 1}),
    (((cast.STAR, 61), ("Peak Weekly", 0.5)), 9, {"BAG-0": 1}),  # her click was too old for the window
)


def write(play: Simulator) -> None:
    """Put every scene down in the agenda."""
    ago, put = play.stage.ago, play.agenda.put
    put(ago(SHARED_SINCE, 6), partial(_share_by_position, play))
    put(ago(118, 9), partial(_link_directly, play))
    put(ago(3, 9), partial(_ask_for_a_page, play))
    put(ago(150, 10), partial(_rotate, play))
    for path, days_ago, items in JOURNEYS:
        put(ago(days_ago, 19), partial(_journey, play, path, items))


def _share_by_position(play: Simulator, at: datetime) -> None:
    """From last click to 40/20/40."""
    shop = play.stage.shops["northwind"]
    terms = shop.terms
    shop.terms = affiliates.change_terms(
        shop.program,
        window_hours=terms.window_hours,
        bound_days=terms.bound_days,
        model=AttributionTerms.Model.POSITION,
        actor=play.stage.people["manager"],
        at=at,
    )


def _link_directly(play: Simulator, at: datetime) -> None:
    """The star's site links to the shop without a parameter; visitors come from it every few days.

    The whole site: browsers name no path when they come from another host.
    """
    star = play.stage.shops["northwind"].promoters[cast.STAR]
    asked = ask_direct_link(star.links[0], f"https://{star.person.site}/", actor=star.user, at=at)
    manager = play.stage.people["manager"]
    approved = partial(approve_direct_link, asked, actor=manager)
    play.agenda.put(at + timedelta(hours=22), lambda when: approved(at=when))
    for days_ago in range(115, -1, -3):
        play.agenda.put(play.stage.ago(days_ago, 18), partial(_comes_directly, play))


def _comes_directly(play: Simulator, at: datetime) -> None:
    star = play.stage.shops["northwind"].promoters[cast.STAR]
    page = {"referrer": f"https://{star.person.site}/", "utm": {}, "via": "direct"}
    click, _tid = _come(play, cast.STAR, at, _somebody(play), link=star.links[0], **page)
    play.keep([click])


def _ask_for_a_page(play: Simulator, at: datetime) -> None:
    """One more page waits for the manager."""
    other = play.stage.shops["northwind"].promoters["Trail & Tarn"]
    ask_direct_link(other.links[0], f"https://{other.person.site}/kit", actor=other.user, at=at)


def _rotate(play: Simulator, at: datetime) -> None:
    """A link of the star that shares its visitors out, and sends Austrian telephones to the boots."""
    shop = play.stage.shops["northwind"]
    star, home = shop.promoters[cast.STAR], shop.program.home_url
    boots = {"countries": ["AT"], "devices": ["mobile"], "destination": home + "boots/trail"}
    legs = [
        {"destination": home + "jackets/alpine-shell", "weight": 2},
        {"destination": home + "sale", "weight": 1},
    ]
    link = affiliates.create_link(
        star.enrollment,
        home + "jackets/alpine-shell",
        name="Winter picks",
        sub_ids=["video"],
        rules=[boots],
        rotation=legs,
        actor=star.user,
        at=at,
    )
    star.links.insert(1, link)


def _journey(
    play: Simulator, path: tuple[tuple[str, float], ...], items: dict[str, int], at: datetime
) -> None:
    """Several affiliates showed the way before somebody bought."""
    shop, who, tid = play.stage.shops["northwind"], _somebody(play), ""
    for name, days in path:
        click, tid = _come(play, name, at - timedelta(days=days), who)
        play.keep([click])
    play.sell(shop, path[-1][0], items, at, evidence=Evidence(tid=tid))


def _somebody(play: Simulator) -> visits.Somebody:
    return visits.Somebody(play.looks, play.looks.uuid(), origins.person(play.looks))


def _come(
    play: Simulator, name: str, at: datetime, who: visits.Somebody, **fields: object
) -> tuple[Click, str]:
    shop = play.stage.shops["northwind"]
    return visits.follow(play.looks, shop, shop.promoters[name], at, who, **fields)
