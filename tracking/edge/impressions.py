"""GET /i/<code>.gif: an affiliate's advertisement was seen."""

import re
from datetime import UTC, datetime

from django.conf import settings

from tracking.edge.answers import SOON, Answer, Scope, cookie_of_others_pages, picture, refused_method
from tracking.edge.desk import Desk
from tracking.edge.known import Unreachable
from tracking.edge.rows import ImpressionRow, moment, new_id, new_visitor
from tracking.edge.targets import Target
from tracking.visits import Visit, may_remember, read_query

ADDRESS = re.compile(r"/i/([A-Za-z0-9._~-]{1,40})\.gif")


async def show(desk: Desk, scope: Scope) -> Answer:
    """Answer with a picture, once the impression is durable; where views do not count, with the picture alone."""
    address = ADDRESS.fullmatch(scope["path"])
    if address is None:
        return picture(404)
    if scope["method"] not in {"GET", "HEAD"}:
        return refused_method(b"GET, HEAD")
    try:
        target = await desk.links.find(address[1].lower())
    except Unreachable:
        return picture(503, [SOON])
    at = datetime.now(UTC)
    if target is None:
        return picture(404)
    if not target.counts_views or not target.is_live(at):
        return picture()
    return await _count(desk, scope, target, at)


async def _count(desk: Desk, scope: Scope, target: Target, at: datetime) -> Answer:
    visit = desk.visit_of(scope)
    is_secure = scope.get("scheme") == "https" or settings.SESSION_COOKIE_SECURE
    consent = read_query(scope["query_string"]).consent
    visitor = _visitor(visit, at, may_remember(visit, consent, target.asks_consent), is_secure)
    if not await desk.keep(_row(target, at, visitor, visit.is_bot)):
        return picture(503, [SOON])
    is_set = visitor is not None and is_secure
    return picture(200, [cookie_of_others_pages("vid", str(visitor), target.window)] if is_set else [])


def _visitor(visit: Visit, at: datetime, is_known: bool, is_secure: bool) -> str | None:
    """A new id is of use only where the browser will keep it."""
    if not is_known:
        return None
    return visit.visitor or (new_visitor(at) if is_secure else None)


def _row(target: Target, at: datetime, visitor: str | None, is_bot: bool) -> ImpressionRow:
    return ImpressionRow(
        id=new_id(target.link, at),
        link_id=target.link,
        enrollment_id=target.enrollment,
        program_id=target.program,
        terms_id=target.terms,
        at=moment(at),
        visitor=visitor,
        is_bot=is_bot,
    )
