"""What the one click behind a sale says. Limits: rules 2, 5, 7 and 11 of the research."""

from django.utils.translation import gettext_lazy as _

from fraud.checks.ads import is_paid
from fraud.checks.base import YES_OR_NO, Check, Limits, Measure
from fraud.checks.facts import AdMarker, ClickFacts, SaleFacts
from fraud.states import Action, Cause, Subject
from tracking.visits.networks import MACHINES

# Sec-Fetch-Dest of what a page loads by itself; nobody follows a link into a picture or a script.
PARTS = frozenset({"audio", "embed", "font", "image", "object", "script", "style", "track", "video", "empty"})
FRAMES = frozenset({"iframe", "frame", "fencedframe"})


def is_hidden(dest: str | None, user: bool | None) -> bool | None:
    """Say whether a page made the click by itself, by its Sec-Fetch-Dest and whether Sec-Fetch-User stood beside it.

    A link inside a frame that a person followed says so by the second, in browsers that send it. None where the
    browser sent neither.
    """
    if not dest:
        return None
    return dest in PARTS or (dest in FRAMES and user is not True)


def hidden_click(facts: SaleFacts) -> Measure | None:
    """Say whether the click behind the sale was made by a page."""
    click = facts.click
    hidden = is_hidden(click.fetch_dest, click.fetch_user) if click else None
    if click is None or hidden is None:
        return None
    return Measure(float(hidden), figures={"kind": click.fetch_dest}, rows=facts.rows())


def paid_ad(facts: SaleFacts) -> Measure | None:
    """Count the markers of advertisements outside the allowed campaigns."""
    if facts.click is None:
        return None
    paid = [one for one in facts.click.ads if is_paid(one, facts.campaigns)]
    figures = {"keys": ", ".join(sorted({one.key for one in paid})), "campaign": _campaign(paid)}
    return Measure(len(paid), figures=figures, rows=facts.rows())


def banned_referrer(facts: SaleFacts) -> Measure | None:
    """Say whether the click came from a page on the program's list."""
    click = facts.click
    if click is None or not (click.referrer or click.banned):
        return None
    figures = {"site": click.referrer, "pattern": click.banned}
    return Measure(float(bool(click.banned)), figures=figures, rows=facts.rows())


def on_block_list(facts: SaleFacts) -> Measure | None:
    """Count the entries of the program's block lists that the sale stands on."""
    figures = {"entries": ", ".join(facts.blocked)}
    return Measure(len(facts.blocked), figures=figures, rows=facts.rows())


def branded_search(facts: SaleFacts) -> Measure | None:
    """Say whether the click's search or campaign named a protected term."""
    click = facts.click
    if click is None:
        return None
    return Measure(float(bool(click.brand_term)), figures={"term": click.brand_term}, rows=facts.rows())


def machine_click(facts: SaleFacts) -> Measure | None:
    """Say whether the click is a program's, or came from a network where nobody sits in front of a screen."""
    click = facts.click
    if click is None or (click.network is None and not click.is_bot):
        return None
    found = click.is_bot or click.network in MACHINES
    return Measure(float(found), figures={"network": click.network or ""}, rows=facts.rows())


def rushed_order(facts: SaleFacts) -> Measure | None:
    """Return the seconds from the click to the order."""
    seconds = _until_order(facts.click)
    if seconds is None:
        return None
    return Measure(seconds, figures={"seconds": round(seconds)}, rows=facts.rows())


def far_away(facts: SaleFacts) -> Measure | None:
    """Say whether the click came from another country than both the goods and the bill go to."""
    click = facts.click
    places = {place for place in (facts.country, facts.payer_country) if place}
    if click is None or not click.country or not places:
        return None
    figures = {"click": click.country, "order": ", ".join(sorted(places))}
    return Measure(float(click.country not in places), figures=figures, rows=facts.rows())


def _until_order(click: ClickFacts | None) -> float | None:
    seconds = None if click is None else click.until_order
    return None if seconds is None or seconds < 0 else seconds


def _campaign(paid: list[AdMarker]) -> str:
    return next((one.campaign for one in paid if one.campaign), "")


ADVERTISING = _("The visitor came from an advertisement that the program does not allow.")

CHECKS: tuple[Check[SaleFacts], ...] = (
    Check(
        name="hidden_click",
        cause=Cause.TRAFFIC,
        subject=Subject.CONVERSION,
        title=_("Hidden click"),
        statistic=_("made by a page: 1, otherwise 0"),
        sentence=_(
            "The click behind this order was loaded by a page as “%(kind)s”, not followed by a person."
        ),
        plain=_("The click before this order does not look as if a person had made it. We look at it."),
        past=_("The click before this order did not look as if a person had made it."),
        honest=_("A link inside an embedded widget, in browsers that do not say who followed it."),
        measure=hidden_click,
        limits=Limits(1),  # rule 7: one suffices
        between=YES_OR_NO,
        weight=3.0,
    ),
    Check(
        name="paid_ad",
        cause=Cause.TRAFFIC,
        subject=Subject.CONVERSION,
        title=_("Sale from an advertisement"),
        statistic=_("markers of advertisements outside the allowed campaigns"),
        sentence=_("The click carries %(keys)s, of no campaign that is allowed."),
        plain=ADVERTISING,
        honest=_(
            "Visitors whom the shop’s own advertisement brought last: add its campaigns to the allowed ones."
        ),
        measure=paid_ad,
        limits=Limits(1),  # Dub flags a single event
        weight=1.0,
    ),
    Check(
        name="branded_search",
        cause=Cause.TRAFFIC,
        subject=Subject.CONVERSION,
        title=_("Sale from a search for the brand"),
        statistic=_("protected term in the search or campaign: 1, otherwise 0"),
        sentence=_("The click’s search or campaign names “%(term)s”."),
        plain=ADVERTISING,
        honest=_("Affiliates who write the shop’s name into a campaign’s name."),
        measure=branded_search,
        limits=Limits(1),
        between=YES_OR_NO,
        weight=1.0,
        action=Action.NOTE,  # one may be chance: the affiliate's own check wants three (rule 11)
    ),
    Check(
        name="banned_referrer",
        cause=Cause.TRAFFIC,
        subject=Subject.CONVERSION,
        title=_("Click from a banned page"),
        statistic=_("page on the program’s list: 1, otherwise 0"),
        sentence=_("The click came from %(site)s, which the list bans by “%(pattern)s”."),
        plain=_("The visitor came from a site that the program does not allow."),
        honest=_("Somebody else may have put the link there."),
        measure=banned_referrer,
        limits=Limits(1),
        between=YES_OR_NO,
        weight=2.0,
    ),
    Check(
        name="on_block_list",
        cause=Cause.TRAFFIC,
        subject=Subject.CONVERSION,
        title=_("On a block list"),
        statistic=_("entries of the program’s lists of networks, e-mail domains and countries"),
        sentence=_("On the program’s block lists: %(entries)s."),
        plain=_("The program takes no orders of this kind."),
        honest=_("Whoever shares a network or a mail provider with the one that was meant."),
        measure=on_block_list,
        limits=Limits(1),
        weight=2.0,
    ),
    Check(
        name="machine_click",
        cause=Cause.TRAFFIC,
        subject=Subject.CONVERSION,
        title=_("Click from a data center or a program"),
        statistic=_("program or data center: 1, otherwise 0"),
        sentence=_("The click behind this order came from a program or a data center."),
        plain=_("The click before this order may not have been made by a person."),
        honest=_("People behind a VPN or a company’s gateway, and browsers inside apps."),
        measure=machine_click,
        limits=Limits(1),  # rule 5: filter the click, never the affiliate, unless the share stands out
        between=YES_OR_NO,
        weight=0.5,
        action=Action.NOTE,
    ),
    Check(
        name="rushed_order",
        cause=Cause.TRAFFIC,
        subject=Subject.CONVERSION,
        title=_("Order right after the click"),
        statistic=_("seconds from the click to the order"),
        sentence=_("The order came %(seconds)s seconds after the click."),
        plain=_("The order came unusually soon after the click."),
        honest=_("Short forms, and customers who return with a full cart."),
        measure=rushed_order,
        limits=Limits(15),  # rule 2, Everflow: under 15 seconds often bots, under 5 likely poaching
        weight=0.7,
        action=Action.NOTE,
        is_low_bad=True,
    ),
    Check(
        name="far_away",
        cause=Cause.TRAFFIC,
        subject=Subject.CONVERSION,
        title=_("Click and order from different countries"),
        statistic=_("different countries: 1, otherwise 0"),
        sentence=_("Click from %(click)s, order to %(order)s."),
        plain=_("Click and order came from different countries."),
        honest=_("Travelers, gifts and VPNs."),
        measure=far_away,
        limits=Limits(1),
        between=YES_OR_NO,
        weight=0.3,
        action=Action.NOTE,  # one alone means nothing: the affiliate's own check wants thirty (rule 6)
    ),
)
