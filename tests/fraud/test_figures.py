"""What stands behind the pages: what is at stake, who comes first, and who has what in common."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import Enrollment, Merchant, Program
from commissions import actions as commissions
from core.models import User
from core.money import Money
from fraud.actions import holds, verdicts
from fraud.checks.facts import Mark
from fraud.figures.exposures import FIRST, ranked, stake_of, stakes_by_currency, stakes_of_others, with_stakes
from fraud.figures.pictures import APART, EDGE, STEP, drawn, picture_of
from fraud.figures.rows import MOST_ASKED, click_rows, ids_of, order_rows
from fraud.figures.standings import standing_of
from fraud.models import Case, KnownMark, Signal
from tests import makers
from tests.fraud.admin.found import asked, keep, own_order
from tests.makers import NOON

pytestmark = pytest.mark.django_db


def staked(case: Case) -> Case:
    return with_stakes(Case.objects.select_related("program")).get(pk=case.pk)


def test_stake_is_the_net_of_what_is_held_and_not_declined(bob: Enrollment, mia: object) -> None:
    sales = [makers.make_commission(bob, 10000, external_id=number) for number in ("1", "2", "3")]
    (case,) = keep(bob, *[asked("self_referral", bob, sale=sale) for sale in sales])
    commissions.take_refunds(
        bob.program, "shop", "1", [makers.make_refund(gross=4000), makers.make_refund(gross=1000)]
    )
    commissions.decline(sales[2], reason="by hand", actor=mia, by_verdict=True)  # type: ignore[arg-type]

    found = staked(case)

    assert stake_of(found) == Money(500 + 1000, "EUR")
    assert found.payable_from == sales[0].matures_at


def test_lifted_holds_are_no_stake(bob: Enrollment, mia: object) -> None:
    case = own_order(bob)
    holds.lift(case, reason="", actor=None)

    assert (stake_of(staked(case)), staked(case).payable_from) == (Money(0, "EUR"), None)


def test_what_others_earn_of_the_stake_is_told_with_their_names(
    merchant: Merchant, mia: User, client: Client
) -> None:
    program = makers.make_program(merchant, plan=makers.TWO_LEVELS)
    boss = makers.make_enrollment(program, "Bea Boss")
    ann = makers.make_enrollment(program, "Al", sponsor=boss)
    case = own_order(ann, 10000)

    assert (stake_of(staked(case)), stakes_of_others(case)) == (
        Money(1500, "EUR"),
        [("Bea Boss", Money(500, "EUR"))],
    )
    client.force_login(mia)
    page = client.get(reverse("admin:fraud_case_change", args=[case.pk])).content.decode()
    assert "5.00 earned by Bea Boss" in page
    holds.lift(case, reason="", actor=None)
    assert stakes_of_others(case) == []


def test_what_two_cases_hold_counts_once(bob: Enrollment, program: Program) -> None:
    sale = makers.make_commission(bob, 10000)
    keep(
        bob, asked("self_referral", bob, sale=sale), asked("near_duplicate", bob, sale=sale, figures=SECONDS)
    )
    dollars = makers.make_program(program.merchant, currency="USD", plan=makers.percent_plan("10"))
    own_order(makers.make_enrollment(dollars, "Dora"), 50000, currency="USD")

    assert Case.objects.count() == 3
    assert stakes_by_currency(Case.objects.undecided()) == [Money(5000, "USD"), Money(1000, "EUR")]
    assert stakes_by_currency(Case.objects.none()) == []


SECONDS = {"seconds": 30, "minutes": 1, "marks": ["email"], "count": 1}


def test_order_of_the_queue(program: Program) -> None:
    people = [makers.make_enrollment(program, name) for name in ("Ada", "Ben", "Cid", "Dan", "Eli")]
    cases = [
        own_order(who, net) for who, net in zip(people, (10000, 30000, 20000, 10000, 90000), strict=True)
    ]
    late, large, unlikely, soon, decided = cases
    Case.objects.filter(pk=late.pk).update(due_at=NOON)
    Case.objects.filter(pk=unlikely.pk).update(score=None)
    Case.objects.filter(pk=soon.pk).update(due_at=NOON + timedelta(days=1))
    verdicts.decide(decided, "clear", reason="fine", actor=program.merchant.members.get().user)

    found = list(ranked(Case.objects.all(), NOON).order_by(*FIRST))

    assert found == [late, large, soon, unlikely, decided]


def test_past_leaves_out_the_case_itself_and_others_people(
    bob: Enrollment, ann: Enrollment, mia: object
) -> None:
    makers.make_payable(ann)
    case = own_order(bob)
    before = standing_of(case, NOON)
    verdicts.decide(case, "clear", reason="fine", actor=mia)  # type: ignore[arg-type]

    after = standing_of(Case.objects.get(pk=case.pk), NOON)

    assert (before.approved, before.smooth, before.cleared, before.guilty) == (0, 0, 0, 0)
    assert after.cleared == 0


# --- the drawing ----------------------------------------------------------------------------------------------
NAMES = {1: "Ann", 2: "Bob", 3: "Carl"}


def side(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


def test_only_what_is_shared_is_drawn() -> None:
    holders = {
        ("payee", "x"): (side(1, 2), side()),
        ("device", "y"): (side(3), side()),
        ("email", "z"): (side(1), side(1, 2)),
        ("network", "w"): (side(), side(2)),
    }

    picture = drawn(NAMES, holders, main=1)

    assert picture
    assert [(node.words, node.own, node.buyers) for node in picture.marks] == [
        ("e-mail address", ("Ann",), ("Ann", "Bob")),
        ("payment account", ("Ann", "Bob"), ()),
    ]
    assert [(node.words, node.is_main) for node in picture.accounts] == [
        ("Ann", True),
        ("Bob", False),
        ("Carl", False),
    ]
    assert [node.y for node in picture.accounts] == [EDGE, EDGE + STEP, EDGE + 2 * STEP]
    assert [node.y for node in picture.marks] == [EDGE + STEP // 2, EDGE + STEP // 2 + STEP]
    assert (EDGE + APART, EDGE + STEP // 2 + APART, True) in [
        (one.y1, one.y2, one.is_buyer) for one in picture.lines
    ]
    assert len(picture.lines) == 5
    assert picture.height == 2 * EDGE + 2 * STEP


def test_nothing_shared_is_no_picture() -> None:
    assert drawn(NAMES, {("payee", "x"): (side(1), side())}, main=1) is None
    assert drawn(NAMES, {}, main=1) is None


def test_picture_reads_marks_of_accounts_and_of_their_buyers(ann: Enrollment, bob: Enrollment) -> None:
    sale = makers.make_commission(ann)
    KnownMark.objects.create(
        program=ann.program, conversion=sale.conversion, kind=Mark.PHONE, digest="p", at=NOON
    )
    for who, kind, digest in ((bob, Mark.PHONE, "p"), (ann, Mark.DEVICE, "d"), (bob, Mark.DEVICE, "d")):
        KnownMark.objects.create(program=ann.program, enrollment=who, kind=kind, digest=digest, at=NOON)
    case = own_order(ann)

    picture = picture_of(case, [bob.pk], [sale.conversion_id])

    assert picture
    assert [(node.words, node.own, node.buyers) for node in picture.marks] == [
        ("telephone number", ("Bob Baker",), ("Ann Archer",)),
        ("browser", ("Ann Archer", "Bob Baker"), ()),
    ]
    assert picture_of(case, [], []) is None


def test_crowd_is_cut_and_counted(program: Program, ann: Enrollment) -> None:
    people = [makers.make_enrollment(program, f"Person {number}") for number in range(14)]
    for who in (ann, *people):
        KnownMark.objects.create(program=program, enrollment=who, kind=Mark.PAYEE, digest="d", at=NOON)

    picture = picture_of(own_order(ann), [who.pk for who in people])

    assert picture
    assert (len(picture.accounts), picture.left_out) == (12, 3)


def test_case_of_thousands_of_findings_looks_up_a_bounded_number_of_rows(program: Program) -> None:
    found = [
        Signal(
            conversion_id=number, rows={"conversions": [number, 10**6 + number], "clicks": [f"{number:032x}"]}
        )
        for number in range(5000, 0, -1)
    ]

    conversions, clicks = ids_of(found, "conversions"), ids_of(found, "clicks")

    assert (len(conversions), conversions[:2]) == (MOST_ASKED, [5000, 4999])
    assert (len(clicks), clicks[0]) == (MOST_ASKED, f"{5000:032x}")
    assert (click_rows(program.pk, clicks), order_rows(program.pk, conversions, 1)) == ([], [])
