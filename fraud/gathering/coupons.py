"""How each code was used in the last four weeks and in the four before, from the counts of its owner's days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import urlsplit

from affiliates.models import Coupon, DirectLink, Program
from fraud.checks.windows import CouponFacts, Share
from fraud.gathering.days import since
from fraud.gathering.usual import with_peers
from fraud.partners import HISTORY, PartnerDay, Tally, summed


def coupon_facts(
    program: Program, days: Mapping[int, Sequence[PartnerDay]], until: date, under_review: frozenset[int]
) -> list[CouponFacts]:
    """Return the facts of each code; `days` are by enrollment, up to and with `until`.

    Orders with a code count where its owner is credited for them: by the code or by a click.
    """
    begins = until - timedelta(days=HISTORY - 1)
    before = begins - timedelta(days=HISTORY)
    now = {one: summed(since(each, begins, until)) for one, each in days.items()}
    earlier = {one: summed(since(each, before, begins - timedelta(days=1))) for one, each in days.items()}
    is_told = any(one.tally.sites for each in days.values() for one in since(each, begins, until))
    own = _own_sites(program)
    facts: dict[int, CouponFacts] = {}
    for coupon in Coupon.objects.filter(program=program).order_by("pk"):
        who = coupon.enrollment_id
        sums, sums_before = now.get(who, Tally()), earlier.get(who, Tally())
        facts[coupon.pk] = CouponFacts(
            coupon=coupon.pk,
            enrollment=who,
            unclicked=_unclicked(coupon, sums),
            before=_unclicked(coupon, sums_before),
            sites=_sites(coupon, sums, own.get(who, frozenset())) if is_told else None,
            is_offline=coupon.is_offline,
            conversions=sums.order_examples.get(f"coupon {coupon.pk}", ()),
        )
    return _beside_peers(facts, under_review)


def _beside_peers(facts: dict[int, CouponFacts], under_review: frozenset[int]) -> list[CouponFacts]:
    live = {number: one.unclicked for number, one in facts.items() if not one.is_offline}
    doubted = frozenset(number for number in live if facts[number].enrollment in under_review)
    for number, share in with_peers(live, doubted).items():
        facts[number] = replace(facts[number], unclicked=share)
    return list(facts.values())


def _unclicked(coupon: Coupon, sums: Tally) -> Share:
    without = sums.without_click.get(str(coupon.pk), 0)
    return Share(without, without + sums.with_click.get(str(coupon.pk), 0))


def _sites(coupon: Coupon, sums: Tally, own: frozenset[str]) -> int:
    """Different foreign hosts; a site's own subdomains are its own."""
    told = (name.partition(" ") for name in sums.sites)
    hosts = {host for number, _blank, host in told if number == str(coupon.pk)}
    return sum(1 for host in hosts if not any(host == one or host.endswith(f".{one}") for one in own))


def _own_sites(program: Program) -> dict[int, frozenset[str]]:
    """Enrollment -> hosts that are the affiliate's own, and the shop's."""
    shop = frozenset(_bare(host) for host in program.allowed_hosts)
    pages: dict[int, set[str]] = {}
    sites = program.enrollments.values_list("pk", "affiliate__website")
    for enrollment, host in (*_hosts(sites), *_hosts(_direct_links(program))):
        pages.setdefault(enrollment, set(shop)).add(host)
    return {enrollment: frozenset(hosts - {""}) for enrollment, hosts in pages.items()}


def _direct_links(program: Program) -> Iterable[tuple[int, str]]:
    rows = DirectLink.objects.filter(program=program).values_list("enrollment_id", "host")
    return ((enrollment, f"//{host}") for enrollment, host in rows)


def _hosts(pages: Iterable[tuple[int, str]]) -> Iterable[tuple[int, str]]:
    for enrollment, page in pages:
        try:
            yield enrollment, _bare(urlsplit(page).hostname or "")
        except ValueError:
            yield enrollment, ""


def _bare(host: str) -> str:
    return host.lower().rstrip(".").removeprefix("www.")
