"""POST /t: a shop's page tells what happened; GET /p/<key>.gif: a picture on the page of thanks tells of an order."""

import asyncio
import json
import re
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from tracking import clickid
from tracking.edge.answers import SOON, Answer, Header, Receive, Scope, picture, refused_method, word
from tracking.edge.desk import Desk
from tracking.edge.known import Unreachable
from tracking.edge.messages import (
    MOST_BYTES,
    Message,
    Unreadable,
    genuine,
    parse,
    read_message,
    read_pixel,
)
from tracking.edge.rows import BeaconRow, ClickRow, moment, new_id
from tracking.edge.shops import OwnPage, Shop, host_of
from tracking.states import BeaconKind, Consent
from tracking.visits import Visit, headers_of, kept_address, may_remember
from tracking.visits.queries import OURS_ALONE

PATIENCE = 10.0  # seconds for a body to arrive
PIXEL = re.compile(r"/p/([A-Za-z0-9_-]{1,24})\.gif")
TID = re.compile(rb"(?:^|;)\s*tid=([A-Za-z0-9_-]{32})\s*(?:;|$)")


class TooLarge(Exception):
    """The body is larger than a beacon may be."""


async def hear(desk: Desk, scope: Scope, receive: Receive) -> Answer:
    """Answer a beacon once it is durable: the program's window, and an id where the page is an affiliate's own."""
    origin = headers_of(scope["headers"]).get(b"origin", b"")
    if scope["method"] == "OPTIONS":
        return _preflight(origin)
    if scope["method"] != "POST":
        return refused_method(b"POST, OPTIONS")
    try:
        said = parse(await _body(receive))
    except TooLarge:
        return _refuse(413, _("A beacon has at most %(most)s bytes.") % {"most": MOST_BYTES})
    except Unreadable as wrong:
        return _refuse(400, str(wrong))
    try:
        shop = await _shop(desk, said.get("k"))
    except Unreachable:
        return _refuse(503, _("Try again shortly."), [SOON])
    if shop is None:
        return _refuse(404, _("No program has this key: take the tag anew from the portal."))
    readers = _readers(shop, origin)
    try:
        message = read_message(said)
    except Unreadable as wrong:
        return _refuse(400, str(wrong), readers)
    return await _keep(desk, scope, shop, message, readers)


async def hear_pixel(desk: Desk, scope: Scope) -> Answer:
    """Answer with a picture, once the order that its address tells of is durable."""
    address = PIXEL.fullmatch(scope["path"])
    if address is None:
        return picture(404)
    if scope["method"] != "GET":
        return picture() if scope["method"] == "HEAD" else refused_method(b"GET, HEAD")
    visit = desk.visit_of(scope)
    try:
        message = read_pixel(scope["query_string"], visit.referrer)
        shop = await _shop(desk, address[1])
    except Unreadable:
        return picture(400)
    except Unreachable:
        return picture(503, [SOON])
    if shop is None:
        return picture(404)
    row = _row(shop, message, datetime.now(UTC), visit, _tid(scope, visit, message))
    return picture() if await desk.keep(row) else picture(503, [SOON])


async def _body(receive: Receive) -> bytes:
    """Read a body; raise TooLarge, or Unreadable where it does not come. The server's own futures know no timeout."""
    reading = asyncio.ensure_future(_read(receive))
    done, _waiting = await asyncio.wait({reading}, timeout=PATIENCE)
    if not done:
        reading.cancel()
        raise Unreadable(_("The body did not arrive."))
    body: bytes = reading.result()
    return body


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Unreadable(_("The body did not arrive."))
        body += bytes(message.get("body", b""))
        if len(body) > MOST_BYTES:
            raise TooLarge
        if not message.get("more_body"):
            return body


async def _shop(desk: Desk, key: object) -> Shop | None:
    if not isinstance(key, str) or not key.isascii() or not 0 < len(key) <= 24 or "\0" in key:
        return None
    return await desk.shops.find(key)


async def _keep(desk: Desk, scope: Scope, shop: Shop, message: Message, readers: list[Header]) -> Answer:
    at, visit = datetime.now(UTC), desk.visit_of(scope)
    answer: dict[str, object] = {"window": shop.window}
    tid = _tid(scope, visit, message)
    page = shop.page_of(message.referrer, at) if message.kind == BeaconKind.PAGE and not message.tid else None
    if page is not None:
        click, tid = clickid.issue(page.link, at)
        answer["tid"] = tid
        if not await desk.keep(_click(click, at, desk, shop, page, visit, message)):
            return _refuse(503, _("Try again shortly."), [SOON, *readers])
    elif message.kind == BeaconKind.PAGE and message.is_foreign:
        answer["tid"] = ""  # the page had better forget it
    if not await desk.keep(_row(shop, message, at, visit, tid)):
        return _refuse(503, _("Try again shortly."), [SOON, *readers])
    return word(200, answer, readers)


def _tid(scope: Scope, visit: Visit, message: Message) -> str:
    """Return the click's id that the page names, else the one the browser keeps, if it may be looked at."""
    if message.tid or visit.refuses_cookies or message.consent == Consent.DENIED:
        return message.tid
    found = TID.search(headers_of(scope["headers"]).get(b"cookie", b""))
    return genuine(found[1].decode()) if found else ""


def _visitor(visit: Visit, message: Message, shop: Shop) -> str | None:
    return (visit.visitor or None) if may_remember(visit, message.consent, shop.asks_consent) else None


def _row(shop: Shop, message: Message, at: datetime, visit: Visit, tid: str) -> BeaconRow:
    return BeaconRow(
        id=new_id(shop.program, at),
        program_id=shop.program,
        kind=message.kind,
        at=moment(at),
        visitor=_visitor(visit, message, shop),
        tid=tid,
        consent=message.consent,
        page=message.page,
        referrer=message.referrer,
        data=json.dumps(message.data),
    )


def _click(
    click: str, at: datetime, desk: Desk, shop: Shop, page: OwnPage, visit: Visit, message: Message
) -> ClickRow:
    """Nobody followed a link: the visitor came from an affiliate's own page.

    How the browser asked for the page is not known here: this request is the tag's.
    """
    return ClickRow(
        id=click,
        link_id=page.link,
        enrollment_id=page.enrollment,
        program_id=shop.program,
        terms_id=shop.terms,
        at=moment(at),
        visitor=_visitor(visit, message, shop),
        ip=kept_address(visit.address, shop.ip_policy, shop.program),
        user_agent=visit.user_agent,
        referrer=message.referrer,
        destination=message.page,
        sub_ids=page.sub_ids,
        is_bot=visit.is_bot,
        via=OURS_ALONE,
        country=desk.countries.of(visit.address),
        consent=Consent.DENIED.value if visit.refuses_cookies else message.consent,
        network_kind=desk.networks.kind_of(visit.address),
    )


def _readers(shop: Shop, origin: bytes) -> list[Header]:
    """Let the shop's own pages read the answer, with no one's cookies."""
    allowed = [(b"access-control-allow-origin", origin)] if shop.may_read(origin.decode("latin-1")) else []
    return [*allowed, (b"vary", b"origin")]


def _preflight(origin: bytes) -> Answer:
    """Let any page ask: which program it belongs to stands in the body, which is not sent yet."""
    if not host_of(origin.decode("latin-1")):
        return Answer(204)
    allowed = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", b"content-type"),
        (b"access-control-max-age", b"86400"),
        (b"vary", b"origin"),
    ]
    return Answer(204, allowed)


def _refuse(status: int, sentence: str, headers: list[Header] | None = None) -> Answer:
    return word(status, {"error": sentence}, headers or [])
