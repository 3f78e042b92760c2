"""GET /r/<code>, /r/<code>/<page>: the click is on a disk, then the visitor goes on."""

import json
import re
from datetime import UTC, datetime

from tracking import clickid
from tracking.edge.answers import Answer, Scope, away, cookie, lost, redirect, refused_method
from tracking.edge.desk import Desk
from tracking.edge.known import Unreachable
from tracking.edge.rows import ClickRow, moment, new_visitor
from tracking.edge.targets import Target, way_of
from tracking.edge.ways import Way, deep_way, with_campaign
from tracking.states import Consent
from tracking.visits import Query, Visit, kept_address, may_remember, read_query

ADDRESS = re.compile(r"/r/([A-Za-z0-9._~-]{1,40})(?:/(.*))?", re.DOTALL)
METHODS = {"GET", "HEAD"}


async def follow(desk: Desk, scope: Scope) -> Answer:
    """Answer with the way to the shop, once the click is durable."""
    address = ADDRESS.fullmatch(scope["path"])
    if address is None:
        return lost(scope)
    if scope["method"] not in METHODS:
        return refused_method(b"GET, HEAD")
    try:
        target = await desk.links.find(address[1].lower())
    except Unreachable:
        return away(scope)
    if target is None or not target.home:
        return lost(scope)
    at = datetime.now(UTC)
    if not target.is_live(at):
        return redirect(target.home)
    return await _count(desk, scope, target, bool(address[2]), at)


async def _count(desk: Desk, scope: Scope, target: Target, is_deep: bool, at: datetime) -> Answer:
    """Keep the click; where no disk takes it the visitor goes on without an id."""
    visit, query = desk.visit_of(scope), read_query(scope["query_string"])
    is_known = may_remember(visit, query.consent, target.asks_consent)
    visitor = (visit.visitor or new_visitor(at)) if is_known else None
    country = desk.countries.of(visit.address)
    way = _deep(scope, target, query) if is_deep else None
    if way is None:
        way = way_of(target, country, visit.user_agent, visitor)
        way = with_campaign(way, query.campaign) if query.passed else way
    click, tid = clickid.issue(target.link, at)
    network = desk.networks.kind_of(visit.address)
    if not await desk.keep(_row(click, at, target, visit, query, way, visitor, country, network)):
        return redirect(way.address)
    cookies = {"vid": visitor, "tid": tid} if visitor else {}
    return redirect(
        f"{way.before}{tid}{way.after}",
        [cookie(name, value, target.window) for name, value in cookies.items()],
    )


def _deep(scope: Scope, target: Target, query: Query) -> Way | None:
    """Return the page that the address names: as it was sent, before anybody decoded it."""
    raw = scope.get("raw_path") or scope["path"].encode()
    parts = raw.partition(b"?")[0].split(b"/", 3)
    return deep_way(target.origin, parts[3], query.passed) if len(parts) == 4 else None


def _row(
    click: str,
    at: datetime,
    target: Target,
    visit: Visit,
    query: Query,
    way: Way,
    visitor: str | None,
    country: str,
    network: str | None,
) -> ClickRow:
    return ClickRow(
        click,
        target.link,
        target.enrollment,
        target.program,
        target.terms,
        moment(at),
        visitor,
        kept_address(visit.address, target.ip_policy, target.program),
        visit.user_agent,
        visit.referrer,
        way.address[:2000],
        json.dumps(query.sub_ids) if query.sub_ids else target.sub_ids,
        visit.is_bot,
        query.via,
        json.dumps(dict(query.utm)) if query.utm else "{}",
        country,
        Consent.DENIED.value if visit.refuses_cookies else query.consent,
        network,
        visit.fetch_dest,
        visit.fetch_user,
    )
