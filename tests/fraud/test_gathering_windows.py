"""What is read off counted days is what the plain gatherer reads off the same world."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment, Group, Program
from fraud.actions.days import count_days, look
from fraud.actions.policies import policy_of
from fraud.checks.statistics import PartnerFacts
from fraud.checks.windows import CouponFacts, Share, TrafficFacts
from fraud.gathering.windows import Window, window
from fraud.models import Case, DayCount, ListEntry, Policy
from fraud.partners import Tally
from fraud.states import ListKind
from tests import makers
from tests.fraud.world import World, world
from tests.fraud.world.events import FIRST_DAY
from tests.fraud.world.stored import Stored, store
from tests.fraud.world.window_facts import coupon_facts, partner_facts, traffic_facts, work_of

pytestmark = pytest.mark.django_db

DAYS = 45
END = FIRST_DAY + timedelta(days=DAYS)


def made() -> World:
    """All schemes and look-alikes among few, as tables have them: a network is of one kind, a buyer known to be new."""
    whole, seen, sales = world(3, partners=12, days=DAYS), set(), []
    clicks = (replace(click, is_carrier=click.is_carrier and not click.kind) for click in whole.clicks)
    for sale in whole.sales:
        is_new = sale.buyer.email not in seen if sale.claims_new is None else sale.claims_new
        sales.append(replace(sale, claims_new=is_new))
        seen.add(sale.buyer.email)
    return replace(whole, clicks=tuple(clicks), sales=tuple(sales))


def counted(program: Program, at: datetime = END) -> Window:
    look(program, at=at)
    count_days(program, at=at)
    return window(program, policy_of(program), at.date() - timedelta(days=1), days=DAYS)


def test_counted_days_say_what_the_world_says() -> None:
    truth, program = made(), makers.make_program(is_screened=True)
    stored = store(truth, program)
    works = work_of(truth)
    partners = partner_facts(truth, works)

    found = counted(program)

    back = stored.enrollments_by_key()
    assert_same(found.partners, partners, back, partner)
    assert_same(found.traffic, traffic_facts(truth, works, partners), back, traffic)
    coupons = {
        stored.coupon_of(one.coupon): replace(one, enrollment=back[one.enrollment]) for one in found.coupons
    }
    assert coupons.keys() == truth.coupons.keys()
    for expected in coupon_facts(truth):
        assert_alike(coupon(coupons[expected.coupon], stored), coupon(expected, None), expected.coupon)


def assert_same(found: Iterable[Any], expected: Iterable[Any], back: Mapping[int, int], plain: Any) -> None:
    ours = {back[one.enrollment]: plain(one) for one in found}
    theirs = {one.enrollment: plain(one) for one in expected}
    assert ours.keys() == theirs.keys()
    for enrollment, facts in theirs.items():
        assert_alike(ours[enrollment], facts, enrollment)


NUMBERS = (
    *("clicks", "orders", "clicked", "buyers", "first_buyers", "matured", "refunded", "charged_back"),
    *("baskets", "hours", "delays"),
)


def partner(facts: PartnerFacts) -> dict[str, Any]:
    names = ("history", "today", "clicks_history", "clicks_today")
    return (
        {name: getattr(facts.tally, name) for name in NUMBERS}
        | {name: getattr(facts, name) for name in names}
        | {"baseline": asdict(facts.baseline)}
    )


def traffic(facts: TrafficFacts) -> dict[str, Any]:
    shares = (
        "bots",
        "machines",
        "unlanded",
        "unasked",
        "repeated",
        "short",
        "late",
        "foreign",
        "late_refunds",
    )
    return {
        **{name: share(getattr(facts, name)) for name in shares},
        "busiest": (facts.busiest, facts.people_clicks),
        "hidden": facts.hidden or 0,
        "ads": dict(facts.ads or {}),
        "brand": dict(facts.brand or {}),
        "delays": (facts.delays, facts.usual_delays and asdict(facts.usual_delays)),
    }


def coupon(facts: CouponFacts, stored: Stored | None) -> dict[str, Any]:
    conversions = set(facts.conversions)
    if stored:
        back = stored.conversions_by_key()
        conversions = {back[one] for one in conversions}
    return {
        "enrollment": facts.enrollment,
        "unclicked": share(facts.unclicked),
        "before": share(facts.before),
        "sites": facts.sites,
        "is_offline": facts.is_offline,
        "has_examples": bool(conversions),
    }


def share(one: Share | None) -> Any:
    return None if one is None else asdict(one)


def assert_alike(ours: Any, theirs: Any, name: object) -> None:
    """Counts are the same; fitted numbers are near, for in which order floats are added up moves where a fit stops."""
    exact, fitted = {}, {}
    for place, value in leaves(theirs):
        (fitted if isinstance(value, float) else exact)[place] = value
    mine = dict(leaves(ours))
    assert mine.keys() == exact.keys() | fitted.keys(), name
    assert {place: mine[place] for place in exact} == exact, name
    assert {place: mine[place] for place in fitted} == pytest.approx(fitted, rel=0.03, abs=1e-3), name


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, f"{place}.{name}")
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from leaves(one, f"{place}.{number}")
    else:
        yield place, value


# --- by hand -----------------------------------------------------------------------------------------------------
LAST = date(2026, 11, 1)


@pytest.fixture
def program(db: None) -> Program:
    return makers.make_program(is_screened=True)


def had(enrollment: Enrollment, day: date = LAST, **counts: Any) -> None:
    """What was counted of a day."""
    tally = Tally(**counts)
    DayCount.objects.create(
        program=enrollment.program, enrollment=enrollment, day=day, counts=tally.as_json(), is_stale=False
    )


def many(program: Program, count: int, **counts: Any) -> list[Enrollment]:
    """Peers who all did the same on the last day."""
    found = [makers.make_enrollment(program, f"Kim {number}") for number in range(count)]
    for one in found:
        had(one, **counts)
    return found


def seen(program: Program, *, days: int = 90) -> dict[int, TrafficFacts]:
    return {one.enrollment: one for one in window(program, policy_of(program), LAST, days=days).traffic}


def test_lists_and_terms_that_change_need_no_new_count(program: Program) -> None:
    ann = makers.make_enrollment(program, "Ann")
    had(ann, seen=5, searches={"cheap acme\nmugs": 3}, referrers={"bad.example": 2, "good.example": 1})
    assert (seen(program)[ann.pk].brand, seen(program)[ann.pk].banned) == ({}, {})

    Policy.objects.create(program=program, brand_terms=["acme"], campaigns=["7711223"])
    ListEntry.objects.create(program=program, kind=ListKind.REFERRER, text="*bad.example")

    facts = seen(program)[ann.pk]
    assert (facts.brand, facts.banned, facts.campaigns) == ({"acme": 3}, {"*bad.example": 2}, {"7711223"})


def test_days_on_which_the_tag_saw_nobody_are_held_against_nobody(program: Program) -> None:
    ann, ben = makers.make_enrollment(program, "Ann"), makers.make_enrollment(program, "Ben")
    had(ann, seen=10, bots=2)
    had(ann, LAST - timedelta(days=1), seen=7, landed=0)
    had(ben, seen=1)
    assert seen(program)[ann.pk].unlanded is None

    had(ben, LAST - timedelta(days=1), seen=3, landed=1)

    assert seen(program)[ann.pk].unlanded == Share(7, 7)
    assert seen(program)[ben.pk].unlanded == Share(2, 3)


def test_what_is_not_known_is_not_said(program: Program) -> None:
    (ann,) = many(program, 1, seen=10)

    facts = seen(program)[ann.pk]

    assert (facts.hidden, facts.unlanded, facts.machines) == (None, None, Share(0, 0))


def test_peers_are_those_of_the_own_group(program: Program) -> None:
    group = Group.objects.create(program=program, name="coupon sites")
    ours, others = many(program, 5, clicks=100, clicked=30), many(program, 5, clicks=100, clicked=2)
    Enrollment.objects.filter(pk__in=[one.pk for one in ours]).update(group=group)

    usual = {
        one.enrollment: one.baseline.conversion for one in window(program, policy_of(program), LAST).partners
    }

    assert {round(prior.mean, 1) for one in ours if (prior := usual[one.pk])} == {0.3}
    assert {round(prior.mean, 2) for one in others if (prior := usual[one.pk])} == {0.02}


def test_those_under_review_are_compared_and_shape_nothing(program: Program) -> None:
    honest, doubted = many(program, 5, seen=100, repeated=4), many(program, 4, seen=100, repeated=90)
    for one in doubted:
        Case.objects.create(program=program, enrollment=one, cause="traffic", due_at=makers.NOON)
    decided = {"state": "decided", "verdict": "clear", "decided_at": makers.NOON, "due_at": makers.NOON}
    Case.objects.create(program=program, enrollment=honest[0], cause="traffic", **decided)

    found = seen(program)

    for one in (*honest, *doubted):
        peers = found[one.pk].repeated.peers
        assert peers
        assert (round(peers.mean, 2), peers.peers) == (0.04, 5)


def test_a_window_has_so_many_days_and_a_history_from_the_first_on(program: Program) -> None:
    ann = makers.make_enrollment(program, "Ann")
    Enrollment.objects.update(decided_at=makers.NOON - timedelta(days=10))  # on the 23rd of October
    for ago, orders in ((0, 5), (1, 1), (3, 2), (7, 4)):
        had(ann, LAST - timedelta(days=ago), orders=orders, clicks=10 * orders)

    (facts,) = window(program, policy_of(program), LAST, days=4).partners

    assert facts.tally.orders == 8
    assert (facts.history, facts.today) == ((0, 0, 0, 0, 0, 0, 2, 0, 1), 5)
    assert (facts.clicks_history[-1], facts.clicks_today) == (10, 50)


def test_nothing_but_counted_days_is_read(program: Program, django_assert_num_queries: Any) -> None:
    many(program, 3, seen=5)

    with django_assert_num_queries(8) as asked:
        window(program, policy_of(program), LAST)

    assert not [one for one in asked.captured_queries if '"tracking_' in one["sql"]]
