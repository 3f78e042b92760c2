"""What each partner and each code of a world did within the window, gathered plainly from its clicks and sales."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from fraud.checks.clicks import is_hidden
from fraud.checks.statistics import PartnerFacts
from fraud.checks.windows import BUSY_DAY, CouponFacts, Share, TrafficFacts
from fraud.maths.distances import DELAY_EDGES, HOUR_EDGES, binned
from fraud.maths.medians import AMOUNT_EDGES
from fraud.maths.rates import Prior, fit, usual
from fraud.partners import HISTORY, Tally
from fraud.peers import FEWEST, Baseline, baselines
from tests.fraud.world.events import RETURN_DAYS, Click, Coupon, Refund, Sale, World
from tracking.visits.networks import MACHINES

DAY = 86_400
MONTH = 30 * DAY  # a click earns for so long
SOON, AT_CHECKOUT = 15, 300  # seconds
SHARES = (
    *("bots", "machines", "unlanded", "unasked", "repeated"),
    *("short", "late", "foreign", "snatched", "late_refunds"),
)
OUTSTANDING = 0.03  # above the usual share by so much, a peer is left out of its own measure


@dataclass(slots=True)
class Work:
    """The events of one partner."""

    clicks: list[Click] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    refunds: dict[int, Refund] = field(default_factory=dict)
    snatched: set[int] = field(default_factory=set)  # whose visitor another one had brought, by the sale


def work_of(world: World) -> dict[int, Work]:
    """Return what each partner did."""
    works = {enrollment: Work() for enrollment in world.accounts}
    for click in world.clicks:
        works[click.enrollment].clicks.append(click)
    owner = {}
    for sale in world.sales:
        works[sale.enrollment].sales.append(sale)
        owner[sale.conversion] = sale.enrollment
    for refund in world.refunds:
        works[owner[refund.conversion]].refunds[refund.conversion] = refund
    for sale in _snatched(world):
        works[sale.enrollment].snatched.add(sale.conversion)
    return works


def _snatched(world: World) -> Iterator[Sale]:
    """Orders with a click at the checkout, of a visitor whom somebody else had brought."""
    clicks, visits = {}, defaultdict(list)
    for click in world.clicks:
        clicks[click.id] = click
        if click.visitor:
            visits[click.visitor].append(click)
    for sale in world.sales:
        click = clicks.get(sale.click)
        if click and click.visitor and sale.at - click.at < AT_CHECKOUT:
            before = (one for one in visits[click.visitor] if sale.at - MONTH <= one.at < click.at)
            if any(one.enrollment != sale.enrollment for one in before):
                yield sale


def groups_of(world: World) -> list[list[int]]:
    """Return the partners by what they say they do: each is held against its like."""
    groups: dict[str, list[int]] = defaultdict(list)
    for account in world.accounts.values():
        groups[account.promotion].append(account.enrollment)
    return list(groups.values())


# --- beside its peers, day by day ----------------------------------------------------------------------------
def partner_facts(world: World, works: Mapping[int, Work]) -> list[PartnerFacts]:
    """Return the sums of each partner, what is usual among its peers, and its days."""
    facts = []
    for group in groups_of(world):
        tallies = {enrollment: _tally(world, works[enrollment]) for enrollment in group}
        usual_there = baselines(tallies)
        facts += [
            _partner(world, works[enrollment], enrollment, tallies[enrollment], usual_there[enrollment])
            for enrollment in group
        ]
    return facts


def _tally(world: World, work: Work) -> Tally:
    end = world.days * DAY
    matured = [sale for sale in work.sales if sale.at + RETURN_DAYS * DAY < end]
    back = [work.refunds[sale.conversion] for sale in matured if sale.conversion in work.refunds]
    at = {click.id: click.at for click in work.clicks}
    clicked = [sale for sale in work.sales if sale.click]
    return Tally(
        clicks=sum(1 for click in work.clicks if not click.is_bot and not click.is_repeated),
        orders=len(work.sales),
        clicked=len(clicked),
        buyers=sum(1 for sale in work.sales if sale.claims_new is not None),
        first_buyers=sum(1 for sale in work.sales if sale.claims_new),
        matured=len(matured),
        refunded=sum(1 for refund in back if not refund.is_chargeback),
        charged_back=sum(1 for refund in back if refund.is_chargeback),
        baskets=binned((sale.total for sale in work.sales if sale.total), AMOUNT_EDGES),
        hours=binned((sale.at % DAY / 3600 for sale in work.sales), HOUR_EDGES),
        delays=binned((sale.at - at[sale.click] for sale in clicked), DELAY_EDGES),
    )


def _partner(world: World, work: Work, enrollment: int, tally: Tally, baseline: Baseline) -> PartnerFacts:
    real = (click.at for click in work.clicks if not click.is_bot and not click.is_repeated)
    orders = _by_day(world, (sale.at for sale in work.sales))
    clicks = _by_day(world, real)
    return PartnerFacts(
        enrollment=enrollment,
        tally=tally,
        baseline=baseline,
        history=orders[-1 - HISTORY : -1],
        today=orders[-1],
        clicks_history=clicks[-1 - HISTORY : -1],
        clicks_today=clicks[-1],
    )


def _by_day(world: World, times: Iterable[float]) -> tuple[int, ...]:
    counts = Counter(int(at // DAY) for at in times)
    return tuple(counts[day] for day in range(world.days))


# --- its clicks and their delays -----------------------------------------------------------------------------
def traffic_facts(
    world: World, works: Mapping[int, Work], partners: Iterable[PartnerFacts]
) -> list[TrafficFacts]:
    """Return what the clicks of each partner look like, each share beside its peers'."""
    known = {facts.enrollment: facts for facts in partners}
    bare = {enrollment: _traffic(world, work, known[enrollment]) for enrollment, work in works.items()}
    for group in groups_of(world):
        for name in SHARES:
            for enrollment, share in _with_peers({one: getattr(bare[one], name) for one in group}).items():
                bare[enrollment] = replace(bare[enrollment], **{name: share})
    return list(bare.values())


def _traffic(world: World, work: Work, partner: PartnerFacts) -> TrafficFacts:
    people = [click for click in work.clicks if not click.is_bot]
    at = {click.id: click for click in work.clicks}
    pairs = [(at[sale.click], sale) for sale in work.sales if sale.click]
    delays = [sale.at - click.at for click, sale in pairs]
    busiest, of = _busiest(people)
    hidden = [click.id for click in people if is_hidden(click.fetch_dest, click.fetch_user)]
    return TrafficFacts(
        enrollment=partner.enrollment,
        bots=Share(len(work.clicks) - len(people), len(work.clicks)),
        machines=_share([click.kind in MACHINES for click in people]),
        unlanded=_share([not click.landed for click in people if click.landed is not None]),
        unasked=_share([not click.fetch_user for click in people if click.fetch_user is not None]),
        repeated=_share([click.is_repeated for click in people]),
        busiest=busiest,
        people_clicks=of,
        hidden=len(hidden),
        ads=Counter((marker.key, marker.campaign) for click in people for marker in click.ads),
        brand=Counter(click.brand_term for click in people if click.brand_term),
        short=_share([delay < SOON for delay in delays]),
        late=_share([delay > DAY for delay in delays]),
        foreign=_share([click.country != sale.buyer.country for click, sale in pairs]),
        snatched=_share(
            [sale.conversion in work.snatched for click, sale in pairs if sale.at - click.at < AT_CHECKOUT]
        ),
        delays=partner.tally.delays,
        usual_delays=partner.baseline.delays,
        late_refunds=_late_refunds(world, work),
        examples={"hidden": tuple(hidden)},
    )


def _late_refunds(world: World, work: Work) -> Share:
    """An order that went back within the return window was never approved."""
    approval = {sale.conversion: sale.at + RETURN_DAYS * DAY for sale in work.sales}
    back = {number: refund.at for number, refund in work.refunds.items()}
    approved = [
        number
        for number, at in approval.items()
        if at < world.days * DAY and not back.get(number, at + 1) <= at
    ]
    return _share([number in back for number in approved])


def _share(cases: list[bool]) -> Share:
    return Share(sum(cases), len(cases))


def _busiest(people: list[Click]) -> tuple[int, int]:
    """The clicks of each busy day's busiest hundredth, and the clicks of all whom one can tell apart."""
    days: dict[int, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for click in people:
        if click.visitor or not click.is_carrier:
            person = (click.visitor,) if click.visitor else (click.network, click.browser)
            days[int(click.at // DAY)][person] += 1
    busy = [day for day in days.values() if day.total() >= BUSY_DAY]
    most = sum(count for day in busy for _one, count in day.most_common(max(1, len(day) // 100)))
    return most, sum(day.total() for day in busy)


def _with_peers(shares: Mapping[int, Share]) -> dict[int, Share]:
    """Each share with how the peers' are spread; one that stands out is measured without itself."""
    cases = {enrollment: share for enrollment, share in shares.items() if share.of}
    counts, totals = [one.count for one in cases.values()], [one.of for one in cases.values()]
    may = dict(zip(cases, usual(counts, totals), strict=True))
    peers = {enrollment: share for enrollment, share in cases.items() if may[enrollment]}
    shared = _prior(peers)
    with_peers = {}
    for enrollment, share in shares.items():
        prior = shared
        if prior and enrollment in peers and share.value > prior.mean + OUTSTANDING:
            prior = _prior({one: other for one, other in peers.items() if one != enrollment})
        with_peers[enrollment] = replace(share, peers=prior)
    return with_peers


def _prior(peers: Mapping[int, Share]) -> Prior | None:
    if len(peers) < FEWEST:
        return None
    return fit([share.count for share in peers.values()], [share.of for share in peers.values()])


# --- codes ---------------------------------------------------------------------------------------------------
def coupon_facts(world: World) -> list[CouponFacts]:
    """Return how each code was used in the last 28 days and in the 28 before."""
    used: dict[int, list[Sale]] = defaultdict(list)
    for sale in world.sales:
        if sale.coupon:
            used[sale.coupon].append(sale)
    now = (world.days - HISTORY) * DAY
    facts = {
        coupon.id: _coupon(coupon, used[coupon.id], now, world.accounts[coupon.enrollment].site)
        for coupon in world.coupons.values()
    }
    live = {number: one.unclicked for number, one in facts.items() if not one.is_offline}
    for number, share in _with_peers(live).items():
        facts[number] = replace(facts[number], unclicked=share)
    return list(facts.values())


def _coupon(coupon: Coupon, sales: list[Sale], now: int, own_site: str) -> CouponFacts:
    recent = [sale for sale in sales if sale.at >= now]
    earlier = [sale for sale in sales if now - HISTORY * DAY <= sale.at < now]
    sites = {sale.came_from for sale in recent if sale.came_from and sale.came_from != own_site}
    return CouponFacts(
        coupon=coupon.id,
        enrollment=coupon.enrollment,
        unclicked=_share([not sale.click for sale in recent]),
        before=_share([not sale.click for sale in earlier]),
        sites=len(sites),
        is_offline=coupon.is_offline,
        conversions=tuple(sale.conversion for sale in recent),
    )
