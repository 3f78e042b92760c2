"""Which tag belongs to which program, and which affiliates' pages lead to its shop without a parameter."""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db.models import QuerySet, Subquery

from affiliates.destinations import hosts_of
from affiliates.models import DirectLink, DirectLinkState, Program
from affiliates.own_pages import bare
from affiliates.states import EnrollmentState
from tracking.edge.known import Raw
from tracking.edge.links import terms_in_force
from tracking.edge.targets import WINDOW_HOURS


@dataclass(frozen=True, slots=True)
class OwnPage:
    """An affiliate's page whose visitors count to the link; `path` has no slash at its end, `sub_ids` are JSON."""

    path: str
    link: int
    enrollment: int
    sub_ids: str
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shop:
    """A program as its tag knows it; `window` in seconds, `pages` by host, the longest path first."""

    program: int
    terms: int | None
    window: int
    hosts: frozenset[str]
    ip_policy: str
    asks_consent: bool
    pages: dict[str, tuple[OwnPage, ...]]

    def page_of(self, referrer: str, at: datetime) -> OwnPage | None:
        """Return the affiliate's page that a visitor came from; the longest path that fits wins."""
        try:
            parts = urlsplit(referrer)
            host, path = bare((parts.hostname or "").rstrip(".")), parts.path
        except ValueError:
            return None
        fitting = (page for page in self.pages.get(host, ()) if f"{path}/".startswith(f"{page.path}/"))
        return next((page for page in fitting if page.ends_at is None or at < page.ends_at), None)

    def may_read(self, origin: str) -> bool:
        """Is a page of this origin one of the shop's own?"""
        return host_of(origin) in self.hosts


def host_of(origin: str) -> str:
    """Return the host of an Origin header, "" for what is none."""
    try:
        parts = urlsplit(origin)
        is_bare = parts.scheme in {"http", "https"} and origin == f"{parts.scheme}://{parts.netloc}"
        return (parts.hostname or "") if is_bare and "@" not in parts.netloc else ""
    except ValueError:
        return ""


def read_shops(keys: set[str], newest: int = 0) -> dict[str, Raw]:
    """Read the programs of these tags, and the newest ones, as they stand now: columns, then the affiliates' pages."""
    rows = list(_programs().filter(tag_key__in=keys)) if keys else []
    if newest:
        rows += _programs().order_by("-pk")[:newest]
    pages = _pages([row[1] for row in rows])
    return {row[0]: (*row, pages[row[1]]) for row in rows}


def _programs() -> "QuerySet[Any, Raw]":
    in_force = terms_in_force("pk")
    programs: QuerySet[Any, Any] = Program.objects.annotate(
        in_force=Subquery(in_force.values("id")[:1]),
        window_hours=Subquery(in_force.values("window_hours")[:1]),
    )
    columns = ("tag_key", "pk", "home_url", "allowed_hosts", "ip_policy", "asks_consent")
    return programs.values_list(*columns, "in_force", "window_hours")


def _pages(programs: list[int]) -> dict[int, list[Raw]]:
    """Return what is active by program, the longest path first: one question for all."""
    rows = DirectLink.objects.filter(
        program__in=programs,
        state=DirectLinkState.ACTIVE,
        enrollment__state=EnrollmentState.ACTIVE,
        link__is_active=True,
    ).values_list("program", "host", "path", "link", "enrollment", "link__sub_ids", "link__expires_at")
    found: dict[int, list[Raw]] = defaultdict(list)
    for program, *page in sorted(rows, key=lambda row: (-len(row[2]), row[2], row[1])):
        found[program].append(tuple(page))
    return found


def shop_of(raw: Raw) -> Shop:
    """Make a shop of a program's row."""
    _key, program, home_url, allowed_hosts, ip_policy, asks_consent, terms, window_hours, pages = raw
    by_host: dict[str, list[OwnPage]] = defaultdict(list)
    for host, path, link, enrollment, sub_ids, ends_at in pages:
        marks = json.dumps(list(map(str, sub_ids)))
        by_host[bare(host.lower())].append(OwnPage(path.rstrip("/"), link, enrollment, marks, ends_at))
    return Shop(
        program=program,
        terms=terms,
        window=(window_hours or WINDOW_HOURS) * 3600,
        hosts=hosts_of(Program(home_url=home_url, allowed_hosts=allowed_hosts)),
        ip_policy=ip_policy,
        asks_consent=asks_consent,
        pages={host: tuple(own) for host, own in by_host.items()},
    )
