"""The managers' pages of the dictionary: unknown words first, a suggestion taken with one keystroke, or in bulk."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import Program
from core.models import User
from tests import makers
from tests.house.markup import inline
from tracking import actions as tracking
from tracking.models import Term
from tracking.states import TermState

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
LIST = "/admin/tracking/term/"


def note(program: Program, *names: str, **words: str) -> list[Term]:
    """Words of a store; those with a word of ours are suggested it."""
    told = [*names, *words]
    tracking.note_terms(program, "woo", [("category", name) for name in told], at=makers.NOON)
    for name, word in words.items():
        Term.objects.filter(program=program, theirs=name).update(suggestion=word, likeness=90)
    return [Term.objects.get(program=program, theirs=name) for name in told]


def accept(term: Term) -> str:
    return reverse("admin:tracking_term_accept", args=[term.pk])


def verb(term: Term, name: str) -> str:
    return reverse("admin:tracking_term_verb", args=[term.pk, name])


def test_unknown_words_stand_first_and_the_first_suggestion_has_the_focus(
    program: Program, mia: User, enter: Enter
) -> None:
    done, *_waiting = note(program, "Bags", shoe="Shoes", watch="Watches")
    tracking.decide_term(done, word="Bags")

    answer = enter(mia).get(LIST)
    text = answer.content.decode()

    assert text.index(">shoe<") < text.index(">Bags<")
    assert text.count(" autofocus>") == 1
    assert inline(text) == []


def test_one_keystroke_takes_a_suggestion_and_leads_back_to_the_list_as_it_was(
    program: Program, mia: User, enter: Enter
) -> None:
    [term] = note(program, shoe="Shoes")

    answer = enter(mia).post(f"{accept(term)}?_changelist_filters=state%3Dunknown%26q%3Dsho")

    term.refresh_from_db()
    assert (term.word, term.decided_by) == ("Shoes", mia)
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}?state=unknown&q=sho")


def test_a_look_takes_nothing(program: Program, mia: User, enter: Enter) -> None:
    [term] = note(program, shoe="Shoes")

    assert enter(mia).get(accept(term)).status_code == 405
    assert Term.objects.get().state == TermState.UNKNOWN


@pytest.mark.parametrize("role", ["finance", "reviewer", "analyst"])
def test_who_may_not_write_plans_sees_words_and_decides_none(
    program: Program, enter: Enter, role: str
) -> None:
    [term] = note(program, shoe="Shoes")
    client = enter(makers.make_member(program.merchant, role))

    assert 'class="take"' not in client.get(LIST).content.decode()
    assert client.post(accept(term)).status_code == 404
    assert client.post(verb(term, "word"), {"word": "Shoes"}).status_code == 403
    assert Term.objects.get().state == TermState.UNKNOWN


def test_another_companys_words_do_not_exist(
    program: Program, eve: User, other: Program, enter: Enter
) -> None:
    [term] = note(program, shoe="Shoes")
    client = enter(eve)

    assert ">shoe<" not in client.get(LIST).content.decode()
    assert client.post(accept(term)).status_code == 404
    assert Term.objects.get(pk=term.pk).state == TermState.UNKNOWN


def test_many_suggestions_are_taken_at_once_and_what_has_none_stays(
    program: Program, mia: User, enter: Enter
) -> None:
    terms = note(program, "Footwear", shoe="Shoes", watch="Watches")
    chosen = {"action": "accept", "_selected_action": [str(term.pk) for term in terms]}
    client = enter(mia)

    assert client.post(LIST, chosen).status_code == 200
    client.post(LIST, {**chosen, "confirm": "1"})

    words = dict(Term.objects.values_list("theirs", "word"))
    assert words == {"Footwear": "", "shoe": "Shoes", "watch": "Watches"}


def test_one_word_is_given_to_many(program: Program, mia: User, enter: Enter) -> None:
    terms = note(program, "Footwear", "Boots")
    chosen = {"action": "word", "_selected_action": [str(term.pk) for term in terms]}

    enter(mia).post(LIST, {**chosen, "confirm": "1", "word": "Shoes"})

    assert set(Term.objects.values_list("word", flat=True)) == {"Shoes"}


def test_the_words_of_plans_are_offered(program: Program, mia: User, enter: Enter) -> None:
    body = makers.percent_plan("9")
    body["rules"].append(
        {
            "id": "shoes",
            "name": "Shoes",
            "when": {"goal": "sale", "categories": ["Shoes"]},
            "reward": {"type": "percent", "rate": "12"},
        }
    )
    makers.make_plan(program, "With shoes", body)
    [term] = note(program, "Footwear")

    text = enter(mia).get(verb(term, "word")).content.decode()

    assert '<option value="Shoes"></option>' in text
    assert inline(text) == []


def test_who_gives_a_word_another_meaning_is_told_which_plan_names_it(
    program: Program, mia: User, enter: Enter
) -> None:
    body = {**makers.percent_plan("9"), "exclude": {"categories": ["Footwear"]}}
    makers.make_plan(program, "No feet", body)
    [term] = note(program, "Footwear")

    text = enter(mia).get(verb(term, "word")).content.decode()

    assert "Named by a plan as it is told: “Footwear” in No feet." in text


def test_a_word_that_cannot_be_is_refused_in_words(program: Program, mia: User, enter: Enter) -> None:
    tracking.note_terms(program, "woo", [("country", "Allemagne")], at=makers.NOON)
    term = Term.objects.get()

    text = enter(mia).post(verb(term, "word"), {"word": "Germany"}, follow=True).content.decode()

    assert "A country is called by its two letters, like DE." in text
    assert Term.objects.get().state == TermState.UNKNOWN


def test_a_words_page_says_what_was_decided(program: Program, mia: User, enter: Enter) -> None:
    [term] = note(program, "Footwear")
    tracking.decide_term(term, word="Shoes", actor=mia)

    text = enter(mia).get(reverse("admin:tracking_term_change", args=[term.pk])).content.decode()

    assert "Called “Shoes”" in text
    assert inline(text) == []


@pytest.mark.parametrize("name", ['<img src=x onerror="x">', '"><b>', "\u202e shoes"])
def test_words_of_stores_are_shown_and_not_run(program: Program, mia: User, enter: Enter, name: str) -> None:
    [term] = note(program, name)
    Term.objects.filter(pk=term.pk).update(suggestion=name[:100])

    text = enter(mia).get(LIST).content.decode()

    assert name not in text or "<" not in name
    assert inline(text) == []


def test_as_many_questions_for_one_word_as_for_three(
    program: Program, mia: User, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    client = enter(mia)
    note(program, shoe="Shoes")
    client.get(LIST)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    note(program, watch="Watches", bag="Bags")

    with django_assert_max_num_queries(len(one)):
        client.get(LIST)
