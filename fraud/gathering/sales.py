"""Gathers what is known of sales, for a batch at once: the number of queries does not depend on how many there are.

What was never told, is forgotten or is let through by a list is None or empty, which is held against nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from affiliates.countries import COUNTRIES
from affiliates.models import Affiliate, Program
from affiliates.own_pages import SHARED, SHARED_ABOVE
from fraud.checks.facts import PERSONAL, Alike, Mark, Marks, Resemblance, SaleFacts, Told, Unconfirmed
from fraud.checks.systems import DISPUTED
from fraud.gathering.alike import alike_of
from fraud.gathering.came_back import charged_back
from fraud.gathering.clicks import click_facts, displaced, host_of, is_tagged
from fraud.gathering.lists import Lists
from fraud.gathering.marks import frozen, marks_of_enrollments, marks_of_sold
from fraud.gathering.orders import Sold, read_sales
from fraud.gathering.told import told_of, unconfirmed
from fraud.lists import emails
from fraud.models import Policy
from tracking.buyers import NETWORK_MARK, PAYER_COUNTRY
from tracking.models import Conversion
from tracking.states import Vocabulary


@dataclass(frozen=True, slots=True)
class _Batch:
    """What was read for all of them together."""

    policy: Policy
    lists: Lists
    at: datetime
    is_tagged: bool
    buyers: Mapping[int, Marks]
    affiliates: Mapping[int, Marks]
    alike: Mapping[int, tuple[Alike, ...]]
    told: Mapping[int, Told]
    unconfirmed: Mapping[int, Unconfirmed]


def sale_facts(
    program: Program, conversions: Iterable[Conversion], policy: Policy, *, at: datetime
) -> list[SaleFacts]:
    """Return the facts of the program's among these conversions, the oldest first; at most a thousand at a time.

    Sales that nobody is credited for have none, yet they are earlier orders of those that come later in the batch.
    """
    sold = read_sales(program.pk, conversions)
    credited = [one for one in sold if one.enrollment]
    if not credited:
        return []
    lists = Lists.of(program)
    buyers = {number: let_through(marks, lists) for number, marks in marks_of_sold(program.pk, sold).items()}
    buyers |= {one.conversion.pk: _without_network(one, buyers, lists) for one in sold}
    affiliates = marks_of_enrollments(program, {one.enrollment for one in credited})
    batch = _Batch(
        policy=policy,
        lists=lists,
        at=at,
        is_tagged=is_tagged(program),
        buyers=buyers,
        affiliates={number: let_through(marks, lists) for number, marks in affiliates.items()},
        alike=alike_of(program, sold, buyers),
        told=_with_chargebacks(program, credited, told_of(program, credited, policy)),
        unconfirmed=unconfirmed(program, credited, at),
    )
    return [_facts(one, batch) for one in credited]


def _facts(sold: Sold, batch: _Batch) -> SaleFacts:
    conversion, lists = sold.conversion, batch.lists
    buyer, alike = batch.buyers[conversion.pk], batch.alike[conversion.pk]
    here, payer = country_of(sold), _letters(sold.value.metadata.get(PAYER_COUNTRY))
    decision = sold.decision
    return SaleFacts(
        conversion=conversion.pk,
        enrollment=sold.enrollment,
        at=conversion.occurred_at,
        total=conversion.order.total,
        currency=conversion.order.currency,
        goal=conversion.goal,
        evidence=decision.evidence if decision else "",
        coupon=decision.coupon.code if decision and decision.coupon else "",
        buyer=buyer,
        affiliate=batch.affiliates.get(sold.enrollment, {}),
        email=resemblance(sold.email, sold.affiliate, lists),
        own=_own(sold),
        claims_new=sold.value.customer.is_new,
        earlier=_earlier(buyer, alike),
        country="" if lists.allows_country(here) else here,
        payer_country="" if lists.allows_country(payer) else payer,
        click=click_facts(sold, batch.policy, lists, is_tagged=batch.is_tagged, at=batch.at),
        displaced=displaced(sold),
        alike=alike,
        unconfirmed=batch.unconfirmed.get(conversion.pk),
        told=batch.told[conversion.pk],
        campaigns=frozenset(map(str, batch.policy.campaigns)),
        blocked=_blocked(sold, buyer, {here, payer}, lists),
    )


# --- who -----------------------------------------------------------------------------------------------------
def resemblance(email: str, affiliate: Affiliate | None, lists: Lists) -> Resemblance:
    """Return how a buyer's address resembles an affiliate's; of an allowed domain only the names are compared."""
    domain = emails.domain_of(email)
    if affiliate is None or not domain:
        return Resemblance()
    likeness = emails.likeness(email, affiliate.email)
    if lists.allows_domain(domain):
        return Resemblance(likeness=likeness)
    same = emails.share_own_domain(email, affiliate.email)
    site = own_site(affiliate.website)
    of_site = emails.share_own_domain(email, f"x@{site}") if site else None
    return Resemblance(
        is_disposable=emails.is_disposable(email),
        own_domain=None if same is None and of_site is None else bool(same or of_site),
        likeness=likeness,
    )


def own_site(website: str) -> str:
    """Return the host of an affiliate's website, "" for one where everybody may have a page."""
    host = host_of(website)
    labels = host.split(".")
    above = {".".join(labels[start:]) for start in range(len(labels))}
    return "" if above & (SHARED | SHARED_ABOVE) else host


def country_of(sold: Sold) -> str:
    """Return where the goods go, as two letters, also where the store has a word of its own for it; or ""."""
    said = sold.value.customer.country.strip()
    words = (sold.conversion.words or {}).get(Vocabulary.COUNTRY, {})
    return _letters(said) or _letters(words.get(said))


def _letters(said: Any) -> str:
    code = said.strip().upper() if isinstance(said, str) else ""
    return code if code in COUNTRIES else ""


def _own(sold: Sold) -> str:
    """By what tracking found the buyer to be the affiliate; older decisions of one affiliate say it once for all."""
    if sold.decision is None:
        return ""
    told = sold.decision.credits or []
    first = told[0] if told else {}
    once = sold.decision.trace.get("self_referral", "") if len(told) <= 1 else ""
    return str(first.get("own") or once or "")


def _with_chargebacks(program: Program, sold: Iterable[Sold], told: Mapping[int, Told]) -> dict[int, Told]:
    """A payment that was charged back is a lost dispute, unless a system has a word of its own for how it stands."""
    orders = {one.conversion.pk: one.conversion.order_id for one in sold}
    back = charged_back(program, set(orders.values()))
    return {
        number: replace(one, dispute="lost", dispute_by=back[orders[number]])
        if orders[number] in back and one.dispute not in DISPUTED
        else one
        for number, one in told.items()
    }


def _earlier(buyer: Marks, alike: Iterable[Alike]) -> int | None:
    if not PERSONAL & buyer.keys():
        return None
    return sum(1 for one in alike if one.marks & PERSONAL and not one.has_same_number)


# --- what lists say ------------------------------------------------------------------------------------------
def let_through(marks: Marks, lists: Lists) -> Marks:
    """Return marks without those of allowed networks."""
    networks = marks.get(Mark.NETWORK, frozenset())
    left = frozenset(one for one in networks if not lists.allows_network("", (one,)))
    return marks if left == networks else frozen({**marks, Mark.NETWORK: left})


def _without_network(sold: Sold, buyers: Mapping[int, Marks], lists: Lists) -> Marks:
    """The click's address in an allowed network says nothing of the buyer; the store's own word was looked at."""
    marks = buyers[sold.conversion.pk]
    visit = sold.visit
    is_told = bool(sold.value.metadata.get(NETWORK_MARK))
    if is_told or visit is None or not visit.ip or not lists.allows_network(visit.ip):
        return marks
    return {kind: digests for kind, digests in marks.items() if kind != Mark.NETWORK}


def _blocked(sold: Sold, buyer: Marks, countries: set[str], lists: Lists) -> tuple[str, ...]:
    visit, click = sold.visit, sold.click
    return lists.entries_on(
        address=visit.ip if visit else "",
        marks=buyer.get(Mark.NETWORK, frozenset()),
        domain=emails.domain_of(sold.email),
        countries={one for one in (*countries, click.country if click else "") if one},
    )
