"""Visitors: who follows which link, with what browser, and who of them are machines."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.demo.chance import Chance
from portal.demo.stage import Promoter, Shop
from tracking.clickid import issue
from tracking.models import Click

BOTS = 0.07
COMPARES = 0.12  # of the people had followed another affiliate's link before
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # kept for examples
BROWSERS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/137.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/137.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0",
)
ROBOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "python-requests/2.32",
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A person came by a link; `tid` is what the shop was given for it."""

    click: Click
    promoter: Promoter
    tid: str


def draw(
    chance: Chance, shop: Shop, number: int, day: datetime, latest: datetime
) -> tuple[list[Click], list[Visit]]:
    """Draw one day's clicks, and which of them are people's; none is after `latest`."""
    able = [promoter for promoter in shop.promoters.values() if promoter.weight]
    clicks: list[Click] = []
    visits: list[Visit] = []
    for promoter in chance.weighted(able, [one.weight for one in able], number) if able else []:
        visitor, is_bot = chance.uuid(), chance.happens(BOTS)
        if not is_bot and chance.happens(COMPARES):
            clicks.append(follow(chance, shop, chance.one(able), day, visitor)[0])
        click, tid = follow(chance, shop, promoter, min(chance.moment(day), latest), visitor, is_bot=is_bot)
        clicks.append(click)
        if not is_bot:
            visits.append(Visit(click, promoter, tid))
    return clicks, visits


def follow(
    chance: Chance, shop: Shop, promoter: Promoter, at: datetime, visitor: UUID, *, is_bot: bool = False
) -> tuple[Click, str]:
    """Return a click that is not stored yet, and its id."""
    link = chance.one(promoter.links)
    number, tid = issue(link.pk, at)
    click = Click(
        id=UUID(number),
        link=link,
        enrollment=promoter.enrollment,
        program=shop.program,
        terms=shop.terms,
        at=at,
        visitor=None if is_bot else visitor,
        ip=f"{chance.one(NETWORKS)}.{chance.random.randrange(1, 255)}",
        user_agent=chance.one(ROBOTS if is_bot else BROWSERS),
        referrer="" if is_bot else f"https://{promoter.person.site}/",
        destination=link.destination,
        sub_ids=link.sub_ids,
        is_bot=is_bot,
    )
    return click, tid
