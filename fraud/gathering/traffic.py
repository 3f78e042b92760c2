"""What the clicks of each affiliate look like beside its peers', from the counts of its days."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from fraud.checks.windows import Share, TrafficFacts
from fraud.gathering.day_clicks import Words, term_of
from fraud.gathering.usual import with_peers
from fraud.maths.distances import DELAY_EDGES
from fraud.partners import AT_CHECKOUT, PartnerDay, Tally
from fraud.peers import Baseline

AT_CHECKOUT_BINS = DELAY_EDGES.index(AT_CHECKOUT) + 1
SHARES = (
    *("bots", "machines", "unlanded", "unasked", "repeated"),
    *("short", "late", "foreign", "snatched", "late_refunds"),
)


def traffic_facts(
    days: Mapping[int, Sequence[PartnerDay]],
    tallies: Mapping[int, Tally],
    usual: Mapping[int, Baseline],
    groups: Iterable[Collection[int]],
    words: Words,
    campaigns: Collection[str],
    under_review: frozenset[int],
) -> list[TrafficFacts]:
    """Return the facts of everybody; `tallies` are the sums of `days`, and each of `groups` are each other's peers."""
    tagged = _tagged(days)
    bare = {
        one: _traffic(one, tally, _unlanded(days[one], tagged), usual[one], words, frozenset(campaigns))
        for one, tally in tallies.items()
    }
    for group in groups:
        for name in SHARES:
            shares = {one: share for one in group if (share := getattr(bare[one], name)) is not None}
            for one, share in with_peers(shares, under_review).items():
                bare[one] = replace(bare[one], **_named(name, share))
    return list(bare.values())


def _named(name: str, share: Share) -> dict[str, Any]:
    return {name: share}


def _tagged(days: Mapping[int, Iterable[PartnerDay]]) -> frozenset[date]:
    """The days on which the shop's tag saw anybody: on others it was not there, which is no fault of affiliates."""
    return frozenset(one.day for each in days.values() for one in each if one.tally.landed)


def _unlanded(days: Iterable[PartnerDay], tagged: Collection[date]) -> Share | None:
    seen = [one.tally for one in days if one.day in tagged]
    if not seen:
        return None
    people = sum(one.people for one in seen)
    return Share(people - sum(one.landed for one in seen), people)


def _traffic(
    enrollment: int,
    tally: Tally,
    unlanded: Share | None,
    usual: Baseline,
    words: Words,
    campaigns: frozenset[str],
) -> TrafficFacts:
    delays = sum(tally.delays)
    return TrafficFacts(
        enrollment=enrollment,
        bots=Share(tally.bots, tally.seen),
        machines=Share(tally.machines, tally.looked_up),
        unlanded=unlanded,
        unasked=Share(tally.unasked, tally.telling),
        repeated=Share(tally.repeated, tally.people),
        busiest=tally.busiest,
        people_clicks=tally.tellable,
        hidden=tally.hidden if tally.saying else None,
        ads=_ads(tally),
        campaigns=campaigns,
        brand=_matched(tally.searches, {name: term_of(name, words.terms) for name in tally.searches}),
        banned=_matched(tally.referrers, {page: words.lists.banned(page) for page in tally.referrers}),
        short=Share(tally.soon, delays),
        late=Share(tally.late, delays),
        foreign=Share(tally.foreign, tally.placed),
        snatched=Share(tally.snatched, sum(tally.delays[:AT_CHECKOUT_BINS])),
        delays=tally.delays,
        usual_delays=usual.delays,
        late_refunds=Share(tally.late_refunds, tally.approved),
        examples={**tally.click_examples, **tally.order_examples},
    )


def _ads(tally: Tally) -> dict[tuple[str, str], int]:
    """By key and campaign, as they were written into one text."""
    split = {name: name.partition(" ") for name in tally.ads}
    return {(key, campaign): tally.ads[name] for name, (key, _blank, campaign) in split.items()}


def _matched(names: Mapping[str, int], entries: Mapping[str, str]) -> dict[str, int]:
    """Clicks by the term or entry that their text fits."""
    found: Counter[str] = Counter()
    for name, count in names.items():
        if entry := entries[name]:
            found[entry] += count
    return dict(found)
