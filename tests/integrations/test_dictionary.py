"""The dictionary itself: noted once, counted, suggested by likeness, decided by a person."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from commissions import actions as commissions
from core.models import Event
from tests.makers import NOON, make_member, make_order
from tracking import actions as tracking
from tracking.actions import terms
from tracking.models import Term
from tracking.orders import LineIn
from tracking.states import TermState
from tracking.vocabulary import Choice, best, plain, unit

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def note(program, *names, vocabulary="category", source="woo"):
    tracking.note_terms(program, source, [(vocabulary, name) for name in names], at=NOON)
    return [Term.objects.get(program=program, source=source, theirs=name) for name in names]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("SHOES", "Shoes"),
        ("shoe", "Shoes"),
        ("Footwear > Shoes", "Shoes"),
        ("Shoes > Men", "Shoes"),
        ("Möbel", "mobel"),
        ("T-Shirts", "T shirt"),
        ("Electronis", "Electronics"),
        ("Straße", "strasse"),
    ],
)
def test_a_word_is_suggested_by_likeness(theirs, ours):
    assert best(theirs, ["Bags", ours, "Watches"])[0] == ours


@pytest.mark.parametrize("theirs", ["Tea", "Tee", "Ball", "Footwear", "", ">", "靴", "🎁"])
def test_what_is_not_alike_enough_is_not_suggested(theirs):
    assert best(theirs, ["Shoes", "Toe", "Bags", "Balance"]) == ("", 0)


def test_equals_are_suggested_in_one_order():
    assert best("shoe", ["shoes", "Shoes", "SHOES"]) == best("shoe", ["SHOES", "Shoes", "shoes"])


def test_plural_case_accent_and_separator_make_no_difference():
    assert plain("Home_Accessories") == plain("home accessory") == plain("HOME-ACCESSORIES")


def test_a_unit_has_its_names_by_the_norm():
    assert [unit(name) for name in ("Stk.", "PCS", "Kilogramm", "furlong")] == ["piece", "piece", "kg", ""]


def test_a_word_is_noted_once(program):
    assert tracking.note_terms(program, "woo", [("category", "Shoes")], at=NOON) == 1
    assert tracking.note_terms(program, "woo", [("category", "Shoes")], at=LATER) == 0

    assert [(row.state, row.first_seen_at) for row in Term.objects.all()] == [(TermState.UNKNOWN, NOON)]


def test_words_are_counted_once_each_conversion(program, ann):
    note(program, "Tea")
    for number in ("1", "2"):
        lines = (LineIn("1", 100, categories=("Tea",)), LineIn("2", 100, categories=("Tea",)))
        commissions.take_orders(program, [make_order(number, source="woo", lines=lines)], at=LATER)

    assert tracking.count_terms(at=LATER + timedelta(hours=1)) == 2
    assert tracking.count_terms(at=LATER + timedelta(hours=2)) == 0
    assert [(row.seen, row.last_seen_at) for row in Term.objects.all()] == [(2, LATER)]


def test_what_may_still_be_in_the_making_is_counted_later(program, ann):
    note(program, "Tea")
    lines = (LineIn("1", 100, categories=("Tea",)),)
    commissions.take_orders(program, [make_order("1", source="woo", lines=lines)], at=NOON)

    assert tracking.count_terms(at=NOON + timedelta(minutes=5)) == 0
    assert tracking.count_terms(at=NOON + timedelta(minutes=11)) == 1


def test_a_decision_is_an_event_with_who_and_what(program):
    mia = make_member(program.merchant, "manager")
    [term] = note(program, "Footwear")

    tracking.decide_term(term, word="  Shoes ", actor=mia, at=LATER)
    tracking.decide_term(term, word="Shoes", actor=mia, at=LATER)

    event = Event.objects.get(kind="term.decided")
    assert (event.actor, event.at) == (mia, LATER)
    assert event.data == {
        "source": "woo",
        "vocabulary": "category",
        "theirs": "Footwear",
        "was": "",
        "word": "Shoes",
    }


@pytest.mark.parametrize(
    ("vocabulary", "word"),
    [
        ("category", ""),
        ("category", "x" * 121),
        ("category", "a\0b"),
        ("country", "Germany"),
        ("country", "XX"),
        ("unit", "furlong"),
    ],
)
def test_a_word_that_the_vocabulary_cannot_have_is_refused(program, vocabulary, word):
    [term] = note(program, "something", vocabulary=vocabulary)

    with pytest.raises(ValueError, match=r"\w"):
        tracking.decide_term(term, word=word)

    assert Term.objects.get().state == TermState.UNKNOWN


def test_only_a_suggestion_can_be_accepted(program):
    [term] = note(program, "Footwear")

    with pytest.raises(ValueError, match="no suggestion"):
        tracking.accept_term(term)


def test_suggestions_come_from_decided_words_too(program):
    one, two = note(program, "Footwear", "footwears")
    tracking.decide_term(one, word="Footwear", at=NOON)

    assert tracking.suggest_terms(program, {}, {}) == 1
    two.refresh_from_db()
    assert (two.suggestion, two.likeness) == ("Footwear", 100)


def test_where_a_norm_knows_nothing_nothing_is_guessed(program):
    note(program, "kgx", vocabulary="unit")
    tracking.suggest_terms(program, {"unit": ["kg"]}, {"unit": unit})

    assert Term.objects.get().suggestion == ""


def test_suggestions_stay_in_their_program(program, other):
    [theirs] = note(other, "Footwear")
    tracking.decide_term(theirs, word="Shoes", at=NOON)
    [term] = note(program, "Shoe")

    tracking.suggest_terms(program, {}, {})

    term.refresh_from_db()
    assert term.suggestion == ""


def test_words_of_ours_are_made_plain_once_for_many_of_theirs(program, monkeypatch):
    from tracking.vocabulary import likeness

    made = []
    monkeypatch.setattr(likeness, "plain", lambda word: made.append(word) or plain(word))
    note(program, *(f"word {number}" for number in range(20)))

    tracking.suggest_terms(program, {"category": ["Shoes", "Bags"]}, {})

    assert made == ["Bags", "Shoes"]


def test_few_words_are_compared_letter_by_letter(monkeypatch):
    from tracking.vocabulary import likeness

    compared = []

    class Counting(likeness.SequenceMatcher):
        def ratio(self):
            compared.append(self.a)
            return super().ratio()

    monkeypatch.setattr(likeness, "SequenceMatcher", Counting)
    ours = ["".join("ab"[number >> place & 1] for place in range(10)) * 5 for number in range(150)]
    choice = Choice([*ours, "Shoes", "long " * 40])

    choice.best("ba" * 25)
    assert len(compared) <= 10
    compared.clear()
    for theirs in ("watches", "bbbbb" * 30, "SHOE", "long " * 40, " > ".join(["xyzxyz"] * 25)):
        choice.best(theirs)
    assert compared == []


def test_a_long_word_is_suggested_where_it_is_the_same():
    assert best("X" * 100, ["x" * 100, "x" * 99]) == ("x" * 100, 100)
    assert best("x" * 61, ["x" * 60]) == best("x" * 60, ["x" * 61]) == ("", 0)


def test_suggestions_lock_no_row_while_they_are_sought(program, monkeypatch):
    """A person decides a word while another one is compared."""
    one, two = note(program, "Shoe", "Bag")
    best_of = Choice.best

    def slow(self, theirs):
        if theirs == "Shoe":
            tracking.decide_term(two, word="Handbags", at=NOON)
        return best_of(self, theirs)

    monkeypatch.setattr(Choice, "best", slow)

    assert tracking.suggest_terms(program, {"category": ["Shoes", "Bags"]}, {}) == 1
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.suggestion, two.word, two.suggestion) == ("Shoes", "Handbags", "")


def test_a_store_fills_a_vocabulary_so_far_and_no_further(program, monkeypatch):
    monkeypatch.setattr(terms, "MOST_UNKNOWN", 3)
    note(program, "a", "b")

    assert tracking.note_terms(program, "woo", [("category", name) for name in "bcde"], at=NOON) == 1
    assert tracking.note_terms(program, "woo", [("unit", "furlong")], at=NOON) == 1
    assert tracking.note_terms(program, "magento", [("category", "e")], at=NOON) == 1

    tracking.keep_term(Term.objects.get(source="woo", theirs="a"), at=NOON)
    assert tracking.note_terms(program, "woo", [("category", "d")], at=NOON) == 1


def test_a_full_vocabulary_is_told_of_no_more(program, ann, monkeypatch):
    monkeypatch.setattr(terms, "MOST_UNKNOWN", 1)
    note(program, "a")

    lines = (LineIn("1", 100, categories=("Tea",)),)
    commissions.take_orders(program, [make_order("1", source="woo", lines=lines)], at=LATER)

    assert not Event.objects.filter(kind="terms.met").exists()


def test_of_one_order_so_many_words_are_told(program, ann, monkeypatch):
    monkeypatch.setattr(terms, "MOST_MET", 2)
    lines = (LineIn("1", 100, categories=("a", "b", "c")),)
    commissions.take_orders(program, [make_order("1", source="woo", lines=lines)], at=LATER)

    assert Event.objects.get(kind="terms.met").data["terms"] == [["category", "a"], ["category", "b"]]


def test_a_turn_counts_so_much_and_the_next_one_goes_on(program, ann, monkeypatch):
    monkeypatch.setattr(terms, "CHUNK", 1)
    monkeypatch.setattr(terms, "MOST_CHUNKS", 2)
    note(program, "Tea")
    for number in ("1", "2", "3"):
        lines = (LineIn("1", 100, categories=("Tea",)),)
        commissions.take_orders(program, [make_order(number, source="woo", lines=lines)], at=NOON)

    assert [tracking.count_terms(at=LATER) for _turn in range(3)] == [2, 1, 0]
    assert Term.objects.get().seen == 3


def test_words_that_are_not_listed_cost_no_question_when_they_are_counted(program, ann):
    lines = (LineIn("1", 100, categories=tuple(f"word {number}" for number in range(50))),)
    commissions.take_orders(program, [make_order("1", source="woo", lines=lines)], at=NOON)
    tracking.count_terms(at=NOON)  # makes the mark

    with CaptureQueriesContext(connection) as asked:
        assert tracking.count_terms(at=LATER) == 1

    assert len(asked) < 20


def test_an_undecided_word_is_unknown_again(program):
    [term] = note(program, "Footwear")
    tracking.decide_term(term, word="Shoes", at=NOON)

    tracking.undecide_term(term, at=LATER)

    term.refresh_from_db()
    assert (term.state, term.word, term.decided_at) == (TermState.UNKNOWN, "", None)


def test_the_database_has_no_decided_term_without_a_word(program):
    [term] = note(program, "Footwear")

    with pytest.raises(IntegrityError), transaction.atomic():
        Term.objects.filter(pk=term.pk).update(state=TermState.DECIDED, decided_at=NOON)


@pytest.mark.parametrize("role", ["finance", "reviewer", "analyst"])
def test_only_who_manages_plans_decides_words(program, role):
    [term] = note(program, "Footwear")

    with pytest.raises(PermissionError):
        tracking.decide_term(term, word="Shoes", actor=make_member(program.merchant, role))

    assert Term.objects.get().state == TermState.UNKNOWN


def test_nobody_decides_for_another_company(program, other, eve):
    [term] = note(program, "Footwear")

    with pytest.raises(PermissionError):
        tracking.decide_term(term, word="Shoes", actor=eve)
