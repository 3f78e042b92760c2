"""What a decision keeps when it is looked at again, and what lets it be made anew; the books stay right."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates import actions as affiliates
from affiliates.models import AttributionTerms, Enrollment, Link, Program
from commissions import actions
from tests.makers import NOON, make_click, make_order
from tests.story.books import breaches
from tracking.actions import forget_raw
from tracking.clickid import make, read
from tracking.identity import keys_of
from tracking.models import Click, Conversion, Decision, Identity, Impression, Journey
from tracking.orders import CustomerIn, Evidence, OrderIn
from tracking.states import OrderState

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BUYER = CustomerIn(email="buyer@example.net")


@pytest.fixture(autouse=True)
def linear(program: Program) -> None:
    use(program, "linear")


def use(program: Program, model: str, **fields: Any) -> None:
    AttributionTerms.objects.filter(program=program).update(model=model, **fields)


def touched(*enrollments: Enrollment, days: float = 10, gap: timedelta = DAY) -> Evidence:
    """Clicks of one browser, the last one named by the store."""
    visitor = uuid.uuid4()
    for place, enrollment in enumerate(enrollments):
        _click, tid = make_click(enrollment, NOON - days * DAY + place * gap, visitor=visitor)
    return Evidence(tid=tid)


def take(program: Program, *orders: OrderIn, **fields: Any) -> Conversion:
    conversion = actions.take_orders(program, orders, **{"at": NOON, **fields})[-1].conversion
    assert conversion
    return conversion


def earlier(number: str = "1", **fields: Any) -> OrderIn:
    """An order of the buyer that lets the later ones be looked at again; it credits nobody."""
    return make_order(number, customer=BUYER, occurred_at=NOON - 20 * DAY, **fields)


def shares(conversion: Conversion) -> list[tuple[int, str]]:
    decision = Decision.objects.get(conversion=conversion, is_current=True)
    return [(credit["enrollment"], credit["share"]) for credit in decision.credits]


def paid(conversion: Conversion, level: int = 1) -> dict[int, int]:
    rows = conversion.commissions.filter(level=level).select_related("enrollment")
    return {row.enrollment_id: row.net.amount for row in rows if row.net.amount}


# --- what was forgotten -------------------------------------------------------------------------------------
def test_touches_that_were_forgotten_take_no_share_away(program, ann, bob):
    first = make_order("1", customer=BUYER, occurred_at=NOON - 300 * DAY)
    take(program, first)
    conversion = take(program, make_order("2", evidence=touched(ann, bob), customer=BUYER))
    Click.objects.update(is_read=True)
    forget_raw(at=NOON + 500 * DAY)

    late = replace(first, external_id="0", occurred_at=NOON - 301 * DAY)
    back = replace(first, state=OrderState.REFUNDED, revision_at=NOON + 200 * DAY)
    take(program, late, back, at=NOON + 500 * DAY)

    assert shares(conversion) == [(bob.pk, "1/2"), (ann.pk, "1/2")]
    assert paid(conversion) == {ann.pk: 500, bob.pk: 500}
    assert breaches() == []


def test_view_that_was_forgotten_keeps_its_credit(program, ann):
    use(program, "linear", view_hours=24 * 30)
    click, tid = make_click(ann, NOON - 50 * DAY, visitor=uuid.uuid4())  # too old, but it names the browser
    view = {"link_id": click.link_id, "enrollment": ann, "program": program, "terms_id": click.terms_id}
    Impression.objects.create(id=uuid.uuid4(), at=NOON - HOUR, visitor=click.visitor, **view)
    conversion = take(program, make_order("2", evidence=Evidence(tid=tid), customer=BUYER))
    assert shares(conversion) == [(ann.pk, "1")]
    forget_raw(at=NOON + 500 * DAY)

    take(program, earlier(), at=NOON + 500 * DAY)

    assert (shares(conversion), Impression.objects.count()) == ([(ann.pk, "1")], 0)
    assert breaches() == []


def test_forgotten_click_that_was_out_of_the_question_is_not_missed(program, ann, bob):
    evidence = touched(bob, ann, days=65, gap=60 * DAY)
    conversion = take(program, make_order("2", evidence=evidence, customer=BUYER))
    Click.objects.filter(enrollment=bob).update(is_bare=True, visitor=None)

    take(program, earlier(ref=bob.code))

    assert shares(conversion) == [(bob.pk, "1")]
    assert breaches() == []


# --- what is frozen -----------------------------------------------------------------------------------------
def test_sponsor_who_was_suspended_since_keeps_level_two_when_shares_change(program, ann, bob, sue, mia):
    conversion = take(program, make_order("2", evidence=touched(ann, bob), customer=BUYER))
    assert paid(conversion, level=2) == {sue.pk: 250}
    affiliates.suspend(sue, reason="Spam", actor=mia, at=NOON)
    browser = uuid.uuid4()
    key = keys_of(program.pk, "shop", email=BUYER.email)[0]
    Identity.objects.create(program=program, visitor=browser, key=key, at=NOON - 20 * DAY, is_proven=True)
    make_click(bob, NOON - 8 * DAY, visitor=browser)

    take(program, earlier())

    assert shares(conversion) == [(bob.pk, "2/3"), (ann.pk, "1/3")]
    assert paid(conversion, level=2) == {sue.pk: 167}
    assert breaches() == []


def test_group_stays_what_it_was_when_shares_change(program, ann, bob, mia):
    gold = affiliates.create_group(program, "Gold", actor=mia)
    affiliates.assign_group(ann, gold, actor=mia)
    conversion = take(program, make_order("2", evidence=touched(ann, bob), customer=BUYER))
    affiliates.assign_group(ann, None, actor=mia)

    take(program, earlier(ref=ann.code))

    decision = Decision.objects.get(conversion=conversion, is_current=True)
    assert [(one["enrollment"], one["group"]) for one in decision.credits] == [(ann.pk, "Gold")]


def test_address_that_became_the_buyers_later_decides_nothing_anew(program, ann, sue, mia):
    conversion = take(program, make_order("2", evidence=touched(ann), customer=BUYER))
    affiliates.suspend(sue, reason="Spam", actor=mia, at=NOON)
    ann.affiliate.email = BUYER.email
    ann.affiliate.save()

    take(program, earlier())

    assert Decision.objects.filter(conversion=conversion).count() == 1
    assert (paid(conversion), paid(conversion, level=2)) == ({ann.pk: 1000}, {sue.pk: 500})
    assert breaches() == []


def test_time_of_repeats_that_is_changed_later_counts_for_later_orders(program, ann, bob):
    evidence = touched(ann, bob, bob, days=1, gap=HOUR)
    conversion = take(program, make_order("2", evidence=evidence, customer=BUYER))
    Program.objects.filter(pk=program.pk).update(duplicate_seconds=7200)
    program.refresh_from_db()

    take(program, earlier())
    later = take(program, make_order("3", evidence=evidence))

    assert dict(shares(conversion)) == {ann.pk: "1/3", bob.pk: "2/3"}
    assert dict(shares(later)) == {ann.pk: "1/2", bob.pk: "1/2"}
    assert breaches() == []


def test_alternating_between_own_links_adds_nothing_to_a_share(program, ann, bob):
    visitor = uuid.uuid4()
    make_click(ann, NOON - DAY, visitor=visitor)
    other = Link.objects.create(enrollment=bob, code="bobs2", destination="https://shop.example.com/b")
    for place in range(20):
        link, at = (bob.links.first(), other)[place % 2], NOON - HOUR + timedelta(milliseconds=place)
        tid = make(link.pk, at)
        row = {"link": link, "enrollment": bob, "program": program, "visitor": visitor}
        Click.objects.create(id=read(tid).uuid, at=at, **row)

    conversion = take(program, make_order(evidence=Evidence(tid=tid)))

    assert dict(shares(conversion)) == {ann.pk: "1/2", bob.pk: "1/2"}
    assert breaches() == []


def test_first_decision_keeps_its_journey_with_one_statement(program, ann):
    evidence = touched(ann)

    with CaptureQueriesContext(connection) as asked:
        take(program, make_order(evidence=evidence))

    told = [query["sql"] for query in asked if "tracking_journey" in query["sql"]]
    assert [sql.split()[0] for sql in told] == ["INSERT"]


# --- a click whose row comes after the order ----------------------------------------------------------------
def on_its_way(enrollment: Enrollment, visitor: uuid.UUID, **fields: Any) -> tuple[Click, str]:
    """A click that the store can name though its row is not there yet."""
    click, tid = make_click(enrollment, NOON - HOUR, visitor=visitor, **fields)
    Click.objects.filter(pk=click.pk).delete()
    return click, tid


def test_order_is_decided_anew_when_the_row_of_its_click_comes(program, ann, bob):
    use(program, "first_click")
    visitor = uuid.uuid4()
    make_click(ann, NOON - DAY, visitor=visitor)
    click, tid = on_its_way(bob, visitor)
    conversion = take(program, make_order("1", evidence=Evidence(tid=tid), customer=BUYER))
    later = take(program, make_order("2", customer=BUYER, occurred_at=NOON + DAY))
    assert actions.take_late_clicks(at=NOON) == 0
    assert (shares(conversion), shares(later)) == ([(bob.pk, "1")], [(bob.pk, "1")])

    click.save(force_insert=True)

    assert [actions.take_late_clicks(at=NOON) for _turn in range(2)] == [1, 0]
    assert (shares(conversion), shares(later)) == ([(ann.pk, "1")], [(ann.pk, "1")])
    assert (paid(conversion), paid(later)) == ({ann.pk: 1000}, {ann.pk: 1000})
    assert Journey.objects.get(conversion=conversion).path == [[ann.pk, 86400, "c"], [bob.pk, 3600, "c"]]
    assert breaches() == []


def test_click_that_turns_out_a_machines_takes_its_credit_back(program, bob):
    click, tid = on_its_way(bob, uuid.uuid4(), is_bot=True)
    conversion = take(program, make_order(evidence=Evidence(tid=tid)))
    assert paid(conversion) == {bob.pk: 1000}
    click.save(force_insert=True)

    assert actions.take_late_clicks(at=NOON) == 1
    assert (shares(conversion), paid(conversion)) == ([], {})
    assert breaches() == []


def test_late_click_that_changes_nothing_is_looked_at_once(program, bob):
    click, tid = on_its_way(bob, uuid.uuid4())
    conversion = take(program, make_order(evidence=Evidence(tid=tid)))
    click.save(force_insert=True)

    assert actions.take_late_clicks(at=NOON) == 0
    assert Decision.objects.get(conversion=conversion).awaits is None


def test_browser_of_a_late_click_is_the_buyers_from_then_on(program, ann, bob):
    click, tid = on_its_way(bob, uuid.uuid4())
    take(program, make_order("1", evidence=Evidence(tid=tid), customer=BUYER))
    assert Identity.objects.count() == 0
    click.save(force_insert=True)

    actions.take_late_clicks(at=NOON)

    [known] = Identity.objects.all()
    assert (known.visitor, known.at, known.is_proven) == (click.visitor, NOON, True)


def test_row_that_never_comes_leaves_the_decision_and_is_given_up(program, ann, bob):
    use(program, "first_click")
    visitor = uuid.uuid4()
    make_click(ann, NOON - DAY, visitor=visitor)
    click, tid = on_its_way(bob, visitor)
    conversion = take(program, make_order("2", evidence=Evidence(tid=tid), customer=BUYER))
    click.save(force_insert=True)

    assert actions.take_late_clicks(at=NOON + 2 * DAY + HOUR) == 0
    assert shares(conversion) == [(bob.pk, "1")]


def test_order_whose_click_has_no_row_is_still_decided_anew_for_its_buyer(program, ann, bob):
    _click, tid = on_its_way(bob, uuid.uuid4())
    conversion = take(program, make_order("2", evidence=Evidence(tid=tid), customer=BUYER))

    take(program, earlier(ref=ann.code))

    assert shares(conversion) == [(ann.pk, "1")]


def test_click_of_another_program_is_not_waited_for(program, stranger):
    _click, tid = make_click(stranger, NOON - HOUR, visitor=uuid.uuid4())

    conversion = take(program, make_order(evidence=Evidence(tid=tid)))

    assert Decision.objects.get(conversion=conversion).awaits is None


def test_confirmation_by_the_store_lets_nobody_suspended_keep_what_a_browser_claimed(program, ann, bob, mia):
    order = replace(make_order("1", ref=bob.code), metadata={"reported_by": "browser"})
    conversion = take(program, order)
    affiliates.suspend(bob, reason="Forged", actor=mia, at=NOON)

    said = replace(order, metadata={}, evidence=touched(ann), revision_at=NOON + HOUR)
    take(program, said)

    assert shares(conversion) == [(ann.pk, "1")]
    assert breaches() == []
