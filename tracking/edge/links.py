"""Which code leads where: remembered for a second, asked again in groups, and kept while the database is away."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import unquote_plus, urlsplit, urlunsplit

from django.db import Error, connection
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.encoding import iri_to_uri

from affiliates.actions.links import DestinationRefused, check_destination
from affiliates.models import AttributionTerms, Link, Program
from affiliates.states import EnrollmentState
from tracking.edge.group import Full, Group

FRESH = 1.0  # seconds for which an answer is believed without asking
PAUSE = 1.0  # seconds for which a database that failed is left alone
REMEMBERED = 100_000
AT_START = 20_000
WINDOW_HOURS = 720


@dataclass(frozen=True, slots=True)
class Target:
    """Where a code leads and to whom it counts; the click's id goes between `before_tid` and `after_tid`."""

    link: int
    enrollment: int
    program: int
    terms: int | None
    window: int
    sub_ids: tuple[str, ...]
    is_live: bool
    destination: str
    before_tid: str
    after_tid: str
    home: str
    seen: float


class Unreachable(Exception):
    """The database is away and the code was not seen before."""


class Links:
    """The codes this process knows."""

    def __init__(self) -> None:
        self.group: Group[str | None, Target | None] = Group("links", self._look_up)
        self._known: dict[str, Target] = {}
        self._away_until = 0.0

    async def find(self, code: str) -> Target | None:
        """Return where the code leads, at most about a second old; None if there is none; raise Unreachable."""
        known = self._known.get(code)
        now = monotonic()
        if known is not None and (now - known.seen < FRESH or now < self._away_until):
            return known
        if now < self._away_until:
            raise Unreachable
        try:
            return await self.group.ask(code)
        except (Error, Full) as failure:
            if known is None:
                raise Unreachable from failure
            return known

    async def warm_up(self) -> None:
        """Learn the newest links, to have them should the database go away."""
        try:
            await self.group.ask(None)
        except (Error, Full):
            return

    def _look_up(self, codes: Sequence[str | None]) -> list[Target | None]:
        """Ask the database for all codes at once (None: for the newest links); runs in the group's thread."""
        wanted = {code for code in codes if code is not None}
        newest = AT_START if None in codes else 0
        try:
            found = self._ask_twice(wanted, newest)
        except Error:
            self._away_until = monotonic() + PAUSE
            raise
        for code in wanted - found.keys():
            self._known.pop(code, None)
        self._remember(found)
        return [found.get(code) if code is not None else None for code in codes]

    def _ask_twice(self, codes: set[str], newest: int) -> dict[str, Target]:
        """A connection that the server dropped meanwhile shows only when it is used."""
        try:
            return read_targets(codes, newest)
        except Error:
            connection.close()
            return read_targets(codes, newest)

    def _remember(self, found: dict[str, Target]) -> None:
        for code, target in found.items():
            self._known.pop(code, None)  # to the end of the line
            self._known[code] = target
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]


def read_targets(codes: set[str], newest: int = 0) -> dict[str, Target]:
    """Read these codes, and the newest links, as they stand now."""
    seen = monotonic()
    links = list(_links().filter(code__in=codes)) if codes else []
    if newest:
        links += _links().order_by("-id")[:newest]
    return {link.code: _target(link, seen) for link in links}


def _links() -> "QuerySet[Any]":
    in_force = AttributionTerms.objects.filter(
        program=OuterRef("enrollment__program"), effective_at__lte=timezone.now()
    ).order_by("-effective_at")
    links: QuerySet[Any] = Link.objects.select_related("enrollment__program").annotate(
        terms=Subquery(in_force.values("id")[:1]), window_hours=Subquery(in_force.values("window_hours")[:1])
    )
    return links


def _target(link: Any, seen: float) -> Target:
    """Check the destination once more, however it came into the table."""
    enrollment, program = link.enrollment, link.enrollment.program
    home = allowed(program, program.home_url)
    destination = allowed(program, link.destination) or home
    before, after = around_tid(destination)
    return Target(
        link=link.id,
        enrollment=enrollment.id,
        program=program.id,
        terms=link.terms,
        window=(link.window_hours or WINDOW_HOURS) * 3600,
        sub_ids=tuple(map(str, link.sub_ids)),
        is_live=link.is_active and enrollment.state == EnrollmentState.ACTIVE,
        destination=destination,
        before_tid=before,
        after_tid=after,
        home=home,
        seen=seen,
    )


def allowed(program: Program, url: str) -> str:
    """Return the address in ASCII if a link of the program may lead there, else nothing."""
    try:
        parts = urlsplit(check_destination(program, url))
        host = (parts.hostname or "").encode("idna").decode()
    except (DestinationRefused, UnicodeError):
        return ""
    host = f"[{host}]" if ":" in host else host
    netloc = f"{host}:{parts.port}" if parts.port else host
    return iri_to_uri(urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, parts.fragment)))


def around_tid(destination: str) -> tuple[str, str]:
    """Split an address into what stands before and after the click's id; a tid of its own is left out."""
    parts = urlsplit(destination)
    kept = [
        piece for piece in parts.query.split("&") if piece and unquote_plus(piece.partition("=")[0]) != "tid"
    ]
    query = "&".join([*kept, "tid="])
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, "")), fragment
