"""What is gathered from the tables beside what the made-up world, which was written into them, says itself.

Not compared, for tables cannot know it or know more: customer accounts, which the world has not; the browser of a buyer
who came without a click; a telephone that the same buyer gave with another order; `landed` of a click that the tag was
silent about; and earlier orders of the same browser or postal address alone that are older than a day, which no check
asks for.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from affiliates.models import Program
from fraud.actions.marks import keep_sale_marks
from fraud.checks.facts import PERSONAL, Alike, ClickFacts, Mark, Marks, SaleFacts
from fraud.checks.identity import CROWD
from fraud.checks.orders import DAY, PLACES
from fraud.gathering.accounts import account_facts
from fraud.gathering.sales import sale_facts
from fraud.models import Policy
from tests.fraud.world import World, account_facts as plain_accounts, sale_facts as plain_sales, world
from tests.fraud.world.stored import Stored, digest_of, store, when
from tests.fraud.world.window_facts import work_of
from tracking.states import TrafficSource
from tracking.visits.networks import Kind

pytestmark = pytest.mark.django_db
BATCH = 200
Known = Mapping[int, frozenset[Mark]]
SCHEMES = (
    "own orders, own mailbox",
    "own orders, new mailboxes",
    "several accounts of one person",
    "ring that buys from each other",
    "old customers called new",
    "hidden pictures",
    "poaching at the checkout",
    "bidding on the brand",
    "clicks from data centers",
    "orders sent back after approval",
    "orders told twice",
    "leads from throw-away mailboxes",
)
SIMILAR = ("office behind one address", "couple on one computer", "agency, declared", "club with one address")


@pytest.fixture
def small() -> World:
    """A dozen honest partners, with frauds and look-alikes."""
    return world(7, partners=12, days=45, schemes=SCHEMES, similar=SIMILAR)


@pytest.fixture
def stored(small: World, program: Program) -> Stored:
    """The same in the tables."""
    return store(small, program)


def test_sales_are_gathered_as_they_happened(small: World, stored: Stored) -> None:
    told = {facts.conversion: facts for facts in plain_sales.sale_facts(small)}
    policy = Policy.objects.filter(program=stored.program).first() or Policy(program=stored.program)

    gathered, known = _screened(small, stored, policy), _known(small)

    assert gathered.keys() == told.keys()
    for number, facts in told.items():
        assert _plain(gathered[number], stored, known) == _expected(facts, stored, known), number


def test_accounts_are_gathered_as_they_are(small: World, stored: Stored) -> None:
    told = plain_accounts.account_facts(small, work_of(small))
    keys = {world_id: row.pk for world_id, row in stored.enrollments.items()}

    end = when(small.days * 86_400)

    gathered = {one.enrollment: one for one in account_facts(stored.program, at=end)}

    assert gathered.keys() == set(keys.values())
    for facts in told:
        twins = tuple(
            replace(one, enrollment=keys[one.enrollment])
            for one in facts.twins or ()
            if min(one.marks.values()) <= CROWD
        )
        expected = replace(
            facts,
            enrollment=keys[facts.enrollment],
            twins=tuple(sorted(twins, key=lambda one: one.enrollment)),
        )
        assert gathered[keys[facts.enrollment]] == expected
    part = [one for one, facts in gathered.items() if facts.twins][:3]
    assert len(part) == 3
    assert account_facts(stored.program, part, at=end) == [gathered[one] for one in part]


def _screened(world: World, stored: Stored, policy: Policy) -> Mapping[int, SaleFacts]:
    """A batch after the other, each seeing the marks of those before; back in the world's numbers."""
    numbers = stored.conversions_by_key()
    rows = [stored.conversions[sale.conversion] for sale in world.sales]
    found = {}
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        facts = sale_facts(stored.program, part, policy, at=when(world.days * 86_400))
        keep_sale_marks(stored.program, facts)
        found |= {numbers[one.conversion]: one for one in facts}
    return found


def _known(world: World) -> Known:
    """By what world and tables both know the buyer of each sale."""
    kinds = {sale.conversion: frozenset(sale.buyer.marks) for sale in world.sales}
    clicked = {sale.conversion for sale in world.sales if sale.click}
    return {one: said if one in clicked else said - {Mark.DEVICE} for one, said in kinds.items()}


def _expected(facts: SaleFacts, stored: Stored, known: Known) -> dict[str, Any]:
    """The world's facts in the digests and times of the tables."""
    has_click, displaced = facts.click is not None, facts.displaced
    buyer = _digests(facts.buyer)
    return {
        "at": when((facts.at - when(0)).total_seconds()),
        "said": (facts.total, facts.currency, facts.goal, facts.evidence, facts.claims_new, facts.country),
        "enrollment": facts.enrollment,
        "coupon": "" if has_click else stored.coupons[int(facts.coupon.removeprefix("CODE"))].code,
        "buyer": {kind: buyer[kind] for kind in known[facts.conversion]},
        "affiliate": _digests(facts.affiliate),
        "email": facts.email,
        "earlier": facts.earlier,
        "click": facts.click and _nearly(facts.click),
        "displaced": displaced and (displaced.enrollment, displaced.click),
        "alike": {
            number: replace(one, apart=pytest.approx(one.apart, abs=0.01))
            for number, one in _asked_for(facts.alike, facts.conversion, known).items()
        },
    }


def _asked_for(alike: tuple[Alike, ...], own: int, known: Known) -> dict[int, Alike]:
    """Those that checks ask for, with the marks that both know of both orders."""
    found = {}
    for one in alike:
        marks = one.marks & known[own] & known[one.conversion]
        if one.has_same_number or marks & PERSONAL or (marks & PLACES and one.apart <= DAY):
            found[one.conversion] = replace(one, marks=marks)
    return found


def _plain(facts: SaleFacts, stored: Stored, known: Known) -> dict[str, Any]:
    """What was gathered in the world's numbers."""
    own = stored.conversions_by_key()[facts.conversion]
    enrollments, clicks = stored.enrollments_by_key(), stored.clicks_by_key()
    conversions = stored.conversions_by_key()
    click = facts.click
    if click is not None:
        assert click.source in {TrafficSource.REFERRAL, TrafficSource.DIRECT}
        click = replace(
            click,
            id=str(clicks[click.id]),
            source="",
            landed=click.landed or None,
            network=(click.network or "").replace(Kind.MOBILE, ""),  # a carrier's is no kind of the world's
        )
    displaced = facts.displaced
    return {
        "at": facts.at,
        "said": (facts.total, facts.currency, facts.goal, facts.evidence, facts.claims_new, facts.country),
        "enrollment": enrollments[facts.enrollment],
        "coupon": facts.coupon,
        "buyer": {kind: facts.buyer[kind] for kind in known[own]},
        "affiliate": facts.affiliate,
        "email": facts.email,
        "earlier": facts.earlier,
        "click": click,
        "displaced": displaced and (enrollments[displaced.enrollment], str(clicks[displaced.click])),
        "alike": _asked_for(
            tuple(
                replace(one, conversion=conversions[one.conversion], enrollment=enrollments[one.enrollment])
                for one in facts.alike
            ),
            own,
            known,
        ),
    }


def _nearly(click: ClickFacts) -> ClickFacts:
    """Tables have whole milliseconds, and a silent tag is not heard."""
    until_order = pytest.approx(click.until_order, abs=0.01)
    return replace(click, until_order=until_order, landed=click.landed or None)


def _digests(marks: Marks) -> Marks:
    return {kind: frozenset(digest_of(kind, one) for one in values) for kind, values in marks.items()}
