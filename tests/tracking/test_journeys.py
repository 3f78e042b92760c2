"""Cross-device: what a customer clicked in other browsers counts, as far as they were known when the order was made."""

import uuid
from datetime import timedelta

import pytest

from affiliates.models import AttributionTerms
from commissions.actions import take_orders
from tests.makers import NOON, make_click, make_order
from tracking.actions.beacons import MOST_KEYS
from tracking.identity import keys_of
from tracking.models import Click, Identity, Impression, Journey, Study
from tracking.orders import CustomerIn, Evidence

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BUYER = CustomerIn(external_id="c1", email="carl@example.net")


def take(program, number="77", **fields):
    return take_orders(program, [make_order(number, **fields)], at=NOON)[0].conversion


def path(conversion):
    return [step[0] for step in Journey.objects.get(conversion=conversion).path]


def known(program, visitor, at=NOON - DAY, **customer):
    for key in keys_of(program.pk, "shop", **customer):
        Identity.objects.create(program=program, visitor=visitor, key=key, at=at, is_proven=True)


def use(program, **fields):
    AttributionTerms.objects.filter(program=program).update(**fields)


@pytest.mark.parametrize("customer", [{"customer_id": "c1"}, {"email": "Carl@example.net"}])
def test_click_in_another_browser_of_the_customer_counts(program, ann, bob, customer):
    visitor = uuid.uuid4()
    make_click(ann, NOON - 3 * DAY, visitor=visitor)
    known(program, visitor, **customer)

    conversion = take(program, customer=BUYER)

    assert (conversion.decision.enrollment, conversion.decision.trace["touches"][0]["via"]) == (
        ann,
        "identity",
    )


def test_browser_that_was_known_only_later_changes_nothing(program, ann):
    visitor = uuid.uuid4()
    make_click(ann, NOON - 3 * DAY, visitor=visitor)
    known(program, visitor, at=NOON + DAY, email=BUYER.email)

    assert take(program, customer=BUYER).decision.enrollment is None


def test_browser_known_in_another_program_counts_for_nothing(program, other, ann):
    visitor = uuid.uuid4()
    make_click(ann, NOON - 3 * DAY, visitor=visitor)
    known(other, visitor, email=BUYER.email)

    assert take(program, customer=BUYER).decision.enrollment is None


def test_order_makes_its_browser_known_for_later_ones(program, ann, bob):
    use(program, model="linear", bound_days=0)
    visitor = uuid.uuid4()
    _click, tid = make_click(ann, NOON - 3 * DAY, visitor=visitor)
    take(program, "1", customer=BUYER, evidence=Evidence(tid=tid), occurred_at=NOON - 2 * DAY)
    _click, tid = make_click(bob, NOON - DAY, visitor=uuid.uuid4())

    second = take(program, "2", customer=BUYER, evidence=Evidence(tid=tid))

    assert path(second) == [ann.pk, bob.pk]
    assert set(Identity.objects.filter(visitor=visitor).values_list("at", flat=True)) == {NOON - 2 * DAY}


def test_late_order_makes_its_browser_known_from_when_it_was_made(program, ann, bob):
    use(program, model="linear", bound_days=0)
    _click, first = make_click(ann, NOON - 3 * DAY, visitor=uuid.uuid4())
    _click, second = make_click(bob, NOON - DAY, visitor=uuid.uuid4())
    later = take(program, "2", customer=BUYER, evidence=Evidence(tid=second))
    assert path(later) == [bob.pk]

    take(program, "1", customer=BUYER, evidence=Evidence(tid=first), occurred_at=NOON - 2 * DAY)

    assert path(later) == [ann.pk, bob.pk]


def test_browser_of_a_crowd_makes_nobody_known(program, ann):
    visitor = uuid.uuid4()
    _click, tid = make_click(ann, NOON - 3 * DAY, visitor=visitor)
    for number in range(MOST_KEYS):
        known(program, visitor, customer_id=f"other{number}")

    take(program, customer=BUYER, evidence=Evidence(tid=tid))

    assert Identity.objects.filter(visitor=visitor).count() == MOST_KEYS


def test_own_address_given_with_the_customers_number_is_an_own_purchase(program, ann):
    visitor = uuid.uuid4()
    known(program, visitor, customer_id="c9", email=ann.affiliate.email)

    conversion = take(program, ref=ann.code, customer=CustomerIn(external_id="c9"))

    assert conversion.decision.credits[0]["own"] == "customer"


def test_click_id_in_the_address_of_the_landing_page_counts(program, ann):
    _click, tid = make_click(ann, NOON - DAY)

    landed = Evidence(landing_url=f"https://shop.example.com/mugs?utm_source=x&tid={tid}#top")
    assert take(program, "1", evidence=landed).decision.enrollment == ann
    assert (
        take(
            program, "2", evidence=Evidence(landing_url="https://shop.example.com/?ref=ann-archer")
        ).decision.enrollment
        == ann
    )
    assert (
        take(program, "3", evidence=Evidence(landing_url="http://[half/?ref=ann-archer")).decision.enrollment
        is None
    )


def test_spoken_code_counts_as_it_is_said(program, ann):
    assert take(program, ref="  Ann ARCHER ").decision.enrollment == ann


def test_view_is_credited_where_views_count(program, ann):
    use(program, view_hours=24)
    visitor = uuid.uuid4()
    _click, tid = make_click(ann, NOON - 40 * DAY, visitor=visitor)  # too old, but it says which browser
    terms = program.attribution_terms.get()
    view = {
        "link": ann.links.get(),
        "enrollment": ann,
        "program": program,
        "terms": terms,
        "visitor": visitor,
    }
    Impression.objects.create(id=uuid.uuid4(), at=NOON - HOUR, **view)

    decision = take(program, evidence=Evidence(tid=tid)).decision

    assert (decision.enrollment, decision.evidence, decision.click_id) == (ann, "view", None)


def test_view_is_not_even_looked_at_where_views_do_not_count(program, ann):
    visitor = uuid.uuid4()
    _click, tid = make_click(ann, NOON - 40 * DAY, visitor=visitor)
    view = {"link": ann.links.get(), "enrollment": ann, "program": program, "visitor": visitor}
    Impression.objects.create(id=uuid.uuid4(), at=NOON - HOUR, **view)

    decision = take(program, evidence=Evidence(tid=tid)).decision

    assert (decision.enrollment, len(decision.trace["touches"])) == (None, 1)


def test_only_the_newest_touches_are_looked_at_and_the_trace_says_so(program, ann, bob):
    use(program, model="first_click")
    visitor = uuid.uuid4()
    make_click(bob, NOON - 20 * DAY, visitor=visitor)
    link = ann.links.get()
    rows = [
        Click(
            id=uuid.uuid4(),
            link=link,
            enrollment=ann,
            program=program,
            at=NOON - number * HOUR,
            visitor=visitor,
        )
        for number in range(1, 200)
    ]
    Click.objects.bulk_create(rows)
    _click, tid = make_click(ann, NOON - timedelta(minutes=5), visitor=visitor)

    decision = take(program, evidence=Evidence(tid=tid)).decision

    assert (decision.enrollment, decision.trace["is_cut"], len(decision.trace["touches"])) == (ann, True, 200)


def test_click_after_the_order_does_not_push_earlier_ones_out(program, ann, bob):
    visitor = uuid.uuid4()
    _click, tid = make_click(ann, NOON - DAY, visitor=visitor)
    make_click(bob, NOON + HOUR, visitor=visitor)

    decision = take(program, evidence=Evidence(tid=tid)).decision

    assert (decision.enrollment, len(decision.trace["touches"])) == (ann, 1)


def test_marked_repeats_do_not_decide_but_what_the_clicks_themselves_say(program, ann, bob):
    use(program, model="linear")
    visitor = uuid.uuid4()
    make_click(ann, NOON - DAY, visitor=visitor, is_duplicate=True)
    make_click(ann, NOON - DAY + timedelta(seconds=5), visitor=visitor)
    _click, tid = make_click(bob, NOON - HOUR, visitor=visitor)

    conversion = take(program, evidence=Evidence(tid=tid))

    assert [row["why"] for row in conversion.decision.trace["touches"]] == ["", "repeat", ""]
    assert path(conversion) == [ann.pk, bob.pk]


# --- paid by what journeys say --------------------------------------------------------------------------------
def study(program, at, weights, *, enough=True, routine=True):
    result = {"v": 1, "enough": enough, "weights": {"markov": weights, "shapley": weights}}
    begins = {"begins_at": at - 30 * DAY, "ends_at": at}
    return Study.objects.create(
        program=program, state="done", is_routine=routine, finished_at=at, result=result, **begins
    )


def test_newest_nightly_study_before_the_order_shares(program, ann, bob):
    use(program, model="markov", fallback="linear")
    study(program, NOON - 3 * DAY, {str(ann.pk): "0.9", str(bob.pk): "0.1"})
    used = study(program, NOON - 2 * DAY, {str(ann.pk): "0.25", str(bob.pk): "0.75"})
    study(program, NOON - DAY, {str(ann.pk): "0.5", str(bob.pk): "0.5"}, routine=False)
    study(program, NOON - HOUR, {str(ann.pk): "0.5", str(bob.pk): "0.5"}, enough=False)
    study(program, NOON + HOUR, {str(ann.pk): "0.5", str(bob.pk): "0.5"})
    visitor = uuid.uuid4()
    make_click(ann, NOON - 2 * DAY, visitor=visitor)
    _click, tid = make_click(bob, NOON - DAY, visitor=visitor)

    decision = take(program, evidence=Evidence(tid=tid)).decision

    assert [(one["enrollment"], one["share"]) for one in decision.credits] == [
        (bob.pk, "3/4"),
        (ann.pk, "1/4"),
    ]
    assert decision.trace["model"]["study"] == used.pk


def test_fallback_rule_shares_while_there_is_no_study(program, ann, bob):
    use(program, model="shapley", fallback="first_click")
    visitor = uuid.uuid4()
    make_click(ann, NOON - 2 * DAY, visitor=visitor)
    _click, tid = make_click(bob, NOON - DAY, visitor=visitor)

    decision = take(program, evidence=Evidence(tid=tid)).decision

    assert (decision.enrollment, decision.trace["model"]["why"]) == (ann, "no_study")
