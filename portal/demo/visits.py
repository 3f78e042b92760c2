"""Visitors: who follows which link, how often before they buy, and who of them are machines."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.demo import origins
from portal.demo.chance import Chance
from portal.demo.stage import Promoter, Shop
from tracking.clickid import issue
from tracking.models import Click

BOTS = 0.07
COMPARES = 0.12  # of the people had followed another affiliate's link the same day
READS_LONG = 0.2  # had followed links on earlier days, too
TWICE = 0.03  # click again at once


@dataclass(frozen=True, slots=True)
class Visit:
    """A person came by a link; `tid` is what the shop was given for it."""

    click: Click
    promoter: Promoter
    tid: str


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who follows links: a visitor's id and looks; a machine has neither."""

    looks: Chance
    visitor: UUID | None = None
    person: origins.Person | None = None

    def leaves(self, promoter: Promoter, destination: str) -> dict[str, Any]:
        """What a click of theirs has besides its link."""
        if self.person is None:
            return {"is_bot": True, **origins.of_robot(self.looks)}
        return {
            "visitor": self.visitor,
            **origins.of_person(self.looks, self.person, promoter, destination),
        }


def draw(
    chance: Chance, looks: Chance, shop: Shop, number: int, day: datetime, latest: datetime
) -> tuple[list[Click], list[Visit]]:
    """Draw one day's clicks, and which of them are people's; none is after `latest`.

    `chance` says who comes and buys, `looks` all that nobody's money hangs on.
    """
    able = [promoter for promoter in shop.promoters.values() if promoter.weight]
    clicks: list[Click] = []
    visits: list[Visit] = []
    for promoter in chance.weighted(able, [one.weight for one in able], number) if able else []:
        visitor, is_bot = chance.uuid(), chance.happens(BOTS)
        who = Somebody(looks) if is_bot else Somebody(looks, visitor, origins.person(looks))
        if not is_bot and chance.happens(COMPARES):
            clicks.append(follow(chance, shop, chance.one(able), day, who)[0])
        click, tid = follow(chance, shop, promoter, min(chance.moment(day), latest), who)
        clicks.append(click)
        if not is_bot:
            visits.append(Visit(click, promoter, tid))
            clicks += [other for other in _others(looks, shop, able, click, who) if other.at <= latest]
    return clicks, visits


def _others(looks: Chance, shop: Shop, able: list[Promoter], click: Click, who: Somebody) -> list[Click]:
    """What the same person clicked besides: on earlier days by whosever links, or the same link twice."""
    found: list[Click] = []
    if looks.happens(READS_LONG):
        weights = [one.weight for one in able]
        for promoter in looks.weighted(able, weights, looks.one((1, 1, 2, 3))):
            at = click.at - looks.days(0.5, 12)
            if at > promoter.links[0].created_at:
                found.append(follow(looks, shop, promoter, at, who)[0])
    if looks.happens(TWICE):
        found.append(again(click, click.at + timedelta(seconds=looks.one((2, 3, 5)))))
    return found


def follow(
    chance: Chance, shop: Shop, promoter: Promoter, at: datetime, who: Somebody, **fields: Any
) -> tuple[Click, str]:
    """Return a click that is not stored yet, and its id; `fields` stand instead of what would be drawn."""
    link = fields.pop("link", None) or chance.one(promoter.links)
    number, tid = issue(link.pk, at)
    destination = who.looks.one([link.destination, *(leg["destination"] for leg in link.rotation)])
    click = Click(
        id=UUID(number),
        link=link,
        enrollment=promoter.enrollment,
        program=shop.program,
        terms=shop.terms,
        at=at,
        destination=destination,
        sub_ids=link.sub_ids,
        **(who.leaves(promoter, destination) | fields),
    )
    return click, tid


def again(click: Click, at: datetime) -> Click:
    """Return the same click a moment later."""
    names = (
        "link",
        "enrollment",
        "program",
        "terms",
        "visitor",
        "ip",
        "user_agent",
        "referrer",
        "destination",
    )
    told = {
        name: getattr(click, name)
        for name in (
            *names,
            "sub_ids",
            "utm",
            "country",
            "consent",
            "landing",
            "network_kind",
            "fetch_dest",
            "fetch_user",
        )
    }
    return Click(id=UUID(issue(click.link_id, at)[0]), at=at, **told)
