"""What is gathered from a world, by a few events written by hand."""

from dataclasses import replace
from typing import Any

from fraud.checks.facts import Mark
from fraud.checks.windows import BUSY_DAY, Share
from tests.fraud.world.account_facts import account_facts, circle_facts, ring_facts
from tests.fraud.world.events import Account, Click, Coupon, Person, Refund, Sale, World
from tests.fraud.world.sale_facts import sale_facts
from tests.fraud.world.window_facts import DAY, coupon_facts, partner_facts, traffic_facts, work_of

ANN, BEN, KIM = 1, 2, 3
ME = Person("ann.ackermann1@gmail.com", phone="p1", address="a1", device="d1", network="n1")
EVE = Person("eve.unger7@web.de", phone="p7", address="a7", device="d7", network="n7")


def account(enrollment: int, person: Person = ME, **known: Any) -> Account:
    return Account(enrollment, "content", person, **{"payee": f"y{enrollment}", **known})


def stranger(number: int) -> Person:
    return Person(f"x{number}@web.de", device=f"d{number}", address=f"a{number}")


def click(number: int, enrollment: int = ANN, at: float = 0.0, visitor: str = "d7", **known: Any) -> Click:
    return Click(number, enrollment, at, visitor, **{"network": "n7", **known})


def sale(own: int, at: float, buyer: Person = EVE, enrollment: int = ANN, **known: Any) -> Sale:
    return Sale(own, enrollment, at, 4900, buyer, **{"number": f"o{own}", **known})


def made(
    clicks: list[Click] | None = None,
    sales: list[Sale] | None = None,
    refunds: list[Refund] | None = None,
    accounts: list[Account] | None = None,
    coupons: list[Coupon] | None = None,
) -> World:
    known = accounts or [account(ANN), account(BEN, stranger(20)), account(KIM, stranger(30))]
    return World(
        days=90,
        accounts={one.enrollment: one for one in known},
        clicks=tuple(clicks or ()),
        sales=tuple(sales or ()),
        refunds=tuple(refunds or ()),
        coupons={one.id: one for one in coupons or ()},
    )


def traffic_of(world: World) -> Any:
    works = work_of(world)
    return next(
        one for one in traffic_facts(world, works, partner_facts(world, works)) if one.enrollment == ANN
    )


def test_sale_knows_its_click_and_whose_came_before() -> None:
    clicks = [click(1, BEN, at=100), click(2, at=700), click(3, KIM, at=5000)]

    (facts,) = sale_facts(made(clicks, [sale(10, at=1000, click=2)]))

    assert facts.click is not None
    assert (facts.click.id, facts.click.until_order) == ("2", 300)
    assert facts.displaced is not None
    assert (facts.displaced.enrollment, facts.displaced.until_order) == (BEN, 900)


def test_sale_knows_earlier_ones_of_the_same_person_and_no_later_ones() -> None:
    twice = sale(12, at=300, number="o10")
    world = made(
        sales=[sale(10, at=100), sale(11, at=200, buyer=stranger(8)), twice], refunds=[Refund(10, 500)]
    )

    first, other, again = sale_facts(world)

    assert (first.alike, other.alike) == ((), ())
    (alike,) = again.alike
    assert (alike.conversion, alike.apart, alike.has_same_number, alike.came_back) == (10, 200, True, True)
    assert Mark.EMAIL in alike.marks
    assert again.earlier == 0  # the same order once more is no earlier one


def test_days_are_added_up() -> None:
    sales = [sale(10, at=89.5 * DAY), sale(11, at=80 * DAY, click=1, claims_new=True), sale(12, at=2 * DAY)]
    world = made([click(1, at=80 * DAY - 60)], sales, [Refund(12, 9 * DAY, is_chargeback=True)])

    facts = next(one for one in partner_facts(world, work_of(world)) if one.enrollment == ANN)

    assert (facts.today, sum(facts.history), len(facts.history)) == (1, 1, 28)
    assert (facts.tally.orders, facts.tally.clicked, facts.tally.first_buyers) == (3, 1, 1)
    assert (facts.tally.matured, facts.tally.refunded, facts.tally.charged_back) == (1, 0, 1)


def test_shares_of_clicks_leave_programs_out() -> None:
    clicks = [
        click(1, is_bot=True),
        click(2, landed=False),
        click(3, landed=None),
        click(4, fetch_dest="iframe"),
    ]

    facts = traffic_of(made(clicks))

    assert replace(facts.bots, peers=None) == Share(1, 4)
    assert replace(facts.unlanded, peers=None) == Share(1, 2)
    assert facts.hidden == 0  # a person asked for it, as the browser says
    assert traffic_of(made([click(1, fetch_dest="iframe", fetch_user=None)])).hidden == 1


def test_busiest_person_is_looked_for_on_busy_days_only() -> None:
    busy = [click(number, at=number, visitor="d7") for number in range(BUSY_DAY)]
    quiet = [click(100 + number, at=2 * DAY + number, visitor="d7") for number in range(BUSY_DAY - 1)]
    carrier = click(200, at=5, visitor="", is_carrier=True)

    facts = traffic_of(made([*busy, carrier, *quiet]))

    assert (facts.busiest, facts.people_clicks) == (BUSY_DAY, BUSY_DAY)


def test_delays_and_refunds_after_approval() -> None:
    clicks = [click(1), click(2, at=10), click(3, at=20, country="FR")]
    sales = [
        sale(10, at=5, click=1),
        sale(11, at=2 * DAY, click=2),
        sale(12, at=900, click=3),
        sale(13, at=9),
    ]

    facts = traffic_of(made(clicks, sales, [Refund(10, 20 * DAY), Refund(12, 40 * DAY)]))

    assert replace(facts.short, peers=None) == replace(facts.late, peers=None) == Share(1, 3)
    assert replace(facts.foreign, peers=None) == Share(1, 3)
    assert replace(facts.late_refunds, peers=None) == Share(1, 3)


def test_code_without_click_in_two_windows() -> None:
    sales = [
        sale(10, at=40 * DAY, coupon=5, click=1),
        sale(11, at=80 * DAY, coupon=5, came_from="site1.example"),
        sale(12, at=81 * DAY, coupon=5, came_from="codes.example"),
        sale(13, at=10 * DAY, coupon=5),
    ]

    (facts,) = coupon_facts(made([click(1, at=40 * DAY)], sales, coupons=[Coupon(5, ANN)]))

    assert replace(facts.unclicked, peers=None) == Share(2, 2)
    assert facts.before == Share(0, 1)
    assert facts.sites == 1


def test_accounts_know_their_twins_and_who_is_declared() -> None:
    accounts = [
        account(ANN, payee="y"),
        account(BEN, replace(stranger(20), device="d1"), payee="y", related=frozenset({ANN})),
        account(KIM, stranger(30)),
    ]
    world = made(accounts=accounts)

    ann, ben, kim = account_facts(world, work_of(world))

    assert ann.twins is not None
    assert ben.twins is not None
    assert [(one.enrollment, one.marks, one.is_related) for one in ann.twins] == [
        (BEN, {Mark.PAYEE: 2, Mark.DEVICE: 2}, False)
    ]
    assert ben.twins[0].is_related
    assert kim.twins == ()


def test_circles_and_lines_of_those_who_buy_through_each_other() -> None:
    ben = stranger(20)
    accounts = [account(ANN), account(BEN, ben, sponsor=ANN), account(KIM, stranger(30), sponsor=BEN)]
    world = made(sales=[sale(10, 100, buyer=ben), sale(11, 200, buyer=ME, enrollment=BEN)], accounts=accounts)

    ring = ring_facts(world, work_of(world))[0]
    circle = circle_facts(world)[0]

    assert ring.line == {ANN, BEN, KIM}
    assert ring.orders == 2
    assert [(one.buyer, one.seller, one.conversions) for one in ring.purchases] == [
        (ANN, BEN, (11,)),
        (BEN, ANN, (10,)),
    ]
    assert circle.members == {ANN}
    assert (circle.customers, circle.all_customers) == (1, 2)
