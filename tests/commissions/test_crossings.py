"""Plans, splits, caps and periods that meet: nobody is paid by a plan that is not theirs, nor twice, nor too late."""

from dataclasses import replace
from datetime import timedelta

import pytest

from affiliates import actions as affiliates
from affiliates.states import IllegalMove
from commissions import actions
from commissions.ledger import balances
from commissions.models import Commission
from core.models import Event
from tests.commissions.test_brackets import brackets
from tests.commissions.test_rates import fixed, rule
from tests.commissions.test_volumes import DECEMBER, counting, order, run_jobs, take, worth
from tests.makers import FOUNDED, NOON, make_enrollment, make_plan, make_refund
from tests.story.books import breaches
from tracking.orders import CustomerIn, Evidence, LineIn, RefundLineIn

pytestmark = pytest.mark.django_db
BUYER = CustomerIn(email="buyer@example.net")
STEPS = [("0", "10"), ("1000", "20")]
FALLING = [("0", "20"), ("1000", "10")]
DAY = 60 * 24
GOLD = {"id": "gold", "name": "Gold", "amount": "100.00", "period": "month", "target": "1000.00"}
HELLO = {"id": "hello", "name": "Welcome", "amount": "20.00", "metric": "joining"}
LATER = DECEMBER + timedelta(days=60)


def flat(rate="10", **top):
    return {"schema": 2, "rules": [rule(rate)], **top}


def final(*steps):
    """A bracket whose last step pays for the whole month."""
    return brackets(*steps or STEPS, mode="retroactive")


def shared(who, share):
    return [{"affiliate": who.code, "share": share}]


def cap(of, amount):
    return [{"of": of, "period": "month", "amount": amount}]


def own_plan(who, body, at=FOUNDED):
    plan = make_plan(who.program, f"Plan of {who.code}", body)
    return actions.assign_plan(plan, enrollment=who, at=at)


def unsent(*args, **fields):
    """An order of BUYER that no affiliate's link led to."""
    return replace(order(*args, customer=BUYER, **fields), evidence=Evidence())


def refund(program, number, net):
    lines = (RefundLineIn("1", 1, net),)
    actions.take_refunds(program, "shop", number, [make_refund(lines=lines)], at=NOON)
    run_jobs()


def close():
    actions.close_periods(at=DECEMBER)
    run_jobs()


def extra(kind, who):
    """What the bonuses or true-ups of an affiliate hold now."""
    return [row.net.amount for row in Commission.objects.filter(kind=kind, enrollment=who).with_net()]


@pytest.fixture
def program(merchant):
    return counting(merchant, rule("5"))


@pytest.fixture
def ann(program):
    return make_enrollment(program, email="ann@partner.example")


@pytest.fixture
def bob(program):
    return make_enrollment(program, "Bob Baker")


def sell_to_a_buyer_who_changes_hands(program, ann, bob, net):
    """Orders 2 and 5 are Bob's, who brought the buyer, until Ann's order 0 turns out to have come before."""
    take(program, order("2", 1000, bob, 120, customer=BUYER), unsent("5", net, ann, 300))
    before = worth(bob)["5"]
    take(program, order("0", 1000, ann, customer=BUYER))
    assert before > 0


def test_sale_that_changes_hands_is_moved_by_the_plan_of_its_new_owner(program, ann, bob):
    own_plan(ann, {"schema": 2, "rules": [brackets(*STEPS)]})
    take(program, order("1", 80000, ann, 60))
    sell_to_a_buyer_who_changes_hands(program, ann, bob, 70000)
    before = worth(ann)

    refund(program, "1", 80000)

    assert before == {"0": 100, "1": 8000, "2": 100, "5": 1800 + 10400}
    assert worth(ann) == {"0": 100, "1": 0, "2": 100, "5": 7000}
    assert (worth(bob)["5"], breaches()) == (0, [])


def test_former_partner_in_a_split_is_paid_by_its_own_plan(program, ann, bob):
    own_plan(ann, flat("20"))
    own_plan(bob, flat("10", split=shared(ann, "30")))

    sell_to_a_buyer_who_changes_hands(program, ann, bob, 100000)

    assert (worth(ann)["5"], worth(bob)["5"], breaches()) == (20000, 0, [])


def test_sale_that_changes_hands_is_split_by_the_plan_of_its_new_owner(program, ann, bob):
    cat, dan = make_enrollment(program, "Cat Carr"), make_enrollment(program, "Dan Dorn")
    own_plan(ann, flat("10", split=shared(cat, "40")))
    own_plan(bob, flat("10", split=shared(dan, "30")))

    sell_to_a_buyer_who_changes_hands(program, ann, bob, 100000)

    assert [worth(who)["5"] for who in (ann, cat, bob, dan)] == [6000, 4000, 0, 0]
    assert breaches() == []


def test_partner_whom_a_cap_left_nothing_is_paid_when_there_is_room(merchant):
    program = counting(merchant, rule("10"), caps=cap("affiliate", "100.00"))
    ann, bob = make_enrollment(program), make_enrollment(program, "Bob Baker")
    own_plan(ann, flat(split=shared(bob, "50"), caps=cap("affiliate", "100.00")))
    take(program, order("1", 100000, bob), order("2", 100000, ann, 1))
    before = worth(bob)

    refund(program, "1", 100000)

    assert (before, worth(bob)) == ({"1": 10000}, {"1": 0, "2": 5000})
    assert breaches() == []


def test_partner_gets_no_bonus_of_a_plan_that_is_not_its_own(program, ann, bob):
    own_plan(ann, flat(split=shared(bob, "10"), bonuses=[GOLD]))

    take(program, order("1", 100000, bob), order("2", 100, ann, 1))

    assert (extra("bonus", bob), extra("bonus", ann), breaches()) == ([], [], [])


def test_bonus_that_two_plans_give_is_paid_once_in_a_period(merchant):
    program = counting(merchant, rule("10"), bonuses=[GOLD])
    ann = make_enrollment(program)
    take(program, order("1", 100000, ann))

    own_plan(ann, flat(bonuses=[GOLD]), at=NOON + timedelta(minutes=1))
    take(program, order("2", 100, ann, 2))

    assert (extra("bonus", ann), breaches()) == ([10000], [])


def test_joining_is_paid_once_whatever_plan_comes_later(merchant, mia):
    program = counting(merchant, rule("10"), bonuses=[HELLO])
    gold = program.groups.create(name="Gold")
    actions.assign_plan(make_plan(program, "For Gold", flat(bonuses=[HELLO])), group=gold, at=FOUNDED)
    ann = make_enrollment(program)
    run_jobs()

    affiliates.assign_group(ann, gold, actor=mia)
    affiliates.suspend(ann, reason="Look.", actor=mia)
    affiliates.activate(ann, actor=mia)
    run_jobs()

    assert (extra("bonus", ann), breaches()) == ([2000], [])


def test_bonus_and_true_up_wait_for_a_sale_on_hold_that_they_count(merchant):
    program = counting(merchant, final(), bonuses=[GOLD])
    ann = make_enrollment(program)

    take(program, order("1", 200000, ann, customer=CustomerIn(email=ann.affiliate.email)))
    close()

    rows = Commission.objects.exclude(kind="earned").order_by("kind")
    found = [(row.kind, row.is_held, row.reason) for row in rows]
    assert found == [("bonus", True, "held_sales"), ("true_up", True, "held_sales")]
    assert (actions.approve_due(at=LATER), breaches()) == (0, [])


def test_true_up_below_zero_is_approved_against_what_is_payable(merchant):
    program = counting(merchant, final(*FALLING))
    ann = make_enrollment(program)
    take(program, order("1", 200000, ann))
    close()

    actions.approve_due(at=LATER)

    assert extra("true_up", ann) == [-10000]
    assert balances(ann) == {"pending": 0, "payable": 20000, "in_transit": 0, "paid": 0}
    assert breaches() == []


def test_true_up_below_zero_that_is_declined_is_given_back(merchant, mia):
    program = counting(merchant, final(*FALLING))
    ann = make_enrollment(program)
    take(program, order("1", 200000, ann))
    close()
    before = balances(ann)["pending"]

    actions.decline(Commission.objects.get(kind="true_up"), reason="A gift.", actor=mia, at=DECEMBER)
    run_jobs()

    assert (before, balances(ann)["pending"], breaches()) == (20000, 30000, [])


def test_true_up_uses_the_budget_that_another_affiliate_frees(merchant):
    program = counting(merchant, final(), caps=cap("program", "200.00"))
    ann, bob = make_enrollment(program), make_enrollment(program, "Bob Baker")
    take(program, order("1", 50000, ann), order("2", 110000, bob, 1))
    close()
    before = extra("true_up", bob)

    refund(program, "1", 50000)

    assert (before, extra("true_up", bob), worth(bob)) == ([3000], [8000], {"2": 12000})
    assert breaches() == []


def test_true_up_follows_a_revision_that_leaves_the_volume(merchant):
    shoes = {"id": "shoes", "name": "Shoes", "when": {"categories": ["shoes"]}}
    program = counting(merchant, rule("10"), final() | shoes)
    ann = make_enrollment(program)
    boots = order("1", 90000, ann, lines=(LineIn("1", 90000, categories=("shoes",)),))
    take(program, boots, order("2", 20000, ann, 1))
    close()
    before = extra("true_up", ann)

    mugs = (LineIn("1", 90000, categories=("mugs",)),)
    take(program, replace(boots, lines=mugs, revision_at=NOON + timedelta(hours=1)))

    assert (before, extra("true_up", ann), breaches()) == ([9000], [0], [])


def test_true_up_stands_while_a_sale_of_its_month_is_parked(merchant):
    program = counting(merchant, final())
    ann = make_enrollment(program)
    first = order("1", 90000, ann)
    take(program, first, order("2", 60000, ann, 1))
    close()

    take(program, replace(first, currency="USD", revision_at=NOON + timedelta(hours=1)))
    refund(program, "2", 60000)
    parked = (extra("true_up", ann), breaches())
    take(program, replace(first, revision_at=NOON + timedelta(hours=2)))

    assert parked == ([10000], [])
    assert (extra("true_up", ann), worth(ann), breaches()) == ([0], {"1": 9000, "2": 0}, [])


def test_later_payment_that_arrives_first_keeps_the_version_of_the_subscription(merchant):
    program = counting(merchant, rule("10"))
    actions.publish(program.plans.get(), flat("20"), effective_at=NOON + timedelta(days=1), at=NOON)
    ann = make_enrollment(program)
    fields = {"customer": BUYER, "subscription": "s-1"}

    take(program, order("2", 10000, ann, 2 * DAY, payment_number=2, **fields))
    alone = worth(ann)
    take(program, order("1", 10000, ann, payment_number=1, **fields))

    assert (alone, worth(ann), breaches()) == ({"2": 2000}, {"1": 1000, "2": 1000}, [])


def test_order_whose_commission_is_too_large_to_keep_is_parked(merchant):
    program = counting(merchant, fixed("fixed_per_item", "1000000000000.00"))
    ann = make_enrollment(program)
    many = order("1", 0, ann, lines=(LineIn("1", 0, quantity=1000000),))

    taken = actions.take_orders(program, [many], at=NOON)[0]
    run_jobs()

    assert (taken.status, taken.conversion.state) == ("created", "parked")
    assert taken.conversion.parked_reason == "A commission of it is too large: at most 18 digits are kept."
    assert (Commission.objects.count(), breaches()) == (0, [])


def test_time_zone_is_fixed_once_a_conversion_was_counted(program, ann, mia):
    affiliates.change_program(program, actor=mia, time_zone="Europe/Berlin")
    take(program, order("1", 10000, ann))
    events = Event.objects.count()

    with pytest.raises(IllegalMove):
        affiliates.change_program(program, actor=mia, time_zone="America/New_York")

    program.refresh_from_db()
    assert (program.time_zone, Event.objects.count()) == ("Europe/Berlin", events)
    assert (
        affiliates.change_program(program, actor=mia, time_zone="Europe/Berlin", name="Friends").name
        == "Friends"
    )
