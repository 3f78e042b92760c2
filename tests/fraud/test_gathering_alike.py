"""Which earlier orders are found beside a sale, and which are not."""

from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from fraud.actions.marks import keep_sale_marks
from fraud.checks.facts import Mark
from fraud.gathering import alike
from fraud.models import KnownMark
from tests import makers
from tests.fraud.test_gathering_sales import DAY, HOUR, MINUTE, gather, order, take
from tests.makers import NOON
from tracking import buyers
from tracking.states import RefundKind

pytestmark = pytest.mark.django_db


def test_later_sale_of_a_batch_sees_the_earlier(program: Program, ann: Enrollment, bob: Enrollment) -> None:
    (later,) = take(ann, order("2", ago=HOUR))
    (first,) = take(bob, order("1", ago=2 * HOUR, net=4900))
    take(ann, order("3", email="lee@mail.example"))

    one, two, three = gather(program)

    assert (one.conversion, two.conversion) == (first.pk, later.pk)
    assert (one.alike, one.earlier, three.alike, three.earlier) == ((), 0, (), 0)
    (found,) = two.alike
    assert (found.conversion, found.apart, found.total, found.enrollment) == (first.pk, 3600.0, 4900, bob.pk)
    assert found.marks == {Mark.EMAIL}
    assert two.earlier == 1


def test_kept_marks_find_what_was_screened_before(program: Program, ann: Enrollment) -> None:
    (first,) = take(ann, order("1", ago=40 * DAY, customer={"phone": "0301234567"}))
    (second,) = take(ann, order("2", email="lee@mail.example", customer={"phone": "+49301234567"}))
    keep_sale_marks(program, gather(program, first))

    (facts,) = gather(program, second)

    assert [(one.conversion, one.marks) for one in facts.alike] == [(first.pk, {Mark.PHONE})]


def test_customers_order_before_screening_began_is_found(program: Program, ann: Enrollment) -> None:
    (first,) = take(ann, order("1", ago=400 * DAY))
    (second,) = take(ann, order("2"))

    (facts,) = gather(program, second)

    assert [(one.conversion, one.marks) for one in facts.alike] == [(first.pk, {Mark.EMAIL})]
    assert KnownMark.objects.count() == 0


def test_order_that_nobody_is_credited_for_is_an_earlier_one(program: Program, ann: Enrollment) -> None:
    commissions.take_orders(program, [order("1", ago=HOUR)], at=NOON)
    (second,) = take(ann, order("2"))

    (facts,) = gather(program)

    assert facts.conversion == second.pk
    assert [one.enrollment for one in facts.alike] == [0]


def test_places_are_looked_back_at_for_a_day(program: Program, ann: Enrollment) -> None:
    there: dict[str, Any] = {"metadata": {buyers.ADDRESS_MARK: "a" * 64}}
    for number, ago in enumerate((25 * HOUR, 23 * HOUR, 0 * HOUR)):
        take(ann, order(str(number), ago=ago, email=f"kim{number}@mail.example", **there))

    facts = gather(program)

    assert [[one.marks for one in each.alike] for each in facts] == [[], [{Mark.ADDRESS}], [{Mark.ADDRESS}]]


def test_shared_network_alone_finds_nothing(program: Program, ann: Enrollment) -> None:
    office: dict[str, Any] = {"metadata": {buyers.NETWORK_MARK: "b" * 64}}
    take(ann, order("1", ago=HOUR, **office), order("2", email="lee@mail.example", **office))

    assert [one.alike for one in gather(program)] == [(), ()]


def test_of_two_that_tell_one_number_only_the_second_was_told_before(
    program: Program, ann: Enrollment
) -> None:
    (first,) = take(ann, order("1"))
    (again,) = take(ann, order("1", ago=MINUTE, source="till"))

    earlier, later = gather(program)

    assert (earlier.conversion, later.conversion) == (again.pk, first.pk)
    assert [(one.conversion, one.apart, one.has_same_number) for one in earlier.alike] == [
        (first.pk, -60.0, True)
    ]
    assert later.alike == ()
    assert (earlier.earlier, later.earlier) == (0, 0)


def test_crowd_is_cut(program: Program, ann: Enrollment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "MOST_ALIKE", 2)
    monkeypatch.setattr(alike, "MOST_KNOWN", 3)
    sales = take(ann, *(order(str(number), ago=(9 - number) * HOUR) for number in range(6)))
    keep_sale_marks(program, gather(program, *sales[:5]))

    (facts,) = gather(program, sales[5])

    assert [one.conversion for one in facts.alike] == [sales[3].pk, sales[4].pk]


def test_what_a_browser_alone_tells_counts_for_nobody_else(program: Program, ann: Enrollment) -> None:
    forged = {"metadata": {"reported_by": "browser"}}
    take(ann, order("1", ago=2 * HOUR, **forged), order("2", ago=HOUR, **forged), order("3"))

    first, second, told = gather(program)

    assert (first.alike, told.alike, told.earlier) == ((), (), 0)
    assert [one.conversion for one in second.alike] == [first.conversion]


def test_taken_at_its_word_a_browser_counts(program: Program, ann: Enrollment) -> None:
    program.browser_orders = "accept"
    program.save()
    take(ann, order("1", ago=HOUR, metadata={"reported_by": "browser"}), order("2"))

    assert [len(one.alike) for one in gather(program)] == [0, 1]


@pytest.mark.parametrize(
    ("refunds", "expected"),
    [
        ([{"gross": 9999}], False),
        ([{"gross": 5000}, {"gross": 5000}], True),
        ([{"kind": RefundKind.CHARGEBACK, "gross": 100}], True),
        ([{"kind": RefundKind.CHARGEBACK}, {"kind": RefundKind.CHARGEBACK_WON}], False),
        ([{"kind": RefundKind.CANCELLATION}], True),
        ([], False),
    ],
)
def test_money_came_back(
    program: Program, ann: Enrollment, refunds: list[dict[str, Any]], expected: bool
) -> None:
    back = tuple(makers.make_refund(**one) for one in refunds)
    take(ann, order("1", ago=DAY, net=10000, refunds=back), order("2"))

    _first, facts = gather(program)

    assert [one.came_back for one in facts.alike] == [expected]


def test_row_that_is_known_by_the_address_alone_is_no_second_mark(program: Program, ann: Enrollment) -> None:
    take(ann, order("1", ago=HOUR, email="kim@mail.example"), order("2", email="Kim+shop@Mail.example"))

    facts = gather(program)

    assert [[one.marks for one in each.alike] for each in facts] == [[], [{Mark.EMAIL}]]


def test_account_that_the_store_itself_names_is_a_second_mark(program: Program, ann: Enrollment) -> None:
    known = {"external_id": "C-7"}
    take(ann, order("1", ago=HOUR, customer=known), order("2", customer=known))

    facts = gather(program)

    assert [[one.marks for one in each.alike] for each in facts] == [[], [{Mark.EMAIL, Mark.CUSTOMER}]]
