"""The dictionary tends itself: new words are listed by a job, suggested, counted hourly; its page is current."""

from datetime import timedelta

import pytest
from django.conf import settings

from commissions import actions as commissions
from core import jobs
from core.models import Event, Job
from integrations import actions
from integrations.actions import vocabulary
from integrations.fixed_words import MARK, PAGE, fixed_words, rewritten
from integrations.models import CustomerFact
from tests import makers
from tests.makers import NOON, make_order
from tracking import actions as tracking
from tracking.hearsay import OLDEST
from tracking.models import Customer, Term
from tracking.orders import CustomerIn, LineIn

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def tell(program, number, *categories, source="woo", **fields):
    lines = (LineIn("1", 100, categories=categories),)
    return commissions.take_orders(
        program, [make_order(number, source=source, lines=lines, **fields)], at=NOON
    )[0]


def work():
    Job.objects.exclude(task="integrations.tasks.note_terms").delete()
    jobs.drain()


def test_a_new_word_is_listed_and_suggested_by_what_plans_name(program):
    makers.make_plan(program, "Shoes", naming("Shoes"))
    tell(program, "1", "SHOE", "Tea")

    work()

    found = Term.objects.order_by("theirs").values_list("theirs", "suggestion", "seen")
    assert list(found) == [("SHOE", "Shoes", 0), ("Tea", "", 0)]


def test_a_known_word_makes_no_job_and_writes_nothing(program, django_assert_num_queries):
    tell(program, "1", "Tea")
    work()
    Job.objects.all().delete()

    tell(program, "2", "Tea")

    assert not Job.objects.filter(task="integrations.tasks.note_terms").exists()
    assert Term.objects.count() == 1


def test_a_job_that_runs_twice_lists_once(program):
    tell(program, "1", "Tea")
    event = Job.objects.get(task="integrations.tasks.note_terms").event

    assert [actions.note_met(event), actions.note_met(event)] == [1, 0]


def claim(program, number, *categories, **fields):
    """A browser alone tells an order."""
    return tell(
        program, number, *categories, metadata={"reported_by": "browser"}, revision_at=OLDEST, **fields
    )


def met():
    return [event.data["terms"] for event in Event.objects.filter(kind="terms.met").order_by("pk")]


def test_what_a_browser_claims_fills_no_dictionary(program):
    claim(program, "1", "Casino", "Pills", customer=CustomerIn(country="Nowhere"))
    tell(program, "1", "Casino", metadata={"reported_by": "browser"}, revision_at=OLDEST + HOUR)

    work()
    actions.tend_dictionary(at=NOON + HOUR)

    assert met() == []
    assert Term.objects.count() == 0


def test_words_are_listed_once_a_store_confirms_what_a_browser_claimed(program):
    claim(program, "1", "Tea", "Pills")

    taken = tell(program, "1", "Tea", "Cups", revision_at=NOON)
    work()

    assert taken.status == "revised"
    assert sorted(Term.objects.values_list("theirs", flat=True)) == ["Cups", "Tea"]


def test_words_are_suggested_for_the_new_ones_alone(program):
    makers.make_plan(program, "Shoes", naming("Shoes"))
    tracking.note_terms(program, "woo", [("category", "Shoe")], at=NOON)
    tracking.note_terms(program, "shopify", [("category", "SHOES")], at=NOON)

    tell(program, "1", "SHOES")
    work()

    found = Term.objects.order_by("source", "theirs").values_list("source", "theirs", "suggestion")
    assert list(found) == [("shopify", "SHOES", ""), ("woo", "SHOES", "Shoes"), ("woo", "Shoe", "")]


def test_programs_are_suggested_to_in_turns(program, monkeypatch):
    monkeypatch.setattr(vocabulary, "PROGRAMS", 1)
    second = makers.make_program(program.merchant, slug="second", name="Second")
    for one in (program, second):
        makers.make_plan(one, "Shoes", naming("Shoes"))
        tracking.note_terms(one, "woo", [("category", "Shoe")], at=NOON)

    done = []
    for turn in range(4):
        actions.tend_dictionary(at=NOON + turn * HOUR)
        done.append(list(Term.objects.exclude(suggestion="").values_list("program", flat=True)))
        Term.objects.update(suggestion="", likeness=0)

    assert done == [[program.pk], [second.pk], [], [program.pk]]


def test_statuses_are_listed_so_far_and_no_further(program, monkeypatch):
    monkeypatch.setattr(vocabulary, "MOST_STATUSES", 1)
    crm = makers.make_connection(program, connector="hubspot", source="crm")
    for number, status in enumerate(["NEW", "OPEN", "OPEN"]):
        customer = Customer.objects.create(program=program, source="shop", email=f"b{number}@example.net")
        CustomerFact.objects.create(
            connection=crm, customer=customer, name="crm.lead_status", value=status, at=NOON
        )

    actions.tend_dictionary(at=NOON + HOUR)

    assert list(Term.objects.values_list("theirs", "seen")) == [("OPEN", 2)]


def naming(category):
    body = makers.percent_plan("9")
    body["rules"][0]["when"]["where"] = {"field": "category", "op": "is", "value": category}
    return body


def test_a_country_is_suggested_by_its_norm(program):
    tell(program, "1", customer=CustomerIn(email="b@example.net", country="Deutschland"))
    work()

    term = Term.objects.get()
    assert (term.vocabulary, term.suggestion, term.likeness) == ("country", "DE", 100)


def test_a_unit_is_suggested_by_its_norm_and_then_fulfils_a_condition(program):
    taken = tell(program, "1", metadata={"unit": "Kilogramm"})
    work()
    tracking.accept_term(Term.objects.get())

    sale = commissions.take_orders(
        program, [make_order("2", source="woo", metadata={"unit": "Kilogramm"})], at=NOON
    )[0]

    assert taken.conversion.words == {"unit": {"Kilogramm": None}}
    assert sale.conversion.words == {"unit": {"Kilogramm": "kg"}}


def test_every_hour_words_are_counted(program):
    tell(program, "1", "Tea")
    tell(program, "2", "Tea", "Bags")
    work()

    actions.tend_dictionary(at=NOON + HOUR)
    actions.tend_dictionary(at=NOON + 2 * HOUR)

    assert dict(Term.objects.values_list("theirs", "seen")) == {"Tea": 2, "Bags": 1}


def test_statuses_of_crms_are_listed_with_how_many_customers_have_them(program):
    crm = makers.make_connection(program, connector="hubspot", source="crm")
    for number, status in enumerate(["NEW", "NEW", "OPEN", 7]):
        customer = Customer.objects.create(program=program, source="shop", email=f"b{number}@example.net")
        CustomerFact.objects.create(
            connection=crm, customer=customer, name="crm.lead_status", value=status, at=NOON
        )

    actions.tend_dictionary(at=NOON + HOUR)

    found = Term.objects.order_by("theirs").values_list("vocabulary", "source", "theirs", "seen")
    assert list(found) == [("status", "crm", "NEW", 2), ("status", "crm", "OPEN", 1)]


def test_an_order_that_fails_leaves_no_word(program):
    with pytest.raises(ZeroDivisionError):
        _fail(program)

    assert not Job.objects.filter(task="integrations.tasks.note_terms").exists()


def _fail(program):
    from django.db import transaction

    with transaction.atomic():
        tell(program, "1", "Tea")
        raise ZeroDivisionError


def test_the_page_of_fixed_words_is_current():
    page = (settings.BASE_DIR / PAGE).read_text(encoding="utf-8")

    assert page == rewritten(page), "run manage.py write_dictionary"


def test_what_people_wrote_stays_when_the_page_is_rewritten():
    assert rewritten(f"# Ours\n\n{MARK}\nold") == f"# Ours\n\n{MARK}\n\n{fixed_words()}"
