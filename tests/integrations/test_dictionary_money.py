"""A plan's rule for a category holds in every store, and no word moves money that was settled."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from commissions import actions as commissions
from commissions.ledger import balances
from commissions.models import Commission, Entry
from commissions.words import explain
from core.models import Event
from tests.makers import NOON, make_order, make_refund
from tracking import actions as tracking
from tracking.models import Conversion, Order, Term
from tracking.orders import CustomerIn, LineIn, OrderIn
from tracking.states import TermState, Vocabulary

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def rule(number: str, rate: str, **when: Any) -> dict[str, Any]:
    reward = {"type": "percent", "rate": rate}
    return {"id": number, "name": number.title(), "when": {"goal": "sale", **when}, "reward": reward}


PLAN = {
    "schema": 1,
    "maturity_days": 30,
    "max_total_rate": "50",
    "rules": [rule("all", "1"), rule("shoes", "20", categories=["Shoes"])],
    "exclude": {"categories": ["Vouchers"]},
}


@pytest.fixture
def paid(program, ann):
    commissions.create_plan(program, "Shoes", PLAN, at=NOON - timedelta(days=300))
    plan = program.plans.get(name="Shoes")
    commissions.assign_plan(plan, enrollment=ann, at=NOON - timedelta(days=200))
    return ann


def line(*categories: str, net: int = 10000, key: str = "1") -> LineIn:
    return LineIn(key, net, name="Boot", categories=categories)


def order(number: str, source: str, *lines: LineIn, ref: str, **fields: Any) -> OrderIn:
    total = sum(one.net for one in lines)
    return make_order(number, net=total, ref=ref, source=source, lines=lines, **fields)


def take(program, value, at=NOON):
    return commissions.take_orders(program, [value], at=at)[0]


def word(program, source, theirs, ours, vocabulary=Vocabulary.CATEGORY, at=NOON) -> Term:
    tracking.note_terms(program, source, [(vocabulary, theirs)], at=at)
    return tracking.decide_term(Term.objects.get(source=source, theirs=theirs), word=ours, at=at)


def amounts(enrollment) -> list[int]:
    rows = Commission.objects.filter(enrollment=enrollment, level=1).order_by("conversion_id")
    return [row.amount for row in rows]


def test_one_rule_holds_in_two_stores(program, paid):
    word(program, "woo", "Footwear > Men", "Shoes")
    word(program, "shopify", "shoe", "Shoes")

    take(program, order("1", "woo", line("Footwear > Men"), ref=paid.code))
    take(program, order("2", "shopify", line("shoe"), ref=paid.code))
    take(program, order("3", "magento", line("Shoes"), ref=paid.code))

    assert amounts(paid) == [2000, 2000, 2000]


def test_a_word_of_one_store_means_nothing_in_another(program, paid):
    word(program, "woo", "Footwear > Men", "Shoes")

    take(program, order("1", "shopify", line("Footwear > Men"), ref=paid.code))

    assert amounts(paid) == [100]


def test_a_word_of_one_program_means_nothing_in_another(program, paid, other):
    word(other, "woo", "Footwear > Men", "Shoes")

    take(program, order("1", "woo", line("Footwear > Men"), ref=paid.code))

    assert amounts(paid) == [100]


def test_what_a_plan_excludes_is_excluded_by_any_name(program, paid):
    word(program, "woo", "Geschenkgutscheine", "Vouchers")

    take(program, order("1", "woo", line("Geschenkgutscheine"), line("Tea", key="2"), ref=paid.code))

    assert amounts(paid) == [100]


def test_an_unknown_word_is_listed_and_not_guessed(program, paid):
    take(program, order("1", "woo", line("SHOES"), ref=paid.code))
    event = Event.objects.get(kind="terms.met")

    assert amounts(paid) == [100]
    assert event.data == {"source": "woo", "terms": [["category", "SHOES"]]}


def test_a_suggestion_alone_moves_nothing(program, paid):
    tracking.note_terms(program, "woo", [("category", "SHOES")], at=NOON)
    tracking.suggest_terms(program, {"category": ["Shoes"]}, {})

    take(program, order("1", "woo", line("SHOES"), ref=paid.code))

    assert Term.objects.get().suggestion == "Shoes"
    assert amounts(paid) == [100]


def test_a_trace_names_both_words(program, paid):
    word(program, "woo", "Footwear > Men", "Shoes")
    take(program, order("1", "woo", line("Footwear > Men"), ref=paid.code))

    commission = Commission.objects.get(enrollment=paid, level=1)
    said = " ".join(one.text for one in explain(commission.trace, paid.pk, 1))

    assert "Its category is Shoes, which the store calls “Footwear > Men”." in said


def test_a_trace_without_the_dictionary_is_what_it_was(program, paid):
    take(program, order("1", "woo", line("Shoes"), ref=paid.code))

    assert "called" not in Commission.objects.get(enrollment=paid).trace["lines"][0]


def test_a_word_changed_later_moves_nothing_settled(program, paid):
    term = word(program, "woo", "Footwear", "Shoes")
    told = order("1", "woo", line("Footwear"), ref=paid.code)
    conversion = take(program, told).conversion
    entries = Entry.objects.count()

    tracking.decide_term(term, word="Bags", at=LATER)
    commissions.revalue(conversion, at=LATER)

    assert (amounts(paid), Entry.objects.count()) == ([2000], entries)


def test_a_word_given_later_moves_nothing_settled(program, paid):
    conversion = take(program, order("1", "woo", line("Footwear"), ref=paid.code)).conversion
    entries = Entry.objects.count()

    word(program, "woo", "Footwear", "Shoes", at=LATER)
    commissions.revalue(conversion, at=LATER)

    assert (amounts(paid), Entry.objects.count()) == ([100], entries)
    assert balances(paid)["pending"] == 100


def test_a_revision_follows_the_words_of_the_first_telling(program, paid):
    term = word(program, "woo", "Footwear", "Shoes")
    told = order("1", "woo", line("Footwear"), ref=paid.code)
    take(program, told)
    tracking.decide_term(term, word="Bags", at=LATER)

    more = replace(told, lines=(line("Footwear", net=20000),), total=20000, revision_at=LATER)
    take(program, more, at=LATER)

    assert balances(paid)["pending"] == 4000


def test_what_a_revision_brings_anew_follows_the_present_words_and_then_stays(program, paid):
    told = order("1", "woo", line("Tea"), ref=paid.code)
    take(program, told)
    term = word(program, "woo", "Footwear", "Shoes", at=LATER)
    more = replace(told, lines=(line("Tea"), line("Footwear", key="2")), total=20000, revision_at=LATER)

    conversion = take(program, more, at=LATER).conversion
    tracking.decide_term(term, word="Bags", at=LATER + timedelta(hours=1))
    commissions.revalue(Conversion.objects.get(pk=conversion.pk), at=LATER + timedelta(hours=2))

    assert balances(paid)["pending"] == 100 + 2000
    assert Conversion.objects.get().words == {"category": {"Tea": None, "Footwear": "Shoes"}}


def test_a_refund_takes_back_what_the_first_words_gave(program, paid):
    term = word(program, "woo", "Footwear", "Shoes")
    told = order("1", "woo", line("Footwear"), ref=paid.code)
    take(program, told)
    tracking.undecide_term(term, at=LATER)

    commissions.take_refunds(program, "woo", "1", [make_refund(gross=5000, final=True)], at=LATER)

    assert balances(paid)["pending"] == 1000


def test_a_conversion_of_the_time_before_keeps_the_stores_words(program, paid):
    told = order("1", "woo", line("Footwear"), ref=paid.code)
    take(program, told)
    Conversion.objects.update(words=None)
    word(program, "woo", "Footwear", "Shoes", at=LATER)

    more = replace(told, lines=(line("Footwear", net=20000),), total=20000, revision_at=LATER)
    take(program, more, at=LATER)

    assert balances(paid)["pending"] == 200
    assert Conversion.objects.get().words is None


def test_two_words_of_a_store_that_mean_one_are_one(program, paid):
    word(program, "woo", "Footwear", "Shoes")
    word(program, "woo", "Men's shoes", "Shoes")

    take(program, order("1", "woo", line("Footwear", "Men's shoes"), ref=paid.code))

    assert amounts(paid) == [2000]
    assert Commission.objects.get(enrollment=paid).trace["lines"][0]["called"] == [["Shoes", "Footwear"]]


def test_a_country_told_by_name_fulfils_a_rule_by_its_letters(program, ann):
    body = {**PLAN, "rules": [rule("all", "1"), rule("de", "9", countries=["DE"])]}
    plan = commissions.create_plan(program, "Germany", body, at=NOON - timedelta(days=300))
    commissions.assign_plan(plan, enrollment=ann, at=NOON - timedelta(days=200))
    word(program, "old", "Allemagne", "de", Vocabulary.COUNTRY)

    buyer = CustomerIn(email="b@example.net", country="Allemagne")
    take(program, order("1", "old", line(), ref=ann.code, customer=buyer))

    assert amounts(ann) == [900]


def test_a_country_of_the_norm_needs_no_dictionary(program, paid):
    buyer = CustomerIn(email="b@example.net", country="de")

    take(program, order("1", "woo", line(), ref=paid.code, customer=buyer))

    assert (Conversion.objects.get().words, Event.objects.filter(kind="terms.met").count()) == ({}, 0)


def test_orders_keep_saying_what_the_store_said(program, paid):
    word(program, "woo", "Footwear", "Shoes")

    take(program, order("1", "woo", line("Footwear"), ref=paid.code))

    assert Order.objects.get().snapshot["lines"][0]["categories"] == ["Footwear"]


def test_a_rehearsal_follows_the_words_that_the_books_followed(program, paid):
    from commissions.actions.case_rows import CaseRows
    from commissions.plan import parse_plan

    term = word(program, "woo", "Footwear", "Shoes")
    take(program, order("1", "woo", line("Footwear"), ref=paid.code))
    tracking.decide_term(term, word="Bags", at=LATER)

    between = (NOON - timedelta(days=1), NOON + timedelta(days=1))
    [case] = CaseRows(program, parse_plan(PLAN, "EUR"), between)

    assert case.sale is not None
    assert case.sale.lines[0].categories == ("Shoes",)


def test_a_decided_word_holds_from_its_moment(program):
    term = word(program, "woo", "Footwear", "Shoes", at=LATER)

    assert (term.state, term.decided_at) == (TermState.DECIDED, LATER)
