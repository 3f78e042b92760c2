"""The clicks of enrollments on one day, counted where they stand: the database adds up, and only texts are read here.

What is counted of referrers and searches are few texts of each day, so that a list that changes needs no new count:
those that stand on the program's lists now first, then the most frequent.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from django.db import connection
from django.db.models import Case, CharField, Count, F, Max, Min, Q, QuerySet, Value, When
from django.db.models.functions import Cast

from affiliates.models import Program
from fraud.checks.ads import read_ads
from fraud.checks.clicks import FRAMES, PARTS
from fraud.checks.windows import BUSY_DAY
from fraud.gathering.clicks import ASKED, BOUGHT, NAMED, host_of
from fraud.gathering.lists import Lists
from fraud.lists.matching import term_in
from fraud.models import Policy
from fraud.partners import Named, Tally, total
from tracking.models import Click
from tracking.reading.hosts import kind_of
from tracking.states import TrafficSource
from tracking.visits.networks import MACHINES, Kind

PEOPLE = Q(is_bot=False)
NUMBERS: dict[str, Q] = {  # of Tally -> which clicks are counted
    "bots": Q(is_bot=True),
    "clicks": PEOPLE & Q(is_duplicate=False),
    "repeated": PEOPLE & Q(is_duplicate=True),
    "looked_up": PEOPLE & Q(network_kind__isnull=False),
    "machines": PEOPLE & Q(network_kind__in=MACHINES),
    "landed": PEOPLE & ~Q(landing=""),
    "telling": PEOPLE & Q(fetch_user__isnull=False),
    "unasked": PEOPLE & Q(fetch_user=False),
    "saying": PEOPLE & Q(fetch_dest__isnull=False),
    "hidden": PEOPLE
    & (
        Q(fetch_dest__in=PARTS)
        | Q(fetch_dest__in=FRAMES, fetch_user=False)
        | Q(fetch_dest__in=FRAMES, fetch_user=None)
    ),
}
SHOWN: dict[str, Q] = {  # examples' name, as TrafficFacts has it -> of which clicks
    **{name: NUMBERS[name] for name in ("bots", "machines", "unasked", "repeated", "hidden")},
    "unlanded": PEOPLE & Q(landing=""),
}
# What a person is told by: a visitor's id, else network and browser together; in a carrier's network by the id alone.
TOLD_APART = Q(visitor__isnull=False) | (~Q(ip="") & (Q(network_kind=None) | ~Q(network_kind=Kind.MOBILE)))
# Parts of addresses in which an advertisement or a campaign may show; most addresses have none of them.
HINTS = ("clid=", "msclkid=", "braid=", "gad_", "li_fat_id=", "fb_action_ids=", "utm_", "hsa_", "keyword=")
MOST_NAMES = 100  # different ones of one day
LONGEST = 80  # letters of a search that are kept
BREAK = "\n"  # between the texts of one click
EXAMPLES = 3  # ids of one day behind what texts say


@dataclass(frozen=True, slots=True)
class Words:
    """What a program looks for in texts: its lists, and the terms that nobody may bid on."""

    lists: Lists = field(default_factory=Lists)
    terms: tuple[str, ...] = ()

    @classmethod
    def of(cls, program: Program) -> "Words":
        """Read them: two queries."""
        terms = Policy.objects.filter(program=program).values_list("brand_terms", flat=True).first()
        return cls(Lists.of(program), tuple(terms or ()))


def click_tallies(
    span: tuple[datetime, datetime], enrollments: Collection[int], words: Words
) -> dict[int, Tally]:
    """Return what the enrollments' clicks within a span were; those without a click are left out."""
    begins, ends = span
    clicks = Click.objects.filter(enrollment__in=enrollments, at__gte=begins, at__lt=ends, is_read=True)
    clicks = clicks.order_by()
    counted = _numbers(clicks)
    busy = [one for one, row in counted.items() if row["people"] >= BUSY_DAY]
    busiest = _busiest(clicks.filter(PEOPLE, enrollment__in=busy)) if busy else {}
    quiet = _let_through(clicks.filter(NUMBERS["machines"]), words.lists)
    marked = _marked(clicks.filter(PEOPLE), words.terms)
    came = _came(clicks.filter(PEOPLE).exclude(referrer=""), words.lists)
    parts = (busiest, quiet, marked, came)
    return {
        one: total([_tally(row), *(some[one] for some in parts if one in some)])
        for one, row in counted.items()
    }


def texts_searched(click_utm: Mapping[str, str], addresses: Iterable[str], referrer: str) -> list[str]:
    """Return what a click says of the search or campaign that it came by, as fraud.gathering.clicks reads one."""
    said = [str(click_utm.get(name, "")) for name in NAMED]
    for address in addresses:
        said += [value for name, value in _query(address) if name.lower() in BOUGHT]
    if "?" in referrer and kind_of(host_of(referrer)) == TrafficSource.SEARCH:
        said += [value for name, value in _query(referrer) if name.lower() in ASKED]
    return list(dict.fromkeys(text for one in said if (text := " ".join(one.split())[:LONGEST])))


def term_of(name: str, terms: Sequence[str]) -> str:
    """Return the term that a name of Tally.searches holds, or ""."""
    return next((found for text in name.split(BREAK) if (found := term_in(text, terms))), "")


# --- numbers -------------------------------------------------------------------------------------------------
def _numbers(clicks: QuerySet[Any]) -> dict[int, dict[str, Any]]:
    """Enrollment -> its counts, and the first and last click of each kind that is shown."""
    sums: dict[str, Any] = {name: Count("pk", filter=which) for name, which in NUMBERS.items()}
    for name, which in SHOWN.items():
        sums |= {
            f"first_{name}": Min(Cast("pk", CharField()), filter=which),
            f"last_{name}": Max(Cast("pk", CharField()), filter=which),
        }
    rows = clicks.values("enrollment_id").annotate(
        seen=Count("pk"), people=Count("pk", filter=PEOPLE), **sums
    )
    return {row["enrollment_id"]: row for row in rows}


def _tally(row: Mapping[str, Any]) -> Tally:
    ends = {name: (row[f"first_{name}"], row[f"last_{name}"]) for name in SHOWN}
    examples = {
        name: tuple(dict.fromkeys(str(UUID(one)) for one in ids)) for name, ids in ends.items() if all(ids)
    }
    return Tally(seen=row["seen"], click_examples=examples, **{name: row[name] for name in NUMBERS})


def _let_through(machines: QuerySet[Any], lists: Lists) -> dict[int, Tally]:
    """What is to be taken off again: networks on the list of those let through are no machines'."""
    if not (lists.allowed.networks or lists.allowed.marks):
        return {}
    found: Counter[int] = Counter()
    for enrollment, ip, count in machines.values_list("enrollment_id", "ip").annotate(count=Count("pk")):
        if ip and lists.allows_network(ip):
            found[enrollment] += count
    return {one: Tally(looked_up=-count, machines=-count) for one, count in found.items()}


def _busiest(people: QuerySet[Any]) -> dict[int, Tally]:
    """The clicks of the busiest hundredth of people, by how many people made how many clicks."""
    alone = Q(visitor__isnull=True)
    each = (
        people.filter(TOLD_APART)
        .annotate(
            where=Case(When(alone, then=F("ip")), default=Value("")),
            browsed=Case(When(alone, then=F("user_agent")), default=Value("")),
        )
        .values("enrollment_id", "visitor", "where", "browsed")
        .annotate(made=Count("pk"), one=Min(Cast("pk", CharField())))
        .values_list("enrollment_id", "made", "one")
    )
    histograms: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    for enrollment, made, people_count, one in _histogram(each):
        histograms[enrollment].append((made, people_count, one))
    return {one: tally for one, rows in histograms.items() if (tally := _of_busiest(rows))}


def _histogram(each: QuerySet[Any]) -> list[tuple[int, int, int, str]]:
    """Enrollment, clicks, how many people made so many, and a click of one of them: grouped twice, in the database."""
    sql, params = each.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH one(c1, c2, c3) AS ({sql}) SELECT c1, c2, COUNT(*), MIN(c3) FROM one GROUP BY c1, c2",  # noqa: S608
            params,
        )
        return list(cursor.fetchall())


def _of_busiest(rows: Sequence[tuple[int, int, str]]) -> Tally | None:
    people, clicks = sum(row[1] for row in rows), sum(row[0] * row[1] for row in rows)
    if clicks < BUSY_DAY:
        return None
    left, most = max(1, people // 100), 0
    ordered = sorted(rows, reverse=True)
    for made, count, _one in ordered:
        most += made * min(left, count)
        left -= min(left, count)
    examples = {"busiest": (str(UUID(ordered[0][2])),)} if ordered[0][0] > 1 else {}
    return Tally(busiest=most, tellable=clicks, click_examples=examples)


# --- texts ---------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Noted:
    """Names of one enrollment's day, and ids behind those that matter."""

    names: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    listed: set[str] = field(default_factory=set)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def show(self, name: str, click: object) -> None:
        """Keep a click as an example, of the first few."""
        if len(self.examples[name]) < EXAMPLES:
            self.examples[name].append(str(click))

    @property
    def shown(self) -> dict[str, tuple[str, ...]]:
        """The examples."""
        return {name: tuple(ids) for name, ids in self.examples.items()}


def _marked(people: QuerySet[Any], terms: Sequence[str]) -> dict[int, Tally]:
    """Advertisements' markers, and what was searched for, of clicks that may have any."""
    hinted = ~Q(utm={}) | Q(referrer__contains="?")
    for hint in HINTS:
        hinted |= Q(landing__contains=hint) | Q(destination__contains=hint)
    noted: dict[int, _Noted] = defaultdict(_Noted)
    columns = ("enrollment_id", "pk", "utm", "destination", "landing", "referrer")
    for enrollment, pk, utm, *addresses, referrer in people.filter(hinted).values_list(*columns).iterator():
        mine = noted[enrollment]
        for marker in read_ads(addresses, utm):
            mine.names[f"{marker.key} {marker.campaign}".strip()] += 1
            mine.show("ads", pk)
        if texts := texts_searched(utm, addresses, referrer):
            name = BREAK.join(texts)
            mine.others[name] += 1
            if term_of(name, terms):
                mine.listed.add(name)
                mine.show("brand", pk)
    return {
        one: Tally(ads=_few(mine.names), searches=_few(mine.others, mine.listed), click_examples=mine.shown)
        for one, mine in noted.items()
    }


def _came(people: QuerySet[Any], lists: Lists) -> dict[int, Tally]:
    """Clicks by the host that visitors came from, or by the entry of the list that names just that page."""
    rows = people.values("enrollment_id", "referrer").annotate(
        count=Count("pk"), one=Min(Cast("pk", CharField()))
    )
    noted: dict[int, _Noted] = defaultdict(_Noted)
    for row in rows.iterator():
        mine, host = noted[row["enrollment_id"]], _host(row["referrer"])
        banned = lists.banned(row["referrer"])
        name = banned if banned and not lists.banned(host) else host
        mine.names[name] += row["count"]
        if banned:
            mine.listed.add(name)
            mine.show("banned", UUID(row["one"]))
    return {
        one: Tally(referrers=_few(mine.names, mine.listed), click_examples=mine.shown)
        for one, mine in noted.items()
    }


_host = lru_cache(maxsize=4096)(host_of)  # most visitors come from few pages


def _few(names: Counter[str], first: Collection[str] = ()) -> Named:
    """The listed ones and the most frequent others, up to so many."""
    ordered = sorted(names.items(), key=lambda one: (one[0] not in first, -one[1], one[0]))
    return {name: count for name, count in ordered[:MOST_NAMES] if name}


def _query(address: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(address).query)
    except ValueError:
        return []
