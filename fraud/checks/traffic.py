"""What the clicks of one affiliate within a window look like. Limits: rules 1, 5, 7 and 11 of the research.

Shares are measured against what peers show, never against nothing: honest affiliates differ. `p` is the tail of the
beta-binomial that fits the peers; a plain binomial calls up to 28 % of honest affiliates guilty.
"""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from fraud.checks.ads import is_paid
from fraud.checks.base import Check, Limits, Measure
from fraud.checks.facts import AdMarker
from fraud.checks.sentences import percent
from fraud.checks.windows import Share, TrafficFacts, over_peers
from fraud.states import Action, Cause, Subject


def bot_clicks(facts: TrafficFacts) -> Measure | None:
    """Return by how much the share of clicks made by programs exceeds the peers'."""
    return over_peers(facts.bots, facts.rows("bots"))


def machine_clicks(facts: TrafficFacts) -> Measure | None:
    """Return by how much the share of clicks from data centers, VPNs and Tor exceeds the peers', 0 without peers."""
    return over_peers(facts.machines, facts.rows("machines"), usual=0.0)


def unlanded_clicks(facts: TrafficFacts) -> Measure | None:
    """Return by how much the share of clicks after which no page was seen exceeds the peers'."""
    return over_peers(facts.unlanded, facts.rows("unlanded"))


def unasked_clicks(facts: TrafficFacts) -> Measure | None:
    """Return by how much the share of clicks that nobody asked for exceeds the peers'."""
    return over_peers(facts.unasked, facts.rows("unasked"))


def repeated_clicks(facts: TrafficFacts) -> Measure | None:
    """Return by how much the share of repeated clicks exceeds the peers'."""
    return over_peers(facts.repeated, facts.rows("repeated"))


def few_people(facts: TrafficFacts) -> Measure | None:
    """Return the share of clicks made by the busiest hundredth of people."""
    if facts.busiest is None or not facts.people_clicks:
        return None
    share = Share(facts.busiest, facts.people_clicks)
    figures = {"count": share.count, "of": share.of, "percent": percent(share.value)}
    return Measure(share.value, share.of, figures, facts.rows("busiest"))


def hidden_clicks(facts: TrafficFacts) -> Measure | None:
    """Count the clicks that pages made by themselves."""
    if facts.hidden is None:
        return None
    return Measure(facts.hidden, figures={"count": facts.hidden}, rows=facts.rows("hidden"))


def paid_ads(facts: TrafficFacts) -> Measure | None:
    """Count the clicks from advertisements outside the allowed campaigns."""
    if facts.ads is None:
        return None
    paid = {
        (key, campaign): clicks
        for (key, campaign), clicks in facts.ads.items()
        if is_paid(AdMarker(key, campaign), facts.campaigns)
    }
    keys = ", ".join(sorted({key for key, _campaign in paid}))
    count = sum(paid.values())
    return Measure(count, figures={"count": count, "keys": keys}, rows=facts.rows("ads"))


def brand_bidding(facts: TrafficFacts) -> Measure | None:
    """Count the clicks whose search or campaign names a protected term."""
    return _counted(facts.brand, facts, "brand")


def banned_sites(facts: TrafficFacts) -> Measure | None:
    """Count the clicks from pages on the program's list."""
    return _counted(facts.banned, facts, "banned")


def _counted(clicks: Mapping[str, int] | None, facts: TrafficFacts, name: str) -> Measure | None:
    if clicks is None:
        return None
    count = sum(clicks.values())
    most = ", ".join(sorted(clicks, key=lambda one: (-clicks[one], one))[:3])
    return Measure(count, figures={"count": count, "most": most}, rows=facts.rows(name))


CLICKS_REVIEWED = _("Part of your clicks does not look as if it came from people. We look at them.")
CLICKS_PAST = _("Part of your clicks did not look as if it came from people.")

CHECKS: tuple[Check[TrafficFacts], ...] = (
    Check(
        name="bot_clicks",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Clicks by programs"),
        statistic=_("share of clicks by programs, above the peers’ share"),
        sentence=_("Clicks by programs: %(count)s of %(of)s (%(percent)s %%), usual are %(usual)s %%."),
        plain=CLICKS_REVIEWED,
        past=CLICKS_PAST,
        honest=_("Links in places that search engines and messengers read; programs earn nobody anything."),
        measure=bot_clicks,
        limits=Limits(0.3, sample=100),  # sample: rule 5; three in ten more than peers is our choice
        weight=0.8,
        action=Action.NOTE,  # rule 5: filter the clicks, not the affiliate
    ),
    Check(
        name="machine_clicks",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Clicks from data centers"),
        statistic=_("share of clicks from data centers, VPNs and Tor, above the peers’ share"),
        sentence=_("Clicks from data centers: %(count)s of %(of)s (%(percent)s %%), usual are %(usual)s %%."),
        plain=CLICKS_REVIEWED,
        past=CLICKS_PAST,
        honest=_("Readers who care for privacy, company gateways, redirects on an affiliate’s own server."),
        measure=machine_clicks,
        # Sample: rule 5. 24metrics acts on three quarters without a comparison; half above peers is our choice.
        limits=Limits(0.5, sample=100),
        weight=1.5,
    ),
    Check(
        name="unlanded_clicks",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Clicks that never arrive"),
        statistic=_(
            "share of clicks after which the shop’s tag saw no page within 60 seconds, above the peers’ share"
        ),
        sentence=_(
            "No page was seen after %(count)s of %(of)s clicks (%(percent)s %%), usual are %(usual)s %%."
        ),
        plain=_("After many of your clicks no page of the shop was opened."),
        honest=_("Readers with ad blockers, which stop the tag; slow pages on slow telephones."),
        measure=unlanded_clicks,
        limits=Limits(
            0.4, sample=300
        ),  # sample: rule 7; the excess is our choice: stuffed clicks land hardly ever
        weight=1.5,
    ),
    Check(
        name="unasked_clicks",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Clicks that nobody asked for"),
        statistic=_(
            "share of page loads without a sign of a person, of browsers that send it, above the peers’ share"
        ),
        sentence=_(
            "%(count)s of %(of)s clicks (%(percent)s %%) show no sign of a person, usual are %(usual)s %%."
        ),
        plain=CLICKS_REVIEWED,
        past=CLICKS_PAST,
        honest=_(
            "Links opened from apps, and pages of an affiliate that lead on by themselves after a moment."
        ),
        measure=unasked_clicks,
        limits=Limits(0.4, sample=300),  # sample: rule 7, shares; the excess is our choice
        weight=1.0,
        action=Action.NOTE,
    ),
    Check(
        name="repeated_clicks",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Repeated clicks"),
        statistic=_("share of clicks that repeat one just before, above the peers’ share"),
        sentence=_("Repeated clicks: %(count)s of %(of)s (%(percent)s %%), usual are %(usual)s %%."),
        plain=_("Many of your clicks repeat one just before; those are not counted twice."),
        honest=_("Double clicks, and pages that open slowly: repeated clicks are left out anyhow."),
        measure=repeated_clicks,
        limits=Limits(0.3, sample=100),  # our choice; rule 1: leave them out, do not punish
        weight=0.5,
        action=Action.NOTE,
    ),
    Check(
        name="few_people",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Most clicks by few people"),
        statistic=_("share of clicks by the busiest hundredth of people, carriers’ networks apart"),
        sentence=_("The busiest hundredth of people made %(count)s of %(of)s clicks (%(percent)s %%)."),
        plain=CLICKS_REVIEWED,
        past=CLICKS_PAST,
        honest=_("Offices behind one address, and affiliates who try their own links."),
        measure=few_people,
        limits=Limits(0.5, sample=20),  # sample: rule 1; half of all clicks is our choice
        weight=1.0,
    ),
    Check(
        name="hidden_clicks",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Hidden clicks"),
        statistic=_("clicks that a page loaded as a picture, frame or script"),
        sentence=_("Clicks that a page made by itself, as a picture, frame or script: %(count)s."),
        plain=_(
            "Some clicks look as if a page had opened our links by itself. Clicks must be made by people."
        ),
        honest=_(
            "A link put where an address of a picture belongs, by mistake; links inside an embedded widget."
        ),
        measure=hidden_clicks,
        limits=Limits(1),  # rule 7: one suffices
        weight=3.0,
    ),
    Check(
        name="paid_ads",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Advertisements that are not allowed"),
        statistic=_("clicks from advertisements outside the allowed campaigns"),
        sentence=_("Clicks with %(keys)s, of no campaign that is allowed: %(count)s."),
        plain=_("Visitors came from advertisements that the program does not allow."),
        honest=_("The shop’s own advertisement, clicked last: add its campaigns to the allowed ones."),
        measure=paid_ads,
        limits=Limits(3),  # rule 11
        weight=1.5,
    ),
    Check(
        name="brand_bidding",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Advertisements on the brand’s name"),
        statistic=_("clicks whose search or campaign names a protected term"),
        sentence=_("Clicks whose search or campaign names a protected term (%(most)s): %(count)s."),
        plain=_("Visitors came from searches for a name that the program protects."),
        honest=_("Affiliates who write the shop’s name into a campaign’s name."),
        measure=brand_bidding,
        limits=Limits(3),  # rule 11
        weight=2.0,
    ),
    Check(
        name="banned_sites",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Clicks from banned pages"),
        statistic=_("clicks from pages on the program’s list"),
        sentence=_("Clicks from banned pages (%(most)s): %(count)s."),
        plain=_("Visitors came from sites that the program does not allow."),
        honest=_("Links that somebody else put there."),
        measure=banned_sites,
        limits=Limits(3),  # as many as for advertisements: one may be a stranger's
        weight=2.0,
    ),
)
