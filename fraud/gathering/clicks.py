"""The click behind a sale, and whose it displaced: by what the edge, the tag and the decision's trace keep."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from affiliates.models import Program
from fraud.checks.ads import read_ads
from fraud.checks.facts import ClickFacts, Displaced
from fraud.gathering.lists import Lists
from fraud.gathering.orders import Sold
from fraud.lists.matching import term_in
from fraud.models import Policy
from tracking.attribution.eligible import OUT
from tracking.attribution.touches import CLICK
from tracking.models import Beacon, Click
from tracking.reading.hosts import kind_of
from tracking.states import BeaconKind, TrafficSource

NAMED = ("term", "campaign")  # of UTM: where a search's words and a campaign's name stand
BOUGHT = (
    "utm_term",
    "hsa_kw",
    "keyword",
)  # keys of an address: the words that an advertisement was bought for
ASKED = ("q", "query", "p", "text", "wd")  # keys of a search engine's address: what was asked
REPEAT = "repeat"  # a repeated click of another affiliate's came before all the same
ARRIVES = timedelta(minutes=10)  # the tag speaks within a minute; what it says is read a moment later
RECENT = 500  # clicks that are looked at for whether the program's tag speaks at all


def click_facts(
    sold: Sold, policy: Policy, lists: Lists, *, is_tagged: bool, at: datetime
) -> ClickFacts | None:
    """Return what was kept of the click that the credit rests on; None where it rests on none.

    An allowed network's kind says nothing, nor does an allowed country. `landed` goes by the page that the tag told of
    the click whenever that was, for when is kept for 30 days only; None where the program's tag does not speak.
    """
    click = sold.click
    if click is None:
        return None
    quiet = bool(click.ip) and lists.allows_network(click.ip)
    return ClickFacts(
        id=str(click.pk),
        until_order=(sold.conversion.occurred_at - click.at).total_seconds(),
        is_bot=click.is_bot,
        is_repeated=click.is_duplicate,
        network=None if quiet else click.network_kind,
        country="" if lists.allows_country(click.country) else click.country,
        referrer=host_of(click.referrer),
        source=click.source,
        banned=lists.banned(click.referrer),
        brand_term=brand_term(click, policy.brand_terms),
        ads=read_ads((click.destination, click.landing), click.utm),
        landed=landed(click, is_tagged=is_tagged, at=at),
        fetch_dest=click.fetch_dest,
        fetch_user=click.fetch_user,
    )


def displaced(sold: Sold) -> Displaced | None:
    """Return the last click of another affiliate that had brought the visitor before, by the decision's trace.

    It is none where the credit rests on no click. Those of machines, of suspended affiliates and those whose window was
    over have lost nothing.
    """
    if sold.click is None or sold.decision is None:
        return None
    for touch in reversed(sold.decision.trace.get("touches", ())):
        if _came_before(touch, sold):
            at = datetime.fromisoformat(touch["at"])
            apart = (sold.conversion.occurred_at - at).total_seconds()
            return Displaced(int(touch["enrollment"]), str(touch["click"]), apart)
    return None


def brand_term(click: Click, terms: Collection[str]) -> str:
    """Return the protected word that a click's search or campaign names, or ""."""
    if not terms:
        return ""
    said = [str(click.utm.get(name, "")) for name in NAMED]
    for address in (click.destination, click.landing):
        said += [value for name, value in _query(address) if name.lower() in BOUGHT]
    if click.referrer and kind_of(host_of(click.referrer)) == TrafficSource.SEARCH:
        said += [value for name, value in _query(click.referrer) if name.lower() in ASKED]
    return next((found for text in said if text and (found := term_in(text, terms))), "")


def landed(click: Click, *, is_tagged: bool, at: datetime) -> bool | None:
    """Say whether the tag saw the page a click led to; None where no tag speaks, or has had no time to."""
    if click.landing:
        return True
    return False if is_tagged and click.at < at - ARRIVES else None


def is_tagged(program: Program) -> bool:
    """Say whether the program's tag has told of a page, lately or of one of its newest clicks; two queries."""
    if Beacon.objects.filter(program=program, kind=BeaconKind.PAGE).exists():
        return True
    newest = Click.objects.filter(program=program).order_by("-at").values("pk")[:RECENT]
    return bool(Click.objects.filter(pk__in=newest).exclude(landing="").exists())


def host_of(page: str) -> str:
    """Return the host of a page's address without "www.", or ""."""
    try:
        return (urlsplit(page.strip()).hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return ""


def _came_before(touch: Mapping[str, Any], sold: Sold) -> bool:
    """Traces of the first version name no kind: they knew clicks alone."""
    if sold.click is None or touch.get("kind", CLICK) != CLICK or not touch.get("click"):
        return False
    is_out = touch.get("why", "") in OUT - {REPEAT}
    is_other = touch["enrollment"] != sold.enrollment
    return is_other and not is_out and datetime.fromisoformat(touch["at"]) < sold.click.at


def _query(address: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(address).query, max_num_fields=100) if "?" in address else []
    except ValueError:
        return []
