"""A decided word is what systems are told: statuses of CRMs and categories, and again when the dictionary changes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from affiliates.models import Enrollment, Program
from core import jobs
from core.models import Event, Job
from integrations import actions
from integrations.actions.records import wording
from integrations.models import Connection, CustomerFact, Delivery, RemoteRecord
from integrations.news.bodies import body_of
from integrations.records import customer_record
from tests import makers
from tests.integrations.fake_hubspot import FakeHubSpot, opened
from tests.integrations.record_keeping import (
    HOUR,
    NOON,
    REAL,
    buy,
    contact_of,
    customer,
    keep_at,
    listen,
    settle,
    stopped,
)
from tracking import actions as tracking
from tracking.models import Conversion, Customer, Term
from tracking.orders import CustomerIn, LineIn

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(monkeypatch)


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    with opened(settings, is_made=False) as running:
        running.at = NOON
        yield running


@pytest.fixture
def hubspot(anna: Enrollment, account: FakeHubSpot) -> Connection:
    """An account whose contacts hear the lead status that another CRM tells."""
    connection = keep_at(account, anna.program)
    rows = [
        {"target": "hs_lead_status", "source": "crm.lead_status", "conflict": "ours"},
        {
            "target": "affiliate_categories",
            "source": "pattern.favourite_categories",
            "steps": [{"do": "join"}],
        },
    ]
    actions.save_mapping(connection, "out", "contact", rows)
    return connection


@pytest.fixture
def crm(anna: Enrollment) -> Connection:
    """The other CRM."""
    return makers.make_connection(anna.program, connector="pipedrive", source="crm", state="paused")


def says(crm: Connection, value: Any, name: str = "crm.lead_status", who: Customer | None = None) -> None:
    CustomerFact.objects.update_or_create(
        connection=crm, customer=who or customer(), name=name, defaults={"value": value, "at": NOON}
    )


def word(program: Program, theirs: str, ours: str, source: str = "crm", vocabulary: str = "status") -> Term:
    """Decide it, and let everything follow."""
    tracking.note_terms(program, source, [(vocabulary, theirs)], at=NOON)
    term = Term.objects.get(program=program, source=source, vocabulary=vocabulary, theirs=theirs)
    row = tracking.decide_term(term, word=ours)
    settle()
    return row


def tea(*categories: str) -> tuple[LineIn, ...]:
    return tuple(LineIn(str(n), 10000 - n, categories=(one,)) for n, one in enumerate(categories))


# --- what is told ----------------------------------------------------------------------------------------------
def test_decided_status_is_told_in_our_word_and_stays_visible_as_it_is(
    anna: Enrollment, crm: Connection
) -> None:
    buy(anna, anna.program, "1")
    says(crm, "SQL")
    says(crm, "customer", "crm.lifecycle")
    says(crm, "7", "crm.owner")
    word(anna.program, "SQL", "In talks")

    record = customer_record(customer(), NOON)

    assert record["crm"] == {"lead_status": "In talks", "lifecycle": "customer", "owner": "7"}
    assert record["crm_there"] == {"lead_status": "SQL", "lifecycle": "customer", "owner": "7"}
    assert record["crm_undecided"] == ["lifecycle"]


def test_word_of_one_system_means_nothing_in_another_one(
    anna: Enrollment, other: Program, crm: Connection
) -> None:
    buy(anna, anna.program, "1")
    says(crm, "SQL")
    word(anna.program, "SQL", "In talks", source="hubspot")
    word(other, "SQL", "Foreign")

    assert customer_record(customer(), NOON)["crm"]["lead_status"] == "SQL"


def test_system_itself_hears_its_own_word(
    anna: Enrollment, hubspot: Connection, account: FakeHubSpot
) -> None:
    buy(anna, anna.program, "1")
    account.at = NOON + MINUTE
    account.edit(contact_of(account), hs_lead_status="OPEN")
    listen(hubspot, NOON + 2 * MINUTE)
    word(anna.program, "OPEN", "In talks", source="hubspot")

    actions.tell_everyone(hubspot)
    settle(NOON + 3 * MINUTE)

    assert contact_of(account).values["hs_lead_status"] == "OPEN"
    assert customer_record(customer(), NOON)["crm"]["lead_status"] == "In talks"


@pytest.mark.parametrize("value", [7, None, ["SQL"], {"SQL": "SQL"}, "S" * 300, "", True])
def test_what_is_no_word_is_told_as_it_is(anna: Enrollment, crm: Connection, value: Any) -> None:
    buy(anna, anna.program, "1")
    says(crm, value)

    record = customer_record(customer(), NOON)

    assert record["crm"]["lead_status"] == record["crm_there"]["lead_status"] == value
    assert record["crm_undecided"] == []


def test_favourite_categories_are_told_in_our_words_and_added_up(anna: Enrollment) -> None:
    lines = tea("Footwear > Men", "Tea", "Cups")
    buy(anna, anna.program, "1", lines=lines, total=30000)
    buy(anna, anna.program, "2", lines=tea("shoe"), total=10000)
    word(anna.program, "Footwear > Men", "Shoes", source="shop", vocabulary="category")
    word(anna.program, "shoe", "Shoes", source="shop", vocabulary="category")
    word(anna.program, "Tea", "Elsewhere", source="woo", vocabulary="category")

    record = customer_record(customer(), NOON)

    assert record["pattern"]["favourite_categories"] == ["Shoes", "Tea", "Cups"]
    assert (
        Conversion.objects.get(external_id="1").words["category"]["Tea"] is None
    )  # money keeps its own words


def test_words_cost_two_questions_however_many_there_are(anna: Enrollment, crm: Connection) -> None:
    def asked() -> int:
        fresh = Customer.objects.select_related("program").get()
        with CaptureQueriesContext(database) as queries:
            customer_record(fresh, NOON)
        return len(queries)

    buy(anna, anna.program, "1", lines=tea("Tea"))
    says(crm, "SQL")
    once = asked()
    buy(anna, anna.program, "2", lines=tea("Cups", "Pots", "Mugs"), total=30000)
    says(crm, "customer", "crm.lifecycle")
    says(crm, "vip", "crm.segment")

    assert asked() == once


# --- what outsiders hear ---------------------------------------------------------------------------------------
def test_news_of_a_status_tells_our_word_and_theirs(
    anna: Enrollment, hubspot: Connection, account: FakeHubSpot
) -> None:
    buy(anna, anna.program, "1")
    word(anna.program, "OPEN", "In talks", source="hubspot")
    account.at = NOON + MINUTE
    account.edit(contact_of(account), hs_lead_status="OPEN", hubspot_owner_id="42")
    listen(hubspot, NOON + 2 * MINUTE)

    event = Event.objects.get(kind="customer.status_changed")
    body = body_of(event)

    assert event.data["changes"]["crm.lead_status"] == [None, "In talks"]
    assert event.data["changes_there"]["crm.lead_status"] == [None, "OPEN"]
    assert body["news"]["changes"] == {"crm.lead_status": [None, "In talks"]}
    assert body["news"]["changes_there"] == {"crm.lead_status": [None, "OPEN"]}
    assert body["customer"]["says"] == {"crm.lead_status": "In talks"}
    assert body["customer"]["says_there"] == {"crm.lead_status": "OPEN"}


# --- telling again ---------------------------------------------------------------------------------------------
def test_decided_changed_and_undecided_word_reaches_who_was_told(
    anna: Enrollment, hubspot: Connection, crm: Connection, account: FakeHubSpot
) -> None:
    buy(anna, anna.program, "1")
    says(crm, "SQL")
    actions.tell_everyone(hubspot)
    settle()
    assert contact_of(account).values["hs_lead_status"] == "SQL"

    term = word(anna.program, "SQL", "In talks")
    assert contact_of(account).values["hs_lead_status"] == "In talks"

    tracking.decide_term(term, word="Talking")
    settle()
    assert contact_of(account).values["hs_lead_status"] == "Talking"

    tracking.undecide_term(term)
    settle()
    assert contact_of(account).values["hs_lead_status"] == "SQL"


def test_our_word_that_stands_there_is_no_word_of_that_system(
    anna: Enrollment, hubspot: Connection, crm: Connection, account: FakeHubSpot
) -> None:
    buy(anna, anna.program, "1")
    says(crm, "SQL")
    term = word(anna.program, "SQL", "In talks")
    actions.tell_everyone(hubspot)
    settle(NOON + MINUTE)
    assert contact_of(account).values["hs_lead_status"] == "In talks"
    account.at = NOON + HOUR
    account.edit(contact_of(account), lifecyclestage="customer")
    listen(hubspot, NOON + HOUR + MINUTE)

    for_the_other = customer_record(customer(), NOON, told_to="crm")["crm"]
    tracking.decide_term(term, word="Talking")
    settle(NOON + HOUR + 2 * MINUTE)

    assert for_the_other == {"lead_status": "SQL", "lifecycle": "customer"}
    assert contact_of(account).values["hs_lead_status"] == "Talking"
    account.at = NOON + 2 * HOUR
    account.edit(contact_of(account), hs_lead_status="CLOSED")
    listen(hubspot, NOON + 2 * HOUR + MINUTE)
    assert customer_record(customer(), NOON)["crm"]["lead_status"] == "CLOSED"


def test_decided_category_reaches_who_was_told(
    anna: Enrollment, hubspot: Connection, account: FakeHubSpot
) -> None:
    buy(anna, anna.program, "1", lines=tea("Tee"))
    assert contact_of(account).values["affiliate_categories"] == "Tee"

    word(anna.program, "Tee", "Tea", source="shop", vocabulary="category")

    assert contact_of(account).values["affiliate_categories"] == "Tea"


def test_whom_a_word_does_not_concern_is_not_lined_up(
    anna: Enrollment, hubspot: Connection, crm: Connection
) -> None:
    for number in range(3):
        who = CustomerIn(email=f"n{number}@example.net")
        buy(anna, anna.program, str(number), customer=who, lines=tea("Tea" if number else "Cups"))
    told = Delivery.objects.filter(connection=hubspot)

    word(anna.program, "Nobody", "Says it")
    assert told.count() == 3

    word(anna.program, "Cups", "Crockery", source="shop", vocabulary="category")
    assert told.count() == 4
    assert told.order_by("pk").last().object_key == told.order_by("pk").first().object_key


def test_nobody_is_made_there_because_of_a_word(
    anna: Enrollment, hubspot: Connection, account: FakeHubSpot, crm: Connection
) -> None:
    with_nobody = Customer.objects.create(program=anna.program, source="shop", email="new@example.net")
    says(crm, "SQL", who=with_nobody)

    word(anna.program, "SQL", "In talks")

    assert (Delivery.objects.count(), account.objects["contacts"]) == (0, {})


def test_other_vocabularies_and_programs_without_systems_begin_no_walk(anna: Enrollment) -> None:
    buy(anna, anna.program, "1")

    word(anna.program, "Deutschland", "DE", vocabulary="country")
    word(anna.program, "SQL", "In talks")

    assert not Event.objects.filter(kind="dictionary.telling").exists()


def test_many_words_decided_at_once_are_one_walk(
    anna: Enrollment, hubspot: Connection, crm: Connection, account: FakeHubSpot
) -> None:
    buy(anna, anna.program, "1", lines=tea("Tee"))
    says(crm, "SQL")
    tracking.note_terms(
        anna.program, "crm", [("status", f"S{n}") for n in range(9)] + [("status", "SQL")], at=NOON
    )
    tracking.note_terms(anna.program, "shop", [("category", "Tee")], at=NOON)

    for term in Term.objects.order_by("pk"):
        tracking.decide_term(term, word=f"our {term.theirs}")
    followers = Job.objects.filter(task="integrations.tasks.follow_word").order_by("pk")
    begun = [actions.follow_word(job.event) for job in followers]
    settle()

    assert begun == [True] + [False] * 10
    assert contact_of(account).values["hs_lead_status"] == "our SQL"
    assert contact_of(account).values["affiliate_categories"] == "our Tee"


def test_word_decided_while_a_walk_is_under_way_has_one_of_its_own(
    anna: Enrollment, hubspot: Connection, crm: Connection
) -> None:
    buy(anna, anna.program, "1")
    says(crm, "SQL")
    tracking.note_terms(anna.program, "crm", [("status", "SQL")], at=NOON)
    tracking.decide_term(Term.objects.get(), word="In talks")
    event = Event.objects.get(kind="term.decided")

    assert actions.follow_word(event)
    assert not actions.follow_word(event)
    Job.objects.filter(task=wording.TASK).update(attempts=1)
    assert actions.follow_word(event)


def test_walk_goes_on_where_it_stands_and_may_be_done_twice(
    anna: Enrollment, hubspot: Connection, crm: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wording, "AT_ONCE", 2)
    for number in range(5):
        who = CustomerIn(email=f"n{number}@example.net")
        buy(anna, anna.program, str(number), customer=who, lines=tea("Tea"))
    for each in Customer.objects.order_by("pk"):
        says(crm, "SQL", who=each)
    tracking.note_terms(anna.program, "crm", [("status", "SQL")], at=NOON)
    tracking.decide_term(Term.objects.get(source="crm"), word="In talks")
    before = Delivery.objects.count()

    jobs.drain(at=REAL() + HOUR)
    walks = Event.objects.filter(kind="dictionary.telling").order_by("pk")
    numbers = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    assert [event.data["after"] for event in walks] == [0, numbers[1], numbers[3]]
    assert Delivery.objects.count() == before + 5

    first = walks[0]
    actions.tell_words(anna.program, since=first.at, after=0)
    assert Delivery.objects.count() == before + 5


def test_walk_leaves_other_programs_alone(
    anna: Enrollment, other: Program, hubspot: Connection, crm: Connection
) -> None:
    foreign = Customer.objects.create(program=other, source="shop", email="f@example.net")
    RemoteRecord.objects.create(
        connection=hubspot,
        kind="contact",
        local_key=f"customer:{foreign.pk}",
        remote_id="9",
        offered={"a": 1},
    )
    says(crm, "SQL", who=foreign)

    word(anna.program, "SQL", "In talks")

    assert not Delivery.objects.exists()
