"""Letters on new terms: before they hold, in plain words, the newest state only, none twice."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Program
from commissions import actions, tasks
from commissions.models import Plan, PlanVersion
from core import jobs
from core.models import Event, Job, User
from portal import notices
from portal.events import NOTICE
from portal.models import Brand
from tests import makers
from tests.makers import FOUNDED, TWO_LEVELS, percent_plan

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def plan(program: Program, brand: Brand) -> Plan:
    return program.plans.get()


def paying(rate: str, **more: Any) -> dict[str, Any]:
    """The plan of the cast with another rate."""
    return {**TWO_LEVELS, "rules": percent_plan(rate)["rules"], **more}


def published(plan: Plan, body: dict[str, Any], effective_at: datetime | None = None) -> PlanVersion:
    """Publish and announce."""
    version = actions.publish(plan, body, effective_at=effective_at)
    announce()
    return version


def announce() -> None:
    for event in Event.objects.filter(kind__in=["plan.published", "plan.assigned"]).order_by("pk"):
        tasks.announce_terms(event)


def letters(*names: str) -> list[mail.EmailMultiAlternatives]:
    """Send what waits; return the letters to people of these names, oldest first."""
    before = len(mail.outbox)
    waiting = Job.objects.filter(task=NOTICE, event__kind="terms.announced", done_at=None)
    for job in waiting.select_related("event").order_by("pk"):
        notices.send(job.event)
        job.done_at = timezone.now()
        job.save()
    wanted = [f"{name}@partner.example" for name in names]
    return [letter for letter in mail.outbox[before:] if letter.to[0] in wanted or not names]


def midnight(days: int) -> datetime:
    """The beginning of a day on the program's clock."""
    zone = ZoneInfo("Europe/Lisbon")
    local = (timezone.now().astimezone(zone) + days * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    return local.astimezone(ZoneInfo("UTC"))


def test_change_is_told_before_it_holds(ann: Enrollment, plan: Plan) -> None:
    Program.objects.update(time_zone="Europe/Lisbon")
    begins = midnight(9)
    published(plan, paying("12.5", maturity_days=45), begins)

    letter = letters("ann")[0]

    day = f"{begins.astimezone(ZoneInfo('Europe/Lisbon')):%-d %B %Y}"
    assert letter.subject == "Your terms in Partner program change"
    assert letter.body == (
        "Hello Ann Archer,\n\n"
        f"From {day} on you earn by new terms in Partner program. What changes:\n\n"
        "- “Everyone” pays 12.5 % of each line after discounts and before tax instead of 10 %.\n"
        "- A commission can be approved 45 days after the order was paid; until now 30.\n\n"
        "See your terms:\n"
        f"http://testserver:8000/terms/?program={plan.program.slug}\n\n"
        "What you have earned until then stays as it is.\n\n"
        "--\nNorthwind Outfitters\n"
    )
    html = str(letter.alternatives[0][0])
    assert html.count("<li>") == 2


def test_change_that_holds_already_is_told_as_such(ann: Enrollment, plan: Plan) -> None:
    published(plan, paying("12"))

    letter = letters("ann")[0]

    assert letter.subject == "Your terms in Partner program have changed"
    assert "\n\nSince " in letter.body


def test_other_hours_than_midnight_are_told_with_their_zone(ann: Enrollment, plan: Plan) -> None:
    published(plan, paying("12"), midnight(9) + timedelta(hours=10))

    assert ":00 UTC on you earn" in letters("ann")[0].body


def test_everybody_of_the_plan_gets_one_letter(
    ann: Enrollment, bob: Enrollment, sue: Enrollment, plan: Plan
) -> None:
    published(plan, paying("12"), midnight(9))

    assert sorted(letter.to[0].partition("@")[0] for letter in letters()) == ["ann", "bob", "sue"]


def test_repeated_job_sends_no_second_letter(ann: Enrollment, plan: Plan) -> None:
    published(plan, paying("12"), midnight(9))
    event = Event.objects.filter(kind="terms.announced", subject_id=str(ann.pk)).get()

    for _time in range(2):
        notices.send(event)
        announce()

    assert [letter.to for letter in mail.outbox] == [["ann@partner.example"]]


def test_letter_has_the_same_message_id_whenever_it_is_made(ann: Enrollment, plan: Plan) -> None:
    published(plan, paying("12"), midnight(9))
    event = Event.objects.filter(kind="terms.announced", subject_id=str(ann.pk)).get()

    for _time in range(2):
        notices.send(event)
        cache.clear()

    assert len({letter.extra_headers["Message-ID"] for letter in mail.outbox}) == 1


def test_newest_state_alone_is_told_where_an_announced_one_was_replaced(ann: Enrollment, plan: Plan) -> None:
    published(plan, paying("12"), midnight(9))
    published(plan, paying("14"), midnight(9))

    found = letters("ann")

    assert len(found) == 1
    assert "pays 14 % of each line after discounts and before tax instead of 10 %." in found[0].body
    assert "takes the place" not in found[0].body


def test_letter_says_that_it_replaces_what_was_told_before(ann: Enrollment, plan: Plan) -> None:
    published(plan, paying("12"), midnight(9))
    letters()
    published(plan, paying("14"), midnight(9))

    body = letters("ann")[0].body

    assert "instead of 10 %." in body
    assert "This takes the place of the change that was announced before." in body


def test_versions_that_came_and_went_before_their_letters_are_passed_over(
    ann: Enrollment, plan: Plan
) -> None:
    for rate in ("12", "13", "14"):
        published(plan, paying(rate))

    found = letters("ann")

    assert len(found) == 1
    assert "pays 14 % of each line after discounts and before tax instead of 10 %." in found[0].body


def test_version_whose_letter_was_sent_is_what_the_next_one_begins_with(ann: Enrollment, plan: Plan) -> None:
    published(plan, paying("12"))
    letters()
    published(plan, paying("14"))

    assert "instead of 12 %." in letters("ann")[0].body


def test_two_changes_to_come_are_told_one_after_the_other(ann: Enrollment, plan: Plan) -> None:
    published(plan, paying("12"), midnight(9))
    published(plan, paying("14"), midnight(20))

    first, second = letters("ann")

    assert ("pays 12 %" in first.body, "instead of 10 %" in first.body) == (True, True)
    assert "A further change is announced already" in first.body
    assert ("pays 14 %" in second.body, "instead of 12 %" in second.body) == (True, True)
    assert "A further change" not in second.body


def test_own_plan_is_told_with_what_it_changes(ann: Enrollment, program: Program, plan: Plan) -> None:
    actions.assign_plan(makers.make_plan(program, body=paying("20")), enrollment=ann)
    announce()

    assert "pays 20 % of each line after discounts and before tax instead of 10 %." in letters("ann")[0].body


def test_terms_where_there_were_none_are_told_in_full(merchant, brand: Brand) -> None:
    bare = makers.make_program(merchant, plan={}, name="Bare")
    zoe = makers.make_enrollment(bare, "Zoe", email="zoe@partner.example")
    actions.create_plan(bare, "Standard", percent_plan("7"))
    announce()

    letter = letters("zoe")[0]

    assert letter.subject == "Your terms in Bare"
    assert "- “Everyone” pays 7 % of each line after discounts and before tax.\n" in letter.body
    assert zoe.is_active


def test_change_for_others_alone_is_no_letter(ann: Enrollment, program: Program, plan: Plan) -> None:
    affiliates.create_group(program, "Gold")
    extra = {**percent_plan("30")["rules"][0], "id": "gold", "name": "Gold", "when": {"groups": ["Gold"]}}
    published(plan, {**TWO_LEVELS, "schema": 2, "rules": [*TWO_LEVELS["rules"], extra]}, midnight(9))

    assert letters() == []


def test_members_of_the_group_are_told_without_other_groups(
    ann: Enrollment, bob: Enrollment, program: Program, plan: Plan, mia: User
) -> None:
    for name, one in (("Gold", ann), ("Silver", bob)):
        affiliates.assign_group(one, affiliates.create_group(program, name), actor=mia, at=FOUNDED)
    rules = [
        {**percent_plan(rate)["rules"][0], "id": name, "name": name, "when": {"groups": [name]}}
        for name, rate in (("Gold", "30"), ("Silver", "20"))
    ]
    published(plan, {**TWO_LEVELS, "schema": 2, "rules": [*TWO_LEVELS["rules"], *rules]}, midnight(9))

    body = letters("ann")[0].body

    assert (body.count("Gold") > 0, body.count("Silver")) == (True, 0)


def test_whoever_was_suspended_meanwhile_gets_no_letter(ann: Enrollment, plan: Plan, mia: User) -> None:
    published(plan, paying("12"), midnight(9))
    affiliates.suspend(ann, reason="A look.", actor=mia)

    assert letters("ann") == []


def test_letter_asks_for_an_answer_where_the_program_does(ann: Enrollment, plan: Plan) -> None:
    Program.objects.update(asks_acceptance=True)
    published(plan, paying("12"), midnight(9))

    assert "Please agree to the new terms" in letters("ann")[0].body


@pytest.mark.django_db(transaction=True)
def test_from_publishing_to_the_letter_through_the_outbox(
    ann: Enrollment, sue: Enrollment, plan: Plan
) -> None:
    jobs.drain()
    mail.outbox.clear()
    actions.publish(plan, paying("12"), effective_at=midnight(9))

    jobs.drain()

    assert sorted(letter.to[0] for letter in mail.outbox) == ["ann@partner.example", "sue@partner.example"]
    assert {letter.subject for letter in mail.outbox} == {"Your terms in Partner program change"}
