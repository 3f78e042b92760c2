"""The affiliate's own terms: what holds, what comes, what was, and how far it is."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Program
from commissions import actions
from commissions.models import Plan, Volume
from core.models import User
from portal.models import Brand
from tests import makers
from tests.makers import FOUNDED, NOON, TWO_LEVELS, percent_plan

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]
DAY = timedelta(days=1)
STEPS = [{"from": "0", "rate": "10"}, {"from": "1000.00", "rate": "15"}]
BRACKETS: dict[str, Any] = {
    "schema": 2,
    "rules": [
        {
            "id": "volume",
            "name": "Every sale",
            "reward": {
                "type": "brackets",
                "metric": "base",
                "period": "all_time",
                "mode": "marginal",
                "steps": STEPS,
            },
        }
    ],
}


@pytest.fixture
def plan(program: Program, brand: Brand) -> Plan:
    return program.plans.get()


def page(client: Client) -> Any:
    """What the page of the terms shows."""
    answer = client.get("/terms/")
    assert answer.status_code == 200
    return answer.context


def counted(enrollment: Enrollment, base: int) -> None:
    commission = makers.make_commission(enrollment, 100)
    values = {"program": enrollment.program, "occurred_at": NOON, "base": base, "conversions": 1}
    Volume.objects.update_or_create(conversion=commission.conversion, enrollment=enrollment, defaults=values)


def test_terms_in_force_are_said_in_words(enter: Enter, ann: Enrollment, plan: Plan) -> None:
    current = page(enter(ann))["current"]

    assert current.wording.rules == ("“Everyone” pays 10 % of each line after discounts and before tax.",)
    assert (
        current.wording.beside[0] == "Level 2: 5 % of the commissionable base of sales by recruited partners."
    )
    assert (current.since, current.made_for) == ("28 September 2025", "Everybody in the program")


def test_terms_say_whom_they_were_made_for(
    enter: Enter, ann: Enrollment, bob: Enrollment, program: Program, brand: Brand, mia: User
) -> None:
    gold = affiliates.create_group(program, "Gold")
    affiliates.assign_group(ann, gold, actor=mia, at=NOON)
    actions.assign_plan(makers.make_plan(program), group=gold, at=FOUNDED)
    actions.assign_plan(makers.make_plan(program, "Own"), enrollment=bob, at=NOON)

    assert page(enter(ann))["current"].made_for == "Your group “Gold”"
    assert page(enter(bob))["current"].made_for == "You alone"


def test_announced_change_is_shown_with_its_day_and_what_differs(
    enter: Enter, ann: Enrollment, plan: Plan
) -> None:
    begins = timezone.now() + 9 * DAY
    actions.publish(
        plan, percent_plan("12"), effective_at=begins.replace(hour=0, minute=0, second=0, microsecond=0)
    )

    [(day, change, agreed_at)] = page(enter(ann))["coming"]

    assert (day, agreed_at) == (f"{begins:%-d %B %Y}", None)
    assert (
        change.points[0]
        == "“Everyone” pays 12 % of each line after discounts and before tax instead of 10 %."
    )


def test_earlier_terms_stay_readable_with_their_days(enter: Enter, ann: Enrollment, plan: Plan) -> None:
    actions.publish(plan, percent_plan("12"), at=NOON)

    found = page(enter(ann))

    assert [(held.since, held.until) for held in found["earlier"]] == [
        ("28 September 2025", "2 November 2026")
    ]
    assert found["earlier"][0].wording.rules[0].startswith("“Everyone” pays 10 %")
    assert found["current"].since == "2 November 2026"


def test_what_was_before_somebody_joined_is_not_shown(enter: Enter, program: Program, plan: Plan) -> None:
    actions.publish(plan, percent_plan("12"), at=NOON - 9 * DAY)
    zoe = affiliates.activate(makers.make_enrollment(program, "Zoe", active=False), at=NOON)

    found = page(enter(zoe))

    assert (found["earlier"], found["current"].since) == ([], "2 November 2026")


def test_days_are_of_the_programs_clock(enter: Enter, ann: Enrollment, plan: Plan) -> None:
    Program.objects.update(time_zone="Pacific/Auckland")
    actions.publish(plan, percent_plan("12"), at=NOON)

    assert page(enter(ann))["current"].since == "3 November 2026"


def test_way_to_the_next_bracket_is_shown_here_and_on_the_first_page(
    enter: Enter, ann: Enrollment, plan: Plan
) -> None:
    actions.publish(plan, BRACKETS, at=NOON)
    counted(ann, 58000)
    client = enter(ann)
    sentence = "420.00 EUR more in sales in all, and every further sale pays 15 %."

    assert [row.sentence for row in page(client)["progress"]] == [sentence]
    assert '<progress class="milestone" value="58" max="100"' in client.get("/terms/").content.decode()
    assert client.get("/overview/").context["milestone"].sentence == sentence


def test_plan_without_counters_shows_no_way(enter: Enter, ann: Enrollment, plan: Plan) -> None:
    client = enter(ann)

    assert page(client)["progress"] == []
    assert [client.get(path).content.decode().count("<progress") for path in ("/terms/", "/overview/")] == [
        0,
        0,
    ]


def test_whoever_is_suspended_reads_the_terms_but_no_way(
    enter: Enter, ann: Enrollment, plan: Plan, mia: User
) -> None:
    actions.publish(plan, BRACKETS, at=NOON)
    affiliates.suspend(ann, reason="A look.", actor=mia)

    found = page(enter(ann))

    assert (found["progress"], found["current"] is not None) == ([], True)


def test_recruited_partners_are_counted_where_they_pay(
    enter: Enter, ann: Enrollment, sue: Enrollment, program: Program, plan: Plan
) -> None:
    makers.make_enrollment(program, "Wim", sponsor=sue, active=False)
    client = enter(sue)

    recruits = page(client)["recruits"]
    actions.publish(plan, percent_plan("10"))

    assert (recruits.count, recruits.active) == (2, 1)
    assert page(client)["recruits"] is None


def test_program_without_a_plan_says_so(enter: Enter, program: Program, brand: Brand) -> None:
    bare = makers.make_program(program.merchant, plan={}, name="Bare")
    brand.programs.add(bare)

    answer = enter(makers.make_enrollment(bare, "Zoe")).get("/terms/")

    assert (answer.context["current"], answer.content.decode().count("No terms yet")) == (None, 1)


def test_general_terms_are_shown_as_text(enter: Enter, ann: Enrollment, plan: Plan) -> None:
    Program.objects.update(terms="Be fair.\n\n<script>alert(1)</script>")

    text = enter(ann).get("/terms/").content.decode()

    assert (text.count("<p>Be fair.</p>"), text.count("<script>alert")) == (1, 0)


def test_terms_of_other_affiliates_and_groups_are_never_shown(
    enter: Enter, ann: Enrollment, bob: Enrollment, program: Program, plan: Plan, mia: User
) -> None:
    silver = affiliates.create_group(program, "Silver")
    affiliates.create_coupon(bob, "BOB-SECRET", actor=mia)
    actions.assign_plan(makers.make_plan(program, "For Bob", percent_plan("33")), enrollment=bob, at=NOON)
    actions.assign_plan(makers.make_plan(program, "For Silver", percent_plan("44")), group=silver, at=NOON)
    rules = [
        {**percent_plan(rate)["rules"][0], "id": rate, "name": f"Rule {rate}", "when": when}
        for rate, when in (("21", {"groups": ["Silver"]}), ("22", {"coupons": ["BOB-SECRET"]}))
    ]
    split = [{"affiliate": bob.code, "share": "30"}]
    body = {**TWO_LEVELS, "schema": 2, "rules": [*TWO_LEVELS["rules"], *rules], "split": split}
    actions.publish(plan, body, at=NOON)
    actions.publish(plan, {**body, "maturity_days": 9}, effective_at=timezone.now() + DAY)

    text = enter(ann).get("/terms/").content.decode()

    found = {secret: text.count(secret) for secret in ("33 %", "44 %", "Rule 2", "Silver", "BOB", bob.code)}
    assert found == dict.fromkeys(found, 0)
    assert text.count("Everyone") > 0


def test_letter_leads_to_the_program_it_is_about(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    second = makers.make_program(ann.program.merchant, name="Second", slug="second")
    brand.programs.add(second)
    enrolled = makers.make_enrollment(second, affiliate=ann.affiliate)
    client = enter(ann)

    answer = client.get("/terms/?program=second", follow=True)

    assert (answer.redirect_chain, answer.context["enrollment"]) == ([("/terms/", 302)], enrolled)


def test_program_that_one_has_no_part_in_is_not_looked_at(
    enter: Enter, ann: Enrollment, brand: Brand, other: Program
) -> None:
    answer = enter(ann).get(f"/terms/?program={other.slug}", follow=True)

    assert answer.context["enrollment"] == ann


def test_applicant_waits(enter: Enter, program: Program, brand: Brand) -> None:
    waiting = makers.make_enrollment(program, "Wim", active=False)

    assert enter(waiting).get("/terms/").templates[0].name == "affiliate/waiting.html"


def test_queries_do_not_grow_with_versions(enter: Enter, ann: Enrollment, plan: Plan) -> None:
    client = enter(ann)
    actions.publish(plan, BRACKETS, at=NOON)
    client.get("/terms/")
    with CaptureQueriesContext(connection) as one:
        client.get("/terms/")
    for number in range(2):
        actions.publish(plan, BRACKETS, at=NOON + number * DAY)
        actions.publish(plan, BRACKETS, effective_at=timezone.now() + (number + 1) * DAY)

    with CaptureQueriesContext(connection) as five:
        client.get("/terms/")

    assert len(five) == len(one)
